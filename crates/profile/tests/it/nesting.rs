//! Recordings within recordings.

use futures_util::future::join;
use ninefold_profile::{layer, record};
use tracing::subscriber::set_default;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::support::{agent, ms, names, paused, paused_run, paused_runtime, phase, row, run, wait};

#[test]
fn an_inner_recording_has_its_own_profile_and_is_part_of_the_outer_one() {
    let outer = paused_run(run(async {
        phase("assess", wait(5)).await;
        let inner = phase(
            "collect",
            agent("expert", async {
                wait(10).await;
                let inner = record(run(async {
                    phase("assess", wait(7)).await;
                    phase("respond", wait(3)).await;
                }));
                inner.with_clock(paused).await.profile
            }),
        )
        .await;
        assert_eq!(names(&inner), ["invoke_agent soar", "-assess", "-respond"]);
        assert_eq!((inner.wall(), inner.tree().nodes()[1].start), (ms(10), ms(0)));
        phase("respond", wait(1)).await;
    }))
    .profile;
    let expected = [
        "invoke_agent soar",
        "-assess",
        "-collect",
        "--execute_tool expert",
        "---invoke_agent soar",
        "----assess",
        "----respond",
        "-respond",
    ];
    assert_eq!(names(&outer), expected);
    assert_eq!(outer.tree().nodes()[5].start, ms(15));
    assert_eq!((row(&outer, "assess").wall, row(&outer, "collect").wall), (ms(5), ms(20)));
}

#[test]
fn it_is_the_same_under_a_hosts_layer_without_spans_around() {
    let _host = set_default(registry_with_layer());
    let outer = paused_runtime().block_on(async {
        record(async {
            record(phase("left", wait(1))).await;
            record(phase("right", wait(1))).await;
        })
        .await
        .profile
    });
    assert_eq!(names(&outer), ["run", "-left", "-right"]);
}

fn registry_with_layer() -> impl tracing::Subscriber + Send + Sync {
    tracing_subscriber::registry().with(layer().with_clock(paused))
}

#[test]
fn inner_recordings_at_the_same_time_stay_apart() {
    let outer = paused_run(phase("collect", async {
        let one = |name, n| agent(name, async move { record(phase(name, wait(n))).with_clock(paused).await.profile });
        let (a, b) = join(one("a", 10), one("b", 20)).await;
        assert_eq!((names(&a), names(&b)), (vec!["a".to_owned()], vec!["b".to_owned()]));
    }))
    .profile;
    assert_eq!(names(&outer), ["collect", "-execute_tool a", "--a", "-execute_tool b", "--b"]);
}

#[test]
fn an_inner_recording_that_is_dropped_still_counts_for_the_outer_one() {
    let outer = paused_run(phase("collect", async {
        let inner = agent("slow", async { record(phase("endless", wait(1_000))).with_clock(paused).await });
        tokio::time::timeout(ms(10), inner).await.unwrap_err();
    }))
    .profile;
    assert_eq!(names(&outer), ["collect", "-execute_tool slow", "--endless"]);
    assert_eq!(outer.tree().nodes()[2].wall, ms(10));
}

#[test]
fn three_levels_are_one_tree() {
    let outer = paused_run(phase("1", async {
        let middle = record(phase("2", async {
            record(phase("3", wait(4))).with_clock(paused).await;
        }));
        let middle = middle.with_clock(paused).await.profile;
        assert_eq!(names(&middle), ["2", "-3"]);
    }))
    .profile;
    assert_eq!(names(&outer), ["1", "-2", "--3"]);
    assert_eq!(outer.breakdown().between.attributed, ms(0));
}
