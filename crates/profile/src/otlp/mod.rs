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
//!   exporter's own transport. Nothing global is set. A subscriber holds one bridge to OpenTelemetry at a time: where a
//!   span would be heard by two `tracing-opentelemetry` layers, that library panics; so a host that has such a layer
//!   filters one of the two.
//! - **One story.** A span of a recorded run is exported with the profile's own start and end, to the nanosecond.
//!   Without the profile's layer, and for spans that a recording has no room for, the bridge's readings count. A
//!   span that outlives its run has the profile's start and its own end.
//! - **Names that readers know.** `invoke_agent soar`, `phase assess`, `chat small`, `execute_tool quote`; kind, status
//!   and attributes by the [GenAI conventions](https://github.com/open-telemetry/semantic-conventions-genai).
//! - **Content stays.** What was asked and answered is stripped unless the host [opts in](Builder::content); what looks
//!   like a credential by its key is stripped in any case.
//! - **Nothing is lost silently.** The [`Guard`] counts what ended, what a receiver acknowledged, and the rest. Dropped,
//!   it shuts down and warns of losses.
//!
//! Requests are sent by a thread of the exporter's own, so that any runtime will do, and none.
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
//! | `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` | `false` |
//!
//! `OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT` and its like are honoured by the library below. Not read: `OTEL_BSP_EXPORT_TIMEOUT`
//! (the exporter's time-out holds), `OTEL_PROPAGATORS` (it is W3C Trace Context), `OTEL_EXPORTER_OTLP_CERTIFICATE`,
//! `…_CLIENT_KEY` and `…_CLIENT_CERTIFICATE`. TLS is not built in: an endpoint is `http://`, a collector nearby. A program
//! that enables TLS in the libraries below, as a feature of `reqwest` 0.13 or, for gRPC, of `opentelemetry-otlp` 0.33, can
//! use `https://`.
//!
//! # Traps
//!
//! - A span is exported below the span that its thread was inside of when it was *made*. Make it where its parent is
//!   entered, not as an argument of what enters the parent; give spawned tasks theirs with `.instrument(span)`; never hold
//!   `enter()` over an await.
//! - The parent that came with a request is known before the first span is made: wrap the whole of the work in
//!   [`continue_trace`].
//! - Only declared fields can be recorded later, and numbers are best `i64`: the bridge makes text of `u64` and `usize`.
//! - A subscriber that is set for one thread only is unknown where another thread closes the last handle of a span; its
//!   parent is then never closed, and not exported. Programs with several threads set theirs for all.

mod builder;
mod connection;
mod context;
mod counts;
mod delivery;
mod environment;
mod error;
mod exporter;
#[cfg(feature = "otlp-grpc")]
mod grpc;
mod guard;
mod http;
mod intervals;
mod key_values;
mod names;
mod processor;
mod readable;
mod resource;
mod sensitive;
mod targets;

pub use builder::{Builder, from_env};
pub use connection::Protocol;
pub use context::{continue_trace, traceparent, tracestate};
pub use delivery::Delivery;
pub use error::Error;
pub use guard::Guard;
pub(crate) use intervals::Interval;
pub use targets::TRANSPORT;
