//! The trace that a run belongs to, as W3C Trace Context: <https://www.w3.org/TR/trace-context/>.

use std::collections::HashMap;

use opentelemetry::Context;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::FutureExt as _;
use opentelemetry_sdk::propagation::TraceContextPropagator;

const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";

/// Lets what `future` does continue the trace whose headers came with a request. Headers that are malformed, or there
/// without a `traceparent`, start a new trace, as the standard asks for.
///
/// A host that works in an OpenTelemetry context, or in an exported span, needs nothing: runs continue that.
///
/// ```
/// # async fn answer() {}
/// # let incoming: std::collections::HashMap<String, String> = Default::default();
/// # let _ =
/// ninefold_profile::otlp::continue_trace(
///     incoming.get("traceparent").map_or("", String::as_str),
///     incoming.get("tracestate").map(String::as_str),
///     answer(),
/// )
/// # ;
/// ```
pub fn continue_trace<F: Future>(
    traceparent: &str,
    tracestate: Option<&str>,
    future: F,
) -> impl Future<Output = F::Output> + use<F> {
    let headers = [(TRACEPARENT, Some(traceparent)), (TRACESTATE, tracestate)];
    let headers: HashMap<String, String> =
        headers.iter().filter_map(|(name, value)| Some(((*name).to_owned(), (*value)?.to_owned()))).collect();
    future.with_context(TraceContextPropagator::new().extract_with_context(&Context::new(), &headers))
}

/// The header `traceparent` for a request made now: it names the innermost exported span that this thread is inside of,
/// or else the host's OpenTelemetry context. `None` outside of both.
#[must_use]
pub fn traceparent() -> Option<String> {
    header(TRACEPARENT)
}

/// The header `tracestate` that goes with [`traceparent`]; `None` if the trace has none.
#[must_use]
pub fn tracestate() -> Option<String> {
    header(TRACESTATE).filter(|state| !state.is_empty())
}

fn header(name: &str) -> Option<String> {
    let mut headers: HashMap<String, String> = HashMap::new();
    TraceContextPropagator::new().inject_context(&Context::current(), &mut headers);
    headers.remove(name)
}
