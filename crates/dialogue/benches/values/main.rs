//! Values as people said them, read into their canonical form: Schema-Guided Dialogue.
//!
//! `cargo bench -p ninefold-dialogue --bench values [-- --data DIR] [--split NAME] [--wrong]` reads `sgd/values-NAME.jsonl` and, for the
//! options of categories, `sgd/flows-NAME.jsonl`. A value is right if what is read is its canonical value; ambiguous is not right. Texts and
//! names are read as texts, categories among the options of their slot. What a user does not care about is left out. With `--wrong` each
//! value that is not right is printed.

// A benchmark reads files itself, and may panic.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]
#![allow(clippy::expect_used, clippy::panic)]

#[allow(dead_code)]
#[path = "../../../../benches/machine/data.rs"]
mod data;
#[path = "../../../../benches/machine/describe.rs"]
mod describe;
#[allow(dead_code)]
#[path = "../../../../benches/machine/report.rs"]
mod report;

use std::collections::BTreeMap;
use std::time::Instant;

use jiff::civil::date;
use ninefold_dialogue::normalize::{Locale, Normalizer, Prefer, Read, Reading};
use ninefold_dialogue::{Choice, Kind};
use serde_json::Value;

use data::Data;
use report::{Report, Target};

#[derive(Default)]
struct Score {
    n: usize,
    right: usize,
    weight: usize,
    right_weight: usize,
    ambiguous: usize,
}

fn main() {
    let data = Data::from_arguments();
    let wrong = std::env::args().any(|argument| argument == "--wrong");
    let Some(values) = data.lines(&format!("sgd/values-{}.jsonl", data.split)) else { return };
    let Some(flows) = data.lines(&format!("sgd/flows-{}.jsonl", data.split)) else { return };
    describe::describe();
    let options = options(&flows);
    let described = described(&flows);
    let normalizer = Normalizer::default();
    let reading = Reading { locale: Locale::EnUs, now: date(2019, 3, 1).at(0, 0, 0, 0), prefer: Prefer::Future };
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    let mut micros = Vec::with_capacity(values.len());
    for row in &values {
        let text = |key: &str| row[key].as_str().unwrap_or_default();
        let (kind_name, said, canonical) = (text("kind"), text("value"), text("canonical"));
        // What a user does not care about is the engine's affair, not a value.
        if canonical == "dontcare" {
            continue;
        }
        let kind = kind_of(kind_name, text("slot"), &options, &described);
        let start = Instant::now();
        let read = normalizer.read(&kind, said, &reading);
        micros.push(start.elapsed().as_nanos() as f64 / 1e3);
        let right = matches!(&*read, Read::One(value) if shown(&value.value) == canonical);
        let count = row["count"].as_u64().unwrap_or(1) as usize;
        for name in [kind_name, "all"] {
            let score = scores.entry(name.to_owned()).or_default();
            score.n += 1;
            score.weight += count;
            score.right += usize::from(right);
            score.right_weight += usize::from(right) * count;
            score.ambiguous += usize::from(matches!(&*read, Read::Several(_)));
        }
        if wrong && !right {
            println!("{kind_name} {said:?} -> {canonical:?}, read {read:?}");
        }
    }
    let mut report = Report::new("values", "cargo bench -p ninefold-dialogue --bench values");
    report.read_from(&data.split, data.files());
    for (name, score) in &scores {
        let target = match name.as_str() {
            "date" | "time" | "number" => Target::Least(95.0),
            "all" => Target::Least(85.0),
            _ => Target::None,
        };
        report.share("values read right", name, score.right, score.n, target);
        report.share(
            "values read right, as often as they were said",
            name,
            score.right_weight,
            score.weight,
            Target::None,
        );
        report.share("values read as ambiguous", name, score.ambiguous, score.n, Target::None);
    }
    report.times("a value", "", &micros, Target::None);
    report.print();
}

/// The canonical values of categorical slots, of all flows together.
fn options(flows: &[Value]) -> BTreeMap<String, Vec<Choice>> {
    let mut options: BTreeMap<String, Vec<Choice>> = BTreeMap::new();
    for slot in flows.iter().filter_map(|flow| flow["slots"].as_array()).flatten() {
        let Some(name) = slot["name"].as_str().filter(|_| slot["categorical"] == true) else { continue };
        let known = options.entry(name.to_owned()).or_default();
        for value in slot["values"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !known.iter().any(|choice| choice.value == value) {
                known.push(Choice { value: value.into(), synonyms: vec![] });
            }
        }
    }
    options
}

/// What slots of free text are about, as their descriptions say.
fn described(flows: &[Value]) -> BTreeMap<String, String> {
    let slots = flows.iter().filter_map(|flow| flow["slots"].as_array()).flatten();
    let text = |slot: &Value, key: &str| slot[key].as_str().unwrap_or_default().to_owned();
    slots.map(|slot| (text(slot, "name"), text(slot, "description").to_lowercase())).collect()
}

/// The kind that an author would give a slot who knows its description: a place where it says so, else a name; what somebody may
/// call a thing of his own is a text.
fn text_kind(slot: &str, described: &BTreeMap<String, String>) -> Kind {
    let description = described.get(slot).map_or("", String::as_str);
    let says = |words: &[&str]| description.split(|c: char| !c.is_alphabetic()).any(|word| words.contains(&word));
    if says(&["city", "cities", "town"]) && !says(&["name"]) || slot.ends_with("city") || slot.ends_with("location") {
        Kind::Place
    } else if slot.ends_with("_name") && slot.starts_with("new_") {
        Kind::Text
    } else {
        Kind::Name
    }
}

fn kind_of(
    name: &str,
    slot: &str,
    options: &BTreeMap<String, Vec<Choice>>,
    described: &BTreeMap<String, String>,
) -> Kind {
    match name {
        "date" => Kind::Date,
        "time" => Kind::Time,
        "number" => Kind::Number,
        "bool" => Kind::Boolean,
        "categorical" => match options.get(slot) {
            Some(options) => Kind::Category { options: options.clone() },
            None => Kind::Text,
        },
        _ => text_kind(slot, described),
    }
}

/// As the data show it.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        other => other.to_string(),
    }
}
