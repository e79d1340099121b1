//! The critical path: the chain of spans, through parallel branches, that decided how long the run took; and how long it
//! would have taken had one of them been free.
//!
//! The path is found backwards, as in CRISP (Zhang et al., USENIX ATC 2022): from the end of a span to its child that
//! ended last, from the start of that to the sibling that ended last before it, and so on. What stands between belongs
//! to the span around. So the steps fill the run without gaps and overlaps.
//!
//! "What if" replays the run under the order that was seen: a span starts when all siblings that had ended before it have
//! ended, plus what its parent did in between.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::fmt;
use std::time::Duration;

use ninefold_core::span::name;
use smol_str::{SmolStr, format_smolstr};

use crate::text;
use crate::tree::{Node, Tree, nanos, share};

/// For how many contributors it is said what the run would take without them.
const LARGEST: usize = 3;

/// What decided how long a run took. Printed with `{}`, it is a line for each of its largest contributors.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CriticalPath {
    /// The path in order of time. The steps fill the run.
    pub steps: Vec<Step>,
    /// What has the largest parts of it, the largest first; at most three.
    pub contributors: Vec<Contributor>,
    /// How long the run took.
    pub wall: Duration,
}

/// A stretch of the run that waited for one span itself, and for none within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// The index of the span in [`Tree::nodes`].
    pub node: usize,
    /// When it began, from the start of the run.
    pub start: Duration,
    /// When it ended, from the start of the run.
    pub end: Duration,
}

/// All steps of spans of one title within one phase.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Contributor {
    /// The phase, and what within it: `synthesize › chat small`.
    pub title: SmolStr,
    /// Its part of the path.
    pub on_path: Duration,
    /// `on_path` as a fraction of the run, from 0 to 1.
    pub share: f64,
    /// How long the run would take if the spans themselves took no time, while all else, spans within them included,
    /// took what it took. Another branch may then decide.
    pub wall_if_free: Duration,
}

impl CriticalPath {
    pub(crate) fn new(tree: &Tree) -> Self {
        let mut steps = steps(tree);
        steps.reverse();
        let titles = titles(tree);
        let mut parts: Vec<(SmolStr, Duration)> = Vec::new();
        let mut places: HashMap<&SmolStr, usize> = HashMap::new();
        for step in &steps {
            let length = step.end.saturating_sub(step.start);
            let Some(title) = titles.get(step.node) else { continue };
            let place = *places.entry(title).or_insert(parts.len());
            match parts.get_mut(place) {
                Some((_, part)) => *part += length,
                None => parts.push((title.clone(), length)),
            }
        }
        parts.sort_by_key(|(_, part)| Reverse(*part));
        let wall = tree.root().map(|root| root.wall).unwrap_or_default();
        let contributors = parts.into_iter().take(LARGEST).map(|(title, on_path)| {
            let without = replay(tree, |node| titles.get(node) == Some(&title));
            let share = share(on_path, nanos(wall));
            Contributor { title, on_path, share, wall_if_free: Duration::from_nanos(without) }
        });
        Self { contributors: contributors.collect(), steps, wall }
    }
}

/// What a node is called among the contributors.
fn titles(tree: &Tree) -> Vec<SmolStr> {
    let (mut phase, mut impasse) = (SmolStr::default(), false);
    let title = |node: &Node| match node.depth {
        0 if node.children.is_empty() => node.title(),
        0 => SmolStr::new_static("between phases"),
        1 => {
            impasse = node.name == name::IMPASSE;
            phase = node.title();
            phase.clone()
        }
        // What is done about an impasse is done by phases like any other.
        2 if impasse => {
            phase = node.title();
            phase.clone()
        }
        _ => format_smolstr!("{phase} › {}", node.title()),
    };
    // Every subtree stands directly behind its root.
    tree.nodes().iter().map(title).collect()
}

/// The steps, the last one first.
fn steps(tree: &Tree) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let Some(root) = tree.root() else { return steps };
    let mut at = root.end();
    // The spans that are open at the current point of the path, each with its children that are still to be looked at,
    // the one that ended last at the end.
    let mut open = vec![(0, by_end(tree, root))];
    while let Some((index, children)) = open.last_mut() {
        let index = *index;
        let before = loop {
            match children.pop() {
                Some(child) if tree.nodes().get(child).is_some_and(|child| child.end() <= at) => break Some(child),
                Some(_) => {}
                None => break None,
            }
        };
        let next = before.and_then(|child| Some((child, tree.nodes().get(child)?)));
        let start = match next {
            Some((_, child)) => child.end(),
            None => tree.nodes().get(index).map_or(at, |node| node.start),
        };
        if start < at {
            steps.push(Step { node: index, start, end: at });
        }
        at = start;
        match next {
            Some((child, node)) => open.push((child, by_end(tree, node))),
            None => {
                open.pop();
            }
        }
    }
    steps
}

/// The children that took time, in order of end.
fn by_end(tree: &Tree, node: &Node) -> Vec<usize> {
    let end = |child: &usize| tree.nodes().get(*child).map(|child| (child.end(), child.start));
    let took_time = |child: &usize| end(child).is_some_and(|(end, start)| end > start);
    let mut children: Vec<usize> = node.children.iter().copied().filter(took_time).collect();
    children.sort_by_key(end);
    children
}

/// How long the run would take, in nanoseconds, if the nodes for which `free` holds did nothing themselves.
fn replay(tree: &Tree, free: impl Fn(usize) -> bool) -> u64 {
    let mut lengths = vec![0; tree.nodes().len()];
    // Children stand behind their parents.
    for (index, node) in tree.nodes().iter().enumerate().rev() {
        let length = replay_one(tree, node, &lengths, free(index));
        if let Some(slot) = lengths.get_mut(index) {
            *slot = length;
        }
    }
    lengths.first().copied().unwrap_or(0)
}

/// How long one span would take, given how long its children would.
fn replay_one(tree: &Tree, node: &Node, lengths: &[u64], free: bool) -> u64 {
    let own = |from: u64, to: u64| if free { 0 } else { to.saturating_sub(from) };
    let start = nanos(node.start);
    // By when the siblings before have ended: as seen, and as replayed, from the start of the span.
    let (mut ended, mut replayed) = (start, 0);
    let mut running: BinaryHeap<Reverse<(u64, u64)>> = BinaryHeap::new();
    // The siblings that run, in order of start, those that have ended among them.
    let mut started: VecDeque<(u64, u64)> = VecDeque::new();
    for index in &node.children {
        let (Some(child), Some(length)) = (tree.nodes().get(*index), lengths.get(*index)) else { continue };
        let (begin, end) = (nanos(child.start), nanos(child.end()));
        while let Some(Reverse((seen, new))) = running.peek().copied().filter(|Reverse((seen, _))| *seen <= begin) {
            running.pop();
            ended = seen;
            replayed = new.max(replayed);
        }
        while started.front().is_some_and(|(_, end)| *end <= begin) {
            started.pop_front();
        }
        // While a sibling ran, it was not the parent's doing that this one did not start.
        let parted = started.front().map_or(begin, |(start, _)| *start).clamp(ended, begin);
        let new = replayed + own(ended, parted) + (begin - parted) + length;
        running.push(Reverse((end, new)));
        started.push_back((begin, end));
    }
    for Reverse((seen, new)) in running {
        ended = ended.max(seen);
        replayed = replayed.max(new);
    }
    replayed + own(ended, nanos(node.end()))
}

impl fmt::Display for CriticalPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, contributor) in self.contributors.iter().enumerate() {
            let Contributor { title, on_path, share, wall_if_free } = contributor;
            let lead = if n == 0 { "critical path:" } else { "" };
            let percent = text::tenths((share * 1_000.0).round() as u64);
            writeln!(
                f,
                "{lead:<14} {}  {} ({percent}); were it free, the run would take {}",
                text::fit(title, 60),
                text::time(*on_path),
                text::time(*wall_if_free)
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::profile::Profile;
    use crate::run_tree::Finished;
    use crate::span_record::SpanRecord;

    /// Parent, name, start and end.
    type Span = (Option<u32>, &'static str, u64, u64);
    type Parts = Vec<(String, u64, u64)>;

    /// The tree of these spans.
    fn tree(spans: &[Span]) -> Tree {
        let record = |&(parent, name, start, end): &Span| SpanRecord {
            parent,
            start,
            end,
            entered: Some(start),
            open: false,
            ..SpanRecord::open(name)
        };
        let records: Vec<SpanRecord> = spans.iter().map(record).collect();
        let wall = records.iter().map(|record| record.end).max().unwrap_or(0);
        Profile::new(Finished { records, wall, busy: 0, detached: 0, dropped_spans: 0, visits: 0, polls: 0 }, None)
            .tree()
    }

    fn path(spans: &[Span]) -> (Vec<(String, u64)>, Parts) {
        let tree = tree(spans);
        let path = CriticalPath::new(&tree);
        let steps = path.steps.iter().map(|s| (tree.nodes()[s.node].name.to_string(), nanos(s.end - s.start)));
        let parts = path.contributors.iter().map(|c| (c.title.to_string(), nanos(c.on_path), nanos(c.wall_if_free)));
        (steps.collect(), parts.collect())
    }

    fn s(text: &str, n: u64) -> (String, u64) {
        (text.to_owned(), n)
    }

    #[test]
    fn the_path_goes_through_the_branch_that_ended_last() {
        let (steps, parts) = path(&[
            (None, "run", 0, 100),
            (Some(0), "plan", 5, 20),
            (Some(0), "work", 20, 90),
            (Some(2), "short", 20, 50),
            (Some(2), "long", 22, 85),
        ]);
        assert_eq!(steps, [s("run", 5), s("plan", 15), s("work", 2), s("long", 63), s("work", 5), s("run", 10)]);
        // Without the long branch the short one decides: 100 - 85 + 50.
        assert_eq!(parts[0], ("work › long".to_owned(), 63, 65));
        assert_eq!(parts[1], ("between phases".to_owned(), 15, 85));
        assert_eq!(parts[2], ("plan".to_owned(), 15, 85));
    }

    #[test]
    fn what_started_after_several_had_ended_waits_for_all_of_them() {
        let (_, parts) =
            path(&[(None, "run", 0, 100), (Some(0), "a", 0, 40), (Some(0), "b", 0, 60), (Some(0), "join", 60, 100)]);
        assert_eq!(parts[0], ("b".to_owned(), 60, 80));
        assert_eq!(parts[1], ("join".to_owned(), 40, 60));
    }

    #[test]
    fn a_span_alone_is_its_own_path() {
        let (steps, parts) = path(&[(None, "run", 0, 7)]);
        assert_eq!((steps, parts), (vec![s("run", 7)], vec![("run".to_owned(), 7, 0)]));
        assert_eq!(path(&[(None, "run", 0, 0)]).0, []);
    }

    #[test]
    fn the_largest_are_printed() {
        let tree = tree(&[(None, "run", 0, 4_000_000), (Some(0), "a", 0, 3_000_000), (Some(0), "b", 0, 1_500_000)]);
        insta::assert_snapshot!(CriticalPath::new(&tree), @r"
        critical path: a  3.00 ms (75.0 %); were it free, the run would take 2.50 ms
                       between phases  1.00 ms (25.0 %); were it free, the run would take 3.00 ms
        ");
    }

    #[test]
    fn a_deep_chain_needs_no_stack() {
        let mut spans = vec![(None, "run", 0, 20_000)];
        spans.extend((0..9_999).map(|n| (Some(n), "deeper", u64::from(n), 20_000 - u64::from(n))));
        // The run itself has no time of its own, and the innermost span one step.
        assert_eq!(path(&spans).0.len(), 19_997);
    }

    const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

    fn trees() -> impl Strategy<Value = Tree> {
        let seeds = prop::collection::vec((any::<prop::sample::Index>(), 0..5_usize, 0..=100_u64, 0..=100_u64), 0..50);
        seeds.prop_map(|seeds| {
            let mut spans: Vec<Span> = vec![(None, "run", 0, 1_000_000)];
            for (parent, name, a, b) in seeds {
                let parent = parent.index(spans.len());
                let (_, _, start, end) = spans[parent];
                let (a, b) = (a.min(b), a.max(b));
                let at = |part: u64| start + (end - start) * part / 100;
                spans.push((Some(parent as u32), NAMES[name], at(a), at(b)));
            }
            tree(&spans)
        })
    }

    proptest! {
        #[test]
        fn steps_fill_the_run(tree in trees()) {
            let path = CriticalPath::new(&tree);
            let mut at = Duration::ZERO;
            for step in &path.steps {
                prop_assert_eq!(step.start, at);
                prop_assert!(step.end > step.start);
                let node = &tree.nodes()[step.node];
                prop_assert!(node.start <= step.start && step.end <= node.end());
                at = step.end;
            }
            prop_assert_eq!(at, path.wall);
        }

        #[test]
        fn with_nothing_free_the_run_is_as_it_was(tree in trees()) {
            prop_assert_eq!(replay(&tree, |_| false), 1_000_000);
        }

        #[test]
        fn no_more_is_gained_than_was_on_the_path(tree in trees()) {
            let path = CriticalPath::new(&tree);
            for part in &path.contributors {
                prop_assert!(part.wall_if_free <= path.wall);
                prop_assert!(part.wall_if_free >= path.wall - part.on_path, "{:?}", part);
            }
        }
    }
}
