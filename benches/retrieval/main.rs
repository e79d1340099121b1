//! Does memory find the right thing? On the sources of real crates: items that are half remembered, functions by their
//! documentation (which is taken out before they are indexed), and a simulated week of use with and without activation.
//!
//! `cargo bench --bench retrieval [-- --embedder candle:DIR] [-- --crates DIR:DIR:DIR] [-- --queries N]`. Without an
//! embedder only the rows by words are measured. The crates are found in Cargo's registry unless named.

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]
#![allow(clippy::expect_used, clippy::panic)]

mod callers;
mod corpus;
mod known_item;
mod measure;
mod week;

#[path = "../machine/mod.rs"]
mod machine;

use std::sync::Arc;

use ninefold::embed::Cached;
use ninefold::store::{Indexer, Semantic, Sqlite};
use ninefold::{Embedder, Store, SystemClock};

use callers::Callers;
use corpus::Corpus;
use measure::{Method, Task, measure};

struct Arguments {
    crates: Option<String>,
    embedder: Option<String>,
    queries: usize,
}

fn arguments() -> Arguments {
    let mut arguments = Arguments { crates: None, embedder: None, queries: 300 };
    let mut given = std::env::args().skip(1);
    while let Some(argument) = given.next() {
        match argument.as_str() {
            "--crates" => arguments.crates = given.next(),
            "--embedder" => arguments.embedder = given.next(),
            "--queries" => arguments.queries = given.next().and_then(|n| n.parse().ok()).expect("a number of queries"),
            // `cargo bench` adds `--bench`; `--test` only wants to know that it runs.
            "--test" => arguments.queries = 5,
            _ => {}
        }
    }
    arguments
}

fn main() {
    let arguments = arguments();
    machine::describe();
    let crates = corpus::find(arguments.crates.as_deref());
    if crates.is_empty() {
        println!("no crates found: name them with --crates, or fetch tokio, serde_core and regex-automata with cargo");
        return;
    }
    let embedder = arguments.embedder.as_deref().map(|name| ninefold::embed::open(name, None).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut rows = Vec::new();
    for root in &crates {
        rows.extend(runtime.block_on(one_crate(root, embedder.clone(), arguments.queries)));
    }
    let weeks = runtime.block_on(week::simulate(&crates, if arguments.queries < 20 { 1 } else { 20 }));
    let json = serde_json::json!({ "retrieval": rows, "week": weeks, "queries": arguments.queries });
    std::fs::write("target/retrieval.json", serde_json::to_string_pretty(&json).unwrap()).unwrap();
    println!("written to target/retrieval.json");
}

/// The embedder with its vectors kept from one run of the benchmark to the next.
async fn cached(embedder: &Arc<dyn Embedder>) -> Arc<dyn Embedder> {
    let cache = Arc::new(Sqlite::open("target/retrieval-embeddings.db").await.unwrap());
    Arc::new(Cached::new(Arc::clone(embedder), cache, Arc::new(SystemClock)))
}

/// Both tasks by every method on one crate.
async fn one_crate(
    root: &std::path::Path,
    embedder: Option<Arc<dyn Embedder>>,
    queries: usize,
) -> Vec<serde_json::Value> {
    let corpus = Corpus::read(root);
    let mut rows = Vec::new();
    for task in [Task::KnownItem, Task::Documentation] {
        let folder = tempfile::tempdir().unwrap();
        let sources = folder.path().join("src");
        corpus.write(&sources, task == Task::Documentation);
        let sqlite = Arc::new(Sqlite::open(folder.path().join("memory.db")).await.unwrap());
        // What is asked goes to the store itself: a row by words is asked without an embedding.
        let store: Arc<dyn Store> = sqlite;
        let embedder = match &embedder {
            Some(embedder) => Some(cached(embedder).await),
            None => None,
        };
        let indexed: Arc<dyn Store> = match &embedder {
            Some(embedder) => Arc::new(Semantic::new(Arc::clone(&store), Arc::clone(embedder))),
            None => Arc::clone(&store),
        };
        let summary = Indexer::new(indexed).index(&[sources.as_path()], |_| {}).await.unwrap();
        let asked = match task {
            Task::KnownItem => known_item::queries(&sources, queries),
            Task::Documentation => corpus.documented(&sources, queries),
        };
        println!(
            "\n{} · {} · {} chunks · {} queries",
            corpus.name,
            task.name(),
            summary.chunks.values().sum::<u64>(),
            asked.len()
        );
        println!("{:30} {:>15} {:>10} {:>9} {:>9}", "method", "MRR@10", "recall@10", "p50 ms", "p95 ms");
        let callers = Callers::of_folder(&sources);
        for method in Method::ALL {
            if method.needs_embedder() && embedder.is_none() {
                continue;
            }
            let Some(outcome) = measure(&store, embedder.as_ref(), &asked, &callers, method).await else { continue };
            println!("{:30} {outcome}", method.name());
            rows.push(outcome.json(&corpus.name, task, method));
        }
    }
    rows
}
