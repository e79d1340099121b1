//! What is shown: the answer, where it comes from, what was done with less than asked, and where the time went.

use std::fmt::Write as _;
use std::io::{IsTerminal, stderr, stdout};
use std::path::PathBuf;

use ninefold::core::form::{Form, Mark};
pub(crate) use ninefold::core::printable::{one_line, plain};
use ninefold::profile::By;
use ninefold::{Answer, Error, Profile};
use serde_json::{Value, json};
use terminal_size::{Width, terminal_size_of};

use crate::args::Everywhere;
use crate::index::Indexed;
use crate::paths;
use crate::wrap::wrap;

/// Where it is shown, and how.
#[derive(Debug)]
pub(crate) struct Page {
    columns: usize,
    color: bool,
    here: Option<PathBuf>,
}

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// The answer and its citations.
    Quiet,
    /// Also what was done with less, and the table.
    Normal,
    /// Also the assessment, the other tables, what decided how long it took, and the run as a tree.
    Verbose,
}

impl Detail {
    pub(crate) fn of(everywhere: &Everywhere) -> Self {
        match (everywhere.quiet, everywhere.verbose) {
            (true, _) => Self::Quiet,
            (false, false) => Self::Normal,
            (false, true) => Self::Verbose,
        }
    }

    fn form(self) -> Form {
        match self {
            Self::Quiet => Form::Quiet,
            Self::Normal => Form::Normal,
            Self::Verbose => Form::Verbose,
        }
    }
}

/// The width of what is no terminal.
const COLUMNS: u16 = 100;

impl Page {
    pub(crate) fn of_stdout() -> Self {
        Self::new(terminal_size_of(stdout()), stdout().is_terminal())
    }

    pub(crate) fn of_stderr() -> Self {
        Self::new(terminal_size_of(stderr()), stderr().is_terminal())
    }

    /// For a file.
    pub(crate) fn of_file() -> Self {
        Self { columns: COLUMNS.into(), color: false, here: None }
    }

    fn new(size: Option<(Width, terminal_size::Height)>, is_terminal: bool) -> Self {
        let columns = size.map(|(Width(columns), _)| columns).filter(|columns| *columns > 0).unwrap_or(COLUMNS);
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { columns: columns.into(), color: is_terminal && !no_color, here: paths::here() }
    }

    /// The answer.
    pub(crate) fn answer(&self, answer: &Answer, detail: Detail) -> String {
        let mut text = wrap(&plain(&answer.text), self.columns);
        let marks = self.marks(answer.marks());
        if !marks.is_empty() {
            let _ = write!(text, "\n{marks}");
        }
        if detail == Detail::Quiet {
            return text;
        }
        let notes: String = answer.notes(detail.form()).iter().map(|note| format!("note: {note}\n")).collect();
        if !notes.is_empty() {
            text.push('\n');
            wrap(&notes, self.columns).lines().for_each(|line| text.push_str(&format!("{}\n", self.paint("2", line))));
        }
        let _ = write!(text, "\n{}", self.account(&answer.profile, detail));
        text
    }

    /// What the marks in a text refer to, a line each.
    pub(crate) fn marks<'a>(&self, marks: impl Iterator<Item = Mark<'a>>) -> String {
        let mut text = String::new();
        for (n, mark) in marks.enumerate() {
            let what = match mark {
                Mark::Place(place) => format!("{}:{}", self.strong(&self.path(&place.path)), place.lines),
                finding @ Mark::Finding(_) => self.strong(&finding.to_string()),
            };
            let _ = writeln!(text, "[{}] {what}", n + 1);
        }
        text
    }

    /// Where the time of a run went: by phases, and when verbose all there is.
    pub(crate) fn account(&self, profile: &Profile, detail: Detail) -> String {
        match detail {
            Detail::Verbose if profile.is_available() => {
                format!("{}\n{}", self.tables(profile), self.outline(profile))
            }
            _ => self.table(profile, By::Phase),
        }
    }

    /// The run by phases, by agents and by models as far as there were any, and what decided how long it took.
    pub(crate) fn tables(&self, profile: &Profile) -> String {
        let mut text = self.table(profile, By::Phase);
        if !profile.is_available() {
            return text;
        }
        for by in [By::Agent, By::Model] {
            if !profile.breakdown_by(by).rows.is_empty() {
                let _ = write!(text, "\n{}", self.table(profile, by));
            }
        }
        let path = profile.critical_path();
        if !path.contributors.is_empty() {
            let _ = write!(text, "\n{path}");
        }
        text
    }

    /// The run as a tree.
    pub(crate) fn outline(&self, profile: &Profile) -> String {
        profile.outline().width(self.columns).color(self.color).to_string()
    }

    fn table(&self, profile: &Profile, by: By) -> String {
        profile.table_by(by).width(self.columns).color(self.color).to_string()
    }

    /// How many columns a line may take.
    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// The path as it is shown: from where the program was started, and harmless.
    pub(crate) fn path(&self, path: &str) -> String {
        one_line(paths::relative(path, self.here.as_deref()))
    }

    pub(crate) fn faint(&self, text: &str) -> String {
        self.paint("2", text)
    }

    pub(crate) fn alarm(&self, text: &str) -> String {
        self.paint("1;31", text)
    }

    pub(crate) fn strong(&self, text: &str) -> String {
        self.paint("1", text)
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// An answer for programs: one line.
pub(crate) fn answer_json(answer: &Answer, indexed: Option<&Indexed>) -> String {
    let mut value = serde_json::to_value(answer).unwrap_or_default();
    let profile = value.as_object_mut().and_then(|fields| fields.remove("profile"));
    line(&json!({ "answer": value, "profile": profile, "indexed": indexed.map(Indexed::json) }))
}

/// A failure for programs: one line.
pub(crate) fn failure_json(error: &Error, profile: Option<&Profile>) -> String {
    let why = json!({
        "kind": error.kind().as_str(),
        "message": error.message(),
        "phase": error.phase(),
        "hint": error.hint_text(),
    });
    line(&json!({ "error": why, "profile": profile.map(Profile::to_json) }))
}

/// A value for programs: one line.
pub(crate) fn line(value: &Value) -> String {
    format!("{value}\n")
}

/// A size as people read it.
pub(crate) fn bytes(n: u64) -> String {
    let n = n as f64;
    match n {
        ..1e3 => format!("{n} bytes"),
        ..1e6 => format!("{:.1} kB", n / 1e3),
        ..1e9 => format!("{:.1} MB", n / 1e6),
        _ => format!("{:.1} GB", n / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_readable() {
        for (n, shown) in
            [(0, "0 bytes"), (999, "999 bytes"), (1_000, "1.0 kB"), (417_792, "417.8 kB"), (3 << 30, "3.2 GB")]
        {
            assert_eq!(bytes(n), shown);
        }
    }

    #[test]
    fn colour_only_when_asked_for() {
        let page = Page { columns: 80, color: false, here: None };
        assert_eq!(page.alarm("error:"), "error:");
        let page = Page { color: true, ..page };
        assert_eq!(page.alarm("error:"), "\u{1b}[1;31merror:\u{1b}[0m");
    }
}
