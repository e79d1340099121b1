//! What a step of a flow costs: a condition, a text, and, once, the compilation of a definition.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods, missing_docs)]

#[path = "../../../benches/machine/crates.rs"]
mod machine;

use std::hint::black_box;
use std::time::SystemTime;

use criterion::Criterion;
use machine::Report;
use ninefold_dialogue::definition::Definition;
use ninefold_dialogue::expression::Expression;
use ninefold_dialogue::response::Response;
use serde_json::{Map, Value, json};

fn names() -> Map<String, Value> {
    let names = json!({
        "amount": {"amount": "40.00", "currency": "EUR"},
        "balance": {"amount": "120.50", "currency": "EUR"},
        "recipient": "Ana",
        "day": "2024-03-15",
        "tries": 2,
    });
    names.as_object().cloned().unwrap_or_default()
}

fn main() {
    machine::describe();
    let start = SystemTime::now();
    let mut report = Report::new("flows", "cargo bench -p ninefold-dialogue --bench flows");
    let mut criterion = Criterion::default().configure_from_args();
    let mut c = criterion.benchmark_group("a step of a flow");
    let names = names();
    let condition = Expression::parse("amount > 0 and amount <= balance and tries < 3").unwrap();
    c.bench_function("a condition", |b| b.iter(|| condition.holds(black_box(&names))));
    let plain = Response::text("Which day shall it be?").unwrap();
    c.bench_function("a text", |b| b.iter(|| plain.render(black_box(&names), 1)));
    let template = Response::text("Shall I transfer {{ amount }} to {{ recipient }} on {{ day | date }}?").unwrap();
    c.bench_function("a text with names and a filter", |b| b.iter(|| template.render(black_box(&names), 1)));
    let text = include_str!("../../../examples/dialogue/transfer.yml");
    c.bench_function("compile the transfer example", |b| {
        b.iter(|| black_box(Definition::from_yaml("transfer.yml", black_box(text)).compile(false)).is_ok());
    });
    c.finish();
    criterion.final_summary();
    machine::gather(&mut report, start, "a step of a flow", "µs", &[]);
    report.write();
}
