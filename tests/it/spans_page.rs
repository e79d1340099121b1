//! `docs/spans.md` and `crates/core/src/span.rs` say the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use ninefold::core::span::{self, WaitClass, outcome, wait_class};
use ninefold::core::{ModelId, ModelRequest, RunId, SessionId};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// A span as it is made: its fields, each with the type of its value when it has one from the start.
type Made = BTreeMap<String, BTreeMap<String, Option<&'static str>>>;

/// Notes every span that is made.
#[derive(Clone, Default)]
struct Collect(Arc<Mutex<Made>>);

impl<S: tracing::Subscriber> Layer<S> for Collect {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        let metadata = attributes.metadata();
        assert_eq!(metadata.target(), span::TARGET);
        assert_eq!(*metadata.level(), tracing::Level::INFO);
        let mut types = Types::default();
        attributes.record(&mut types);
        let fields =
            metadata.fields().iter().map(|field| (field.name().to_owned(), types.0.get(field.name()).copied()));
        let clash = self.0.lock().unwrap().insert(metadata.name().to_owned(), fields.collect());
        assert!(clash.is_none(), "two spans are named {}", metadata.name());
    }
}

#[derive(Default)]
struct Types(BTreeMap<&'static str, &'static str>);

impl Visit for Types {
    fn record_i64(&mut self, field: &Field, _: i64) {
        self.0.insert(field.name(), "integer");
    }

    fn record_u64(&mut self, field: &Field, _: u64) {
        self.0.insert(field.name(), "unsigned integer, which exporters turn into a string");
    }

    fn record_f64(&mut self, field: &Field, _: f64) {
        self.0.insert(field.name(), "double");
    }

    fn record_str(&mut self, field: &Field, _: &str) {
        self.0.insert(field.name(), "string");
    }

    fn record_debug(&mut self, field: &Field, _: &dyn fmt::Debug) {
        self.0.insert(field.name(), "string");
    }
}

fn made() -> Made {
    let request = ModelRequest { temperature: Some(0.5), max_output_tokens: Some(9), ..ModelRequest::default() };
    let collect = Collect::default();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(collect.clone()), || {
        drop([
            span::run("soar", RunId::random(), Some(&SessionId::from("s"))),
            span::phase("assess"),
            span::agent("quote"),
            span::chat(&ModelId::new("provider", "model"), &request),
            span::embeddings(&ModelId::new("provider", "model")),
            span::retrieval(5),
            span::store(),
            span::journal(),
            span::backoff(),
            span::queue(),
            span::route(),
            span::hedge(),
        ]);
    });
    collect.0.lock().unwrap().clone()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The values of the string constants in a module of `span.rs`.
fn constants(module: &str) -> BTreeSet<String> {
    let source = read("crates/core/src/span.rs");
    let (_, rest) = source.split_once(&format!("pub mod {module} {{")).unwrap();
    let (body, _) = rest.split_once("\n}").unwrap();
    let values = body.lines().filter(|line| line.contains("pub const ")).map(|line| line.split('"').nth(1).unwrap());
    values.map(str::to_owned).collect()
}

/// What the page says of one span.
#[derive(Debug, Default)]
struct Described {
    waits: Option<String>,
    fields: BTreeMap<String, String>,
}

/// Reads the page: a heading per span, the line `Waits:`, the table of fields with its type column.
fn described(page: &str) -> BTreeMap<String, Described> {
    let mut spans: BTreeMap<String, Described> = BTreeMap::new();
    for section in page.split("\n## ").skip(1) {
        let section = section.split("\n# ").next().unwrap_or(section);
        let name = section.lines().next().unwrap().trim_matches('`').to_owned();
        let mut span = Described::default();
        for line in section.lines() {
            if let Some(waits) = line.strip_prefix("Waits: ") {
                span.waits = Some(waits.to_owned());
            }
            if let [field, kind, unit, present, meaning] = cells(line)[..]
                && let Some(field) = quoted(field)
            {
                for (cell, column) in [(unit, "unit"), (present, "present"), (meaning, "meaning")] {
                    assert!(!cell.is_empty(), "docs/spans.md: `{name}`, field `{field}` says nothing under {column}");
                }
                let twice = span.fields.insert(field.to_owned(), kind.to_owned());
                assert!(twice.is_none(), "docs/spans.md: `{name}` lists `{field}` twice");
            }
        }
        assert!(spans.insert(name.clone(), span).is_none(), "docs/spans.md describes `{name}` twice");
    }
    spans
}

fn cells(line: &str) -> Vec<&str> {
    let inner = line.trim().strip_prefix('|').and_then(|line| line.strip_suffix('|'));
    inner.map(|inner| inner.split('|').map(str::trim).collect()).unwrap_or_default()
}

fn quoted(cell: &str) -> Option<&str> {
    cell.strip_prefix('`')?.strip_suffix('`')
}

/// What is said on only one side, in words that tell where to add or remove it.
fn differences(made: &Made, described: &BTreeMap<String, Described>) -> Vec<String> {
    let mut found = Vec::new();
    for (name, fields) in made {
        let Some(page) = described.get(name) else {
            found.push(format!("span `{name}` is not described: add a section for it"));
            continue;
        };
        for (field, value) in fields {
            match (page.fields.get(field), value) {
                (None, _) => found.push(format!("span `{name}` has a field `{field}`: add a row for it")),
                (Some(says), Some(is)) if says != is => {
                    found.push(format!("field `{field}` of span `{name}` is of type {is}, not {says}"));
                }
                _ => {}
            }
        }
        for field in page.fields.keys().filter(|field| !fields.contains_key(*field)) {
            found.push(format!("span `{name}` has no field `{field}`: remove its row"));
        }
        let waits = match wait_class(name) {
            None => "none of its own",
            Some(WaitClass::Model) => "model",
            Some(WaitClass::Tool) => "tool",
            Some(WaitClass::Store) => "store",
            Some(WaitClass::Queue) => "queue",
            Some(WaitClass::BackOff) => "back-off",
        };
        if !page.waits.as_deref().is_some_and(|says| says == waits || says.starts_with(&format!("{waits},"))) {
            found.push(format!("span `{name}` lacks the line `Waits: {waits}`"));
        }
    }
    for name in described.keys().filter(|name| !made.contains_key(*name)) {
        found.push(format!("no span is named `{name}`: remove its section"));
    }
    found
}

#[test]
fn the_page_lists_every_span_with_every_field() {
    let found = differences(&made(), &described(&read("docs/spans.md")));
    assert!(found.is_empty(), "docs/spans.md differs from crates/core/src/span.rs:\n{}", found.join("\n"));
}

#[test]
fn the_constants_are_the_names_of_the_spans_and_fields() {
    let made = made();
    assert_eq!(made.keys().cloned().collect::<BTreeSet<_>>(), constants("name"), "span::name and the spans differ");
    let fields: BTreeSet<String> = made.values().flat_map(BTreeMap::keys).cloned().collect();
    assert_eq!(fields, constants("field"), "span::field and the fields of the spans differ");
}

#[test]
fn this_test_makes_every_span_there_is() {
    let source = read("crates/core/src/span.rs");
    let there = source.lines().filter(|line| !line.trim_start().starts_with("//") && line.contains("_span!(")).count();
    assert_eq!(made().len(), there, "a span was added to or removed from span.rs: do the same in `made` here");
}

#[test]
fn the_page_lists_every_outcome() {
    let page = read("docs/spans.md");
    let (_, section) = page.split_once("\n# Outcomes").unwrap();
    let section = section.split("\n# ").next().unwrap();
    let listed: BTreeSet<String> =
        section.lines().filter_map(|line| quoted(cells(line).first()?).map(str::to_owned)).collect();
    assert_eq!(listed, constants("outcome"));
    assert!(listed.contains(outcome::FAILED));
}

#[test]
fn differences_are_found_in_both_directions() {
    let page = "# Spans\n\n## `phase`\n\nWaits: model\n\n| field | type |\n|---|---|\n\
                | `phase.name` | integer | – | always | its name |\n| `gone` | string | – | always | what was |\n\n\
                ## `ghost`\n\n# Outcomes\n";
    let found = differences(&made(), &described(page));
    for expected in [
        "field `phase.name` of span `phase` is of type string, not integer",
        "span `phase` has a field `attempts`: add a row for it",
        "span `phase` has no field `gone`: remove its row",
        "span `phase` lacks the line `Waits: none of its own`",
        "span `chat` is not described: add a section for it",
        "no span is named `ghost`: remove its section",
    ] {
        assert!(found.iter().any(|found| found == expected), "{expected}\nis missing in\n{}", found.join("\n"));
    }
}
