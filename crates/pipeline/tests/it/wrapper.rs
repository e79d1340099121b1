//! What surrounds a phase: deadlines, panics, retries, the cache.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ninefold_core::{Cx, Error, ErrorKind, Result};
use ninefold_pipeline::{BoxPhase, PhaseCache, Retry, Run, phase};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

async fn in_run<T, Fut: Future<Output = Result<T>>>(run: Run, body: impl FnOnce(Cx) -> Fut) -> Result<T> {
    run.execute(&(), body).await
}

fn cache() -> PhaseCache {
    PhaseCache::new(100, Duration::from_secs(60))
}

#[tokio::test]
async fn a_closure_and_an_erased_phase_give_the_same() {
    let double = |n: u32, _: Cx| async move { Ok(n * 2) };
    let erased = phase("double", BoxPhase::new(double));
    let plain = phase("double", double);
    let sum = in_run(Run::new("t"), async |cx| Ok(erased.run(3, &cx).await? + plain.run(4, &cx).await?)).await;
    assert_eq!(sum.unwrap(), 14);
}

#[tokio::test]
async fn an_error_names_its_phase() {
    let fails = phase("lookup", |(): (), _: Cx| async { Err::<(), _>(Error::new(ErrorKind::NotFound, "no such key")) });
    let error = in_run(Run::new("t"), async |cx| fails.run((), &cx).await).await.unwrap_err();
    assert_eq!(error.to_string(), "lookup: no such key");
    assert_eq!(error.phase(), Some("lookup"));
}

#[tokio::test]
async fn a_panic_is_an_error_and_the_run_can_go_on() {
    let risky = phase("risky", |n: u32, _: Cx| async move {
        assert!(n != 1, "boom {n}");
        Ok(n)
    });
    let outcome = in_run(Run::new("t"), async |cx| {
        let error = risky.run(1, &cx).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Panicked);
        assert!(error.message().contains("boom 1"), "{error}");
        risky.run(2, &cx).await
    });
    assert_eq!(outcome.await.unwrap(), 2);
}

#[tokio::test]
async fn a_closure_that_panics_before_it_waits_is_an_error_too() {
    let risky = phase("risky", |n: u32, _: Cx| {
        assert!(n != 1, "at once {n}");
        std::future::ready(Ok(n))
    });
    let error = in_run(Run::new("t"), async |cx| risky.run(1, &cx).await).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Panicked);
}

#[tokio::test(start_paused = true)]
async fn the_phase_limit_and_the_run_deadline_are_told_apart() {
    let slow = |n: u32, _: Cx| async move {
        tokio::time::sleep(Duration::from_secs(60)).await;
        Ok(n)
    };
    let limited = phase("slow", slow).timeout(Duration::from_secs(1));
    let unlimited = phase("slow", slow);
    let start = Instant::now();
    let error = in_run(Run::new("t"), async |cx| limited.run(1, &cx).await).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::DeadlineExceeded, "it took longer than its limit of 1s"));
    assert_eq!(start.elapsed().as_secs(), 1);
    let run = Run::new("t").deadline(Some(Duration::from_secs(2)));
    let error = in_run(run, async |cx| unlimited.run(1, &cx).await).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::DeadlineExceeded, "the run's deadline passed"));
    assert_eq!(start.elapsed().as_secs(), 3);
}

#[tokio::test]
async fn a_deadline_of_zero_runs_nothing() {
    let run = Run::new("t").deadline(Some(Duration::ZERO));
    let error = in_run(run, async |_| -> Result<()> { panic!("the body must not start") }).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
}

#[tokio::test(start_paused = true)]
async fn the_host_can_cancel_from_outside() {
    let token = CancellationToken::new();
    let run = Run::new("t").cancellation(token.clone());
    let wait = phase("wait", |(): (), _: Cx| std::future::pending::<Result<u32>>());
    let running = in_run(run, async |cx| wait.run((), &cx).await);
    let (outcome, ()) = tokio::join!(running, async {
        tokio::time::sleep(Duration::from_millis(5)).await;
        token.cancel();
    });
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn only_transient_errors_are_tried_again() {
    for (kind, expected) in [(ErrorKind::Transient, 3), (ErrorKind::Permanent, 1)] {
        let tries = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&tries);
        let flaky = phase("flaky", move |(): (), _: Cx| {
            let counter = Arc::clone(&counter);
            async move {
                counter.fetch_add(1, Ordering::SeqCst);
                Err::<(), _>(Error::new(kind, "reset"))
            }
        })
        .retry(Retry::default());
        let error = in_run(Run::new("t"), async |cx| flaky.run((), &cx).await).await.unwrap_err();
        assert_eq!((error.kind(), tries.load(Ordering::SeqCst)), (kind, expected));
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_waits_as_long_as_the_server_asks() {
    let tries = AtomicU32::new(0);
    let flaky = phase("flaky", |(): (), _: Cx| {
        let n = tries.fetch_add(1, Ordering::SeqCst);
        let busy = Error::new(ErrorKind::Transient, "busy").with_retry_after(Duration::from_secs(7));
        async move { if n == 0 { Err(busy) } else { Ok(n) } }
    })
    .retry(Retry::default());
    let start = Instant::now();
    assert_eq!(in_run(Run::new("t"), async |cx| flaky.run((), &cx).await).await.unwrap(), 1);
    assert_eq!(start.elapsed().as_secs(), 7);
}

#[tokio::test]
async fn equal_inputs_are_computed_once_also_at_the_same_time() {
    let computed = AtomicU32::new(0);
    let cache = cache();
    let slow = phase("slow", |n: u32, _: Cx| {
        computed.fetch_add(1, Ordering::SeqCst);
        async move {
            tokio::task::yield_now().await;
            Ok(n * n)
        }
    })
    .cached(&cache);
    let all = in_run(Run::new("t"), async |cx| {
        let cx = &cx;
        futures_util::future::try_join_all((0..100).map(|n| slow.run(n % 2, cx))).await
    });
    assert_eq!(all.await.unwrap().iter().sum::<u32>(), 50);
    assert_eq!(computed.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn scope_version_and_identity_are_part_of_the_key() {
    use ninefold_core::Scope;
    let computed = AtomicU32::new(0);
    let cache = cache();
    let count = |(): (), _: Cx| {
        let n = computed.fetch_add(1, Ordering::SeqCst);
        async move { Ok(n) }
    };
    let first = phase("count", count).cached(&cache);
    let newer = phase("count", count).cached(&cache).version(2);
    let other = phase("count", count).cached(&cache).identity("another/model");
    let hr = || Run::new("t").scope(Scope::of(["hr"]));
    assert_eq!(in_run(Run::new("t"), async |cx| first.run((), &cx).await).await.unwrap(), 0);
    assert_eq!(in_run(Run::new("t"), async |cx| first.run((), &cx).await).await.unwrap(), 0);
    assert_eq!(in_run(hr(), async |cx| first.run((), &cx).await).await.unwrap(), 1);
    assert_eq!(in_run(Run::new("t"), async |cx| newer.run((), &cx).await).await.unwrap(), 2);
    assert_eq!(in_run(Run::new("t"), async |cx| other.run((), &cx).await).await.unwrap(), 3);
}

#[tokio::test]
async fn an_error_is_never_cached() {
    let tries = AtomicU32::new(0);
    let cache = cache();
    let flaky = phase("flaky", |(): (), _: Cx| {
        let n = tries.fetch_add(1, Ordering::SeqCst);
        async move { if n == 0 { Err(Error::new(ErrorKind::Permanent, "no")) } else { Ok(n) } }
    })
    .cached(&cache);
    let outcome = in_run(Run::new("t"), async |cx| {
        flaky.run((), &cx).await.unwrap_err();
        flaky.run((), &cx).await
    });
    assert_eq!(outcome.await.unwrap(), 1);
}

#[tokio::test]
async fn a_dropped_leader_is_replaced() {
    let cache = cache();
    let tries = AtomicU32::new(0);
    let slow = phase("slow", |(): (), _: Cx| {
        let first = tries.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            if first {
                std::future::pending::<()>().await;
            }
            Ok(7)
        }
    })
    .cached(&cache);
    let seven = in_run(Run::new("t"), async |cx| {
        let mut leader = Box::pin(slow.run((), &cx));
        assert!(futures_util::poll!(&mut leader).is_pending());
        let follower = slow.run((), &cx);
        drop(leader);
        follower.await
    });
    assert_eq!(seven.await.unwrap(), 7);
}

#[tokio::test(start_paused = true)]
async fn a_leader_out_of_time_does_not_fail_its_followers() {
    let cache = cache();
    let tries = AtomicU32::new(0);
    let slow = phase("slow", |(): (), _: Cx| {
        let n = tries.fetch_add(1, Ordering::SeqCst);
        async move {
            tokio::time::sleep(Duration::from_secs(5)).await;
            Ok(n)
        }
    })
    .cached(&cache);
    let hurried = Run::new("t").deadline(Some(Duration::from_secs(1)));
    let leader = in_run(hurried, async |cx| slow.run((), &cx).await);
    let follower = in_run(Run::new("t"), async |cx| slow.run((), &cx).await);
    let (leader, follower) = tokio::join!(leader, follower);
    assert_eq!(leader.unwrap_err().kind(), ErrorKind::DeadlineExceeded);
    assert_eq!(follower.unwrap(), 1, "the follower computed it itself");
}

#[tokio::test(start_paused = true)]
async fn a_limit_beyond_all_time_is_no_limit() {
    let wait = phase("wait", |(): (), _: Cx| async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(1)
    })
    .timeout(Duration::MAX);
    let run = Run::new("t").deadline(Some(Duration::MAX));
    assert_eq!(in_run(run, async |cx| wait.run((), &cx).await).await.unwrap(), 1);
}
