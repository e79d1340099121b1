//! A model by its name, with the headers that continue a trace where the host exports its spans.

use std::sync::Arc;

use ninefold_core::{Model, Result};
use ninefold_llm::Providers;
use ninefold_llm::http::Transport;

/// The model of this name, as in `anthropic/claude-sonnet-4-5` or `ollama/llama3.2`: the provider, a slash, the model's name
/// there. The key comes from the provider's usual variable, such as `ANTHROPIC_API_KEY`. With the feature `otlp` its requests
/// carry `traceparent`, so that a trace goes on at whoever is asked.
///
/// ```no_run
/// # use ninefold::Soar;
/// # async fn example() -> ninefold::Result<()> {
/// let soar = Soar::builder().index("docs").model(ninefold::open_model("ollama/llama3.2")?).build().await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`Providers::open`]: `InvalidInput` for a name that is none and a provider that is not known, `Unavailable` when there
/// is no key.
pub fn open_model(name: &str) -> Result<Arc<dyn Model>> {
    model_providers()?.open(name)
}

/// What opens models by name, for a host that opens several, which then share their connections, or that keeps keys
/// elsewhere than in the environment.
///
/// # Errors
/// `Unavailable` when the system's TLS cannot be used.
pub fn model_providers() -> Result<Providers> {
    let transport = Transport::builder();
    #[cfg(feature = "otlp")]
    let transport = transport.trace(|| {
        use ninefold_profile::otlp::{traceparent, tracestate};
        let headers = [("traceparent", traceparent()), ("tracestate", tracestate())];
        headers.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    });
    Ok(Providers::new(transport.build()?))
}
