//! One span around one future. The span is entered at every poll and never held in between; the future's end is noted
//! on it: failed with the error's class, cancelled when dropped early, replayed or cached when the work was spared.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ninefold_core::Result;
use ninefold_core::span::{self, field, outcome};
use pin_project_lite::pin_project;
use tracing::Span;

/// What a phase made, and how.
pub(crate) struct Outcome<T> {
    pub(crate) value: T,
    mark: Option<&'static str>,
    attempts: u32,
}

impl<T> Outcome<T> {
    pub(crate) fn computed(value: T) -> Self {
        Self { value, mark: None, attempts: 1 }
    }

    pub(crate) fn replayed(value: T) -> Self {
        Self { value, mark: Some(outcome::REPLAYED), attempts: 1 }
    }

    pub(crate) fn cached(value: T) -> Self {
        Self { value, mark: Some(outcome::CACHED), attempts: 1 }
    }

    pub(crate) fn after(self, attempts: u32) -> Self {
        Self { attempts, ..self }
    }
}

/// What an ending says of itself: a mark for the span, and the attempts it took.
type Says<T> = fn(&T) -> (Option<&'static str>, u32);

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
    Traced { inner, span, ended: false, says: |_| (None, 1) }
}

/// Runs a future inside a span of its own, which also says how the output was made.
pub(super) fn traced_outcome<F: Future<Output = Result<Outcome<T>>>, T>(span: Span, inner: F) -> Traced<F, Outcome<T>> {
    Traced { inner, span, ended: false, says: |outcome| (outcome.mark, outcome.attempts) }
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
                let (mark, attempts) = (this.says)(output);
                if let Some(mark) = mark {
                    span::record_outcome(this.span, mark);
                }
                if attempts > 1 {
                    this.span.record(field::ATTEMPTS, span::count(u64::from(attempts)));
                }
            }
            Err(error) => span::record_error(this.span, error),
        }
        Poll::Ready(result)
    }
}
