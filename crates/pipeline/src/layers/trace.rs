//! One span around one future. The span is entered at every poll and never held in between; the future's end is noted
//! on it: failed with the error's class, cancelled when dropped early, replayed or cached when the work was spared.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use ninefold_core::span::{self, field, outcome};
use ninefold_core::{PhaseEnd, Result};
use pin_project_lite::pin_project;
use tracing::Span;

/// What a phase made, and how.
pub(crate) struct Outcome<T> {
    pub(crate) value: T,
    mark: Option<Mark>,
}

/// What a span says of an output that was not computed.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    outcome: &'static str,
    /// How long computing it took when it was computed, if that is known.
    saved: Option<Duration>,
}

impl<T> Outcome<T> {
    pub(crate) fn computed(value: T) -> Self {
        Self { value, mark: None }
    }

    /// How it was made.
    pub(super) fn end(&self) -> PhaseEnd {
        match self.mark.map(|mark| mark.outcome) {
            Some(outcome::REPLAYED) => PhaseEnd::Replayed,
            Some(outcome::CACHED) => PhaseEnd::Cached,
            _ => PhaseEnd::Done,
        }
    }

    pub(crate) fn replayed(value: T) -> Self {
        Self { value, mark: Some(Mark { outcome: outcome::REPLAYED, saved: None }) }
    }

    pub(crate) fn cached(value: T, saved: Duration) -> Self {
        Self { value, mark: Some(Mark { outcome: outcome::CACHED, saved: Some(saved) }) }
    }
}

/// What an output says of how it was made: a mark for the span.
type Says<T> = fn(&T) -> Option<Mark>;

pin_project! {
    /// A future inside its span.
    pub(crate) struct Traced<F, T> {
        #[pin]
        inner: F,
        span: Span,
        ended: bool,
        says: Says<T>,
    }

    impl<F, T> PinnedDrop for Traced<F, T> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if !*this.ended {
                span::record_outcome(this.span, outcome::CANCELLED);
            }
        }
    }
}

/// Runs a future inside a span of its own.
pub(crate) fn traced<F: Future<Output = Result<T>>, T>(span: Span, inner: F) -> Traced<F, T> {
    Traced { inner, span, ended: false, says: |_| None }
}

/// Runs a future inside a span of its own, which also says how the output was made.
pub(super) fn traced_outcome<F: Future<Output = Result<Outcome<T>>>, T>(span: Span, inner: F) -> Traced<F, Outcome<T>> {
    Traced { inner, span, ended: false, says: |outcome| outcome.mark }
}

impl<F, T> Future for Traced<F, T>
where
    F: Future<Output = Result<T>>,
{
    type Output = Result<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T>> {
        let this = self.project();
        let result = ready!(this.span.in_scope(|| this.inner.poll(context)));
        *this.ended = true;
        match &result {
            Ok(output) => {
                if let Some(mark) = (this.says)(output) {
                    span::record_outcome(this.span, mark.outcome);
                    if let Some(saved) = mark.saved {
                        this.span.record(field::SAVED, saved.as_secs_f64());
                    }
                }
            }
            Err(error) => span::record_error(this.span, error),
        }
        Poll::Ready(result)
    }
}
