//! `index --watch`: a line for each round that changed something, and a summary at the end.

use std::sync::{Arc, Mutex, PoisonError};

use ninefold::profile;
use ninefold::store::ingest::{Event, Outcome};
use ninefold::store::{Indexer, Root, Summary};
use ninefold::{Error, ErrorKind, Result, Soar};

use crate::args::Everywhere;
use crate::exit::{Exit, Stop, write};
use crate::index::{Indexed, say};
use crate::print::plain;
use crate::progress::Progress;
use crate::{open, paths};

/// The most files of a round that are named.
const NAMED: usize = 5;

/// Follows files until the process is told to end.
pub(crate) async fn watch(soar: &Soar, roots: &[Root], everywhere: &Everywhere) -> Result<Exit, Stop> {
    let mut stop = Box::pin(told_to_end()?);
    // What an earlier process indexed without this embedder.
    tokio::select! {
        () = &mut stop => return Ok(Exit::Done),
        filled = open::backfill(soar, everywhere.quiet) => match filled {
            Ok(note) => say(&note),
            Err(error) if error.kind() == ErrorKind::Transient => {
                say(&format!("note: chunks without an embedding stay so for now: {error}"));
            }
            Err(error) => return Err(error.into()),
        },
    }
    let view = Mutex::new(View {
        progress: Some(Progress::new(everywhere.quiet)),
        changed: Vec::new(),
        rounds: 0,
        quiet: everywhere.quiet,
        closed: false,
        trouble: String::new(),
    });
    let note = |event: Event| {
        let in_step = matches!(event, Event::InStep { .. });
        let mut view = view.lock().unwrap_or_else(PoisonError::into_inner);
        view.note(event);
        if in_step {
            view.embedder(soar.embedder_trouble());
        }
    };
    let recorded = profile::record(Indexer::new(Arc::clone(soar.store())).watch(roots, stop, note)).await;
    let view = view.into_inner().unwrap_or_else(PoisonError::into_inner);
    drop(view.progress);
    let summary = recorded.output?;
    if view.closed {
        return Err(Stop::Closed);
    }
    if !everywhere.quiet {
        let ended = Indexed { summary, took: recorded.profile.wall() };
        let skipped = ended.skipped(everywhere.verbose, paths::here().as_deref());
        write(&format!("watched, {}{skipped}", ended.line_without_rate()))?;
    }
    Ok(Exit::Done)
}

/// What is shown while files are followed.
struct View {
    /// Until the first round is over.
    progress: Option<Progress>,
    /// What the round under way did, by file.
    changed: Vec<String>,
    rounds: u64,
    quiet: bool,
    /// Whoever read standard output has had enough.
    closed: bool,
    /// What was last said of the embedder.
    trouble: String,
}

impl View {
    fn note(&mut self, event: Event) {
        if let Some(progress) = &self.progress {
            progress.note(&event);
        }
        match event {
            Event::File { path, outcome } if self.rounds > 0 => {
                let here = paths::here();
                let shown = |path: &std::path::Path| {
                    let path = path.to_string_lossy();
                    // A file is named in one line, whatever its name holds.
                    plain(paths::relative(&path, here.as_deref())).replace('\n', "\u{fffd}")
                };
                match outcome {
                    Outcome::Indexed { .. } => self.changed.push(format!("indexed {}", shown(&path))),
                    Outcome::Removed => self.changed.push(format!("removed {}", shown(&path))),
                    Outcome::Renamed { from } => {
                        self.changed.push(format!("renamed {} to {}", shown(&from), shown(&path)));
                    }
                    _ => {}
                }
            }
            Event::InStep { round } => self.in_step(&round),
            _ => {}
        }
    }

    /// Says once what keeps chunks from being embedded; they are embedded when next indexed with an embedder that works.
    fn embedder(&mut self, trouble: Option<Error>) {
        let trouble = trouble.map(|error| error.to_string()).unwrap_or_default();
        if trouble != self.trouble && !trouble.is_empty() {
            say(&format!("note: some chunks are found by words only, because they could not be embedded: {trouble}\n"));
        }
        self.trouble = trouble;
    }

    fn in_step(&mut self, round: &Summary) {
        self.progress = None;
        self.rounds += 1;
        let changed = std::mem::take(&mut self.changed);
        if self.quiet || self.closed {
            return;
        }
        let text = if self.rounds == 1 {
            let files = round.indexed + round.renamed + round.unchanged;
            let s = if files == 1 { "" } else { "s" };
            format!("in step with {files} file{s}, {} of them indexed now; watching, Ctrl-C ends\n", round.indexed)
        } else {
            lines(&changed)
        };
        self.closed = write(&text).is_err();
    }
}

/// What a round did: file by file, or how many when they are many.
fn lines(changed: &[String]) -> String {
    let mut text: String = changed.iter().take(NAMED).map(|line| format!("{line}\n")).collect();
    if changed.len() > NAMED {
        text.push_str(&format!("and {} more\n", changed.len() - NAMED));
    }
    text
}

/// Ready when the process is interrupted or terminated.
fn told_to_end() -> Result<impl Future<Output = ()>> {
    let refused = |error: std::io::Error| {
        Error::new(ErrorKind::Unavailable, format!("signals cannot be received: {error}")).hint("index without --watch")
    };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt()).map_err(refused)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(refused)?;
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    {
        let mut interrupt = tokio::signal::windows::ctrl_c().map_err(refused)?;
        Ok(async move {
            interrupt.recv().await;
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_changes_are_counted() {
        let changed: Vec<String> = (0..8).map(|n| format!("indexed {n}.md")).collect();
        assert_eq!(lines(&changed[..1]), "indexed 0.md\n");
        assert!(lines(&changed).ends_with("indexed 4.md\nand 3 more\n"));
        assert_eq!(lines(&[]), "");
    }
}
