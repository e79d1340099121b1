//! What the `OTEL_*` variables say. [`super`] has the list.

use std::time::Duration;

use opentelemetry_sdk::trace::Sampler;

use super::builder::{Builder, MAX_QUEUE_SIZE};
use super::connection::{Endpoint, Protocol};
use super::error::Error;
use super::key_values;
use super::names::resource::SERVICE_NAME;

/// Looks up a variable.
pub(super) struct Environment<'a>(pub(super) &'a dyn Fn(&str) -> Result<Option<String>, Error>);

/// The variables of the process. Values that are not Unicode are refused.
pub(super) fn of_process(name: &str) -> Result<Option<String>, Error> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(Error::new(name, "the value is not Unicode")),
    }
}

/// A variable that is set.
struct Set {
    name: &'static str,
    value: String,
}

impl Set {
    fn wrong(&self, what: &str) -> Error {
        Error::new(self.name, format!("{:?} {what}", crate::text::fit(&self.value, 60)))
    }

    fn switch(&self) -> Result<bool, Error> {
        match self.value.to_ascii_lowercase().as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(self.wrong("is neither true nor false")),
        }
    }

    fn count(&self) -> Result<usize, Error> {
        let counts = 1..=MAX_QUEUE_SIZE;
        let count = self.value.parse().ok().filter(|n| counts.contains(n));
        count.ok_or_else(|| self.wrong(&format!("is not a number from 1 to {MAX_QUEUE_SIZE}")))
    }

    fn limit(&self) -> Result<usize, Error> {
        self.value.parse().map_err(|_| self.wrong("is not a number from 0 up"))
    }

    fn millis(&self) -> Result<Duration, Error> {
        let millis = self.value.parse().ok().filter(|n| *n > 0);
        millis.map(Duration::from_millis).ok_or_else(|| self.wrong("is not a number of milliseconds from 1 up"))
    }
}

impl Environment<'_> {
    /// The first of these that is set; an empty value counts as not set, by the specification.
    fn get(&self, names: &[&'static str]) -> Result<Option<Set>, Error> {
        for name in names {
            match (self.0)(name)? {
                Some(value) if !value.trim().is_empty() => {
                    return Ok(Some(Set { name, value: value.trim().to_owned() }));
                }
                _ => {}
            }
        }
        Ok(None)
    }

    /// A builder with what is set. Where the export is switched off, nothing else is looked at.
    pub(super) fn read(&self) -> Result<Builder, Error> {
        let mut builder = Builder::new();
        if self.is_disabled()? {
            builder.disabled = true;
            return Ok(builder);
        }
        self.connection(&mut builder)?;
        if let Some(set) = self.get(&["OTEL_RESOURCE_ATTRIBUTES"])? {
            builder.resource = key_values::parse(set.name, &set.value)?;
        }
        if let Some(set) = self.get(&["OTEL_SERVICE_NAME"])? {
            builder.resource.push((SERVICE_NAME.to_owned(), set.value));
        }
        if let Some(sampler) = self.sampler()? {
            builder.sampler = sampler;
        }
        if let Some(set) = self.get(&["OTEL_BSP_MAX_QUEUE_SIZE"])? {
            builder.queue_size = set.count()?;
        }
        if let Some(set) = self.get(&["OTEL_BSP_MAX_EXPORT_BATCH_SIZE"])? {
            builder.batch_size = set.count()?;
        }
        if let Some(set) = self.get(&["OTEL_BSP_SCHEDULE_DELAY"])? {
            builder.interval = set.millis()?;
        }
        if let Some(set) = self.get(&["OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT"])? {
            builder.attributes = set.limit()?;
        }
        if let Some(set) = self.get(&["OTEL_SPAN_LINK_COUNT_LIMIT"])? {
            builder.links = set.limit()?;
        }
        if let Some(set) = self.get(&["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"])? {
            builder.content = match set.value.to_ascii_lowercase().as_str() {
                "true" | "span_only" | "span_and_event" => true,
                "false" | "no_content" | "event_only" => false,
                _ => return Err(set.wrong("is neither true nor false")),
            };
        }
        Ok(builder)
    }

    fn is_disabled(&self) -> Result<bool, Error> {
        if let Some(set) = self.get(&["OTEL_SDK_DISABLED"])?
            && set.switch()?
        {
            return Ok(true);
        }
        match self.get(&["OTEL_TRACES_EXPORTER"])? {
            Some(set) if set.value == "none" => Ok(true),
            Some(set) if set.value != "otlp" => Err(set.wrong("is not supported; it may be otlp or none")),
            _ => Ok(false),
        }
    }

    fn connection(&self, builder: &mut Builder) -> Result<(), Error> {
        let connection = &mut builder.connection;
        if let Some(set) = self.get(&["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"])? {
            connection.protocol = match set.value.as_str() {
                "http/protobuf" => Protocol::Http,
                #[cfg(feature = "otlp-grpc")]
                "grpc" => Protocol::Grpc,
                #[cfg(not(feature = "otlp-grpc"))]
                "grpc" => return Err(set.wrong("needs the feature `otlp-grpc`, which is not built in")),
                _ => return Err(set.wrong("is not supported; it may be http/protobuf or grpc")),
            };
        }
        let exact = self.get(&["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"])?;
        let base = self.get(&["OTEL_EXPORTER_OTLP_ENDPOINT"])?;
        connection.endpoint = match (exact, base) {
            (Some(set), _) => Some(Endpoint::Exact { setting: set.name, url: set.value }),
            (None, Some(set)) => Some(Endpoint::Base { setting: set.name, url: set.value }),
            (None, None) => None,
        };
        if let Some(set) = self.get(&["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"])? {
            for (name, value) in key_values::parse(set.name, &set.value)? {
                connection.header(set.name, &name, &value)?;
            }
        }
        if let Some(set) = self.get(&["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"])? {
            connection.timeout = Some(set.millis()?);
        }
        if let Some(set) = self.get(&["OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "OTEL_EXPORTER_OTLP_COMPRESSION"])? {
            connection.gzip = match set.value.as_str() {
                "gzip" => true,
                "none" => false,
                _ => return Err(set.wrong("is not supported; it may be gzip or none")),
            };
        }
        Ok(())
    }

    fn sampler(&self) -> Result<Option<Sampler>, Error> {
        let Some(set) = self.get(&["OTEL_TRACES_SAMPLER"])? else { return Ok(None) };
        let ratio = || -> Result<Sampler, Error> {
            let Some(set) = self.get(&["OTEL_TRACES_SAMPLER_ARG"])? else { return Ok(Sampler::TraceIdRatioBased(1.0)) };
            let ratio = set.value.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
            ratio.map(Sampler::TraceIdRatioBased).ok_or_else(|| set.wrong("is not a fraction from 0 to 1"))
        };
        let below_parent = |sampler| Sampler::ParentBased(Box::new(sampler));
        let sampler = match set.value.as_str() {
            "always_on" => Sampler::AlwaysOn,
            "always_off" => Sampler::AlwaysOff,
            "traceidratio" => ratio()?,
            "parentbased_always_on" => below_parent(Sampler::AlwaysOn),
            "parentbased_always_off" => below_parent(Sampler::AlwaysOff),
            "parentbased_traceidratio" => below_parent(ratio()?),
            _ => {
                let known = "it may be always_on, always_off or traceidratio, and each of them after parentbased_";
                return Err(set.wrong(&format!("is not supported; {known}")));
            }
        };
        Ok(Some(sampler))
    }
}

#[cfg(test)]
#[path = "environment_tests.rs"]
mod tests;
