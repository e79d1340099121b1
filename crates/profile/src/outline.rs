//! The tree as an outline for the terminal, with a bar for when each span was open.

use std::fmt;

use crate::bar;
use crate::profile::Profile;
use crate::span_record::Outcome;
use crate::text::{self, Tone, fit, left, paint, right};
use crate::tree::{Node, Tree};
use crate::usage::Usage;

const NARROWEST: usize = 60;
const GAP: usize = 2;
/// The longest a column of bars gets.
const LONGEST_BAR: usize = 48;
/// Spans further down than this are not indented further.
const DEEPEST: usize = 24;

/// A profile as an outline: print it with `{}`.
///
/// One line for every span, below its parent. The bar shows when it was open, from the start of the run at the left to
/// its end at the right, so that what ran at the same time stands one below the other.
#[derive(Debug, Clone)]
pub struct Outline {
    tree: Tree,
    remarks: Vec<String>,
    unavailable: Option<String>,
    width: usize,
    color: bool,
}

impl Outline {
    pub(crate) fn new(profile: &Profile) -> Self {
        Self {
            tree: profile.tree(),
            remarks: profile.remarks(),
            unavailable: profile.unavailable().map(str::to_owned),
            width: 100,
            color: false,
        }
    }

    /// How many columns it may take: 100 unless set, and never less than 60.
    #[must_use]
    pub fn width(mut self, columns: usize) -> Self {
        self.width = columns.max(NARROWEST);
        self
    }

    /// Whether it is coloured with ANSI escapes: not unless set.
    #[must_use]
    pub fn color(mut self, color: bool) -> Self {
        self.color = color;
        self
    }

    /// The name of every span with the branches before it, and behind it how many it stands for.
    fn names(&self) -> Vec<(String, String)> {
        let mut names = Vec::with_capacity(self.tree.nodes().len());
        // For every level, whether more is to come on it below the current line.
        let mut more: Vec<bool> = Vec::new();
        for (index, node) in self.tree.nodes().iter().enumerate() {
            more.truncate(node.depth.saturating_sub(1));
            let mut name: String = more.iter().take(DEEPEST).map(|more| if *more { "│  " } else { "   " }).collect();
            if let Some(parent) = node.parent.and_then(|parent| self.tree.nodes().get(parent)) {
                let last = parent.children.last() == Some(&index);
                name.push_str(if last { "└─ " } else { "├─ " });
                more.push(!last);
            }
            name.push_str(&fit(&node.title(), 60));
            names.push((name, if node.count > 1 { format!(" ×{}", node.count) } else { String::new() }));
        }
        names
    }
}

impl fmt::Display for Outline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(reason) = &self.unavailable {
            return writeln!(f, "no profile: {reason}");
        }
        let names = self.names();
        let notes: Vec<String> = self.tree.nodes().iter().map(notes).collect();
        let widest = |widths: &mut dyn Iterator<Item = usize>| widths.max().unwrap_or(0);
        let wall = 8;
        let of_names = names.iter().map(|(name, count)| text::width(name) + text::width(count));
        let name = widest(&mut of_names.into_iter()).min(self.width * 2 / 5);
        let free = self.width.saturating_sub(name + wall + 3 * GAP);
        let bars = free
            .saturating_sub(widest(&mut notes.iter().map(|notes| text::width(notes))))
            .max(free * 2 / 5)
            .min(LONGEST_BAR);
        let note = free.saturating_sub(bars);
        let whole = self.tree.root().map_or(0, |root| nanos(root.wall));
        for ((node, (title, count)), notes) in self.tree.nodes().iter().zip(&names).zip(&notes) {
            let tone = text::main_class(&node.spent).map_or(Tone::Plain, Tone::Of);
            let bar = bar::between(nanos(node.start), nanos(node.end()), whole, bars);
            let alarm = matches!(node.outcome, Some(Outcome::Failed | Outcome::Cancelled));
            let line = [
                left(&format!("{}{count}", fit(title, name.saturating_sub(text::width(count)))), name),
                right(&text::time(node.wall), wall),
                paint(self.color, tone, &left(&bar, bars)),
                paint(self.color, if alarm { Tone::Alarm } else { Tone::Dim }, &fit(notes, note)),
            ];
            writeln!(f, "{}", line.join(&" ".repeat(GAP)).trim_end())?;
        }
        for remark in self.remarks.iter().flat_map(|remark| text::wrap(remark, self.width)) {
            writeln!(f, "{}", paint(self.color, Tone::Dim, &remark))?;
        }
        Ok(())
    }
}

fn nanos(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// What is to be said of a span beside its time.
fn notes(node: &Node) -> String {
    let mut notes = Vec::new();
    match (node.outcome, node.error_type.as_str()) {
        (Some(Outcome::Failed), kind) if !kind.is_empty() => notes.push(format!("failed: {}", fit(kind, 40))),
        (Some(outcome), _) => notes.push(outcome.as_str().to_owned()),
        (None, _) => {}
    }
    if node.open {
        notes.push("still open".to_owned());
    }
    if node.attempts > 1 {
        notes.push(format!("{} attempts", node.attempts));
    }
    if let Some(hits) = node.hits {
        notes.push(if hits == 1 { "1 hit".to_owned() } else { format!("{hits} hits") });
    }
    // Said where it belongs and once more in sum, but not on every level between.
    if node.children.is_empty() || node.parent.is_none() {
        let calls = if node.parent.is_none() { node.usage.calls } else { 0 };
        let usage = text::usage(&Usage { calls, ..node.usage });
        notes.extend((!usage.is_empty()).then_some(usage));
        // What came from the cache says so itself.
        let details = text::details(0, node.saved, &node.usage);
        notes.extend((!details.is_empty()).then_some(details));
    }
    notes.join(", ")
}
