//! A future whose spans are recorded while it is polled.

use std::borrow::Cow;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use pin_project_lite::pin_project;
use tracing::dispatcher::{self, Dispatch};
use tracing::level_filters::{LevelFilter, STATIC_MAX_LEVEL};
use tracing::subscriber::NoSubscriber;

use crate::here;
use crate::layer::ProfileLayer;
use crate::overhead::{Recorder, Work};
use crate::private_dispatch::{Private, private_dispatch};
use crate::profile::Profile;
use crate::run_tree::RunTree;
use crate::statistics::Statistics;
use crate::time_source::{TimeSource, monotonic};

/// Records the spans of `future` from its first poll to its end.
///
/// A span belongs to the recording when its parent does, on whatever thread, or else when it is made while the future is
/// being polled. So a task spawned with `.instrument(span)` is part of the run. In a host without a subscriber, spans
/// made *inside* such a task need `tracing::instrument::WithSubscriber::with_current_subscriber` on it as well: a
/// subscriber that is current on one thread is unknown to the others.
///
/// Recordings may be nested; the outer one then holds the spans of the inner one too. Dropping the recording drops the
/// future, and what was recorded.
pub fn record<F: Future>(future: F) -> Recording<F> {
    Recording { future: Some(future), clock: None, run: None, statistics: None }
}

pin_project! {
    /// See [`record`].
    #[must_use = "futures do nothing unless polled"]
    pub struct Recording<F> {
        #[pin]
        future: Option<F>,
        clock: Option<TimeSource>,
        run: Option<Run>,
        statistics: Option<Arc<Statistics>>,
    }

    impl<F> PinnedDrop for Recording<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            this.future.set(None);
            // An enclosing recording still wants to know where its time went.
            if let Some(run) = this.run.take() {
                let wall = run.tree.now();
                let profile = run.finish(wall);
                if let Some(statistics) = this.statistics {
                    statistics.record(&profile);
                }
            }
        }
    }
}

impl<F> Recording<F> {
    /// Records the run there when it ends, and when it is dropped before its end: whoever stopped waiting for it had
    /// waited.
    pub fn with_statistics(mut self, statistics: Arc<Statistics>) -> Self {
        self.statistics = Some(statistics);
        self
    }

    /// Goes by another clock than the layer's, for tests on a paused one.
    pub fn with_clock(mut self, clock: fn() -> Instant) -> Self {
        self.clock = Some(clock);
        self
    }
}

impl<F> fmt::Debug for Recording<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording").field("started", &self.run.is_some()).finish_non_exhaustive()
    }
}

/// What a future came to, and the account of how.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded<T> {
    /// The future's output.
    pub output: T,
    /// Where its time went.
    pub profile: Profile,
}

/// A recording that has been polled.
struct Run {
    tree: Arc<RunTree>,
    listener: Listener,
    /// Whether it goes by the system's clock, and not by that of a test.
    is_real: bool,
}

/// Who hears of the spans.
#[derive(Debug, Clone, Copy)]
enum Listener {
    /// The host has no subscriber; the private one is made current for every poll.
    Private,
    /// The layer was found in the host's subscriber.
    Host,
    /// The host has a subscriber in which no layer is to be seen; it may stand behind a `reload`.
    Unseen,
}

impl Run {
    fn start(clock: Option<TimeSource>) -> Self {
        let (listener, layer_clock) = dispatcher::get_default(|dispatch| {
            // The private one is found current within another recording.
            if dispatch.is::<NoSubscriber>() || dispatch.is::<Private>() {
                (Listener::Private, None)
            } else if let Some(layer) = dispatch.downcast_ref::<ProfileLayer>() {
                (Listener::Host, layer.clock())
            } else {
                (Listener::Unseen, None)
            }
        });
        let clock = clock.or(layer_clock);
        let tree = RunTree::start(clock.unwrap_or(monotonic), here::innermost());
        Self { tree, listener, is_real: clock.is_none() }
    }

    fn dispatch(&self) -> Option<&'static Dispatch> {
        matches!(self.listener, Listener::Private).then(private_dispatch)
    }

    fn finish(self, wall: u64) -> Profile {
        let finished = self.tree.finish(wall);
        let nothing_came = finished.records.is_empty() && finished.dropped_spans == 0;
        let reason = if !nothing_came {
            None
        } else if STATIC_MAX_LEVEL < LevelFilter::INFO {
            Some(COMPILED_OUT)
        } else {
            match self.listener {
                Listener::Private => None,
                Listener::Host => Some(FILTERED),
                Listener::Unseen => Some(NO_LAYER),
            }
        };
        let recorder = match self.listener {
            Listener::Private => Recorder::Private,
            Listener::Host | Listener::Unseen => Recorder::Layer,
        };
        let work = self.is_real.then_some(Work { recorder, visits: finished.visits, polls: finished.polls });
        Profile { work, ..Profile::new(finished, reason.map(Cow::Borrowed)) }
    }
}

const COMPILED_OUT: &str = "spans at level info are compiled out; \
     build without the `max_level_*` and `release_max_level_*` features of `tracing` that remove them";
const FILTERED: &str = "no span of the run reached the profile layer in the host's subscriber; \
     let its filter pass target `ninefold` at level info";
const NO_LAYER: &str = "the host's subscriber lacks `ninefold::profile::layer()`; \
     add it, or let its filter pass target `ninefold` at level info";

impl<F: Future> Future for Recording<F> {
    type Output = Recorded<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        // Polled after its end, as no one may: there is nothing left to wait for.
        let Some(future) = this.future.as_mut().as_pin_mut() else { return Poll::Pending };
        let clock = *this.clock;
        let is_first = this.run.is_none();
        let run = this.run.get_or_insert_with(|| Run::start(clock));
        let (output, wall) = {
            let _current = run.dispatch().map(dispatcher::set_default);
            let polling = here::poll(&run.tree, if is_first { 0 } else { run.tree.now() });
            let Poll::Ready(output) = future.poll(cx) else { return Poll::Pending };
            // The future may hold spans, which are not to count as detached.
            this.future.set(None);
            (output, polling.end().unwrap_or_else(|| run.tree.now()))
        };
        let profile = this.run.take().map(|run| run.finish(wall)).unwrap_or_default();
        if let Some(statistics) = this.statistics {
            statistics.record(&profile);
        }
        Poll::Ready(Recorded { output, profile })
    }
}
