//! The command `doctor`: looks at the database as it is, says what is wrong with it and what to do, and with `--repair`
//! does what is safe.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use ninefold::store::Sqlite;
use ninefold::store::sqlite::{Check, Counts, Inspection, inspect, is_derived};
use ninefold::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use crate::args::{Doctor, Everywhere};
use crate::exit::{Exit, Stop, write};
use crate::open;
use crate::paths;
use crate::print::{bytes, plain};

/// A log of more than this is worth folding into the file, in bytes.
const LARGE_LOG: u64 = 64 << 20;
/// Free pages of more than this, and of more than a quarter of the file, are worth giving back, in bytes.
const LARGE_FREE: u64 = 1 << 20;
/// Less free space than this on the disk is little, in bytes.
const LITTLE_SPACE: u64 = 100 << 20;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    /// Worth knowing.
    Note,
    /// Worth doing something about.
    Warning,
    /// The file is not as it should be.
    Damage,
}

impl Weight {
    fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Damage => "damage",
        }
    }
}

/// Something there is to say, and what to do about it.
#[derive(Debug)]
struct Finding {
    weight: Weight,
    what: String,
    cure: String,
}

/// All that was seen.
#[derive(Debug)]
struct Report {
    path: PathBuf,
    /// What the file says, or why it says nothing.
    seen: Result<Inspection>,
    /// Free bytes on the disk; none where that is not known.
    free: Option<u64>,
    repaired: Vec<&'static str>,
    embedder: Option<Configured>,
}

/// The embedder that is configured.
#[derive(Debug, Clone)]
struct Configured {
    /// What it is told by: what stands before the colon, when it is one of those there are.
    kind: &'static str,
    /// The name of its model, or why it cannot be opened.
    model: Result<String>,
}

impl Configured {
    async fn of(everywhere: &Everywhere) -> Option<Self> {
        let name = open::embedder_name(everywhere)?;
        let kind = ["static", "candle", "http", "https"].into_iter().find(|kind| {
            // The rest of the name may hold a password.
            name.strip_prefix(kind).is_some_and(|rest| rest.starts_with(':'))
        });
        let model = open::embedder(everywhere).await.transpose()?.map(|embedder| embedder.model().to_string());
        Some(Self { kind: kind.unwrap_or("unknown"), model })
    }

    /// How many chunks have no embedding by it, of how many, where both are known.
    fn missing(&self, counts: &Counts) -> Option<(u64, u64)> {
        let (model, chunks) = (self.model.as_ref().ok()?, counts.chunks?);
        let embedded = counts.embedded.as_ref()?.get(model).copied().unwrap_or_default();
        Some((chunks.saturating_sub(embedded), chunks))
    }

    fn shown(&self, counts: Option<&Counts>) -> String {
        let Ok(model) = &self.model else { return format!("{}, cannot be opened", self.kind) };
        match counts.and_then(|counts| self.missing(counts)) {
            Some((0, _)) => format!("{}, {model}; every chunk has an embedding by it", self.kind),
            Some((missing, chunks)) => {
                format!("{}, {model}; {missing} of {chunks} chunks have no embedding by it", self.kind)
            }
            None => format!("{}, {model}", self.kind),
        }
    }

    fn json(&self, counts: Option<&Counts>) -> Value {
        json!({
            "kind": self.kind,
            "model": self.model.as_ref().ok(),
            "error": self.model.as_ref().err().map(error_json),
            "chunks_without_embedding": counts.and_then(|counts| self.missing(counts)).map(|(missing, _)| missing),
        })
    }
}

/// Runs the command.
pub(crate) async fn doctor(args: &Doctor, everywhere: &Everywhere) -> Result<Exit, Stop> {
    let path = paths::database(everywhere.db.as_deref())?;
    let check = if args.quick { Check::Quick } else { Check::Full };
    let mut report = Report::look(&path, check, Configured::of(everywhere).await);
    if args.repair {
        report.repair(check).await?;
    }
    let exit = report.exit();
    if args.json {
        write(&format!("{:#}\n", report.json()))?;
    } else if !(everywhere.quiet && exit == Exit::Done) {
        write(&report.text())?;
    }
    Ok(exit)
}

impl Report {
    fn look(path: &Path, check: Check, embedder: Option<Configured>) -> Self {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Self { seen: inspect(&path, check), free: free_space(&path), path, repaired: Vec::new(), embedder }
    }

    /// Does what is safe: whatever is made anew is made from what is sound.
    async fn repair(&mut self, check: Check) -> Result<()> {
        let Ok(seen) = &self.seen else { return Ok(()) };
        let sound = seen.complaints.iter().all(|complaint| is_derived(complaint));
        if !sound {
            return Ok(());
        }
        let store = Sqlite::open(&self.path).await?;
        let mut repaired = Vec::new();
        let mut done = Ok(());
        if !seen.complaints.is_empty() {
            done = store.rebuild_terms().await;
            repaired.push("made the index of terms anew");
        }
        if done.is_ok() && many_free_pages(seen) {
            done = store.vacuum().await;
            repaired.push("gave free pages back");
        }
        if done.is_ok() && seen.sizes.log > 0 {
            done = store.checkpoint().await;
            repaired.push("folded the log into the file");
        }
        store.close().await;
        done?;
        *self = Self { repaired, ..Self::look(&self.path, check, self.embedder.take()) };
        Ok(())
    }

    fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut add = |weight, what: String, cure: &str| findings.push(Finding { weight, what, cure: cure.to_owned() });
        match &self.seen {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                add(Weight::Note, error.message().to_owned(), error.hint_text().unwrap_or_default());
            }
            Err(error) => add(Weight::Damage, error.message().to_owned(), error.hint_text().unwrap_or_default()),
            Ok(seen) => {
                for complaint in &seen.complaints {
                    let cure = if is_derived(complaint) {
                        "ninefold doctor --repair makes it anew from the texts"
                    } else {
                        "put a backup in its place, or move the file away and index again"
                    };
                    add(Weight::Damage, complaint.clone(), cure);
                }
                if seen.layout < seen.newest_layout {
                    let what =
                        format!("the layout is version {}, this program writes {}", seen.layout, seen.newest_layout);
                    add(Weight::Note, what, "nothing: whatever opens it next brings it up to date");
                }
                if seen.sizes.log > LARGE_LOG {
                    let what = format!("the log has {}", bytes(seen.sizes.log));
                    add(Weight::Warning, what, "ninefold doctor --repair folds it into the file");
                }
                if many_free_pages(seen) {
                    let what = format!("{} of the file are free", bytes(seen.sizes.free_pages * seen.sizes.page));
                    add(Weight::Warning, what, "ninefold doctor --repair gives them back");
                }
                if let Some(runs @ 1..) = seen.counts.unfinished_runs {
                    let what = format!("{runs} runs did not finish");
                    add(
                        Weight::Note,
                        what,
                        "ninefold resume lists them and goes on; they are removed when nothing was written to them for 30 days",
                    );
                }
            }
        }
        match (&self.embedder, &self.seen) {
            (Some(Configured { model: Err(error), .. }), _) => {
                let what = format!("the embedder cannot be opened: {}", error.message());
                add(Weight::Warning, what, error.hint_text().unwrap_or("name another embedder"));
            }
            (Some(embedder), Ok(seen)) => {
                if let Some((missing @ 1.., chunks)) = embedder.missing(&seen.counts) {
                    let what = format!("{missing} of {chunks} chunks are found by words only");
                    add(Weight::Note, what, "ninefold index with this embedder embeds what it has not embedded yet");
                }
            }
            _ => {}
        }
        if let Some(free) = self.free.filter(|&free| free < LITTLE_SPACE) {
            add(Weight::Warning, format!("the disk has {} left", bytes(free)), "free some space");
        }
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.weight));
        findings
    }

    fn exit(&self) -> Exit {
        if let Err(error) = &self.seen {
            return error.kind().into();
        }
        match self.findings().iter().map(|finding| finding.weight).max() {
            Some(Weight::Damage) => Exit::Environment,
            Some(Weight::Warning) => Exit::Advice,
            Some(Weight::Note) | None => Exit::Done,
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        let mut line = |name: &str, what: &str| {
            let _ = writeln!(text, "{name:<10} {}", plain(what));
        };
        line("database", &self.path.to_string_lossy());
        if let Ok(Inspection { layout, newest_layout, sizes, complaints, counts, .. }) = &self.seen {
            let newest = if layout == newest_layout { " (the newest)" } else { "" };
            line("layout", &format!("version {layout}{newest}"));
            let free = format!("{} free pages", sizes.free_pages);
            line("size", &format!("{}, {free}; log {}", bytes(sizes.file), bytes(sizes.log)));
            counts_of(counts).iter().for_each(|(name, what)| line(name, what));
            line("integrity", if complaints.is_empty() { "sound" } else { "damaged" });
        }
        if let Some(free) = self.free {
            line("disk", &format!("{} free", bytes(free)));
        }
        let counts = self.seen.as_ref().ok().map(|seen| &seen.counts);
        let embedder = self.embedder.as_ref().map_or_else(|| "none configured".to_owned(), |one| one.shown(counts));
        line("embedder", &embedder);
        let built = if ninefold::FEATURES.is_empty() { "none".to_owned() } else { ninefold::FEATURES.join(", ") };
        line("features", &built);
        for what in &self.repaired {
            line("repaired", what);
        }
        for Finding { weight, what, cure } in self.findings() {
            let _ = writeln!(text, "\n{}: {}\n  {}", weight.name(), plain(&what), plain(&cure));
        }
        text
    }

    fn json(&self) -> Value {
        let findings: Vec<Value> = self
            .findings()
            .into_iter()
            .map(|Finding { weight, what, cure }| json!({ "weight": weight.name(), "what": what, "cure": cure }))
            .collect();
        json!({
            "path": self.path.to_string_lossy(),
            "database": self.seen.as_ref().ok(),
            "error": self.seen.as_ref().err().map(error_json),
            "disk_free_bytes": self.free,
            "embedder": self.embedder.as_ref().map(|embedder| embedder.json(self.seen.as_ref().ok().map(|seen| &seen.counts))),
            "features": ninefold::FEATURES,
            "repaired": self.repaired,
            "findings": findings,
        })
    }
}

fn error_json(error: &Error) -> Value {
    json!({ "kind": error.kind().as_str(), "message": error.message(), "hint": error.hint_text() })
}

fn counts_of(counts: &Counts) -> Vec<(&'static str, String)> {
    let shown = |n: Option<u64>| n.map_or_else(|| "–".to_owned(), |n| n.to_string());
    let cached = counts.cached_bytes.map_or_else(String::new, |size| format!(" ({})", bytes(size)));
    vec![
        ("memory", format!("{} chunks of {} sources", shown(counts.chunks), shown(counts.sources))),
        ("runs", format!("{}, of which {} did not finish", shown(counts.runs), shown(counts.unfinished_runs))),
        ("sessions", shown(counts.sessions)),
        ("cache", format!("{} values{cached}", shown(counts.cached))),
        ("patterns", shown(counts.patterns)),
    ]
}

fn many_free_pages(seen: &Inspection) -> bool {
    let free = seen.sizes.free_pages.saturating_mul(seen.sizes.page);
    free > LARGE_FREE && free > seen.sizes.file / 4
}

/// Free bytes for this user on the disk that holds the file, or would.
#[cfg(unix)]
fn free_space(path: &Path) -> Option<u64> {
    let there = path.ancestors().find(|folder| folder.exists())?;
    let disk = rustix::fs::statvfs(there).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
fn free_space(_: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_ends_as_its_error_does() {
        let report = |kind| Report {
            path: PathBuf::from("/x"),
            seen: Err(Error::new(kind, "what").hint("do")),
            free: None,
            repaired: Vec::new(),
            embedder: None,
        };
        assert_eq!(report(ErrorKind::NotFound).exit(), Exit::BadInput);
        assert_eq!(report(ErrorKind::Corrupt).exit(), Exit::Environment);
    }
}
