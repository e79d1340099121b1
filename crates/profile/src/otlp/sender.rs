//! The thread that sends: it takes batches from the queue, makes their spans readable, and counts what arrived.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use futures_executor::block_on;
use opentelemetry::{Context, InstrumentationScope};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::SpanExporter;

use ninefold_core::span::TARGET;

use super::ended::span_data;
use super::error::Error;
use super::open::Open;
use super::queue::{Queue, Task};
use super::readable;

/// What is sent, and how.
pub(super) struct Sender<E> {
    pub(super) transport: E,
    pub(super) queue: Arc<Queue>,
    /// The longest that spans wait for a batch to fill up.
    pub(super) interval: Duration,
    /// The most attributes of one span.
    pub(super) attributes: usize,
    /// Whether what was asked and answered may leave.
    pub(super) content: bool,
}

impl<E: SpanExporter + 'static> Sender<E> {
    /// Starts the thread.
    pub(super) fn start(mut self, resource: &Resource) -> Result<(), Error> {
        self.transport.set_resource(resource);
        let thread = thread::Builder::new().name("ninefold-otlp".to_owned());
        let started = thread.spawn(move || self.run());
        started.map(drop).map_err(|error| Error::new("exporter", format!("its thread cannot be started: {error}")))
    }

    fn run(self) {
        // Nothing that happens on this thread is to be exported.
        let _suppressed = Context::enter_telemetry_suppressed_scope();
        let _over = Over(&self.queue);
        let scope = InstrumentationScope::builder(TARGET).with_version(env!("CARGO_PKG_VERSION")).build();
        loop {
            match self.queue.next(self.interval) {
                Task::Send(batch) => {
                    let emptied = self.send(batch, &scope);
                    self.queue.sent(emptied);
                }
                Task::Flush(batches) => {
                    if let Err(why) = attempt(|| self.transport.force_flush()) {
                        self.queue.counts().note(why);
                    }
                    self.queue.flushed(batches);
                }
                Task::End => break,
            }
        }
        if let Err(why) = attempt(|| self.transport.shutdown()) {
            self.queue.counts().note(why);
        }
    }

    /// Sends a batch, and gives it back empty.
    fn send(&self, mut batch: Vec<Open>, scope: &InstrumentationScope) -> Vec<Open> {
        let counts = self.queue.counts();
        let n = batch.len() as u64;
        counts.take(n);
        let exported = attempt(|| {
            let spans = batch.drain(..).map(|span| {
                let mut span = span_data(span, scope, self.attributes);
                readable::rewrite(&mut span, self.content);
                span
            });
            block_on(self.transport.export(spans.collect()))
        });
        match exported {
            Ok(()) => counts.deliver(n),
            Err(why) => counts.fail(n, &why),
        }
        batch
    }
}

/// Does something that may be the host's code; a panic in it is an error like others, and the next batch may fare better.
fn attempt(work: impl FnOnce() -> OTelSdkResult) -> Result<(), String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|error| reason(&error)),
        Err(payload) => Err(panicked(&*payload)),
    }
}

fn panicked(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("without a message"))
}

/// Says that the thread has ended, also where something on it panicked.
struct Over<'a>(&'a Queue);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.counts().note("the exporter panicked; nothing is sent any more".to_owned());
        }
        self.0.over();
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
