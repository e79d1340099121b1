//! What stands between the bridge and the batch processor: it sees every span end.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{BatchSpanProcessor, Span, SpanData, SpanProcessor};

use super::counts::Counts;
use super::intervals;

/// Counts spans, gives them the profile's times, and keeps out those for which the queue has no room: the batch
/// processor would drop them without saying so.
#[derive(Debug)]
pub(super) struct Counting {
    batches: BatchSpanProcessor,
    counts: Arc<Counts>,
}

impl Counting {
    /// The queue of `batches` must hold as many spans as `counts` lets through.
    pub(super) fn new(batches: BatchSpanProcessor, counts: Arc<Counts>) -> Self {
        Self { batches, counts }
    }
}

impl SpanProcessor for Counting {
    fn on_start(&self, _: &mut Span, _: &Context) {
        self.counts.begin();
    }

    fn on_end(&self, mut span: SpanData) {
        intervals::apply(&mut span);
        if self.counts.end() {
            self.batches.on_end(span);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.batches.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.batches.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.batches.set_resource(resource);
    }
}
