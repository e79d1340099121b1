//! A span that has ended, as OpenTelemetry's exporters take it.
//!
//! Fields with a meaning of their own are those of `tracing-opentelemetry`: `otel.name`, `otel.kind`, `otel.status_code` and
//! `otel.status_description`.

use std::borrow::Cow;

use opentelemetry::trace::{Link, SpanKind, Status, TraceContextExt as _};
use opentelemetry::{Array, InstrumentationScope, Key, KeyValue, StringValue, Value as Attribute};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use smol_str::SmolStr;

use super::names::{EXCEPTION_CAUSES, EXCEPTION_MESSAGE};
use super::open::Open;
use super::said::{Said, Value};

/// The span with at most so many attributes.
pub(super) fn span_data(open: Open, scope: &InstrumentationScope, most: usize) -> SpanData {
    let Open { context, parent, parent_is_remote, metadata, start, end, said, follows, follows_more, .. } = open;
    let mut links = SpanLinks::default();
    links.links = follows.into_iter().map(Link::with_context).collect();
    links.dropped_count = follows_more;
    let mut span = SpanData {
        span_context: context.span().span_context().clone(),
        parent_span_id: parent,
        parent_span_is_remote: parent_is_remote,
        span_kind: SpanKind::Internal,
        name: Cow::Borrowed(metadata.name()),
        start_time: start,
        end_time: end.unwrap_or(start),
        attributes: Vec::new(),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links,
        status: Status::Unset,
        instrumentation_scope: scope.clone(),
    };
    said.into_iter().for_each(|said| note(&mut span, said));
    let dropped = span.attributes.len().saturating_sub(most);
    span.attributes.truncate(most);
    span.dropped_attributes_count = u32::try_from(dropped).unwrap_or(u32::MAX);
    span
}

fn note(span: &mut SpanData, Said { name, value }: Said) {
    let value = match (name, value) {
        ("otel.name", Value::Text(name)) => {
            span.name = Cow::Owned(name.into());
            return;
        }
        ("otel.kind", Value::Text(kind)) => {
            span.span_kind = self::kind(&kind).unwrap_or(span.span_kind.clone());
            return;
        }
        ("otel.status_code", Value::Text(code)) => {
            set_status(span, status(&code));
            return;
        }
        ("otel.status_description", Value::Text(why)) => {
            set_status(span, Status::error(String::from(why)));
            return;
        }
        (_, value) => value,
    };
    let value = match value {
        Value::Bool(value) => Attribute::Bool(value),
        Value::I64(value) => Attribute::I64(value),
        Value::F64(value) => Attribute::F64(value),
        Value::Text(value) => Attribute::String(text(value)),
        Value::Error(error) => {
            let (message, causes) = *error;
            let causes = Attribute::Array(Array::String(causes.into_iter().map(text).collect()));
            span.attributes.push(KeyValue::new(EXCEPTION_MESSAGE, text(message.clone())));
            span.attributes.push(KeyValue::new(EXCEPTION_CAUSES, causes.clone()));
            span.attributes.push(KeyValue::new(Key::from(format!("{name}.chain")), causes));
            Attribute::String(text(message))
        }
    };
    span.attributes.push(KeyValue::new(name, value));
}

/// A text on the heap is shared, not copied.
fn text(text: SmolStr) -> StringValue {
    if text.is_heap_allocated() {
        StringValue::from(std::sync::Arc::<str>::from(text))
    } else {
        String::from(text).into()
    }
}

/// By the specification, success that was stated outranks errors, and an error that is explained one that is not.
fn set_status(span: &mut SpanData, status: Status) {
    if status > span.status {
        span.status = status;
    }
}

fn kind(name: &str) -> Option<SpanKind> {
    let kinds = [
        ("server", SpanKind::Server),
        ("client", SpanKind::Client),
        ("producer", SpanKind::Producer),
        ("consumer", SpanKind::Consumer),
        ("internal", SpanKind::Internal),
    ];
    kinds.into_iter().find(|(known, _)| name.eq_ignore_ascii_case(known)).map(|(_, kind)| kind)
}

fn status(code: &str) -> Status {
    if code.eq_ignore_ascii_case("ok") {
        Status::Ok
    } else if code.eq_ignore_ascii_case("error") {
        Status::error("")
    } else {
        Status::Unset
    }
}

#[cfg(test)]
#[path = "ended_tests.rs"]
mod tests;
