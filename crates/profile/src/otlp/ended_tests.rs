//! What becomes of fields. Names, kinds and status by the conventions are tried in `tests/it/otlp/exported.rs`.

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

use super::*;

fn ended(said: Vec<(&'static str, Value)>, most: usize) -> SpanData {
    let mut open = Open::silent();
    said.into_iter().for_each(|(name, value)| open.said.add(Said { name, value }));
    span_data(open, &InstrumentationScope::builder("test").build(), most)
}

fn attributes(span: &SpanData) -> Vec<String> {
    span.attributes.iter().map(|attribute| format!("{}={:?}", attribute.key, attribute.value)).collect()
}

#[test]
fn values_keep_their_types() {
    let long = "long ".repeat(20);
    let said = vec![
        ("a", Value::Bool(true)),
        ("b", Value::I64(-7)),
        ("c", Value::F64(0.5)),
        ("d", Value::Text("text".into())),
        ("e", Value::Text(long.as_str().into())),
    ];
    let span = ended(said, 128);
    let values: Vec<Attribute> = span.attributes.iter().map(|attribute| attribute.value.clone()).collect();
    let texts = ["text", &long].map(|text| Attribute::String(text.to_owned().into()));
    let [short, long] = texts;
    assert_eq!(values, [Attribute::Bool(true), Attribute::I64(-7), Attribute::F64(0.5), short, long]);
    assert_eq!((span.name.as_ref(), span.dropped_attributes_count), ("store", 0));
}

#[test]
fn of_what_is_said_twice_the_last_counts() {
    let span = ended(vec![("a", Value::I64(1)), ("b", Value::I64(2)), ("a", Value::I64(3))], 128);
    assert_eq!(attributes(&span), ["a=I64(3)", "b=I64(2)"]);
}

#[test]
fn an_error_tells_its_causes() {
    let error = Value::Error(Box::new(("cannot ask".into(), vec!["no line".into(), "cut".into()])));
    let span = ended(vec![("failure", error)], 128);
    let keys: Vec<&str> = span.attributes.iter().map(|attribute| attribute.key.as_str()).collect();
    assert_eq!(keys, ["exception.message", "exception.stacktrace", "failure.chain", "failure"]);
    assert_eq!(span.attributes[3].value.as_str(), "cannot ask");
    let causes = ["no line", "cut"].map(|cause| StringValue::from(cause.to_owned()));
    assert_eq!(span.attributes[2].value, Attribute::Array(Array::String(causes.into())));
}

#[test]
fn attributes_beyond_the_limit_are_counted() {
    let said = || vec![("a", Value::I64(1)), ("b", Value::I64(2)), ("c", Value::I64(3))];
    let span = ended(said(), 2);
    assert_eq!(attributes(&span), ["a=I64(1)", "b=I64(2)"]);
    assert_eq!(span.dropped_attributes_count, 1);
    assert_eq!(ended(said(), 3).dropped_attributes_count, 0);
}

#[test]
fn fields_of_opentelemetry_are_no_attributes() {
    let text = |text: &str| Value::Text(text.into());
    let said = [("otel.name", "a cart"), ("otel.kind", "CLIENT"), ("otel.status_code", "error")];
    let span = ended(said.map(|(name, value)| (name, text(value))).into(), 128);
    assert_eq!((span.name.as_ref(), &span.span_kind, &span.status), ("a cart", &SpanKind::Client, &Status::error("")));
    assert!(span.attributes.is_empty());

    let said = [("otel.status_description", "too late"), ("otel.status_code", "error"), ("otel.kind", "nonsense")];
    let span = ended(said.map(|(name, value)| (name, text(value))).into(), 128);
    assert_eq!((&span.span_kind, &span.status), (&SpanKind::Internal, &Status::error("too late")));
    let said = [("otel.status_code", "ok"), ("otel.status_description", "too late")];
    assert_eq!(ended(said.map(|(name, value)| (name, text(value))).into(), 128).status, Status::Ok);
    assert_eq!(attributes(&ended(vec![("otel.name", Value::I64(1))], 128)), ["otel.name=I64(1)"]);
}

#[test]
fn links_say_how_many_there_were() {
    let mut open = Open::silent();
    let (trace, followed) = (TraceId::from(1_u128), SpanId::from(2_u64));
    open.follows.push(SpanContext::new(trace, followed, TraceFlags::default(), false, TraceState::default()));
    open.follows_more = 3;
    let links = span_data(open, &InstrumentationScope::builder("test").build(), 1).links;
    assert_eq!((links.links.len(), links.dropped_count), (1, 3));
    assert_eq!(links.links[0].span_context.span_id(), followed);
}
