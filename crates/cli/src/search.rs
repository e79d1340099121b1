//! The command `search`: passages for a text, and what found them.

use std::fmt::Write as _;
use std::path::Path;

use ninefold::core::{Evidence, Passage, Signals, VectorSearch};
use ninefold::{ChunkKind, Clock, Error, ErrorKind, Result, Scope, Search, SystemClock};
use serde_json::{Value, json};

use crate::args::{Everywhere, Kind, Search as Args};
use crate::exit::{Exit, Stop, tell, write};
use crate::print::{Detail, Page, line, one_line};
use crate::snippet::snippet;
use crate::{open, question};

/// How many lines of a passage are shown.
const LINES: usize = 3;

/// Runs the command.
pub(crate) async fn search(args: &Args, everywhere: &Everywhere) -> Result<Exit, Stop> {
    let search = Search {
        scope: Scope::of(&args.scope),
        within: args.within.iter().map(|path| name_of(path)).collect::<Result<_>>()?,
        limit: args.limit.into(),
        kinds: args.kind.iter().map(|kind| kind.of_chunks()).collect(),
        since: args.changed_within.map(|time| SystemClock.now().minus_seconds(time.as_secs())),
        diversity: args.diversity,
        now: Some(SystemClock.now()),
        ..Search::new(question::question(&args.text)?)
    };
    let soar = open::soar(everywhere).await?;
    let evidence = soar.store().search(&search).await?;
    if args.json {
        write(&line(&json_of(&search, &evidence)))?;
    } else {
        let detail = Detail::of(everywhere);
        write(&Page::of_stdout().evidence(&evidence, detail))?;
        if detail != Detail::Quiet {
            let missing = if evidence.vectors == VectorSearch::Used { open::missing(&soar).await? } else { None };
            tell(&remarks(&Page::of_stderr(), &evidence, missing.as_deref()));
        }
    }
    Ok(if evidence.passages.is_empty() { Exit::NothingFound } else { Exit::Done })
}

/// A path as the database knows it: canonical when it is there, absolute when it is gone.
pub(crate) fn name_of(path: &Path) -> Result<String> {
    let name = std::fs::canonicalize(path).or_else(|_| std::path::absolute(path));
    let name = name.ok().and_then(|name| name.to_str().map(str::to_owned));
    name.ok_or_else(|| {
        Error::new(ErrorKind::InvalidInput, format!("the path {} is empty or not UTF-8", path.display()))
            .hint("name a file or folder that was indexed")
    })
}

impl Kind {
    fn of_chunks(self) -> ChunkKind {
        match self {
            Self::Code => ChunkKind::Code,
            Self::Markdown => ChunkKind::Markdown,
            Self::Text => ChunkKind::Text,
            Self::Pattern => ChunkKind::Pattern,
        }
    }
}

/// What is to be said of a search beside its passages.
fn remarks(page: &Page, evidence: &Evidence, missing: Option<&str>) -> String {
    let mut remarks: Vec<&str> = missing.into_iter().collect();
    if evidence.passages.is_empty() {
        remarks.push("nothing was found");
    }
    match evidence.vectors {
        VectorSearch::NoEmbedding => {
            remarks.push("searched by words: no embedding model is configured, so that meaning did not count");
        }
        VectorSearch::NothingEmbedded => {
            remarks.push("searched by words: nothing that may be seen is embedded by the model that is configured");
        }
        VectorSearch::EmbedderFailed => {
            remarks.push("searched by words: the embedding model that is configured failed");
        }
        VectorSearch::Used => {}
    }
    remarks.iter().fold(String::new(), |text, remark| text + &page.faint(&format!("note: {remark}")) + "\n")
}

impl Page {
    /// Passages, best first.
    fn evidence(&self, evidence: &Evidence, detail: Detail) -> String {
        let mut text = String::new();
        for (n, passage) in evidence.passages.iter().enumerate() {
            if n > 0 && detail != Detail::Quiet {
                text.push('\n');
            }
            text.push_str(&self.passage(passage, evidence, detail));
        }
        let shown = evidence.passages.len() as u64;
        if detail != Detail::Quiet && evidence.matched > shown {
            let more = format!("{shown} of {} shown; --limit shows more", evidence.matched);
            let _ = write!(text, "\n{}\n", self.faint(&more));
        }
        text
    }

    fn passage(&self, Passage { chunk, score, signals }: &Passage, evidence: &Evidence, detail: Detail) -> String {
        let mut text = format!("{}:{}", self.strong(&self.path(&chunk.path)), chunk.lines);
        if !chunk.title.is_empty() {
            let _ = write!(text, "  {}", one_line(&chunk.title));
        }
        text.push('\n');
        if detail == Detail::Quiet {
            return text;
        }
        let terms: Vec<(&str, f32)> =
            evidence.terms.iter().map(|term| (term.term.as_str(), term.weight.max(f32::MIN_POSITIVE))).collect();
        let most = if detail == Detail::Verbose { usize::MAX } else { LINES };
        for pieces in snippet(&chunk.text, &terms, most, self.columns().saturating_sub(4)) {
            text.push_str("    ");
            for (piece, matched) in pieces {
                text.push_str(&if matched { self.strong(&piece) } else { piece });
            }
            text.push('\n');
        }
        let mut found = format!("score {score:.2}");
        for (name, value) in named(signals) {
            if let Some(value) = value {
                let _ = write!(found, ", {name} {value:.2}");
            }
        }
        if detail == Detail::Verbose {
            let _ = write!(found, "; {}, {}", chunk.kind.as_str(), chunk.id);
            if !chunk.labels.is_empty() {
                let _ = write!(found, ", labels {}", one_line(&chunk.labels.to_string()));
            }
        }
        let _ = writeln!(text, "    {}", self.faint(&found));
        text
    }
}

/// The signals under the names they have in the output.
fn named(signals: &Signals) -> [(&'static str, Option<f32>); 4] {
    [
        ("words", signals.lexical),
        ("meaning", signals.vector),
        ("use", signals.activation),
        ("neighbourhood", signals.relation),
    ]
}

fn json_of(search: &Search, evidence: &Evidence) -> Value {
    let passages: Vec<Value> = evidence
        .passages
        .iter()
        .map(|Passage { chunk, score, signals }| {
            json!({
                "id": chunk.id.to_string(),
                "path": chunk.path,
                "first": chunk.lines.first,
                "last": chunk.lines.last,
                "kind": chunk.kind,
                "title": chunk.title,
                "text": chunk.text,
                "labels": chunk.labels,
                "score": score,
                "signals": signals,
            })
        })
        .collect();
    json!({
        "text": search.text,
        "matched": evidence.matched,
        "vectors": evidence.vectors,
        "terms": evidence.terms,
        "passages": passages,
    })
}
