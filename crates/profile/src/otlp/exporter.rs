//! What stands between the batch processor and the transport: it makes spans readable and counts what arrived.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

use super::counts::Counts;
use super::readable;

/// An exporter whose spans are readable and counted.
pub(super) struct Exporter<E> {
    transport: E,
    counts: Arc<Counts>,
    content: bool,
}

impl<E> Exporter<E> {
    pub(super) fn new(transport: E, counts: Arc<Counts>, content: bool) -> Self {
        Self { transport, counts, content }
    }
}

/// Without the transport, which knows the headers.
impl<E> fmt::Debug for Exporter<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exporter").field("content", &self.content).finish_non_exhaustive()
    }
}

impl<E: SpanExporter> SpanExporter for Exporter<E> {
    async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len() as u64;
        self.counts.take(spans);
        for span in &mut batch {
            readable::rewrite(span, self.content);
        }
        let result = self.transport.export(batch).await;
        match &result {
            Ok(()) => self.counts.deliver(spans),
            Err(error) => self.counts.fail(spans, &reason(error)),
        }
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.transport.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.transport.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.transport.set_resource(resource);
    }
}

/// The library's message without what it puts before all of them.
fn reason(error: &OTelSdkError) -> String {
    match error {
        OTelSdkError::InternalFailure(message) => message.clone(),
        OTelSdkError::Timeout(limit) => format!("no answer within {} ms", limit.as_millis()),
        OTelSdkError::AlreadyShutdown => error.to_string(),
    }
}
