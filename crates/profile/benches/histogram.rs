//! What statistics cost: one duration into a histogram, one profile of nine phases into statistics, a snapshot, a
//! comparison.

// A benchmark may panic.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

#[path = "../../../benches/machine/crates.rs"]
mod machine;

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use criterion::{BatchSize, Criterion, Throughput};
use machine::{Report, Target};
use ninefold_core::id::RunId;
use ninefold_core::span;
use ninefold_profile::{Histogram, Profile, Snapshot, Statistics, diff, record};
use tracing::instrument::Instrument as _;

const PHASES: [&str; 9] =
    ["assess", "retrieve", "decompose", "verify", "route", "collect", "synthesize", "record", "respond"];
/// Durations recorded by one iteration: many, so that the loop and the clock do not count.
const DURATIONS: usize = 1_024;

fn histogram(criterion: &mut Criterion) {
    let mut random = fastrand::Rng::with_seed(9);
    // From 1 µs to 1 s, as the times of phases are.
    let durations: Vec<u64> = (0..DURATIONS).map(|_| 10_f64.powf(3.0 + 6.0 * random.f64()) as u64).collect();
    let mut group = criterion.benchmark_group("histogram");
    group.throughput(Throughput::Elements(DURATIONS as u64));
    group.bench_function("record a duration", |bencher| {
        let mut histogram = Histogram::new();
        bencher.iter(|| durations.iter().for_each(|nanos| histogram.record(black_box(*nanos))));
    });
    group.finish();
}

fn statistics(criterion: &mut Criterion) {
    let profiles: Vec<Profile> = (0..200).map(nine_phases).collect();
    let filled = || {
        let statistics = Statistics::new();
        profiles.iter().for_each(|profile| statistics.record(profile));
        statistics
    };
    let mut group = criterion.benchmark_group("statistics");
    group.bench_function("breakdown of nine phases", |bencher| {
        let mut all = profiles.iter().cycle();
        bencher.iter(|| all.next().map(Profile::breakdown));
    });
    group.bench_function("record nine phases", |bencher| {
        let statistics = filled();
        let mut all = profiles.iter().cycle();
        bencher.iter(|| all.next().map(|profile| statistics.record(profile)));
    });
    group.bench_function("snapshot of 200 runs", |bencher| {
        let statistics = filled();
        bencher.iter(|| statistics.snapshot());
    });
    group.bench_function("diff of 200 runs with 200", |bencher| {
        let (before, after) = (filled().snapshot(), filled().snapshot());
        bencher.iter(|| diff(black_box(&before), black_box(&after)));
    });
    group.bench_function("merge of 200 runs with 200", |bencher| {
        let (before, after) = (filled().snapshot(), filled().snapshot());
        let merge = |mut both: Snapshot| {
            both.merge(&after);
            both
        };
        bencher.iter_batched(|| before.clone(), merge, BatchSize::SmallInput);
    });
    group.finish();
}

fn nine_phases(seed: u64) -> Profile {
    let mut random = fastrand::Rng::with_seed(seed);
    let phases = async {
        for phase in PHASES {
            async {
                (0..random.usize(200..400)).for_each(|n| {
                    black_box(n);
                });
            }
            .instrument(span::phase(phase))
            .await;
        }
    };
    let mut run = pin!(record(phases.instrument(span::run("soar", RunId(7), None))));
    loop {
        if let Poll::Ready(recorded) = run.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return recorded.profile;
        }
    }
}

fn quick() -> Criterion {
    Criterion::default()
        .sample_size(60)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args()
}

fn main() {
    machine::describe();
    let start = SystemTime::now();
    let mut report = Report::new("histogram", "cargo bench -p ninefold-profile --bench histogram");
    let mut criterion = quick();
    histogram(&mut criterion);
    statistics(&mut criterion);
    criterion.final_summary();
    machine::gather(&mut report, start, "histogram", "ns", &[("record a duration", Target::Most(12.0))]);
    machine::gather(&mut report, start, "statistics", "µs", &[]);
    report.write();
}
