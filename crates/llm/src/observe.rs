//! One span around one call, open until the last delta of the reply, carrying what the call used.

use std::pin::Pin;
use std::task::{Context, Poll};

use async_trait::async_trait;
use futures_util::{FutureExt, Stream};
use ninefold_core::model::Deltas;
use ninefold_core::span::{self, field, outcome};
use ninefold_core::{Cx, Delta, Model, ModelId, ModelRequest, Reply, Result};
use tracing::Span;

/// A model whose calls are spans.
pub struct Observed<M> {
    inner: M,
}

impl<M: Model> Observed<M> {
    /// Observes `inner`.
    pub fn new(inner: M) -> Self {
        Self { inner }
    }
}

#[async_trait]
impl<M: Model> Model for Observed<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    async fn send(&self, request: ModelRequest, cx: &Cx) -> Result<Reply> {
        let mut call = Call { span: span::chat(self.inner.id()), ended: false };
        let mut sending = self.inner.send(request, cx);
        // The span is entered for each poll and never held in between.
        let reply = std::future::poll_fn(|context| call.span.in_scope(|| sending.poll_unpin(context))).await;
        match reply {
            Ok(reply) => Ok(Reply::stream(Watched { inner: reply.into_deltas(), call })),
            Err(error) => {
                call.ended = true;
                span::record_error(&call.span, &error);
                Err(error)
            }
        }
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

struct Watched {
    inner: Deltas,
    call: Call,
}

impl Stream for Watched {
    type Item = Result<Delta>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let polled = this.call.span.in_scope(|| this.inner.as_mut().poll_next(context));
        match &polled {
            Poll::Ready(Some(Ok(Delta::Usage(usage)))) => {
                this.call.span.record(field::INPUT_TOKENS, span::count(usage.input_tokens));
                this.call.span.record(field::OUTPUT_TOKENS, span::count(usage.output_tokens));
            }
            Poll::Ready(Some(Ok(Delta::End(_)))) => this.call.ended = true,
            Poll::Ready(Some(Err(error))) => {
                this.call.ended = true;
                span::record_error(&this.call.span, error);
            }
            // A stream without its end mark broke off; whoever collects it says so.
            Poll::Ready(None) if !this.call.ended => {
                this.call.ended = true;
                span::record_outcome(&this.call.span, outcome::FAILED);
            }
            _ => {}
        }
        polled
    }
}
