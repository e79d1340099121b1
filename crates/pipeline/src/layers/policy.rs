//! What bounds an attempt at a phase: the run's cancellation and deadline, the phase's own time limit, and panics, which
//! become errors; and what happens after a transient failure.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use ninefold_core::cx::{cancelled, deadline_exceeded};
use ninefold_core::{Cx, Error, ErrorKind, Result, span};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::trace::traced;

/// How often and after which pause a phase is tried again after a transient error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Retry {
    /// Attempts in all; 1 means no retry.
    pub attempts: u32,
    /// The pause before the second attempt; it doubles with every further one.
    pub pause: Duration,
    /// The longest pause.
    pub longest: Duration,
}

impl Default for Retry {
    /// Three attempts, pauses of 100 ms and 200 ms.
    fn default() -> Self {
        Self { attempts: 3, pause: Duration::from_millis(100), longest: Duration::from_secs(10) }
    }
}

impl Retry {
    /// The pause after the n-th attempt: what the server asked for, otherwise exponential with jitter (AWS Architecture
    /// Blog, "Exponential Backoff And Jitter"), at least half of it. The jitter is the process's own; no output shows it.
    fn length(&self, attempt: u32, error: &Error) -> Duration {
        if let Some(asked) = error.retry_after() {
            return asked.min(self.longest);
        }
        let full = self.pause.saturating_mul(2u32.saturating_pow(attempt - 1)).min(self.longest);
        full.mul_f64(0.5 + fastrand::f64() / 2.0)
    }

    /// Waits until the next attempt, which takes at least so long. Where the run's deadline comes before that, the error is given up
    /// with at once: whoever can do without goes on in the time that is left.
    pub(crate) async fn pause(&self, attempt: u32, error: Error, takes: Duration, cx: &Cx) -> Result<()> {
        let length = self.length(attempt, &error);
        let left = cx.deadline().map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left <= length.saturating_add(takes)) {
            // A run that is over already says so itself.
            cx.check()?;
            return Err(error.given_up(attempt));
        }
        let pause = tokio::time::sleep(length);
        traced(
            span::backoff(),
            bounded(cx, None, async {
                pause.await;
                Ok(())
            }),
        )
        .await
    }
}

/// Runs an attempt within its bounds.
pub(crate) fn bounded<F, T>(cx: &Cx, timeout: Option<Duration>, future: F) -> Bounded<'_, F>
where
    F: Future<Output = Result<T>>,
{
    Bounded { inner: future, cx, timeout, started: false, alarm: None }
}

pin_project! {
    /// A future within its bounds. Timers are set only when it first has to wait.
    pub(crate) struct Bounded<'a, F> {
        #[pin]
        inner: F,
        cx: &'a Cx,
        timeout: Option<Duration>,
        started: bool,
        alarm: Option<Pin<Box<Alarm>>>,
    }
}

pin_project! {
    struct Alarm {
        #[pin]
        sleep: Option<Sleep>,
        #[pin]
        cancelled: Option<WaitForCancellationFutureOwned>,
        own: Option<Duration>,
    }
}

impl Alarm {
    /// Rings at the run's deadline or after the phase's own limit, whichever comes first.
    fn set(cx: &Cx, timeout: Option<Duration>) -> Pin<Box<Self>> {
        let own = timeout.and_then(|limit| Some((Instant::now().checked_add(limit)?, limit)));
        let (at, own) = match (cx.deadline(), own) {
            (Some(run), Some((phase, limit))) if phase < run => (Some(phase), Some(limit)),
            (Some(run), _) => (Some(run), None),
            (None, Some((phase, limit))) => (Some(phase), Some(limit)),
            (None, None) => (None, None),
        };
        let cancelled = cx.cancellation().map(|token| token.clone().cancelled_owned());
        Box::pin(Self { sleep: at.map(sleep_until), cancelled, own })
    }

    fn rings(self: Pin<&mut Self>, context: &mut Context<'_>) -> Option<Error> {
        let this = self.project();
        if this.cancelled.as_pin_mut().is_some_and(|cancelled| cancelled.poll(context).is_ready()) {
            return Some(cancelled());
        }
        this.sleep.as_pin_mut()?.poll(context).is_ready().then(|| match this.own {
            None => deadline_exceeded(),
            Some(limit) => {
                Error::new(ErrorKind::DeadlineExceeded, format!("it took longer than its limit of {limit:?}"))
                    .hint("raise the phase's timeout, or make it faster")
            }
        })
    }
}

impl<F, T> Future for Bounded<'_, F>
where
    F: Future<Output = Result<T>>,
{
    type Output = Result<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T>> {
        let this = self.project();
        if !*this.started {
            *this.started = true;
            if let Err(error) = this.cx.check() {
                return Poll::Ready(Err(error));
            }
        }
        let inner = this.inner;
        match catch_unwind(AssertUnwindSafe(|| inner.poll(context))) {
            Ok(Poll::Ready(result)) => return Poll::Ready(result),
            Ok(Poll::Pending) => {}
            Err(panic) => return Poll::Ready(Err(panicked(&*panic))),
        }
        let alarm = this.alarm.get_or_insert_with(|| Alarm::set(this.cx, *this.timeout));
        match alarm.as_mut().rings(context) {
            Some(error) => Poll::Ready(Err(error)),
            None => Poll::Pending,
        }
    }
}

fn panicked(payload: &(dyn Any + Send)) -> Error {
    let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    Error::new(ErrorKind::Panicked, format!("it panicked: {}", text.unwrap_or("without a message")))
        .hint("the panic's place is on the process's standard error, unless the host replaced the hook")
}
