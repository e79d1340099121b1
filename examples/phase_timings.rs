//! Where the time of 200 questions goes: `cargo run --release --example phase_timings -- docs`.
//!
//! The table of one run, the percentiles of all, and a comparison of one half with the other: nothing changed between
//! them, so no change should be shown.

use std::sync::Arc;

use ninefold::Soar;
use ninefold::profile::{Statistics, diff};

/// From simple to critical.
const QUESTIONS: [&str; 5] = [
    "What is a phase?",
    "How is a killed run resumed?",
    "List the spans of a run and explain what each of them is for.",
    "Compare the journal with the cache and recommend one of them for a long run.",
    "Analyse how scope is enforced, then compare it with deadlines and evaluate the risks of both for production data.",
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ninefold::Result<()> {
    let folder =
        std::env::args().nth(1).unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/crates/core/src").into());
    let (one, other) = (Arc::new(Statistics::new()), Arc::new(Statistics::new()));
    let first = Soar::builder().index(folder).statistics(Arc::clone(&one)).build().await?;
    let second = Soar::builder().store(Arc::clone(first.store())).statistics(Arc::clone(&other)).build().await?;

    // What is asked first finds everything cold, which is not what is to be measured.
    let mut last = None;
    for question in QUESTIONS {
        last = Some((question, first.answer(question).await?.profile));
    }
    let cold = one.reset();
    if let Some((question, profile)) = last {
        println!("one of {} cold runs: {question}\n{}", cold.runs(), profile.table());
    }

    // By turns: what the machine does meanwhile then happens to both halves.
    for question in QUESTIONS.iter().cycle().take(100) {
        first.answer(*question).await?;
        second.answer(*question).await?;
    }

    let (before, after) = (one.snapshot(), other.snapshot());
    let mut all = before.clone();
    all.merge(&after);
    println!("{} warm runs\n{}", all.runs(), all.table());
    println!("one half of them and the other\n{}", diff(&before, &after).table().width(120));
    Ok(())
}
