//! How long it takes to find something in memory: writing and reading a chunk in the process's memory, uses, and searches of 10,000 and 100,000 chunks of real code in SQLite by words, by meaning and with
//! all there is.
//!
//! `cargo bench -p ninefold-store --features code --bench search [-- --memory] [-- --chunks N]`: only the store in memory,
//! only a database of so many chunks. The folder is `BENCH_DIR`, where databases stay and are used again, or one of the
//! system's for temporary files.

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::disallowed_methods)]

#[allow(unreachable_pub)]
mod generated;
#[path = "../../../benches/machine/crates.rs"]
mod machine;
#[allow(unreachable_pub)]
mod registry;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use machine::{Report, Target};
use ninefold_core::{
    Chunk, ChunkId, ChunkKind, Document, Embedding, Key, Scope, Search, Source, Store, Timestamp, VectorSearch,
};
use ninefold_store::{MemoryStore, Sqlite};
use registry::Question;

const QUESTIONS: usize = 200;
/// Tells a process of this benchmark to open a database and say how much memory that takes.
const IDLE: &str = "NINEFOLD_BENCH_IDLE";

/// Of what each sample did `per` times, in microseconds: the median, and what 95 of 100 searches take at most.
fn note(report: &mut Report, name: &str, samples: &[Duration], per: u32, target: Target) {
    let micros: Vec<f64> = samples.iter().map(|time| time.as_secs_f64() * 1e6 / f64::from(per)).collect();
    let is_search = name.contains(": search ");
    report.samples(name, "", "µs", &micros, if is_search { Target::None } else { target });
    if is_search {
        report.quantile(name, "95 of 100", "µs", &micros, 0.95, target);
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
    machine::resident_kib() as f64 * 1.024e-3
}

async fn in_memory(report: &mut Report) {
    let all: Vec<Document> = generated::documents(10_000).collect();
    let store = MemoryStore::new();
    store.put(all.clone()).await.unwrap();
    let puts = timed(300, async |n| store.put(vec![all[n].clone()]).await.unwrap()).await;
    note(report, "memory: write a chunk of code, ten in a file, replacing", &puts, 10, Target::None);

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
    note(report, "memory: write a tiny chunk (3 words), 1,000 at once", &puts, 1_000, Target::Most(1.0));
    let ids: Vec<ChunkId> = (0..1_000).map(|place| ChunkId::of("7", &format!("tiny chunk {place}"), 0)).collect();
    let gets = timed(60, async |_| {
        for id in &ids {
            assert_eq!(tiny.get(&[*id], &Scope::public()).await.unwrap().len(), 1);
        }
    });
    note(report, "memory: read a tiny chunk by id", &gets.await, 1_000, Target::Most(0.2));
    drop((all, store, tiny));
    let real = registry::documents(10_000);
    let asked = registry::questions(&real, QUESTIONS);
    let store = MemoryStore::new();
    store.put(real).await.unwrap();
    for (name, meaning) in [("words", false), ("words and meaning", true)] {
        let found = timed(asked.len(), async |n| {
            store.search(&search_of(&asked[n], meaning)).await.unwrap();
        });
        note(report, &format!("memory: search 10,000 by {name}"), &found.await, 1, Target::None);
    }
}

fn search_of(question: &Question, meaning: bool) -> Search {
    let embedding = Embedding { model: registry::MODEL.into(), vector: question.vector.clone() };
    Search { embedding: meaning.then_some(embedding), ..Search::new(question.text.as_str()) }
}

async fn in_sqlite(report: &mut Report, folder: &Path, chunks: usize) {
    let file = folder.join(format!("{chunks}.db"));
    let is_there = file.exists();
    let store = Sqlite::open(&file).await.unwrap();
    let all = registry::documents(chunks);
    let held: usize = all.iter().map(|document| document.chunks.len()).sum();
    report.value(&format!("SQLite {chunks}: chunks that the registry gave"), "", "chunks", held as f64, Target::None);
    if !is_there {
        let mut puts = Vec::new();
        for batch in all.chunks(100) {
            let (batch, count) = (batch.to_vec(), batch.iter().map(|document| document.chunks.len()).sum::<usize>());
            let start = Instant::now();
            store.put(batch).await.unwrap();
            puts.push(start.elapsed() / count.max(1) as u32);
        }
        note(
            report,
            &format!("SQLite {chunks}: put a chunk, 100 files at once, names and embeddings"),
            &puts,
            1,
            Target::None,
        );
    }
    let now = Timestamp(1_700_000_000_000_000);
    let asked = registry::questions(&all, QUESTIONS);
    let ids: Vec<ChunkId> = asked.iter().map(|question| question.about).collect();
    let touches = timed(2_000, async |n| store.touch(&[ids[n % ids.len()]], now).await.unwrap()).await;
    note(report, &format!("SQLite {chunks}: note one use"), &touches, 1, Target::Most(25.0));
    let many: Vec<ChunkId> = all.iter().flat_map(|d| &d.chunks).take(1_000).map(|chunk| chunk.id).collect();
    let touches = timed(30, async |_| store.touch(&many, now).await.unwrap()).await;
    note(report, &format!("SQLite {chunks}: note a use, 1,000 at once"), &touches, 1_000, Target::Most(8.0));
    drop(all);
    let before = resident_mb();
    let start = Instant::now();
    let first = Search { text: String::new(), ..search_of(&asked[0], true) };
    assert_eq!(store.search(&first).await.unwrap().vectors, VectorSearch::Used);
    report.value(
        &format!("SQLite {chunks}: first search by meaning"),
        "",
        "ms",
        start.elapsed().as_secs_f64() * 1e3,
        Target::None,
    );
    report.value(
        &format!("SQLite {chunks}: resident more with vectors in memory"),
        "",
        "MB",
        resident_mb() - before,
        Target::None,
    );
    for (name, way) in [("words", 0), ("words and use", 1), ("words and meaning", 2), ("meaning, use and context", 3)] {
        let searches: Vec<Search> = (0..asked.len())
            .map(|n| Search {
                now: (way == 1 || way == 3).then_some(now),
                context: if way == 3 { ids.iter().cycle().skip(n + 1).take(3).copied().collect() } else { Vec::new() },
                ..search_of(&asked[n], way >= 2)
            })
            .collect();
        let target = match chunks {
            10_000 if way >= 2 => Target::Most(2_000.0),
            100_000 if way >= 2 => Target::Most(8_000.0),
            _ => Target::None,
        };
        let mut reciprocal = 0.0;
        let found = timed(searches.len(), async |n| {
            let evidence = store.search(&searches[n]).await.unwrap();
            let place = evidence.passages.iter().position(|passage| passage.chunk.id == asked[n].about);
            reciprocal += place.map_or(0.0, |place| 1.0 / (place as f64 + 1.0));
        })
        .await;
        note(report, &format!("SQLite {chunks}: search by {name}"), &found, 1, target);
        if way == 0 {
            // The first tenth is asked twice. The embeddings and uses are made up, so that nothing is said of the others.
            let times = (searches.len() + searches.len() / 10) as f64;
            report.value(
                &format!("SQLite {chunks}: MRR@10 of what was asked about, by words"),
                "",
                "",
                reciprocal / times,
                Target::None,
            );
        }
    }
    drop(store);
    let this = std::env::current_exe().unwrap();
    let output = std::process::Command::new(this).env(IDLE, &file).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).trim().parse::<f64>().unwrap();
    report.value(
        &format!("SQLite {chunks}: resident of a process that searched by words"),
        "",
        "MB",
        said,
        Target::None,
    );
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
    let arguments: Vec<String> = std::env::args().collect();
    let given = |name: &str| arguments.iter().position(|argument| argument == name);
    let chunks = given("--chunks").map(|place| arguments[place + 1].parse().expect("a number of chunks"));
    let chunks: Vec<usize> = match chunks {
        Some(chunks) => vec![chunks],
        None if given("--memory").is_some() => Vec::new(),
        None if given("--test").is_some() => vec![3_000],
        None => vec![10_000, 100_000],
    };
    machine::describe();
    let passing = tempfile::tempdir().unwrap();
    let folder = std::env::var_os("BENCH_DIR").map_or_else(|| passing.path().to_owned(), PathBuf::from);
    let command = "cargo bench -p ninefold-store --features code --bench search";
    let mut report = Report::new("search", command);
    runtime.block_on(async {
        if given("--chunks").is_none() {
            in_memory(&mut report).await;
        }
        for chunks in chunks {
            in_sqlite(&mut report, &folder, chunks).await;
        }
    });
    report.write();
}
