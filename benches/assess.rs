//! How often the rules of assess are right, how much they decide, and what they cost, on labelled questions.
//!
//! `cargo bench --bench assess [-- --data FILE] [-- --split kept|develop|all]`. The file has a JSON object a line, with
//! `question`, `level` and, where it is known, `lang`; its odd lines are the split `kept`, its even lines `develop`. Also writes
//! `target/assess.json`.

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]
#![allow(clippy::expect_used, clippy::panic)]

mod machine;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

use ninefold::Complexity;
use ninefold::pipeline::phases::assess::{SURE, by_rules};
use serde::Deserialize;
use serde_json::{Value, json};

const LEVELS: [Complexity; 4] = [Complexity::Simple, Complexity::Medium, Complexity::Complex, Complexity::Critical];

#[derive(Deserialize)]
struct Labelled {
    question: String,
    level: Complexity,
    #[serde(default)]
    lang: String,
}

struct Arguments {
    data: String,
    splits: Vec<&'static str>,
    rounds: usize,
}

fn arguments() -> Arguments {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/crates/pipeline/data/assess.jsonl").to_owned();
    let mut arguments = Arguments { data, splits: vec!["kept", "develop"], rounds: 31 };
    let mut given = std::env::args().skip(1);
    while let Some(argument) = given.next() {
        match argument.as_str() {
            "--data" => arguments.data = given.next().expect("--data names a file"),
            "--split" => {
                let name = given.next().expect("--split is kept, develop or all");
                let known = ["kept", "develop", "all"].into_iter().find(|known| *known == name);
                arguments.splits = vec![known.expect("--split is kept, develop or all")];
            }
            // `cargo bench` adds `--bench`; `--test` only wants to know that it runs.
            "--test" => arguments.rounds = 1,
            _ => {}
        }
    }
    arguments
}

fn main() {
    let arguments = arguments();
    machine::describe();
    let text = std::fs::read_to_string(&arguments.data).unwrap_or_else(|error| panic!("{}: {error}", arguments.data));
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let labelled: Vec<(usize, Labelled)> = lines
        .map(|(n, line)| {
            let read = serde_json::from_str(line);
            (n, read.unwrap_or_else(|error| panic!("{}:{}: {error}", arguments.data, n + 1)))
        })
        .collect();
    let mut rows = serde_json::Map::new();
    for split in &arguments.splits {
        let of_split = |n: usize| match *split {
            "kept" => n.is_multiple_of(2),
            "develop" => !n.is_multiple_of(2),
            _ => true,
        };
        let part: Vec<&Labelled> = labelled.iter().filter(|(n, _)| of_split(*n)).map(|(_, one)| one).collect();
        if part.is_empty() {
            println!("\n{split}: no questions");
            continue;
        }
        let mut row = judge(split, &part);
        row["microseconds"] = time(&part, arguments.rounds);
        rows.insert((*split).to_owned(), row);
    }
    let largest = "Why does it fail, and how do we mend it? ".repeat(1600);
    let start = Instant::now();
    black_box(by_rules(black_box(&largest[..64 * 1024])));
    let largest_ms = start.elapsed().as_secs_f64() * 1e3;
    println!("\na question of 64 KiB: {largest_ms:.1} ms");
    let json = json!({ "sure": SURE, "splits": rows, "largest_ms": largest_ms });
    std::fs::write("target/assess.json", serde_json::to_string_pretty(&json).unwrap()).unwrap();
    println!("{json}");
}

/// How right and how sure the rules are.
fn judge(split: &str, part: &[&Labelled]) -> Value {
    let mut confusion = [[0_usize; 4]; 4];
    let mut languages: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    let (mut right, mut sure, mut right_and_sure) = (0, 0, 0);
    for labelled in part {
        let assessment = by_rules(&labelled.question);
        let at = |level: Complexity| LEVELS.iter().position(|known| *known == level).unwrap();
        confusion[at(labelled.level)][at(assessment.complexity)] += 1;
        let (is_right, is_sure) = (assessment.complexity == labelled.level, assessment.confidence >= SURE);
        right += usize::from(is_right);
        sure += usize::from(is_sure);
        right_and_sure += usize::from(is_right && is_sure);
        let language = languages.entry(&labelled.lang).or_default();
        for (count, holds) in language.iter_mut().zip([true, is_right, is_sure]) {
            *count += usize::from(holds);
        }
    }
    let n = part.len();
    let percent = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
    println!("\n{split}: n = {n}");
    println!("  right                     {right:>4} of {n}: {:.1} %", percent(right, n));
    println!("  decided by rules (≥ {SURE})  {sure:>4} of {n}: {:.1} %", percent(sure, n));
    println!("  of these right            {right_and_sure:>4} of {sure}: {:.1} %", percent(right_and_sure, sure));
    println!("  label \\ rules  simple  medium complex critical");
    for (level, row) in LEVELS.iter().zip(&confusion) {
        let row: String = row.iter().map(|count| format!("{count:>8}")).collect();
        println!("  {:<12} {row}", level.as_str());
    }
    for (language, [of, right, sure]) in &languages {
        println!("  {language:<4} {right:>3} of {of:>3} right, {sure:>3} by rules");
    }
    let languages: BTreeMap<_, _> = languages
        .iter()
        .map(|(language, [of, right, sure])| (language, json!({ "n": of, "right": right, "by_rules": sure })))
        .collect();
    json!({ "n": n, "right": right, "accuracy": percent(right, n), "by_rules": sure, "by_rules_share": percent(sure, n),
        "by_rules_right": right_and_sure, "confusion": confusion, "languages": languages })
}

/// Microseconds a question: the mean over all of them, in rounds; median and spread of the rounds, and the slowest question.
fn time(part: &[&Labelled], rounds: usize) -> Value {
    let mut means: Vec<f64> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            for labelled in part {
                black_box(by_rules(black_box(&labelled.question)));
            }
            start.elapsed().as_secs_f64() * 1e6 / part.len() as f64
        })
        .collect();
    means.sort_by(f64::total_cmp);
    let slowest = part
        .iter()
        .map(|labelled| {
            let tries = (0..rounds).map(|_| {
                let start = Instant::now();
                black_box(by_rules(black_box(&labelled.question)));
                start.elapsed().as_secs_f64() * 1e6
            });
            tries.fold(f64::INFINITY, f64::min)
        })
        .fold(0.0, f64::max);
    let (median, low, high) = (means[rounds / 2], means[rounds / 20], means[rounds - 1 - rounds / 20]);
    println!(
        "  a question: median {median:.2} µs of {rounds} rounds (5 % {low:.2}, 95 % {high:.2}); the slowest {slowest:.2} µs"
    );
    json!({ "median": median, "p5": low, "p95": high, "slowest": slowest, "rounds": rounds })
}
