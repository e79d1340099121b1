//! The profile as a trace for timeline viewers: Chrome's trace event format, which ui.perfetto.dev, `chrome://tracing` and
//! Speedscope open.
//!
//! Format: "Trace Event Format" by the Chromium project (complete events `X`, metadata events `M`). Viewers nest complete
//! events of one thread by their intervals, so every thread here is a track of `lanes`.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::critical_path::CriticalPath;
use crate::lanes::{Lane, lanes};
use crate::profile::Profile;
use crate::span_record::Outcome;
use crate::text;
use crate::tree::{Node, Tree, nanos};
use crate::usage::Usage;

/// The process that all tracks belong to.
const PROCESS: u64 = 1;
/// The track of the critical path; the run's own is the one before it, those of branches follow.
const CRITICAL_PATH: u64 = 2;
/// What names are cut to, in columns.
const LONGEST_NAME: usize = 200;

/// A profile as trace events in JSON: print it with `{}` into a file for <https://ui.perfetto.dev> or `chrome://tracing`.
///
/// The process is the run. Its first track holds the root with the spans below it; a span that runs beside another one
/// begins a track of its own, named after its parent and itself. The second track is the critical path. Times are
/// microseconds from the start of the run, with the nanoseconds as decimals.
///
/// The arguments of an event, each only where there is something to say: `span` and `parent` (indices in
/// [`Tree::nodes`]), `attributed_ns`, `spent_ns` (by class) and `busy_ns` as in [`Node`], `usage` as in [`Usage`],
/// `cost_usd`, `first_token_ns` (the mean), `outcome`, `error_type`, `attempts`, `hits`, `retries`, `cache_hits`,
/// `saved_ns`, `count` and `open_ns` (of an event that stands for many spans: how many, and how long at least one was
/// open), `still_open`.
#[derive(Debug, Clone)]
pub struct Perfetto {
    tree: Tree,
    path: CriticalPath,
    remarks: Vec<String>,
    unavailable: Option<String>,
}

impl Perfetto {
    pub(crate) fn new(profile: &Profile) -> Self {
        Self {
            tree: profile.tree(),
            path: profile.critical_path(),
            remarks: profile.remarks(),
            unavailable: profile.unavailable().map(str::to_owned),
        }
    }
}

#[derive(Serialize)]
struct About<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    unavailable: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    remarks: &'a [String],
}

/// What is said of a span beside its times.
#[derive(Serialize)]
struct Arguments<'a> {
    span: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<usize>,
    attributed_ns: u64,
    spent_ns: BTreeMap<&'static str, u64>,
    busy_ns: u64,
    #[serde(skip_serializing_if = "Usage::is_none")]
    usage: Usage,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_usd: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_token_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
    #[serde(skip_serializing_if = "str::is_empty")]
    error_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hits: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retries: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_hits: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    saved_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    open_ns: Option<u64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    still_open: bool,
}

impl<'a> Arguments<'a> {
    fn new(span: usize, node: &'a Node) -> Self {
        let some = |n: u64| (n > 0).then_some(n);
        let is_many = node.count > 1;
        Self {
            span,
            parent: node.parent,
            attributed_ns: nanos(node.attributed),
            spent_ns: node
                .spent
                .largest_first()
                .into_iter()
                .map(|(class, time)| (class.as_str(), nanos(time)))
                .collect(),
            busy_ns: nanos(node.busy),
            usage: node.usage,
            cost_usd: node.usage.cost_usd().filter(|_| node.usage.priced_calls > 0),
            first_token_ns: node.usage.time_to_first_token().map(nanos),
            outcome: node.outcome,
            error_type: &node.error_type,
            attempts: some(node.attempts),
            hits: node.hits,
            retries: some(node.retries),
            cache_hits: some(node.cache_hits),
            saved_ns: some(nanos(node.saved)),
            count: is_many.then_some(node.count),
            open_ns: is_many.then(|| nanos(node.wall)),
            still_open: node.open,
        }
    }
}

/// The events, with commas between them.
struct Events<'a, 'b> {
    f: &'a mut fmt::Formatter<'b>,
    is_first: bool,
}

impl Events<'_, '_> {
    fn separate(&mut self) -> fmt::Result {
        let separator = if std::mem::take(&mut self.is_first) { "\n" } else { ",\n" };
        self.f.write_str(separator)
    }

    /// Something about the process or one of its tracks.
    fn about(&mut self, track: u64, what: &str, key: &str, value: &impl Serialize) -> fmt::Result {
        self.separate()?;
        let value = json(value)?;
        write!(self.f, r#"{{"ph":"M","pid":{PROCESS},"tid":{track},"name":"{what}","args":{{"{key}":{value}}}}}"#)
    }

    fn track(&mut self, track: u64, name: &str) -> fmt::Result {
        self.about(track, "thread_name", "name", &text::fit(name, LONGEST_NAME))?;
        self.about(track, "thread_sort_index", "sort_index", &track)
    }

    fn span(&mut self, track: u64, category: &str, name: &str, start: u64, end: u64, args: &str) -> fmt::Result {
        self.separate()?;
        let (category, name) = (json(&text::fit(category, LONGEST_NAME))?, json(&text::fit(name, LONGEST_NAME))?);
        let (start, length) = (Micros(start), Micros(end.saturating_sub(start)));
        write!(
            self.f,
            r#"{{"ph":"X","pid":{PROCESS},"tid":{track},"ts":{start},"dur":{length},"cat":{category},"name":{name},"args":{args}}}"#
        )
    }

    fn lane(&mut self, track: u64, lane: &Lane, tree: &Tree) -> fmt::Result {
        for index in &lane.nodes {
            let Some(node) = tree.nodes().get(*index) else { continue };
            let args = json(&Arguments::new(*index, node))?;
            self.span(track, &node.name, &counted(node), nanos(node.start), nanos(node.end()), &args)?;
        }
        Ok(())
    }
}

impl fmt::Display for Perfetto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let about = About { unavailable: self.unavailable.as_deref(), remarks: &self.remarks };
        write!(f, r#"{{"displayTimeUnit":"ns","otherData":{},"traceEvents":["#, json(&about)?)?;
        let mut events = Events { f, is_first: true };
        let title = self.tree.root().map(Node::title).unwrap_or_default();
        events.about(1, "process_name", "name", &text::fit(&title, LONGEST_NAME))?;
        let lanes = lanes(&self.tree);
        let tracks = || std::iter::once(1).chain(CRITICAL_PATH + 1..);
        for (track, lane) in tracks().zip(&lanes) {
            events.track(track, &lane.name)?;
        }
        events.track(CRITICAL_PATH, "critical path")?;
        for (track, lane) in tracks().zip(&lanes) {
            events.lane(track, lane, &self.tree)?;
        }
        for step in &self.path.steps {
            let Some(node) = self.tree.nodes().get(step.node) else { continue };
            let args = format!(r#"{{"span":{}}}"#, step.node);
            events.span(CRITICAL_PATH, "critical path", &node.title(), nanos(step.start), nanos(step.end), &args)?;
        }
        f.write_str("\n]}\n")
    }
}

/// The title, and how many spans it stands for.
fn counted(node: &Node) -> String {
    let title = node.title();
    if node.count > 1 { format!("{title} ×{}", node.count) } else { title.to_string() }
}

fn json(value: &impl Serialize) -> Result<String, fmt::Error> {
    serde_json::to_string(value).map_err(|_| fmt::Error)
}

/// Nanoseconds, printed as microseconds.
struct Micros(u64);

impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1_000, self.0 % 1_000)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::sample::{profile, profiles};

    /// An event as a viewer reads it: times in nanoseconds from the decimals, whatever the number's binary form.
    #[derive(Debug, Clone)]
    struct Event {
        track: u64,
        start: u64,
        end: u64,
        span: usize,
    }

    fn nanos_of(json: &str, field: &str) -> u64 {
        let from = json.find(&format!("\"{field}\":")).unwrap() + field.len() + 3;
        let text: String = json[from..].chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
        let (micros, decimals) = text.split_once('.').unwrap();
        assert_eq!(decimals.len(), 3, "{json}");
        micros.parse::<u64>().unwrap() * 1_000 + decimals.parse::<u64>().unwrap()
    }

    fn events(trace: &str) -> Vec<Event> {
        let whole: Value = serde_json::from_str(trace).unwrap();
        let lines = trace.lines().filter(|line| line.starts_with(r#"{"ph":"X""#));
        let events: Vec<Event> = lines
            .map(|line| {
                let value: Value = serde_json::from_str(line.trim_end_matches(',')).unwrap();
                let start = nanos_of(line, "ts");
                let end = start + nanos_of(line, "dur");
                let span = value["args"]["span"].as_u64().unwrap() as usize;
                Event { track: value["tid"].as_u64().unwrap(), start, end, span }
            })
            .collect();
        let complete = whole["traceEvents"].as_array().unwrap().iter().filter(|event| event["ph"] == "X");
        assert_eq!(complete.count(), events.len());
        events
    }

    /// What a viewer draws each event of a track below, by the rules of Perfetto's importer: sorted by start, the longest
    /// first, an event is below what has not ended; one without length holds what is in the same instant.
    fn drawn_below(events: &[Event]) -> Result<Vec<(usize, Option<usize>)>, String> {
        let mut tracks: BTreeMap<u64, Vec<Event>> = BTreeMap::new();
        for event in events.iter().filter(|event| event.track != CRITICAL_PATH) {
            tracks.entry(event.track).or_default().push(event.clone());
        }
        let mut below = Vec::new();
        for (_, mut track) in tracks {
            track.sort_by_key(|event| (event.start, std::cmp::Reverse(event.end)));
            let mut open: Vec<Event> = Vec::new();
            for event in track {
                open.retain(|above| above.end > event.start || (above.start == above.end && above.end == event.start));
                if let Some(above) = open.last().filter(|above| above.end < event.end) {
                    return Err(format!("{event:?} ends after {above:?}, in which it starts"));
                }
                below.push((event.span, open.last().map(|above| above.span)));
                open.push(event);
            }
        }
        Ok(below)
    }

    #[test]
    fn what_overlaps_is_not_on_one_track() {
        let profile = profile(&[
            (None, "run", 0, 100),
            (Some(0), "plan", 5, 20),
            (Some(0), "work", 20, 90),
            (Some(2), "short", 20, 50),
            (Some(2), "long", 22, 85),
            (Some(4), "part", 22, 85),
            (Some(2), "late", 50, 90),
            (Some(0), "end", 90, 100),
        ]);
        insta::assert_snapshot!(profile.perfetto().to_string().lines().map(brief).collect::<Vec<_>>().join("\n"), @r#"
        {"displayTimeUnit":"ns","otherData":{},"traceEvents":[
        {"ph":"M","pid":1,"tid":1,"name":"process_name","args":{"name":"run"}},
        {"ph":"M","pid":1,"tid":1,"name":"thread_name","args":{"name":"run"}},
        {"ph":"M","pid":1,"tid":1,"name":"thread_sort_index","args":{"sort_index":1}},
        {"ph":"M","pid":1,"tid":3,"name":"thread_name","args":{"name":"work › long"}},
        {"ph":"M","pid":1,"tid":3,"name":"thread_sort_index","args":{"sort_index":3}},
        {"ph":"M","pid":1,"tid":2,"name":"thread_name","args":{"name":"critical path"}},
        {"ph":"M","pid":1,"tid":2,"name":"thread_sort_index","args":{"sort_index":2}},
        {"ph":"X","pid":1,"tid":1,"ts":0.000,"dur":0.100,"cat":"run","name":"run"
        {"ph":"X","pid":1,"tid":1,"ts":0.005,"dur":0.015,"cat":"plan","name":"plan"
        {"ph":"X","pid":1,"tid":1,"ts":0.020,"dur":0.070,"cat":"work","name":"work"
        {"ph":"X","pid":1,"tid":1,"ts":0.020,"dur":0.030,"cat":"short","name":"short"
        {"ph":"X","pid":1,"tid":1,"ts":0.050,"dur":0.040,"cat":"late","name":"late"
        {"ph":"X","pid":1,"tid":1,"ts":0.090,"dur":0.010,"cat":"end","name":"end"
        {"ph":"X","pid":1,"tid":3,"ts":0.022,"dur":0.063,"cat":"long","name":"long"
        {"ph":"X","pid":1,"tid":3,"ts":0.022,"dur":0.063,"cat":"part","name":"part"
        {"ph":"X","pid":1,"tid":2,"ts":0.000,"dur":0.005,"cat":"critical path","name":"run"
        {"ph":"X","pid":1,"tid":2,"ts":0.005,"dur":0.015,"cat":"critical path","name":"plan"
        {"ph":"X","pid":1,"tid":2,"ts":0.020,"dur":0.030,"cat":"critical path","name":"short"
        {"ph":"X","pid":1,"tid":2,"ts":0.050,"dur":0.040,"cat":"critical path","name":"late"
        {"ph":"X","pid":1,"tid":2,"ts":0.090,"dur":0.010,"cat":"critical path","name":"end"
        ]}
        "#);
    }

    /// A line without its arguments.
    fn brief(line: &str) -> &str {
        if line.contains(r#""ph":"X""#) { line.split(r#","args""#).next().unwrap() } else { line }
    }

    #[test]
    fn names_cannot_break_the_document() {
        let profile = profile(&[(None, "a\"b\\\n\u{1b}</script>\u{0}", 0, 5)]);
        let trace: Value = serde_json::from_str(&profile.perfetto().to_string()).unwrap();
        assert_eq!(
            trace["traceEvents"][0]["args"]["name"],
            "a\"b\\\u{fffd}\u{fffd}[31m".replace("[31m", "</script>\u{fffd}")
        );
    }

    #[test]
    fn without_spans_it_says_why() {
        let trace: Value = serde_json::from_str(&Profile::default().perfetto().to_string()).unwrap();
        assert_eq!(trace["otherData"]["unavailable"], "no run was recorded");
    }

    proptest! {
        #[test]
        fn what_is_drawn_below_is_a_child(profile in profiles()) {
            let tree = profile.tree();
            let events = events(&profile.perfetto().to_string());
            let below = drawn_below(&events).map_err(TestCaseError::fail)?;
            prop_assert_eq!(below.len(), tree.nodes().len());
            for (span, above) in below {
                let node = &tree.nodes()[span];
                prop_assert!(above.is_none() || above == node.parent, "{} below {:?}, not {:?}", span, above, node.parent);
            }
        }

        #[test]
        fn nothing_is_on_a_track_of_its_own_without_need(profile in profiles()) {
            let tree = profile.tree();
            for lane in lanes(&tree).iter().skip(1) {
                for span in &lane.nodes {
                    let node = &tree.nodes()[*span];
                    let parent = &tree.nodes()[node.parent.unwrap()];
                    if lane.nodes.contains(&node.parent.unwrap()) {
                        continue;
                    }
                    let beside = tree.children(parent).any(|other| {
                        !std::ptr::eq(other, node) && other.start <= node.start && other.end() >= node.start
                    });
                    prop_assert!(beside || parent.end() == node.start, "{:?} is alone", node);
                }
            }
        }

        #[test]
        fn the_critical_path_fills_the_run(profile in profiles()) {
            let events = events(&profile.perfetto().to_string());
            let path = events.iter().filter(|event| event.track == CRITICAL_PATH);
            prop_assert_eq!(path.map(|event| event.end - event.start).sum::<u64>(), 1_000_003);
        }
    }
}
