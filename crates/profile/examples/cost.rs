//! What recording costs on this machine: nanoseconds per span and per run, with the profile's private subscriber and
//! with a host's.
//!
//! `cargo run --release -p ninefold-profile --example cost`

#![allow(clippy::disallowed_methods, reason = "it measures the profile from outside")]
#![allow(clippy::print_stdout, reason = "its output is its purpose")]

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use ninefold_core::id::RunId;
use ninefold_core::span;
use ninefold_profile::{Recorded, layer, record};
use tracing::instrument::Instrument as _;
use tracing_subscriber::layer::SubscriberExt as _;

const PHASES: [&str; 9] =
    ["assess", "retrieve", "decompose", "verify", "route", "collect", "synthesize", "record", "respond"];
const SPANS: usize = 100;

fn main() {
    println!(
        "clock read                 {:>7.0} ns",
        per(SPANS, || (0..SPANS).for_each(|_| {
            black_box(Instant::now());
        }))
    );
    println!("span, nobody listening     {:>7.1} ns", per(SPANS, || (0..SPANS).for_each(|_| one())));
    println!("\nthe private subscriber");
    measure();
    println!("\na host's registry without the layer");
    let _host = tracing::subscriber::set_default(tracing_subscriber::registry());
    println!("span                       {:>7.0} ns", per(SPANS, || (0..SPANS).for_each(|_| one())));
    println!("\na host's registry with the layer");
    let _host = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer()));
    println!("span outside recordings    {:>7.0} ns", per(SPANS, || (0..SPANS).for_each(|_| one())));
    measure();
}

fn measure() {
    let id = RunId::random();
    let spans = per(SPANS, || drop(run(record(async { (0..SPANS).for_each(|_| one()) }))));
    println!("span                       {spans:>7.0} ns");
    let empty = per(1, || drop(run(record(async {}))));
    println!("recording without spans    {empty:>7.0} ns");
    let nine = per(1, || drop(run(record(nine_phases(id)))));
    let bare = per(1, || run(nine_phases(id)));
    println!("run with nine phases       {nine:>7.0} ns, of it {bare:.0} without recording");
    let Recorded { profile, .. } = run(record(nine_phases(id)));
    let said = profile.overhead().unwrap_or_default().as_nanos() as f64;
    println!(
        "  recording it             {:>7.0} ns measured, {said:.0} by its profile ({:+.0} %)",
        nine - bare,
        100.0 * (said / (nine - bare) - 1.0)
    );
    let long = per(1, || drop(run(record(waits()))));
    let bare = per(1, || run(waits()));
    let Recorded { profile, .. } = run(record(waits()));
    let said = profile.overhead().unwrap_or_default().as_nanos() as f64;
    println!(
        "  one that waits 100 times {:>7.0} ns measured, {said:.0} by its profile ({:+.0} %)",
        long - bare,
        100.0 * (said / (long - bare) - 1.0)
    );
    println!("tree of it                 {:>7.0} ns", per(1, || drop(black_box(profile.tree()))));
    println!("table of it, printed       {:>7.0} ns", per(1, || drop(black_box(profile.table().to_string()))));
    println!("JSON of it                 {:>7.0} ns", per(1, || drop(black_box(profile.to_json()))));
}

fn one() {
    span::phase("assess").in_scope(|| black_box(()));
}

async fn nine_phases(id: RunId) {
    async {
        for phase in PHASES {
            async { black_box(()) }.instrument(span::phase(phase)).await;
        }
    }
    .instrument(span::run("soar", id, None))
    .await;
}

/// Three spans within each other, polled a hundred times.
async fn waits() {
    let mut left = 100_u32;
    std::future::poll_fn(|_| {
        left -= 1;
        if left == 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .instrument(span::backoff())
    .instrument(span::agent("agent"))
    .instrument(span::phase("collect"))
    .await;
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

/// The median of many times that `work` took, divided by `n`, in nanoseconds.
fn per(n: usize, mut work: impl FnMut()) -> f64 {
    let time = |_| {
        let start = Instant::now();
        work();
        start.elapsed().as_nanos()
    };
    let mut times: Vec<u128> = (0..10_000).map(time).collect();
    times.sort_unstable();
    times.get(times.len() / 2).map_or(0.0, |median| *median as f64 / n as f64)
}
