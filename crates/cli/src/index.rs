//! The command `index`, and the indexing that `ask` does before it asks.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ninefold::profile::{self, duration::short};
use ninefold::store::ingest::{Reason, Skipped};
use ninefold::store::{Indexer, Root, Summary};
use ninefold::{Labels, Result, Store};
use serde_json::{Value, json};

use crate::args::{Everywhere, Index};
use crate::exit::{Exit, Stop, tell, write};
use crate::print::plain;
use crate::progress::Progress;
use crate::{open, paths};

/// What indexing did, and how long it took.
#[derive(Debug)]
pub(crate) struct Indexed {
    pub(crate) summary: Summary,
    pub(crate) took: Duration,
}

/// Runs the command.
pub(crate) async fn index(args: &Index, everywhere: &Everywhere) -> Result<Exit, Stop> {
    let roots = paths::roots(&args.paths)?;
    let soar = open::soar(everywhere).await?;
    let labels = (args.public || !args.label.is_empty()).then(|| Labels::of(&args.label));
    let roots: Vec<Root> = roots.into_iter().map(|path| Root { path, labels: labels.clone() }).collect();
    #[cfg(feature = "watch")]
    if args.watch {
        let watched = crate::watch::watch(&soar, &roots, everywhere).await;
        soar.close().await;
        return watched;
    }
    let indexed = bring_up_to_date(soar.store(), &roots, everywhere.quiet).await?;
    if !everywhere.quiet {
        let skipped = indexed.skipped(everywhere.verbose, paths::here().as_deref());
        write(&format!("{}{skipped}", indexed.line()))?;
    }
    let note = open::backfill(&soar, everywhere.quiet).await?;
    soar.close().await;
    say(&note);
    Ok(Exit::Done)
}

/// Says a note, if there is one.
pub(crate) fn say(note: &str) {
    if !note.is_empty() {
        tell(&plain(note.trim_end()));
        tell("\n");
    }
}

/// Brings the store up to date with these files and folders.
pub(crate) async fn bring_up_to_date(store: &Arc<dyn Store>, roots: &[Root], quiet: bool) -> Result<Indexed> {
    let progress = Progress::new(quiet);
    let indexer = Indexer::new(Arc::clone(store));
    let recorded = profile::record(indexer.index(roots, |event| progress.note(&event))).await;
    recorded.output.map(|summary| Indexed { summary, took: recorded.profile.wall() })
}

impl Indexed {
    /// One line: what was indexed, of how much, and how long it took.
    pub(crate) fn line(&self) -> String {
        self.line_of(false)
    }

    /// The same for a time that was mostly waiting.
    #[cfg(feature = "watch")]
    pub(crate) fn line_without_rate(&self) -> String {
        self.line_of(true)
    }

    fn line_of(&self, watched: bool) -> String {
        let Summary { indexed, renamed, unchanged, removed, skipped, .. } = &self.summary;
        let skipped = skipped.len() as u64;
        let all = indexed + renamed + unchanged + skipped;
        let mut line = format!("indexed {indexed} of {}", counted(all, "file"));
        if self.summary.all_chunks() > 0 {
            let _ = write!(line, " ({})", self.chunks());
        }
        let others = [(*renamed, "renamed"), (*unchanged, "unchanged"), (skipped, "skipped"), (*removed, "removed")];
        for (n, what) in others {
            if n > 0 {
                let _ = write!(line, ", {n} {what}");
            }
        }
        let _ = write!(line, ", in {}", short(self.took));
        if !watched && let Some(rate) = self.lines_per_second() {
            let _ = write!(line, ", {rate} lines/s");
        }
        line.push('\n');
        line
    }

    /// How many chunks were written, and of which kinds when there are several.
    fn chunks(&self) -> String {
        let all = counted(self.summary.all_chunks(), "chunk");
        match self.summary.chunks.len() {
            1 => all,
            _ => {
                let kinds = self.summary.chunks.iter().map(|(kind, n)| format!("{n} {}", kind.as_str()));
                format!("{all}: {}", kinds.collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// The lines of the indexed files by the time it took, to three digits; none when too little was done to tell.
    fn lines_per_second(&self) -> Option<String> {
        /// Below that, starting takes longer than reading.
        const TELLING: u64 = 1_000;
        let seconds = self.took.as_secs_f64();
        if self.summary.lines < TELLING || seconds <= 0.0 {
            return None;
        }
        let rate = self.summary.lines as f64 / seconds;
        Some(match rate {
            rate if rate >= 1e6 => format!("{:.2} million", rate / 1e6),
            rate if rate >= 10_000.0 => format!("{:.0},000", rate / 1_000.0),
            rate => format!("{rate:.0}"),
        })
    }

    /// Why files were skipped: how many for each reason, and with `all` which.
    pub(crate) fn skipped(&self, all: bool, here: Option<&Path>) -> String {
        let skipped = &self.summary.skipped;
        if skipped.is_empty() {
            return String::new();
        }
        let mut by_reason: BTreeMap<String, u64> = BTreeMap::new();
        for Skipped { reason, .. } in skipped {
            *by_reason.entry(class_of(reason)).or_default() += 1;
        }
        let mut groups: Vec<(String, u64)> = by_reason.into_iter().collect();
        groups.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        let groups: Vec<String> = groups.into_iter().map(|(reason, n)| format!("{n} {reason}")).collect();
        let more = if all { ":" } else { "; --verbose lists them" };
        let mut text = format!("skipped {}{more}\n", groups.join(", "));
        if all {
            for Skipped { path, reason } in skipped {
                let path = path.to_string_lossy();
                let _ = writeln!(text, "  {}: {}", plain(paths::relative(&path, here)), plain(&reason.to_string()));
            }
        }
        text
    }

    /// As it stands in the JSON output.
    pub(crate) fn json(&self) -> Value {
        let Summary { indexed, renamed, unchanged, removed, skipped, chunks, bytes, lines } = &self.summary;
        let skipped: Vec<Value> = skipped
            .iter()
            .map(|Skipped { path, reason }| json!({ "path": path.to_string_lossy(), "reason": reason.to_string() }))
            .collect();
        json!({
            "indexed": indexed,
            "renamed": renamed,
            "unchanged": unchanged,
            "removed": removed,
            "skipped": skipped,
            "chunks": self.summary.all_chunks(),
            "chunks_by_kind": chunks,
            "bytes": bytes,
            "lines": lines,
            "wall_ns": u64::try_from(self.took.as_nanos()).unwrap_or(u64::MAX),
        })
    }
}

/// So many of something.
pub(crate) fn counted(n: u64, what: &str) -> String {
    if n == 1 { format!("{n} {what}") } else { format!("{n} {what}s") }
}

/// The reason without what differs from file to file.
fn class_of(reason: &Reason) -> String {
    match reason {
        Reason::TooLarge { .. } => "too large".to_owned(),
        Reason::Unreadable(_) => "unreadable".to_owned(),
        Reason::PathNotUtf8 => "with a path that is not UTF-8".to_owned(),
        Reason::LockFile => "lock file".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use ninefold::ChunkKind;

    use super::*;

    fn skipped(path: &str, reason: Reason) -> Skipped {
        Skipped { path: path.into(), reason }
    }

    #[test]
    fn a_summary_says_what_there_was() {
        let summary = Summary {
            indexed: 1,
            unchanged: 117,
            removed: 0,
            skipped: vec![
                skipped("/n/a.png", Reason::Binary),
                skipped("/n/b", Reason::TooLarge { bytes: 9, limit: 5 }),
                skipped("/n/c.png", Reason::Binary),
            ],
            chunks: [(ChunkKind::Code, 3), (ChunkKind::Text, 1)].into(),
            bytes: 100,
            lines: 2_000,
            renamed: 2,
        };
        let indexed = Indexed { summary, took: Duration::from_millis(34) };
        assert_eq!(
            indexed.line(),
            "indexed 1 of 123 files (4 chunks: 3 code, 1 text), 2 renamed, 117 unchanged, 3 skipped, in 34.0 ms, 59,000 lines/s\n"
        );
        assert_eq!(indexed.skipped(false, None), "skipped 2 binary, 1 too large; --verbose lists them\n");
        assert_eq!(
            indexed.skipped(true, Some(Path::new("/n"))),
            "skipped 2 binary, 1 too large:\n  a.png: binary\n  b: 9 bytes, more than the limit of 5\n  c.png: binary\n"
        );
        let one = Summary { indexed: 1, chunks: [(ChunkKind::Code, 1)].into(), lines: 9, ..Summary::default() };
        let one = Indexed { summary: one, took: Duration::from_millis(2) };
        assert_eq!(one.line(), "indexed 1 of 1 file (1 chunk), in 2.00 ms\n");
        let nothing = Indexed { summary: Summary::default(), took: Duration::from_millis(1) };
        assert_eq!(nothing.line(), "indexed 0 of 0 files, in 1.00 ms\n");
        assert_eq!(nothing.skipped(true, None), "");
    }
}
