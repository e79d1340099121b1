//! Values as people said them, read into their canonical form: the development part of Schema-Guided Dialogue.
//!
//! `cargo bench -p ninefold-dialogue --bench values [-- --data DIR] [--split NAME] [--wrong]`. A value is right if what is read is
//! its canonical value; ambiguous is not right. Texts and names are read as texts, categories among the options of their slot.

// A benchmark reads files itself, and may panic.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]
#![allow(clippy::expect_used, clippy::panic)]

#[path = "../../../../benches/machine/describe.rs"]
mod describe;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::civil::date;
use ninefold_dialogue::normalize::{Locale, Normalizer, Prefer, Read, Reading};
use ninefold_dialogue::{Choice, Kind};
use serde_json::{Value, json};

#[derive(Default)]
struct Score {
    n: u64,
    right: u64,
    weight: u64,
    right_weight: u64,
    ambiguous: u64,
}

fn rows(path: &Path) -> Option<Vec<Value>> {
    let text = std::fs::read_to_string(path).ok()?;
    Some(text.lines().filter(|line| !line.trim().is_empty()).map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (mut data, mut split, mut wrong) = (PathBuf::from("../shared/data"), String::from("dev"), false);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--data" => data = arguments.next().expect("a folder behind --data").into(),
            "--split" => split = arguments.next().expect("a name behind --split"),
            "--wrong" => wrong = true,
            _ => {}
        }
    }
    // Started by `cargo`, the working directory is that of the crate.
    if data.is_relative() && !data.exists() {
        data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(&data);
    }
    let path = data.join(format!("sgd/values-{split}.jsonl"));
    let Some(values) = rows(&path) else {
        println!("the data are absent: there is no {}", path.display());
        return;
    };
    let flows = rows(&data.join(format!("sgd/flows-{split}.jsonl"))).unwrap_or_default();
    describe::describe();
    let options = options(&flows);
    let described = described(&flows);
    let normalizer = Normalizer::default();
    let reading = Reading { locale: Locale::EnUs, now: date(2019, 3, 1).at(0, 0, 0, 0), prefer: Prefer::Future };
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    for row in &values {
        let text = |key: &str| row[key].as_str().unwrap_or_default();
        let (kind_name, said, canonical) = (text("kind"), text("value"), text("canonical"));
        // What a user does not care about is the engine's affair, not a value.
        if canonical == "dontcare" {
            continue;
        }
        let kind = kind_of(kind_name, text("slot"), &options, &described);
        let read = normalizer.read(&kind, said, &reading);
        let right = matches!(&*read, Read::One(value) if shown(&value.value) == canonical);
        let count = row["count"].as_u64().unwrap_or(1);
        for name in [kind_name, "all"] {
            let score = scores.entry(name.to_owned()).or_default();
            score.n += 1;
            score.weight += count;
            score.right += u64::from(right);
            score.right_weight += u64::from(right) * count;
            score.ambiguous += u64::from(matches!(&*read, Read::Several(_)));
        }
        if wrong && !right {
            println!("{kind_name} {said:?} -> {canonical:?}, read {read:?}");
        }
    }
    report(&split, &scores);
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

fn report(split: &str, scores: &BTreeMap<String, Score>) {
    let share = |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 * 100.0 };
    println!("{:<12} {:>6} {:>8} {:>10} {:>10}", "", "n", "right", "weighted", "ambiguous");
    for (name, score) in scores {
        println!(
            "{name:<12} {:>6} {:>6.1} % {:>8.1} % {:>10}",
            score.n,
            share(score.right, score.n),
            share(score.right_weight, score.weight),
            score.ambiguous
        );
    }
    let kinds: BTreeMap<&String, Value> = scores
        .iter()
        .map(|(name, score)| {
            (
                name,
                json!({
                    "n": score.n,
                    "right": share(score.right, score.n),
                    "right_weighted": share(score.right_weight, score.weight),
                    "ambiguous": score.ambiguous,
                }),
            )
        })
        .collect();
    println!(
        "{}",
        json!({
            "benchmark": "values",
            "split": split,
            "machine": std::env::consts::ARCH,
            "os": std::env::consts::OS,
            "version": env!("CARGO_PKG_VERSION"),
            "kinds": kinds,
        })
    );
}
