//! What memory costs and how long it takes to find something in it: bytes of a chunk in the process's memory, writing and
//! reading it there, uses, and searches of 10,000 and 100,000 chunks in SQLite by words, by meaning and with all there is.
//! Prints medians and spreads, and writes them as JSON to `target/search.json`. The folder is `BENCH_DIR`, or the system's
//! folder for temporary files.

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

#[path = "../../../benches/machine/describe.rs"]
#[allow(unreachable_pub)]
mod describe;

use std::alloc::System;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ninefold_core::{
    Chunk, ChunkId, ChunkKind, Document, Embedding, Embeddings, Key, Lines, Relation, RelationKind, Scope, Search,
    Source, Store, Timestamp, VectorSearch,
};
use ninefold_store::{MemoryStore, Sqlite};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const DIMENSIONS: usize = 384;
const QUESTIONS: usize = 200;
/// Functions in a file.
const FUNCTIONS: usize = 10;
/// Tells a process of this benchmark to open a database and say how much memory that takes.
const IDLE: &str = "NINEFOLD_BENCH_IDLE";

const VERBS: [&str; 24] = [
    "parse", "load", "write", "merge", "render", "check", "open", "close", "send", "fetch", "split", "join", "sort",
    "filter", "encode", "decode", "compress", "validate", "schedule", "retry", "cache", "index", "resolve", "connect",
];
const NOUNS: [&str; 32] = [
    "session", "token", "request", "response", "header", "config", "record", "table", "column", "graph", "node",
    "edge", "buffer", "stream", "socket", "thread", "worker", "queue", "message", "packet", "frame", "image", "matrix",
    "vector", "schema", "query", "cursor", "lock", "timer", "signal", "report", "invoice",
];

/// A generated Python function of five lines, with its names.
fn function(n: usize, path: &str) -> Chunk {
    let (verb, noun, other) = (VERBS[n % 24], NOUNS[(n / 24) % 32], NOUNS[(n / 7) % 32]);
    let name = format!("{verb}_{noun}_{n}");
    let called = format!("{}_{}_{}", VERBS[(n + 1) % 24], NOUNS[((n + 1) / 24) % 32], n + 1);
    let text = format!(
        "def {name}({other}, limit={n}):\n    \"\"\"{} the {noun} of a {other} up to a limit.\"\"\"\n    \
         result = {called}({other})\n    {noun} = result.{verb}(limit)\n    return {noun}\n",
        verb[..1].to_uppercase() + &verb[1..]
    );
    let first = (n % FUNCTIONS) as u32 * 7 + 1;
    Chunk {
        title: format!("def {name}({other}, limit={n}):"),
        lines: Lines::new(first, first + 4),
        defines: vec![name.into()],
        relations: vec![Relation { kind: RelationKind::Calls, target: called.into() }],
        ..Chunk::new(path, ChunkKind::Code, text)
    }
}

fn documents(chunks: usize, embedded: bool) -> impl Iterator<Item = Document> {
    (0..chunks / FUNCTIONS).map(move |file| {
        let path = format!("src/package_{}/module_{file}.py", file / 20);
        let numbers = file * FUNCTIONS..(file + 1) * FUNCTIONS;
        let vectors = || numbers.clone().map(vector).collect();
        let embeddings = embedded.then(|| Embeddings { model: "bench/model".into(), vectors: vectors() });
        let chunks = numbers.clone().map(|n| function(n, &path)).collect();
        Document { embeddings, ..Document::new(Source::new(path, Key::of_bytes(&file.to_le_bytes())), chunks) }
    })
}

/// A vector of a cluster, about what a model makes of texts on one subject.
fn vector(n: usize) -> Vec<f32> {
    let mut of_cluster = fastrand::Rng::with_seed((n % 500) as u64);
    let mut own = fastrand::Rng::with_seed(n as u64 + 1_000);
    let vector: Vec<f32> = (0..DIMENSIONS).map(|_| of_cluster.f32() - 0.5 + 0.8 * (own.f32() - 0.5)).collect();
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    vector.into_iter().map(|x| x / length).collect()
}

/// Questions as people ask of code.
fn questions(chunks: usize) -> Vec<(String, Embedding, ChunkId)> {
    let mut random = fastrand::Rng::with_seed(3);
    let forms = ["How do I {v} the {n} of a {o}?", "where is the {n} {v} limit", "{v} {n} {o}", "{v}_{n}_{i}"];
    (0..QUESTIONS)
        .map(|question| {
            let n = random.usize(..chunks);
            let text = forms[question % forms.len()]
                .replace("{v}", VERBS[n % 24])
                .replace("{n}", NOUNS[(n / 24) % 32])
                .replace("{o}", NOUNS[(n / 7) % 32])
                .replace("{i}", &n.to_string());
            let file = n / FUNCTIONS;
            let path = format!("src/package_{}/module_{file}.py", file / 20);
            (text, Embedding { model: "bench/model".into(), vector: vector(n) }, function(n, &path).id)
        })
        .collect()
}

/// Rows as they are measured.
struct Report(Vec<serde_json::Value>);

impl Report {
    /// A tenth, the half and 95 of 100 take at most this long; each sample did `per` things.
    fn times(&mut self, name: &str, mut samples: Vec<Duration>, per: u32) {
        samples.sort_unstable();
        let [low, median, high] = [10, 50, 95].map(|share| samples[samples.len() * share / 100] / per);
        let shown = |time: Duration| format!("{:.2}", time.as_nanos() as f64 / 1e3);
        println!("{name:<62} {:>6} {:>10} {:>10} {:>10}", samples.len(), shown(low), shown(median), shown(high));
        let nanos = [low, median, high].map(|time| time.as_nanos() as u64);
        self.0.push(serde_json::json!({ "row": name, "samples": samples.len(), "p10_p50_p95_ns": nanos }));
    }

    fn value(&mut self, name: &str, value: f64, unit: &str) {
        println!("{name:<62} {value:>10.2} {unit}");
        self.0.push(serde_json::json!({ "row": name, "value": value, "unit": unit }));
    }
}

async fn timed(count: usize, mut call: impl AsyncFnMut(usize)) -> Vec<Duration> {
    for n in 0..count / 10 {
        call(n).await;
    }
    let mut samples = Vec::with_capacity(count);
    for n in 0..count {
        let start = Instant::now();
        call(n).await;
        samples.push(start.elapsed());
    }
    samples
}

fn resident_mb() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<f64>().ok()).map_or(0.0, |pages| pages * 4_096.0 / 1e6)
}

async fn in_memory(report: &mut Report) {
    let all: Vec<Document> = documents(10_000, false).collect();
    let region = Region::new(ALLOCATOR);
    let store = MemoryStore::new();
    store.put(all.clone()).await.unwrap();
    let change = region.change();
    let bytes = change.bytes_allocated as f64 + change.bytes_reallocated as f64 - change.bytes_deallocated as f64;
    report.value("memory: 10,000 code chunks of five lines", bytes / 1e6, "MB");
    let puts = timed(300, async |n| store.put(vec![all[n].clone()]).await.unwrap()).await;
    report.times("memory: write a chunk of code, ten in a file, replacing", puts, 10);

    // A tiny chunk: one line of three words.
    let tiny = MemoryStore::new();
    let tiny_of = |n: usize| {
        let path = format!("{n}");
        let chunks =
            (0..1_000).map(|place| Chunk::new(&path, ChunkKind::Text, format!("tiny chunk {place}"))).collect();
        vec![Document::new(Source::new(path, Key::of_bytes(&n.to_le_bytes())), chunks)]
    };
    let mut batches: Vec<Vec<Document>> = (0..66).rev().map(tiny_of).collect();
    let puts = timed(60, async |_| tiny.put(batches.pop().unwrap()).await.unwrap()).await;
    report.times("memory: write a tiny chunk (3 words), 1,000 at once", puts, 1_000);
    let ids: Vec<ChunkId> = (0..1_000).map(|place| ChunkId::of("7", &format!("tiny chunk {place}"), 0)).collect();
    let gets = timed(60, async |_| {
        for id in &ids {
            assert_eq!(tiny.get(&[*id], &Scope::public()).await.unwrap().len(), 1);
        }
    });
    report.times("memory: read a tiny chunk by id", gets.await, 1_000);
    let asked = questions(10_000);
    let found = timed(QUESTIONS, async |n| {
        store.search(&Search::new(asked[n].0.as_str())).await.unwrap();
    });
    report.times("memory: search 10,000 by words", found.await, 1);
}

async fn in_sqlite(report: &mut Report, folder: &Path, chunks: usize) {
    let file = folder.join(format!("{chunks}.db"));
    let store = Sqlite::open(&file).await.unwrap();
    let all: Vec<Document> = documents(chunks, true).collect();
    let mut puts = Vec::new();
    for batch in all.chunks(100) {
        let start = Instant::now();
        store.put(batch.to_vec()).await.unwrap();
        puts.push(start.elapsed());
    }
    report.times(&format!("SQLite {chunks}: put 1,000 chunks, names and embeddings"), puts, 1);
    let now = Timestamp(1_700_000_000_000_000);
    let asked = questions(chunks);
    let ids: Vec<ChunkId> = asked.iter().map(|(.., id)| *id).collect();
    let touches = timed(2_000, async |n| store.touch(&[ids[n % QUESTIONS]], now).await.unwrap()).await;
    report.times(&format!("SQLite {chunks}: note one use"), touches, 1);
    let many: Vec<ChunkId> = all.iter().flat_map(|d| &d.chunks).take(1_000).map(|chunk| chunk.id).collect();
    let touches = timed(30, async |_| store.touch(&many, now).await.unwrap()).await;
    report.times(&format!("SQLite {chunks}: note a use, 1,000 at once"), touches, 1_000);
    drop(all);
    let before = resident_mb();
    let start = Instant::now();
    let first = Search { embedding: Some(asked[0].1.clone()), ..Search::new("") };
    assert_eq!(store.search(&first).await.unwrap().vectors, VectorSearch::Used);
    report.value(&format!("SQLite {chunks}: first search by meaning"), start.elapsed().as_secs_f64() * 1e3, "ms");
    report.value(&format!("SQLite {chunks}: resident more with vectors in memory"), resident_mb() - before, "MB");
    for (name, way) in [("words", 0), ("words and use", 1), ("words and meaning", 2), ("meaning, use and context", 3)] {
        let searches: Vec<Search> = (0..QUESTIONS)
            .map(|n| {
                let (text, embedding, _) = &asked[n];
                Search {
                    now: (way == 1 || way == 3).then_some(now),
                    embedding: (way >= 2).then(|| embedding.clone()),
                    context: if way == 3 { ids[(n + 1) % 190..][..3].to_vec() } else { Vec::new() },
                    ..Search::new(text.as_str())
                }
            })
            .collect();
        let found = timed(QUESTIONS, async |n| {
            assert!(!store.search(&searches[n]).await.unwrap().passages.is_empty());
        });
        report.times(&format!("SQLite {chunks}: search by {name}"), found.await, 1);
    }
    drop(store);
    let this = std::env::current_exe().unwrap();
    let output = std::process::Command::new(this).env(IDLE, &file).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).trim().parse::<f64>().unwrap();
    report.value(&format!("SQLite {chunks}: resident of a process that searched by words"), said, "MB");
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if let Some(file) = std::env::var_os(IDLE) {
        runtime.block_on(async {
            let store = Sqlite::open(file).await.unwrap();
            store.search(&Search::new("parse the session of a token")).await.unwrap();
            println!("{}", resident_mb());
        });
        return;
    }
    let quick = std::env::args().any(|argument| argument == "--test");
    describe::describe();
    let folder = tempfile::tempdir_in(std::env::var_os("BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from));
    let folder = folder.unwrap();
    let mut report = Report(Vec::new());
    println!("{:<62} {:>6} {:>10} {:>10} {:>10}", "times in µs", "n", "p10", "p50", "p95");
    runtime.block_on(async {
        in_memory(&mut report).await;
        for chunks in if quick { &[3_000][..] } else { &[10_000, 100_000] } {
            in_sqlite(&mut report, folder.path(), *chunks).await;
        }
    });
    std::fs::create_dir_all("target").unwrap();
    std::fs::write("target/search.json", serde_json::Value::from(report.0).to_string()).unwrap();
}
