//! Leaving a model alone that does not answer.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::Stream;
use ninefold_core::model::Deltas;
use ninefold_core::{Cx, Delta, Error, ErrorKind, Model, ModelId, ModelRequest, Reply, Result};
use tokio::time::Instant;

/// When a model is left alone, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerPolicy {
    /// So many failures in a row, and it is left alone.
    pub failures: u32,
    /// For so long the first time; twice as long each time that a probe fails. A server that asks for at least as long is
    /// left alone at once, for as long as it asks.
    pub pause: Duration,
    /// At most for so long, whatever was counted or a server asked for.
    pub longest: Duration,
}

impl Default for BreakerPolicy {
    /// Ten failures; 5 s, at most two minutes.
    fn default() -> Self {
        Self { failures: 10, pause: Duration::from_secs(5), longest: Duration::from_secs(120) }
    }
}

/// A model that is not asked for a while when it does not answer: a circuit breaker (M. Nygard, *Release It!*). After some
/// transient failures in a row, or when the server asks for a long pause, calls fail at once with a transient error that
/// says when to come back. Then one call is let through as a probe; by its outcome all others are, or none for longer.
///
/// A failure is a transient error, a reply that breaks off, and a call that the run's deadline ends before it was answered. A call that is
/// dropped otherwise, and what is refused on this side (by a budget, a scope, as invalid), says nothing about the model.
///
/// Stands inside of [`Retried`](crate::Retried), which waits as long as the error says when there is time, and outside of
/// [`Hedged`](crate::Hedged) and limits. Costs a call two locks.
pub struct Breaker<M> {
    inner: M,
    circuit: Arc<Circuit>,
}

struct Circuit {
    policy: BreakerPolicy,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// In a row.
    failures: u32,
    /// How often it was opened without a success in between.
    opened: u32,
    /// Until when nobody is let through, and whether a server asked for that.
    closed_until: Option<(Instant, ErrorKind)>,
    probing: bool,
}

impl<M: Model> Breaker<M> {
    /// Leaves `inner` alone by the default policy.
    pub fn new(inner: M) -> Self {
        Self::with(inner, BreakerPolicy::default())
    }

    /// Leaves `inner` alone by this policy.
    pub fn with(inner: M, policy: BreakerPolicy) -> Self {
        Self { inner, circuit: Arc::new(Circuit { policy, state: Mutex::default() }) }
    }

    /// Whether calls are let through now; the one that would be a probe is.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        let state = self.circuit.state();
        !state.probing && state.closed_until.is_none_or(|(until, _)| until <= Instant::now())
    }
}

impl Circuit {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a call through, or says when to come back.
    fn enter(self: &Arc<Self>, model: &ModelId, cx: &Cx) -> Result<Passing> {
        let mut state = self.state();
        let mut probe = false;
        if let Some((until, kind)) = state.closed_until {
            let now = Instant::now();
            let wait = until.saturating_duration_since(now);
            if !wait.is_zero() || state.probing {
                let wait = wait.max(Duration::from_millis(100));
                let why = if kind == ErrorKind::RateLimited { "takes no more calls" } else { "has been failing" };
                return Err(Error::new(
                    kind,
                    format!("{model} {why}; it is left alone for {:.1} s", wait.as_secs_f64()),
                )
                .with_retry_after(wait)
                .hint("wait, or configure another model to fall back to"));
            }
            (state.probing, probe) = (true, true);
        }
        Ok(Passing { circuit: Arc::clone(self), probe, answered: false, told: false, deadline: cx.deadline() })
    }
}

/// A call that was let through.
struct Passing {
    circuit: Arc<Circuit>,
    probe: bool,
    /// Whether the model has written something.
    answered: bool,
    told: bool,
    deadline: Option<Instant>,
}

impl Passing {
    fn succeeded(&mut self) {
        if std::mem::replace(&mut self.told, true) {
            return;
        }
        let mut state = self.circuit.state();
        // What was sent before the circuit opened says nothing about now.
        if self.probe || state.closed_until.is_none() {
            *state = State::default();
        }
    }

    fn failed(&mut self, error: Option<&Error>) {
        match error.map(Error::kind) {
            None | Some(ErrorKind::Transient | ErrorKind::RateLimited) => {}
            // The model is there and says no.
            Some(ErrorKind::Permanent | ErrorKind::Refused | ErrorKind::TooLong | ErrorKind::MalformedReply) => {
                return self.succeeded();
            }
            // What was ended or refused on this side; a deadline that has passed is seen when the call goes.
            Some(_) => return,
        }
        if std::mem::replace(&mut self.told, true) {
            return;
        }
        let policy = self.circuit.policy;
        let mut state = self.circuit.state();
        state.failures = state.failures.saturating_add(1);
        let asked = error.and_then(Error::retry_after).filter(|&wait| wait >= policy.pause);
        let kind = error.map_or(ErrorKind::Transient, Error::kind);
        let opens = self.probe || asked.is_some() || state.failures >= policy.failures;
        if self.probe {
            state.probing = false;
        } else if state.closed_until.is_some() && asked.is_none() {
            // It was sent before, and says nothing new.
            return;
        }
        if opens {
            let own = policy.pause.saturating_mul(2u32.saturating_pow(state.opened));
            let until = Instant::now() + asked.unwrap_or(own).min(policy.longest);
            if asked.is_none() {
                state.opened = state.opened.saturating_add(1);
            }
            let later = state.closed_until.map_or(until, |(before, _)| before.max(until));
            state.closed_until = Some((later, kind));
        }
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        if self.told {
            return;
        }
        if self.answered {
            self.succeeded();
        } else if self.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            self.failed(None);
        } else if self.probe {
            // The probe has said nothing; the next call is one.
            self.circuit.state().probing = false;
        }
    }
}

#[async_trait]
impl<M: Model> Model for Breaker<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn variant(&self) -> &str {
        self.inner.variant()
    }

    async fn send(&self, request: ModelRequest, cx: &Cx) -> Result<Reply> {
        let mut passing = self.circuit.enter(self.inner.id(), cx)?;
        match self.inner.send(request, cx).await {
            Ok(reply) => Ok(Reply::stream(Heard { inner: reply.into_deltas(), passing })),
            Err(error) => {
                passing.failed(Some(&error));
                Err(error)
            }
        }
    }
}

struct Heard {
    inner: Deltas,
    passing: Passing,
}

impl Stream for Heard {
    type Item = Result<Delta>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = self.inner.as_mut().poll_next(context);
        match &polled {
            Poll::Ready(Some(Ok(Delta::End(_)))) => self.passing.succeeded(),
            Poll::Ready(Some(Ok(delta))) => self.passing.answered |= delta.is_content(),
            Poll::Ready(Some(Err(error))) => self.passing.failed(Some(error)),
            Poll::Ready(None) => self.passing.failed(None),
            Poll::Pending => {}
        }
        polled
    }
}
