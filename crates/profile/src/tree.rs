//! The spans of one run as a tree, with the time of each.

use std::time::Duration;

use ninefold_core::span::{WaitClass, name, wait_class};
use smol_str::SmolStr;

use crate::attribution::{Interval, attribute, union};
use crate::profile::Profile;
use crate::span_record::{Group, Outcome, SpanRecord};
use crate::spent::{Class, Spent};
use crate::usage::Usage;

/// Up to this long, the time between making a span and entering it is the work of making it, not a queue.
const PREPARATION: u64 = 50_000;

/// The spans of one run.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    nodes: Vec<Node>,
}

/// One span, or, past the limits of a recording, many of one name and label below one parent: see
/// [`count`](Self::count). Its interval is cut to that of its parent, as Jaeger does.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Node {
    /// The span's name; `run` for a recording with several spans at its top, or none.
    pub name: SmolStr,
    /// The phase, tool, model or agent it is about; empty when it names none.
    pub label: SmolStr,
    /// The index of its parent in [`Tree::nodes`]; `None` for the root.
    pub parent: Option<usize>,
    /// The indices of its children in [`Tree::nodes`], in order of start.
    pub children: Vec<usize>,
    /// How far below the root it is.
    pub depth: usize,
    /// When it started, from the start of the run.
    pub start: Duration,
    /// How long it took: to its last exit. For many spans, how long at least one of them was open.
    pub wall: Duration,
    /// How many spans it stands for: 1, unless the run made too many to keep each.
    pub count: u64,
    /// The part of `wall` in which no child was open.
    pub self_wall: Duration,
    /// The part of the run's time that belongs to it and its descendants. Every instant belongs to the deepest open
    /// span, or to several in equal parts when several branches are open, so the parts of siblings never overlap.
    pub attributed: Duration,
    /// `attributed` as a fraction of the run's wall time, from 0 to 1.
    pub share: f64,
    /// What `attributed` was spent on.
    pub spent: Spent,
    /// Time spent polling it and its descendants, on all threads together.
    pub busy: Duration,
    /// How it ended, when not simply well.
    pub outcome: Option<Outcome>,
    /// The class of its error; empty when it had none.
    pub error_type: SmolStr,
    /// How often it was tried; 0 when it does not say.
    pub attempts: u64,
    /// The passages it found, if it is a search.
    pub hits: Option<u64>,
    /// What models used in it and its descendants.
    pub usage: Usage,
    /// How often something in it was tried again, itself included.
    pub retries: u64,
    /// How many outputs in it came from the cache, its own included.
    pub cache_hits: u64,
    /// How long the work took that those outputs spared.
    pub saved: Duration,
    /// Whether it was still open when the run ended.
    pub open: bool,
    ended: Duration,
    /// How many outputs in it came from the journal, its own included.
    pub(crate) replays: u64,
    pub(crate) group: Option<Group>,
}

impl Node {
    /// What it is called: a phase by its label, any other span by its name and label.
    #[must_use]
    pub fn title(&self) -> SmolStr {
        if self.label.is_empty() {
            self.name.clone()
        } else if self.name == name::PHASE {
            self.label.clone()
        } else {
            smol_str::format_smolstr!("{} {}", self.name, self.label)
        }
    }

    /// When it ended, from the start of the run.
    #[must_use]
    pub fn end(&self) -> Duration {
        self.ended
    }
}

impl Tree {
    /// The tree of a profile. The root spans the whole recording; a single span at the top is merged with it.
    pub(crate) fn new(profile: &Profile) -> Self {
        let shape = Shape::new(profile);
        let intervals = shape.intervals(profile.wall);
        let mut own = attribute(&intervals);
        return_gaps(&mut own, &intervals, &shape);
        let mut nodes: Vec<Node> = Vec::with_capacity(intervals.len());
        let mut classes: Vec<Class> = Vec::with_capacity(intervals.len());
        for (index, (interval, own)) in intervals.iter().zip(&own).enumerate() {
            let record = shape.record(index);
            let inherited = classes.get(interval.parent).copied().unwrap_or(Class::Other);
            let class = record.and_then(|record| wait_class(&record.name)).map_or(inherited, Class::from);
            let polls = if index == 0 { profile.busy } else { 0 };
            let busy = record.map_or(0, |record| record.busy).saturating_add(polls);
            let depth = nodes.get(interval.parent).map_or(0, |parent| parent.depth + 1);
            let mut node = node(record, interval, depth);
            node.parent = (index > 0).then_some(interval.parent);
            node.busy = Duration::from_nanos(busy);
            node.attributed = Duration::from_nanos(*own);
            node.spent = divide(*own, busy, record.map_or(0, |r| queued(r, interval)), class);
            classes.push(class);
            nodes.push(node);
        }
        link(&mut nodes, &intervals);
        roll_up(&mut nodes, profile.wall);
        Self { nodes: preorder(nodes) }
    }

    /// The whole run.
    #[must_use]
    pub fn root(&self) -> Option<&Node> {
        self.nodes.first()
    }

    /// All spans: every one before its children, and those in order of start.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The children of `node`, in order of start.
    pub fn children<'a>(&'a self, node: &'a Node) -> impl Iterator<Item = &'a Node> {
        node.children.iter().filter_map(|child| self.nodes.get(*child))
    }
}

/// Which record is which node. Node 0 is the root.
struct Shape<'a> {
    records: &'a [SpanRecord],
    /// The record that is the root's own, when there is a single one at the top.
    top: Option<usize>,
}

impl<'a> Shape<'a> {
    fn new(profile: &'a Profile) -> Self {
        let records = profile.records.as_slice();
        let mut tops = records.iter().enumerate().filter(|(_, record)| record.parent.is_none());
        // A parent stands before its children, so a single top span is the first record.
        let top = match (tops.next(), tops.next()) {
            (Some((0, _)), None) => Some(0),
            _ => None,
        };
        Self { records, top }
    }

    fn record(&self, node: usize) -> Option<&'a SpanRecord> {
        let index = if self.top.is_some() { Some(node) } else { node.checked_sub(1) };
        index.and_then(|index| self.records.get(index))
    }

    fn intervals(&self, wall: u64) -> Vec<Interval> {
        let shift = usize::from(self.top.is_none());
        let mut intervals = Vec::with_capacity(self.records.len() + 1);
        intervals.push(Interval { parent: 0, start: 0, end: wall });
        for (record, end) in self.records.iter().zip(self.ends()).skip(1 - shift) {
            let parent = record.parent.map_or(0, |parent| parent as usize + shift);
            let around = intervals.get(parent).copied().unwrap_or(Interval { parent: 0, start: 0, end: wall });
            let start = record.start.clamp(around.start, around.end);
            intervals.push(Interval { parent, start, end: end.clamp(start, around.end) });
        }
        intervals
    }

    /// The ends of the records' spans. One that was never entered lasts as long as its children.
    fn ends(&self) -> Vec<u64> {
        let mut ends: Vec<u64> = self.records.iter().map(|record| record.end).collect();
        for (index, record) in self.records.iter().enumerate().rev() {
            let Some(parent) = record.parent.map(|parent| parent as usize) else { continue };
            let end = ends.get(index).copied().unwrap_or(0);
            if self.records.get(parent).is_some_and(|parent| parent.entered.is_none())
                && let Some(of_parent) = ends.get_mut(parent)
            {
                *of_parent = end.max(*of_parent);
            }
        }
        ends
    }
}

/// A record for many spans stands for an interval with gaps. What the gaps were given goes back to the span around.
fn return_gaps(own: &mut [u64], intervals: &[Interval], shape: &Shape<'_>) {
    let covered = |node: usize| shape.record(node).and_then(SpanRecord::group).map(|group| group.covered_ns);
    let mut of_children = vec![0_u64; intervals.len()];
    for (node, interval) in intervals.iter().enumerate().skip(1).rev() {
        let open = covered(node).unwrap_or(interval.length());
        if let Some(sum) = of_children.get_mut(interval.parent) {
            *sum = sum.saturating_add(open);
        }
        if covered(node).is_none() {
            continue;
        }
        let below = of_children.get(node).copied().unwrap_or(0);
        let Some(part) = own.get_mut(node) else { continue };
        let gaps = part.saturating_sub(open.saturating_sub(below)).min(interval.length().saturating_sub(open));
        *part -= gaps;
        if let Some(around) = own.get_mut(interval.parent) {
            *around = around.saturating_add(gaps);
        }
    }
}

fn node(record: Option<&SpanRecord>, interval: &Interval, depth: usize) -> Node {
    let unnamed = SpanRecord { name: SmolStr::new_static("run"), ..SpanRecord::default() };
    let record = record.unwrap_or(&unnamed);
    let group = record.group();
    let count = group.map_or(1, |group| group.count);
    let served = match group {
        Some(group) => group.replayed.saturating_add(group.cached),
        None => u64::from(matches!(record.outcome(), Some(Outcome::Replayed | Outcome::Cached))),
    };
    let calls = if wait_class(&record.name) == Some(WaitClass::Model) { count.saturating_sub(served) } else { 0 };
    Node {
        name: record.name.clone(),
        label: record.label.clone(),
        parent: None,
        children: Vec::new(),
        depth,
        start: Duration::from_nanos(interval.start),
        wall: Duration::from_nanos(record.group().map_or(interval.length(), |group| group.covered_ns)),
        count,
        self_wall: Duration::ZERO,
        attributed: Duration::ZERO,
        share: 0.0,
        spent: Spent::default(),
        busy: Duration::ZERO,
        outcome: record.outcome(),
        error_type: record.error_type(),
        attempts: record.attempts(),
        hits: record.hits(),
        usage: Usage { calls, ..record.usage() },
        retries: record.attempts().saturating_sub(1),
        cache_hits: group.map_or(u64::from(record.outcome() == Some(Outcome::Cached)), |group| group.cached),
        replays: group.map_or(u64::from(record.outcome() == Some(Outcome::Replayed)), |group| group.replayed),
        saved: Duration::from_nanos(record.more.as_ref().map_or(0, |more| more.saved_ns)),
        open: record.open,
        ended: Duration::from_nanos(interval.end),
        group,
    }
}

/// How long a span waited to be entered for the first time.
fn queued(record: &SpanRecord, interval: &Interval) -> u64 {
    record.entered.map_or(0, |entered| entered.min(interval.end).saturating_sub(interval.start))
}

/// What a span's own part of the run was spent on. Polled time comes first: one thread works for one span at a time, so
/// of spans that share an instant each has its polled time to itself.
fn divide(own: u64, busy: u64, queued: u64, class: Class) -> Spent {
    let mut spent = Spent::default();
    let mut left = own;
    let mut take = |class: Class, nanos: u64| {
        let part = nanos.min(left);
        left -= part;
        spent.add(class, part);
    };
    take(Class::Cpu, busy);
    take(if queued <= PREPARATION { Class::Cpu } else { Class::Queue }, queued);
    take(class, u64::MAX);
    spent
}

/// Fills in the children and the time in which none of them was open.
fn link(nodes: &mut [Node], intervals: &[Interval]) {
    let mut order: Vec<usize> = (1..nodes.len()).collect();
    order.sort_by_key(|&index| intervals.get(index).map(|interval| interval.start));
    for index in order {
        let Some(interval) = intervals.get(index) else { continue };
        if let Some(parent) = nodes.get_mut(interval.parent) {
            parent.children.push(index);
        }
    }
    let walls: Vec<u64> = nodes.iter().map(|node| nanos(node.wall)).collect();
    for node in nodes {
        let inside = node.children.iter().filter_map(|child| Some(intervals.get(*child)?.start).zip(walls.get(*child)));
        let inside = inside.map(|(start, wall)| (start, start.saturating_add(*wall)));
        node.self_wall = node.wall.saturating_sub(Duration::from_nanos(union(inside)));
    }
}

/// Adds to every span what its descendants have.
fn roll_up(nodes: &mut [Node], wall: u64) {
    for index in (0..nodes.len()).rev() {
        let (before, rest) = nodes.split_at_mut(index);
        let Some(node) = rest.first_mut() else { continue };
        node.share = share(node.attributed, wall);
        let Some(parent) = node.parent.and_then(|parent| before.get_mut(parent)) else { continue };
        parent.busy = parent.busy.saturating_add(node.busy);
        parent.attributed = parent.attributed.saturating_add(node.attributed);
        parent.spent.add_all(&node.spent);
        parent.retries = parent.retries.saturating_add(node.retries);
        parent.cache_hits = parent.cache_hits.saturating_add(node.cache_hits);
        parent.replays = parent.replays.saturating_add(node.replays);
        parent.saved = parent.saved.saturating_add(node.saved);
    }
    roll_up_usage(nodes);
}

/// Usage is reported by the model's spans and sometimes once more, as a sum, by spans around them.
fn roll_up_usage(nodes: &mut [Node]) {
    let mut below = vec![Usage::default(); nodes.len()];
    for index in (0..nodes.len()).rev() {
        let (Some(node), Some(sum)) = (nodes.get_mut(index), below.get(index)) else { continue };
        node.usage.cover(sum);
        if let Some(of_parent) = node.parent.and_then(|parent| below.get_mut(parent)) {
            of_parent.add(&node.usage);
        }
    }
}

pub(crate) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

pub(crate) fn share(part: Duration, wall: u64) -> f64 {
    if wall == 0 { 0.0 } else { part.as_nanos() as f64 / wall as f64 }
}

/// Puts every node before its children and its subtree directly behind it.
fn preorder(nodes: Vec<Node>) -> Vec<Node> {
    let mut order = Vec::with_capacity(nodes.len());
    let mut pending = vec![0_usize];
    while let Some(index) = pending.pop() {
        let Some(node) = nodes.get(index) else { continue };
        order.push(index);
        pending.extend(node.children.iter().rev());
    }
    let mut position = vec![0; nodes.len()];
    for (new, old) in order.iter().enumerate() {
        if let Some(slot) = position.get_mut(*old) {
            *slot = new;
        }
    }
    let place = |old: usize| position.get(old).copied().unwrap_or(0);
    let mut nodes: Vec<Option<Node>> = nodes.into_iter().map(Some).collect();
    let mut sorted = Vec::with_capacity(nodes.len());
    for old in order {
        let Some(mut node) = nodes.get_mut(old).and_then(Option::take) else { continue };
        node.parent = node.parent.map(place);
        for child in &mut node.children {
            *child = place(*child);
        }
        sorted.push(node);
    }
    sorted
}
