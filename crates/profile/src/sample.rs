//! Made-up profiles for tests: given span by span, and random ones.

use proptest::prelude::*;

use crate::profile::Profile;
use crate::run_tree::Finished;
use crate::span_record::{Group, SpanRecord};

/// A span as parent, name, start and end in nanoseconds.
pub(crate) type Span = (Option<u32>, &'static str, u64, u64);

pub(crate) fn profile(spans: &[Span]) -> Profile {
    let record = |&(parent, name, start, end): &Span| SpanRecord {
        parent,
        start,
        end,
        entered: Some(start),
        open: false,
        ..SpanRecord::open(name)
    };
    of(spans.iter().map(record).collect())
}

fn of(records: Vec<SpanRecord>) -> Profile {
    let wall = records.iter().map(|record| record.end).max().unwrap_or(0);
    Profile::new(Finished { records, wall, busy: 0, detached: 0, dropped_spans: 0 }, None)
}

const NAMES: [&str; 7] = ["phase", "chat", "execute_tool", "retrieval", "a;b", "x\ny 7", "[cpu] 1"];

/// Random trees: spans without length, of their parent's length, beside each other, within others; some stand for many.
pub(crate) fn profiles() -> impl Strategy<Value = Profile> {
    let seed = (any::<prop::sample::Index>(), 0..NAMES.len(), 0..=12_u64, 0..=12_u64, 0..8_u64, 0..3_u64);
    prop::collection::vec(seed, 0..60).prop_map(|seeds| {
        let mut records = vec![SpanRecord { end: 1_000_003, open: false, ..SpanRecord::open("run") }];
        for (parent, name, a, b, many, busy) in seeds {
            let parent = parent.index(records.len());
            let (start, end) = (records[parent].start, records[parent].end);
            let at = |part: u64| start + (end - start) * part / 12;
            let (from, to) = (at(a.min(b)), at(a.max(b)));
            let mut record = SpanRecord {
                parent: Some(parent as u32),
                start: from,
                end: to,
                entered: Some(from),
                busy: (to - from) / 4 * busy,
                open: false,
                ..SpanRecord::open(NAMES[name])
            };
            if many == 0 {
                record.more().group = Some(Group { count: 100, covered_ns: (to - from) / 2 });
            }
            records.push(record);
        }
        of(records)
    })
}
