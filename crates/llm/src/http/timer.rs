//! One timer for all limits of a call. It is armed once and put off only when it goes off too early, since arming a timer
//! for every piece of a reply costs more than reading the piece.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;

use ninefold_core::{Cx, Result, cx};
use tokio::time::{Instant, Sleep, sleep_until};

/// Limits work to a time, to the run's deadline, and to the patience of the run's host.
pub(super) struct Timer {
    cx: Cx,
    sleep: Pin<Box<Sleep>>,
}

impl Timer {
    /// A timer of a run that will not go off before `first`.
    pub(super) fn new(cx: Cx, first: Instant) -> Self {
        let first = cx.deadline().map_or(first, |deadline| deadline.min(first));
        Self { cx, sleep: Box::pin(sleep_until(first)) }
    }

    /// What comes of `work`; `None` when the time that `until` names has passed. It is asked only when there is something
    /// to wait for: reading a clock costs as much as reading a piece.
    ///
    /// # Errors
    /// `Cancelled` and `DeadlineExceeded` as the run says.
    pub(super) async fn within<T>(
        &mut self,
        until: impl Fn() -> Instant,
        work: impl Future<Output = T>,
    ) -> Result<Option<T>> {
        let Self { cx, sleep } = self;
        let mut end = None;
        let mut work = pin!(work);
        let timed = poll_fn(|context| {
            if let Poll::Ready(outcome) = work.as_mut().poll(context) {
                return Poll::Ready(Ok(Some(outcome)));
            }
            let (end, is_deadline) = *end.get_or_insert_with(|| {
                let until = until();
                let deadline = cx.deadline().filter(|deadline| *deadline <= until);
                (deadline.unwrap_or(until), deadline.is_some())
            });
            if end < sleep.deadline() {
                sleep.as_mut().reset(end);
            }
            while sleep.as_mut().poll(context).is_ready() {
                if sleep.deadline() >= end {
                    return Poll::Ready(if is_deadline { Err(cx::deadline_exceeded()) } else { Ok(None) });
                }
                sleep.as_mut().reset(end);
            }
            Poll::Pending
        });
        match cx.cancellation() {
            Some(cancellation) => cancellation.run_until_cancelled(timed).await.ok_or_else(cx::cancelled)?,
            None => timed.await,
        }
    }
}
