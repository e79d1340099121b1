//! Answering what was answered before, and one call for all who ask the same at the same time.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, Stream, StreamExt};
use moka::sync::Cache as Kept;
use ninefold_core::{
    Cache, CacheEntry, Cx, Delta, Error, ErrorKind, Key, Model, ModelId, ModelRequest, OutputFormat, Reply, Result,
    Scope, Timestamp, span,
};
use serde::Serialize;
use tokio::time::Instant;

use crate::answer::{Answer, is_worth_keeping};
use crate::bound::{ending, within};
use crate::finish::{Ending, Finish, finished_by};
use crate::flight::{Beginning, Flight, Reader};
use crate::trace::Open;

/// The space of replies in a second level. Its name has the version of their form in it.
const SPACE: &str = "replies 1";

/// How long replies are kept, and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CachePolicy {
    /// How long a reply counts.
    pub time_to_live: Duration,
    /// How many bytes of replies are kept in the process, about; those that are of least use go first.
    pub max_bytes: u64,
}

impl Default for CachePolicy {
    /// An hour, 64 MiB.
    fn default() -> Self {
        Self { time_to_live: Duration::from_secs(60 * 60), max_bytes: 64 * 1024 * 1024 }
    }
}

/// A model that answers an equal request with the reply it gave before, piece by piece as it came, and without the usage
/// that was paid for then. Requests are equal when every field of them is, and the model and the scope of the run are: see
/// [`Key`]. Those who ask the same at the same time share one call; it is bound to nobody's deadline, each reader keeps to his
/// own, and when the one who made it is gone, the others read on. It ends with its last reader, or after half an hour.
///
/// Only whole replies are kept that are of the form asked for: no errors, nothing that broke off, no refusals, nothing that
/// should be JSON and is none. A second level, as [`Cached::second`] sets it, outlives the process; when it fails, the
/// model is asked, and [`Cached::trouble`] says why.
///
/// Stands outside of whatever costs or counts, so that a reply from the cache is free; inside of a router or fallback, so that the key
/// names the model that answers. A hit is a `chat` span that is `cached`, with the time it saved; a wait for another's call is a
/// `queue` span. Costs a call its key and a look-up.
pub struct Cached<M> {
    inner: Arc<M>,
    shared: Arc<Shared>,
}

struct Shared {
    policy: CachePolicy,
    kept: Kept<Key, Arc<Answer>>,
    second: Option<Arc<dyn Cache>>,
    flights: Mutex<HashMap<Key, Weak<Flight>>>,
    trouble: Mutex<Option<Error>>,
}

/// All that a reply follows from.
#[derive(Serialize)]
struct Cause<'a> {
    model: &'a ModelId,
    variant: &'a str,
    scope: &'a Scope,
    request: &'a ModelRequest,
}

impl<M: Model> Cached<M> {
    /// Keeps what `inner` answers.
    pub fn new(inner: M, policy: CachePolicy) -> Self {
        let kept = Kept::builder()
            .max_capacity(policy.max_bytes)
            .weigher(|_, answer: &Arc<Answer>| u32::try_from(answer.bytes()).unwrap_or(u32::MAX))
            .build();
        let shared = Shared { policy, kept, second: None, flights: Mutex::default(), trouble: Mutex::default() };
        Self { inner: Arc::new(inner), shared: Arc::new(shared) }
    }

    /// Keeps replies in this cache as well, beyond the process. Whoever owns it prunes it: the space is
    /// [`Cached::<M>::space`].
    #[must_use]
    pub fn second(self, cache: Arc<dyn Cache>) -> Self {
        let Self { inner, shared } = self;
        let (policy, kept) = (shared.policy, shared.kept.clone());
        let shared = Shared { policy, kept, second: Some(cache), flights: Mutex::default(), trouble: Mutex::default() };
        Self { inner, shared: Arc::new(shared) }
    }

    /// The space in a second level that replies are kept in.
    #[must_use]
    pub fn space() -> &'static str {
        SPACE
    }

    /// Why a reply could not be read from the second level or kept there, the last time that this happened.
    #[must_use]
    pub fn trouble(&self) -> Option<Error> {
        self.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Shared {
    fn flights(&self) -> MutexGuard<'_, HashMap<Key, Weak<Flight>>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes why the second level did not go along; what it was to give is then done without it.
    fn without<T>(&self, result: Result<T>) -> Option<T> {
        result.map_err(|error| *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(error)).ok()
    }

    fn look_up(&self, key: Key, now: Timestamp) -> Option<Arc<Answer>> {
        let answer = self.kept.get(&key)?;
        if answer.expires > now {
            return Some(answer);
        }
        self.kept.invalidate(&key);
        None
    }

    async fn look_further(&self, key: Key, now: Timestamp) -> Option<Arc<Answer>> {
        let values = self.without(self.second.as_ref()?.get(SPACE, &[key], now).await)?;
        let value = values.into_iter().next().flatten()?;
        let read = serde_json::from_slice(&value).map_err(|error| {
            Error::new(ErrorKind::Corrupt, "a kept reply cannot be read; the model is asked instead").caused_by(error)
        });
        let answer = Arc::new(self.without::<Answer>(read)?);
        self.kept.insert(key, Arc::clone(&answer));
        Some(answer)
    }

    /// Who flies under this key: one who is there, or this one.
    fn join(&self, key: Key, new: impl FnOnce() -> Arc<Flight>) -> (Arc<Flight>, bool) {
        let mut flights = self.flights();
        // One that is over has nothing for newcomers: it is kept, or was not worth it.
        if let Some(flight) = flights.get(&key).and_then(Weak::upgrade).filter(|flight| !flight.is_over()) {
            return (flight, false);
        }
        let flight = new();
        flights.insert(key, Arc::downgrade(&flight));
        (flight, true)
    }

    /// Takes out those that were dropped by all their readers.
    fn sweep(&self, key: Key) {
        let mut flights = self.flights();
        if flights.get(&key).is_some_and(|flight| flight.strong_count() == 0) {
            flights.remove(&key);
        }
    }
}

/// Listens to a reply, to keep it.
struct Keeping {
    shared: Arc<Shared>,
    key: Key,
    cx: Cx,
    called: Instant,
    output: OutputFormat,
    deltas: Vec<Delta>,
}

impl Finish for Keeping {
    fn hear(&mut self, delta: &Delta) {
        self.deltas.push(delta.clone());
    }

    fn finish(self, ending: Ending) -> Option<BoxFuture<'static, ()>> {
        if ending != Ending::Whole || !is_worth_keeping(&self.deltas, &self.output) {
            return None;
        }
        let Self { shared, key, cx, called, deltas, .. } = self;
        let now = cx.now();
        let answer = Arc::new(Answer::new(deltas, called.elapsed(), now, shared.policy.time_to_live));
        shared.kept.insert(key, Arc::clone(&answer));
        let second = shared.second.clone()?;
        let write = async move {
            let written = serde_json::to_vec(&*answer)
                .map_err(|error| Error::new(ErrorKind::Permanent, "a reply cannot be written down").caused_by(error));
            let Some(value) = shared.without(written) else { return };
            let entry = CacheEntry { key, value, expires: Some(answer.expires) };
            shared.without(second.put(SPACE, vec![entry], now).await);
        };
        Some(write.boxed())
    }
}

#[async_trait]
impl<M: Model + 'static> Model for Cached<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn variant(&self) -> &str {
        self.inner.variant()
    }

    async fn send(&self, request: ModelRequest, cx: &Cx) -> Result<Reply> {
        let model = self.inner.id();
        let key = Key::of(&Cause { model, variant: self.inner.variant(), scope: cx.scope(), request: &request })?;
        loop {
            if let Some(answer) = self.shared.look_up(key, cx.now()) {
                return Ok(answer.hit(model, &request));
            }
            let (flight, leads) = self.shared.join(key, || self.take_off(key, request.clone(), cx.without_end()));
            let mut seat = Seat { reader: flight.reader(), _swept: Swept { shared: Arc::clone(&self.shared), key } };
            drop(flight);
            if leads {
                match within(cx, poll_fn(|context| seat.reader.poll_begin(context))).await? {
                    Beginning::Begun => return Ok(ending(Reply::stream(seat), cx)),
                    Beginning::Failed(error) => return Err(error),
                }
            }
            let mut open = Open::new(span::queue());
            match within(cx, poll_fn(|context| open.in_scope(|| seat.reader.poll_begin(context)))).await? {
                Beginning::Begun => return Ok(ending(Reply::stream(Following { seat, open }), cx)),
                // The run that made the call is over or out of money, which is nothing to this one.
                Beginning::Failed(error) if is_anothers(&error) => {
                    open.end(&Ok(()));
                    cx.check()?;
                }
                Beginning::Failed(error) => {
                    open.end::<()>(&Err(error.clone()));
                    return Err(error);
                }
            }
        }
    }
}

impl<M: Model + 'static> Cached<M> {
    /// The call for all: from the second level, or else from the model.
    fn take_off(&self, key: Key, request: ModelRequest, cx: Cx) -> Arc<Flight> {
        let (inner, shared) = (Arc::clone(&self.inner), Arc::clone(&self.shared));
        let call = async move {
            if let Some(answer) = shared.look_further(key, cx.now()).await {
                return Ok(answer.hit(inner.id(), &request));
            }
            let output = request.output.clone();
            let called = Instant::now();
            let reply = inner.send(request, &cx).await?;
            Ok(finished_by(reply, Keeping { shared, key, cx, called, output, deltas: Vec::new() }))
        };
        Flight::new(call.boxed())
    }
}

/// Whether it says something of the run that made the call, which is nothing to others.
fn is_anothers(error: &Error) -> bool {
    error.ends_run() || error.kind() == ErrorKind::OverBudget
}

/// A reader, and what is left to do when he leaves.
struct Seat {
    reader: Reader,
    _swept: Swept,
}

impl Stream for Seat {
    type Item = Result<Delta>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.reader.poll_next_unpin(context)
    }
}

/// Clears a call's place when nobody reads it any more.
struct Swept {
    shared: Arc<Shared>,
    key: Key,
}

impl Drop for Swept {
    fn drop(&mut self) {
        self.shared.sweep(self.key);
    }
}

/// The reply of a call that somebody else has made: waited for inside a span, and paid for by the other.
struct Following {
    seat: Seat,
    open: Open,
}

impl Stream for Following {
    type Item = Result<Delta>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            let Poll::Ready(mut delta) = this.open.in_scope(|| this.seat.poll_next_unpin(context)) else {
                return Poll::Pending;
            };
            if let Some(Err(error)) = &mut delta
                && is_anothers(error)
            {
                let what = "the reply broke off with the run of another who asked the same";
                *error = Error::new(ErrorKind::Transient, what).caused_by(error.clone());
            }
            match &delta {
                Some(Ok(Delta::Usage(_))) => continue,
                Some(Ok(Delta::End(_))) => this.open.end(&Ok(())),
                Some(Err(error)) => this.open.end::<()>(&Err(error.clone())),
                Some(Ok(_)) | None => {}
            }
            return Poll::Ready(delta);
        }
    }
}
