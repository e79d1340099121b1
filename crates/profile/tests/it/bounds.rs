//! Ends that come early or late, limits, and memory that must be free again.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use ninefold_core::span;
use ninefold_profile::{MAX_SPANS, Profile, Recorded, record};
use tracing::instrument::Instrument as _;

use crate::support::{agent, ms, names, paused, paused_run, paused_runtime, phase, row, run, wait};

#[test]
fn work_left_behind_is_counted_and_ends_with_the_run() {
    let Recorded { output: late, profile } = paused_run(run(async {
        let task = phase("collect", async {
            let task = tokio::spawn(wait(1_000).instrument(span::agent("left behind")));
            wait(10).await;
            task
        })
        .await;
        wait(5).await;
        task
    }));
    assert_eq!(profile.detached(), 1);
    assert_eq!(row(&profile, "collect").wall, ms(10));
    let tree = profile.tree();
    assert!(tree.nodes()[2].open && !tree.nodes()[1].open && !tree.nodes()[0].open);
    assert!(profile.table().to_string().ends_with("1 span was still open when the run ended\n"));
    drop(late);
}

#[test]
fn what_comes_after_the_end_is_dropped() {
    let runtime = paused_runtime();
    let Recorded { output: task, profile } = runtime.block_on(async {
        record(run(async {
            let task = async {
                wait(10).await;
                agent("late", wait(10)).await;
            };
            tokio::spawn(task.instrument(span::agent("task")))
        }))
        .with_clock(paused)
        .await
    });
    assert_eq!(names(&profile), ["invoke_agent soar", "-execute_tool task"]);
    runtime.block_on(task).unwrap();
    let next = runtime.block_on(async { record(run(phase("next", wait(1)))).with_clock(paused).await.profile });
    assert_eq!(names(&next), ["invoke_agent soar", "-next"]);
}

#[test]
fn a_span_of_a_run_that_is_over_does_not_swallow_the_next_run() {
    let old = paused_run(async { span::phase("old") }).output;
    let profile = paused_run(phase("new", wait(1)).instrument(old)).profile;
    assert_eq!(names(&profile), ["new"]);
}

#[test]
fn a_chain_of_ten_thousand_spans_is_shown_and_written_like_any_other() {
    let profile = paused_run(async {
        let mut spans = vec![span::phase("0")];
        for n in 1..MAX_SPANS {
            let deeper = spans[n - 1].in_scope(|| span::phase("deeper"));
            spans.push(deeper);
        }
        spans[MAX_SPANS - 1].in_scope(|| ());
        // From the innermost: closing a chain from its head is recursive in the registry.
        while spans.pop().is_some() {}
    })
    .profile;
    assert_eq!(profile.tree().nodes().last().unwrap().depth, MAX_SPANS - 1);
    assert!(profile.outline().to_string().lines().all(|line| line.chars().count() <= 100));
    let read: Profile = serde_json::from_str(&serde_json::to_string(&profile).unwrap()).unwrap();
    assert_eq!(read, profile);
}

#[test]
fn a_dropped_recording_stops_its_work_and_keeps_nothing() {
    let held = Arc::new(());
    let witness = Arc::clone(&held);
    let recording = paused_runtime().block_on(async {
        let recording = record(run(async move {
            phase("endless", wait(1_000)).await;
            drop(witness);
        }))
        .with_clock(paused);
        tokio::time::timeout(ms(10), recording).await
    });
    assert!(recording.is_err());
    assert_eq!(Arc::strong_count(&held), 1);
    assert_eq!(names(&paused_run(phase("next", wait(1))).profile), ["next"]);
}

#[test]
fn a_panic_leaves_the_thread_as_it_was() {
    let caught = std::panic::AssertUnwindSafe(record(run(async { panic!("on purpose") }))).catch_unwind();
    assert!(paused_runtime().block_on(caught).is_err());
    assert!(span::phase("outside").is_disabled());
    assert_eq!(names(&paused_run(phase("next", wait(1))).profile), ["next"]);
}

#[test]
fn time_is_never_shown_as_none() {
    let profile = record(run(phase("quick", async {}))).now_or_never().unwrap().profile;
    let wall = row(&profile, "quick").wall;
    assert!(wall > Duration::ZERO && wall < ms(5), "{wall:?}");
    let table = profile.table().to_string();
    assert!(!table.contains("0 ns") && !table.contains(" 0.00"), "{table}");
}

#[test]
fn a_run_that_takes_no_time_at_all_is_shown() {
    let profile = paused_run(run(phase("instant", async {}))).profile;
    assert_eq!(profile.wall(), Duration::ZERO);
    assert_eq!(profile.breakdown().total.share, 0.0);
    assert!(profile.table().to_string().contains("0 ns      –"), "{}", profile.table());
}

#[test]
fn the_profile_of_no_run_says_so() {
    let profile = Profile::default();
    assert!(!profile.is_available());
    assert_eq!(profile.table().to_string(), "no profile: no run was recorded\n");
}
