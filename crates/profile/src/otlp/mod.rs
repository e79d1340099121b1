//! Runs for tracing tools that others made: spans over OTLP, to Jaeger, Phoenix, a collector, or whatever else takes it.
//!
//! ```no_run
//! use tracing_subscriber::layer::SubscriberExt as _;
//!
//! let (layer, guard) = ninefold_profile::otlp::from_env()?.service_name("help-desk").build()?;
//! let subscriber = tracing_subscriber::registry().with(ninefold_profile::layer()).with(layer);
//! tracing::subscriber::with_default(subscriber, || { /* the program */ });
//! println!("{}", guard.shutdown());
//! # Ok::<(), ninefold_profile::otlp::Error>(())
//! ```
//!
//! - **One layer.** It stands beside [`layer()`](crate::layer()), in either order, and lets through spans of target
//!   `ninefold` at level info and of the targets the host [names](Builder::target): never events, never the spans of the
//!   exporter's own transport. Nothing global is set. Several exports may stand side by side, each with trees of its own.
//! - **One story.** A span of a recorded run is exported with the profile's own start and end, to the nanosecond.
//!   Without the profile's layer, and for spans that a recording has no room for, the export's readings count. A
//!   span that outlives its run has the profile's start and its own end.
//! - **Names that readers know.** `invoke_agent soar`, `phase assess`, `chat small`, `execute_tool quote`; kind, status
//!   and attributes by the [GenAI conventions](https://github.com/open-telemetry/semantic-conventions-genai).
//! - **Part of what is around it.** Within an exported span, OpenTelemetry's current context is that span's: what the host
//!   makes with OpenTelemetry stands below it, and spans below what the host has made. A span says what it says by its
//!   fields alone; attributes and events that are added to it through OpenTelemetry are not sent.
//! - **Content stays.** What was asked and answered is stripped unless the host [opts in](Builder::content); what looks
//!   like a credential by its key is stripped in any case.
//! - **Nothing is lost silently.** The [`Guard`] counts what ended, what a receiver acknowledged, and the rest. Dropped,
//!   it shuts down and warns of losses.
//!
//! Whoever ends a span puts it into a queue as it is; it is made readable and sent by a thread of the export's own, when a
//! batch is full or its interval is over. So any runtime will do, and none.
//!
//! # Environment
//!
//! [`from_env`] reads these; a value that cannot be used is an [`Error`] that names the variable. What the host sets on
//! the [`Builder`] counts before them.
//!
//! | variable | default |
//! |---|---|
//! | `OTEL_SDK_DISABLED` = `true`, `OTEL_TRACES_EXPORTER` = `none` | export; `otlp` is the only other exporter |
//! | `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, `OTEL_EXPORTER_OTLP_ENDPOINT` (HTTP: `/v1/traces` is added) | `http://localhost:4318`; gRPC `http://localhost:4317` |
//! | `OTEL_EXPORTER_OTLP[_TRACES]_PROTOCOL` | `http/protobuf`; `grpc` needs the feature `otlp-grpc`; `http/json` is not supported |
//! | `OTEL_EXPORTER_OTLP[_TRACES]_HEADERS`, as `key=value,key=value` with percent-encoding | none |
//! | `OTEL_EXPORTER_OTLP[_TRACES]_TIMEOUT`, in ms | 10,000 |
//! | `OTEL_EXPORTER_OTLP[_TRACES]_COMPRESSION` | `none`; or `gzip`; `zstd` is not supported |
//! | `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES` | `unknown_service:` and the program's name |
//! | `OTEL_TRACES_SAMPLER`, `OTEL_TRACES_SAMPLER_ARG` | `parentbased_always_on`; `jaeger_remote` and `xray` are not supported |
//! | `OTEL_BSP_MAX_QUEUE_SIZE`, in spans, at most 1,048,576 | 65,536, see [`Builder::queue_size`] |
//! | `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`, in spans | 512 |
//! | `OTEL_BSP_SCHEDULE_DELAY`, in ms | 5,000 |
//! | `OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT`, `OTEL_SPAN_LINK_COUNT_LIMIT` | 128 each; spans have no events |
//! | `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` | `false` |
//!
//! Not read: `OTEL_BSP_EXPORT_TIMEOUT`
//! (the exporter's time-out holds), `OTEL_PROPAGATORS` (it is W3C Trace Context), `OTEL_EXPORTER_OTLP_CERTIFICATE`,
//! `…_CLIENT_KEY` and `…_CLIENT_CERTIFICATE`. TLS is not built in: an endpoint is `http://`, a collector nearby. A program
//! that enables TLS in the libraries below, as a feature of `reqwest` 0.13 or, for gRPC, of `opentelemetry-otlp` 0.33, can
//! use `https://`.
//!
//! # Traps
//!
//! - A host that has a layer of `tracing-opentelemetry` as well filters one of the two, so that no span is heard by both: each
//!   makes its own context current inside of a span, and a span would get its parent from the other's.
//! - A span is exported below the span that its thread was inside of when it was *made*. Make it where its parent is
//!   entered, not as an argument of what enters the parent; give spawned tasks theirs with `.instrument(span)`; never hold
//!   `enter()` over an await.
//! - The parent that came with a request is known before the first span is made: wrap the whole of the work in
//!   [`continue_trace`].
//! - Only declared fields can be recorded later, and numbers are best `i64`: `u64` and `usize` become text.
//! - A subscriber that is set for one thread only is unknown where another thread closes the last handle of a span; its
//!   parent is then never closed, and not exported. Programs with several threads set theirs for all.

mod bridge;
mod builder;
mod connection;
mod context;
mod counts;
mod delivery;
mod ended;
mod entered;
mod environment;
mod error;
#[cfg(feature = "otlp-grpc")]
mod grpc;
mod guard;
mod http;
mod key_values;
mod names;
mod open;
mod queue;
mod readable;
mod resource;
mod said;
mod sender;
mod sensitive;
mod targets;

pub use builder::{Builder, from_env};
pub use connection::Protocol;
pub use context::{continue_trace, traceparent, tracestate};
pub use delivery::Delivery;
pub use error::Error;
pub use guard::Guard;
pub(crate) use open::Open;
pub use targets::TRANSPORT;
