//! What does not leave the process.

use ninefold_core::span;
use ninefold_profile::otlp;
use tracing_subscriber::Registry;

use super::kept::{builder, exported_by, named, value};

fn secrets_and_content() {
    drop(tracing::info_span!(
        target: "ninefold",
        "chat",
        "gen_ai.operation.name" = "chat",
        "gen_ai.request.model" = "small",
        "gen_ai.input.messages" = "where is my order?",
        "gen_ai.output.messages" = "on its way",
        "gen_ai.tool.call.arguments" = "{\"order\": 7}",
        "gen_ai.tool.call.result" = "shipped",
        "gen_ai.retrieval.query.text" = "order 7",
        "gen_ai.usage.input_tokens" = 12_i64,
        "gen_ai.usage.output_tokens" = 3_u64,
        "http.request.header.authorization" = "Bearer hush",
        "api_key" = "hush",
        "session.token" = "hush",
    ));
}

const CONTENT: [&str; 5] = [
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.tool.call.arguments",
    "gen_ai.tool.call.result",
    "gen_ai.retrieval.query.text",
];

#[test]
fn content_leaves_only_when_the_host_says_so() {
    for opted_in in [false, true] {
        let (spans, _) = exported_by(builder().content(opted_in), secrets_and_content);
        let chat = named(&spans, "chat small");
        for key in CONTENT {
            assert_eq!(value(chat, key).is_some(), opted_in, "{key}");
        }
        assert_eq!(value(chat, "gen_ai.usage.input_tokens").as_deref(), Some("12"));
        assert_eq!(value(chat, "gen_ai.usage.output_tokens").as_deref(), Some("3"));
    }
}

#[test]
fn credentials_leave_in_no_case() {
    for opted_in in [false, true] {
        let (spans, _) = exported_by(builder().content(opted_in), secrets_and_content);
        let shown = format!("{spans:?}");
        assert!(shown.contains("small") && !shown.contains("hush"), "{shown}");
    }
}

#[test]
fn what_is_sent_in_headers_is_shown_nowhere() {
    let set_up = || builder().header("x-api-key", "hush").endpoint("http://user:hush@127.0.0.1:1");
    assert!(!format!("{:?}", set_up()).contains("hush"));
    let (layer, guard) = set_up().build::<Registry>().unwrap();
    assert!(!format!("{guard:?}").contains("hush"));
    drop(layer);
    let error = builder().header("x-api-key", "hush\n").build::<Registry>().map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("invalid characters") && !error.to_string().contains("hush"), "{error}");
}

#[test]
fn the_transports_own_spans_cannot_be_asked_for() {
    for target in otlp::TRANSPORT.iter().map(|target| (*target).to_owned()).chain(["h2::client".to_owned()]) {
        let error = builder().target(target).build::<Registry>().map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("would never end"), "{error}");
    }
    builder().target("h2o").build::<Registry>().map(|_| ()).unwrap();
}

#[test]
fn settings_that_cannot_be_used_are_refused_by_name() {
    let refused = |builder: otlp::Builder| builder.build::<Registry>().map(|_| ()).unwrap_err();
    assert_eq!(refused(builder().endpoint("localhost")).setting(), "endpoint");
    assert_eq!(refused(builder().sample(1.5)).setting(), "sample");
    assert_eq!(refused(builder().sample(f64::NAN)).setting(), "sample");
    assert_eq!(refused(builder().queue_size(0)).setting(), "queue_size");
    assert_eq!(refused(builder().queue_size(10)).setting(), "batch_size");
    assert_eq!(refused(builder().target("")).setting(), "target");
    assert_eq!(refused(builder().header("a b", "c")).setting(), "header");
}

#[test]
fn a_sampler_leaves_out_whole_traces() {
    let pair = || span::phase("assess").in_scope(|| drop(span::phase("inner")));
    let (spans, delivery) = exported_by(builder().sample(0.0), pair);
    assert_eq!((spans.len(), delivery.ended), (0, 0));
    let (spans, delivery) = exported_by(builder().sample(1.0), pair);
    assert_eq!((spans.len(), delivery.ended), (2, 2));
}
