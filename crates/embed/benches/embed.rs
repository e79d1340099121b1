//! How long texts take, one at a time and many together. `NINEFOLD_MINILM` names the directory of a BERT model,
//! `NINEFOLD_STATIC` that of a static one; what is not named is not measured. Prints medians and writes them as JSON to
//! `target/embed.json`.

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::disallowed_methods)]

#[path = "../../../benches/machine/describe.rs"]
#[allow(unreachable_pub)]
mod describe;

use std::time::Instant;

use ninefold_core::{Embedder, Purpose};

fn texts(count: usize) -> Vec<String> {
    let words = ["boiler", "restarts", "the", "session", "of", "a", "token", "when", "retries", "are", "counted", "in"];
    let word = |n: usize| words[n * n % words.len()];
    (0..count).map(|n| (0..8 + n * 7 % 60).map(|k| word(n + k)).collect::<Vec<_>>().join(" ")).collect()
}

/// The workspace's folder of what is built.
const TARGET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target");

fn main() {
    let quick = std::env::args().any(|argument| argument == "--test");
    let (singles, many) = if quick { (3, 8) } else { (60, 512) };
    describe::describe();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut rows = Vec::new();
    for (kind, variable) in [("candle", "NINEFOLD_MINILM"), ("static", "NINEFOLD_STATIC")] {
        let Ok(directory) = std::env::var(variable) else { continue };
        let start = Instant::now();
        let embedder = ninefold_embed::open(&format!("{kind}:{directory}"), None).unwrap();
        let opened = start.elapsed().as_secs_f64() * 1e3;
        let embed = |texts: &[String]| {
            let start = Instant::now();
            runtime.block_on(embedder.embed(texts, Purpose::Passage)).unwrap();
            start.elapsed().as_secs_f64() * 1e3
        };
        let question = vec!["How is the boiler in the cellar restarted?".to_owned()];
        let mut one: Vec<f64> = (0..singles).map(|_| embed(&question)).collect();
        one.sort_by(f64::total_cmp);
        let together = embed(&texts(many));
        let (one, each) = (one[one.len() / 2], together / many as f64);
        println!(
            "{kind}: open {opened:.0} ms; a question {one:.3} ms (median of {singles}); {many} texts {each:.3} ms each"
        );
        rows.push(serde_json::json!({"kind": kind, "open_ms": opened, "question_ms": one, "samples": singles, "texts": many, "each_ms": each}));
    }
    std::fs::create_dir_all(TARGET).unwrap();
    std::fs::write(format!("{TARGET}/embed.json"), serde_json::Value::from(rows).to_string()).unwrap();
}
