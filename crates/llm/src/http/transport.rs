//! The client: connections that are kept, limits of time and size, proxies, headers that continue a trace.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ninefold_core::{Cx, Error, ErrorKind, Reply, Result};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, ClientBuilder, Proxy, Response, redirect};
use tokio::time::Instant;

use super::failure::Limit;
use super::reading;
use super::server::Server;
use super::timer::Timer;
use crate::wire::{Format, Framing, Outgoing};

/// How long is waited for a server and how much of it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Until a connection is there: 10 s.
    pub connect: Duration,
    /// From sending a request to the first byte of its answer: 2 min. Models that think first answer late.
    pub first_byte: Duration,
    /// Between two pieces of a reply: 2 min.
    pub idle: Duration,
    /// From sending a request to the end of its reply: 15 min. The run's own deadline holds besides.
    pub total: Duration,
    /// The most bytes of one event: 8 MiB.
    pub event_bytes: usize,
    /// The most bytes of a reply: 64 MiB.
    pub reply_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(120),
            idle: Duration::from_secs(120),
            total: Duration::from_secs(15 * 60),
            event_bytes: 8 << 20,
            reply_bytes: 64 << 20,
        }
    }
}

/// The most bytes that are read of a refusal.
const REFUSAL_BYTES: usize = 64 << 10;
/// How long a refusal's body is waited for at most.
const REFUSAL_TIME: Duration = Duration::from_secs(5);

/// The headers that continue a trace at whoever is asked.
type Trace = Arc<dyn Fn() -> Vec<(&'static str, String)> + Send + Sync>;

/// Sends requests. Cloning is cheap and shares the connections.
#[derive(Clone)]
pub struct Transport {
    client: Client,
    limits: Limits,
    trace: Option<Trace>,
}

/// What a [`Transport`] is to be like.
#[derive(Default)]
pub struct TransportBuilder {
    limits: Limits,
    proxy: Option<String>,
    no_proxy: bool,
    certificates: Vec<Vec<u8>>,
    trace: Option<Trace>,
}

impl TransportBuilder {
    /// Changes the limits.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Goes through this proxy, as in `http://user:password@host:3128`. Unless set, the environment decides: `HTTPS_PROXY`,
    /// `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`.
    #[must_use]
    pub fn proxy(mut self, address: impl Into<String>) -> Self {
        self.proxy = Some(address.into());
        self
    }

    /// Goes through no proxy, whatever the environment says.
    #[must_use]
    pub fn no_proxy(mut self) -> Self {
        self.no_proxy = true;
        self
    }

    /// Trusts these certificates besides those of the system: one or several, as PEM. Needs the feature `https`.
    #[must_use]
    pub fn certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.certificates.push(pem.into());
        self
    }

    /// Asks this for headers to send with every request, inside of the span of the call: `traceparent`, `tracestate`.
    #[must_use]
    pub fn trace(mut self, headers: impl Fn() -> Vec<(&'static str, String)> + Send + Sync + 'static) -> Self {
        self.trace = Some(Arc::new(headers));
        self
    }

    /// Makes it. No connection is opened yet.
    ///
    /// # Errors
    /// `InvalidInput` for a proxy or certificate that is none, `Unavailable` when the system's TLS cannot be used.
    pub fn build(self) -> Result<Transport> {
        let mut client = Client::builder()
            .connect_timeout(self.limits.connect)
            .redirect(redirect::Policy::none())
            .referer(false)
            .tcp_keepalive(Duration::from_secs(30))
            .pool_idle_timeout(Duration::from_secs(90))
            .user_agent(concat!("ninefold/", env!("CARGO_PKG_VERSION")));
        if self.no_proxy {
            client = client.no_proxy();
        }
        if let Some(address) = self.proxy {
            // The address is not repeated: it may hold a password.
            let proxy = Proxy::all(address).map_err(|_| {
                Error::new(ErrorKind::InvalidInput, "the proxy's address is no URL")
                    .hint("write it like http://host:3128")
            })?;
            client = client.proxy(proxy);
        }
        for pem in &self.certificates {
            client = trusting(client, pem)?;
        }
        let client = client
            .build()
            .map_err(|error| Error::new(ErrorKind::Unavailable, "no HTTP client can be made").caused_by(error))?;
        Ok(Transport { client, limits: self.limits, trace: self.trace })
    }
}

#[cfg(feature = "https")]
fn trusting(client: ClientBuilder, pem: &[u8]) -> Result<ClientBuilder> {
    match reqwest::Certificate::from_pem_bundle(pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(client.tls_certs_merge(certificates)),
        _ => Err(Error::new(ErrorKind::InvalidInput, "a certificate to trust is not PEM")),
    }
}

#[cfg(not(feature = "https"))]
fn trusting(_: ClientBuilder, _: &[u8]) -> Result<ClientBuilder> {
    Err(Error::new(ErrorKind::InvalidInput, "this build holds no TLS").hint("build it with the feature llm-https"))
}

impl Transport {
    /// A transport with the limits of [`Limits::default`].
    ///
    /// # Errors
    /// `Unavailable` when the system's TLS cannot be used.
    pub fn new() -> Result<Self> {
        Self::builder().build()
    }

    /// A transport of your own making.
    #[must_use]
    pub fn builder() -> TransportBuilder {
        TransportBuilder::default()
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The headers that continue a trace.
    pub(super) fn traced(&self) -> Vec<(&'static str, String)> {
        self.trace.as_ref().map(|trace| trace()).unwrap_or_default()
    }

    /// Sends a request and returns when its answer has begun.
    pub(crate) async fn post(
        &self,
        server: &Arc<Server>,
        format: &dyn Format,
        model: &str,
        outgoing: Outgoing,
        cx: &Cx,
    ) -> Result<Reply> {
        let sent = Instant::now();
        let Limits { first_byte, total, .. } = self.limits;
        let request = self
            .client
            .post(server.at(&outgoing.path)?)
            .headers(self.headers(server, format.framing(), &outgoing)?)
            .body(outgoing.body);
        let first = sent + first_byte.min(total);
        let mut timer = Timer::new(cx.clone(), first);
        let answered = timer.within(|| first, request.send()).await?;
        let Some(answered) = answered else { return Err(server.too_slow(Limit::FirstByte, first_byte.min(total))) };
        let response = answered.map_err(|error| server.of_sending(error, self.limits.connect))?;
        let status = response.status();
        if status.is_redirection() {
            return Err(server.of_redirect(status, response.headers()));
        }
        if !status.is_success() {
            let headers = response.headers().clone();
            let body = beginning(response, &mut timer).await?;
            return Err(server.of_status(format, (status, &headers, &body), model, cx.now()));
        }
        let Some(form) = reading::Form::of(response.headers(), format.framing()) else {
            let kind = response.headers().get(CONTENT_TYPE).cloned();
            let kind = kind.as_ref().map(|kind| String::from_utf8_lossy(kind.as_bytes())).unwrap_or_default();
            let request_id = server.request_id(response.headers());
            let body = beginning(response, &mut timer).await?;
            return Err(server.naming(server.of_content(&kind, &body), &request_id));
        };
        let source = reading::Source { response, server: Arc::clone(server), timer };
        Ok(reading::reply(source, form, format.decoder(), self.limits, sent))
    }

    fn headers(&self, server: &Server, framing: Framing, outgoing: &Outgoing) -> Result<HeaderMap> {
        let mut headers = server.headers(framing);
        let traced = self.traced();
        for (name, value) in outgoing.headers.iter().chain(&traced) {
            let bad = || {
                Error::new(ErrorKind::InvalidInput, format!("the header {name} for {} cannot be sent", server.provider))
            };
            let value = HeaderValue::from_str(value).map_err(|_| bad())?;
            headers.insert(HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?, value);
        }
        Ok(headers)
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl fmt::Debug for TransportBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportBuilder").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// What comes soon of a body that is only shown; where it breaks off is of no interest.
pub(super) async fn beginning(mut response: Response, timer: &mut Timer) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    let until = Instant::now() + REFUSAL_TIME;
    while let Some(Ok(Some(chunk))) = timer.within(|| until, response.chunk()).await? {
        let room = REFUSAL_BYTES - body.len();
        body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        if body.len() >= REFUSAL_BYTES {
            break;
        }
    }
    Ok(body)
}
