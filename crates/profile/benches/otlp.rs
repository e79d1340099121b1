//! What one span costs the thread that makes it, with the profile's layer, the bridge to OpenTelemetry, and both: CPU time
//! of that thread, made, entered, left, closed. Spans are discarded where the queue begins, but in the last row: there
//! they go through it to the exporter's thread, which makes them readable and then discards them.
//!
//! `cargo bench -p ninefold-profile --features otlp --bench otlp`

// A benchmark may panic.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

use std::hint::black_box;
use std::time::Duration;

use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{Criterion, criterion_group, criterion_main};
use ninefold_core::id::RunId;
use ninefold_core::span;
use ninefold_profile::{layer, otlp, record};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use tracing::Dispatch;
use tracing::instrument::{Instrument as _, WithSubscriber as _};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;

/// CPU time of the calling thread, which other programs on the machine do not lengthen.
struct ThreadTime;

impl Measurement for ThreadTime {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        cpu_time::ThreadTime::now().as_duration()
    }

    fn end(&self, start: Duration) -> Duration {
        cpu_time::ThreadTime::now().as_duration() - start
    }

    fn add(&self, one: &Duration, other: &Duration) -> Duration {
        *one + *other
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        WallTime.to_f64(value)
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

/// Takes every batch and does nothing with it.
#[derive(Debug)]
struct Discarding;

impl SpanExporter for Discarding {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        drop(black_box(batch));
        Ok(())
    }
}

/// Never done with its first batch, so that the queue is full and everything is discarded before it.
#[derive(Debug)]
struct Stuck;

impl SpanExporter for Stuck {
    async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
        std::future::pending().await
    }
}

/// Phases in each measured run, so that what a run costs once is little beside them.
const SPANS: u32 = 256;

/// A run of [`SPANS`] phases, recorded.
async fn spans(id: RunId) {
    let work = async {
        for _ in 0..SPANS {
            span::phase("assess").in_scope(|| black_box(()));
        }
    };
    drop(black_box(record(work.instrument(span::run("soar", id, None))).await));
}

fn span_cost(criterion: &mut Criterion<ThreadTime>) {
    let full = || otlp::from_env().unwrap().queue_size(1).batch_size(1);
    let (alone, alone_guard) = full().build_with(Stuck).unwrap();
    let (inside, inside_guard) = full().build_with(Stuck).unwrap();
    let (outside, outside_guard) = full().build_with(Stuck).unwrap();
    let (sending, sending_guard) = otlp::from_env().unwrap().build_with(Discarding).unwrap();
    let hosts = [
        ("registry, bridge", Dispatch::new(registry().with(alone))),
        ("registry, profile", Dispatch::new(registry().with(layer()))),
        ("registry, profile, bridge", Dispatch::new(registry().with(layer()).with(inside))),
        ("registry, bridge, profile", Dispatch::new(registry().with(outside).with(layer()))),
        ("registry, profile, bridge, sent", Dispatch::new(registry().with(layer()).with(sending))),
    ];
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut group = criterion.benchmark_group("span");
    for (name, host) in hosts {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|iterations| {
                let runs = iterations.div_ceil(u64::from(SPANS));
                let start = ThreadTime.start();
                for n in 0..runs {
                    runtime.block_on(spans(RunId(u128::from(n))).with_subscriber(host.clone()));
                }
                let spent = ThreadTime.end(start);
                spent.mul_f64(iterations as f64 / (runs * u64::from(SPANS)) as f64)
            });
        });
    }
    group.finish();
    for guard in [alone_guard, inside_guard, outside_guard, sending_guard] {
        guard.shutdown_within(Duration::from_millis(100));
    }
}

criterion_group! {
    name = otlp_spans;
    config = Criterion::default().with_measurement(ThreadTime).sample_size(60).configure_from_args();
    targets = span_cost
}
criterion_main!(otlp_spans);
