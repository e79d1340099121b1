//! Jaeger's pages over another project's gRPC receiver, read back through `/api/traces`. It leaves out span kinds and
//! the tag `error`.

use ninefold::otlp::Protocol;
use serde_json::Value;

use crate::address;
use crate::fetch::{json, until};
use crate::runs::{Exported, RUNS, export};
use crate::seen::{Rounding, Seen, assert_same_story};

fn seen(span: &Value) -> Seen {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let references = span["references"].as_array();
    let parent = references.and_then(|all| all.iter().find(|reference| reference["refType"] == "CHILD_OF"));
    Seen {
        trace: text(&span["traceID"]),
        id: text(&span["spanID"]),
        parent: parent.map(|parent| text(&parent["spanID"])),
        name: text(&span["operationName"]),
        start: span["startTime"].as_u64().unwrap(),
        duration: span["duration"].as_u64().unwrap(),
        attributes: span["tags"]
            .as_array()
            .unwrap()
            .iter()
            .map(|tag| (text(&tag["key"]), tag["value"].clone()))
            .collect(),
    }
}

#[test]
#[ignore = "needs a receiver: .ci/receivers"]
fn has_every_run() {
    let (endpoint, pages) = (address("NINEFOLD_JAEGER_GRPC"), address("NINEFOLD_JAEGER_PAGES"));
    let service = format!("ninefold-{}", std::process::id());
    let Exported { profiles, delivery, traceparents } = export(endpoint, Protocol::Grpc, &service);
    let expected: u64 = profiles.iter().map(ninefold::Profile::spans).sum();
    assert_eq!(delivery.to_string(), format!("all {expected} spans delivered"));
    let spans = until(|| {
        let answer = json(&pages, &format!("/api/traces?service={service}&limit=1000"));
        let traces = answer["data"].as_array().unwrap().iter();
        let spans: Vec<Seen> = traces.flat_map(|trace| trace["spans"].as_array().unwrap()).map(seen).collect();
        if spans.len() as u64 == expected { Ok(spans) } else { Err(format!("{} of {expected} spans", spans.len())) }
    });
    assert_same_story(&spans, &profiles, Rounding::Cut);

    assert_eq!(spans.iter().filter(|span| span.parent.is_none()).count(), RUNS);
    for span in &spans {
        if let Some(phase) = span.name.strip_prefix("phase ") {
            assert_eq!(span.attribute("phase.name").unwrap(), phase);
            assert_eq!(span.attribute("openinference.span.kind").unwrap(), "CHAIN");
        }
        if let Some(model) = span.name.strip_prefix("chat ") {
            assert_eq!(span.attribute("gen_ai.request.model").unwrap(), model);
            assert!(span.attribute("gen_ai.usage.input_tokens").unwrap().is_number());
        }
        if let Some(tool) = span.name.strip_prefix("execute_tool ") {
            assert_eq!(span.attribute("gen_ai.tool.name").unwrap(), tool);
        }
    }
    let failed: Vec<&Seen> = spans.iter().filter(|span| span.attribute("error.type").is_some()).collect();
    let mut names: Vec<&str> = failed.iter().map(|span| span.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["invoke_agent soar", "phase normalize"]);
    assert!(failed.iter().all(|span| span.attribute("error.type").unwrap() == "invalid_input"));
    // What the model sends on names the very span that the receiver has of its call.
    let mut calls: Vec<String> = spans
        .iter()
        .filter(|span| span.name.starts_with("chat "))
        .map(|span| format!("00-{}-{}-01", span.trace, span.id))
        .collect();
    let mut sent = traceparents;
    calls.sort_unstable();
    sent.sort_unstable();
    assert!(!calls.is_empty());
    assert_eq!(calls, sent);
    let longest = spans.iter().max_by_key(|span| span.duration).unwrap();
    println!("{pages}/trace/{}", longest.trace);
}
