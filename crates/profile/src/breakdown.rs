//! The run by phases: one row for every phase, however often it ran.

use std::time::Duration;

use smol_str::SmolStr;

use crate::attribution::union;
use crate::span_record::Outcome;
use crate::spent::{Class, Spent};
use crate::tree::{Node, Tree, share};

/// A run by phases. A phase is a span directly below the root; the attributed times of all rows, together with
/// [`between`](Self::between), are the run's wall time, to the nanosecond.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Breakdown {
    /// The phases in order of first start. Those of the same name are one row.
    pub rows: Vec<Row>,
    /// What belongs to the run itself and to none of its phases.
    pub between: Row,
    /// The run.
    pub total: Row,
}

/// The time and the events of one phase.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Row {
    /// The phase's name.
    pub name: SmolStr,
    /// How often it ran.
    pub count: u64,
    /// When it first started, from the start of the run.
    pub start: Duration,
    /// How long it was open: the union of its intervals.
    pub wall: Duration,
    /// The part of the run's time that is its own: each instant belongs to the phases open in it in equal parts.
    pub attributed: Duration,
    /// `attributed` as a fraction of the run's wall time, from 0 to 1.
    pub share: f64,
    /// What `attributed` was spent on.
    pub spent: Spent,
    /// Time spent polling, on all threads together.
    pub busy: Duration,
    /// Model calls, without those answered from journal or cache.
    pub model_calls: u64,
    /// Tokens read by models.
    pub input_tokens: u64,
    /// Tokens written by models.
    pub output_tokens: u64,
    /// How often it failed.
    pub failed: u64,
    /// How often it was dropped before its end.
    pub cancelled: u64,
    /// How often its output came from the journal.
    pub replayed: u64,
    /// How often its output came from the cache.
    pub cached: u64,
    /// How often it was tried again, over all of its runs.
    pub retries: u64,
    /// The classes of its errors, each once, in order of appearance.
    pub error_types: Vec<SmolStr>,
}

impl Breakdown {
    pub(crate) fn new(tree: &Tree) -> Self {
        let Some(root) = tree.root() else {
            return Self { rows: Vec::new(), between: Row::default(), total: Row::default() };
        };
        let mut groups: Vec<(SmolStr, Vec<&Node>)> = Vec::new();
        for phase in tree.children(root) {
            let title = phase.title();
            match groups.iter_mut().find(|(name, _)| *name == title) {
                Some((_, group)) => group.push(phase),
                None => groups.push((title, vec![phase])),
            }
        }
        let wall = u64::try_from(root.wall.as_nanos()).unwrap_or(u64::MAX);
        let rows: Vec<Row> = groups.into_iter().map(|(name, group)| row(name, &group, wall)).collect();
        let mut total = row(root.title(), &[root], wall);
        total.share = if wall == 0 { 0.0 } else { 1.0 };
        Self { between: between(root, &rows, wall), rows, total }
    }

    /// The row of a phase.
    #[must_use]
    pub fn row(&self, name: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.name == name)
    }
}

fn row(name: SmolStr, group: &[&Node], wall: u64) -> Row {
    let mut row = Row { name, count: group.len() as u64, ..Row::default() };
    row.start = group.iter().map(|node| node.start).min().unwrap_or_default();
    let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    row.wall = Duration::from_nanos(union(group.iter().map(|node| (nanos(node.start), nanos(node.end())))));
    for node in group {
        row.attributed = row.attributed.saturating_add(node.attributed);
        row.spent.add_all(&node.spent);
        row.busy = row.busy.saturating_add(node.busy);
        row.model_calls += node.model_calls;
        row.input_tokens = row.input_tokens.saturating_add(node.input_tokens);
        row.output_tokens = row.output_tokens.saturating_add(node.output_tokens);
        row.retries = row.retries.saturating_add(node.attempts.saturating_sub(1));
        match node.outcome {
            Some(Outcome::Failed) => row.failed += 1,
            Some(Outcome::Cancelled) => row.cancelled += 1,
            Some(Outcome::Replayed) => row.replayed += 1,
            Some(Outcome::Cached) => row.cached += 1,
            None => {}
        }
        if !node.error_type.is_empty() && !row.error_types.contains(&node.error_type) {
            row.error_types.push(node.error_type.clone());
        }
    }
    row.share = share(row.attributed, wall);
    row
}

/// What is left of the root when its phases are taken away.
fn between(root: &Node, rows: &[Row], wall: u64) -> Row {
    let name = if rows.is_empty() { root.title() } else { SmolStr::new_static("between phases") };
    let mut between =
        Row { name, wall: root.self_wall, attributed: root.attributed, busy: root.busy, ..Row::default() };
    for row in rows {
        between.attributed = between.attributed.saturating_sub(row.attributed);
        between.busy = between.busy.saturating_sub(row.busy);
    }
    for class in Class::ALL {
        let in_phases = rows.iter().fold(0_u64, |sum, row| sum.saturating_add(row.spent.nanos_on(class)));
        between.spent.add(class, root.spent.nanos_on(class).saturating_sub(in_phases));
    }
    between.share = share(between.attributed, wall);
    between
}
