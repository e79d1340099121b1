//! What recording costs: nanoseconds of thread CPU time, and allocations.
//!
//! `cargo bench -p ninefold-profile --bench span`

// A benchmark reads the clock itself, makes spans of its own, and may panic.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::indexing_slicing
)]

#[path = "../../../benches/machine/crates.rs"]
mod machine;

use std::alloc::System;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use cpu_time::ThreadTime;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion};
use machine::{Report, Target};
use ninefold_core::id::RunId;
use ninefold_core::span;
use ninefold_profile::{layer, record};
use stats_alloc::{Region, StatsAlloc};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::set_default;
use tracing_subscriber::layer::{Layer, SubscriberExt as _};
use tracing_subscriber::registry;

#[global_allocator]
static ALLOCATOR: StatsAlloc<System> = StatsAlloc::system();

/// Spans of one recording: as many as a run with agents and models has.
const SPANS: u64 = 100;

/// A layer that does nothing, as the floor: a registry without any layer leaks spans.
struct Nothing;

impl<S: tracing::Subscriber> Layer<S> for Nothing {}

/// Polls to the end a future that never waits.
fn run<F: Future>(future: F) -> F::Output {
    let Poll::Ready(output) = pin!(future).poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("it never waits")
    };
    output
}

fn spans(n: u64) {
    for _ in 0..n {
        span::phase("assess").in_scope(|| black_box(()));
    }
}

/// Measures `work` for batches of spans, in a recording of its own each, in thread CPU time.
fn cpu(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, recorded: bool, work: fn(u64)) {
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|n| {
            let mut spent = Duration::ZERO;
            let mut left = n;
            while left > 0 {
                // Where no span is kept, so many that reading the clock does not count.
                let batch = left.min(if recorded { SPANS } else { 100 * SPANS });
                left -= batch;
                // The recording itself is made before the clock starts, and dropped after it has stopped.
                let measured = async {
                    // The first allocations of a run, which a usual run makes once.
                    spans(1);
                    let start = ThreadTime::now();
                    work(batch);
                    start.elapsed()
                };
                spent += if recorded { run(record(measured)).output } else { run(measured) };
            }
            spent
        });
    });
}

fn enter_again(n: u64) {
    let span = span::phase("assess");
    let other = span::phase("retrieve");
    for _ in 0..n / 2 {
        // In turns, as polls of two branches are.
        span.in_scope(|| black_box(()));
        other.in_scope(|| black_box(()));
    }
}

fn nine_phases(_: u64) {
    span::run("soar", RunId(7), None).in_scope(|| spans(9));
}

/// Before anything else: a callsite that a subscriber once took interest in asks each time.
fn disabled(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("disabled span");
    cpu(&mut group, "nobody listening", false, spans);
    {
        let _host = set_default(registry().with(LevelFilter::OFF).with(layer()));
        cpu(&mut group, "filtered out by the host", false, spans);
    }
    {
        let _host = set_default(registry().with(layer().with_filter(LevelFilter::OFF)));
        cpu(&mut group, "filtered out on the layer", false, spans);
    }
    group.finish();
}

fn costs(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("profile");
    cpu(&mut group, "span, private subscriber", true, spans);
    cpu(&mut group, "enter again, private subscriber", true, enter_again);
    {
        let _host = set_default(registry().with(Nothing));
        cpu(&mut group, "span, registry and an empty layer", false, spans);
        cpu(&mut group, "enter again, registry and an empty layer", false, enter_again);
    }
    {
        let _host = set_default(registry().with(layer()));
        cpu(&mut group, "span, registry and our layer", true, spans);
        cpu(&mut group, "enter again, registry and our layer", true, enter_again);
        cpu(&mut group, "span outside of recordings, registry and our layer", false, spans);
    }
    group.finish();
    let mut group = criterion.benchmark_group("recording");
    group.bench_function("empty", |bencher| bencher.iter(|| run(record(async {}))));
    group.bench_function("a run of nine phases", |bencher| {
        bencher.iter(|| run(record(async { nine_phases(0) })));
    });
    group.bench_function("its tree", |bencher| {
        let profile = run(record(async { nine_phases(0) })).profile;
        bencher.iter(|| black_box(profile.tree()));
    });
    group.bench_function("its critical path", |bencher| {
        let profile = run(record(async { nine_phases(0) })).profile;
        bencher.iter(|| black_box(profile.critical_path()));
    });
    group.finish();
}

/// Counts allocations of a thousand more spans in a recording.
fn allocations(report: &mut Report, name: &str) {
    const MORE: u64 = 1_000;
    let counted = run(record(async {
        spans(SPANS);
        let region = Region::new(&ALLOCATOR);
        spans(MORE);
        region.change()
    }))
    .output;
    let (new, grown) = (counted.allocations, counted.reallocations);
    let row = format!("allocations of {MORE} more spans, {name}");
    report.value(&row, "new", "", new as f64, Target::Most(0.0));
    report.value(&row, "for room that doubles", "", grown as f64, Target::None);
}

fn main() {
    machine::describe();
    let start = SystemTime::now();
    let mut report = Report::new("span", "cargo bench -p ninefold-profile --bench span");
    let mut criterion = Criterion::default()
        .sample_size(40)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    disabled(&mut criterion);
    allocations(&mut report, "private subscriber");
    {
        let _host = set_default(registry().with(Nothing));
        allocations(&mut report, "registry and an empty layer");
    }
    {
        let _host = set_default(registry().with(layer()));
        allocations(&mut report, "registry and our layer");
    }
    costs(&mut criterion);
    criterion.final_summary();
    machine::gather(&mut report, start, "disabled span", "ns", &[("filtered out by the host", Target::Most(2.0))]);
    let targets = [
        ("span, registry and our layer", Target::Most(350.0)),
        ("enter again, registry and our layer", Target::Most(60.0)),
    ];
    machine::gather(&mut report, start, "profile", "ns", &targets);
    machine::gather(&mut report, start, "recording", "µs", &[]);
    report.write();
}
