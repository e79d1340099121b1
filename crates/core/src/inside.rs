//! Work inside a span: entered at every poll, never held in between, and marked when it is dropped before its end.

use std::future::{Future, poll_fn};
use std::pin::pin;

use tracing::Span;

use crate::span::{self, outcome};

/// A span whose work may be dropped before its end.
struct Open {
    span: Span,
    ended: bool,
}

impl Drop for Open {
    fn drop(&mut self) {
        if !self.ended {
            span::record_outcome(&self.span, outcome::CANCELLED);
        }
    }
}

/// Does `work` inside `span`.
pub async fn inside<F: Future>(span: Span, work: F) -> F::Output {
    let mut open = Open { span, ended: false };
    let mut work = pin!(work);
    let output = poll_fn(|context| open.span.in_scope(|| work.as_mut().poll(context))).await;
    open.ended = true;
    output
}
