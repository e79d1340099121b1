//! One span around one call, carrying what it used. What is embedded stays out of it.

use async_trait::async_trait;
use futures_util::FutureExt;
use ninefold_core::span::{self, field, outcome};
use ninefold_core::{Embedded, Embedder, ModelId, Purpose, Result};
use tracing::Span;

/// An embedder whose calls are spans.
pub struct Observed<E> {
    inner: E,
}

impl<E: Embedder> Observed<E> {
    /// Observes `inner`.
    pub fn new(inner: E) -> Self {
        Self { inner }
    }
}

/// A call under way; cancelled when dropped before its end.
struct Call {
    span: Span,
    ended: bool,
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.ended {
            span::record_outcome(&self.span, outcome::CANCELLED);
        }
    }
}

#[async_trait]
impl<E: Embedder> Embedder for Observed<E> {
    fn model(&self) -> &ModelId {
        self.inner.model()
    }

    async fn embed(&self, texts: &[String], purpose: Purpose) -> Result<Embedded> {
        let mut call = Call { span: span::embeddings(self.model()), ended: false };
        let mut embedding = self.inner.embed(texts, purpose);
        // The span is entered for each poll and never held in between.
        let result = std::future::poll_fn(|context| call.span.in_scope(|| embedding.poll_unpin(context))).await;
        call.ended = true;
        match &result {
            Ok(Embedded { vectors, usage }) => {
                call.span.record(field::INPUT_TOKENS, span::count(usage.input_tokens));
                if let Some(vector) = vectors.first() {
                    call.span.record(field::DIMENSIONS, span::count(vector.len() as u64));
                }
                if let Some(cost) = usage.cost {
                    call.span.record(field::COST, cost.usd());
                }
            }
            Err(error) => span::record_error(&call.span, error),
        }
        result
    }
}
