//! OTLP over gRPC, on a thread with a runtime of its own: the library's exporter needs one to be built and to send, and
//! where that is the host's, shutting down on its only thread waits for itself and loses the spans.

use std::fmt;
use std::sync::{Arc, mpsc};
use std::thread;

use opentelemetry::Context;
use opentelemetry_otlp::{Compression, SpanExporter as Tonic, WithExportConfig as _, WithTonicConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use tokio::runtime::{self, Handle};
use tokio::sync::oneshot;
use tonic::metadata::{AsciiMetadataKey, AsciiMetadataValue};

use super::connection::Connection;
use super::error::Error;

/// An exporter that may be called from any thread.
pub(super) struct Grpc {
    /// Shared with the requests on their way.
    exporter: Arc<Tonic>,
    handle: Handle,
    /// Dropped, it ends the thread.
    _running: oneshot::Sender<()>,
}

impl fmt::Debug for Grpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grpc").finish_non_exhaustive()
    }
}

/// Starts the thread and builds the exporter on it. No connection is made before the first spans are sent.
pub(super) fn exporter(connection: &Connection) -> Result<Grpc, Error> {
    let unable = |why: &dyn fmt::Display| Error::new("exporter", format!("the gRPC client cannot be made: {why}"));
    let (url, headers) = (connection.url()?, metadata(connection)?);
    let (timeout, gzip) = (connection.timeout(), connection.gzip);
    let (running, stop) = oneshot::channel();
    let (built, build) = mpsc::sync_channel(1);
    let run = move || {
        // Nothing that happens on this thread is to be exported.
        let _suppressed = Context::enter_telemetry_suppressed_scope();
        let runtime = match runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return drop(built.send(Err(error.to_string()))),
        };
        runtime.block_on(async {
            let interceptor = move |mut request: tonic::Request<()>| {
                for (name, value) in &headers {
                    request.metadata_mut().insert(name.clone(), value.clone());
                }
                Ok(request)
            };
            let mut builder = Tonic::builder().with_tonic();
            if gzip {
                builder = builder.with_compression(Compression::Gzip);
            }
            let exporter = builder
                .with_endpoint(url)
                .with_timeout(timeout)
                .with_interceptor(interceptor)
                .build()
                .map(|exporter| (exporter, Handle::current()))
                .map_err(|error| error.to_string());
            if built.send(exporter).is_ok() {
                // An error says that the sender is dropped, which is what is waited for.
                let _ = stop.await;
            }
        });
    };
    thread::Builder::new().name("ninefold-otlp-grpc".to_owned()).spawn(run).map_err(|error| unable(&error))?;
    let built = build.recv().map_err(|_| unable(&"its thread panicked"))?;
    let (exporter, handle) = built.map_err(|error| unable(&error))?;
    Ok(Grpc { exporter: Arc::new(exporter), handle, _running: running })
}

fn metadata(connection: &Connection) -> Result<Vec<(AsciiMetadataKey, AsciiMetadataValue)>, Error> {
    let wrong = || Error::new("headers", "gRPC takes headers of printable ASCII only, and none that end in -bin");
    let entries = connection.headers.iter().map(|(name, value)| {
        let name = AsciiMetadataKey::from_bytes(name.as_str().as_bytes()).map_err(|_| wrong())?;
        let mut value = AsciiMetadataValue::try_from(value.as_bytes()).map_err(|_| wrong())?;
        value.set_sensitive(true);
        Ok((name, value))
    });
    entries.collect()
}

impl SpanExporter for Grpc {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let exporter = Arc::clone(&self.exporter);
        let sent = self.handle.spawn(async move { exporter.export(batch).await });
        sent.await
            .unwrap_or_else(|error| Err(OTelSdkError::InternalFailure(format!("the request was given up: {error}"))))
    }

    /// The batch processor sets it before the first batch, when no request shares the exporter.
    fn set_resource(&mut self, resource: &Resource) {
        if let Some(exporter) = Arc::get_mut(&mut self.exporter) {
            exporter.set_resource(resource);
        }
    }
}
