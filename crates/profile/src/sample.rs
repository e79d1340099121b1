//! Made-up profiles for tests: given span by span, and random ones.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::profile::Profile;

/// A span as parent, name, start and end in nanoseconds.
pub(crate) type Span = (Option<u32>, &'static str, u64, u64);

pub(crate) fn profile(spans: &[Span]) -> Profile {
    of(spans.iter().map(|&(parent, name, start, end)| span(parent, name, start, end)).collect())
}

fn span(parent: Option<u32>, name: &str, start: u64, end: u64) -> Value {
    json!({ "name": name, "parent": parent, "start_ns": start, "entered_ns": start, "end_ns": end, "busy_ns": 0 })
}

/// The profile of the document with these spans.
fn of(spans: Vec<Value>) -> Profile {
    let wall = spans.iter().filter_map(|span| span["end_ns"].as_u64()).max().unwrap_or(0);
    let mut document = Profile::default().to_json();
    document["unavailable"] = Value::Null;
    document["wall_ns"] = wall.into();
    document["spans"] = spans.into();
    serde_json::from_value(document).unwrap()
}

const NAMES: [&str; 7] = ["phase", "chat", "execute_tool", "retrieval", "a;b", "x\ny 7", "[cpu] 1"];

/// Random trees: spans without length, of their parent's length, beside each other, within others; some stand for many.
pub(crate) fn profiles() -> impl Strategy<Value = Profile> {
    let seed = (any::<prop::sample::Index>(), 0..NAMES.len(), 0..=12_u64, 0..=12_u64, 0..8_u64, 0..3_u64);
    prop::collection::vec(seed, 0..60).prop_map(|seeds| {
        let mut spans = vec![span(None, "run", 0, 1_000_003)];
        let mut intervals = vec![(0, 1_000_003)];
        for (parent, name, a, b, many, busy) in seeds {
            let parent = parent.index(spans.len());
            let (start, end): (u64, u64) = intervals[parent];
            let at = |part: u64| start + (end - start) * part / 12;
            let (from, to) = (at(a.min(b)), at(a.max(b)));
            let mut span = span(Some(parent as u32), NAMES[name], from, to);
            span["busy_ns"] = ((to - from) / 4 * busy).into();
            if many == 0 {
                span["group"] = json!({ "count": 100, "covered_ns": (to - from) / 2 });
            }
            spans.push(span);
            intervals.push((from, to));
        }
        of(spans)
    })
}
