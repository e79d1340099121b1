//! The run by phases, by agents or by models: one row for each, however often it ran.

use std::collections::HashMap;
use std::time::Duration;

use ninefold_core::span::{WaitClass, name, wait_class};
use smol_str::SmolStr;

use crate::attribution::union;
use crate::span_record::Group;
use crate::spent::{Class, Spent};
use crate::tree::{Node, Tree, nanos, share};
use crate::usage::Usage;

/// What the rows of a [`Breakdown`] are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum By {
    /// The spans directly below the root.
    #[default]
    Phase,
    /// The agents: the outermost spans `execute_tool`.
    Agent,
    /// The models: the spans `chat` and `embeddings`.
    Model,
}

/// A run in parts. The attributed times of all rows, together with [`between`](Self::between), are the run's wall time,
/// to the nanosecond; tokens, money and calls add up to the total as well.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Breakdown {
    /// The parts in order of first start. Those of the same name are one row.
    pub rows: Vec<Row>,
    /// What belongs to the run itself and to none of its parts.
    pub between: Row,
    /// The run.
    pub total: Row,
}

/// The time and the events of one part of a run.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Row {
    /// The name of the phase, the agent or the model.
    pub name: SmolStr,
    /// How often it ran.
    pub count: u64,
    /// When it first started, from the start of the run.
    pub start: Duration,
    /// How long it was open: the union of its intervals. Of what is left of a run: how long none of its parts was open.
    pub wall: Duration,
    /// The part of the run's time that is its own: each instant belongs to the phases open in it in equal parts.
    pub attributed: Duration,
    /// `attributed` as a fraction of the run's wall time, from 0 to 1.
    pub share: f64,
    /// What `attributed` was spent on.
    pub spent: Spent,
    /// Time spent polling, on all threads together.
    pub busy: Duration,
    /// What models used.
    pub usage: Usage,
    /// How often it failed.
    pub failed: u64,
    /// How often it was dropped before its end.
    pub cancelled: u64,
    /// How often it waited for a person.
    pub suspended: u64,
    /// How often its output came from the journal.
    pub replayed: u64,
    /// How often its output came from the cache.
    pub cached: u64,
    /// How often it, or something in it, was tried again.
    pub retries: u64,
    /// How many outputs in it came from the cache, its own included.
    pub cache_hits: u64,
    /// How many outputs in it came from the journal, its own included.
    pub(crate) replays: u64,
    /// How long the work took that those outputs spared.
    pub saved: Duration,
    /// The classes of its errors, each once, in order of appearance.
    pub error_types: Vec<SmolStr>,
}

impl Breakdown {
    pub(crate) fn new(tree: &Tree, by: By) -> Self {
        let Some(root) = tree.root() else {
            return Self { rows: Vec::new(), between: Row::default(), total: Row::default() };
        };
        let mut groups: Vec<(SmolStr, Vec<&Node>)> = Vec::new();
        let mut places: HashMap<SmolStr, usize> = HashMap::new();
        let parts = by.parts(tree, root);
        let outside = root.wall.saturating_sub(open(&parts));
        for part in parts {
            let title = by.title(part);
            let place = *places.entry(title.clone()).or_insert(groups.len());
            match groups.get_mut(place) {
                Some((_, group)) => group.push(part),
                None => groups.push((title, vec![part])),
            }
        }
        let wall = u64::try_from(root.wall.as_nanos()).unwrap_or(u64::MAX);
        let rows: Vec<Row> = groups.into_iter().map(|(name, group)| row(name, &group, wall)).collect();
        let mut total = row(root.title(), &[root], wall);
        total.share = if wall == 0 { 0.0 } else { 1.0 };
        Self { between: Row { wall: outside, ..between(root, &rows, wall, by) }, rows, total }
    }

    /// The row with this name.
    #[must_use]
    pub fn row(&self, name: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.name == name)
    }
}

impl By {
    /// The nodes that rows are made of. None is within another.
    fn parts<'a>(self, tree: &'a Tree, root: &'a Node) -> Vec<&'a Node> {
        if self == Self::Phase {
            // What is done about an impasse is done by phases like any other.
            let opened = |node: &'a Node| -> Vec<&'a Node> {
                if node.name == name::IMPASSE { tree.children(node).collect() } else { vec![node] }
            };
            let mut parts: Vec<&Node> = tree.children(root).flat_map(opened).collect();
            parts.sort_by_key(|node| node.start);
            return parts;
        }
        let mut parts = Vec::new();
        let mut pending = vec![root];
        while let Some(node) = pending.pop() {
            if self.is_part(node) {
                parts.push(node);
            } else {
                let children: Vec<&Node> = tree.children(node).collect();
                pending.extend(children.into_iter().rev());
            }
        }
        parts.sort_by_key(|node| node.start);
        parts
    }

    fn is_part(self, node: &Node) -> bool {
        match self {
            // Its parts are not looked for: they stand below the root.
            Self::Phase => false,
            Self::Agent => node.name == name::AGENT,
            Self::Model => wait_class(&node.name) == Some(WaitClass::Model),
        }
    }

    fn title(self, node: &Node) -> SmolStr {
        if self == Self::Phase || node.label.is_empty() { node.title() } else { node.label.clone() }
    }

    /// What the rest is called.
    fn rest(self) -> &'static str {
        match self {
            Self::Phase => "between phases",
            Self::Agent => "outside agents",
            Self::Model => "outside models",
        }
    }
}

fn row(name: SmolStr, group: &[&Node], wall: u64) -> Row {
    let mut row =
        Row { name, count: group.iter().fold(0, |sum, node| sum.saturating_add(node.count)), ..Row::default() };
    row.start = group.iter().map(|node| node.start).min().unwrap_or_default();
    row.wall = open(group);
    let mut ended = Group::default();
    for node in group {
        row.attributed = row.attributed.saturating_add(node.attributed);
        row.spent.add_all(&node.spent);
        row.busy = row.busy.saturating_add(node.busy);
        row.usage.add(&node.usage);
        row.retries = row.retries.saturating_add(node.retries);
        row.cache_hits = row.cache_hits.saturating_add(node.cache_hits);
        row.replays = row.replays.saturating_add(node.replays);
        row.saved = row.saved.saturating_add(node.saved);
        match node.group {
            Some(group) => ended.add_outcomes(&group),
            None => ended.count_outcome(node.outcome),
        }
        if !node.error_type.is_empty() && !row.error_types.contains(&node.error_type) {
            row.error_types.push(node.error_type.clone());
        }
    }
    let Group { failed, cancelled, suspended, replayed, cached, .. } = ended;
    Row { failed, cancelled, suspended, replayed, cached, share: share(row.attributed, wall), ..row }
}

/// How long at least one of these nodes, which are in order of start, was open.
fn open(nodes: &[&Node]) -> Duration {
    let interval = |node: &&Node| (nanos(node.start), nanos(node.start.saturating_add(node.wall)));
    Duration::from_nanos(union(nodes.iter().map(interval)))
}

/// What is left of the root when its parts are taken away.
fn between(root: &Node, rows: &[Row], wall: u64, by: By) -> Row {
    let name = if rows.is_empty() { root.title() } else { SmolStr::new_static(by.rest()) };
    let mut between = Row { name, attributed: root.attributed, busy: root.busy, ..Row::default() };
    for row in rows {
        between.attributed = between.attributed.saturating_sub(row.attributed);
        between.busy = between.busy.saturating_sub(row.busy);
    }
    between.usage = root.usage.less(rows.iter().map(|row| &row.usage));
    let rest = |whole: u64, of: fn(&Row) -> u64| rows.iter().fold(whole, |rest, row| rest.saturating_sub(of(row)));
    between.retries = rest(root.retries, |row| row.retries);
    between.cache_hits = rest(root.cache_hits, |row| row.cache_hits);
    between.saved = rows.iter().fold(root.saved, |rest, row| rest.saturating_sub(row.saved));
    for class in Class::ALL {
        let in_phases = rows.iter().fold(0_u64, |sum, row| sum.saturating_add(row.spent.nanos_on(class)));
        between.spent.add(class, root.spent.nanos_on(class).saturating_sub(in_phases));
    }
    between.share = share(between.attributed, wall);
    between
}
