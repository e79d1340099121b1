//! Values within sentences: cases of microsoft/Recognizers-Text, of all kinds that are given.
//!
//! `cargo bench -p ninefold-dialogue --bench recognizers [-- --data DIR] [--split NAME] [--wrong] [--kind NAME]`. A split is the files
//! `recognizers/NAME/KIND.jsonl` or `recognizers/KIND-NAME.jsonl`; where there are neither, `recognizers/KIND.jsonl`, whatever the split is
//! named: the report says which files it read. A result is right if it is
//! found with its exact span and the same resolution: of days and times the type and all values, starts and ends (their notation
//! "timex" is compared for what comes again alone). A case without results is right if nothing is found.

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
mod theirs;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use jiff::civil::{DateTime, date};
use ninefold_dialogue::Kind;
use ninefold_dialogue::normalize::{Locale, Normalizer, Prefer, Reading};
use serde_json::Value;

use data::{Data, value};
use report::{Report, Target};

/// Something found, in the form of the cases.
pub struct Hit {
    pub from: usize,
    pub to: usize,
    pub kind: &'static str,
    pub values: BTreeSet<String>,
}

#[derive(Default)]
struct Score {
    n: usize,
    right: usize,
    spans: usize,
}

fn main() {
    let data = Data::from_arguments();
    let (wrong, only) = (std::env::args().any(|argument| argument == "--wrong"), value("--kind"));
    let files = files(&data);
    if files.is_empty() {
        let folder = data.folder().join("recognizers");
        println!("no data: there are no cases in {}; --data DIR names the folder of data sets", folder.display());
        return;
    }
    describe::describe();
    let normalizer = Normalizer::default();
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    let mut micros = Vec::new();
    for (name, file) in files.iter().filter(|(name, _)| only.as_ref().is_none_or(|only| only == name)) {
        for case in data.lines(file).unwrap_or_default() {
            micros.push(judge(&normalizer, name, &case, &mut scores, wrong));
        }
    }
    let mut report = Report::new("recognizers", "cargo bench -p ninefold-dialogue --bench recognizers");
    report.read_from(&data.split, data.files());
    for (name, score) in &scores {
        let target = if name == "all" { Target::Least(85.0) } else { Target::None };
        report.share("found and resolved right", name, score.right, score.n, target);
        report.share("found", name, score.spans, score.n, Target::None);
    }
    report.times("a sentence", "", &micros, Target::None);
    report.print();
}

/// The files of a split, by kind.
fn files(data: &Data) -> Vec<(String, String)> {
    let list = |folder: &str| -> Vec<(String, String)> {
        let entries = std::fs::read_dir(data.folder().join(folder)).into_iter().flatten().filter_map(Result::ok);
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        let mut files: Vec<_> = names
            .filter_map(|name| Some((name.strip_suffix(".jsonl")?.to_owned(), format!("{folder}/{name}"))))
            .collect();
        files.sort();
        files
    };
    let own = list(&format!("recognizers/{}", data.split));
    if !own.is_empty() {
        return own;
    }
    let (all, suffix) = (list("recognizers"), format!("-{}", data.split));
    let suffixed: Vec<_> =
        all.iter().filter_map(|(name, file)| Some((name.strip_suffix(&suffix)?.to_owned(), file.clone()))).collect();
    if !suffixed.is_empty() {
        return suffixed;
    }
    if data.split != "dev" && !all.is_empty() {
        println!("no file of recognizers is named after the split {}: those without a split are read", data.split);
    }
    all.into_iter().filter(|(name, _)| !kinds(name).is_empty()).collect()
}

/// Holds what is found in a case against what it says, and gives the microseconds that finding took.
fn judge(normalizer: &Normalizer, name: &str, case: &Value, scores: &mut BTreeMap<String, Score>, wrong: bool) -> f64 {
    let input = case["input"].as_str().unwrap();
    let now = case["reference"].as_str().and_then(|now| now.get(..19)).and_then(|now| now.parse::<DateTime>().ok());
    let reading = Reading {
        locale: Locale::EnUs,
        now: now.unwrap_or_else(|| date(2016, 11, 7).at(0, 0, 0, 0)),
        prefer: Prefer::Neither,
    };
    let start = Instant::now();
    let mut hits = theirs::hits(normalizer, name, input, &reading);
    let micros = start.elapsed().as_nanos() as f64 / 1e3;
    let results = case["results"].as_array().cloned().unwrap_or_default();
    let mut count = |label: &str, right: bool, span: bool| {
        for label in [format!("{name}{label}"), name.to_owned(), "all".to_owned()].iter().collect::<BTreeSet<_>>() {
            let score = scores.entry(label.clone()).or_default();
            score.n += 1;
            score.right += usize::from(right);
            score.spans += usize::from(span);
        }
    };
    if results.is_empty() {
        count("", hits.is_empty(), hits.is_empty());
        if wrong && !hits.is_empty() {
            let seen: Vec<_> = hits.iter().map(|hit| (&input[hit.from..hit.to], hit.kind)).collect();
            println!("{name} {input:?}: nothing expected, found {seen:?}");
        }
        return micros;
    }
    for result in &results {
        let text = result["text"].as_str().unwrap_or_default().to_lowercase();
        let kind = result["typename"]
            .as_str()
            .and_then(|kind| kind.strip_prefix("datetimeV2."))
            .map(|kind| format!(" {kind}"));
        let spanned = hits.iter().position(|hit| input[hit.from..hit.to].to_lowercase() == text);
        let right = spanned.is_some_and(|at| theirs::same(name, &hits[at], &result["resolution"], input));
        count(&kind.unwrap_or_default(), right, spanned.is_some());
        if wrong && !right {
            let seen: Vec<_> = hits.iter().map(|hit| (&input[hit.from..hit.to], hit.kind, &hit.values)).collect();
            println!("{name} {input:?}: {text:?} {}\n      found {seen:?}", result["resolution"]);
        }
        if let Some(at) = spanned {
            hits.remove(at);
        }
    }
    micros
}

/// The kinds that a file of cases is about, the most telling first.
pub fn kinds(name: &str) -> Vec<(&'static str, Kind)> {
    match name {
        "datetime" => vec![
            ("set", Kind::Recurrence),
            ("datetimerange", Kind::DateTimeRange),
            ("datetime", Kind::DateTime),
            ("daterange", Kind::DateRange),
            ("timerange", Kind::TimeRange),
            ("date", Kind::Date),
            ("time", Kind::Time),
            ("duration", Kind::Duration),
        ],
        "number" => vec![("number", Kind::Number)],
        "ordinal" => vec![("ordinal", Kind::Ordinal)],
        "percent" => vec![("percent", Kind::Percent)],
        "currency" => vec![("currency", Kind::Money)],
        "age" => vec![("age", Kind::Age)],
        "dimension" => vec![("dimension", Kind::Dimension)],
        "temperature" => vec![("temperature", Kind::Temperature)],
        "email" => vec![("email", Kind::Email)],
        "phonenumber" => vec![("phonenumber", Kind::Phone)],
        "url" => vec![("url", Kind::Url)],
        "boolean" => vec![("boolean", Kind::Boolean)],
        _ => vec![],
    }
}
