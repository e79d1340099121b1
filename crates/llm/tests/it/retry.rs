//! Trying again.

use std::sync::Arc;
use std::time::Duration;

use ninefold_core::{Delta, Error, ErrorKind, StopReason};
use ninefold_llm::{Retried, RetryPolicy};
use ninefold_testkit::{Faults, FaultyModel, Step, SteppedModel};
use tokio::time::Instant;

use crate::run::{Run, ask, cx, text, whole};

fn failing(error: Error) -> Arc<SteppedModel> {
    Arc::new(SteppedModel::new([Step::Fail(error)]))
}

#[tokio::test(start_paused = true)]
async fn transient_errors_are_tried_again_with_growing_pauses() {
    let inner = failing(Error::new(ErrorKind::Transient, "reset"));
    let started = Instant::now();
    let error = text(&Retried::new(inner.clone()).seed(1), "x", &cx()).await.unwrap_err();
    assert_eq!((inner.calls(), error.kind(), error.attempts()), (4, ErrorKind::Transient, Some(4)));
    let (least, most) = (Duration::from_millis(875), Duration::from_millis(1_750));
    assert!((least..=most).contains(&started.elapsed()), "half to all of 250 + 500 + 1000 ms: {:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_a_server_asks_for_is_waited() {
    let limited = |wait| Error::new(ErrorKind::RateLimited, "429").with_retry_after(Duration::from_secs(wait));
    let inner = failing(limited(7));
    let started = Instant::now();
    text(&Retried::new(inner.clone()), "x", &cx()).await.unwrap_err();
    assert_eq!(inner.calls(), 4);
    assert!(started.elapsed() >= Duration::from_secs(21) && started.elapsed() < Duration::from_secs(22));

    let inner = failing(limited(3_600));
    let error = text(&Retried::new(inner.clone()), "x", &cx()).await.unwrap_err();
    assert_eq!((inner.calls(), error.retry_after()), (1, Some(Duration::from_secs(3_600))), "an hour is too long");
}

#[tokio::test(start_paused = true)]
async fn other_errors_are_not_tried_again() {
    for kind in [ErrorKind::Permanent, ErrorKind::Refused, ErrorKind::TooLong, ErrorKind::OverBudget] {
        let inner = failing(Error::new(kind, "no"));
        let error = text(&Retried::new(inner.clone()), "x", &cx()).await.unwrap_err();
        assert_eq!((inner.calls(), error.attempts()), (1, None), "{kind}");
    }
    let inner = failing(Error::new(ErrorKind::Transient, "reset"));
    let twice = Retried::new(Retried::new(inner.clone()));
    assert_eq!(text(&twice, "x", &cx()).await.unwrap_err().attempts(), Some(4));
    assert_eq!(inner.calls(), 4, "two of them do not multiply");
}

#[tokio::test(start_paused = true)]
async fn no_pause_goes_past_the_deadline() {
    let inner = failing(Error::new(ErrorKind::Transient, "reset"));
    let started = Instant::now();
    let cx = Run { deadline: Some(Duration::from_millis(500)), ..Run::default() }.cx();
    let error = text(&Retried::new(inner.clone()), "x", &cx).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient, "the error that it has says more than that time is over");
    assert!(
        started.elapsed() < Duration::from_millis(500) && (2..=3).contains(&inner.calls()),
        "{} calls",
        inner.calls()
    );
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_broke_before_its_first_word_is_asked_for_again() {
    let faults = Faults { breaks: 0.5, ..Faults::default() };
    let model = Retried::with(FaultyModel::new(faults, 5), RetryPolicy { attempts: 20, ..RetryPolicy::default() });
    for _ in 0..50 {
        assert_eq!(text(&model, "x", &cx()).await.unwrap(), "ok");
    }
    let broken = |first: Delta| Arc::new(SteppedModel::deltas([first]));
    let inner = broken(Delta::Begin { id: "a".into(), model: "b".into() });
    assert_eq!(text(&Retried::new(inner.clone()), "x", &cx()).await.unwrap_err().kind(), ErrorKind::Transient);
    assert_eq!(inner.calls(), 4);
    for content in [Delta::Text("a".into()), Delta::Reasoning("hm".into())] {
        let inner = broken(content);
        let error = text(&Retried::new(inner.clone()), "x", &cx()).await.unwrap_err();
        assert_eq!((inner.calls(), error.attempts()), (1, None), "whoever reads it decides");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_down_is_not_asked_four_times_as_often() {
    let inner = failing(Error::new(ErrorKind::Transient, "down"));
    let model = Retried::new(inner.clone());
    for _ in 0..1_000 {
        let error = text(&model, "x", &cx()).await.unwrap_err();
        assert!(error.attempts().is_some(), "nobody else is to try again");
    }
    assert_eq!(inner.calls(), 1_100, "a hundred retries for a thousand calls");
}

#[tokio::test(start_paused = true)]
async fn an_end_without_content_is_a_reply() {
    let inner = Arc::new(SteppedModel::deltas([Delta::End(StopReason::Refused)]));
    let reply = whole(&Retried::new(inner.clone()), ask("x"), &cx()).await.unwrap();
    assert_eq!((reply.stop, inner.calls()), (StopReason::Refused, 1));
}
