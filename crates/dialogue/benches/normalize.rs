//! What reading one value costs, from the cache and without it, and what looking through a message costs.

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

#[path = "../../../benches/machine/crates.rs"]
mod machine;

use std::hint::black_box;

use jiff::civil::date;
use machine::{Report, Target};
use ninefold_dialogue::normalize::{Locale, Normalizer, Prefer, Reading};
use ninefold_dialogue::{Choice, Kind};

const SAMPLES: usize = 400;
const BATCH: usize = 50;

fn main() {
    machine::describe();
    let mut report = Report::new("normalize", "cargo bench -p ninefold-dialogue --bench normalize");
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
    let cached = Normalizer::default();
    for (name, kind, text) in &values {
        measure(&mut report, name, "cached", Target::Most(5.0), || {
            black_box(cached.read(black_box(kind), black_box(text), &reading));
        });
        // Blanks behind it, more than a text has that is kept: the same value, never from the cache.
        let long = format!("{text}{}", " ".repeat(257));
        measure(&mut report, name, "not cached", Target::Most(60.0), || {
            black_box(cached.read(black_box(kind), black_box(&long), &reading));
        });
    }
    let message = "I want to book a flight from Madrid to Barcelona on March 15th, 2024 at 5 pm for two adults, please";
    for (name, kind) in
        [("date", Kind::Date), ("time", Kind::Time), ("number", Kind::Integer), ("yes or no", Kind::Boolean)]
    {
        measure(&mut report, &format!("find a {name} in a message of 20 words"), "", Target::None, || {
            black_box(cached.find(black_box(&kind), black_box(message), &reading));
        });
    }
    report.write();
}

fn measure(report: &mut Report, name: &str, variant: &str, target: Target, run: impl Fn()) {
    report.samples(name, variant, "µs", &machine::times(SAMPLES, BATCH, run), target);
}
