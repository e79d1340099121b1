//! What the times of spans mean: sequences, branches, gaps, waits.

use futures_util::future::{join, join_all};
use ninefold_core::span;
use ninefold_profile::{Class, Profile};
use tracing::instrument::Instrument as _;

use crate::support::{agent, chat, ms, names, paused_run, phase, row, run, wait};

/// Checks that the rows' parts of the run are the run.
fn assert_shares_add_up(profile: &Profile) {
    let breakdown = profile.breakdown();
    let parts = breakdown.rows.iter().chain([&breakdown.between]);
    assert_eq!(parts.clone().map(|row| row.attributed).sum::<std::time::Duration>(), profile.wall());
    assert!((parts.map(|row| row.share).sum::<f64>() - 1.0).abs() < 1e-9);
    for row in breakdown.rows.iter().chain([&breakdown.between, &breakdown.total]) {
        assert_eq!(row.spent.total(), row.attributed, "{}", row.name);
    }
}

#[test]
fn phases_in_sequence_share_the_run_with_the_gaps_between_them() {
    let profile = paused_run(run(async {
        phase("assess", wait(10)).await;
        wait(5).await;
        phase("retrieve", wait(25)).await;
    }))
    .profile;
    assert_eq!(names(&profile), ["invoke_agent soar", "-assess", "-retrieve"]);
    assert_eq!(profile.wall(), ms(40));
    assert_eq!(row(&profile, "assess").wall, ms(10));
    assert_eq!(row(&profile, "retrieve").start, ms(15));
    assert_eq!(row(&profile, "retrieve").share, 0.625);
    assert_eq!(profile.breakdown().between.attributed, ms(5));
    assert_shares_add_up(&profile);
}

#[test]
fn a_phase_that_runs_again_is_one_row() {
    let profile = paused_run(run(async {
        for _ in 0..3 {
            phase("decompose", wait(10)).await;
            phase("verify", wait(1)).await;
        }
    }))
    .profile;
    let rows = profile.breakdown().rows;
    assert_eq!(rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["decompose", "verify"]);
    assert_eq!((rows[0].count, rows[0].wall, rows[1].wall), (3, ms(30), ms(3)));
    assert_shares_add_up(&profile);
}

#[test]
fn self_time_is_what_the_union_of_the_children_leaves() {
    let profile = paused_run(phase("collect", async {
        wait(5).await;
        join_all([agent("a", wait(30)), agent("b", wait(50)), agent("c", wait(10))]).await;
        wait(15).await;
    }))
    .profile;
    let tree = profile.tree();
    let root = tree.root().unwrap();
    assert_eq!((root.wall, root.self_wall), (ms(70), ms(20)));
    let walls: Vec<_> = tree.children(root).map(|node| (node.label.to_string(), node.wall, node.self_wall)).collect();
    let expected = [("a", 30), ("b", 50), ("c", 10)].map(|(name, n)| (name.to_owned(), ms(n), ms(n)));
    assert_eq!(walls, expected);
}

#[test]
fn branches_at_the_same_time_share_it_and_are_not_added_up() {
    let profile = paused_run(run(join(phase("left", wait(40)), phase("right", wait(100))))).profile;
    assert_eq!((row(&profile, "left").wall, row(&profile, "left").attributed), (ms(40), ms(20)));
    assert_eq!((row(&profile, "right").wall, row(&profile, "right").attributed), (ms(100), ms(80)));
    assert_eq!(profile.wall(), ms(100));
    assert_shares_add_up(&profile);
}

#[test]
fn waits_belong_to_the_innermost_class() {
    let profile = paused_run(run(async {
        phase(
            "collect",
            agent("search", async {
                wait(10).await;
                wait(5).instrument(tracing::info_span!("the host's own")).await;
                chat(60, 100, 20).await;
                wait(7).instrument(span::retrieval(8)).await;
                wait(3).instrument(span::backoff()).await;
            }),
        )
        .await;
        phase("record", async { wait(2).instrument(span::journal()).await }).await;
        phase("respond", wait(1)).await;
    }))
    .profile;
    let collect = row(&profile, "collect");
    let on = |class| collect.spent.on(class);
    assert_eq!(
        (on(Class::Tool), on(Class::Model), on(Class::Store), on(Class::BackOff)),
        (ms(15), ms(60), ms(7), ms(3))
    );
    assert_eq!((collect.usage.calls, collect.usage.input_tokens, collect.usage.output_tokens), (1, 100, 20));
    assert_eq!(row(&profile, "record").spent.on(Class::Store), ms(2));
    assert_eq!(row(&profile, "respond").spent.on(Class::Other), ms(1));
    assert_shares_add_up(&profile);
}

#[test]
fn time_before_a_span_is_first_entered_is_queued() {
    let profile = paused_run(phase("collect", async {
        let first = agent("first", wait(20));
        let waiting = span::agent("second");
        first.await;
        wait(10).instrument(waiting).await;
    }))
    .profile;
    let tree = profile.tree();
    let second = tree.nodes().iter().find(|node| node.label == "second").unwrap();
    assert_eq!((second.wall, second.attributed), (ms(30), ms(20)));
    assert_eq!((second.spent.on(Class::Queue), second.spent.on(Class::Tool)), (ms(20), ms(0)));
}

#[test]
fn a_span_ends_when_it_is_last_left() {
    let profile = paused_run(run(async {
        let kept = span::phase("kept");
        wait(10).instrument(kept.clone()).await;
        wait(90).await;
        drop(kept);
    }))
    .profile;
    assert_eq!(row(&profile, "kept").wall, ms(10));
    assert_eq!(profile.detached(), 0);
}

#[test]
fn a_span_that_is_never_entered_lasts_as_long_as_its_children() {
    let profile = paused_run(run(async {
        let group = tracing::info_span!("group");
        wait(10).instrument(tracing::info_span!(parent: &group, "member")).await;
        let _unused = tracing::info_span!("unused");
        wait(5).await;
    }))
    .profile;
    assert_eq!(names(&profile), ["invoke_agent soar", "-group", "--member", "-unused"]);
    assert_eq!((row(&profile, "group").wall, row(&profile, "unused").wall), (ms(10), ms(0)));
    assert_shares_add_up(&profile);
}

#[test]
fn children_are_cut_to_their_parents() {
    let profile = paused_run(run(async {
        let parent = span::phase("parent");
        let child = parent.in_scope(|| span::agent("child"));
        wait(10).instrument(parent).await;
        wait(30).instrument(child).await;
    }))
    .profile;
    let tree = profile.tree();
    assert_eq!(tree.nodes()[2].end(), ms(10));
    assert_eq!(profile.breakdown().between.attributed, ms(30));
}

#[test]
#[allow(clippy::disallowed_methods)]
fn computing_is_told_from_waiting() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let profile = runtime.block_on(async {
        let compute = async {
            let start = std::time::Instant::now();
            while start.elapsed() < ms(20) {}
        };
        ninefold_profile::record(run(async {
            phase("compute", compute).await;
            phase("wait", wait(20)).await;
        }))
        .await
        .profile
    });
    let (compute, waited) = (row(&profile, "compute"), row(&profile, "wait"));
    assert!(compute.busy >= ms(20) && compute.spent.on(Class::Cpu) >= ms(20));
    assert!(waited.spent.on(Class::Other) > waited.wall * 9 / 10, "{waited:?}");
    assert!(profile.breakdown().total.busy >= compute.busy + waited.busy);
    assert_shares_add_up(&profile);
}

#[test]
fn polls_outside_of_all_spans_are_the_runs_own() {
    #[allow(clippy::disallowed_methods)]
    let now = std::time::Instant::now;
    let recorded = futures_util::FutureExt::now_or_never(ninefold_profile::record(async {
        let start = now();
        while start.elapsed() < ms(5) {}
    }));
    let profile = recorded.unwrap().profile;
    let breakdown = profile.breakdown();
    assert!(breakdown.rows.is_empty());
    assert_eq!((breakdown.between.name.as_str(), breakdown.between.share), ("run", 1.0));
    assert!(breakdown.between.spent.on(Class::Cpu) >= ms(5));
}
