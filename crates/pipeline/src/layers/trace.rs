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

pin_project! {
    /// A future inside its span.
    pub(crate) struct Traced<F> {
        #[pin]
        inner: F,
        span: Span,
        ended: bool,
    }

    impl<F> PinnedDrop for Traced<F> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if !*this.ended {
                span::record_outcome(this.span, outcome::CANCELLED);
            }
        }
    }
}

impl<F> Traced<F> {
    pub(crate) fn new(span: Span, inner: F) -> Self {
        Self { inner, span, ended: false }
    }
}

impl<F, T> Future for Traced<F>
where
    F: Future<Output = Result<Outcome<T>>>,
{
    type Output = Result<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T>> {
        let this = self.project();
        let result = ready!(this.span.in_scope(|| this.inner.poll(context)));
        *this.ended = true;
        match &result {
            Ok(outcome) => {
                if let Some(mark) = outcome.mark {
                    span::record_outcome(this.span, mark);
                }
                if outcome.attempts > 1 {
                    this.span.record(field::ATTEMPTS, span::count(u64::from(outcome.attempts)));
                }
            }
            Err(error) => span::record_error(this.span, error),
        }
        Poll::Ready(result.map(|outcome| outcome.value))
    }
}

/// Runs a future inside a span of its own.
pub(crate) async fn traced<T>(span: Span, future: impl Future<Output = Result<T>>) -> Result<T> {
    Traced::new(span, async { future.await.map(Outcome::computed) }).await
}
