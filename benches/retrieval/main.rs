//! Does memory find the right thing? On the sources of real crates: items that are half remembered, functions by their
//! documentation (which is taken out before they are indexed), and a simulated week of use with and without activation.
//!
//! `cargo bench --bench retrieval [-- --data DIR] [--split NAME] [--embedder candle:DIR] [--crates DIR:DIR:DIR] [--queries N] [--only docstrings]`.
//! The sources are those of `docstrings/NAME/` below DIR, a folder of Rust files for each; where that is absent, crates in Cargo's registry: `dev` is
//! tokio and `serde_core`, on which weights were chosen, `test` is regex-automata, which was only measured. `--crates` names others. Without an
//! embedder only the rows by words are measured. With `--only docstrings` only functions are looked for by their documentation.

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

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ninefold::embed::Cached;
use ninefold::store::{Indexer, Semantic, Sqlite};
use ninefold::{Embedder, Store, SystemClock};

use callers::Callers;
use corpus::Corpus;
use machine::{Data, Report, value};
use measure::{Method, Task, measure};

fn main() {
    let data = Data::from_arguments();
    let queries = match (data.test, value("--queries")) {
        (true, _) => 5,
        (false, named) => named.map_or(300, |n| n.parse().expect("a number of queries")),
    };
    let only_docstrings = value("--only").is_some_and(|only| only == "docstrings");
    let crates = match value("--crates") {
        Some(named) => named.split(':').map(PathBuf::from).collect(),
        None => corpus::find(&data),
    };
    if crates.is_empty() {
        println!(
            "no data: neither {} nor crates of the split {:?} in Cargo's registry are there; dev is tokio and serde_core, test regex-automata",
            data.folder().join("docstrings").join(&data.split).display(),
            data.split
        );
        return;
    }
    machine::describe();
    let mut report = Report::new("retrieval", "cargo bench --bench retrieval");
    report.read_from(&data.split, crates.iter().map(|folder| corpus::name(folder)).collect());
    let embedder = value("--embedder").map(|name| ninefold::embed::open(&name, None).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let tasks: &[Task] = if only_docstrings { &[Task::Documentation] } else { &[Task::Documentation, Task::KnownItem] };
    for root in &crates {
        runtime.block_on(one_crate(root, tasks, embedder.clone(), queries, &mut report));
    }
    if !only_docstrings {
        runtime.block_on(week::simulate(&crates, if queries < 20 { 1 } else { 20 }, &mut report));
    }
    report.print();
}

/// The embedder with its vectors kept from one run of the benchmark to the next.
async fn cached(embedder: &Arc<dyn Embedder>) -> Arc<dyn Embedder> {
    let cache = Arc::new(Sqlite::open(machine::workspace().join("target/retrieval-embeddings.db")).await.unwrap());
    Arc::new(Cached::new(Arc::clone(embedder), cache, Arc::new(SystemClock)))
}

/// Tasks by every method on one crate.
async fn one_crate(
    root: &Path,
    tasks: &[Task],
    embedder: Option<Arc<dyn Embedder>>,
    queries: usize,
    report: &mut Report,
) {
    let corpus = Corpus::read(root);
    for &task in tasks {
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
        let chunks = summary.chunks.values().sum::<u64>();
        println!("{}: {} chunks, {} queries", corpus.name, chunks, asked.len());
        let callers = Callers::of_folder(&sources);
        for method in Method::ALL {
            if method.needs_embedder() && embedder.is_none() {
                continue;
            }
            let Some(outcome) = measure(&store, embedder.as_ref(), &asked, &callers, method).await else { continue };
            outcome.report(report, &format!("{}, {}", task.name(), corpus.name), method.name());
        }
    }
}
