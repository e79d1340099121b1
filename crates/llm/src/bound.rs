//! The run's deadline and its host's patience, kept to by every wait.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use async_trait::async_trait;
use futures_util::Stream;
use futures_util::future::{BoxFuture, FutureExt};
use ninefold_core::cx::{cancelled, deadline_exceeded};
use ninefold_core::model::Deltas;
use ninefold_core::{Cx, Delta, Model, ModelId, ModelRequest, Reply, Result};
use tokio::time::sleep_until;

/// A model whose calls end when the run's time is over or its host stops it: before the reply begins, and in the midst of
/// it. Phases of a pipeline see to that themselves; this is for calls outside of them.
///
/// Stands outermost. Costs a call nothing but a look at the clock while the model answers at once, and a timer when it
/// does not.
pub struct Bounded<M> {
    inner: M,
}

impl<M: Model> Bounded<M> {
    /// Bounds the calls of `inner`.
    pub fn new(inner: M) -> Self {
        Self { inner }
    }
}

#[async_trait]
impl<M: Model> Model for Bounded<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn variant(&self) -> &str {
        self.inner.variant()
    }

    async fn send(&self, request: ModelRequest, cx: &Cx) -> Result<Reply> {
        Ok(ending(within(cx, self.inner.send(request, cx)).await??, cx))
    }
}

/// The reply, which ends with the run.
pub(crate) fn ending(reply: Reply, cx: &Cx) -> Reply {
    if cx.deadline().is_none() && cx.cancellation().is_none() {
        return reply;
    }
    Reply::stream(Ending { inner: reply.into_deltas(), cx: cx.clone(), alarm: None, over: false })
}

struct Ending {
    inner: Deltas,
    cx: Cx,
    alarm: Option<Alarm>,
    over: bool,
}

impl Stream for Ending {
    type Item = Result<Delta>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.over {
            return Poll::Ready(None);
        }
        if let Poll::Ready(delta) = this.inner.as_mut().poll_next(context) {
            return Poll::Ready(delta);
        }
        match this.alarm.get_or_insert_with(|| Alarm::set(&this.cx)).poll(context) {
            Poll::Ready(error) => {
                this.over = true;
                // Nobody reads on: the call itself ends here, not when the reply is dropped.
                this.inner = Box::pin(futures_util::stream::empty());
                Poll::Ready(Some(Err(error)))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

/// Rings when the run's time is over or its host stops it.
struct Alarm {
    deadline: Option<BoxFuture<'static, ()>>,
    stopped: Option<BoxFuture<'static, ()>>,
}

impl Alarm {
    fn set(cx: &Cx) -> Self {
        Self {
            deadline: cx.deadline().map(|at| sleep_until(at).boxed()),
            stopped: cx.cancellation().map(|token| token.clone().cancelled_owned().boxed()),
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<ninefold_core::Error> {
        if self.stopped.as_mut().is_some_and(|stopped| stopped.poll_unpin(context).is_ready()) {
            return Poll::Ready(cancelled());
        }
        if self.deadline.as_mut().is_some_and(|deadline| deadline.poll_unpin(context).is_ready()) {
            return Poll::Ready(deadline_exceeded());
        }
        Poll::Pending
    }
}

/// Waits for a future as long as the run may. Timers are set only when there is something to wait for.
///
/// # Errors
/// `Cancelled` or `DeadlineExceeded`.
pub(crate) async fn within<F: Future>(cx: &Cx, future: F) -> Result<F::Output> {
    cx.check()?;
    let mut future = pin!(future);
    let mut alarm = None;
    poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Ok(output));
        }
        alarm.get_or_insert_with(|| Alarm::set(cx)).poll(context).map(Err)
    })
    .await
}
