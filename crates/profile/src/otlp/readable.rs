//! Makes a span what readers made by others expect: its name, kind, status and attributes. It happens when a batch is
//! sent, on the exporter's thread.

use std::borrow::Cow;

use ninefold_core::span::{field, name, outcome};
use opentelemetry::trace::{SpanKind, Status};
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;

use super::names::{CHAIN, CLIENT_OPERATIONS, DATA_SOURCE, OPENINFERENCE_KIND, OTHER, PLAN_OPERATIONS};
use super::sensitive;

/// The longest span name, in characters; what names a tool or an agent may come from a model.
const LONGEST_NAME: usize = 200;

/// Rewrites a span. `content`: whether what was asked and answered may stay.
pub(super) fn rewrite(span: &mut SpanData, content: bool) {
    span.attributes.retain(|attribute| sensitive::may_pass(attribute, content));
    for event in &mut span.events.events {
        event.attributes.retain(|attribute| sensitive::may_pass(attribute, content));
    }
    keep_last(&mut span.attributes);
    let operation = text(span, field::OPERATION).unwrap_or_default();
    let is_phase = span.name == name::PHASE;

    if let Some(title) = title(span, &operation) {
        span.name = Cow::Owned(title);
    }
    if span.span_kind == SpanKind::Internal && CLIENT_OPERATIONS.contains(&operation.as_str()) {
        span.span_kind = SpanKind::Client;
    }
    if is_phase || PLAN_OPERATIONS.contains(&operation.as_str()) {
        add(span, OPENINFERENCE_KIND, CHAIN);
    }
    set_status(span);
}

/// A value that was recorded more than once stands there as often; the last one counts.
fn keep_last(attributes: &mut Vec<KeyValue>) {
    let mut index = 0;
    attributes.reverse();
    while let Some(attribute) = attributes.get(index) {
        let key = attribute.key.clone();
        index += 1;
        let mut seen = 0;
        attributes.retain(|other| {
            seen += 1;
            seen <= index || other.key != key
        });
    }
    attributes.reverse();
}

/// The name with what the span is about; `None` if it is not one of those the conventions know, or has a name already.
fn title(span: &SpanData, operation: &str) -> Option<String> {
    let about = match operation {
        _ if span.name == name::PHASE => text(span, field::PHASE_NAME),
        _ if operation.is_empty() || span.name != operation => return None,
        name::RUN | "create_agent" | "invoke_workflow" => text(span, field::PIPELINE),
        name::AGENT => text(span, field::TOOL_NAME),
        name::RETRIEVAL => text(span, DATA_SOURCE),
        _ => text(span, field::MODEL),
    }?;
    let about: String = about.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(LONGEST_NAME).collect();
    (!about.is_empty()).then(|| format!("{} {about}", span.name))
}

fn set_status(span: &mut SpanData) {
    let error = text(span, field::ERROR_TYPE);
    let failed = text(span, field::OUTCOME).is_some_and(|said| said == outcome::FAILED);
    if !failed && error.is_none() {
        return;
    }
    if error.is_none() {
        add(span, field::ERROR_TYPE, OTHER);
    }
    if span.status == Status::Unset {
        span.status = Status::error(error.unwrap_or_else(|| OTHER.to_owned()));
    }
}

fn text(span: &SpanData, key: &str) -> Option<String> {
    let attribute = span.attributes.iter().find(|attribute| attribute.key.as_str() == key)?;
    match &attribute.value {
        Value::String(text) if text.as_str().is_empty() => None,
        value => Some(value.as_str().into_owned()),
    }
}

fn add(span: &mut SpanData, key: &'static str, value: &'static str) {
    if !span.attributes.iter().any(|attribute| attribute.key.as_str() == key) {
        span.attributes.push(KeyValue::new(key, value));
    }
}

#[cfg(test)]
#[path = "readable_tests.rs"]
mod tests;
