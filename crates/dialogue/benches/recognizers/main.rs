//! Values within sentences: cases of microsoft/Recognizers-Text, of all kinds that are given.
//!
//! `cargo bench -p ninefold-dialogue --bench recognizers [-- --data DIR] [--split NAME] [--wrong] [--kind NAME]`. A split is the folder
//! `recognizers/NAME` or the files `recognizers/*-NAME.jsonl`; without either, the files as they are. A result is right if it is
//! found with its exact span and the same resolution: of days and times the type and all values, starts and ends (their notation
//! "timex" is compared for what comes again alone). A case without results is right if nothing is found.

// A benchmark reads files itself, and may panic.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]
#![allow(clippy::expect_used, clippy::panic)]

#[path = "../../../../benches/machine/describe.rs"]
mod describe;
mod theirs;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::civil::{DateTime, date};
use ninefold_dialogue::Kind;
use ninefold_dialogue::normalize::{Locale, Normalizer, Prefer, Reading};
use serde_json::{Value, json};

/// Something found, in the form of the cases.
pub struct Hit {
    pub from: usize,
    pub to: usize,
    pub kind: &'static str,
    pub values: BTreeSet<String>,
}

#[derive(Default)]
struct Score {
    n: u64,
    right: u64,
    spans: u64,
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (mut data, mut split, mut wrong, mut only) =
        (PathBuf::from("../shared/data"), String::from("dev"), false, None);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--data" => data = arguments.next().expect("a folder behind --data").into(),
            "--split" => split = arguments.next().expect("a name behind --split"),
            "--kind" => only = arguments.next(),
            "--wrong" => wrong = true,
            _ => {}
        }
    }
    if data.is_relative() && !data.exists() {
        data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(&data);
    }
    let files = files(&data.join("recognizers"), &split);
    if files.is_empty() {
        println!("the data are absent: there are no cases below {}", data.join("recognizers").display());
        return;
    }
    describe::describe();
    let normalizer = Normalizer::default();
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    for (name, path) in files.iter().filter(|(name, _)| only.as_ref().is_none_or(|only| only == name)) {
        let text = std::fs::read_to_string(path).unwrap();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            judge(&normalizer, name, &serde_json::from_str(line).unwrap(), &mut scores, wrong);
        }
    }
    report(&split, &scores);
}

/// The files of a split, by kind.
fn files(folder: &Path, split: &str) -> Vec<(String, PathBuf)> {
    let list = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
        let mut files: Vec<PathBuf> =
            entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "jsonl")).collect();
        files.sort();
        files
    };
    let stem = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
    let own = list(&folder.join(split));
    if !own.is_empty() {
        return own.into_iter().map(|path| (stem(&path), path)).collect();
    }
    let all = list(folder);
    let suffix = format!("-{split}");
    let suffixed: Vec<_> =
        all.iter().filter_map(|path| Some((stem(path).strip_suffix(&suffix)?.to_owned(), path.clone()))).collect();
    if suffixed.is_empty() { all.into_iter().map(|path| (stem(&path), path)).collect() } else { suffixed }
}

fn judge(normalizer: &Normalizer, name: &str, case: &Value, scores: &mut BTreeMap<String, Score>, wrong: bool) {
    let input = case["input"].as_str().unwrap();
    let now = case["reference"].as_str().and_then(|now| now.get(..19)).and_then(|now| now.parse::<DateTime>().ok());
    let reading = Reading {
        locale: Locale::EnUs,
        now: now.unwrap_or_else(|| date(2016, 11, 7).at(0, 0, 0, 0)),
        prefer: Prefer::Neither,
    };
    let mut hits = theirs::hits(normalizer, name, input, &reading);
    let results = case["results"].as_array().cloned().unwrap_or_default();
    let mut count = |label: &str, right: bool, span: bool| {
        for label in [format!("{name}{label}"), name.to_owned(), "all".to_owned()].iter().collect::<BTreeSet<_>>() {
            let score = scores.entry(label.clone()).or_default();
            score.n += 1;
            score.right += u64::from(right);
            score.spans += u64::from(span);
        }
    };
    if results.is_empty() {
        count("", hits.is_empty(), hits.is_empty());
        if wrong && !hits.is_empty() {
            let seen: Vec<_> = hits.iter().map(|hit| (&input[hit.from..hit.to], hit.kind)).collect();
            println!("{name} {input:?}: nothing expected, found {seen:?}");
        }
        return;
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
}

fn report(split: &str, scores: &BTreeMap<String, Score>) {
    let share = |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 * 100.0 };
    println!("{:<26} {:>6} {:>8} {:>10}", "", "n", "right", "span only");
    for (name, score) in scores {
        println!(
            "{name:<26} {:>6} {:>6.1} % {:>8.1} %",
            score.n,
            share(score.right, score.n),
            share(score.spans, score.n)
        );
    }
    let kinds: BTreeMap<&String, Value> = scores
        .iter()
        .map(|(name, score)| {
            (name, json!({ "n": score.n, "right": share(score.right, score.n), "span": share(score.spans, score.n) }))
        })
        .collect();
    println!(
        "{}",
        json!({
            "benchmark": "recognizers",
            "split": split,
            "machine": std::env::consts::ARCH,
            "os": std::env::consts::OS,
            "version": env!("CARGO_PKG_VERSION"),
            "kinds": kinds,
        })
    );
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
