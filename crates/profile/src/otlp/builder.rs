//! How the export is set up.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry_sdk::trace::{Sampler, SpanExporter};
use tracing::Subscriber;
use tracing_subscriber::filter::Filtered;
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;

use crate::exported;

use super::bridge::Bridge;
use super::connection::{Connection, Endpoint, Protocol};
use super::counts::Counts;
use super::environment::{Environment, of_process};
use super::error::Error;
use super::guard::Guard;
use super::http;
use super::names::resource::{ENVIRONMENT, SERVICE_NAME, SERVICE_VERSION};
use super::queue::{Queue, SHORTEST};
use super::resource::resource;
use super::sender::Sender;
use super::targets::{TRANSPORT, Targets, is_within};

/// Spans that the queue holds unless the host or `OTEL_BSP_MAX_QUEUE_SIZE` says otherwise.
const QUEUE_SIZE: usize = 65_536;
/// The most it may hold.
pub(super) const MAX_QUEUE_SIZE: usize = 1 << 20;
/// Attributes that a span may have, and links, unless the environment says otherwise, by the specification.
const LIMIT: usize = 128;

/// A builder with what the environment says; the [module](super) has the list of variables.
pub fn from_env() -> Result<Builder, Error> {
    Environment(&of_process).read()
}

/// The set-up of an export. It begins with the environment: see [`from_env`].
#[must_use = "nothing is exported before `build`"]
pub struct Builder {
    pub(super) disabled: bool,
    pub(super) connection: Connection,
    pub(super) resource: Vec<(String, String)>,
    pub(super) sampler: Sampler,
    pub(super) queue_size: usize,
    pub(super) batch_size: usize,
    pub(super) interval: Duration,
    pub(super) content: bool,
    /// The most attributes of one span, and links.
    pub(super) attributes: usize,
    pub(super) links: usize,
    targets: Vec<String>,
    /// The first of the host's settings that cannot be used.
    wrong: Option<Error>,
}

/// What stands in the host's subscriber; `None` where the export is switched off.
type Exporting<S> = Option<Filtered<Bridge, Targets, S>>;

impl Builder {
    pub(super) fn new() -> Self {
        Self {
            disabled: false,
            connection: Connection::default(),
            resource: Vec::new(),
            sampler: Sampler::ParentBased(Box::new(Sampler::AlwaysOn)),
            queue_size: QUEUE_SIZE,
            batch_size: 512,
            interval: Duration::from_secs(5),
            content: false,
            attributes: LIMIT,
            links: LIMIT,
            targets: Vec::new(),
            wrong: None,
        }
    }

    /// Where the receiver is, like `http://localhost:4318`. Over HTTP, `/v1/traces` is added to a URL without a path.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        let (setting, url) = ("endpoint", url.into());
        let after_scheme = url.split_once("://").map_or("", |(_, rest)| rest);
        let has_path = after_scheme.split_once('/').is_some_and(|(_, path)| !path.is_empty());
        self.connection.endpoint =
            Some(if has_path { Endpoint::Exact { setting, url } } else { Endpoint::Base { setting, url } });
        self
    }

    /// How spans travel.
    pub fn protocol(mut self, protocol: Protocol) -> Self {
        self.connection.protocol = protocol;
        self
    }

    /// A header of every request, for example with a key. Its value is shown nowhere.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Err(error) = self.connection.header("header", name, value) {
            self.wrong.get_or_insert(error);
        }
        self
    }

    /// Whether requests are compressed with gzip. Off by default: receivers are mostly near. `false` cannot take back what
    /// `OTEL_EXPORTER_OTLP_COMPRESSION` or its variant for traces says: the exporter below reads them itself.
    pub fn gzip(mut self, gzip: bool) -> Self {
        self.connection.gzip = gzip;
        self
    }

    /// The longest wait for the receiver's answer, retries included.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.connection.timeout = Some(timeout);
        self
    }

    /// The program's name, `service.name`.
    pub fn service_name(self, name: impl Into<String>) -> Self {
        self.resource_attribute(SERVICE_NAME, name)
    }

    /// The program's version, `service.version`.
    pub fn service_version(self, version: impl Into<String>) -> Self {
        self.resource_attribute(SERVICE_VERSION, version)
    }

    /// Where the program runs, for example `production`: `deployment.environment.name`.
    pub fn environment(self, name: impl Into<String>) -> Self {
        self.resource_attribute(ENVIRONMENT, name)
    }

    /// Another attribute of the program as a whole. `service.instance.id` is random unless given.
    pub fn resource_attribute(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.resource.push((key.into(), value.into()));
        self
    }

    /// The fraction of traces to export, from 0 to 1, where the caller of a run has not decided.
    pub fn sample(mut self, fraction: f64) -> Self {
        if (0.0..=1.0).contains(&fraction) {
            self.sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(fraction)));
        } else {
            self.wrong.get_or_insert(Error::new("sample", format!("{fraction} is not a fraction from 0 to 1")));
        }
        self
    }

    /// The most spans that wait to be sent; 65,536 by default. More than that are dropped, and counted.
    ///
    /// Nothing is set aside for them at the start; a phase that waits takes about 450 bytes, 30 MB when the queue is full.
    pub fn queue_size(mut self, spans: usize) -> Self {
        self.queue_size = spans;
        self
    }

    /// The most spans of one request; 512 by default.
    pub fn batch_size(mut self, spans: usize) -> Self {
        self.batch_size = spans;
        self
    }

    /// The longest that spans wait for a batch to fill up; 5 s by default, and at least 1 ms.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Whether what was asked and answered is exported, where spans have it: messages, arguments and results of tools,
    /// queries, documents. Off by default. What looks like a credential by its key never is.
    pub fn content(mut self, content: bool) -> Self {
        self.content = content;
        self
    }

    /// Exports spans of this target as well, and of the modules below it. The targets of the transport cannot be: see
    /// [`TRANSPORT`].
    pub fn target(mut self, target: impl Into<String>) -> Self {
        let target = target.into();
        if let Some(own) = TRANSPORT.iter().find(|own| is_within(&target, own)) {
            let what = format!("spans of {own:?} are made by the exporter itself; exporting them would never end");
            self.wrong.get_or_insert(Error::new("target", what));
        } else if target.is_empty() {
            self.wrong.get_or_insert(Error::new("target", "it is empty; name a crate or module"));
        } else {
            self.targets.push(target);
        }
        self
    }

    /// The layer for the host's subscriber, beside [`layer()`](crate::layer()), and the guard to hold meanwhile.
    ///
    /// It may be called with or without a runtime. A receiver that is not there is not noticed before spans are sent.
    pub fn build<S>(self) -> Result<(impl Layer<S> + Send + Sync + 'static + use<S>, Guard), Error>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        if self.disabled {
            return Ok((Exporting::None, Guard::idle()));
        }
        let queue = self.queue();
        match self.connection.protocol {
            Protocol::Http => {
                let transport = http::exporter(&self.connection, Arc::clone(&queue))?;
                self.assemble(transport, queue)
            }
            #[cfg(feature = "otlp-grpc")]
            Protocol::Grpc => {
                let transport = super::grpc::exporter(&self.connection)?;
                self.assemble(transport, queue)
            }
        }
    }

    /// The same with an exporter of the host's: to a file, to several receivers, for tests. What it says about
    /// connections is not used.
    pub fn build_with<S, E>(
        self,
        exporter: E,
    ) -> Result<(impl Layer<S> + Send + Sync + 'static + use<S, E>, Guard), Error>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
        E: SpanExporter + 'static,
    {
        if self.disabled {
            return Ok((Exporting::None, Guard::idle()));
        }
        let queue = self.queue();
        self.assemble(exporter, queue)
    }

    fn queue(&self) -> Arc<Queue> {
        Arc::new(Queue::new(Counts::new(self.queue_size), self.batch_size))
    }

    fn assemble<S, E>(self, transport: E, queue: Arc<Queue>) -> Result<(Exporting<S>, Guard), Error>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
        E: SpanExporter + 'static,
    {
        if let Some(wrong) = self.wrong {
            return Err(wrong);
        }
        if self.queue_size > MAX_QUEUE_SIZE {
            return Err(Error::new("queue_size", format!("{} spans are more than {MAX_QUEUE_SIZE}", self.queue_size)));
        }
        if self.queue_size == 0 || self.batch_size == 0 || self.batch_size > self.queue_size {
            let what = "it must be from 1 up, and not more than the queue holds";
            return Err(Error::new(if self.queue_size == 0 { "queue_size" } else { "batch_size" }, what));
        }
        if self.interval < SHORTEST {
            let what = format!("{:?} is shorter than {SHORTEST:?}, the least that spans wait", self.interval);
            return Err(Error::new("interval", what));
        }
        let sender = Sender {
            transport,
            queue: Arc::clone(&queue),
            interval: self.interval,
            attributes: self.attributes,
            content: self.content,
        };
        sender.start(&resource(&self.resource))?;
        exported::begin();
        let bridge = Bridge::new(self.sampler, self.links, Arc::clone(&queue));
        Ok((Some(bridge.with_filter(Targets::new(self.targets))), Guard::new(queue)))
    }
}

/// Without the values of headers.
impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("disabled", &self.disabled)
            .field("connection", &self.connection)
            .field("sampler", &self.sampler)
            .field("queue_size", &self.queue_size)
            .field("batch_size", &self.batch_size)
            .field("interval", &self.interval)
            .field("content", &self.content)
            .field("targets", &self.targets)
            .finish_non_exhaustive()
    }
}
