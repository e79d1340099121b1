//! Phoenix, over HTTP and gRPC, read back through its REST API.

use std::collections::{BTreeMap, BTreeSet};

use ninefold::otlp::Protocol;
use serde_json::Value;

use crate::address;
use crate::fetch::{json, until};
use crate::runs::{Exported, RUNS, export};
use crate::seen::{Rounding, Seen, assert_same_story};

/// Microseconds since 1970 of a date like `2026-11-21T04:38:23.123456+00:00`.
fn micros(date: &str) -> u64 {
    let (day, time) = date.split_once('T').unwrap();
    let time = time.strip_suffix("+00:00").or(time.strip_suffix('Z')).unwrap_or_else(|| panic!("{date} is not in UTC"));
    let number = |text: &str| text.parse::<u64>().unwrap();
    let [year, month, day] = day.split('-').map(number).collect::<Vec<_>>()[..] else { panic!("{date}") };
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let [hour, minute, second] = clock.split(':').map(number).collect::<Vec<_>>()[..] else { panic!("{date}") };
    // Days of the Gregorian calendar, counted from March, so that the leap day is the last of a year.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 719_469;
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    seconds * 1_000_000 + number(&format!("{fraction:0<6}"))
}

#[test]
fn dates_are_counted_as_the_calendar_has_them() {
    assert_eq!(micros("1970-01-01T00:00:00+00:00"), 0);
    assert_eq!(micros("2024-02-29T12:30:01.5Z"), 1_709_209_801_500_000);
    assert_eq!(micros("2026-11-21T04:38:23.123456+00:00"), 1_795_235_903_123_456);
}

fn seen(span: &Value) -> Seen {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (start, end) = (micros(span["start_time"].as_str().unwrap()), micros(span["end_time"].as_str().unwrap()));
    Seen {
        trace: text(&span["context"]["trace_id"]),
        id: text(&span["context"]["span_id"]),
        parent: span["parent_id"].as_str().map(str::to_owned),
        name: text(&span["name"]),
        start,
        duration: end - start,
        attributes: span["attributes"].as_object().unwrap().clone().into_iter().collect::<BTreeMap<_, _>>(),
    }
}

/// All spans of a project.
fn spans_of(phoenix: &str, project: &str) -> Vec<Value> {
    let mut spans = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = json(phoenix, &format!("/v1/projects/{project}/spans?limit=1000{cursor}"));
        spans.extend(page["data"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return spans,
        }
    }
}

fn has_every_run(protocol: Protocol, endpoint: &str, name: &str) {
    let (endpoint, phoenix) = (address(endpoint), address("NINEFOLD_PHOENIX_HTTP"));
    let project = format!("ninefold-{name}-{}", std::process::id());
    let Exported { profiles, delivery, .. } = export(endpoint, protocol, &project);
    let expected: u64 = profiles.iter().map(ninefold::Profile::spans).sum();
    assert_eq!(delivery.to_string(), format!("all {expected} spans delivered"));
    let spans = until(|| {
        let projects = json(&phoenix, "/v1/projects?limit=1000");
        if !projects["data"].as_array().unwrap().iter().any(|known| known["name"] == *project) {
            return Err(format!("no project {project}"));
        }
        let spans = spans_of(&phoenix, &project);
        if spans.len() as u64 == expected { Ok(spans) } else { Err(format!("{} of {expected} spans", spans.len())) }
    });

    let all: Vec<Seen> = spans.iter().map(seen).collect();
    assert_same_story(&all, &profiles, Rounding::ThroughFloat);

    let kinds: BTreeSet<(String, String)> = spans
        .iter()
        .map(|span| {
            (
                span["name"].as_str().unwrap().split(' ').next().unwrap().to_owned(),
                span["span_kind"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    let kind = |name: &str| {
        let kinds: Vec<&str> = kinds.iter().filter(|(known, _)| known == name).map(|(_, kind)| kind.as_str()).collect();
        assert_eq!(kinds.len(), 1, "{name}: {kinds:?}");
        kinds[0]
    };
    assert_eq!(
        (kind("invoke_agent"), kind("phase"), kind("chat"), kind("execute_tool"), kind("retrieval")),
        ("AGENT", "CHAIN", "LLM", "TOOL", "RETRIEVER")
    );

    let failed: Vec<(&str, &str)> = spans
        .iter()
        .filter(|span| span["status_code"] == "ERROR")
        .map(|span| (span["name"].as_str().unwrap(), span["status_message"].as_str().unwrap()))
        .collect();
    assert_eq!(failed.len(), 2, "{failed:?}");
    assert!(
        failed.contains(&("invoke_agent soar", "invalid_input"))
            && failed.contains(&("phase normalize", "invalid_input"))
    );

    let roots = all.iter().filter(|span| span.parent.is_none()).count();
    assert_eq!(roots, RUNS);
    let chat = all.iter().find(|span| span.name.starts_with("chat ")).unwrap();
    let tokens = chat.attributes.iter().any(|(key, value)| key.contains("token_count.prompt") && value.is_number());
    assert!(tokens, "Phoenix does not know the call's tokens: {chat:#?}");
    assert!(chat.attributes.iter().all(|(key, _)| !key.contains("message") && !key.ends_with(".value")), "{chat:#?}");
}

#[test]
#[ignore = "needs a receiver: .ci/receivers"]
fn over_http() {
    has_every_run(Protocol::Http, "NINEFOLD_PHOENIX_HTTP", "http");
}

#[test]
#[ignore = "needs a receiver: .ci/receivers"]
fn over_grpc() {
    has_every_run(Protocol::Grpc, "NINEFOLD_PHOENIX_GRPC", "grpc");
}
