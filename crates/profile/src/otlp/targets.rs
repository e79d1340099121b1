//! Which spans are exported.

use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Level, Metadata};
use tracing_subscriber::layer::{Context, Filter};

use ninefold_core::span::TARGET;

/// The targets of the exporter's own transport, which are never exported: exporting them would make more of them.
pub const TRANSPORT: [&str; 10] = [
    "h2",
    "hyper",
    "hyper_util",
    "opentelemetry",
    "opentelemetry_http",
    "opentelemetry_otlp",
    "opentelemetry_sdk",
    "reqwest",
    "tonic",
    "tower",
];

/// Spans at level info and above of target `ninefold` and of the host's, and no events.
#[derive(Debug, Clone)]
pub(super) struct Targets {
    names: Vec<String>,
}

impl Targets {
    pub(super) fn new(of_host: Vec<String>) -> Self {
        let mut names = of_host;
        names.push(TARGET.to_owned());
        Self { names }
    }

    fn takes(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span()
            && *metadata.level() <= Level::INFO
            && self.names.iter().any(|name| is_within(metadata.target(), name))
    }
}

/// Whether `target` is `name` or a module below it.
pub(super) fn is_within(target: &str, name: &str) -> bool {
    target.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

impl<S> Filter<S> for Targets {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        self.takes(metadata)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.takes(metadata) { Interest::always() } else { Interest::never() }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::INFO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_covers_its_modules_and_no_others() {
        assert!(is_within("shop", "shop") && is_within("shop::cart", "shop"));
        assert!(!is_within("shopping", "shop") && !is_within("sho", "shop") && !is_within("h2o", "h2"));
    }
}
