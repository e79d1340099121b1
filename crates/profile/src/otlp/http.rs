//! OTLP over HTTP, with protobuf bodies.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Compression, Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message as _;
use reqwest::blocking;
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::redirect::Policy;

use super::connection::Connection;
use super::error::Error;
use super::queue::Queue;

/// An exporter that sends from the thread that calls it, which must not be one of a runtime.
pub(super) fn exporter(connection: &Connection, queue: Arc<Queue>) -> Result<SpanExporter, Error> {
    let url = connection.url()?;
    let client = Client { client: client(connection)?, headers: connection.headers.clone(), queue };
    let mut builder = SpanExporter::builder().with_http();
    if connection.gzip {
        builder = builder.with_compression(Compression::Gzip);
    }
    builder
        .with_http_client(client)
        .with_endpoint(url)
        .with_protocol(Protocol::HttpBinary)
        .with_timeout(connection.timeout())
        .build()
        .map_err(|error| Error::new("exporter", error.to_string()))
}

/// A blocking client cannot be made on a thread of a runtime.
fn client(connection: &Connection) -> Result<blocking::Client, Error> {
    let timeout = connection.timeout();
    let unable = |why: &dyn fmt::Display| Error::new("exporter", format!("the HTTP client cannot be made: {why}"));
    std::thread::Builder::new()
        .name("ninefold-otlp-setup".to_owned())
        // A redirect would take the headers, and the credentials in them, to another host.
        .spawn(move || blocking::Client::builder().timeout(timeout).redirect(Policy::none()).build())
        .map_err(|error| unable(&error))?
        .join()
        .map_err(|_| unable(&"its thread panicked"))?
        .map_err(|error| unable(&chain(&error)))
}

/// The library's client with our headers, which notes what the receiver says about the spans and why it is not reached:
/// the exporter around it keeps both to itself.
struct Client {
    client: blocking::Client,
    headers: Vec<(HeaderName, HeaderValue)>,
    queue: Arc<Queue>,
}

/// Without the headers.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        // The exporter has added those of the environment itself; what the host has set counts before them.
        for (name, value) in &self.headers {
            request.headers_mut().insert(name.clone(), value.clone());
        }
        let response = self.client.send_bytes(request).await.map_err(|error| {
            let error = match error.downcast::<reqwest::Error>() {
                Ok(error) => chain(&error.without_url()),
                Err(error) => error.to_string(),
            };
            self.queue.counts().cause(error.clone());
            HttpError::from(error)
        })?;
        if response.status().is_success()
            && let Ok(ExportTraceServiceResponse { partial_success: Some(partial) }) =
                ExportTraceServiceResponse::decode(response.body().clone())
        {
            self.queue.counts().reject(partial.rejected_spans, &partial.error_message);
        }
        Ok(response)
    }
}

/// An error and what caused it, in one line.
pub(super) fn chain(error: &dyn StdError) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_said = cause.to_string();
        if !said.contains(&cause_said) {
            said = format!("{said}: {cause_said}");
        }
        source = cause.source();
    }
    said
}
