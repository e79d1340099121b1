//! What reading one value costs, from the cache and without it, and what looking through a message costs. Prints medians and spreads,
//! and writes them as JSON below `target/tmp`.

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

#[path = "../../../benches/machine/describe.rs"]
#[allow(unreachable_pub)]
mod describe;

use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;

use jiff::civil::date;
use ninefold_dialogue::normalize::{Locale, Normalizer, Prefer, Reading};
use ninefold_dialogue::{Choice, Kind};
use serde_json::{Value, json};

const SAMPLES: usize = 400;
const BATCH: usize = 50;

fn main() {
    describe::describe();
    println!("{:<56} {:>10} {:>10} {:>10}   {:>8}", "", "p10", "median", "p90", "target");
    let options = ["economy", "premium economy", "business", "first"];
    let category =
        Kind::Category { options: options.map(|value| Choice { value: value.into(), synonyms: vec![] }).into() };
    let values = [
        ("date: the day after tomorrow", Kind::Date, "the day after tomorrow"),
        ("date: on March 15th please", Kind::Date, "on March 15th please"),
        ("time: half past 11 in the morning", Kind::Time, "half past 11 in the morning"),
        ("datetime: next friday at 5:30 pm", Kind::DateTime, "next friday at 5:30 pm"),
        ("number: two hundred and five", Kind::Number, "two hundred and five"),
        ("money: 75 million dollars", Kind::Money, "75 million dollars"),
        ("category: bussiness", category, "bussiness"),
        ("boolean: yes I will", Kind::Boolean, "yes I will"),
        ("text: Madrid", Kind::Text, "  Madrid "),
    ];
    let reading = Reading { locale: Locale::EnUs, now: date(2024, 3, 1).at(9, 0, 0, 0), prefer: Prefer::Future };
    let mut report = Vec::new();
    let cached = Normalizer::default();
    for (name, kind, text) in &values {
        measure(&mut report, &format!("{name}, cached"), Some(5.0), || {
            black_box(cached.read(black_box(kind), black_box(text), &reading));
        });
        // Blanks behind it, more than a text has that is kept: the same value, never from the cache.
        let long = format!("{text}{}", " ".repeat(257));
        measure(&mut report, &format!("{name}, not cached"), Some(60.0), || {
            black_box(cached.read(black_box(kind), black_box(&long), &reading));
        });
    }
    let message = "I want to book a flight from Madrid to Barcelona on March 15th, 2024 at 5 pm for two adults, please";
    for (name, kind) in
        [("date", Kind::Date), ("time", Kind::Time), ("number", Kind::Integer), ("yes or no", Kind::Boolean)]
    {
        measure(&mut report, &format!("find a {name} in a message of 20 words"), None, || {
            black_box(cached.find(black_box(&kind), black_box(message), &reading));
        });
    }
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("normalize.json");
    std::fs::write(&path, serde_json::to_vec_pretty(&report).unwrap()).unwrap();
    println!("written to {}", path.display());
}

fn measure(report: &mut Vec<Value>, name: &str, target: Option<f64>, run: impl Fn()) {
    let mut micros: Vec<f64> = (0..SAMPLES)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..BATCH {
                run();
            }
            start.elapsed().as_secs_f64() * 1e6 / BATCH as f64
        })
        .collect();
    micros.sort_by(f64::total_cmp);
    let at = |share: f64| micros[((micros.len() - 1) as f64 * share) as usize];
    let shown = target.map_or(String::new(), |target| format!("{target:.0} µs"));
    println!("{name:<56} {:>7.2} µs {:>7.2} µs {:>7.2} µs   {shown:>8}", at(0.1), at(0.5), at(0.9));
    report
        .push(json!({ "name": name, "p10_us": at(0.1), "median_us": at(0.5), "p90_us": at(0.9), "target_us": target }));
}
