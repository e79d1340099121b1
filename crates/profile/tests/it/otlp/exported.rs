//! Names, kinds, status and attributes, as readers made by others expect them.

use ninefold_core::model::{ModelId, ModelRequest};
use ninefold_core::span;
use ninefold_profile::record;
use opentelemetry::trace::{SpanId, SpanKind, Status};
use tracing::instrument::Instrument as _;
use tracing::subscriber::set_default;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;

use super::kept::{Kept, builder, exported, named, value};
use crate::support::{agent, chat, paused_runtime, phase, run, wait};

/// A run with a span of every kind that has a name of its own.
fn of_every_kind() {
    let work = run(async {
        phase("assess", wait(1)).await;
        phase("retrieve", wait(1).instrument(span::retrieval(12))).await;
        phase("collect", agent("quote", wait(1))).await;
        phase("synthesize", chat(2, 31, 7)).await;
        phase("record", wait(1).instrument(span::store())).await;
    });
    paused_runtime().block_on(async { record(work).await });
}

#[test]
fn names_say_what_a_span_is_about() {
    let spans = exported(of_every_kind);
    let mut names: Vec<&str> = spans.iter().map(|span| span.name.as_ref()).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "chat small",
            "execute_tool quote",
            "invoke_agent soar",
            "phase assess",
            "phase collect",
            "phase record",
            "phase retrieve",
            "phase synthesize",
            "retrieval",
            "store"
        ]
    );
}

#[test]
fn kinds_tell_calls_of_other_services_from_own_work() {
    let spans = exported(of_every_kind);
    for (name, kind) in [
        ("chat small", SpanKind::Client),
        ("retrieval", SpanKind::Client),
        ("execute_tool quote", SpanKind::Internal),
        ("invoke_agent soar", SpanKind::Internal),
        ("phase assess", SpanKind::Internal),
        ("store", SpanKind::Internal),
    ] {
        assert_eq!(named(&spans, name).span_kind, kind, "{name}");
    }
    for span in &spans {
        let is_phase = span.name.starts_with("phase ");
        assert_eq!(value(span, "openinference.span.kind").as_deref(), is_phase.then_some("CHAIN"), "{}", span.name);
    }
}

#[test]
fn attributes_keep_their_conventional_names_and_counts_are_numbers() {
    let spans = exported(of_every_kind);
    let chat = named(&spans, "chat small");
    assert_eq!(value(chat, "gen_ai.operation.name").as_deref(), Some("chat"));
    assert_eq!(value(chat, "gen_ai.provider.name").as_deref(), Some("house"));
    assert_eq!(value(chat, "gen_ai.request.model").as_deref(), Some("small"));
    let input = chat.attributes.iter().find(|a| a.key.as_str() == "gen_ai.usage.input_tokens").unwrap();
    assert_eq!(input.value, opentelemetry::Value::I64(31));
    assert_eq!(value(named(&spans, "phase assess"), "phase.name").as_deref(), Some("assess"));
    for span in &spans {
        for lean in ["thread.id", "thread.name", "code.file.path", "code.line.number", "target", "busy_ns", "idle_ns"] {
            assert_eq!(value(span, lean), None, "{}", span.name);
        }
    }
}

#[test]
fn every_span_is_below_its_parent_in_one_trace() {
    let spans = exported(of_every_kind);
    let root = named(&spans, "invoke_agent soar");
    assert_eq!(root.parent_span_id, SpanId::INVALID);
    for (name, parent) in [
        ("phase assess", "invoke_agent soar"),
        ("chat small", "phase synthesize"),
        ("execute_tool quote", "phase collect"),
    ] {
        assert_eq!(named(&spans, name).parent_span_id, named(&spans, parent).span_context.span_id(), "{name}");
    }
    assert!(spans.iter().all(|span| span.span_context.trace_id() == root.span_context.trace_id()));
    assert!(spans.iter().all(|span| span.instrumentation_scope.name() == "ninefold"));
}

#[test]
fn an_error_is_a_status_and_a_cancelled_span_is_none() {
    let spans = exported(|| {
        let failed = span::phase("verify");
        failed.record("outcome", "failed");
        failed.record("error.type", "over_budget");
        let nameless = span::phase("route");
        nameless.record("outcome", "failed");
        let typed = span::chat(&ModelId::new("house", "small"), &ModelRequest::default());
        typed.record("error.type", "transient");
        span::phase("collect").record("outcome", "cancelled");
        let twice = span::phase("respond");
        twice.record("outcome", "failed");
        twice.record("outcome", "cached");
    });
    assert_eq!(named(&spans, "phase verify").status, Status::error("over_budget"));
    assert_eq!(value(named(&spans, "phase verify"), "error.type").as_deref(), Some("over_budget"));
    assert_eq!(named(&spans, "phase route").status, Status::error("_OTHER"));
    assert_eq!(value(named(&spans, "phase route"), "error.type").as_deref(), Some("_OTHER"));
    assert_eq!(named(&spans, "chat small").status, Status::error("transient"));
    assert_eq!(named(&spans, "phase collect").status, Status::Unset);
    assert_eq!(value(named(&spans, "phase collect"), "outcome").as_deref(), Some("cancelled"));
    assert_eq!(named(&spans, "phase respond").status, Status::Unset, "the last word counts");
}

#[test]
fn spans_of_hosts_follow_the_same_conventions() {
    let kept = Kept::default();
    let (exporting, guard) = builder().target("shop").build_with(kept.clone()).unwrap();
    {
        let _host = set_default(registry().with(exporting));
        let embed = tracing::info_span!(
            target: "shop::search",
            "embeddings",
            "gen_ai.operation.name" = "embeddings",
            "gen_ai.request.model" = "e5"
        );
        embed.in_scope(|| {
            drop(tracing::info_span!(target: "shop", "plan", "gen_ai.operation.name" = "plan"));
            drop(tracing::info_span!(target: "shop", "cart", otel.name = "a cart", otel.kind = "server", otel.status_code = "ok"));
            drop(tracing::info_span!(target: "shopping", "not named"));
            drop(tracing::debug_span!(target: "shop", "too fine"));
            tracing::error!(target: "shop", "an event");
        });
    }
    assert!(guard.shutdown().is_complete());
    let spans = kept.spans();
    assert_eq!(spans.len(), 3, "{spans:#?}");
    assert_eq!(named(&spans, "embeddings e5").span_kind, SpanKind::Client);
    assert!(named(&spans, "embeddings e5").events.is_empty());
    assert_eq!(value(named(&spans, "plan"), "openinference.span.kind").as_deref(), Some("CHAIN"));
    assert_eq!(named(&spans, "a cart").span_kind, SpanKind::Server);
    assert_eq!(named(&spans, "a cart").status, Status::Ok);
}

#[test]
fn hostile_names_are_shown_harmlessly() {
    let spans = exported(|| {
        drop(span::agent("rm\n\u{1b}[31m<script>alert(1)</script>"));
        drop(span::agent(&"long ".repeat(1000)));
        drop(span::agent(""));
    });
    let names: Vec<&str> = spans.iter().map(|span| span.name.as_ref()).collect();
    assert!(names.contains(&"execute_tool rm\u{fffd}\u{fffd}[31m<script>alert(1)</script>"), "{names:?}");
    assert!(names.contains(&"execute_tool"), "{names:?}");
    assert!(names.iter().all(|name| name.chars().count() <= 220));
}

#[test]
fn the_resource_says_who_exports() {
    let kept = Kept::default();
    let (_layer, guard) = builder()
        .service_name("help-desk")
        .service_version("1.2.3")
        .environment("staging")
        .resource_attribute("openinference.project.name", "desk")
        .build_with::<tracing_subscriber::Registry, _>(kept.clone())
        .unwrap();
    guard.flush();
    assert_eq!(kept.resource("service.name").as_deref(), Some("help-desk"));
    assert_eq!(kept.resource("service.version").as_deref(), Some("1.2.3"));
    assert_eq!(kept.resource("deployment.environment.name").as_deref(), Some("staging"));
    assert_eq!(kept.resource("openinference.project.name").as_deref(), Some("desk"));
    assert_eq!(kept.resource("telemetry.sdk.name").as_deref(), Some("opentelemetry"));
    assert!(kept.resource("service.instance.id").is_some_and(|id| id.len() > 8));
}
