//! What surrounds a phase. From the outside in:
//!
//! 1. [`trace`]: one span; the profile, the log and the OTLP export are readers of that one span;
//! 2. [`journal`]: an output recorded before is replayed; a new one is appended;
//! 3. `circuit`: an agent that keeps failing is left alone;
//! 4. [`policy`]: cancellation, deadline, panics, retry;
//! 5. [`cache`]: one computation for equal inputs.
//!
//! The journal stands outside the others, because a replay must depend on neither the clock nor on how an agent does lately,
//! nor on what a cache still holds. [`normalize`] and [`scope`] stand in front of a whole run.

pub mod cache;
pub(crate) mod circuit;
pub mod journal;
pub mod normalize;
pub mod policy;
pub mod scope;
pub mod trace;

use std::borrow::Cow;
use std::future::Future;
use std::marker::PhantomData;
use std::time::Duration;

use ninefold_core::journal::Position;
use ninefold_core::span::{self, field};
use ninefold_core::{Cx, Event, Key, Phase, PhaseEnd, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::Span;

use cache::{CacheLayer, PhaseCache};
use circuit::Circuit;
use policy::Retry;
use trace::{Outcome, traced, traced_outcome};

/// A phase with its layers. Made by [`phase`]; run it as often as you like.
pub struct Layered<P, In, Out> {
    name: Cow<'static, str>,
    version: u32,
    identity: Option<String>,
    inner: P,
    timeout: Option<Duration>,
    retry: Option<RetryLayer<In>>,
    cache: Option<CacheLayer<Out>>,
    circuit: Option<Circuit>,
    span: fn(&str) -> Span,
    announced: bool,
    retell: Option<Retell<Out>>,
    types: PhantomData<fn(In) -> Out>,
}

/// What a phase has told of its output, to be told again when that comes from the journal.
type Retell<Out> = fn(&Out) -> Vec<Event>;

struct RetryLayer<In> {
    policy: Retry,
    copy: fn(&In) -> In,
}

/// Wraps a phase in its layers under the name that spans, the profile and the journal show.
///
/// ```
/// use ninefold_core::Cx;
/// use ninefold_pipeline::{Retry, phase};
///
/// let shout = phase("shout", |text: String, _: Cx| async move { Ok(text.to_uppercase()) })
///     .version(2)
///     .timeout(std::time::Duration::from_secs(1))
///     .retry(Retry::default());
/// assert_eq!(shout.name(), "shout");
/// ```
pub fn phase<P, In>(name: impl Into<Cow<'static, str>>, inner: P) -> Layered<P, In, P::Out>
where
    P: Phase<In>,
{
    Layered {
        name: name.into(),
        version: 1,
        identity: None,
        inner,
        timeout: None,
        retry: None,
        cache: None,
        circuit: None,
        span: span::phase,
        announced: true,
        retell: None,
        types: PhantomData,
    }
}

/// Does work as a phase of this name where there is no value to pass: timed, told and bounded by the run like every phase, but neither
/// cached nor journaled. For pipelines that write down what happened themselves.
///
/// # Errors
/// Those of the work; `DeadlineExceeded`, `Cancelled`, `Panicked`. Every error names the phase.
pub async fn inline<T>(name: &'static str, cx: &Cx, work: impl Future<Output = Result<T>> + Send) -> Result<T>
where
    T: Send,
{
    let work = traced(span::phase(name), policy::bounded(cx, None, work));
    if !cx.is_heard() {
        return work.await.map_err(|error| error.in_phase(name));
    }
    cx.tell(|| Event::PhaseStarted { phase: name.into() }).await;
    let result = work.await;
    let end = result.as_ref().err().map_or(PhaseEnd::Done, PhaseEnd::from);
    cx.tell(|| Event::PhaseFinished { phase: name.into(), end }).await;
    result.map_err(|error| error.in_phase(name))
}

impl<P, In, Out> Layered<P, In, Out> {
    /// Sets the version; change it when the phase's code changes what it makes, so that journals and caches of the
    /// old code are not used for the new.
    #[must_use]
    pub fn version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    /// Adds what else decides the output: a model's id, a prompt's version. Part of every key.
    #[must_use]
    pub fn identity(mut self, identity: impl Into<String>) -> Self {
        self.identity = Some(identity.into());
        self
    }

    /// Limits one attempt at the phase.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Tries again after a transient error; not after one that was given up nearer to its cause ([`Error::attempts`]), as
    /// by a model that retries: the two do not multiply.
    ///
    /// [`Error::attempts`]: ninefold_core::Error::attempts
    #[must_use]
    pub fn retry(mut self, policy: Retry) -> Self
    where
        In: Clone,
    {
        self.retry = Some(RetryLayer { policy, copy: In::clone });
        self
    }

    /// Keeps outputs in `cache`; equal inputs under the same scope are computed once, also at the same time.
    /// Whoever waits for another run's computation waits while that run is not polled, too, as when nobody reads its stream: within
    /// the phase's own limit.
    #[must_use]
    pub fn cached(mut self, cache: &PhaseCache) -> Self
    where
        Out: Clone + Send + Sync + 'static,
    {
        self.cache = Some(CacheLayer::new(cache));
        self
    }

    /// Says what the phase tells of its output, so that it is told as well when the output comes from the journal.
    pub(crate) fn retell(mut self, events: Retell<Out>) -> Self {
        self.retell = Some(events);
        self
    }

    /// Takes it for an agent's work instead of a phase: it is left alone when it keeps failing, and its failure is as final as
    /// its output, so that a resumed run does not call it again. `collect` announces agents, since it knows what they work on.
    pub(crate) fn agent(mut self, circuit: Circuit) -> Self {
        (self.span, self.announced, self.circuit) = (span::agent, false, Some(circuit));
        self
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Name, version and identity: what a pipeline's definition is made of.
    pub(crate) fn definition(&self) -> (&str, u32, Option<&str>) {
        (&self.name, self.version, self.identity.as_deref())
    }
}

impl<P, In, Out> Layered<P, In, Out>
where
    P: Phase<In, Out = Out>,
    In: Serialize + Send,
    Out: Serialize + DeserializeOwned + Send,
{
    /// Runs the phase. Its place in the journal is taken when this is called, not when the future is first polled,
    /// so phases joined in one branch keep their order.
    ///
    /// # Errors
    /// The phase's own error; `DeadlineExceeded`, `Cancelled`, `Panicked`; `ReplayRefused` when the journal holds something
    /// else at this place; what the journal says. Every error names the phase.
    pub fn run<'a>(&'a self, input: In, cx: &'a Cx) -> impl Future<Output = Result<Out>> + Send + 'a
    where
        In: 'a,
    {
        let position = cx.take_position();
        async move {
            let span = (self.span)(&self.name);
            // The way of a phase without journal, retry and cache is short, and its future small. The other ways are
            // boxed, so that no phase carries the size of what it does not use.
            let result = if self.announced && cx.is_heard() {
                Box::pin(self.told(span, input, cx, position)).await
            } else if position.is_none() && self.retry.is_none() && self.cache.is_none() && self.circuit.is_none() {
                traced(span, self.attempt(input, cx)).await
            } else {
                let outcome = traced_outcome(span, Box::pin(self.durable(input, cx, position))).await;
                outcome.map(|outcome| outcome.value)
            };
            result.map_err(|error| error.in_phase(&self.name))
        }
    }

    /// The same, with its beginning and its end told.
    async fn told(&self, span: Span, input: In, cx: &Cx, position: Option<Position>) -> Result<Out> {
        cx.tell(|| Event::PhaseStarted { phase: self.name.as_ref().into() }).await;
        let outcome = traced_outcome(span, self.durable(input, cx, position)).await;
        let end = match &outcome {
            Ok(outcome) => outcome.end(),
            Err(error) => error.into(),
        };
        if let (Ok(outcome), Some(retell), PhaseEnd::Replayed) = (&outcome, self.retell, end) {
            for event in retell(&outcome.value) {
                cx.tell(|| event).await;
            }
        }
        cx.tell(|| Event::PhaseFinished { phase: self.name.as_ref().into(), end }).await;
        outcome.map(|outcome| outcome.value)
    }

    fn key(&self, input: &In, cx: &Cx) -> Result<Key> {
        Key::of(&(self.definition(), cx.scope(), input))
    }

    async fn durable(&self, input: In, cx: &Cx, position: Option<Position>) -> Result<Outcome<Out>> {
        let Some((position, log)) = position.zip(cx.log()) else { return self.let_through(input, cx, None).await };
        let key = self.key(&input, cx)?;
        if let Some(entry) = log.recorded(position) {
            if self.circuit.is_some()
                && let Some(error) = journal::failure(&entry)
            {
                journal::compare(&entry, &self.name, key)?;
                return Err(error);
            }
            return journal::replay(&entry, &self.name, key).map(Outcome::replayed);
        }
        let outcome = self.let_through(input, cx, Some(position)).await;
        let output = match &outcome {
            Ok(outcome) => Ok(&outcome.value),
            // What ends the run is not the end of the agent's work.
            Err(error) if self.circuit.is_some() && !error.stops_run() && cx.check().is_ok() => Err(error),
            Err(_) => return outcome,
        };
        journal::append(cx, log, position, &self.name, key, output)?.await?;
        outcome
    }

    /// The work, unless it is left alone.
    async fn let_through(&self, input: In, cx: &Cx, position: Option<Position>) -> Result<Outcome<Out>> {
        let Some(circuit) = &self.circuit else { return self.retried(input, cx, position).await };
        let pass = circuit.enter(&self.name)?;
        let outcome = self.retried(input, cx, position).await;
        pass.ended(&outcome, cx);
        outcome
    }

    async fn retried(&self, input: In, cx: &Cx, position: Option<Position>) -> Result<Outcome<Out>> {
        let Some(retry) = &self.retry else { return self.looked_up(input, cx, position).await };
        let mut input = input;
        for attempt in 1..retry.policy.attempts {
            let next = (retry.copy)(&input);
            match self.looked_up(input, cx, position).await {
                Err(error) if error.is_transient() && error.attempts().is_none() => {
                    retry.policy.pause(attempt, error, Duration::ZERO, cx).await?;
                }
                outcome => return outcome,
            }
            Span::current().record(field::ATTEMPTS, span::count(u64::from(attempt) + 1));
            input = next;
        }
        self.looked_up(input, cx, position).await
    }

    async fn looked_up(&self, input: In, cx: &Cx, position: Option<Position>) -> Result<Outcome<Out>> {
        // Every attempt numbers the phases inside of it anew, so that it finds what an earlier one has finished.
        let inside = position.map(|position| cx.inside(position));
        let cx = inside.as_ref().unwrap_or(cx);
        let Some(cache) = &self.cache else { return self.attempt(input, cx).await.map(Outcome::computed) };
        let key = self.key(&input, cx)?;
        // Waiting for somebody else's computation has the same bounds as the computation.
        let waited = policy::bounded(cx, self.timeout, cache.get(key, self.attempt(input, cx)));
        Box::pin(waited).await
    }

    /// The phase itself, within its bounds. A closure works before its future is polled, so even the call belongs inside.
    fn attempt<'a>(&'a self, input: In, cx: &'a Cx) -> impl Future<Output = Result<Out>> + Send + 'a
    where
        In: 'a,
    {
        policy::bounded(cx, self.timeout, async move { self.inner.run(input, cx).await })
    }
}
