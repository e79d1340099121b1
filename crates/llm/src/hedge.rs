//! Asking twice when the first call is late.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::{Either, select};
use ninefold_core::{Cx, Model, ModelId, ModelRequest, Reply, Result, span};
use tokio::time::{Instant, sleep};

use crate::begin::{Begun, begin};
use crate::latency::Latency;
use crate::trace::traced;

/// The largest share of calls that are made twice, unless set otherwise.
const SHARE: f64 = 0.07;
/// So many second calls may follow each other at once after a time without any.
const BURST: f64 = 10.0;

/// A model that is asked a second time when it is late to begin its reply; who begins first answers, the other call is
/// cancelled (J. Dean, L. A. Barroso, "The Tail at Scale", 2013: "hedged requests").
///
/// Late is what comes after the 95th percentile of the times seen lately, or after twice their median when that is sooner:
/// where about one call in twenty is slow, the percentile jumps between the fast and the slow. Until 32 replies were seen,
/// nothing is asked twice; never more than 7 % of the calls are. An error is not a reply: when one call fails, the other
/// one goes on.
///
/// Stands outside of limits and budgets, so that both calls are counted and paid for: the cancelled one with what the model
/// was given to read. Stands inside of [`Retried`](crate::Retried) and caches. Costs a call one copy of the request and two
/// locks; a timer when the model does not answer at once.
pub struct Hedged<M> {
    inner: M,
    share: f64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    latency: Latency,
    /// How many second calls may be made; every call adds its share.
    allowance: f64,
    calls: u64,
    hedges: u64,
}

/// What a [`Hedged`] has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HedgeCounts {
    /// Calls that were asked of it.
    pub calls: u64,
    /// Calls that it made beside these.
    pub hedges: u64,
    /// After which time it asks a second time; none while too little was seen.
    pub delay: Option<Duration>,
}

impl<M: Model> Hedged<M> {
    /// Asks `inner` a second time when it is late.
    pub fn new(inner: M) -> Self {
        let state = State { latency: Latency::default(), allowance: BURST, calls: 0, hedges: 0 };
        Self { inner, share: SHARE, state: Mutex::new(state) }
    }

    /// Sets the largest share of calls that are made twice: 0 for none, 1 for all.
    #[must_use]
    pub fn share(mut self, share: f64) -> Self {
        self.share = share.clamp(0.0, 1.0);
        self
    }

    /// What it has done so far.
    #[must_use]
    pub fn counts(&self) -> HedgeCounts {
        let state = self.state();
        HedgeCounts { calls: state.calls, hedges: state.hedges, delay: state.delay() }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the place of one second call, if there is one left.
    fn take(&self) -> bool {
        let mut state = self.state();
        let may = state.allowance >= 1.0;
        if may {
            state.allowance -= 1.0;
            state.hedges += 1;
        }
        may
    }

    async fn ask(&self, request: ModelRequest, cx: &Cx) -> Result<Begun> {
        begin(self.inner.send(request, cx).await?).await
    }
}

impl State {
    fn delay(&self) -> Option<Duration> {
        self.latency.figures().map(|seen| seen.p95.min(seen.median * 2))
    }
}

#[async_trait]
impl<M: Model> Model for Hedged<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn variant(&self) -> &str {
        self.inner.variant()
    }

    async fn send(&self, request: ModelRequest, cx: &Cx) -> Result<Reply> {
        let delay = {
            let mut state = self.state();
            state.calls += 1;
            state.allowance = (state.allowance + self.share).min(BURST);
            state.delay().filter(|_| self.share > 0.0)
        };
        let sent = Instant::now();
        let note = || self.state().latency.add(sent.elapsed());
        let Some(delay) = delay else {
            let begun = self.ask(request, cx).await?;
            note();
            return Ok(begun.into_reply());
        };
        let again = request.clone();
        let mut first = pin!(self.ask(request, cx));
        let outcome = match early(first.as_mut(), delay).await {
            Some(outcome) => outcome,
            None if !self.take() => first.await,
            None => match select(first, pin!(traced(span::hedge(), self.ask(again, cx)))).await {
                Either::Left((Ok(begun), _)) => Ok(begun),
                Either::Left((Err(error), second)) => {
                    return second.await.map(Begun::into_reply).map_err(|_| error);
                }
                Either::Right((Ok(begun), _)) => {
                    // The first one would have taken at least so long.
                    note();
                    return Ok(begun.into_reply());
                }
                Either::Right((Err(_), first)) => first.await,
            },
        };
        let begun = outcome?;
        note();
        Ok(begun.into_reply())
    }
}

/// What a future has to say within this time. The timer is set only when it does not say it at once.
async fn early<F: Future>(mut future: Pin<&mut F>, delay: Duration) -> Option<F::Output> {
    let mut timer = None;
    poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        timer.get_or_insert_with(|| Box::pin(sleep(delay))).as_mut().poll(context).map(|()| None)
    })
    .await
}
