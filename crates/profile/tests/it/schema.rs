//! The JSON document and its published schema say the same.

use std::collections::BTreeSet;

use ninefold_core::{Error, ErrorKind, span};
use ninefold_profile::Profile;
use serde_json::{Value, json};
use tracing::instrument::Instrument as _;

use crate::printing::example;
use crate::support::{paused_run, phase, run, wait};

fn schema() -> Value {
    serde_json::from_str(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/profile.schema.json"))).unwrap()
}

/// A run with all that spans can say, one that failed, one left behind by its host, one with spans for many, and one
/// whose names are traps.
fn documents() -> Vec<Value> {
    vec![
        example().to_json(),
        eventful().to_json(),
        failed().to_json(),
        Profile::default().to_json(),
        paused_run(async {}).profile.to_json(),
        grouped(),
        hostile().to_json(),
    ]
}

fn eventful() -> Profile {
    paused_run(run(async {
        let call = tracing::info_span!(
            "chat",
            gen_ai.request.model = "m",
            gen_ai.usage.input_tokens = 900,
            gen_ai.usage.output_tokens = 90,
            gen_ai.usage.cache_read.input_tokens = 500,
            gen_ai.usage.cache_creation.input_tokens = 30,
            gen_ai.usage.reasoning.output_tokens = 20,
            cost.usd = 0.002,
            gen_ai.response.time_to_first_chunk = 0.25,
            attempts = 2,
        );
        wait(5).instrument(call).await;
        let cached = tracing::info_span!("phase", phase.name = "assess", outcome = "cached", saved = 1.5);
        wait(1).instrument(cached).await;
        for outcome in [span::outcome::REPLAYED, span::outcome::CANCELLED] {
            let part = span::phase(outcome);
            span::record_outcome(&part, outcome);
            wait(1).instrument(part).await;
        }
        let search = span::retrieval(4);
        search.record(span::field::HITS, 3);
        wait(1).instrument(search).await;
        drop(span::phase("never entered"));
        drop(tokio::spawn(wait(1_000).instrument(span::phase("left behind"))));
        wait(1).await;
    }))
    .profile
}

fn failed() -> Profile {
    paused_run(async {
        let whole = span::run("soar", ninefold_core::RunId(7), None);
        let part = span::phase("retrieve");
        wait(2).instrument(part.clone()).instrument(whole.clone()).await;
        for span in [part, whole] {
            span::record_error(&span, &Error::new(ErrorKind::Unavailable, "gone"));
        }
    })
    .profile
}

/// A document with a record for many spans, read and written again.
fn grouped() -> Value {
    let mut document = example().to_json();
    document["spans"][3]["group"] = json!({ "count": 2_000, "covered_ns": 1_000_000 });
    document["spans"][4]["group"] = json!({ "count": 40, "covered_ns": 1_000_000, "failed": 1, "cancelled": 2, "suspended": 5, "replayed": 3, "cached": 4 });
    let read: Profile = serde_json::from_value(document).unwrap();
    read.to_json()
}

fn hostile() -> Profile {
    let name = "<script>\u{0}\u{1b}[2J\n\r\t\"\\;{}\u{202e}検\u{feff}".repeat(50);
    paused_run(phase(&name, phase("", wait(1)))).profile
}

fn problems(schema: &Value, document: &Value) -> Vec<String> {
    let validator = jsonschema::draft202012::new(schema).unwrap();
    validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn every_document_is_as_the_schema_says() {
    let schema = schema();
    assert!(jsonschema::draft202012::meta::is_valid(&schema));
    for document in documents() {
        assert_eq!(problems(&schema, &document), Vec::<String>::new(), "{document:#}");
    }
}

#[test]
fn what_is_not_as_the_schema_says_is_found() {
    let schema = schema();
    for (place, value) in [
        ("/extra", json!(1)),
        ("/version", json!(3)),
        ("/wall_ns", json!(-1)),
        ("/wall_ns", json!(1.5)),
        ("/unavailable", json!(0)),
        ("/spans/1/extra", json!(1)),
        ("/spans/1/outcome", json!("lost")),
        ("/spans/1/usage", json!({ "words": 1 })),
        ("/spans/1/group", json!({ "count": 1 })),
        ("/phases/0/spent_ns/sleep", json!(1)),
        ("/total/share", json!(1.01)),
    ] {
        let mut document = example().to_json();
        let (parent, field) = place.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap()[field] = value.clone();
        assert_ne!(problems(&schema, &document), Vec::<String>::new(), "{place} = {value}");
    }
}

#[test]
fn what_cannot_be_read_is_refused_and_not_left_out() {
    let read = |document: Value| serde_json::from_value::<Profile>(document);
    assert!(read(example().to_json()).is_ok());
    for (field, value) in [
        ("hits", json!(-1)),
        ("attempts", json!("three")),
        ("usage", json!({ "input_tokens": 12.5 })),
        ("error_type", json!(7)),
        ("saved_ns", json!(-1)),
        ("group", json!({ "count": 5_000 })),
        ("outcome", json!("lost")),
    ] {
        let mut document = example().to_json();
        document["spans"][1][field] = value;
        assert!(read(document).is_err(), "{field}");
    }
}

#[test]
fn a_reason_from_a_document_is_only_read() {
    let mut document = example().to_json();
    document["unavailable"] = json!(format!("\u{1b}]0;x\u{7}\u{1b}[2J\n{}", "long ".repeat(10_000)));
    let profile: Profile = serde_json::from_value(document).unwrap();
    for shown in [profile.table().to_string(), profile.outline().to_string(), profile.html().to_string()] {
        assert!(!shown.contains('\u{1b}') && !shown.contains(&"long ".repeat(200)), "{shown}");
    }
}

/// Walks a document along the schema. `seen` collects the places in the schema of the fields that are there, `missed`
/// those of fields that are not.
fn walk(schema: &Value, at: &str, document: &Value, seen: &mut BTreeSet<String>, missed: &mut BTreeSet<String>) {
    let here = schema.pointer(at).unwrap();
    if let Some(target) = here.get("$ref") {
        return walk(schema, target.as_str().unwrap().trim_start_matches('#'), document, seen, missed);
    }
    if here.get("items").is_some() {
        for item in document.as_array().unwrap() {
            walk(schema, &format!("{at}/items"), item, seen, missed);
        }
    }
    for name in here.get("properties").and_then(Value::as_object).into_iter().flat_map(|fields| fields.keys()) {
        let place = format!("{at}/properties/{name}");
        match document.get(name) {
            Some(value) => {
                walk(schema, &place, value, seen, missed);
                seen.insert(place);
            }
            None => {
                missed.insert(place);
            }
        }
    }
}

/// Every field of the schema: its place, its description, and whether it must be there.
fn fields(schema: &Value, at: &str, fields_found: &mut Vec<(String, String, bool)>) {
    let here = schema.pointer(at).unwrap();
    if let Some(properties) = here.get("properties").and_then(Value::as_object) {
        assert_eq!(here["additionalProperties"], false, "{at}");
        let required: Vec<&str> =
            here.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        for (name, field) in properties {
            let place = format!("{at}/properties/{name}");
            let description = field["description"].as_str().unwrap_or_default().to_owned();
            fields(schema, &place, fields_found);
            fields_found.push((place, description, required.contains(&name.as_str())));
        }
    }
    for name in here.get("$defs").and_then(Value::as_object).into_iter().flat_map(|defs| defs.keys()) {
        fields(schema, &format!("{at}/$defs/{name}"), fields_found);
    }
}

#[test]
fn every_field_of_the_schema_is_written_and_described() {
    let schema = schema();
    let (mut seen, mut missed, mut known) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for document in documents() {
        walk(&schema, "", &document, &mut seen, &mut missed);
    }
    fields(&schema, "", &mut known);
    for (place, description, is_required) in &known {
        assert!(seen.contains(place), "no document has {place}: the schema says too much, or the test too little");
        assert_eq!(*is_required, !missed.contains(place), "{place} is required where it is always written, only there");
        assert!(description.len() > 10, "{place} is not described");
        let is_time = place.ends_with("_ns") && !place.ends_with("spent_ns");
        assert!(!is_time || description.contains("in nanoseconds"), "{place} does not name its unit");
    }
}
