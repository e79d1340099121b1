//! A span as a receiver has it, and the comparison of a receiver's traces with the profiles of the same runs.

use std::collections::BTreeMap;

use ninefold::Profile;
use serde_json::Value;

/// What receivers tell of a span. Times are microseconds since 1970.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) trace: String,
    pub(crate) id: String,
    pub(crate) parent: Option<String>,
    pub(crate) name: String,
    pub(crate) start: u64,
    pub(crate) duration: u64,
    pub(crate) attributes: BTreeMap<String, Value>,
}

impl Seen {
    pub(crate) fn attribute(&self, key: &str) -> Option<&Value> {
        self.attributes.get(key)
    }
}

/// For every path of names from the root, the durations of its spans in nanoseconds, in order of their length.
type Shape = BTreeMap<String, Vec<u64>>;

/// The name that is exported for a span of the profile.
fn exported(name: &str, label: &str) -> String {
    match name {
        "invoke_agent" | "phase" | "execute_tool" | "chat" if !label.is_empty() => format!("{name} {label}"),
        _ => name.to_owned(),
    }
}

fn of_profile(profile: &Profile) -> Shape {
    let (tree, json) = (profile.tree(), profile.to_json());
    let root = &json["spans"][0];
    let mut shape = Shape::new();
    let mut paths: Vec<String> = Vec::new();
    for (index, node) in tree.nodes().iter().enumerate() {
        let name = exported(&node.name, &node.label);
        let path = node.parent.map_or(name.clone(), |parent| format!("{} > {name}", paths[parent]));
        // The tree's root is the recording around the run's own span.
        let nanos = if index == 0 {
            root["end_ns"].as_u64().unwrap() - root["start_ns"].as_u64().unwrap()
        } else {
            u64::try_from(node.wall.as_nanos()).unwrap()
        };
        shape.entry(path.clone()).or_default().push(nanos);
        paths.push(path);
    }
    shape.values_mut().for_each(|durations| durations.sort_unstable());
    shape
}

fn of_trace(trace: &[&Seen]) -> Shape {
    let by_id: BTreeMap<&str, &Seen> = trace.iter().map(|span| (span.id.as_str(), *span)).collect();
    let mut shape = Shape::new();
    for span in trace {
        let mut path = span.name.clone();
        let mut above = span.parent.as_deref();
        while let Some(parent) = above {
            let parent = by_id.get(parent).unwrap_or_else(|| panic!("the parent of {span:?} is not in its trace"));
            path = format!("{} > {path}", parent.name);
            above = parent.parent.as_deref();
        }
        shape.entry(path).or_default().push(span.duration * 1000);
    }
    shape.values_mut().for_each(|durations| durations.sort_unstable());
    shape
}

/// What a receiver's arithmetic may add to or take from a duration that it keeps in microseconds, in nanoseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rounding {
    /// Both instants are cut to microseconds.
    Cut,
    /// Both instants go through an `f64` before they are rounded to microseconds: first as nanoseconds since 1970, whose
    /// neighbours are 256 ns apart in this century, then as seconds, 238 ns apart. Phoenix: `_decode_unix_nano` in
    /// `phoenix/trace/otel.py`.
    ThroughFloat,
}

impl Rounding {
    fn most(self) -> u64 {
        match self {
            Self::Cut => 1_000,
            Self::ThroughFloat => 2 * (128 + 120 + 500),
        }
    }
}

/// A receiver has every span of every run, below its parent. It is as long as the profile says: in whole microseconds,
/// as receivers keep them, they are at most one apart; in nanoseconds, at most what the receiver rounds.
pub(crate) fn assert_same_story(seen: &[Seen], profiles: &[Profile], rounding: Rounding) {
    let mut traces: BTreeMap<&str, Vec<&Seen>> = BTreeMap::new();
    for span in seen {
        traces.entry(&span.trace).or_default().push(span);
    }
    let mut traces: Vec<Vec<&Seen>> = traces.into_values().collect();
    traces.sort_by_key(|trace| trace.iter().map(|span| span.start).min());
    assert_eq!(traces.len(), profiles.len());
    let (mut phases, mut largest) = (0, 0);
    for (n, (trace, profile)) in traces.iter().zip(profiles).enumerate() {
        assert_eq!(trace.len() as u64, profile.spans(), "run {n}");
        let (seen, recorded) = (of_trace(trace), of_profile(profile));
        assert_eq!(seen.keys().collect::<Vec<_>>(), recorded.keys().collect::<Vec<_>>(), "run {n}");
        for (path, durations) in &recorded {
            assert_eq!(seen[path].len(), durations.len(), "run {n}: {path}");
            for (theirs, ours) in seen[path].iter().zip(durations) {
                let apart = theirs.abs_diff(*ours);
                let apart_in_micros = (theirs / 1_000).abs_diff((ours + 500) / 1_000);
                assert!(
                    apart <= rounding.most() && apart_in_micros <= 1,
                    "run {n}: {path}: {theirs} ns there, {ours} ns here"
                );
                largest = largest.max(apart);
            }
            phases += durations.len() * usize::from(path.rsplit(" > ").next().unwrap().starts_with("phase "));
        }
    }
    println!("{} spans in {} traces, {phases} of them phases; at most {largest} ns apart", seen.len(), traces.len());
}
