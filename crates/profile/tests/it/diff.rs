//! Snapshots compared: what is called a change, what is not, and how it is said.

use ninefold_core::span;
use ninefold_profile::{Class, Criteria, Profile, Snapshot, Statistics, Verdict, diff};
use tracing::instrument::Instrument as _;

use crate::statistics::phases;
use crate::support::{chat, paused_run, phase, run, wait};

fn of(profiles: impl IntoIterator<Item = Profile>) -> Snapshot {
    let statistics = Statistics::new();
    profiles.into_iter().for_each(|profile| statistics.record(&profile));
    statistics.snapshot()
}

/// Runs whose second phase takes `slow` ms, give or take a little.
fn runs(n: u64, slow: u64) -> Snapshot {
    of((0..n)
        .map(|n| phases(&[("assess", 100 + n * 7 % 10), ("retrieve", slow + n * 3 % 10), ("respond", 40 + n % 5)])))
}

fn verdict(before: &Snapshot, after: &Snapshot, name: &str) -> Verdict {
    diff(before, after).row(name).unwrap().verdict
}

#[test]
fn a_slower_phase_is_called_slower_and_nothing_else_is() {
    let (before, after) = (runs(30, 400), runs(30, 480));
    let there = diff(&before, &after);
    let changed: Vec<_> = there.changes().map(|row| (row.name.as_str(), row.verdict)).collect();
    assert_eq!(changed, [("retrieve", Verdict::Slower), ("whole run", Verdict::Slower)]);
    let retrieve = there.row("retrieve").unwrap();
    let (low, high) = retrieve.interval.unwrap();
    assert!((retrieve.ratio.unwrap() - 1.2).abs() < 0.01 && low < 1.2 && high > 1.19 && high - low < 0.05);
    assert_eq!((retrieve.delta, retrieve.before.n, retrieve.after.n), (Some(1.0), 30, 30));
    assert_eq!(verdict(&after, &before, "retrieve"), Verdict::Faster);
    assert_eq!(diff(&before, &before).changes().count(), 0);
}

#[test]
fn what_is_sure_but_small_is_no_change() {
    let (before, after) = (runs(60, 400), runs(60, 416));
    let row = diff(&before, &after).row("retrieve").cloned().unwrap();
    assert!(row.p_corrected.unwrap() < 1e-6);
    assert_eq!(row.verdict, Verdict::NoChangeShown);
    let stricter = Criteria::new().least_shift(0.02).diff(&before, &after);
    assert_eq!(stricter.row("retrieve").unwrap().verdict, Verdict::Slower);
}

#[test]
fn too_few_runs_are_said_to_be_too_few() {
    assert_eq!(verdict(&runs(7, 400), &runs(100, 800), "retrieve"), Verdict::TooFewRuns);
    // With eight runs each of four comparisons has a p of at least 0.0009; with thirty comparisons none could be called.
    assert_eq!(verdict(&runs(8, 400), &runs(8, 800), "retrieve"), Verdict::Slower);
    let many: Vec<String> = (0..30).map(|n| format!("phase {n:02}")).collect();
    let many = |n| of((0..8).map(|_| phases(&many.iter().map(|name| (name.as_str(), n)).collect::<Vec<_>>())));
    let compared = diff(&many(10), &many(20));
    assert!(compared.rows().iter().all(|row| row.verdict == Verdict::TooFewRuns && row.p_corrected.is_none()));
    assert_eq!((compared.tests(), compared.needed_runs()), (0, 10));
    let empty = diff(&Snapshot::default(), &Snapshot::default());
    assert_eq!((empty.rows().len(), empty.tests()), (0, 0));
}

#[test]
fn a_phase_may_be_on_one_side_only() {
    let with = of((0..10).map(|n| phases(&[("assess", 10 + n), ("verify", 5)])));
    let without = of((0..10).map(|n| phases(&[("assess", 10 + n)])));
    assert_eq!(verdict(&with, &without, "verify"), Verdict::OnlyBefore);
    assert_eq!(verdict(&without, &with, "verify"), Verdict::OnlyAfter);
    assert_eq!(verdict(&without, &with, "assess"), Verdict::NoChangeShown);
}

#[test]
fn classes_are_compared_where_they_matter() {
    let with_model = |model: u64| {
        of((0..20).map(|n| {
            paused_run(run(async move {
                phase("plain", wait(50 + n % 3)).await;
                phase("verify", async {
                    chat(model + n % 4, 900, 40).await;
                    wait(30 + n % 3).instrument(span::retrieval(3)).await;
                })
                .await;
            }))
            .profile
        }))
    };
    let compared = diff(&with_model(60), &with_model(90));
    let classes: Vec<_> =
        compared.rows().iter().filter_map(|row| Some((row.name.as_str(), row.class?, row.verdict))).collect();
    assert_eq!(classes, [("verify", Class::Model, Verdict::Slower), ("verify", Class::Store, Verdict::NoChangeShown)]);
}

#[test]
fn criteria_that_make_no_sense_are_not_taken() {
    let odd = Criteria::new().level(f64::NAN).least_shift(f64::NAN).fewest_runs(8);
    assert_eq!(odd, Criteria::default());
    let loose = Criteria::new().level(7.0).least_shift(-1.0).fewest_runs(0).diff(&runs(30, 400), &runs(30, 400));
    assert_eq!(loose.changes().count(), 0);
    let strict = Criteria::new().level(-1.0).least_shift(f64::INFINITY).diff(&runs(30, 400), &runs(30, 800));
    assert_eq!(strict.changes().count(), 0);
}

fn example() -> ninefold_profile::Diff {
    let side = |model: u64, failing: u64, extra: bool| {
        of((0..30).map(|n| {
            paused_run(run(async move {
                phase("assess", wait(20 + n * 7 % 5)).await;
                let retrieve = span::phase("retrieve");
                wait(100 + n * 3 % 9).instrument(retrieve.clone()).await;
                if n < failing {
                    let error = ninefold_core::Error::new(ninefold_core::ErrorKind::Unavailable, "no");
                    span::record_error(&retrieve, &error);
                }
                drop(retrieve);
                phase("verify", async {
                    chat(model + n % 11, if model > 60 { 1_200 } else { 900 }, 40).await;
                    wait(30 + n % 3).await;
                })
                .await;
                phase(if extra { "respond" } else { "reply" }, wait(2)).await;
            }))
            .profile
        }))
    };
    diff(&side(60, 0, true), &side(90, 3, false))
}

#[test]
fn the_table_says_what_changed() {
    insta::assert_snapshot!(example().table().width(120), @r"
    phase         runs   before    after    shift           interval  effect       p  verdict
    assess     30 | 30  22.0 ms  22.0 ms   +0.0 %    −4.6 % … +4.8 %   +0.00   1.000  no change shown
    retrieve   30 | 30   103 ms   103 ms   +0.0 %    −3.0 % … +3.1 %   +0.00   1.000  no change shown
    verify     30 | 30  95.2 ms   125 ms  +31.3 %  +28.6 % … +34.4 %   +1.00  <0.001  slower
      model    30 | 30  64.1 ms  94.1 ms  +46.7 %  +41.9 % … +51.5 %   +1.00  <0.001  slower
      other    30 | 30  31.0 ms  31.0 ms   +0.0 %    −3.3 % … +3.4 %   +0.00   1.000  no change shown
    reply       0 | 30        –  2.00 ms                                              only after
    respond     30 | 0  2.00 ms        –                                              only before
    ─────────────────────────────────────────────────────────────────────────────────────────────────
    whole run  30 | 30   223 ms   253 ms  +13.6 %  +11.9 % … +15.3 %   +1.00  <0.001  slower
    a change: p < 0.01 over 6 tests (Mann–Whitney U, Holm), and a shift of at least 5 %; intervals at 99 %
    retrieve, by run: failed 0 → 0.1
    verify, by run: input tokens 900 → 1200
    whole run, by run: input tokens 900 → 1200
    ");
    insta::assert_snapshot!(example().table().width(20), @r"
    phase       before    after    shift  verdict
    assess     22.0 ms  22.0 ms   +0.0 %  no change shown
    retrieve    103 ms   103 ms   +0.0 %  no change shown
    verify     95.2 ms   125 ms  +31.3 %  slower
      model    64.1 ms  94.1 ms  +46.7 %  slower
      other    31.0 ms  31.0 ms   +0.0 %  no change shown
    reply            –  2.00 ms           only after
    respond    2.00 ms        –           only before
    ─────────────────────────────────────────────────────
    whole run   223 ms   253 ms  +13.6 %  slower
    a change: p < 0.01 over 6 tests (Mann–Whitney U, Holm), and
      a shift of at least 5 %; intervals at 99 %
    retrieve, by run: failed 0 → 0.1
    verify, by run: input tokens 900 → 1200
    whole run, by run: input tokens 900 → 1200
    ");
    insta::assert_snapshot!(diff(&runs(3, 10), &runs(2, 10)).table(), @r"
    phase       runs   before    after   shift  effect  verdict
    assess     3 | 2   104 ms  99.9 ms  +0.0 %   +0.00  too few runs
    retrieve   3 | 2  13.0 ms  9.99 ms  −9.9 %   −0.33  too few runs
    respond    3 | 2  41.0 ms  40.0 ms  −1.3 %   −0.33  too few runs
    ────────────────────────────────────────────────────────────────
    whole run  3 | 2   161 ms   150 ms  −0.3 %   −0.33  too few runs
    a change: p < 0.01 over 0 tests (Mann–Whitney U, Holm), and a shift of at least 5 %; intervals at 99
      %
    too few runs: it takes 8 on either side to call a change here
    ");
}

#[test]
fn no_line_is_wider_than_asked_for() {
    for width in 60..150 {
        let table = example().table().width(width).to_string();
        for line in table.lines() {
            assert!(unicode_width::UnicodeWidthStr::width(line) <= width, "{width}: {line:?}");
        }
    }
    assert!(example().table().color(true).to_string().contains("\u{1b}[31mslower"));
}

#[test]
fn a_comparison_is_data() {
    let json = serde_json::to_value(example()).unwrap();
    assert_eq!((json["version"].as_u64(), json["runs_before"].as_u64()), (Some(1), Some(30)));
    let row = |name: &str| {
        let rows = json["rows"].as_array().unwrap();
        rows.iter().find(|row| row["name"] == name && row["class"].is_null()).unwrap().clone()
    };
    assert_eq!(row("verify")["verdict"], "slower");
    assert_eq!(row("retrieve")["after"]["counts"]["failed"], 3);
    assert!(row("reply")["ratio"].is_null());
}
