//! Trying again what may work when it is tried again.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use ninefold_core::{Cx, Error, Model, ModelId, ModelRequest, Reply, Result, span};
use tokio::time::{Instant, sleep};

use crate::begin::begin;
use crate::bound::within;
use crate::trace::traced;

/// How often and after which pauses a call is tried again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetryPolicy {
    /// Attempts in all; 1 means no retry.
    pub attempts: u32,
    /// The pause before the second attempt; it doubles with every further one.
    pub pause: Duration,
    /// The longest pause of our own choice.
    pub longest: Duration,
    /// The longest pause that a server may ask for. A call that would have to wait longer fails at once, and its error says
    /// how long.
    pub patience: Duration,
}

impl Default for RetryPolicy {
    /// Four attempts, pauses of 250 ms, 500 ms and 1 s; a minute of patience.
    fn default() -> Self {
        Self {
            attempts: 4,
            pause: Duration::from_millis(250),
            longest: Duration::from_secs(10),
            patience: Duration::from_secs(60),
        }
    }
}

/// What may be spent on retries: the standard mode of the AWS SDKs ("Retry behavior", AWS SDKs and Tools Reference Guide).
const ALLOWANCE: u32 = 500;
/// What a retry takes from it, and gives back when it succeeds.
const RETRY: u32 = 5;
/// What a call that succeeds at once puts in.
const SUCCESS: u32 = 1;

/// A model whose calls are tried again after a transient error: a reset connection, an overloaded server, a rate limit, a
/// reply that broke off before its first word. A reply of which something was handed on is not tried again.
///
/// Pauses are what the server asked for, or else exponential with jitter; they end with the run. A call whose pause would
/// not leave time before the run's deadline fails at once with the error it has. When most calls fail, retries
/// stop: all calls share an allowance of 100 retries, to which successes add. So a server that is down is not asked four times
/// as often.
///
/// The error that is given up with is marked ([`Error::given_up`]): phases, which retry as well, do not repeat what was repeated
/// here. What an agent's phase still retries is what this cannot: a reply that broke off in its midst.
///
/// Stands outside of [`Breaker`](crate::Breaker), [`Hedged`](crate::Hedged), limits and budgets, so that every attempt passes
/// through them, and inside of caches. Costs a call one copy of the request and one lock.
pub struct Retried<M> {
    inner: M,
    policy: RetryPolicy,
    state: Mutex<State>,
}

struct State {
    allowance: u32,
    random: fastrand::Rng,
}

impl<M: Model> Retried<M> {
    /// Tries the calls of `inner` again by the default policy.
    pub fn new(inner: M) -> Self {
        Self::with(inner, RetryPolicy::default())
    }

    /// Tries the calls of `inner` again by this policy.
    pub fn with(inner: M, policy: RetryPolicy) -> Self {
        Self { inner, policy, state: Mutex::new(State { allowance: ALLOWANCE, random: fastrand::Rng::new() }) }
    }

    /// Makes the jitter repeat.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        self.state().random.seed(seed);
        self
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The pause after the n-th attempt, when there is to be another one: what the server asked for and a little more, so
    /// that not all come back at once; otherwise exponential with jitter (AWS Architecture Blog, "Exponential Backoff And
    /// Jitter"), at least half of it.
    fn pause(&self, attempt: u32, error: &Error, cx: &Cx) -> Option<Duration> {
        if attempt >= self.policy.attempts || !error.is_transient() || error.attempts().is_some() {
            return None;
        }
        let mut state = self.state();
        let jitter = state.random.f64();
        let doubled = self.policy.pause.saturating_mul(2u32.saturating_pow(attempt.saturating_sub(1)));
        let own = doubled.min(self.policy.longest);
        let pause = match error.retry_after() {
            Some(asked) if asked > self.policy.patience => return None,
            Some(asked) => asked.saturating_add(self.policy.pause.min(asked).mul_f64(jitter)),
            None => own.mul_f64(0.5 + jitter / 2.0),
        };
        if cx.deadline().is_some_and(|deadline| Instant::now() + pause >= deadline) {
            return None;
        }
        state.allowance = state.allowance.checked_sub(RETRY)?;
        Some(pause)
    }

    fn succeeded(&self, attempt: u32) {
        let mut state = self.state();
        let back = if attempt > 1 { RETRY } else { SUCCESS };
        state.allowance = (state.allowance + back).min(ALLOWANCE);
    }
}

#[async_trait]
impl<M: Model> Model for Retried<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn variant(&self) -> &str {
        self.inner.variant()
    }

    async fn send(&self, request: ModelRequest, cx: &Cx) -> Result<Reply> {
        let mut attempt = 1;
        loop {
            let error = match self.inner.send(request.clone(), cx).await {
                Ok(reply) => match begin(reply).await {
                    Ok(begun) => {
                        self.succeeded(attempt);
                        return Ok(begun.into_reply());
                    }
                    Err(error) => error,
                },
                Err(error) => error,
            };
            let Some(pause) = self.pause(attempt, &error, cx) else {
                return Err(if error.is_transient() && error.attempts().is_none() {
                    error.given_up(attempt)
                } else {
                    error
                });
            };
            let span = span::backoff();
            traced(span.clone(), within(cx, sleep(pause))).await?;
            // One retry for each pause.
            span.record(span::field::ATTEMPTS, span::count(2));
            attempt += 1;
        }
    }
}
