//! A future inside a span.

use std::future::{Future, poll_fn};
use std::pin::pin;

use ninefold_core::Result;
use ninefold_core::span::{self, outcome};
use tracing::Span;

/// A span that is cancelled when dropped before its end.
pub(crate) struct Open {
    span: Span,
    ended: bool,
}

impl Open {
    pub(crate) fn new(span: Span) -> Self {
        Self { span, ended: false }
    }

    pub(crate) fn in_scope<T>(&self, work: impl FnOnce() -> T) -> T {
        self.span.in_scope(work)
    }

    pub(crate) fn end<T>(&mut self, result: &Result<T>) {
        self.ended = true;
        if let Err(error) = result {
            span::record_error(&self.span, error);
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if !self.ended {
            span::record_outcome(&self.span, outcome::CANCELLED);
        }
    }
}

/// Runs a future inside a span, which is entered for each poll and never held in between.
pub(crate) async fn traced<T>(span: Span, future: impl Future<Output = Result<T>>) -> Result<T> {
    let mut open = Open::new(span);
    let mut future = pin!(future);
    let result = poll_fn(|context| open.in_scope(|| future.as_mut().poll(context))).await;
    open.end(&result);
    result
}
