//! How long texts take, one at a time and many together. `NINEFOLD_MINILM` names the directory of a BERT model,
//! `NINEFOLD_STATIC` that of a static one; what is not named is not measured.

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::disallowed_methods)]

#[path = "../../../benches/machine/crates.rs"]
mod machine;

use std::time::Instant;

use machine::{Report, Target};
use ninefold_core::{Embedder, Purpose};

fn texts(count: usize) -> Vec<String> {
    let words = ["boiler", "restarts", "the", "session", "of", "a", "token", "when", "retries", "are", "counted", "in"];
    let word = |n: usize| words[n * n % words.len()];
    (0..count).map(|n| (0..8 + n * 7 % 60).map(|k| word(n + k)).collect::<Vec<_>>().join(" ")).collect()
}

fn main() {
    let quick = std::env::args().any(|argument| argument == "--test");
    let (singles, many) = if quick { (3, 8) } else { (60, 512) };
    machine::describe();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let command = "NINEFOLD_MINILM=DIR cargo bench -p ninefold-embed --features candle,static --bench embed";
    let mut report = Report::new("embed", command);
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
        let one: Vec<f64> = (0..singles).map(|_| embed(&question)).collect();
        let all = texts(many);
        let together: Vec<f64> = (0..if quick { 1 } else { 5 }).map(|_| embed(&all) / many as f64).collect();
        report.value("open the model", kind, "ms", opened, Target::None);
        report.samples("embed a question", kind, "ms", &one, Target::None);
        report.samples(&format!("embed {many} texts together, each"), kind, "ms", &together, Target::None);
    }
    report.write();
}
