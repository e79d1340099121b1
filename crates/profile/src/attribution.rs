//! Which span an instant of the run belongs to: the deepest open one, or, when several branches are open, each of their
//! deepest spans in equal parts. So parallel branches are never added up, and all parts together are the run.

use crate::apportion::settle;

/// One span's interval, in nanoseconds, within its parent's. The first of a list is the root; parents stand before
/// their children.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Interval {
    pub(crate) parent: usize,
    pub(crate) start: u64,
    pub(crate) end: u64,
}

impl Interval {
    pub(crate) fn length(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }
}

/// Credits are counted in units of 2⁻³² ns, so that equal parts of a nanosecond are not lost.
const FRACTION_BITS: u32 = 32;

/// How many nanoseconds of the run belong to each span itself. They add up to the length of the root.
pub(crate) fn attribute(intervals: &[Interval]) -> Vec<u64> {
    let mut sweep = Sweep { spans: vec![Swept::default(); intervals.len()], credit: 0, sharing: 0 };
    let mut now = intervals.first().map_or(0, |root| root.start);
    for Event { at, starts, span } in events(intervals) {
        sweep.advance(at.saturating_sub(now));
        now = at;
        let parent = intervals.get(span).map(|interval| interval.parent).filter(|_| span != 0);
        if starts {
            sweep.start(span, parent);
        } else {
            sweep.end(span, parent);
        }
    }
    let total = intervals.first().map_or(0, Interval::length);
    let fraction = (1_u128 << FRACTION_BITS) - 1;
    let parts = sweep
        .spans
        .iter()
        .map(|span| (u64::try_from(span.credit >> FRACTION_BITS).unwrap_or(u64::MAX), span.credit & fraction));
    settle(total, parts.collect())
}

struct Event {
    at: u64,
    starts: bool,
    span: usize,
}

/// Starts and ends in order of time; at the same time, ends before starts. Spans without length have neither.
fn events(intervals: &[Interval]) -> Vec<Event> {
    let mut events = Vec::with_capacity(intervals.len() * 2);
    for (span, interval) in intervals.iter().enumerate().filter(|(_, interval)| interval.length() > 0) {
        events.push(Event { at: interval.start, starts: true, span });
        events.push(Event { at: interval.end, starts: false, span });
    }
    events.sort_by_key(|event| (event.at, event.starts));
    events
}

#[derive(Debug, Clone, Default)]
struct Swept {
    open: bool,
    open_children: usize,
    /// What one sharing span had been given when this one began to share.
    joined: u128,
    credit: u128,
}

struct Sweep {
    spans: Vec<Swept>,
    /// What a span that shared from the beginning would have been given.
    credit: u128,
    /// How many spans share the current instant.
    sharing: u32,
}

impl Sweep {
    fn advance(&mut self, nanos: u64) {
        if self.sharing > 0 {
            self.credit += (u128::from(nanos) << FRACTION_BITS) / u128::from(self.sharing);
        }
    }

    fn join(&mut self, span: usize) {
        if let Some(swept) = self.spans.get_mut(span)
            && swept.open
            && swept.open_children == 0
        {
            swept.joined = self.credit;
            self.sharing += 1;
        }
    }

    fn leave(&mut self, span: usize) {
        if let Some(swept) = self.spans.get_mut(span)
            && swept.open
            && swept.open_children == 0
        {
            swept.credit += self.credit - swept.joined;
            self.sharing -= 1;
        }
    }

    fn start(&mut self, span: usize, parent: Option<usize>) {
        if let Some(parent) = parent {
            self.leave(parent);
            self.edit(parent, |parent| parent.open_children += 1);
        }
        self.edit(span, |span| span.open = true);
        self.join(span);
    }

    fn end(&mut self, span: usize, parent: Option<usize>) {
        self.leave(span);
        self.edit(span, |span| span.open = false);
        if let Some(parent) = parent {
            self.edit(parent, |parent| parent.open_children = parent.open_children.saturating_sub(1));
            self.join(parent);
        }
    }

    fn edit(&mut self, span: usize, change: impl FnOnce(&mut Swept)) {
        if let Some(swept) = self.spans.get_mut(span) {
            change(swept);
        }
    }
}

/// The length of the union of intervals given in order of start.
pub(crate) fn union(intervals: impl IntoIterator<Item = (u64, u64)>) -> u64 {
    let mut covered = 0;
    let mut until = 0;
    for (start, end) in intervals {
        let start = start.max(until);
        if end > start {
            covered += end - start;
            until = end;
        }
    }
    covered
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn interval(parent: usize, start: u64, end: u64) -> Interval {
        Interval { parent, start, end }
    }

    #[test]
    fn a_sequence_belongs_to_the_children_and_the_gaps_to_the_parent() {
        let parts = attribute(&[interval(0, 0, 100), interval(0, 10, 40), interval(0, 50, 90)]);
        assert_eq!(parts, [30, 30, 40]);
    }

    #[test]
    fn parallel_branches_share_in_equal_parts() {
        let parts = attribute(&[interval(0, 0, 100), interval(0, 0, 100), interval(0, 50, 100), interval(2, 50, 100)]);
        assert_eq!(parts, [0, 75, 0, 25]);
    }

    #[test]
    fn what_cannot_be_divided_evenly_is_not_lost() {
        let parts = attribute(&[interval(0, 0, 10), interval(0, 0, 10), interval(0, 0, 10), interval(0, 0, 10)]);
        assert_eq!(parts, [0, 4, 3, 3]);
    }

    #[test]
    fn a_span_without_length_gets_nothing() {
        assert_eq!(attribute(&[interval(0, 0, 10), interval(0, 5, 5), interval(0, 0, 0)]), [10, 0, 0]);
        assert_eq!(attribute(&[interval(0, 0, 0), interval(0, 0, 0)]), [0, 0]);
        assert_eq!(attribute(&[]), Vec::<u64>::new());
    }

    #[test]
    fn unions_do_not_count_overlaps_twice() {
        assert_eq!(union([(0, 10), (5, 15), (6, 7), (20, 30)]), 25);
        assert_eq!(union([]), 0);
    }

    /// Random trees of intervals within their parents.
    fn trees() -> impl Strategy<Value = Vec<Interval>> {
        let seeds = prop::collection::vec((any::<prop::sample::Index>(), 0..=1000_u64, 0..=1000_u64), 0..60);
        (0..5_000_000_u64, seeds).prop_map(|(wall, seeds)| {
            let mut tree = vec![interval(0, 0, wall)];
            for (parent, a, b) in seeds {
                let parent = parent.index(tree.len());
                let Interval { start, .. } = tree[parent];
                let length = tree[parent].length();
                let (a, b) = (a.min(b), a.max(b));
                tree.push(interval(parent, start + length * a / 1000, start + length * b / 1000));
            }
            tree
        })
    }

    proptest! {
        #[test]
        fn parts_add_up_to_the_root(tree in trees()) {
            let parts = attribute(&tree);
            prop_assert_eq!(parts.iter().sum::<u64>(), tree[0].length());
        }

        #[test]
        fn no_span_gets_more_than_the_time_in_which_no_child_is_open(tree in trees()) {
            let parts = attribute(&tree);
            for (index, part) in parts.iter().enumerate() {
                let mut children: Vec<_> = tree.iter().enumerate().skip(1)
                    .filter(|(child, interval)| interval.parent == index && *child != index)
                    .map(|(_, interval)| (interval.start, interval.end))
                    .collect();
                children.sort_unstable();
                let own = tree[index].length() - union(children);
                prop_assert!(*part <= own + 1, "span {} has {} of {}", index, part, own);
            }
        }
    }
}
