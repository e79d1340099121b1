//! Many runs recorded into one: what is counted, what is a duration, what can be merged, stored and printed.

use std::sync::Arc;
use std::time::Duration;

use ninefold_core::span;
use ninefold_profile::{Class, Profile, Snapshot, Statistics, record};
use proptest::prelude::*;
use serde_json::json;
use tracing::instrument::Instrument as _;

use crate::support::{agent, chat, ms, paused, paused_run, paused_runtime, phase, run, wait};

/// A run of these phases, each for so many ms.
pub(crate) fn phases(phases: &[(&str, u64)]) -> Profile {
    let phases: Vec<(String, u64)> = phases.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect();
    paused_run(run(async move {
        for (name, n) in phases {
            phase(&name, wait(n)).await;
        }
    }))
    .profile
}

/// A phase that ended so.
fn ended(name: &'static str, n: u64, outcome: &'static str) -> Profile {
    paused_run(run(async move {
        let span = span::phase(name);
        wait(n).instrument(span.clone()).await;
        span::record_outcome(&span, outcome);
        drop(span);
        phase("respond", wait(1)).await;
    }))
    .profile
}

fn of<'a>(profiles: impl IntoIterator<Item = &'a Profile>) -> Snapshot {
    let statistics = Statistics::new();
    profiles.into_iter().for_each(|profile| statistics.record(profile));
    statistics.snapshot()
}

fn about(time: Duration, n: u64) -> bool {
    (time.as_secs_f64() - ms(n).as_secs_f64()).abs() <= ms(n).as_secs_f64() / 256.0
}

#[test]
fn a_phase_counts_in_the_runs_that_had_it() {
    let profiles = [phases(&[("assess", 2), ("retrieve", 10)]), phases(&[("assess", 4)]), phases(&[("assess", 6)])];
    let snapshot = of(&profiles);
    assert_eq!(snapshot.runs(), 3);
    let (assess, retrieve) = (snapshot.phase("assess").unwrap(), snapshot.phase("retrieve").unwrap());
    assert_eq!((assess.counts().runs, assess.wall().count()), (3, 3));
    assert_eq!((retrieve.counts().runs, retrieve.wall().count()), (1, 1));
    assert!(about(assess.wall().median(), 4) && about(retrieve.wall().median(), 10));
    assert_eq!((assess.wall().max(), assess.wall().mean()), (ms(6), ms(4)));
    assert!(about(snapshot.total().wall().median(), 6));
    let names: Vec<_> = snapshot.phases().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["assess", "retrieve"]);
    assert!(snapshot.phase("decompose").is_none());
}

#[test]
fn a_class_that_is_absent_is_zero() {
    let with = paused_run(run(phase("verify", chat(8, 100, 10)))).profile;
    let without = phases(&[("verify", 3)]);
    for order in [[&without, &with, &without], [&with, &without, &without], [&without, &without, &with]] {
        let snapshot = of(order);
        let verify = snapshot.phase("verify").unwrap();
        let model = verify.on(Class::Model).unwrap();
        assert_eq!((model.count(), model.median(), model.max()), (3, Duration::ZERO, ms(8)));
        assert_eq!(verify.on(Class::Other).unwrap().count(), 3);
        assert_eq!(verify.on(Class::Queue), None);
        assert_eq!((verify.counts().usage.calls, verify.counts().usage.input_tokens), (1, 100));
    }
}

#[test]
fn what_was_served_is_counted_but_took_no_time() {
    let profiles = [
        phases(&[("retrieve", 20), ("respond", 1)]),
        ended("retrieve", 0, span::outcome::CACHED),
        ended("retrieve", 0, span::outcome::REPLAYED),
    ];
    let snapshot = of(&profiles);
    let retrieve = snapshot.phase("retrieve").unwrap();
    assert_eq!((retrieve.counts().runs, retrieve.counts().cached, retrieve.counts().replayed), (3, 1, 1));
    assert_eq!((retrieve.wall().count(), retrieve.wall().max()), (1, ms(20)));
    assert_eq!(snapshot.phase("respond").unwrap().wall().count(), 3);
    // A replayed run is the rest of one; a cached one was that fast.
    assert_eq!((snapshot.total().counts().runs, snapshot.total().wall().count()), (3, 2));
    assert_eq!((snapshot.total().counts().cached, snapshot.total().counts().replayed), (1, 1));
}

#[test]
fn a_phase_of_which_a_part_was_served_did_not_take_its_time() {
    let whole = phases(&[("collect", 30)]);
    let rest = |outcome: &'static str| {
        paused_run(run(phase("collect", async move {
            let served = span::agent("first");
            served.in_scope(|| span::record_outcome(&served, outcome));
            drop(served);
            agent("second", wait(5)).await;
        })))
        .profile
    };
    let snapshot = of(&[whole, rest(span::outcome::REPLAYED), rest(span::outcome::CACHED)]);
    let collect = snapshot.phase("collect").unwrap();
    assert_eq!((collect.counts().runs, collect.wall().count(), collect.wall().max()), (3, 1, ms(30)));
    assert_eq!((snapshot.total().counts().runs, snapshot.total().wall().count()), (3, 2));
}

#[test]
fn a_retry_is_counted_once() {
    let profile = paused_run(run(async {
        let span = span::phase("collect");
        wait(1).instrument(span.clone()).await;
        span.record(span::field::ATTEMPTS, 3);
    }))
    .profile;
    assert_eq!(profile.breakdown().total.retries, 2);
    let snapshot = of(&[profile]);
    assert_eq!((snapshot.total().counts().retries, snapshot.phase("collect").unwrap().counts().retries), (2, 2));
}

#[test]
fn a_run_that_is_dropped_is_counted_with_the_time_it_was_waited_for() {
    let statistics = Arc::new(Statistics::new());
    paused_runtime().block_on(async {
        let slow = record(run(phase("collect", wait(60_000)))).with_clock(paused);
        let given_up = tokio::time::timeout(ms(2_000), slow.with_statistics(Arc::clone(&statistics))).await;
        assert!(given_up.is_err());
        drop(record(run(wait(1))).with_statistics(Arc::clone(&statistics)));
    });
    let snapshot = statistics.snapshot();
    let collect = snapshot.phase("collect").unwrap();
    assert_eq!((snapshot.runs(), collect.wall().count(), collect.wall().max()), (1, 1, ms(2_000)));
}

#[test]
fn failed_and_cancelled_phases_count_with_their_time() {
    let profiles = [
        ended("collect", 30, span::outcome::FAILED),
        ended("collect", 5, span::outcome::CANCELLED),
        Profile::default(),
    ];
    let snapshot = of(&profiles);
    let collect = snapshot.phase("collect").unwrap();
    assert_eq!((collect.counts().failed, collect.counts().cancelled, collect.wall().count()), (1, 1, 2));
    assert_eq!(collect.wall().max(), ms(30));
    assert_eq!((snapshot.runs(), snapshot.unavailable()), (2, 1));
}

#[test]
fn the_number_of_names_is_bounded() {
    let statistics = Statistics::new();
    for n in 0..300 {
        statistics.record(&phases(&[(format!("phase {n:03}").as_str(), 1), ("a".repeat(5_000).as_str(), 1)]));
    }
    let snapshot = statistics.snapshot();
    assert_eq!(snapshot.phases().len(), 256);
    assert_eq!((snapshot.runs(), snapshot.further().counts().runs), (300, 45));
    assert_eq!(snapshot.phase(&"a".repeat(5_000)).unwrap().counts().runs, 300);
    assert!(snapshot.table().to_string().contains("further phases"));
    let mut merged = snapshot.clone();
    merged.merge(&of(&[phases(&[("other", 1)])]));
    assert_eq!((merged.phases().len(), merged.further().counts().runs), (256, 46));
    let read: Snapshot = serde_json::from_value(serde_json::to_value(&merged).unwrap()).unwrap();
    assert_eq!(read, merged);
}

#[test]
fn every_run_is_in_exactly_one_of_the_snapshots_taken() {
    let statistics = Arc::new(Statistics::new());
    let profile = phases(&[("assess", 1)]);
    let mut taken = Snapshot::default();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let (statistics, profile) = (Arc::clone(&statistics), profile.clone());
            scope.spawn(move || (0..250).for_each(|_| statistics.record(&profile)));
        }
        (0..20).for_each(|_| taken.merge(&statistics.reset()));
    });
    taken.merge(&statistics.reset());
    assert_eq!((taken.runs(), taken.phase("assess").unwrap().wall().count()), (1_000, 1_000));
    assert_eq!(statistics.snapshot(), Snapshot::default());
}

/// Forty runs, some with a model, failures, cached and replayed phases.
fn forty() -> Vec<Profile> {
    let runtime = paused_runtime();
    let one = async |n: u64| {
        let work = run(async {
            phase("assess", wait(1 + n % 3)).await;
            phase("retrieve", async { wait(6 + n * n % 17).instrument(span::retrieval(8)).await }).await;
            if n.is_multiple_of(2) {
                phase("decompose", chat(80 + n, 1_800, 212)).await;
            }
            let verify = span::phase("verify");
            async {
                wait(2).await;
                chat(3 + n, 900, 40).await;
            }
            .instrument(verify.clone())
            .await;
            if n.is_multiple_of(10) {
                span::record_error(&verify, &ninefold_core::Error::new(ninefold_core::ErrorKind::MalformedReply, "no"));
            }
            drop(verify);
            let respond = span::phase("respond");
            if n.is_multiple_of(5) {
                span::record_outcome(&respond, span::outcome::CACHED);
            } else {
                wait(1).instrument(respond).await;
            }
        });
        record(work).with_clock(paused).await.profile
    };
    (0..40).map(|n| runtime.block_on(one(n))).collect()
}

#[test]
fn the_table_shows_percentiles() {
    let snapshot = of(&forty());
    insta::assert_snapshot!(snapshot.table().width(120), @r"
    phase      runs      p50      p90      p95      p99      max     mean  mostly      model
    assess       40  2.00 ms  3.00 ms  3.00 ms  3.00 ms  3.00 ms  1.98 ms  other
    retrieve     40  14.0 ms  22.0 ms  22.0 ms  22.0 ms  22.0 ms  13.8 ms  store
    decompose    20  97.8 ms   114 ms   116 ms   118 ms   118 ms  99.0 ms  model       20 calls, 36k→4.2k
    verify       40  24.1 ms  40.0 ms  42.1 ms  43.9 ms  44.0 ms  24.5 ms  model 92 %  40 calls, 36k→1.6k  4 failed
    respond      40  1.00 ms  1.00 ms  1.00 ms  1.00 ms  1.00 ms  1.00 ms  other                           8 cached
    ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
    whole run    40  59.9 ms   162 ms   168 ms   187 ms   187 ms  90.5 ms  model 80 %  60 calls, 72k→5.8k  8 cached
      model          42.1 ms   143 ms   152 ms   159 ms   159 ms  72.0 ms
      store          14.0 ms  22.0 ms  22.0 ms  22.0 ms  22.0 ms  13.8 ms
    ");
    insta::assert_snapshot!(snapshot.table().classes(true).width(60), @r"
    phase      runs      p50      p99      max
    assess       40  2.00 ms  3.00 ms  3.00 ms
    retrieve     40  14.0 ms  22.0 ms  22.0 ms
    decompose    20  97.8 ms   118 ms   118 ms
    verify       40  24.1 ms  43.9 ms  44.0 ms  4 failed
      model          22.0 ms  42.0 ms  42.0 ms
    respond      40  1.00 ms  1.00 ms  1.00 ms  8 cached
    ────────────────────────────────────────────────────
    whole run    40  59.9 ms   187 ms   187 ms  8 cached
      model          42.1 ms   159 ms   159 ms
      store          14.0 ms  22.0 ms  22.0 ms
    ");
    insta::assert_snapshot!(Snapshot::default().table(), @r"
    phase      runs  p50  p90  p95  p99  max  mean
    ──────────────────────────────────────────────
    whole run     0    –    –    –    –    –     –
    ");
}

#[test]
fn names_from_hosts_do_no_harm() {
    let profile = phases(&[("<b>\u{1b}[31mred\nline</b>", 1), ("計算フェーズ", 2)]);
    let mut snapshot = of(&[profile]);
    snapshot.merge(&of(&[Profile::default()]));
    for width in 60..140 {
        let table = snapshot.table().width(width).classes(true).to_string();
        assert!(!table.contains('\u{1b}') && table.lines().count() == 6, "{table}");
        assert!(table.lines().all(|line| unicode_width::UnicodeWidthStr::width(line) <= width), "{table}");
    }
    let colored = snapshot.table().color(true).to_string();
    assert!(colored.contains("\u{1b}[1m") && !colored.contains("\u{1b}[31mred"), "{colored}");
}

#[test]
fn the_document_can_be_read_back_and_is_judged() {
    let snapshot = of(&forty());
    let good = serde_json::to_value(&snapshot).unwrap();
    assert_eq!(serde_json::from_value::<Snapshot>(good.clone()).unwrap(), snapshot);
    let retrieve = good["phases"].as_array().unwrap().iter().position(|phase| phase["name"] == "retrieve").unwrap();
    let cases = [
        ("/version".to_owned(), json!(2), "version 2"),
        ("/version".to_owned(), json!("1"), "invalid type"),
        ("/total/counts/runs".to_owned(), json!(39), "40 durations in 39 runs"),
        ("/total/counts/runs".to_owned(), json!(-1), "invalid"),
        (format!("/phases/{retrieve}/name"), json!("verify"), "twice"),
        (format!("/phases/{retrieve}/name"), json!("x".repeat(201)), "201 bytes"),
        (format!("/phases/{retrieve}/spent"), json!({ "model": good["phases"][0]["wall"] }), ""),
        (format!("/phases/{retrieve}/spent/store/bins"), json!([[9, 1]]), "agree"),
        (format!("/phases/{retrieve}/attributed/bins"), json!([[9, 1], [8, 1]]), "stand behind"),
        (format!("/phases/{retrieve}/wall"), json!(null), "invalid"),
        ("/phases".to_owned(), json!(vec![good["phases"][0].clone(); 257]), "257 phases"),
        ("/phases".to_owned(), json!({}), "invalid"),
    ];
    for (place, value, why) in cases {
        let mut bad = good.clone();
        *bad.pointer_mut(&place).unwrap_or_else(|| panic!("no {place}")) = value;
        match serde_json::from_value::<Snapshot>(bad) {
            Err(error) => assert!(error.to_string().contains(why), "{place}: {error}"),
            Ok(_) => assert!(why.is_empty(), "{place} is accepted"),
        }
    }
    let mut fewer = good.clone();
    fewer["phases"][retrieve]["spent"] = json!({ "store": Snapshot::default().total().wall() });
    assert!(serde_json::from_value::<Snapshot>(fewer).unwrap_err().to_string().contains("parts of them"));
    let mut newer = good;
    newer["total"]["counts"]["euros"] = json!(3);
    assert!(serde_json::from_value::<Snapshot>(newer).is_ok(), "new fields may come");
}

fn some_runs() -> impl Strategy<Value = Vec<Vec<(u8, u64)>>> {
    prop::collection::vec(prop::collection::vec((0..4_u8, 0..2_000_u64), 0..4), 0..8)
}

fn recorded(runs: &[Vec<(u8, u64)>]) -> Snapshot {
    let profiles: Vec<Profile> = runs
        .iter()
        .map(|run_of| {
            let run_of = run_of.clone();
            paused_run(run(async move {
                for (kind, n) in run_of {
                    match kind {
                        0 => phase("a", wait(n)).await,
                        1 => phase("b", chat(n, 5, 7)).await,
                        2 => phase("b", async { wait(n).instrument(span::retrieval(3)).await }).await,
                        _ => {
                            let served = span::phase("a");
                            span::record_outcome(&served, span::outcome::REPLAYED);
                            wait(n).instrument(served).await;
                        }
                    }
                }
            }))
            .profile
        })
        .collect();
    of(&profiles)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn merging_is_in_any_order_what_recording_all_is(a in some_runs(), b in some_runs(), c in some_runs()) {
        let merged = |first: &Snapshot, then: &Snapshot| {
            let mut both = first.clone();
            both.merge(then);
            both
        };
        let whole = recorded(&[a.clone(), b.clone(), c.clone()].concat());
        let (a, b, c) = (recorded(&a), recorded(&b), recorded(&c));
        prop_assert_eq!(&merged(&merged(&a, &b), &c), &whole);
        prop_assert_eq!(&merged(&a, &merged(&b, &c)), &whole);
        prop_assert_eq!(&merged(&merged(&c, &b), &a), &whole);
    }
}
