//! Tasks, threads and branches: whose spans are whose.

use futures_util::future::join_all;
use ninefold_core::span;
use ninefold_profile::{Profile, layer, record};
use tokio::runtime::{Builder, Runtime};
use tracing::instrument::{Instrument as _, WithSubscriber as _};
use tracing_subscriber::layer::SubscriberExt as _;

use crate::support::{agent, ms, names, paused_run, phase, row, run, wait};

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

fn multi_thread() -> Runtime {
    Builder::new_multi_thread().worker_threads(4).enable_time().build().unwrap()
}

/// A run that spawns tasks and blocking work.
async fn spawning() -> Profile {
    let spawning = run(phase("collect", async {
        let task = async {
            wait(5).await;
            agent("inside", wait(5)).await;
        };
        let task = tokio::spawn(task.instrument(span::agent("spawned")).with_current_subscriber());
        let blocking = span::agent("blocking");
        let blocking = tokio::task::spawn_blocking(move || {
            #[allow(clippy::disallowed_methods)]
            blocking.in_scope(|| std::thread::sleep(ms(5)));
        });
        task.await.unwrap();
        blocking.await.unwrap();
    }));
    record(spawning).await.profile
}

fn assert_spawned(profile: &Profile) {
    let expected = [
        "invoke_agent soar",
        "-collect",
        "--execute_tool spawned",
        "---execute_tool inside",
        "--execute_tool blocking",
    ];
    assert_eq!(names(profile), expected);
    let tree = profile.tree();
    assert!(tree.nodes()[2].wall >= ms(10), "{:?}", tree.nodes()[2]);
    assert!(tree.nodes()[4].busy >= ms(5));
}

#[test]
fn tasks_belong_to_the_run_that_spawned_them() {
    for runtime in [current_thread(), multi_thread()] {
        let profile = runtime.block_on(spawning());
        assert_spawned(&profile);
        assert_eq!(profile.detached(), 0);
    }
}

#[test]
fn tasks_belong_to_the_run_under_a_hosts_subscriber_too() {
    let _host = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer()));
    assert_spawned(&current_thread().block_on(spawning()));
}

#[test]
fn a_recording_may_itself_be_a_task_that_moves_between_threads() {
    let profile = multi_thread().block_on(async {
        let moving = record(run(async {
            for _ in 0..200 {
                phase("step", async {
                    tokio::task::yield_now().await;
                    wait(0).await;
                })
                .await;
            }
        }));
        tokio::spawn(moving).await.unwrap().profile
    });
    assert_eq!(row(&profile, "step").count, 200);
    assert_eq!((profile.spans(), profile.detached()), (201, 0));
}

#[test]
fn joined_branches_are_siblings() {
    let profile = paused_run(phase("collect", join_all((1..=4).map(|n| agent("a", wait(n)))))).profile;
    assert_eq!(
        names(&profile),
        ["collect", "-execute_tool a", "-execute_tool a", "-execute_tool a", "-execute_tool a"]
    );
    assert_eq!(profile.wall(), ms(4));
}

#[test]
fn a_branch_that_loses_ends_when_it_is_dropped() {
    let profile = paused_run(run(async {
        tokio::select! {
            () = phase("slow", wait(100)) => {}
            () = phase("fast", wait(10)) => {}
        }
        phase("after", wait(5)).await;
    }))
    .profile;
    assert_eq!((row(&profile, "slow").wall, row(&profile, "after").wall), (ms(10), ms(5)));
    assert_eq!((profile.wall(), profile.detached()), (ms(15), 0));
}

#[test]
fn a_hundred_runs_at_once_do_not_mix() {
    let one = |n: usize| async move {
        let recorded = record(run(async move {
            for step in 0..=n % 7 {
                phase(&format!("run {n}"), async {
                    tokio::task::yield_now().await;
                    let task = async move { wait(step as u64 % 3).await };
                    tokio::spawn(task.instrument(span::agent(&format!("task {n}")))).await.unwrap();
                })
                .await;
            }
        }));
        (n, recorded.await.profile)
    };
    let check = |(n, profile): (usize, Profile)| {
        let steps = n % 7 + 1;
        let expected = 1 + 2 * steps as u64;
        assert_eq!((profile.spans(), profile.detached()), (expected, 0), "run {n}: {:?}", names(&profile));
        assert_eq!(profile.breakdown().rows.len(), 1);
        assert_eq!(row(&profile, &format!("run {n}")).count, steps as u64);
        assert!(names(&profile).iter().all(|name| !name.contains("task") || name.ends_with(&format!("task {n}"))));
    };
    for runtime in [current_thread(), multi_thread()] {
        runtime.block_on(async {
            let tasks: Vec<_> = (0..100).map(|n| tokio::spawn(one(n))).collect();
            for task in tasks {
                check(task.await.unwrap());
            }
            // And within one task, polled in turns.
            join_all((0..100).map(one)).await.into_iter().for_each(check);
        });
    }
}

#[test]
fn a_span_of_another_run_keeps_its_own() {
    let profile = paused_run(run(async {
        let foreign = span::phase("of the outer run");
        let inner = record(phase("inner", wait(10).instrument(foreign))).with_clock(crate::support::paused).await;
        assert_eq!(names(&inner.profile), ["inner"]);
    }))
    .profile;
    assert_eq!(names(&profile), ["invoke_agent soar", "-of the outer run", "-inner"]);
}
