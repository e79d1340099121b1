//! The exported times are the profile's.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use ninefold_core::span;
use ninefold_profile::{Profile, layer, record};
use opentelemetry_sdk::trace::SpanData;
use tracing::instrument::{Instrument as _, WithSubscriber as _};
use tracing::subscriber::set_default;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;

use super::kept::{Kept, builder, exported, named};
use crate::support::{agent, chat, ms, phase, run, wait};

fn nanos(time: SystemTime) -> u64 {
    u64::try_from(time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos()).unwrap()
}

/// The exported spans and the recorded ones by their names, as nanoseconds from the first start.
fn both(spans: &[SpanData], profile: &Profile) -> [BTreeMap<String, (u64, u64)>; 2] {
    let first = spans.iter().map(|span| nanos(span.start_time)).min().unwrap();
    let sent = spans
        .iter()
        .map(|span| (span.name.to_string(), (nanos(span.start_time) - first, nanos(span.end_time) - first)))
        .collect();
    let json = profile.to_json();
    let records = json["spans"].as_array().unwrap();
    let first = records.iter().map(|record| record["start_ns"].as_u64().unwrap()).min().unwrap();
    // The tree's root is the recording itself; the rest of it says when spans ended that were never entered.
    let root = (String::from("invoke_agent soar"), (0, records[0]["end_ns"].as_u64().unwrap() - first));
    let tree = profile.tree();
    let below = tree.nodes().iter().skip(1).map(|node| {
        let name = format!("{} {}", node.name, node.label);
        let since = |time: Duration| u64::try_from(time.as_nanos()).unwrap() - first;
        (name.trim().to_owned(), (since(node.start), since(node.end())))
    });
    [sent, std::iter::once(root).chain(below).collect()]
}

/// A run with branches, tasks, a span that is never entered, and work between the spans.
async fn busy_run() -> Profile {
    let work = run(async {
        phase("assess", async {}).await;
        phase("retrieve", wait(2).instrument(span::retrieval(5))).await;
        phase("collect", async {
            // The span closes within the subscriber: outside, the registry could not tell its parent.
            let spawned = span::agent("spawned");
            let task = tokio::spawn(async { wait(3).instrument(spawned).await }.with_current_subscriber());
            tokio::join!(agent("first", wait(2)), agent("second", wait(1)));
            task.await.unwrap();
            let around = span::phase("around");
            wait(1).instrument(tracing::info_span!(parent: &around, "backoff")).await;
        })
        .await;
        phase("synthesize", chat(2, 1, 1)).await;
        std::thread::yield_now();
        phase("respond", async {}).await;
    });
    record(work).await.profile
}

fn real_runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

#[test]
fn to_the_nanosecond_whichever_layer_stands_first() {
    for ours_first in [true, false] {
        let kept = Kept::default();
        let profile = if ours_first {
            let (exporting, _guard) = builder().target("it").build_with(kept.clone()).unwrap();
            let _host = set_default(registry().with(layer()).with(exporting));
            real_runtime().block_on(busy_run())
        } else {
            let (exporting, _guard) = builder().target("it").build_with(kept.clone()).unwrap();
            let _host = set_default(registry().with(exporting).with(layer()));
            real_runtime().block_on(busy_run())
        };
        let spans = kept.spans();
        let [sent, recorded] = both(&spans, &profile);
        assert_eq!(sent.len(), 13, "{:?}", sent.keys());
        assert_eq!(sent, recorded, "ours first: {ours_first}");
    }
}

#[test]
fn on_several_threads_as_well() {
    let kept = Kept::default();
    let (exporting, guard) = builder().target("it").build_with(kept.clone()).unwrap();
    let _host = set_default(registry().with(exporting).with(layer()));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    let profile = runtime.block_on(busy_run());
    assert!(guard.shutdown().is_complete());
    let [sent, recorded] = both(&kept.spans(), &profile);
    assert_eq!(sent, recorded);
}

#[test]
#[allow(clippy::disallowed_methods, reason = "it is about the wall clock")]
fn the_wall_clock_places_the_run() {
    let before = SystemTime::now();
    let spans = exported(|| drop(real_runtime().block_on(busy_run())));
    let after = SystemTime::now();
    let root = named(&spans, "invoke_agent soar");
    // The wall clock may be set while the test runs; by seconds it is not.
    let slack = Duration::from_secs(5);
    assert!(root.start_time + slack > before && root.end_time < after + slack, "{root:?}");
}

#[test]
fn a_recording_within_another_goes_by_the_same_wall_clock() {
    let kept = Kept::default();
    let (exporting, guard) = builder().build_with(kept.clone()).unwrap();
    let profile = {
        let _host = set_default(registry().with(layer()).with(exporting));
        let inner = || async { drop(record(phase("inner", wait(1))).await) };
        real_runtime().block_on(async { record(run(phase("outer", inner()))).await.profile })
    };
    assert!(guard.shutdown().is_complete());
    let [sent, recorded] = both(&kept.spans(), &profile);
    assert_eq!(sent, recorded);
}

#[test]
fn without_the_profiles_layer_or_a_recording_the_bridges_times_count() {
    let kept = Kept::default();
    let (exporting, guard) = builder().build_with(kept.clone()).unwrap();
    {
        let _host = set_default(registry().with(exporting));
        let recorded = real_runtime().block_on(async { record(run(phase("assess", wait(2)))).await });
        assert!(!recorded.profile.is_available());
    }
    assert!(guard.shutdown().is_complete());
    let unrecorded = exported(|| real_runtime().block_on(phase("assess", wait(2))));
    for spans in [kept.spans(), unrecorded] {
        let phase = named(&spans, "phase assess");
        assert!(phase.end_time.duration_since(phase.start_time).unwrap() >= ms(2));
    }
}

#[test]
fn a_span_that_outlives_its_run_has_an_end_of_its_own() {
    let spans = exported(|| {
        real_runtime().block_on(async {
            let left = record(run(async { span::phase("left behind") })).await;
            wait(3).instrument(left.output.clone()).await;
            // The run's own span is closed by then: its child holds it only in the registry.
        });
    });
    let (root, left) = (named(&spans, "invoke_agent soar"), named(&spans, "phase left behind"));
    assert!(left.end_time.duration_since(root.end_time).unwrap() >= ms(3), "{root:?} {left:?}");
    assert!(left.start_time >= root.start_time && left.start_time <= root.end_time);
}

#[test]
fn a_span_that_is_left_in_another_run_than_its_own_ends_there() {
    let spans = exported(|| {
        real_runtime().block_on(async {
            let left = record(run(async { span::phase("left behind") })).await;
            drop(record(phase("later", wait(3).instrument(left.output.clone()))).await);
        });
    });
    let (left, later) = (named(&spans, "phase left behind"), named(&spans, "phase later"));
    assert!(left.end_time.duration_since(left.start_time).unwrap() >= ms(3), "{left:?} {later:?}");
}

#[test]
fn spans_that_a_recording_has_no_room_for_have_times_of_their_own() {
    let spans = exported(|| {
        let work = run(async { drop((0..15_000).map(|_| span::store()).collect::<Vec<_>>()) });
        drop(real_runtime().block_on(async { record(work).await }));
    });
    assert_eq!(spans.len(), 15_001);
    let root = named(&spans, "invoke_agent soar");
    // Clocks of both kinds are compared; by seconds they do not differ.
    let slack = Duration::from_secs(5);
    for span in &spans {
        assert!(span.start_time + slack > root.start_time && span.start_time < root.end_time + slack, "{span:?}");
        assert!(span.end_time >= span.start_time, "{span:?}");
    }
}

#[test]
fn a_paused_clock_is_the_profiles_and_so_the_receivers() {
    let kept = Kept::default();
    let (exporting, guard) = builder().build_with(kept.clone()).unwrap();
    {
        let _host = set_default(registry().with(layer().with_clock(crate::support::paused)).with(exporting));
        crate::support::paused_runtime().block_on(async { record(run(phase("assess", wait(60_000)))).await });
    }
    assert!(guard.shutdown().is_complete());
    let spans = kept.spans();
    let phase = named(&spans, "phase assess");
    assert_eq!(phase.end_time.duration_since(phase.start_time).unwrap(), ms(60_000));
}

#[test]
fn past_the_spans_that_are_kept_one_by_one_a_span_still_lasts_as_long_as_its_children() {
    let spans = exported(|| {
        real_runtime().block_on(async {
            drop(
                record(run(async {
                    (0..10_100).for_each(|_| drop(span::store()));
                    let around = span::phase("around");
                    wait(3).instrument(tracing::info_span!(target: span::TARGET, parent: &around, "backoff")).await;
                }))
                .await,
            );
        });
    });
    let (around, within) = (named(&spans, "phase around"), named(&spans, "backoff"));
    assert!(within.end_time.duration_since(within.start_time).unwrap() >= ms(3));
    assert!(around.end_time >= within.end_time, "{around:?} {within:?}");
}
