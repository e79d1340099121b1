//! What every model around a model must keep.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use ninefold_core::cx::RunState;
use ninefold_core::{
    Budget, BudgetMeter, Cx, Delta, Error, ErrorKind, Expense, Model, ModelRequest, RunId, Scope, StopReason,
    Timestamp, Usage, Wire,
};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::{ManualClock, Step, SteppedModel};

/// Runs every requirement on a decorator; `wrap` puts a fresh one around a model, with nothing else to turn to. The clock must be
/// paused (`#[tokio::test(start_paused = true)]`).
///
/// # Panics
/// When a requirement is not met; the message names it.
pub async fn decorator_suite<M: Model, F: Future<Output = M>>(wrap: impl Fn(Arc<dyn Model>) -> F) {
    it_is_known_by_what_it_is_around(&wrap).await;
    pieces_come_unchanged_and_in_order(&wrap).await;
    errors_keep_their_class_and_what_was_said(&wrap).await;
    an_error_in_the_midst_stays_where_it_is(&wrap).await;
    what_breaks_off_does_not_end_well(&wrap).await;
    dropping_ends_the_call(&wrap).await;
    nothing_is_left_of_dropped_calls(&wrap).await;
    waits_end_with_the_run(&wrap).await;
    a_cancelled_run_waits_no_longer(&wrap).await;
}

async fn it_is_known_by_what_it_is_around<M: Model, F: Future<Output = M>>(wrap: &impl Fn(Arc<dyn Model>) -> F) {
    let inner = SteppedModel::new([end()]).at("elsewhere");
    assert_eq!(wrap(Arc::new(inner)).await.variant(), "elsewhere", "where a model is, is part of what it is known by");
}

fn cx(deadline: Option<Duration>, cancel: Option<CancellationToken>) -> Cx {
    Cx::new(RunState {
        id: RunId(1),
        session: None,
        scope: Scope::public(),
        budget: BudgetMeter::new(Budget::default(), Expense::default()),
        deadline: deadline.map(|after| Instant::now() + after),
        cancel,
        clock: Arc::new(ManualClock::at(Timestamp(0))),
        log: None,
        content: false,
    })
}

fn ask(what: &str) -> ModelRequest {
    ModelRequest::new("be brief", what)
}

fn text(text: &str) -> Step {
    Step::Delta(Delta::Text(text.to_owned()))
}

fn end() -> Step {
    Step::Delta(Delta::End(StopReason::End))
}

async fn pieces_come_unchanged_and_in_order<M: Model, F: Future<Output = M>>(wrap: &impl Fn(Arc<dyn Model>) -> F) {
    let arguments =
        |index, arguments: &str| Delta::ToolCall { index, id: None, name: None, arguments: arguments.into() };
    let deltas = vec![
        Delta::Begin { id: "r1".into(), model: "m1".into() },
        Delta::Reasoning("hm".into()),
        Delta::Signature("s".into()),
        Delta::Text("a".into()),
        Delta::Usage(Usage::tokens(3, 1)),
        Delta::Text("b".into()),
        Delta::ToolCall { index: 0, id: Some("c1".into()), name: Some("look".into()), arguments: "{\"a\"".into() },
        Delta::ToolCall { index: 1, id: Some("c2".into()), name: Some("go".into()), arguments: "{}".into() },
        arguments(0, ":1}"),
        Delta::Usage(Usage::tokens(3, 9)),
        Delta::End(StopReason::ToolCalls),
    ];
    let inner = Arc::new(SteppedModel::deltas(deltas.clone()));
    let model = wrap(inner.clone()).await;
    let reply = model.send(ask("in order"), &cx(None, None)).await.expect("the reply begins");
    let free = |delta| match delta {
        Delta::Usage(usage) => Delta::Usage(Usage { cost: None, ..usage }),
        other => other,
    };
    let heard: Vec<Delta> = reply.into_deltas().map(|delta| free(delta.expect("a piece"))).collect().await;
    assert_eq!(heard, deltas, "pieces come unchanged and in order");
    assert_eq!(inner.calls(), 1, "one request is one call");
    assert_eq!(inner.under_way(), 0);
}

async fn errors_keep_their_class_and_what_was_said<M: Model, F: Future<Output = M>>(
    wrap: &impl Fn(Arc<dyn Model>) -> F,
) {
    for kind in [
        ErrorKind::Transient,
        ErrorKind::RateLimited,
        ErrorKind::Permanent,
        ErrorKind::Refused,
        ErrorKind::TooLong,
        ErrorKind::InvalidInput,
        ErrorKind::MalformedReply,
        ErrorKind::OverBudget,
        ErrorKind::OutOfScope,
        ErrorKind::Cancelled,
        ErrorKind::DeadlineExceeded,
    ] {
        let wire = Wire { provider: "p".into(), request_id: "r".into(), excerpt: "no".into() };
        let error = Error::new(kind, "said no")
            .with_status(418)
            .with_retry_after(Duration::from_secs(2))
            .with_wire(wire.clone())
            .hint("try tea");
        let model = wrap(Arc::new(SteppedModel::new([Step::Fail(error)]))).await;
        let error = match model.send(ask("fail"), &cx(None, None)).await {
            Ok(reply) => reply.collect().await.expect_err("the call fails"),
            Err(error) => error,
        };
        assert_eq!((error.kind(), error.message(), error.status()), (kind, "said no", Some(418)));
        assert_eq!(error.retry_after(), Some(Duration::from_secs(2)), "{kind}");
        assert_eq!((error.wire(), error.hint_text()), (Some(&wire), Some("try tea")), "{kind}");
    }
}

async fn an_error_in_the_midst_stays_where_it_is<M: Model, F: Future<Output = M>>(wrap: &impl Fn(Arc<dyn Model>) -> F) {
    let error = Error::new(ErrorKind::Transient, "reset").with_status(1);
    let inner = Arc::new(SteppedModel::new([text("half"), Step::Fail(error)]));
    let model = wrap(inner.clone()).await;
    let reply = model.send(ask("midst"), &cx(None, None)).await.expect("the reply begins");
    let mut deltas = reply.into_deltas();
    assert_eq!(deltas.next().await.expect("a piece").expect("no error"), Delta::Text("half".into()));
    let error = deltas.next().await.expect("something after it").expect_err("the error");
    assert_eq!((error.kind(), error.status()), (ErrorKind::Transient, Some(1)));
    assert!(deltas.next().await.is_none_or(|more| more.is_err()), "nothing comes after the error");
    assert_eq!(inner.calls(), 1, "what was handed on is not asked for again");
}

async fn what_breaks_off_does_not_end_well<M: Model, F: Future<Output = M>>(wrap: &impl Fn(Arc<dyn Model>) -> F) {
    let model = wrap(Arc::new(SteppedModel::new([text("half")]))).await;
    let reply = model.send(ask("break off"), &cx(None, None)).await.expect("the reply begins");
    let heard: Vec<_> = reply.into_deltas().collect().await;
    assert!(!heard.iter().any(|delta| matches!(delta, Ok(Delta::End(_)))), "no end is made up: {heard:?}");
    let whole = model.send(ask("break off"), &cx(None, None)).await.expect("the reply begins").collect().await;
    assert_eq!(whole.expect_err("it is not whole").kind(), ErrorKind::Transient, "and it is not kept either");
}

async fn dropping_ends_the_call<M: Model, F: Future<Output = M>>(wrap: &impl Fn(Arc<dyn Model>) -> F) {
    let second = Duration::from_secs(1);
    let inner = Arc::new(SteppedModel::new([Step::Hang]));
    let model = wrap(inner.clone()).await;
    assert!(timeout(second, model.send(ask("hang"), &cx(None, None))).await.is_err(), "nothing comes");
    assert_eq!((inner.calls() > 0, inner.under_way()), (true, 0), "dropping the future ends the call");

    let inner = Arc::new(SteppedModel::new([text("a"), Step::Hang, end()]));
    let model = wrap(inner.clone()).await;
    let mut deltas = model.send(ask("hang on"), &cx(None, None)).await.expect("the reply begins").into_deltas();
    assert!(deltas.next().await.is_some());
    assert!(timeout(second, deltas.next()).await.is_err(), "nothing more comes");
    assert_eq!(inner.under_way(), 1);
    drop(deltas);
    assert_eq!(inner.under_way(), 0, "dropping the reply ends the call");
}

async fn nothing_is_left_of_dropped_calls<M: Model, F: Future<Output = M>>(wrap: &impl Fn(Arc<dyn Model>) -> F) {
    let wait = Step::Wait(Duration::from_millis(10));
    let inner = Arc::new(SteppedModel::new([wait.clone(), text("a"), wait, text("b"), end()]));
    let model = wrap(inner.clone()).await;
    for n in 0..300 {
        let request = ask(&format!("dropped {n}"));
        let whole = async { model.send(request, &cx(None, None)).await?.collect().await };
        let after = Duration::from_millis(if n % 2 == 0 { 5 } else { 15 });
        assert!(timeout(after, whole).await.is_err());
    }
    assert_eq!(inner.under_way(), 0);
    let whole = model.send(ask("not dropped"), &cx(None, None)).await.expect("it begins").collect().await;
    assert_eq!(whole.expect("it ends").text, "ab", "calls that were dropped leave nothing behind");
}

async fn waits_end_with_the_run<M: Model, F: Future<Output = M>>(wrap: &impl Fn(Arc<dyn Model>) -> F) {
    for wait in [None, Some(Duration::from_secs(20)), Some(Duration::from_millis(300))] {
        let mut error = Error::new(ErrorKind::Transient, "busy");
        if let Some(wait) = wait {
            error = error.with_retry_after(wait);
        }
        let model =
            wrap(Arc::new(SteppedModel::new([Step::Wait(Duration::from_millis(100)), Step::Fail(error)]))).await;
        let cx = cx(Some(Duration::from_secs(1)), None);
        let started = Instant::now();
        let failed = match timeout(Duration::from_secs(2), model.send(ask("busy"), &cx)).await {
            Ok(sent) => sent.expect_err("it fails").kind(),
            Err(_) => panic!("the call outlasts the run"),
        };
        assert!(matches!(failed, ErrorKind::Transient | ErrorKind::DeadlineExceeded), "{failed}");
        assert!(started.elapsed() <= Duration::from_millis(1_100), "{:?}", started.elapsed());
    }
}

async fn a_cancelled_run_waits_no_longer<M: Model, F: Future<Output = M>>(wrap: &impl Fn(Arc<dyn Model>) -> F) {
    let error = Error::new(ErrorKind::RateLimited, "busy").with_retry_after(Duration::from_secs(10));
    let model = wrap(Arc::new(SteppedModel::new([Step::Fail(error)]))).await;
    let token = CancellationToken::new();
    let cx = cx(None, Some(token.clone()));
    let cancel = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        token.cancel();
    };
    let started = Instant::now();
    let (sent, ()) = tokio::join!(model.send(ask("cancel"), &cx), cancel);
    let failed = sent.expect_err("it fails").kind();
    assert!(matches!(failed, ErrorKind::RateLimited | ErrorKind::Cancelled), "{failed}");
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
}
