//! How often the rules of assess are right, how much they decide, and what they cost, on labelled questions.
//!
//! `cargo bench --bench assess [-- --data DIR] [--split NAME]` reads `assess/NAME.jsonl` below DIR: a JSON object a line, with `question` (or
//! `text`), `level` (or `label`) and, where it is known, `lang`. Where that is absent, our own questions are read,
//! `crates/pipeline/data/assess.jsonl`: the splits `kept` (its odd lines, which nothing was fitted to) and `dev`, which is the same;
//! `develop` (its even lines); and `all`.

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]
#![allow(clippy::expect_used, clippy::panic)]

mod machine;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

use machine::{Data, Report, Target};
use ninefold::Complexity;
use ninefold::pipeline::phases::assess::{SURE, by_rules};
use serde::Deserialize;
use serde_json::{Value, json};

const LEVELS: [Complexity; 4] = [Complexity::Simple, Complexity::Medium, Complexity::Complex, Complexity::Critical];

#[derive(Deserialize)]
struct Labelled {
    #[serde(alias = "text")]
    question: String,
    #[serde(alias = "label")]
    level: Complexity,
    #[serde(default)]
    lang: String,
}

fn main() {
    let data = Data::from_arguments();
    let Some((file, asked)) = labelled(&data) else { return };
    machine::describe();
    let mut report = Report::new("assess", "cargo bench --bench assess");
    report.read_from(&data.split, vec![file]);
    judge(&asked, &mut report);
    time(&asked, if data.test { 1 } else { 31 }, &mut report);
    let largest = "Why does it fail, and how do we mend it? ".repeat(1600);
    let start = Instant::now();
    black_box(by_rules(black_box(&largest[..64 * 1024])));
    report.value("a question of 64 KiB", "", "ms", start.elapsed().as_secs_f64() * 1e3, Target::None);
    report.print();
}

/// The questions of a split, and the file they stand in; none, with a word why, where there are none.
fn labelled(data: &Data) -> Option<(String, Vec<Labelled>)> {
    let named = format!("assess/{}.jsonl", data.split);
    if data.has(&named) {
        let read = |(n, row): (usize, Value)| -> Labelled {
            serde_json::from_value(row).unwrap_or_else(|error| panic!("{named}: row {}: {error}", n + 1))
        };
        return Some((named.clone(), data.lines(&named)?.into_iter().enumerate().map(read).collect()));
    }
    let of_split: fn(usize) -> bool = match data.split.as_str() {
        "dev" | "kept" => |n| n.is_multiple_of(2),
        "develop" => |n| !n.is_multiple_of(2),
        "all" => |_| true,
        other => {
            println!(
                "no data: {} is not there, and our own questions have no split {other}, but dev, kept, develop and all",
                data.folder().join(&named).display()
            );
            return None;
        }
    };
    let file = "crates/pipeline/data/assess.jsonl";
    let text = std::fs::read_to_string(machine::workspace().join(file)).unwrap();
    let lines = text.lines().enumerate().filter(|(n, line)| of_split(*n) && !line.trim().is_empty());
    let read = |(n, line): (usize, &str)| -> Labelled {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{file}:{}: {error}", n + 1))
    };
    Some((file.to_owned(), lines.map(read).collect()))
}

/// How right and how sure the rules are.
fn judge(asked: &[Labelled], report: &mut Report) {
    let mut confusion = [[0_usize; 4]; 4];
    let mut languages: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    let (mut right, mut sure, mut right_and_sure) = (0, 0, 0);
    for labelled in asked {
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
    let n = asked.len();
    report.share("assessed right", "", right, n, Target::Least(90.0));
    report.share(&format!("decided by rules (sure by {SURE})"), "", sure, n, Target::Least(80.0));
    report.share("of these right", "", right_and_sure, sure, Target::None);
    for (language, [of, right, _]) in languages.iter().filter(|(language, _)| !language.is_empty()) {
        report.share("assessed right", language, *right, *of, Target::None);
    }
    println!("  label \\ rules  simple  medium complex critical");
    for (level, row) in LEVELS.iter().zip(&confusion) {
        let row: String = row.iter().map(|count| format!("{count:>8}")).collect();
        println!("  {:<12} {row}", level.as_str());
    }
    let levels: Vec<&str> = LEVELS.iter().map(|level| level.as_str()).collect();
    report.detail("confusion", json!({ "levels": levels, "label_by_rules": confusion }));
}

/// What each question takes, as its median over rounds, and the mean of all in each round.
fn time(asked: &[Labelled], rounds: usize, report: &mut Report) {
    let mut times = vec![Vec::with_capacity(rounds); asked.len()];
    for _ in 0..rounds {
        for (labelled, times) in asked.iter().zip(&mut times) {
            let start = Instant::now();
            black_box(by_rules(black_box(&labelled.question)));
            times.push(start.elapsed().as_secs_f64() * 1e6);
        }
    }
    let of_rounds: Vec<f64> =
        (0..rounds).map(|round| times.iter().map(|times| times[round]).sum::<f64>() / asked.len() as f64).collect();
    let mut medians = Vec::with_capacity(asked.len());
    for mut times in times {
        times.sort_by(f64::total_cmp);
        medians.push(times[rounds / 2]);
    }
    report.samples("a question, mean of all, by rounds", "", "µs", &of_rounds, Target::Most(10.0));
    report.times("a question", "", &medians, Target::Most(10.0));
}
