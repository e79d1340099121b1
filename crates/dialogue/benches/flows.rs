//! What a step of a flow costs: a condition, a text, and, once, the compilation of a definition.

#![allow(clippy::unwrap_used, missing_docs)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
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

fn flows(c: &mut Criterion) {
    let names = names();
    let condition = Expression::parse("amount > 0 and amount <= balance and tries < 3").unwrap();
    c.bench_function("condition", |b| b.iter(|| condition.holds(black_box(&names))));
    let plain = Response::text("Which day shall it be?").unwrap();
    c.bench_function("text/plain", |b| b.iter(|| plain.render(black_box(&names), 1)));
    let template = Response::text("Shall I transfer {{ amount }} to {{ recipient }} on {{ day | date }}?").unwrap();
    c.bench_function("text/template", |b| b.iter(|| template.render(black_box(&names), 1)));
    let text = include_str!("../../../examples/dialogue/transfer.yml");
    c.bench_function("compile/transfer", |b| {
        b.iter(|| black_box(Definition::from_yaml("transfer.yml", black_box(text)).compile(false)).is_ok());
    });
}

criterion_group!(benches, flows);
criterion_main!(benches);
