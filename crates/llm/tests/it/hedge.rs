//! Asking twice.

use std::sync::Arc;
use std::time::Duration;

use ninefold_core::{Budget, Model};
use ninefold_llm::{Budgeted, Hedged};
use ninefold_testkit::{Faults, FaultyModel};
use tokio::time::Instant;

use crate::run::{Run, ask, cx, text};

const SLOW: Faults = Faults {
    slow: 0.05,
    resets: 0.0,
    rate_limits: 0.0,
    server_errors: 0.0,
    breaks: 0.0,
    retry_after: Duration::ZERO,
    takes: Duration::from_millis(100),
};

/// The 99th percentile of the time of `n` calls, one after the other.
async fn p99(model: &impl Model, n: usize) -> Duration {
    let mut times = Vec::with_capacity(n);
    for _ in 0..n {
        let started = Instant::now();
        text(model, "x", &cx()).await.unwrap();
        times.push(started.elapsed());
    }
    times.sort_unstable();
    times[n * 99 / 100]
}

#[tokio::test(start_paused = true)]
async fn a_long_tail_is_cut_for_few_more_calls() {
    for seed in 0..5 {
        let without = p99(&FaultyModel::new(SLOW, seed), 4_000).await;
        let inner = Arc::new(FaultyModel::new(SLOW, seed));
        let model = Hedged::new(inner.clone());
        let with = p99(&model, 4_000).await;
        assert!(with.as_secs_f64() <= 0.35 * without.as_secs_f64(), "seed {seed}: {with:?} of {without:?}");
        let counts = model.counts();
        assert_eq!((counts.calls, inner.calls()), (4_000, 4_000 + counts.hedges));
        assert!(counts.hedges <= 320, "seed {seed}: at most 8 % more calls: {}", counts.hedges);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_becomes_slow_is_not_asked_twice_as_often() {
    let inner = Arc::new(FaultyModel::new(Faults { slow: 0.5, ..SLOW }, 1));
    let model = Hedged::new(inner.clone());
    p99(&model, 2_000).await;
    assert!(inner.calls() <= 2_000 + 150, "{}", inner.calls());
    let never = Hedged::new(Arc::new(FaultyModel::new(SLOW, 1))).share(0.0);
    p99(&never, 200).await;
    assert_eq!(never.counts().hedges, 0);
}

#[tokio::test(start_paused = true)]
async fn both_calls_are_paid_for() {
    let inner = Arc::new(FaultyModel::new(SLOW, 3));
    let model = Hedged::new(Budgeted::new(inner.clone()));
    let cx = Run { budget: Budget::default(), ..Run::default() }.cx();
    for _ in 0..1_000 {
        text(&model, "x", &cx).await.unwrap();
    }
    let (spent, hedges) = (cx.budget().spent(), model.counts().hedges);
    assert!(hedges > 20, "{hedges}");
    assert_eq!(spent.calls, 1_000 + hedges);
    let read = ask("x").estimated_input_tokens();
    assert_eq!(spent.used.total(), 15 * 1_000 + read * hedges, "the cancelled ones with what they were given to read");
}

#[tokio::test(start_paused = true)]
async fn when_one_call_fails_the_other_goes_on() {
    let faults = Faults { resets: 0.2, slow: 0.2, ..SLOW };
    let inner = Arc::new(FaultyModel::new(faults, 9));
    let model = Hedged::new(inner.clone()).share(1.0);
    let mut failed = 0;
    for _ in 0..2_000 {
        failed += u32::from(text(&model, "x", &cx()).await.is_err());
    }
    let counts = model.counts();
    assert!(counts.hedges > 200 && failed < 440, "{failed} failed, {counts:?}");
}
