//! One span around one call, open until the last delta of the reply, carrying what the call used.

use std::pin::Pin;
use std::task::{Context, Poll};

use async_trait::async_trait;
use futures_util::{FutureExt, Stream};
use ninefold_core::model::{Deltas, MAX_REPLY_BYTES};
use ninefold_core::span::{self, field, outcome};
use ninefold_core::{Cx, Delta, Message, Model, ModelId, ModelRequest, Part, Reply, Result, ToolCall, ToolResult};
use tokio::time::Instant;
use tracing::Span;

/// A model whose calls are spans.
///
/// What is asked and answered stays out of the spans, unless [`Cx::shows_content`] says otherwise.
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

    fn variant(&self) -> &str {
        self.inner.variant()
    }

    async fn send(&self, request: ModelRequest, cx: &Cx) -> Result<Reply> {
        let mut call = Call {
            span: span::chat(self.inner.id(), &request),
            sent: Some(Instant::now()),
            text: cx.shows_content().then(String::new),
            ended: false,
        };
        if cx.shows_content() {
            call.span.record(field::INPUT_MESSAGES, messages(&request.messages));
        }
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

/// A part in the form that the OpenTelemetry conventions give it. Of images and files only the kind is told.
fn part(part: &Part) -> serde_json::Value {
    use serde_json::json;
    match part {
        Part::Text { text } => json!({ "type": "text", "content": text }),
        Part::Reasoning { text, .. } => json!({ "type": "reasoning", "content": text }),
        Part::ToolCall(ToolCall { id, name, arguments }) => {
            json!({ "type": "tool_call", "id": id, "name": name, "arguments": arguments })
        }
        Part::ToolResult(ToolResult { id, content, .. }) => {
            json!({ "type": "tool_call_response", "id": id, "response": content })
        }
        Part::Image { media } | Part::File { media } => json!({ "type": "blob", "mime_type": media.mime }),
        _ => json!({ "type": "other" }),
    }
}

/// Messages in the form that the OpenTelemetry conventions give them.
fn messages(messages: &[Message]) -> String {
    let message = |message: &Message| serde_json::json!({ "role": message.role, "parts": message.parts.iter().map(part).collect::<Vec<_>>() });
    serde_json::Value::from_iter(messages.iter().map(message)).to_string()
}

/// A call under way; cancelled when dropped before its end.
struct Call {
    span: Span,
    /// When it was sent, until its first piece has come.
    sent: Option<Instant>,
    /// What was answered, if that may be shown.
    text: Option<String>,
    ended: bool,
}

impl Call {
    fn hear(&mut self, delta: &Delta) {
        match delta {
            Delta::Text(text) => {
                if let Some(sent) = self.sent.take() {
                    self.span.record(field::FIRST_CHUNK, sent.elapsed().as_secs_f64());
                }
                if let Some(shown) = self.text.as_mut().filter(|shown| shown.len() + text.len() <= MAX_REPLY_BYTES) {
                    shown.push_str(text);
                }
            }
            Delta::Usage(usage) => span::record_usage(&self.span, usage),
            Delta::End(reason) => {
                self.ended = true;
                self.span.record(field::FINISH_REASON, reason.as_str());
            }
            _ => {}
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.ended {
            span::record_outcome(&self.span, outcome::CANCELLED);
        }
        if let Some(text) = self.text.take() {
            self.span.record(field::OUTPUT_MESSAGES, messages(&[Message::assistant(text)]));
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
            Poll::Ready(Some(Ok(delta))) => this.call.hear(delta),
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
