//! Leaving a model alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use ninefold_core::{Completion, Cx, Error, ErrorKind, Model, ModelId, ModelRequest, Reply, Result};
use ninefold_llm::{Breaker, Retried};
use tokio::time::{sleep, timeout};

use crate::run::{Run, cx, text};

/// A model that can be broken and mended.
struct Switch {
    id: ModelId,
    broken: AtomicBool,
    hangs: AtomicBool,
    wait: Option<Duration>,
    calls: AtomicUsize,
}

impl Switch {
    fn broken() -> Self {
        let (broken, hangs) = (AtomicBool::new(true), AtomicBool::new(false));
        Self { id: ModelId::new("a", "b"), broken, hangs, wait: None, calls: AtomicUsize::new(0) }
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Model for Switch {
    fn id(&self) -> &ModelId {
        &self.id
    }

    async fn send(&self, _: ModelRequest, _: &Cx) -> Result<Reply> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if self.hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        sleep(Duration::from_millis(10)).await;
        if !self.broken.load(Ordering::SeqCst) {
            return Ok(Reply::whole(Completion::text("ok")));
        }
        let error = Error::new(if self.wait.is_some() { ErrorKind::RateLimited } else { ErrorKind::Transient }, "down");
        Err(match self.wait {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        })
    }
}

#[tokio::test(start_paused = true)]
async fn after_some_failures_calls_fail_at_once_until_a_probe_succeeds() {
    let inner = Arc::new(Switch::broken());
    let model = Breaker::new(inner.clone());
    for _ in 0..20 {
        text(&model, "x", &cx()).await.unwrap_err();
    }
    assert_eq!(inner.calls(), 10, "ten failures in a row, and it is left alone");
    let error = text(&model, "x", &cx()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient);
    assert!(error.retry_after().is_some_and(|wait| wait <= Duration::from_secs(5)), "it says when to come back");
    assert!(error.message().contains("a/b has been failing"), "{error}");

    sleep(Duration::from_secs(5)).await;
    assert!(model.is_closed());
    let context = cx();
    let calls = futures_util::future::join_all((0..10).map(|_| text(&model, "x", &context))).await;
    assert_eq!(
        (inner.calls(), calls.iter().filter(|call| call.is_err()).count()),
        (11, 10),
        "one probe, all others wait"
    );
    sleep(Duration::from_secs(9)).await;
    text(&model, "x", &cx()).await.unwrap_err();
    assert_eq!(inner.calls(), 11, "twice as long after a probe that failed");

    inner.broken.store(false, Ordering::SeqCst);
    sleep(Duration::from_secs(2)).await;
    for _ in 0..3 {
        assert_eq!(text(&model, "x", &cx()).await.unwrap(), "ok");
    }
    inner.broken.store(true, Ordering::SeqCst);
    for _ in 0..9 {
        text(&model, "x", &cx()).await.unwrap_err();
    }
    assert!(model.is_closed(), "it counts anew");
}

#[tokio::test(start_paused = true)]
async fn what_a_server_asks_for_is_a_cooldown() {
    let inner = Arc::new(Switch { wait: Some(Duration::from_secs(30)), ..Switch::broken() });
    let model = Breaker::new(inner.clone());
    for _ in 0..10 {
        assert_eq!(text(&model, "x", &cx()).await.unwrap_err().kind(), ErrorKind::RateLimited);
    }
    assert_eq!(inner.calls(), 1);
    inner.broken.store(false, Ordering::SeqCst);
    assert_eq!(
        text(&Retried::new(model), "x", &cx()).await.unwrap(),
        "ok",
        "a retry around it waits as long as it says"
    );
}

#[tokio::test(start_paused = true)]
async fn a_short_wait_is_the_affair_of_one_call() {
    let inner = Arc::new(Switch { wait: Some(Duration::from_millis(500)), ..Switch::broken() });
    let model = Breaker::new(inner.clone());
    for _ in 0..9 {
        text(&model, "x", &cx()).await.unwrap_err();
    }
    assert!(inner.calls() == 9 && model.is_closed(), "the others may be luckier");
    text(&model, "x", &cx()).await.unwrap_err();
    assert!(!model.is_closed(), "but not for ever");
}

#[tokio::test(start_paused = true)]
async fn calls_that_are_dropped_say_nothing_unless_their_time_was_over() {
    let inner = Arc::new(Switch::broken());
    inner.hangs.store(true, Ordering::SeqCst);
    let model = Breaker::new(inner.clone());
    for _ in 0..20 {
        assert!(timeout(Duration::from_secs(1), text(&model, "x", &cx())).await.is_err());
    }
    assert!(model.is_closed());
    for _ in 0..10 {
        let cx = Run { deadline: Some(Duration::from_secs(1)), ..Run::default() }.cx();
        assert!(timeout(Duration::from_secs(2), text(&model, "x", &cx)).await.is_err());
    }
    assert!(!model.is_closed(), "a model that never answers is one that fails");
    sleep(Duration::from_secs(5)).await;
    assert!(timeout(Duration::from_secs(1), text(&model, "x", &cx())).await.is_err(), "the probe hangs and is dropped");
    inner.hangs.store(false, Ordering::SeqCst);
    inner.broken.store(false, Ordering::SeqCst);
    assert_eq!(text(&model, "x", &cx()).await.unwrap(), "ok", "the next one is the probe");
}

#[tokio::test(start_paused = true)]
async fn a_model_that_says_no_is_there() {
    let refuses = ninefold_testkit::ScriptedModel::new().fail("", Error::new(ErrorKind::Refused, "no"));
    let model = Breaker::new(refuses);
    for _ in 0..20 {
        assert_eq!(text(&model, "x", &cx()).await.unwrap_err().kind(), ErrorKind::Refused);
    }
}

#[tokio::test(start_paused = true)]
async fn what_this_side_ends_is_no_health_and_a_deadline_that_passes_is_a_failure() {
    /// Ends as the run does, or before anybody is asked.
    struct Ends(ModelId, ErrorKind);

    #[async_trait]
    impl Model for Ends {
        fn id(&self) -> &ModelId {
            &self.0
        }

        async fn send(&self, _: ModelRequest, cx: &Cx) -> Result<Reply> {
            if let (ErrorKind::DeadlineExceeded, Some(deadline)) = (self.1, cx.deadline()) {
                tokio::time::sleep_until(deadline).await;
            }
            Err(Error::new(self.1, "ended"))
        }
    }

    let hangs = Breaker::new(Ends(ModelId::new("a", "b"), ErrorKind::DeadlineExceeded));
    for _ in 0..10 {
        let cx = Run { deadline: Some(Duration::from_secs(1)), ..Run::default() }.cx();
        let error = text(&hangs, "x", &cx).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
    }
    assert!(!hangs.is_closed(), "a server that hangs is left alone");
    let refuses = Breaker::new(Ends(ModelId::new("a", "b"), ErrorKind::OverBudget));
    for _ in 0..20 {
        text(&refuses, "x", &cx()).await.unwrap_err();
    }
    assert!(refuses.is_closed(), "a budget says nothing of the model");
}
