//! Chunks in memory: what the next one takes to be written and what a search takes, in the process's memory and in SQLite; and the
//! nearest ten of so many vectors. The chunks are generated Python, ten functions in a file; the questions are the words of one of them.

use std::path::PathBuf;
use std::time::Instant;

use ninefold::core::{Document, Search, Store};
use ninefold::store::{FlatIndex, MemoryStore, Sqlite};
use tokio::runtime::Runtime;

use crate::Extent;
use crate::generated;
use crate::machine;
use crate::subject::Subject;

/// Chunks that are written at once, a hundred files.
const TOGETHER: usize = 1_000;
/// Batches whose time counts at each point: the last ones before it.
const BATCHES: usize = 20;
const QUESTIONS: usize = 200;
const DIMENSIONS: usize = 384;

pub fn measure(extent: Extent) -> Subject {
    let mut subject = Subject::new("chunks", "A chunk written, and a search, among so many chunks", "chunks", "µs");
    let counts: &[usize] =
        extent.pick(&[1_000, 3_000], &[1_000, 10_000, 100_000], &[1_000, 10_000, 100_000, 1_000_000]);
    let runtime = machine::runtime();
    let folder = std::env::var_os("BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = tempfile::tempdir_in(folder).unwrap();
    let sqlite = runtime.block_on(Sqlite::open(folder.path().join("chunks.db"))).unwrap();
    fill(&mut subject, &runtime, &sqlite, counts, ["SQLite: write a chunk, 1,000 at once", "SQLite: search by words"]);
    runtime.block_on(sqlite.close());
    println!("  the database: {} MB", std::fs::metadata(folder.path().join("chunks.db")).unwrap().len() / 1_000_000);
    drop(folder);
    // It takes 0.8 KB a chunk.
    let memory = MemoryStore::new();
    fill(&mut subject, &runtime, &memory, counts, ["memory: write a chunk, 1,000 at once", "memory: search by words"]);
    println!("  resident with all in memory: {} MiB", machine::resident_kib() / 1_024);
    drop(memory);
    nearest(&mut subject, counts);
    subject
}

/// Writes chunks until there are so many, and asks.
fn fill(
    subject: &mut Subject,
    runtime: &Runtime,
    store: &dyn Store,
    counts: &[usize],
    [put, search]: [&'static str; 2],
) {
    let mut documents = generated::documents(counts[counts.len() - 1]);
    let mut held = 0;
    for &count in counts {
        let mut samples = Vec::new();
        while held < count {
            let batch: Vec<Document> = documents.by_ref().take(TOGETHER / 10).collect();
            let start = Instant::now();
            runtime.block_on(store.put(batch)).unwrap();
            samples.push(start.elapsed().as_secs_f64() * 1e6 / TOGETHER as f64);
            held += TOGETHER;
        }
        subject.add(put, count, &samples[samples.len().saturating_sub(BATCHES)..]);
        let asked: Vec<String> = (0..QUESTIONS).map(|n| question(n * 7_919 % count)).collect();
        let mut samples = Vec::new();
        for round in 0..2 {
            for text in &asked {
                let start = Instant::now();
                let evidence = runtime.block_on(store.search(&Search::new(text.as_str()))).unwrap();
                // The first round brings pages into the caches.
                if round > 0 {
                    samples.push(start.elapsed().as_secs_f64() * 1e6);
                }
                assert!(!evidence.passages.is_empty(), "{text} finds nothing");
            }
        }
        subject.add(search, count, &samples);
    }
}

/// What a generated function says that it is about.
fn question(n: usize) -> String {
    let document = generated::document(n / 10);
    let text = document.chunks[n % 10].text.as_str();
    text.split("\"\"\"").nth(1).unwrap().to_owned()
}

/// Vectors in clusters, compared as a search by meaning compares them.
fn nearest(subject: &mut Subject, counts: &[usize]) {
    let mut random = fastrand::Rng::with_seed(7);
    let centres: Vec<Vec<f32>> = (0..500).map(|_| (0..DIMENSIONS).map(|_| random.f32() - 0.5).collect()).collect();
    let mut next = |n: usize| -> Vec<f32> {
        let vector: Vec<f32> = centres[n % centres.len()].iter().map(|x| x + random.f32() - 0.5).collect();
        let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
        vector.into_iter().map(|x| x / length).collect()
    };
    let questions: Vec<Vec<f32>> = (0..QUESTIONS / 4).map(|n| next(n * 11)).collect();
    let mut index = FlatIndex::new(DIMENSIONS);
    for &count in counts {
        for n in index.len()..count {
            index.insert(n as u64, &next(n), 0_u32);
        }
        let samples: Vec<f64> = questions
            .iter()
            .map(|question| {
                let start = Instant::now();
                assert_eq!(index.nearest(question, 10, |_, _| true).len(), 10);
                start.elapsed().as_secs_f64() * 1e6
            })
            .collect();
        subject.add("index of vectors: the nearest ten", count, &samples);
    }
}
