//! How many calls a model gets at once and in a minute, with turns for every session.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::Stream;
use futures_util::future::select;
use ninefold_core::model::Deltas;
use ninefold_core::{Cx, Delta, Error, ErrorKind, Model, ModelId, ModelRequest, Reply, Result, SessionId, span};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::bound::within;
use crate::tally::Tally;
use crate::trace::traced;

/// How many calls a model gets. `None` means without limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// At once, each until the end of its reply.
    pub concurrent: Option<usize>,
    /// Calls in a minute.
    pub requests_per_minute: Option<u32>,
    /// Tokens in a minute, read and written.
    pub tokens_per_minute: Option<u64>,
    /// How many calls may wait; one more fails as `RateLimited`.
    pub waiting: usize,
}

impl Default for Rates {
    /// 64 at once, 10,000 waiting, nothing else limited.
    fn default() -> Self {
        Self { concurrent: Some(64), requests_per_minute: None, tokens_per_minute: None, waiting: 10_000 }
    }
}

/// A model that gets no more calls than it takes. Calls over the limit wait, in the order in which they came within their
/// session, and session by session in turns, so that one that asks a thousand things does not hold up the others. Calls
/// without a session are one session.
///
/// Rates are token buckets, as providers keep them: full at first, filled evenly, never fuller than a minute's worth. A call takes
/// its estimated tokens before it starts; the difference to what it used is settled at its end, and a debt is waited for
/// by those that come later. A call that is larger than a minute's worth goes when the bucket is full.
///
/// Stands outside of budgets, so that nothing is reserved while a call waits, and inside of whatever makes several calls
/// out of one. Costs a call two locks; a wait is a `queue` span.
pub struct Limited<M> {
    inner: M,
    gate: Arc<Gate>,
}

struct Gate {
    rates: Rates,
    state: Mutex<State>,
}

struct State {
    running: usize,
    requests: Option<Bucket>,
    tokens: Option<Bucket>,
    /// Whose turn it is; every session with a call that waits stands in it once.
    turns: VecDeque<Option<SessionId>>,
    lines: HashMap<Option<SessionId>, VecDeque<Arc<Ticket>>>,
    waiting: usize,
}

/// A call that waits.
struct Ticket {
    tokens: u64,
    granted: AtomicBool,
    called: Notify,
}

#[derive(Debug)]
struct Bucket {
    capacity: f64,
    level: f64,
    at: Instant,
}

impl Bucket {
    fn new(per_minute: f64) -> Self {
        let capacity = per_minute.max(1.0);
        Self { capacity, level: capacity, at: Instant::now() }
    }

    fn fill(&mut self, now: Instant) {
        let gained = now.saturating_duration_since(self.at).as_secs_f64() / 60.0 * self.capacity;
        self.level = (self.level + gained).min(self.capacity);
        self.at = now;
    }

    /// What a call takes of it: no call is larger than the bucket.
    fn need(&self, amount: f64) -> f64 {
        amount.min(self.capacity)
    }

    /// How long until there is as much, when it was filled just now.
    fn wait(&self, amount: f64) -> Duration {
        let missing = (self.need(amount) - self.level).max(0.0);
        // Rounded up, so that it is there when the time has passed.
        Duration::from_secs_f64(missing / self.capacity * 60.0) + Duration::from_micros(u64::from(missing > 0.0))
    }
}

impl State {
    /// When there is room for a call of so many tokens by time alone; none when one must end first.
    fn room(&mut self, rates: &Rates, tokens: u64, now: Instant) -> Option<Duration> {
        let mut wait = Duration::ZERO;
        for (bucket, amount) in [(&mut self.requests, 1.0), (&mut self.tokens, tokens as f64)] {
            if let Some(bucket) = bucket {
                bucket.fill(now);
                wait = wait.max(bucket.wait(amount));
            }
        }
        rates.concurrent.is_none_or(|limit| self.running < limit.max(1)).then_some(wait)
    }

    fn start(&mut self, tokens: u64) {
        self.running += 1;
        for (bucket, amount) in [(&mut self.requests, 1.0), (&mut self.tokens, tokens as f64)] {
            if let Some(bucket) = bucket {
                bucket.level -= bucket.need(amount);
            }
        }
    }

    fn head(&self) -> Option<&Arc<Ticket>> {
        self.lines.get(self.turns.front()?)?.front()
    }

    /// Lets in whoever is next as long as there is room. Returns when the next one can be let in by time alone.
    fn admit(&mut self, rates: &Rates) -> Option<Instant> {
        let now = Instant::now();
        loop {
            let tokens = self.head()?.tokens;
            match self.room(rates, tokens, now) {
                Some(Duration::ZERO) => {}
                Some(wait) => return now.checked_add(wait),
                None => return None,
            }
            let session = self.turns.pop_front()?;
            let line = self.lines.get_mut(&session)?;
            let ticket = line.pop_front()?;
            if line.is_empty() {
                self.lines.remove(&session);
            } else {
                self.turns.push_back(session);
            }
            self.waiting -= 1;
            self.start(tokens);
            ticket.granted.store(true, Ordering::Release);
            ticket.called.notify_one();
        }
    }

    /// Takes a call out that waits no longer.
    fn leave(&mut self, session: &Option<SessionId>, ticket: &Arc<Ticket>) {
        let Some(line) = self.lines.get_mut(session) else { return };
        let before = line.len();
        line.retain(|other| !Arc::ptr_eq(other, ticket));
        self.waiting -= before - line.len();
        if line.is_empty() {
            self.lines.remove(session);
            self.turns.retain(|other| other != session);
        }
    }
}

impl Gate {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets in whoever is next, and has the one after that watch the clock.
    fn pass_on(&self, state: &mut State) {
        state.admit(&self.rates);
        if let Some(head) = state.head() {
            head.called.notify_one();
        }
    }

    async fn enter(self: &Arc<Self>, tokens: u64, cx: &Cx) -> Result<Place> {
        let session = cx.session().cloned();
        let ticket = {
            let mut state = self.state();
            if state.waiting == 0 && state.room(&self.rates, tokens, Instant::now()) == Some(Duration::ZERO) {
                state.start(tokens);
                return Ok(Place { gate: Arc::clone(self), tokens, used: None });
            }
            if state.waiting >= self.rates.waiting {
                return Err(Error::new(
                    ErrorKind::RateLimited,
                    format!("{} calls wait for the model already", state.waiting),
                )
                .hint("ask less at once, or raise Rates::waiting"));
            }
            let called = Notify::new();
            let ticket = Arc::new(Ticket { tokens, granted: AtomicBool::new(false), called });
            let line = state.lines.entry(session.clone()).or_default();
            line.push_back(Arc::clone(&ticket));
            if line.len() == 1 {
                state.turns.push_back(session.clone());
            }
            state.waiting += 1;
            ticket
        };
        let waiting = Waiting { gate: self, session, ticket };
        traced(span::queue(), within(cx, waiting.turn())).await?;
        Ok(Place { gate: Arc::clone(self), tokens, used: None })
    }
}

/// A call in line; it leaves when dropped.
struct Waiting<'a> {
    gate: &'a Arc<Gate>,
    session: Option<SessionId>,
    ticket: Arc<Ticket>,
}

impl Waiting<'_> {
    /// Waits until it is let in. The first in line watches the clock for all.
    async fn turn(self) {
        loop {
            let until = {
                let mut state = self.gate.state();
                let until = state.admit(&self.gate.rates);
                until.filter(|_| state.head().is_some_and(|head| Arc::ptr_eq(head, &self.ticket)))
            };
            if self.ticket.granted.load(Ordering::Acquire) {
                // The place is the call's now.
                self.ticket.granted.store(false, Ordering::Release);
                return;
            }
            let called = std::pin::pin!(self.ticket.called.notified());
            match until {
                Some(until) => {
                    select(called, std::pin::pin!(sleep_until(until))).await;
                }
                None => called.await,
            }
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut state = self.gate.state();
        if self.ticket.granted.load(Ordering::Acquire) {
            // It was let in and dropped before it knew.
            state.running -= 1;
        } else {
            state.leave(&self.session, &self.ticket);
        }
        self.gate.pass_on(&mut state);
    }
}

/// A place among the calls under way; given back when dropped.
struct Place {
    gate: Arc<Gate>,
    tokens: u64,
    used: Option<u64>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.gate.state();
        state.running -= 1;
        if let (Some(bucket), Some(used)) = (&mut state.tokens, self.used) {
            bucket.level = (bucket.level + bucket.need(self.tokens as f64) - used as f64).min(bucket.capacity);
        }
        self.gate.pass_on(&mut state);
    }
}

impl<M: Model> Limited<M> {
    /// Gives `inner` no more calls than these.
    pub fn new(inner: M, rates: Rates) -> Self {
        let state = State {
            running: 0,
            requests: rates.requests_per_minute.map(|rate| Bucket::new(f64::from(rate))),
            tokens: rates.tokens_per_minute.map(|rate| Bucket::new(rate as f64)),
            turns: VecDeque::new(),
            lines: HashMap::new(),
            waiting: 0,
        };
        Self { inner, gate: Arc::new(Gate { rates, state: Mutex::new(state) }) }
    }

    /// How many calls are under way, and how many wait.
    #[must_use]
    pub fn load(&self) -> (usize, usize) {
        let state = self.gate.state();
        (state.running, state.waiting)
    }
}

#[async_trait]
impl<M: Model> Model for Limited<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn variant(&self) -> &str {
        self.inner.variant()
    }

    async fn send(&self, request: ModelRequest, cx: &Cx) -> Result<Reply> {
        let tally = self.gate.rates.tokens_per_minute.map(|_| Tally::new(&request));
        let tokens = tally.as_ref().map_or(0, |tally| tally.estimate().total());
        let mut place = self.gate.enter(tokens, cx).await?;
        match self.inner.send(request, cx).await {
            Ok(reply) => Ok(Reply::stream(Placed { inner: reply.into_deltas(), tally, place })),
            Err(error) => {
                // Nothing was written; a refusal for its rate was not even read.
                place.used = Some(0);
                Err(error)
            }
        }
    }
}

struct Placed {
    inner: Deltas,
    tally: Option<Tally>,
    place: Place,
}

impl Stream for Placed {
    type Item = Result<Delta>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = self.inner.as_mut().poll_next(context);
        if let (Poll::Ready(Some(Ok(delta))), Some(tally)) = (&polled, &mut self.tally) {
            tally.hear(delta);
        }
        polled
    }
}

impl Drop for Placed {
    fn drop(&mut self) {
        self.place.used = self.tally.as_ref().map(|tally| tally.usage().total());
    }
}
