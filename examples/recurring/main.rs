//! What a question costs that comes again: `cargo run --release --example recurring`.
//!
//! Fifty questions that need a plan are asked of the project's own documents, then asked again, then once more otherwise put. The model is a
//! script, so its calls can be counted and every figure comes out the same each time. The agents need no model.

mod passes;

use std::sync::Arc;

use passes::{Calls, Pass, QUESTIONS, others, otherwise_put, pass, pipeline};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ninefold::Result<()> {
    let calls = Arc::new(Calls::default());
    let soar = pipeline(&calls).await?;
    let first = pass(&soar, &calls, QUESTIONS.lines().map(str::to_owned)).await?;
    let again = pass(&soar, &calls, QUESTIONS.lines().map(str::to_owned)).await?;
    let second =
        pass(&soar, &calls, QUESTIONS.lines().enumerate().map(|(n, question)| otherwise_put(n, question))).await?;
    let other = pass(&soar, &calls, QUESTIONS.lines().flat_map(others)).await?;

    println!("{:<34} {:>10} {:>10} {:>14} {:>10}", "", "first", "again", "otherwise put", "others");
    let row = |name: &str, of: &dyn Fn(&Pass) -> String| {
        println!("{name:<34} {:>10} {:>10} {:>14} {:>10}", of(&first), of(&again), of(&second), of(&other));
    };
    row("questions", &|pass| pass.confidence.len().to_string());
    for what in ["assess", "plan", "review", "write"] {
        row(&format!("model calls: {what}"), &|pass| pass.calls.get(what).copied().unwrap_or_default().to_string());
    }
    row("model calls: all", &|pass| pass.all_calls().to_string());
    row("model calls a question", &|pass| format!("{:.2}", pass.all_calls() as f64 / pass.confidence.len() as f64));
    row("with a plan that was known", &|pass| pass.by_pattern.to_string());
    row("without a plan", &|pass| pass.unplanned.to_string());
    row("mean confidence", &|pass| format!("{:.3}", pass.mean_confidence()));
    row("answers trusted (at least .7)", &|pass| pass.confidence.iter().filter(|c| **c >= 0.7).count().to_string());
    row("places cited", &|pass| pass.citations.iter().sum::<usize>().to_string());
    row("notes of less than asked", &|pass| pass.degraded.to_string());
    let worse = first.confidence.iter().zip(&second.confidence).filter(|(first, second)| **second < **first - 0.01);
    println!("\nanswers to questions otherwise put that are trusted less than at first: {}", worse.count());
    let ratio = |later: &Pass| first.all_calls() as f64 / later.all_calls().max(1) as f64;
    println!("all model calls: at first {:.2} × those of the same questions again", ratio(&again));
    println!("and {:.2} × those of the same questions otherwise put", ratio(&second));
    if let Some(experience) = soar.experience() {
        let learned = experience.learned().await?;
        println!("patterns: {}, of which {} are not used any more", learned.patterns, learned.demoted);
    }
    Ok(())
}
