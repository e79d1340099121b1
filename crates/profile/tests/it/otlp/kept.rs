//! An exporter that keeps what it is given, and a host that uses it.

use std::sync::{Arc, Mutex};

use ninefold_profile::layer;
use ninefold_profile::otlp::{self, Delivery};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use tracing::subscriber::set_default;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;

/// Keeps spans and the resource.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kept {
    spans: Arc<Mutex<Vec<SpanData>>>,
    resource: Arc<Mutex<Option<Resource>>>,
}

impl Kept {
    /// In order of their start.
    pub(crate) fn spans(&self) -> Vec<SpanData> {
        let mut spans = self.spans.lock().unwrap().clone();
        spans.sort_by_key(|span| span.start_time);
        spans
    }

    pub(crate) fn resource(&self, key: &'static str) -> Option<String> {
        let resource = self.resource.lock().unwrap();
        resource.as_ref().unwrap().get(&opentelemetry::Key::from_static_str(key)).map(|value| value.to_string())
    }
}

impl SpanExporter for Kept {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.spans.lock().unwrap().extend(batch);
        Ok(())
    }

    fn set_resource(&mut self, resource: &Resource) {
        *self.resource.lock().unwrap() = Some(resource.clone());
    }
}

/// A builder as a host has it whose environment says nothing.
pub(crate) fn builder() -> otlp::Builder {
    otlp::from_env().unwrap()
}

/// What a host exports that has both layers and does `work`.
pub(crate) fn exported(work: impl FnOnce()) -> Vec<SpanData> {
    exported_by(builder(), work).0
}

pub(crate) fn exported_by(builder: otlp::Builder, work: impl FnOnce()) -> (Vec<SpanData>, Delivery) {
    let kept = Kept::default();
    let (exporting, guard) = builder.build_with(kept.clone()).unwrap();
    {
        let _host = set_default(registry().with(layer()).with(exporting));
        work();
    }
    let delivery = guard.shutdown();
    (kept.spans(), delivery)
}

/// The value of an attribute, printed.
pub(crate) fn value(span: &SpanData, key: &str) -> Option<String> {
    let found: Vec<_> = span.attributes.iter().filter(|attribute| attribute.key.as_str() == key).collect();
    assert!(found.len() < 2, "{key} stands there {} times", found.len());
    found.first().map(|attribute| attribute.value.to_string())
}

pub(crate) fn named<'a>(spans: &'a [SpanData], name: &str) -> &'a SpanData {
    let all: Vec<&str> = spans.iter().map(|span| span.name.as_ref()).collect();
    spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("no span {name:?} in {all:?}"))
}
