//! Where spans go: a layer that does the least a timing layer can do, or OpenTelemetry's SDK and an exporter that only counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use tracing::span::{Attributes, Id};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

/// An exporter that sends nothing anywhere.
#[derive(Clone, Debug, Default)]
pub struct Counting(Arc<AtomicU64>);

impl Counting {
    /// The spans that came this far.
    pub fn spans(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl SpanExporter for Counting {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.fetch_add(batch.len() as u64, Ordering::Relaxed);
        Ok(())
    }
}

/// An export whose end can be seen.
pub struct Export {
    counting: Counting,
    flush: Box<dyn Fn()>,
    told: Box<dyn Fn() -> Option<u64>>,
}

impl Export {
    /// An export into `counting`; `flush` sends what waits, and `told` says how many spans the library counted as lost, if it counts.
    pub fn new(counting: Counting, flush: impl Fn() + 'static, told: impl Fn() -> Option<u64> + 'static) -> Self {
        Self { counting, flush: Box::new(flush), told: Box::new(told) }
    }

    pub(crate) fn delivered(&self) -> u64 {
        (self.flush)();
        self.counting.spans()
    }

    pub(crate) fn told(&self) -> Option<u64> {
        (self.told)()
    }
}

/// The least a timing layer can do: it notes when a span began and adds up, when it closes, how long it was open.
#[derive(Default)]
struct Timing {
    nanos: AtomicU64,
}

struct Begun(Instant);

impl<S: tracing::Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Timing {
    fn on_new_span(&self, _: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(Begun(Instant::now()));
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if let Some(span) = context.span(&id)
            && let Some(Begun(begun)) = span.extensions().get()
        {
            self.nanos.fetch_add(begun.elapsed().as_nanos() as u64, Ordering::Relaxed);
        }
    }
}

/// Sets the subscriber of W3: `otel` exports by the SDK's batch processor with its defaults, everything else is the timing layer.
pub fn install(variant: &str) -> Option<Export> {
    if variant != "otel" {
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(Timing::default())).unwrap();
        return None;
    }
    let counting = Counting::default();
    let provider = SdkTracerProvider::builder().with_batch_exporter(counting.clone()).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("bench"));
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer)).unwrap();
    let flush = move || provider.force_flush().unwrap();
    Some(Export::new(counting, flush, || None))
}
