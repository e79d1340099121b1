//! The forms a profile is written in.

use clap::ValueEnum;
use ninefold::Profile;

use crate::print::Page;

/// A form of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// The phases, agents and models as tables, and what decided how long it took
    Table,
    /// The spans as a tree with bars for when they were open
    Tree,
    /// One page for the browser, which needs no network
    Html,
    /// Trace events (JSON) for ui.perfetto.dev and Chrome's tracing page
    Perfetto,
    /// Folded stacks in nanoseconds for inferno, flamegraph.pl and speedscope
    Folded,
    /// The whole profile, which `ninefold profile` reads
    Json,
}

impl Format {
    /// The profile in this form; with line breaks and colours for `page` in the forms for people.
    pub(crate) fn of(self, profile: &Profile, page: &Page) -> String {
        match self {
            Self::Table => page.tables(profile),
            Self::Tree => page.outline(profile),
            Self::Html => profile.html().to_string(),
            Self::Perfetto => profile.perfetto().to_string(),
            Self::Folded => profile.folded().to_string(),
            Self::Json => format!("{}\n", profile.to_json()),
        }
    }
}
