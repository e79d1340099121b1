//! Replies of which something is done at their end, before the end is handed on: so that what must be written down is
//! written when the caller reads the end.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::Stream;
use futures_util::future::{BoxFuture, FutureExt};
use ninefold_core::model::Deltas;
use ninefold_core::{Delta, Reply, Result};

/// How a reply ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With its end mark.
    Whole,
    /// With an error, or without an end mark.
    Broken,
    /// Its reader dropped it. What is left to be done cannot be waited for.
    Dropped,
}

/// Hears a reply and does something at its end.
pub(crate) trait Finish: Send + Unpin + 'static {
    fn hear(&mut self, delta: &Delta);
    /// What is left to be done; none when that is nothing.
    fn finish(self, ending: Ending) -> Option<BoxFuture<'static, ()>>;
}

/// The reply, heard by `finish`.
pub(crate) fn finished_by<F: Finish>(reply: Reply, finish: F) -> Reply {
    Reply::stream(Finishing { inner: reply.into_deltas(), finish: Some(finish), last: None })
}

struct Finishing<F: Finish> {
    inner: Deltas,
    finish: Option<F>,
    last: Option<(BoxFuture<'static, ()>, Option<Result<Delta>>)>,
}

impl<F: Finish> Stream for Finishing<F> {
    type Item = Result<Delta>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.last.is_none() {
            let Poll::Ready(delta) = this.inner.as_mut().poll_next(context) else { return Poll::Pending };
            if let (Some(Ok(delta)), Some(finish)) = (&delta, &mut this.finish) {
                finish.hear(delta);
            }
            let ending = match &delta {
                Some(Ok(Delta::End(_))) => Ending::Whole,
                Some(Ok(_)) => return Poll::Ready(delta),
                Some(Err(_)) | None => Ending::Broken,
            };
            match this.finish.take().and_then(|finish| finish.finish(ending)) {
                Some(work) => this.last = Some((work, delta)),
                None => return Poll::Ready(delta),
            }
        }
        let Some((work, _)) = &mut this.last else { return Poll::Ready(None) };
        if work.poll_unpin(context).is_pending() {
            return Poll::Pending;
        }
        Poll::Ready(this.last.take().and_then(|(_, delta)| delta))
    }
}

impl<F: Finish> Drop for Finishing<F> {
    fn drop(&mut self) {
        let left = match (self.last.take(), self.finish.take()) {
            (Some((work, _)), _) => Some(work),
            (None, Some(finish)) => finish.finish(Ending::Dropped),
            (None, None) => None,
        };
        if let (Some(work), Ok(runtime)) = (left, tokio::runtime::Handle::try_current()) {
            runtime.spawn(work);
        }
    }
}
