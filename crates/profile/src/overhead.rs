//! What recording costs on this machine, measured once in a process, and what it cost a run by that measure.
//!
//! Small recordings are timed with nothing in them, with spans, and with spans that are entered again and again; that gives
//! four rates. Each is a lower quartile, so that an interruption does no harm. What a host's registry and other layers cost is
//! theirs and taken away.

use std::future::poll_fn;
use std::hint::black_box;
use std::pin::pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use ninefold_core::span;
use tracing::Dispatch;
use tracing::dispatcher::with_default;
use tracing::instrument::Instrument as _;
use tracing::subscriber::NoSubscriber;
use tracing_subscriber::layer::{Layer, SubscriberExt as _};
use tracing_subscriber::registry;

use crate::layer::layer;
use crate::recording::record;
use crate::time_source::monotonic;

/// Who heard of the spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recorder {
    /// The private subscriber.
    Private,
    /// The layer in the host's subscriber.
    Layer,
}

/// What was done to record a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Work {
    pub(crate) recorder: Recorder,
    /// How often spans were entered.
    pub(crate) visits: u64,
    /// How often the recording was polled.
    pub(crate) polls: u64,
}

/// Nanoseconds.
#[derive(Debug, Clone, Copy, Default)]
struct Rates {
    /// For a recording, polled once.
    recording: f64,
    /// For each further poll.
    poll: f64,
    /// For a span around a future: it is entered for its only poll, and once more when the future is dropped.
    span: f64,
    /// For each further time that a span is entered.
    visit: f64,
}

/// What recording a run cost that made so many spans.
pub(crate) fn estimate(work: Work, spans: u64) -> Option<Duration> {
    static PRIVATE: OnceLock<Option<Rates>> = OnceLock::new();
    static LAYER: OnceLock<Option<Rates>> = OnceLock::new();
    let rates = match work.recorder {
        Recorder::Private => PRIVATE.get_or_init(|| apart(measure_private)),
        Recorder::Layer => LAYER.get_or_init(|| apart(measure_layer)),
    };
    let rates = (*rates)?;
    let visits = work.visits.saturating_sub(2 * spans) as f64;
    let polls = work.polls.saturating_sub(1) as f64;
    let nanos = rates.recording + rates.poll * polls + rates.span * spans as f64 + rates.visit * visits;
    Some(Duration::from_nanos(nanos as u64))
}

/// Measures on a thread of its own, which is inside of no recording and has heard of no subscriber.
/// None where the system gives no thread.
fn apart(measure: fn() -> Rates) -> Option<Rates> {
    std::thread::Builder::new().name("ninefold-measure".to_owned()).spawn(measure).ok()?.join().ok()
}

fn measure_private() -> Rates {
    with_default(&Dispatch::new(NoSubscriber::default()), || rates(true).less(rates(false)))
}

fn measure_layer() -> Rates {
    /// A registry without a layer would keep its spans for ever.
    struct Nothing;
    impl<S: tracing::Subscriber> Layer<S> for Nothing {}

    let with = with_default(&Dispatch::new(registry().with(layer())), || rates(true));
    let without = with_default(&Dispatch::new(registry().with(Nothing)), || rates(false));
    // The two registries are gone; callsites that the host has turned off need not ask any longer.
    tracing::callsite::rebuild_interest_cache();
    with.less(without)
}

impl Rates {
    fn less(self, other: Self) -> Self {
        let less = |own: f64, other: f64| (own - other).max(0.0);
        Self {
            recording: less(self.recording, other.recording),
            poll: less(self.poll, other.poll),
            span: less(self.span, other.span),
            visit: less(self.visit, other.visit),
        }
    }
}

/// The spans in a measured run, as many as one with nine phases has.
const SPANS: u32 = 10;
/// How often a measured run with one span or none waits.
const WAITS: u32 = 16;

fn rates(recorded: bool) -> Rates {
    let time = |spans: u32, waits: u32| quartile(|| once(recorded, spans, waits));
    let (nothing, spans) = (time(0, 0), time(SPANS, 0));
    let (polled, entered) = (time(0, WAITS), time(1, WAITS));
    let (span, waits) = ((spans - nothing) / f64::from(SPANS), f64::from(WAITS));
    let poll = (polled - nothing) / waits;
    Rates { recording: nothing, poll, span, visit: (entered - polled - span) / waits }
}

/// The lower quartile of many times that `work` took, in nanoseconds: of what disturbs it, nothing makes it faster.
fn quartile(mut work: impl FnMut()) -> f64 {
    /// So many at a time that reading the clock does not count.
    const BATCH: u32 = 4;
    const BATCHES: usize = 41;
    /// Until memory and branches are known to the processor.
    const WARM_UP: usize = 100;
    (0..WARM_UP).for_each(|_| work());
    let mut times: Vec<u128> = (0..BATCHES)
        .map(|_| {
            let start = monotonic();
            (0..BATCH).for_each(|_| work());
            monotonic().saturating_duration_since(start).as_nanos()
        })
        .collect();
    times.sort_unstable();
    times.get(BATCHES / 4).map_or(0.0, |time| *time as f64 / f64::from(BATCH))
}

/// A run whose spans follow each other, each of them waiting so often.
fn once(recorded: bool, spans: u32, waits: u32) {
    let work = async {
        if spans == 0 {
            wait(waits).await;
        }
        for _ in 0..spans {
            wait(waits).instrument(span::phase("assess")).await;
        }
    };
    if recorded {
        black_box(run(record(work)));
    } else {
        run(work);
    }
}

/// Is ready when it is polled again so many times.
async fn wait(mut times: u32) {
    poll_fn(|_| {
        let left = times;
        times = times.saturating_sub(1);
        if left == 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Polls to the end a future that waits for nothing.
fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_recorded_costs_something_and_more_costs_more() {
        for recorder in [Recorder::Private, Recorder::Layer] {
            let cost = |polls, visits, spans| estimate(Work { recorder, visits, polls }, spans).unwrap();
            let least = cost(1, 2, 1);
            assert!(least > Duration::ZERO);
            assert!(cost(1, 200_000, 100_000) > least);
            assert!(cost(1_000_000, 2, 1) > least);
            assert!(cost(1, 1_000_000, 1) > least);
        }
    }
}
