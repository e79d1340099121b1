//! What an export costs the thread that makes spans, and what it costs the others.
//!
//! - **A span** among many of one run, made, entered, left, closed: CPU time of the thread, with the profile's layer, with
//!   the export's, and with both. Spans are discarded where the queue begins, but in the last row: there they go through it
//!   to the exporter's thread, which makes them readable and then discards them.
//! - **A run of nine no-op phases**, recorded: CPU time of the thread; then of all threads of the process, until the last
//!   span is sent. The receiver is a socket in this process, whose thread is not counted.
//!
//! `cargo bench -p ninefold-profile --features otlp --bench otlp`

// A benchmark may panic.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

use std::hint::black_box;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{Criterion, criterion_group, criterion_main};
use ninefold_core::id::RunId;
use ninefold_core::span;
use ninefold_profile::otlp::Guard;
use ninefold_profile::{layer, otlp, record};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use tokio::runtime::Runtime;
use tracing::Dispatch;
use tracing::instrument::{Instrument as _, WithSubscriber as _};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;

/// CPU time, which other programs on the machine do not lengthen.
#[derive(Clone, Copy)]
enum CpuTime {
    /// Of the calling thread.
    Thread,
    /// Of the process, without the thread of the receiver.
    Process,
}

/// CPU time of the receiver's threads.
static RECEIVER: AtomicU64 = AtomicU64::new(0);

impl Measurement for CpuTime {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        match self {
            Self::Thread => cpu_time::ThreadTime::now().as_duration(),
            Self::Process => {
                let receiver = Duration::from_nanos(RECEIVER.load(Ordering::SeqCst));
                cpu_time::ProcessTime::now().as_duration().saturating_sub(receiver)
            }
        }
    }

    fn end(&self, start: Duration) -> Duration {
        self.start().saturating_sub(start)
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

/// Starts a receiver, which answers every request as one that was taken; gives its address.
fn receiver() -> String {
    fn serve(stream: &TcpStream) {
        let mut reader = BufReader::new(stream);
        let mut noted = Duration::ZERO;
        let mut line = String::new();
        let (mut length, mut body) = (0, Vec::new());
        while reader.read_line(&mut line).is_ok_and(|read| read > 0) {
            if let Some(said) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = said.trim().parse().unwrap();
            }
            if line == "\r\n" {
                body.resize(length, 0);
                reader.read_exact(&mut body).unwrap();
                // Before the answer, so that it is noted when the span counts as delivered.
                let used = cpu_time::ThreadTime::now().as_duration();
                RECEIVER.fetch_add(u64::try_from((used - noted).as_nanos()).unwrap(), Ordering::SeqCst);
                noted = used;
                let mut stream = stream;
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
            }
            line.clear();
        }
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || listener.incoming().for_each(|stream| serve(&stream.unwrap())));
    format!("http://{address}")
}

/// A recorded run of so many phases.
async fn run(id: RunId, phases: u32) {
    let work = async {
        for _ in 0..phases {
            span::phase("assess").in_scope(|| black_box(()));
        }
    };
    drop(black_box(record(work.instrument(span::run("soar", id, None))).await));
}

fn runs(runtime: &Runtime, host: &Dispatch, n: u64, phases: u32) {
    for id in 0..n {
        runtime.block_on(run(RunId(u128::from(id)), phases).with_subscriber(host.clone()));
    }
}

/// Phases in each run that is measured for its spans, so that what a run costs once is little beside them.
const SPANS: u32 = 256;

fn span_cost(criterion: &mut Criterion<CpuTime>) {
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
                let n = iterations.div_ceil(u64::from(SPANS));
                let start = CpuTime::Thread.start();
                runs(&runtime, &host, n, SPANS);
                let spent = CpuTime::Thread.end(start);
                spent.mul_f64(iterations as f64 / (n * u64::from(SPANS)) as f64)
            });
        });
    }
    group.finish();
    for guard in [alone_guard, inside_guard, outside_guard, sending_guard] {
        guard.shutdown_within(Duration::from_millis(100));
    }
}

/// Runs between two times at which the queue is emptied, so that it is never full.
const RUNS: u64 = 2_000;

/// The hosts of a run of nine phases, each with what ends its export.
fn hosts() -> Vec<(&'static str, Dispatch, Option<Guard>)> {
    let (nowhere, nowhere_guard) = otlp::from_env().unwrap().build_with(Discarding).unwrap();
    let (sending, sending_guard) = otlp::from_env().unwrap().endpoint(receiver()).build().unwrap();
    vec![
        ("profile, no subscriber", Dispatch::none(), None),
        ("registry, profile", Dispatch::new(registry().with(layer())), None),
        ("exported to nowhere", Dispatch::new(registry().with(layer()).with(nowhere)), Some(nowhere_guard)),
        ("exported to a receiver", Dispatch::new(registry().with(layer()).with(sending)), Some(sending_guard)),
    ]
}

fn run_cost(criterion: &mut Criterion<CpuTime>, group: &str, time: CpuTime) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut group = criterion.benchmark_group(group);
    for (name, host, guard) in hosts() {
        let flush = || guard.as_ref().map(Guard::flush);
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|iterations| {
                let mut spent = Duration::ZERO;
                let mut left = iterations;
                while left > 0 {
                    let n = left.min(RUNS);
                    left -= n;
                    let start = time.start();
                    runs(&runtime, &host, n, 9);
                    if let CpuTime::Process = time {
                        flush();
                    }
                    spent += time.end(start);
                    flush();
                }
                spent
            });
        });
        if let Some(guard) = guard {
            let delivery = guard.shutdown();
            assert!(delivery.is_complete(), "{name}: {delivery}");
        }
    }
    group.finish();
}

fn on_the_callers_thread(criterion: &mut Criterion<CpuTime>) {
    run_cost(criterion, "nine phases", CpuTime::Thread);
}

fn on_all_threads(criterion: &mut Criterion<CpuTime>) {
    run_cost(criterion, "nine phases, all threads", CpuTime::Process);
}

criterion_group! {
    name = on_the_thread;
    config = Criterion::default().with_measurement(CpuTime::Thread).sample_size(60).configure_from_args();
    targets = span_cost, on_the_callers_thread
}
criterion_group! {
    name = on_the_process;
    config = Criterion::default().with_measurement(CpuTime::Process).sample_size(20).configure_from_args();
    targets = on_all_threads
}
criterion_main!(on_the_thread, on_the_process);
