//! How fast files become chunks: generated Python classes cut in memory, the parser alone beside it; and the sources of a
//! real crate into SQLite, cold and unchanged. Prints medians with their spread and writes them as JSON to
//! `target/ingest.json`.
//!
//! `cargo bench -p ninefold-store --features code --bench ingest`
//!
//! The real sources are those at `NINEFOLD_BENCH_SOURCES`, or the newest tokio among the sources that cargo has fetched.

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use ninefold_core::Labels;
use ninefold_store::ingest::split;
use ninefold_store::{Indexer, MemoryStore, Sqlite};
use serde_json::{Value, json};

#[path = "../../../benches/machine/python.rs"]
#[allow(unreachable_pub)]
mod python;

fn describe() {
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split(": ").nth(1));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let compiler = std::process::Command::new("rustc").arg("--version").output();
    let compiler =
        compiler.map_or_else(|_| "unknown".into(), |out| String::from_utf8_lossy(&out.stdout).trim().to_owned());
    println!(
        "machine: {}, {cores} cores; {compiler}; ninefold {}",
        model.unwrap_or("unknown"),
        env!("CARGO_PKG_VERSION")
    );
}

/// Median, lower and upper quartile of so many runs, in milliseconds.
fn measure(samples: usize, mut run: impl FnMut() -> f64) -> [f64; 3] {
    let mut times: Vec<f64> = (0..samples).map(|_| run()).collect();
    times.sort_unstable_by(f64::total_cmp);
    [times[times.len() / 2], times[times.len() / 4], times[times.len() * 3 / 4]]
}

fn timed<T>(run: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    black_box(run());
    start.elapsed().as_secs_f64() * 1_000.0
}

fn parse(samples: usize) -> Vec<Value> {
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&tree_sitter_python::LANGUAGE.into()).unwrap();
    let mut rows = Vec::new();
    for classes in [3, 28, 139] {
        let text = python::classes(classes);
        let lines = text.lines().count();
        let chunks = split("service.py", &text, &Labels::none());
        let defined: usize = chunks.iter().map(|chunk| chunk.defines.len()).sum();
        let cut = measure(samples, || timed(|| split("service.py", &text, &Labels::none())));
        let alone = measure(samples, || timed(|| parser.parse(&text, None)));
        println!(
            "parse {lines} lines → {} chunks, {defined} names: {:.3} ms ({:.3}–{:.3}); tree-sitter alone {:.3} ms ({:.3}–{:.3}); {samples} samples",
            chunks.len(),
            cut[0],
            cut[1],
            cut[2],
            alone[0],
            alone[1],
            alone[2]
        );
        rows.push(json!({
            "lines": lines, "chunks": chunks.len(), "names": defined, "samples": samples,
            "cut_ms": cut, "tree_sitter_alone_ms": alone,
        }));
    }
    rows
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

fn index(samples: usize, path: &Path) -> Value {
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
    unchanged.sort_unstable_by(f64::total_cmp);
    let unchanged = [unchanged[samples / 2], unchanged[samples / 4], unchanged[samples * 3 / 4]];
    let memory = measure(samples, || {
        let indexer = Indexer::new(Arc::new(MemoryStore::new()));
        timed(|| runtime.block_on(indexer.index(&roots, |_| {})).unwrap())
    });
    let cut = measure(samples, || timed(|| runtime.block_on(indexer_without_store(&roots))));
    let summary = summary.unwrap();
    let rate = |ms: f64| summary.lines as f64 / ms * 1_000.0;
    println!(
        "{}: {} files, {} lines, {} chunks; {samples} samples",
        path.file_name().unwrap_or_default().to_string_lossy(),
        summary.indexed,
        summary.lines,
        summary.all_chunks()
    );
    for (what, row) in [
        ("cold into SQLite", sqlite),
        ("cold into memory", memory),
        ("read and cut only", cut),
        ("unchanged", unchanged),
    ] {
        println!("  {what}: {:.1} ms ({:.1}–{:.1}), {:.0} lines/s", row[0], row[1], row[2], rate(row[0]));
    }
    json!({
        "files": summary.indexed, "lines": summary.lines, "chunks": summary.all_chunks(), "samples": samples,
        "cold_sqlite_ms": sqlite, "cold_memory_ms": memory, "read_and_cut_ms": cut, "unchanged_ms": unchanged,
        "lines_per_second_sqlite": rate(sqlite[0]),
    })
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
    let test = std::env::args().any(|argument| argument == "--test");
    describe();
    let parsed = parse(if test { 2 } else { 60 });
    let indexed = if let Some(path) = sources() {
        index(if test { 1 } else { 9 }, &path)
    } else {
        println!("no sources to index: set NINEFOLD_BENCH_SOURCES to a folder");
        Value::Null
    };
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/ingest.json");
    std::fs::write(target, json!({ "parse": parsed, "index": indexed }).to_string()).unwrap();
}
