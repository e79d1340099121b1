//! How fast files become chunks: generated Python classes cut in memory, the parser alone beside it; and the sources of a
//! real crate into SQLite, cold and unchanged.
//!
//! `cargo bench -p ninefold-store --features code --bench ingest`
//!
//! The real sources are those at `NINEFOLD_BENCH_SOURCES`, or the newest tokio among the sources that cargo has fetched.

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

#[path = "../../../benches/machine/crates.rs"]
mod machine;
#[path = "../../../benches/machine/python.rs"]
#[allow(unreachable_pub)]
mod python;

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use machine::{Report, Target};
use ninefold_core::Labels;
use ninefold_store::ingest::split;
use ninefold_store::{Indexer, MemoryStore, Sqlite};

/// So many runs, in milliseconds.
fn measure(samples: usize, run: impl FnMut() -> f64) -> Vec<f64> {
    std::iter::repeat_with(run).take(samples).collect()
}

fn timed<T>(run: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    black_box(run());
    start.elapsed().as_secs_f64() * 1_000.0
}

fn parse(report: &mut Report, samples: usize) {
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&tree_sitter_python::LANGUAGE.into()).unwrap();
    for (classes, most) in [(3, 0.3), (28, 2.5), (139, 14.0)] {
        let text = python::classes(classes);
        let row = format!(
            "Python of {} lines into {} chunks",
            text.lines().count(),
            split("service.py", &text, &Labels::none()).len()
        );
        let cut = measure(samples, || timed(|| split("service.py", &text, &Labels::none())));
        let alone = measure(samples, || timed(|| parser.parse(&text, None)));
        report.samples(&row, "", "ms", &cut, Target::Most(most));
        report.samples(&row, "tree-sitter alone", "ms", &alone, Target::None);
    }
}

/// The sources to index, if there are any.
fn sources() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("NINEFOLD_BENCH_SOURCES") {
        return Some(path.into());
    }
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".cargo")))?;
    let registries = std::fs::read_dir(home.join("registry/src")).ok()?;
    let crates =
        registries.flatten().flat_map(|registry| std::fs::read_dir(registry.path()).into_iter().flatten().flatten());
    let is_tokio = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.strip_prefix("tokio-").is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit()))
    };
    crates.map(|entry| entry.path()).filter(is_tokio).max()
}

fn index(report: &mut Report, samples: usize, path: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let roots = [path.to_owned()];
    let mut summary = None;
    let mut unchanged = Vec::new();
    let sqlite = measure(samples, || {
        let directory = tempfile::tempdir().unwrap();
        let store = runtime.block_on(Sqlite::open(directory.path().join("memory.db"))).unwrap();
        let indexer = Indexer::new(Arc::new(store));
        let cold = timed(|| summary = Some(runtime.block_on(indexer.index(&roots, |_| {})).unwrap()));
        unchanged.push(timed(|| runtime.block_on(indexer.index(&roots, |_| {})).unwrap()));
        cold
    });
    let memory = measure(samples, || {
        let indexer = Indexer::new(Arc::new(MemoryStore::new()));
        timed(|| runtime.block_on(indexer.index(&roots, |_| {})).unwrap())
    });
    let cut = measure(samples, || timed(|| runtime.block_on(indexer_without_store(&roots))));
    let summary = summary.unwrap();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let (files, lines) = (summary.indexed, summary.lines);
    let row = |what: &str| format!("{name}, {files} files, {lines} lines, {} chunks: {what}", summary.all_chunks());
    report.samples(&row("cold into SQLite"), "", "ms", &sqlite, Target::None);
    let rates: Vec<f64> = sqlite.iter().map(|ms| lines as f64 / ms * 1e3).collect();
    report.samples(&row("cold into SQLite"), "lines", "/s", &rates, Target::Least(150_000.0));
    report.samples(&row("cold into memory"), "", "ms", &memory, Target::None);
    report.samples(&row("read and cut only"), "", "ms", &cut, Target::None);
    report.samples(&row("again, nothing changed"), "", "ms", &unchanged, Target::Most(100.0));
}

/// The indexer into a store that keeps nothing.
async fn indexer_without_store(roots: &[PathBuf]) {
    Indexer::new(Arc::new(nothing::Nothing)).index(roots, |_| {}).await.unwrap();
}

mod nothing {
    use async_trait::async_trait;
    use ninefold_core::{
        Chunk, ChunkId, Contents, Document, Embeddings, Evidence, Forgetting, Forgotten, Result, Scope, Search, Source,
        Store, Timestamp,
    };
    use smol_str::SmolStr;

    pub(super) struct Nothing;

    #[async_trait]
    impl Store for Nothing {
        async fn put(&self, _: Vec<Document>) -> Result<()> {
            Ok(())
        }
        async fn get(&self, _: &[ChunkId], _: &Scope) -> Result<Vec<Chunk>> {
            Ok(Vec::new())
        }
        async fn search(&self, _: &Search) -> Result<Evidence> {
            Ok(Evidence::default())
        }
        async fn touch(&self, _: &[ChunkId], _: Timestamp) -> Result<()> {
            Ok(())
        }
        async fn remove(&self, _: &[SmolStr]) -> Result<u64> {
            Ok(0)
        }
        async fn sources(&self, _: &str) -> Result<Vec<Source>> {
            Ok(Vec::new())
        }
        async fn forget(&self, _: &Forgetting) -> Result<Forgotten> {
            Ok(Forgotten::default())
        }
        async fn contents(&self) -> Result<Contents> {
            Ok(Contents::default())
        }
        async fn unembedded(&self, _: &str, _: usize) -> Result<Vec<Chunk>> {
            Ok(Vec::new())
        }
        async fn embed(&self, _: Embeddings, _: &[ChunkId]) -> Result<()> {
            Ok(())
        }
    }
}

fn main() {
    // `cargo test --benches` and `cargo bench -- --test` only want to know that it runs.
    let test = machine::is_test();
    machine::describe();
    let mut report = Report::new("ingest", "cargo bench -p ninefold-store --features code --bench ingest");
    parse(&mut report, if test { 2 } else { 60 });
    if let Some(path) = sources() {
        index(&mut report, if test { 1 } else { 9 }, &path);
    } else {
        println!("no sources to index: set NINEFOLD_BENCH_SOURCES to a folder");
    }
    report.write();
}
