//! A connection to a server: made, used and ended.

use std::collections::HashSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use ninefold_core::secret::Secret;
use ninefold_core::{Cx, Error, ErrorKind, Labels, Result};
use rmcp::model::{CallToolRequestParams, CallToolResponse, CallToolResult, ClientConfig, Implementation, JsonObject};
use rmcp::service::{NotificationContext, RunningService, ServiceError, serve_client};
use rmcp::transport::IntoTransport;
use rmcp::transport::async_rw::AsyncRwTransport;
use rmcp::transport::streamable_http_client::{StreamableHttpClientTransport, StreamableHttpClientTransportConfig};
use rmcp::{ClientHandler, RoleClient};
use smol_str::SmolStr;
use tokio::io::{AsyncRead, AsyncWrite};

use super::process::{Process, keys};
use super::tools::{Listed, McpTool, list};
use crate::tools::limit::within;
use crate::tools::{Tool, ToolSource};

/// The most bytes of one message of a server.
const MESSAGE: usize = 8 * 1024 * 1024;

/// How a server is used.
#[derive(Debug, Clone)]
pub struct McpOptions {
    start: Duration,
    call: Duration,
    pub(super) labels: Labels,
    only: Option<HashSet<SmolStr>>,
    bearer: Option<Secret>,
}

impl Default for McpOptions {
    /// 30 s to start, 60 s a call, all tools, open to every run.
    fn default() -> Self {
        let (start, call) = (Duration::from_secs(30), Duration::from_secs(60));
        Self { start, call, labels: Labels::none(), only: None, bearer: None }
    }
}

impl McpOptions {
    /// How long it may take to answer the first time, its start included, and to tell its tools.
    #[must_use]
    pub fn start(mut self, limit: Duration) -> Self {
        self.start = limit;
        self
    }

    /// How long one call may take; an agent's own limit for a call holds as well.
    #[must_use]
    pub fn call(mut self, limit: Duration) -> Self {
        self.call = limit;
        self
    }

    /// The labels that a run's scope must grant before any of its tools is shown or called.
    #[must_use]
    pub fn labels(mut self, labels: Labels) -> Self {
        self.labels = labels;
        self
    }

    /// The token that an HTTP server is shown. It is in no error, span or debugging output.
    #[must_use]
    pub fn bearer(mut self, token: Secret) -> Self {
        self.bearer = Some(token);
        self
    }

    /// Uses these tools only, by their names at the server.
    #[must_use]
    pub fn only<T: AsRef<str>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        self.only = Some(names.into_iter().map(SmolStr::new).collect());
        self
    }
}

/// A server of tools. Clones are handles on one connection.
#[derive(Clone)]
pub struct McpServer(Arc<Inner>);

struct Inner {
    name: SmolStr,
    options: McpOptions,
    service: RunningService<RoleClient, Heard>,
    listed: tokio::sync::Mutex<Option<Arc<[Listed]>>>,
    /// Not to be told: the address, which may hold a key, the token, and the keys in the variables that a process was given.
    secrets: Vec<String>,
    process: Mutex<Option<Process>>,
}

impl fmt::Debug for McpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpServer").field("name", &self.0.name).finish_non_exhaustive()
    }
}

/// What a server tells by itself. It is offered nothing: no model, no files, no person to ask.
struct Heard {
    changed: AtomicBool,
}

impl ClientHandler for Heard {
    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.changed.store(true, Ordering::Release);
    }

    fn get_info(&self) -> ClientConfig {
        let info = Implementation::new("ninefold", env!("CARGO_PKG_VERSION"));
        ClientConfig::new(rmcp::model::ClientCapabilities::default(), info)
    }
}

impl McpServer {
    /// Starts a program and speaks with it over its standard input and output. Of the host's environment it has only what it
    /// needs to run (`PATH`, `HOME` and the like), and what the command says besides. `name` is what the server is called in
    /// errors and in front of names that clash. The values of variables that are called as keys are (`API_KEY`, `TOKEN`) are in
    /// no error.
    ///
    /// # Errors
    /// `Unavailable` when it cannot be started or ends, with the last that it wrote to its standard error;
    /// `DeadlineExceeded` when it does not answer in time; `MalformedReply` when it does not speak the protocol.
    pub async fn spawn(name: impl AsRef<str>, command: std::process::Command, options: McpOptions) -> Result<Self> {
        let name = SmolStr::new(name);
        let secrets = keys(&command);
        let (mut process, output, input) = Process::start(&name, command)?;
        let transport = AsyncRwTransport::new(output, input).with_max_line_length(MESSAGE);
        match begin(&name, transport, &options, &secrets).await {
            Ok(service) => Ok(Self::new(name, options, service, secrets, Some(process))),
            Err(error) => {
                let words = process.last_words(&secrets).await;
                if words.is_empty() { Err(error) } else { Err(error.hint(format!("it last said: {words}"))) }
            }
        }
    }

    /// Speaks with a server over streamable HTTP.
    ///
    /// # Errors
    /// As [`McpServer::spawn`]; `InvalidInput` for what is no address. Addresses stay out of errors, because some hold keys.
    pub async fn connect(name: impl AsRef<str>, url: &str, options: McpOptions) -> Result<Self> {
        let name = SmolStr::new(name);
        let invalid = |what: &str| {
            Error::new(ErrorKind::InvalidInput, format!("the address of the MCP server {name} {what}"))
                .hint("write it like http://127.0.0.1:3001/mcp; https needs the feature mcp-https")
        };
        let mut parsed = reqwest::Url::parse(url).map_err(|_| invalid("is no URL"))?;
        if !matches!(parsed.scheme(), "http" | "https") || !parsed.has_host() {
            return Err(invalid("is not one of http or https"));
        }
        let mut secrets = vec![url.to_owned(), parsed.to_string()];
        if parsed.set_username("").is_ok() && parsed.set_password(None).is_ok() {
            secrets.push(parsed.to_string());
        }
        // A server may tell a part of its address, too.
        let parts = [parsed.query(), parsed.fragment()];
        secrets.extend(parts.into_iter().flatten().map(str::to_owned));
        secrets.extend(options.bearer.as_ref().map(|token| token.expose().to_owned()));
        let client = reqwest::Client::builder()
            .connect_timeout(options.start)
            // As rmcp's own client: bodies are not always read to their end.
            .pool_max_idle_per_host(0)
            // A redirect would take the token elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| {
                Error::new(ErrorKind::Unavailable, format!("no HTTP client for the MCP server {name}")).caused_by(error)
            })?;
        let mut config = StreamableHttpClientTransportConfig::with_uri(url).max_sse_event_size(MESSAGE);
        if let Some(token) = &options.bearer {
            config = config.auth_header(token.expose());
        }
        let transport = StreamableHttpClientTransport::with_client(client, config);
        let service = begin(&name, transport, &options, &secrets).await?;
        Ok(Self::new(name, options, service, secrets, None))
    }

    /// Speaks with a server over any two streams, one JSON message a line.
    ///
    /// # Errors
    /// As [`McpServer::spawn`].
    pub async fn over<R, W>(name: impl AsRef<str>, read: R, write: W, options: McpOptions) -> Result<Self>
    where
        R: AsyncRead + Send + Unpin + 'static,
        W: AsyncWrite + Send + Unpin + 'static,
    {
        let name = SmolStr::new(name);
        let transport = AsyncRwTransport::new(read, write).with_max_line_length(MESSAGE);
        let service = begin(&name, transport, &options, &[]).await?;
        Ok(Self::new(name, options, service, Vec::new(), None))
    }

    fn new(
        name: SmolStr,
        options: McpOptions,
        service: RunningService<RoleClient, Heard>,
        secrets: Vec<String>,
        process: Option<Process>,
    ) -> Self {
        let (listed, process) = (tokio::sync::Mutex::default(), Mutex::new(process));
        Self(Arc::new(Inner { name, options, service, listed, secrets, process }))
    }

    /// Ends the connection, and the process: it may end by itself within 2 s, then it is killed, and on Unix what it started
    /// and left behind. What is called later fails as `Unavailable`.
    pub async fn close(&self) {
        self.0.service.cancellation_token().cancel();
        let process = self.0.process.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(process) = process {
            process.end().await;
        }
    }

    /// Whether the connection has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.0.service.is_closed() || self.0.service.peer().is_transport_closed()
    }

    pub(super) fn options(&self) -> &McpOptions {
        &self.0.options
    }

    /// What no error may show.
    pub(super) fn secrets(&self) -> &[String] {
        &self.0.secrets
    }

    /// Calls a tool by its name at the server.
    pub(super) async fn call(&self, tool: &str, arguments: JsonObject, cx: &Cx) -> Result<CallToolResult> {
        let params = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
        let Inner { name, options, service, secrets, .. } = &*self.0;
        let call = async {
            // Dropped before its end, it tells the server that nobody waits any more.
            match service.peer().call_tool_once(params).await {
                Ok(CallToolResponse::Complete(result)) => Ok(result),
                Ok(_) => Err(Error::new(
                    ErrorKind::Permanent,
                    format!(
                        "the MCP server {name} wants something in return for a call of {tool}, which is not offered"
                    ),
                )),
                Err(error) => Err(failure(name, &error, secrets)),
            }
        };
        cx.within_bounds(within(options.call, call)).await.map_err(|error| self.late(error, "a call"))
    }

    /// Says who it was that took too long.
    fn late(&self, error: Error, what: &str) -> Error {
        if error.kind() != ErrorKind::DeadlineExceeded || !error.message().starts_with("it took") {
            return error;
        }
        let told = format!("{what} of the MCP server {}: {}", self.0.name, error.message());
        Error::new(ErrorKind::DeadlineExceeded, told)
    }

    async fn listed(&self, cx: &Cx) -> Result<Arc<[Listed]>> {
        let Inner { name, options, service, secrets, .. } = &*self.0;
        let mut listed = self.0.listed.lock().await;
        let changed = &service.service().changed;
        if let Some(known) = &*listed
            // The tools of a server that has ended are still there, and say so when they are called.
            && (self.has_ended() || !changed.swap(false, Ordering::AcqRel))
        {
            return Ok(Arc::clone(known));
        }
        let asked = async { list(name, service.peer()).await?.map_err(|error| failure(name, &error, secrets)) };
        match cx.within_bounds(within(options.start, asked)).await {
            Ok(now) => {
                let now: Arc<[Listed]> = now.into();
                *listed = Some(Arc::clone(&now));
                Ok(now)
            }
            Err(error) => {
                changed.store(true, Ordering::Release);
                Err(self.late(error, "the list of tools"))
            }
        }
    }
}

#[async_trait]
impl ToolSource for McpServer {
    fn name(&self) -> &str {
        &self.0.name
    }

    async fn tools(&self, cx: &Cx) -> Result<Vec<Arc<dyn Tool>>> {
        let listed = self.listed(cx).await?;
        let wanted = |tool: &&Listed| self.0.options.only.as_ref().is_none_or(|only| only.contains(&tool.spec.name));
        let tool = |tool: &Listed| Arc::new(McpTool::new(self.clone(), tool.clone())) as Arc<dyn Tool>;
        Ok(listed.iter().filter(wanted).map(tool).collect())
    }
}

/// Begins a connection.
async fn begin<T, E, A>(
    name: &str,
    transport: T,
    options: &McpOptions,
    secrets: &[String],
) -> Result<RunningService<RoleClient, Heard>>
where
    T: IntoTransport<RoleClient, E, A>,
    E: std::error::Error + Send + Sync + 'static,
{
    let heard = Heard { changed: AtomicBool::new(false) };
    let begun = tokio::time::timeout(options.start, serve_client(heard, transport)).await;
    let Ok(begun) = begun else {
        let what = format!("the MCP server {name} did not answer within {:?}", options.start);
        return Err(
            Error::new(ErrorKind::DeadlineExceeded, what).hint("raise McpOptions::start, or see what it waits for")
        );
    };
    begun.map_err(|error| {
        use rmcp::service::ClientInitializeError::{ConnectionClosed, TransportError};
        let text = without(&error.to_string(), secrets);
        // A process that has ended is seen by what it no longer reads, or by what it no longer writes, whichever comes first.
        let ended = |error: &(dyn std::error::Error + 'static)| {
            error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
        };
        match error {
            ConnectionClosed(_) => {
                Error::new(ErrorKind::Unavailable, format!("the MCP server {name} ended before it answered"))
            }
            TransportError { error, .. } if ended(&*error.error) => {
                Error::new(ErrorKind::Unavailable, format!("the MCP server {name} ended before it answered"))
            }
            TransportError { .. } => {
                Error::new(ErrorKind::Unavailable, format!("the MCP server {name} cannot be reached: {text}"))
            }
            _ => {
                let what = format!("the MCP server {name} does not speak the protocol: {text}");
                Error::new(ErrorKind::MalformedReply, what)
            }
        }
    })
}

/// What an error of a connection means.
pub(super) fn failure(name: &str, error: &ServiceError, secrets: &[String]) -> Error {
    use rmcp::model::ErrorCode;
    match error {
        ServiceError::McpError(told) => {
            let kind = match told.code {
                ErrorCode::INVALID_PARAMS => ErrorKind::InvalidInput,
                ErrorCode::METHOD_NOT_FOUND | ErrorCode::RESOURCE_NOT_FOUND => ErrorKind::NotFound,
                _ => ErrorKind::Permanent,
            };
            Error::new(kind, format!("the MCP server {name} answered: {}", without(&told.message, secrets)))
        }
        ServiceError::TransportClosed | ServiceError::Cancelled { .. } => {
            Error::new(ErrorKind::Unavailable, format!("the MCP server {name} has ended")).hint("start it again")
        }
        ServiceError::TransportSend(_) => {
            let text = without(&error.to_string(), secrets);
            Error::new(ErrorKind::Unavailable, format!("the MCP server {name} cannot be reached: {text}"))
        }
        _ => {
            let text = without(&error.to_string(), secrets);
            Error::new(ErrorKind::MalformedReply, format!("the MCP server {name} answered what it should not: {text}"))
        }
    }
}

/// A text without what is not to be told, and not too long.
fn without(text: &str, secrets: &[String]) -> String {
    super::tools::clean(&hidden(text.to_owned(), secrets))
}

/// A text without what is not to be told.
pub(super) fn hidden(mut text: String, secrets: &[String]) -> String {
    for secret in secrets {
        if !secret.is_empty() {
            text = text.replace(secret.as_str(), "..");
        }
    }
    text
}
