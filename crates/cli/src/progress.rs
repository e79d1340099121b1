//! How far indexing is, on a terminal.

use std::io::{IsTerminal, stderr};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ninefold::store::ingest::{Event, Outcome};

/// A bar on standard error; nothing at all when that is no terminal or quiet is asked for.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    pub(crate) fn new(quiet: bool) -> Self {
        if quiet || !stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(10));
        if let Ok(style) = ProgressStyle::with_template("indexing [{bar:30}] {pos} of {len} files, {eta} left") {
            bar.set_style(style.progress_chars("█▌ "));
        }
        Self(bar)
    }

    pub(crate) fn note(&self, event: &Event) {
        match event {
            Event::Found { files } => {
                self.0.inc_length(*files);
                // Before that there is nothing to show.
                self.0.enable_steady_tick(Duration::from_millis(200));
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
