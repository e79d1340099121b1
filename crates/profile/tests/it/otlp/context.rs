//! Traces that begin elsewhere and go on elsewhere.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use ninefold_core::model::{ModelId, ModelRequest};
use ninefold_core::span;
use ninefold_profile::otlp::{continue_trace, traceparent, tracestate};
use ninefold_profile::record;
use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
use tracing::instrument::Instrument as _;

use super::kept::{builder, exported, exported_by, named};
use crate::support::{paused_runtime, phase, run, wait};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

fn header(flags: &str) -> String {
    format!("00-{TRACE}-{PARENT}-{flags}")
}

#[test]
fn a_run_continues_the_trace_of_the_request_it_answers() {
    let spans = exported(|| {
        paused_runtime().block_on(async {
            let answer = async {
                record(run(phase("assess", wait(1)))).await;
                tracestate()
            };
            let state = continue_trace(&header("01"), Some("vendor=x"), answer).await;
            assert_eq!(state.as_deref(), Some("vendor=x"));
            assert_eq!(traceparent(), None, "outside it is over");
        });
    });
    let root = named(&spans, "invoke_agent soar");
    assert_eq!(root.span_context.trace_id().to_string(), TRACE);
    assert_eq!(root.parent_span_id.to_string(), PARENT);
    assert!(root.parent_span_is_remote);
    assert_eq!(root.span_context.trace_state().header(), "vendor=x");
    assert_eq!(named(&spans, "phase assess").span_context.trace_id().to_string(), TRACE);
}

#[test]
fn a_caller_who_does_not_sample_is_followed() {
    let (spans, delivery) = exported_by(builder(), || {
        paused_runtime().block_on(async {
            let inside = continue_trace(&header("00"), None, phase("assess", async { traceparent() })).await.unwrap();
            assert!(inside.contains(TRACE) && inside.ends_with("-00"), "{inside}");
        });
    });
    assert_eq!((spans.len(), delivery.ended), (0, 0));
}

#[test]
fn malformed_headers_start_a_new_trace() {
    let long = "f".repeat(100_000);
    let zero = format!("00-{}-{PARENT}-01", "0".repeat(32));
    let upper = header("01").to_uppercase();
    for malformed in ["", "00", "nonsense\n\u{1b}", &long, &zero, &upper, "ff-0-0-0", "00-ä-b-c"] {
        let spans = exported(|| {
            paused_runtime().block_on(continue_trace(malformed, Some("also=bad,,=\n"), run(async {})));
        });
        let root = named(&spans, "invoke_agent soar");
        assert_eq!(root.parent_span_id, SpanId::INVALID, "{malformed:?}");
        assert!(root.span_context.is_valid());
    }
    let spans = exported(|| paused_runtime().block_on(continue_trace(&header("01"), Some("=,\n"), run(async {}))));
    assert_eq!(named(&spans, "invoke_agent soar").parent_span_id.to_string(), PARENT, "a bad state alone is ignored");
}

#[test]
fn a_run_continues_the_hosts_opentelemetry_context() {
    let spans = exported(|| {
        let host = SpanContext::new(
            TraceId::from_hex(TRACE).unwrap(),
            SpanId::from_hex(PARENT).unwrap(),
            TraceFlags::SAMPLED,
            false,
            TraceState::default(),
        );
        let _attached = Context::new().with_remote_span_context(host).attach();
        paused_runtime().block_on(run(async {}));
    });
    assert_eq!(named(&spans, "invoke_agent soar").parent_span_id.to_string(), PARENT);
}

#[test]
fn what_the_host_does_with_opentelemetry_stands_below_the_span_it_is_in() {
    let mut inside = Vec::new();
    let spans = exported(|| {
        let current = || Context::current().span().span_context().clone();
        let work = run(async {
            inside.push(phase("assess", async { current() }).await);
            // What the host has made current itself counts where it is inside of a span of ours.
            let own = SpanContext::new(
                TraceId::from_hex(TRACE).unwrap(),
                SpanId::from_hex(PARENT).unwrap(),
                TraceFlags::SAMPLED,
                false,
                TraceState::default(),
            );
            let _attached = Context::current().with_remote_span_context(own).attach();
            phase("collect", async {}).await;
        });
        paused_runtime().block_on(work);
        assert!(!current().is_valid(), "outside it is over");
    });
    assert_eq!(inside, [named(&spans, "phase assess").span_context.clone()]);
    assert_eq!(named(&spans, "phase collect").parent_span_id.to_string(), PARENT);
}

#[test]
fn a_span_is_linked_to_those_it_follows_from() {
    let spans = exported(|| {
        let first = span::phase("assess");
        let second = span::phase("collect");
        second.follows_from(&first);
    });
    let links = &named(&spans, "phase collect").links.links;
    assert_eq!(links.len(), 1);
    assert_eq!(links[0].span_context, named(&spans, "phase assess").span_context);
}

#[test]
fn a_run_is_below_the_hosts_span_that_is_exported_and_passes_over_one_that_is_not() {
    let (spans, _) = exported_by(builder().target("shop"), || {
        let request = tracing::info_span!(target: "shop", "request");
        let inner = tracing::info_span!(target: "unnamed", "handler");
        paused_runtime().block_on(run(async {}).instrument(inner).instrument(request));
    });
    let request = named(&spans, "request").span_context.span_id();
    assert_eq!(named(&spans, "invoke_agent soar").parent_span_id, request);
    assert_eq!(spans.len(), 2);
}

/// Answers one request and hands out its head.
fn serve_once(listener: &TcpListener) -> String {
    let (mut stream, _) = listener.accept().unwrap();
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        assert_eq!(stream.read(&mut byte).unwrap(), 1);
        head.push(byte[0]);
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
    String::from_utf8(head).unwrap()
}

#[test]
fn a_models_request_carries_the_ids_of_its_span() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let serving = std::thread::spawn(move || serve_once(&server));
    // What a host's `Model` does within the span that the pipeline has made for the call.
    let call = async move {
        let traceparent = traceparent().unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "POST /chat HTTP/1.1\r\nhost: model\r\ntraceparent: {traceparent}\r\n\r\n").unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
    };
    let spans = exported(|| {
        let chat = call.instrument(span::chat(&ModelId::new("house", "small"), &ModelRequest::default()));
        paused_runtime().block_on(async { record(run(phase("synthesize", chat))).await });
    });
    let head = serving.join().unwrap();
    let chat = &named(&spans, "chat small").span_context;
    let expected = format!("traceparent: 00-{}-{}-01\r\n", chat.trace_id(), chat.span_id());
    assert!(head.contains(&expected), "{head} lacks {expected}");
}

#[test]
fn outside_of_all_spans_there_is_nothing_to_continue() {
    assert_eq!((traceparent(), tracestate()), (None, None));
    let spans = exported(|| {
        assert_eq!(traceparent(), None);
        drop(span::phase("assess"));
    });
    assert_eq!(spans.len(), 1);
}
