//! What an export knows of a span until it is sent.

use std::time::SystemTime;

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _};
use tracing::Metadata;

use super::said::Sayings;

/// A span that is open, and then waits to be sent.
#[derive(Debug)]
pub(crate) struct Open {
    /// The number of the export.
    pub(crate) export: u64,
    /// What is current inside of the span, with the span's own ids.
    pub(super) context: Context,
    pub(super) parent: SpanId,
    pub(super) parent_is_remote: bool,
    /// Whether it will be sent, and not left out by the sampler.
    pub(super) is_sampled: bool,
    /// Whether it is counted as begun, which it is when it is first entered, or else when it is closed.
    pub(super) is_begun: bool,
    pub(super) metadata: &'static Metadata<'static>,
    /// When it was made, and when it was last left, by the wall clock; of spans that the profile records, by its clock in
    /// the end.
    pub(super) start: SystemTime,
    pub(super) end: Option<SystemTime>,
    pub(super) said: Sayings,
    /// Spans that it follows from, and how many more there were.
    pub(super) follows: Vec<SpanContext>,
    pub(super) follows_more: u32,
}

impl Open {
    pub(super) fn span_id(&self) -> SpanId {
        self.context.span().span_context().span_id()
    }
}

#[cfg(test)]
impl Open {
    /// A span that says nothing.
    pub(super) fn silent() -> Self {
        let metadata = tracing::subscriber::with_default(tracing_subscriber::registry(), || {
            ninefold_core::span::store().metadata().unwrap()
        });
        Self {
            export: 0,
            context: Context::new(),
            parent: SpanId::INVALID,
            parent_is_remote: false,
            is_sampled: true,
            is_begun: true,
            metadata,
            start: SystemTime::UNIX_EPOCH,
            end: None,
            said: Sayings::default(),
            follows: Vec::new(),
            follows_more: 0,
        }
    }
}
