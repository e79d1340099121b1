//! Replies that are kept, to be given again.

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_util::stream;
use ninefold_core::span::{self, field, outcome};
use ninefold_core::{Delta, ModelId, ModelRequest, OutputFormat, Reply, StopReason, Timestamp};
use serde::{Deserialize, Serialize};

/// A whole reply, and how long it took.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) deltas: Vec<Delta>,
    pub(crate) took: Duration,
    pub(crate) expires: Timestamp,
}

impl Answer {
    pub(crate) fn new(deltas: Vec<Delta>, took: Duration, now: Timestamp, lives: Duration) -> Self {
        let lives = i64::try_from(lives.as_micros()).unwrap_or(i64::MAX);
        Self { deltas, took, expires: Timestamp(now.0.saturating_add(lives)) }
    }

    /// About how much memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        let content: usize = self.deltas.iter().map(Delta::content_bytes).sum();
        content + self.deltas.len() * size_of::<Delta>() + size_of::<Self>()
    }

    /// The reply again, piece by piece, as a span that says what it saved; what it used was paid for then.
    pub(crate) fn hit(self: Arc<Self>, model: &ModelId, request: &ModelRequest) -> Reply {
        let span = span::chat(model, request);
        span::record_outcome(&span, outcome::CACHED);
        span.record(field::SAVED, self.took.as_secs_f64());
        let mut next = 0;
        Reply::stream(stream::poll_fn(move |_| {
            loop {
                let delta = self.deltas.get(next);
                next += 1;
                if !matches!(delta, Some(Delta::Usage(_))) {
                    return Poll::Ready(delta.cloned().map(Ok));
                }
            }
        }))
    }
}

/// The text of a reply.
pub(crate) fn text_of(deltas: &[Delta]) -> String {
    deltas.iter().filter_map(|delta| if let Delta::Text(text) = delta { Some(text.as_str()) } else { None }).collect()
}

/// The text without a leading `<think>…</think>`, trimmed.
pub(crate) fn without_reasoning(text: &str) -> &str {
    let text = text.trim();
    match text.strip_prefix("<think>") {
        Some(reasoning) => reasoning.split_once("</think>").map_or("", |(_, answer)| answer.trim()),
        None => text,
    }
}

/// Whether a whole reply is of the form asked for: it calls tools and was not cut off in that, or says something that is not
/// reasoning alone, in JSON where it must, and is no refusal.
pub(crate) fn is_worth_keeping(deltas: &[Delta], output: &OutputFormat) -> bool {
    let ends = |reason| deltas.iter().any(|delta| matches!(delta, Delta::End(stop) if *stop == reason));
    if ends(StopReason::Refused) {
        return false;
    }
    if deltas.iter().any(|delta| matches!(delta, Delta::ToolCall { .. })) {
        // The arguments may be half there.
        return !ends(StopReason::Length);
    }
    let text = text_of(deltas);
    match output {
        OutputFormat::Text => !without_reasoning(&text).is_empty(),
        OutputFormat::Json | OutputFormat::Schema { .. } => {
            serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok()
        }
    }
}
