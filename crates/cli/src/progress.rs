//! How far indexing and embedding are, on a terminal.

use std::io::{IsTerminal, stderr};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ninefold::store::ingest::{Event, Outcome};

/// How often the time that is left is shown anew.
const TICK: Duration = Duration::from_millis(200);

/// A bar on standard error; nothing at all when that is no terminal or quiet is asked for.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Of indexing.
    pub(crate) fn new(quiet: bool) -> Self {
        Self::of(0, "indexing [{bar:30}] {pos} of {len} files, {eta} left", quiet)
    }

    /// Of embedding so many chunks that were there before.
    pub(crate) fn of_embedding(chunks: u64, quiet: bool) -> Self {
        let progress = Self::of(chunks, "embedding [{bar:30}] {pos} of {len} chunks, {eta} left", quiet);
        progress.0.enable_steady_tick(TICK);
        progress
    }

    fn of(length: u64, template: &str, quiet: bool) -> Self {
        if quiet || !stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr_with_hz(10));
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("█▌ "));
        }
        Self(bar)
    }

    /// So many are done.
    pub(crate) fn at(&self, done: u64) {
        self.0.set_position(done);
    }

    pub(crate) fn note(&self, event: &Event) {
        match event {
            Event::Found { files } => {
                self.0.inc_length(*files);
                // Before that there is nothing to show.
                self.0.enable_steady_tick(TICK);
            }
            Event::File { outcome: Outcome::Removed, .. } => {}
            Event::File { .. } => self.0.inc(1),
            _ => {}
        }
    }
}

impl Drop for Progress {
    /// The bar leaves no trace, however indexing ended.
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
