//! The decorators around a scripted model.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod breaker;
mod cache;
mod cassette;
mod charge;
mod fallback;
mod faults;
mod files;
mod hedge;
#[cfg(feature = "http")]
mod http;
mod json;
mod limit;
#[cfg(feature = "mcp")]
mod mcp;
mod retry;
mod router;
mod run;
mod semantic;
mod suite;
mod tokens;
mod tools;
mod wire;
mod wire_encode;
mod wire_usage;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt as _;
use ninefold_core::cx::RunState;
use ninefold_core::{
    Budget, BudgetMeter, Completion, Cx, Delta, Error, ErrorKind, Expense, Model, ModelRequest, RunId, Scope,
    Timestamp, Usage,
};
use ninefold_llm::{Budgeted, CachePolicy, Cached, Hedged, Metered, Observed, Price, Retried, Route, Router, Tier};
use ninefold_testkit::{Faults, FaultyModel, ManualClock, ScriptedModel};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

const USED: Usage = Usage {
    input_tokens: 40,
    output_tokens: 10,
    cached_input_tokens: 30,
    cache_write_tokens: 0,
    reasoning_tokens: 4,
    cost: None,
};

fn cx(budget: Budget) -> Cx {
    cx_with(budget, false)
}

fn cx_with(budget: Budget, content: bool) -> Cx {
    Cx::new(RunState {
        id: RunId(1),
        session: None,
        scope: Scope::public(),
        budget: BudgetMeter::new(budget, Expense::default()),
        deadline: None,
        cancel: None,
        clock: Arc::new(ManualClock::at(Timestamp(0))),
        log: None,
        content,
    })
}

fn request() -> ModelRequest {
    ModelRequest { max_output_tokens: Some(50), ..ModelRequest::new("be brief", "what is a phase?") }
}

async fn call(model: &impl Model, cx: &Cx) -> Result<Completion, Error> {
    model.send(request(), cx).await?.collect().await
}

#[tokio::test]
async fn calls_settle_with_what_they_used() {
    let model = Budgeted::new(ScriptedModel::new().usage(USED).answer("", "a step"));
    let cx = cx(Budget { calls: None, tokens: Some(150) });
    call(&model, &cx).await.unwrap();
    call(&model, &cx).await.unwrap();
    assert_eq!(
        cx.budget().spent(),
        Expense { calls: 2, used: Usage { cached_input_tokens: 60, reasoning_tokens: 8, ..Usage::tokens(80, 20) } }
    );
    let error = call(&model, &cx).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OverBudget, "58 more do not fit into 150 - 100");
    assert_eq!(cx.budget().spent().calls, 2, "a refused call is not made");
}

#[tokio::test]
async fn calls_are_counted_even_when_they_fail() {
    let model = Budgeted::new(ScriptedModel::new().fail("", Error::new(ErrorKind::Transient, "reset")));
    let cx = cx(Budget { calls: Some(2), tokens: Some(1_000) });
    for expected in [ErrorKind::Transient, ErrorKind::Transient, ErrorKind::OverBudget] {
        assert_eq!(call(&model, &cx).await.unwrap_err().kind(), expected);
    }
    assert_eq!(cx.budget().spent().used, Usage::default(), "what was reserved is given back");
}

#[tokio::test]
async fn a_reply_that_does_not_say_what_it_used_is_estimated() {
    let model = Budgeted::new(ScriptedModel::new().usage(Usage::default()).answer("", "x".repeat(300)));
    let cx = cx(Budget::default());
    call(&model, &cx).await.unwrap();
    assert_eq!(cx.budget().spent().used, Usage::tokens(8, 100));
}

#[tokio::test]
async fn parallel_calls_cannot_overdraw_together() {
    let model = Budgeted::new(ScriptedModel::new().usage(USED).delay(Duration::from_millis(1)).answer("", "ok"));
    let cx = cx(Budget { calls: None, tokens: Some(130) });
    let both = tokio::join!(call(&model, &cx), call(&model, &cx), call(&model, &cx));
    let refused = [both.0, both.1, both.2].into_iter().filter(Result::is_err).count();
    assert_eq!(refused, 1, "two reservations of 58 fit into 130, three do not");
}

/// Notes the names of spans, and the last value of every field, as text.
#[derive(Clone, Default)]
struct Fields(Arc<Mutex<HashMap<String, String>>>);

impl Visit for &Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.lock().unwrap().insert(field.name().to_owned(), value.to_string());
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.lock().unwrap().insert(field.name().to_owned(), value.to_owned());
    }
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.lock().unwrap().insert(field.name().to_owned(), format!("{value:?}").trim_matches('"').to_owned());
    }
}

impl Subscriber for Fields {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.0.lock().unwrap().insert(format!("span {}", span.metadata().name()), String::new());
        span.record(&mut &*self);
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut &*self);
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

impl Fields {
    fn get(&self, name: &str) -> Option<String> {
        self.0.lock().unwrap().get(name).cloned()
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_is_a_span_with_model_tokens_and_cost() {
    let fields = Fields::default();
    let _host = tracing::subscriber::set_default(fields.clone());
    let scripted = ScriptedModel::new().usage(USED).delay(Duration::from_millis(250)).answer("", "a step");
    let model = Observed::new(Metered::new(scripted, Price { cached_input: 0.5, ..Price::new(2.0, 8.0) }));
    call(&model, &cx(Budget::default())).await.unwrap();
    let expected = [
        ("gen_ai.operation.name", "chat"),
        ("gen_ai.provider.name", "scripted"),
        ("gen_ai.request.model", "model"),
        ("gen_ai.usage.input_tokens", "40"),
        ("gen_ai.usage.output_tokens", "10"),
        ("gen_ai.usage.cache_read.input_tokens", "30"),
        ("gen_ai.usage.reasoning.output_tokens", "4"),
        ("gen_ai.request.max_tokens", "50"),
        ("gen_ai.response.finish_reasons", "stop"),
        ("gen_ai.response.time_to_first_chunk", "0.25"),
        // 10 × 2 + 30 × 0.5 + 10 × 8, in millionths of a dollar.
        ("cost.usd", "0.000115"),
    ];
    for (name, value) in expected {
        assert_eq!(fields.get(name).as_deref(), Some(value), "{name}");
    }
    for absent in
        ["outcome", "gen_ai.usage.cache_creation.input_tokens", "gen_ai.input.messages", "gen_ai.output.messages"]
    {
        assert_eq!(fields.get(absent), None, "{absent}");
    }
    assert!(!fields.0.lock().unwrap().values().any(|value| value.contains("phase")), "content stays out");
}

#[tokio::test(start_paused = true)]
async fn what_decorators_do_is_in_their_spans() {
    let spans = async |model: &dyn Model, calls: usize| {
        let fields = Fields::default();
        let _host = tracing::subscriber::set_default(fields.clone());
        for _ in 0..calls {
            let reply = model.send(request(), &cx(Budget::default())).await;
            let _ = reply.unwrap().collect().await;
        }
        fields
    };
    let slow = || ScriptedModel::new().delay(Duration::from_millis(250)).answer("", "a step");
    let cached = Cached::new(slow(), CachePolicy::default());
    let fields = spans(&cached, 2).await;
    let some = |text: &str| Some(text.to_owned());
    assert_eq!((fields.get("outcome"), fields.get("saved")), (some("cached"), some("0.25")));
    assert_eq!(fields.get("gen_ai.request.model"), some("model"));

    let fields = spans(&Router::new([Route::new(slow(), Tier::Small)]).unwrap(), 1).await;
    assert_eq!(fields.get("span route"), some(""));
    assert!(fields.get("route.reason").unwrap().starts_with("asks for a small model; best of 1: price unknown"));

    let faults = Faults { slow: 0.1, ..Faults::default() };
    assert_eq!(spans(&Hedged::new(FaultyModel::new(faults, 1)), 100).await.get("span hedge"), some(""));

    let faults = Faults { resets: 0.2, ..Faults::default() };
    let fields = spans(&Retried::new(FaultyModel::new(faults, 1)), 20).await;
    assert_eq!((fields.get("span backoff"), fields.get("attempts")), (some(""), some("2")));
}

#[tokio::test]
async fn content_is_shown_where_the_host_lets_it() {
    let fields = Fields::default();
    let _host = tracing::subscriber::set_default(fields.clone());
    call(&Observed::new(ScriptedModel::new().answer("", "a \"step\"")), &cx_with(Budget::default(), true))
        .await
        .unwrap();
    let read = |name: &str| serde_json::from_str::<serde_json::Value>(&fields.get(name).unwrap()).unwrap();
    let asked = read("gen_ai.input.messages");
    assert_eq!((&asked[0]["role"], &asked[1]["role"]), (&"system".into(), &"user".into()));
    assert_eq!(asked[1]["parts"][0]["content"], "what is a phase?");
    let answered = read("gen_ai.output.messages");
    assert_eq!(answered[0]["role"], "assistant");
    assert_eq!(answered[0]["parts"][0]["content"], "a \"step\"");
}

#[tokio::test]
async fn failed_broken_and_dropped_calls_are_told_apart() {
    let outcome = async |model: ScriptedModel, read: usize| {
        let fields = Fields::default();
        let _host = tracing::subscriber::set_default(fields.clone());
        let model = Observed::new(model);
        if let Ok(reply) = model.send(request(), &cx(Budget::default())).await {
            let read: Vec<_> = reply.into_deltas().take(read).collect().await;
            assert!(matches!(read.first(), None | Some(Ok(Delta::Text(_)))));
        }
        (fields.get("outcome"), fields.get("error.type"))
    };
    let some = |text: &str| Some(text.to_owned());
    let failing = ScriptedModel::new().fail("", Error::new(ErrorKind::Transient, "reset"));
    assert_eq!(outcome(failing, 9).await, (some("failed"), some("transient")));
    assert_eq!(outcome(ScriptedModel::new().break_off("", "half a"), 9).await, (some("failed"), None));
    assert_eq!(outcome(ScriptedModel::new().answer("", "whole"), 1).await, (some("cancelled"), None));
    assert_eq!(outcome(ScriptedModel::new().answer("", "whole"), 9).await, (None, None));
}
