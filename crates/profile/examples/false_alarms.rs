//! How honest a comparison is: how often it calls a change where there is none, and how often it sees one.
//!
//! `cargo run --release -p ninefold-profile --example false_alarms`
//!
//! - **drawn**: phases whose times are log-normal, on a clock that is set by hand; 30 runs before and 30 after. The seeds
//!   are fixed, so these figures are the same on every machine.
//! - **real**: a small pipeline of spans that computes for some µs, recorded on this machine as it is; once with runs
//!   before and after by turns, once with all of the first before all of the second.
//!
//! The figures are written to `target/false_alarms.json`, or to the file given as argument. `--test` makes a few only.

#![allow(clippy::disallowed_methods, reason = "it stands in for a clock")]
#![allow(clippy::print_stdout, reason = "its output is its purpose")]

use std::cell::Cell;
use std::hint::black_box;
use std::pin::pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use ninefold_core::id::RunId;
use ninefold_core::span;
use ninefold_profile::{Diff, Profile, Statistics, Verdict, diff, record};
use serde_json::{Value, json};
use tracing::instrument::Instrument as _;

const PHASES: [&str; 10] =
    ["normalize", "assess", "retrieve", "decompose", "verify", "route", "collect", "synthesize", "record", "respond"];
/// The median of each phase's time, in µs.
const MEDIANS: [f64; 10] = [40.0, 120.0, 2_300.0, 9_000.0, 700.0, 60.0, 21_000.0, 14_000.0, 350.0, 80.0];
const RUNS: usize = 30;
/// The criteria that the pairs are judged by: level, and least shift.
const CRITERIA: [(f64, f64); 9] = [
    (0.05, 0.0),
    (0.05, 0.05),
    (0.05, 0.10),
    (0.01, 0.0),
    (0.01, 0.05),
    (0.01, 0.10),
    (0.001, 0.0),
    (0.001, 0.05),
    (0.001, 0.10),
];

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let first = arguments.next();
    let is_test = first.as_deref() == Some("--test");
    let pairs = if is_test { 20 } else { 1_000 };
    println!("{pairs} pairs each, {RUNS} runs before and {RUNS} after, {} phases", PHASES.len());

    println!("\nnothing changed: of all comparisons, those that call any change (level, least shift)");
    println!(
        "{:<24}{}",
        "",
        CRITERIA.map(|(level, shift)| format!("{:>13}", format!("{level}, {:.0} %", shift * 100.0))).concat()
    );
    let mut figures = Vec::new();
    for cv in [0.05, 0.10, 0.20] {
        let all = (0..pairs).map(|pair| drawn(pair, cv, 1.0));
        figures.push(alarms(&format!("drawn, CV {:.0} %", cv * 100.0), all));
    }
    for _ in 0..200 {
        black_box(real());
    }
    figures.push(alarms("real, by turns", (0..pairs).map(|_| measured(true))));
    figures.push(alarms("real, one after other", (0..pairs).map(|_| measured(false))));

    println!("\none phase takes 10 % longer: of all comparisons, those that call it slower");
    for cv in [0.05, 0.10, 0.20] {
        let all = (0..pairs).map(|pair| drawn(pair, cv, 1.1));
        figures.push(power(&format!("drawn, CV {:.0} %", cv * 100.0), all));
    }

    let document = json!({ "pairs": pairs, "runs": RUNS, "phases": PHASES.len(), "figures": figures });
    let place = first.filter(|_| !is_test);
    let place =
        place.unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/false_alarms.json").to_owned());
    std::fs::write(&place, format!("{document:#}\n"))
}

/// How often any change is called, and by which criteria.
fn alarms(what: &str, diffs: impl Iterator<Item = Diff>) -> Value {
    table(what, "false_alarms", diffs, |diff, level, shift| diff.rows().iter().any(|row| called(row, level, shift)))
}

/// How often the phase that takes longer is called slower.
fn power(what: &str, diffs: impl Iterator<Item = Diff>) -> Value {
    table(what, "power", diffs, |diff, level, shift| {
        diff.row("decompose").is_some_and(|row| called(row, level, shift) && row.ratio > Some(1.0))
    })
}

fn table(what: &str, kind: &str, diffs: impl Iterator<Item = Diff>, says: impl Fn(&Diff, f64, f64) -> bool) -> Value {
    let (mut counts, mut all, mut by_default) = ([0_u32; CRITERIA.len()], 0_u32, 0_u32);
    for diff in diffs {
        all += 1;
        for (count, (level, shift)) in counts.iter_mut().zip(CRITERIA) {
            *count += u32::from(says(&diff, level, shift));
        }
        by_default += u32::from(
            diff.changes()
                .any(|row| kind == "false_alarms" || (row.name == "decompose" && row.verdict == Verdict::Slower)),
        );
    }
    let part = |count: u32| f64::from(count) / f64::from(all.max(1));
    println!("{what:<24}{}", counts.map(|count| format!("{:>13}", format!("{:.1} %", part(count) * 100.0))).concat());
    let by_criteria: Vec<Value> = CRITERIA
        .iter()
        .zip(counts)
        .map(|((level, shift), count)| json!({ "level": level, "least_shift": shift, "part": part(count) }))
        .collect();
    json!({ "of": what, "what": kind, "by_default": part(by_default), "by_criteria": by_criteria })
}

/// The verdict by other criteria; the corrected p does not depend on them.
fn called(row: &ninefold_profile::DiffRow, level: f64, least_shift: f64) -> bool {
    let (Some(p), Some(ratio)) = (row.p_corrected, row.ratio) else { return false };
    p < level && ratio.max(1.0 / ratio) >= 1.0 + least_shift
}

thread_local! {
    static NOW: Cell<u64> = const { Cell::new(0) };
}

/// A clock that is set by hand.
fn clock() -> Instant {
    static START: OnceLock<Instant> = OnceLock::new();
    *START.get_or_init(Instant::now) + Duration::from_nanos(NOW.get())
}

/// Two samples from the same times, but for one phase that takes `factor` times as long in the second.
fn drawn(pair: u64, cv: f64, factor: f64) -> Diff {
    let mut random = fastrand::Rng::with_seed(0x009f_01d5 ^ (pair << 16) ^ cv.to_bits() ^ factor.to_bits());
    let samples = [1.0, factor].map(|factor| {
        let statistics = Statistics::new();
        for _ in 0..RUNS {
            statistics.record(&drawn_run(&mut random, cv, factor));
        }
        statistics.snapshot()
    });
    let [before, after] = &samples;
    diff(before, after)
}

fn drawn_run(random: &mut fastrand::Rng, cv: f64, factor: f64) -> Profile {
    let sigma = (1.0 + cv * cv).ln().sqrt();
    let times = PHASES.iter().zip(MEDIANS).map(|(phase, median)| {
        let factor = if *phase == "decompose" { factor } else { 1.0 };
        (median * 1_000.0 * factor * (sigma * normal(random)).exp()) as u64
    });
    let times: Vec<u64> = times.collect();
    let phases = async {
        for (phase, nanos) in PHASES.into_iter().zip(times) {
            async { NOW.set(NOW.get() + nanos) }.instrument(span::phase(phase)).await;
            NOW.set(NOW.get() + 300);
        }
    };
    run(record(phases.instrument(span::run("drawn", RunId(1), None))).with_clock(clock)).profile
}

/// A standard normal deviate, by the method of Box and Muller (Annals of Mathematical Statistics 29, 1958).
fn normal(random: &mut fastrand::Rng) -> f64 {
    let radius = (-2.0 * (1.0 - random.f64()).ln()).sqrt();
    radius * (std::f64::consts::TAU * random.f64()).cos()
}

/// Two samples of the same program, measured here and now.
fn measured(by_turns: bool) -> Diff {
    let (before, after) = (Statistics::new(), Statistics::new());
    for n in 0..2 * RUNS {
        let is_first = if by_turns { n % 2 == 0 } else { n < RUNS };
        let profile = real();
        if is_first { before.record(&profile) } else { after.record(&profile) }
    }
    diff(&before.snapshot(), &after.snapshot())
}

/// Ten phases that compute, allocate and sort for some µs each.
fn real() -> Profile {
    let phases = async {
        for (n, phase) in PHASES.into_iter().enumerate() {
            async {
                let mut values: Vec<u64> =
                    (0..80 + 40 * n as u64).map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect();
                values.sort_unstable();
                let words: Vec<String> = values.iter().take(20).map(u64::to_string).collect();
                black_box((values, words.concat()));
            }
            .instrument(span::phase(phase))
            .await;
        }
    };
    run(record(phases.instrument(span::run("real", RunId(2), None)))).profile
}

/// Polls to the end a future that never waits.
fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}
