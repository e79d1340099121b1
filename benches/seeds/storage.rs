//! Chunks in the process's memory and in SQLite.

use std::time::Instant;

use ninefold::core::Lines;
use ninefold::store::{MemoryExperience, MemoryStore, Sqlite};
use ninefold::{Chunk, ChunkId, Document, Experience, Key, Scope, Source, Store, Timestamp};

use super::generated;
use super::machine;
use super::measure::{alone as in_a_process, millis, resident, since};
use super::row::{CODE, REPORT, Row};
use super::seeds::Seeds;
use super::taught;

const MEMORY_WRITE: Row = Row::less("memory store, write", "µs")
    .report(100.0, REPORT)
    .really(1.9, CODE)
    .work("one chunk of five lines; ours indexes its terms and names, theirs puts it into a dictionary");
const MEMORY_READ: Row = Row::less("memory store, read", "µs")
    .report(50.0, REPORT)
    .really(0.2, CODE)
    .work("by id, of 10,000; ours checks the scope");
const SQLITE_WRITE: Row = Row::less("SQLite, write", "ms")
    .report(2.0, REPORT)
    .between(0.15, 0.48, CODE)
    .work("one chunk in a transaction of its own, with its terms and names, awaited");
const SQLITE_READ: Row =
    Row::less("SQLite, read", "ms").report(1.0, REPORT).really(0.011, CODE).work("by id, of 10,000");
const BULK: Row = Row::less("bulk write 1,000", "ms")
    .report(35.0, REPORT)
    .between(171.0, 231.0, "its code, one transaction a chunk, measured on a 2-core machine")
    .work("1,000 chunks of as many sources put at once");
const BULK_IN_TURN: Row = BULK.variant("one put a chunk").work("1,000 chunks, each awaited before the next");
const SAVES: Row = Row::less("10,000 saves", "s")
    .really(21.8, "its code, which deletes from its full-text index by a column without one; on a 2-core machine")
    .work("10,000 chunks into one database, each awaited before the next");
const ACTIVATION: Row = Row::less("activation update", "ms")
    .report(0.2, REPORT)
    .between(0.10, 0.14, CODE)
    .work("one use of one of 10,000 chunks, awaited");
const USED_OFTEN: Row = Row::less("activation update, of a chunk used often", "ms")
    .really(3.85, "its code, with the history of its row at 136 KB; on a 2-core machine")
    .work("after 10,000 uses of the same chunk");
const CODE_CHUNKS: Row = Row::less("memory of 10,000 code chunks", "MB")
    .report(39.0, REPORT)
    .really(16.0, CODE)
    .work("resident size of a process of its own, more than before");
const REASONING: Row = Row::less("memory of 10,000 reasoning chunks", "MB")
    .report(40.0, REPORT)
    .really(34.0, CODE)
    .work("patterns of eight subgoals, all different; likewise");
const MIXED: Row = Row::less("memory of 10,000 chunks, mixed", "MB")
    .report(27.0, REPORT)
    .really(24.0, CODE)
    .work("half of each; likewise");

/// Chunks of five lines of code, each the only one of its source.
fn singles(many: usize) -> Vec<Document> {
    let chunks = generated::documents(many.next_multiple_of(10)).flat_map(|document| document.chunks);
    let single = |(n, chunk): (usize, Chunk)| {
        let path = format!("src/single_{n}.py");
        let Chunk { kind, title, text, defines, relations, .. } = chunk;
        let text = format!("{text}# {n}\n");
        let chunk = Chunk { title, lines: Lines::new(1, 6), defines, relations, ..Chunk::new(&path, kind, text) };
        Document::new(Source::new(path, Key::of_bytes(&n.to_le_bytes())), vec![chunk])
    };
    chunks.take(many).enumerate().map(single).collect()
}

fn ids(documents: &[Document]) -> Vec<ChunkId> {
    documents.iter().flat_map(|document| &document.chunks).map(|chunk| chunk.id).collect()
}

fn micros(millis: &[f64]) -> Vec<f64> {
    millis.iter().map(|millis| millis * 1e3).collect()
}

pub fn measure(seeds: &mut Seeds) {
    machine::runtime().block_on(async {
        in_memory(seeds).await;
        in_sqlite(seeds).await;
    });
    for (row, what) in [(&CODE_CHUNKS, "code"), (&REASONING, "reasoning"), (&MIXED, "mixed")] {
        let runs = if seeds.quick() { 1 } else { 5 };
        let taken: Vec<f64> =
            (0..runs).map(|_| in_a_process(&format!("storage {what}"), seeds.many(10_000))[0] / 1e6).collect();
        seeds.tell(row, &taken);
    }
}

async fn in_memory(seeds: &mut Seeds) {
    let (samples, batch) = (if seeds.quick() { 2 } else { 300 }, seeds.many(100));
    let held = singles(seeds.many(10_000));
    let known = ids(&held);
    let store = MemoryStore::new();
    store.put(held).await.unwrap();
    let scope = Scope::public();
    let reads = millis(samples, batch, async |n| {
        let found = store.get(&[known[n * 7 % known.len()]], &scope).await.unwrap();
        assert_eq!(found.len(), 1);
        found
    });
    let reads = reads.await;
    let batch = batch.min(30);
    let store = MemoryStore::new();
    let mut new = singles((samples + samples / 10) * batch).into_iter();
    let writes = millis(samples, batch, async |_| store.put(vec![new.next().unwrap()]).await.unwrap()).await;
    seeds.tell(&MEMORY_WRITE, &micros(&writes));
    seeds.tell(&MEMORY_READ, &micros(&reads));
}

async fn in_sqlite(seeds: &mut Seeds) {
    let folder = tempfile::tempdir().unwrap();
    let samples = if seeds.quick() { 2 } else { 3_000 };
    let store = Sqlite::open(folder.path().join("memory.db")).await.unwrap();
    let mut new = singles(samples + samples / 10).into_iter();
    let writes = millis(samples, 1, async |_| store.put(vec![new.next().unwrap()]).await.unwrap()).await;
    seeds.tell(&SQLITE_WRITE, &writes);
    store.close().await;

    let store = Sqlite::open(folder.path().join("read.db")).await.unwrap();
    let held = singles(seeds.many(10_000));
    let known = ids(&held);
    for batch in held.chunks(1_000) {
        store.put(batch.to_vec()).await.unwrap();
    }
    let scope = Scope::public();
    let reads = millis(samples, 1, async |n| {
        assert_eq!(store.get(&[known[n * 7 % known.len()]], &scope).await.unwrap().len(), 1);
    });
    seeds.tell(&SQLITE_READ, &reads.await);
    let now = |n: usize| Timestamp(1_700_000_000_000_000 + n as i64);
    let touches = millis(samples, 1, async |n| store.touch(&[known[n * 7 % known.len()]], now(n)).await.unwrap()).await;
    let often = seeds.many(10_000);
    for n in 0..often {
        store.touch(&[known[0]], now(n)).await.unwrap();
    }
    let worn = millis(samples, 1, async |n| store.touch(&[known[0]], now(often + n)).await.unwrap()).await;
    store.close().await;

    bulk(seeds, folder.path()).await;
    seeds.tell(&ACTIVATION, &touches);
    seeds.tell(&USED_OFTEN, &worn);
}

async fn bulk(seeds: &mut Seeds, folder: &std::path::Path) {
    let all = singles(seeds.many(1_000));
    let rounds = if seeds.quick() { 1 } else { 30 };
    let (mut at_once, mut in_turn) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let store = Sqlite::open(folder.join(format!("bulk {round}.db"))).await.unwrap();
        let batch = all.clone();
        let start = Instant::now();
        store.put(batch).await.unwrap();
        at_once.push(since(start));
        store.close().await;
        let store = Sqlite::open(folder.join(format!("in turn {round}.db"))).await.unwrap();
        let batch = all.clone();
        let start = Instant::now();
        for document in batch {
            store.put(vec![document]).await.unwrap();
        }
        in_turn.push(since(start));
        store.close().await;
    }
    seeds.tell(&BULK, &at_once);
    seeds.tell(&BULK_IN_TURN, &in_turn);
    let all = singles(seeds.many(10_000));
    let mut whole = Vec::new();
    for round in 0..if seeds.quick() { 1 } else { 5 } {
        let store = Sqlite::open(folder.join(format!("saves {round}.db"))).await.unwrap();
        let batch = all.clone();
        let start = Instant::now();
        for document in batch {
            store.put(vec![document]).await.unwrap();
        }
        whole.push(since(start) / 1e3);
        store.close().await;
    }
    seeds.tell(&SAVES, &whole);
}

/// By how much this process grows by so many chunks.
pub fn alone(what: &str, many: usize) -> Vec<f64> {
    let (code, reasoning) = match what {
        "code" => (many, 0),
        "reasoning" => (0, many),
        _ => (many / 2, many / 2),
    };
    machine::runtime().block_on(async {
        let (store, experience) = (MemoryStore::new(), MemoryExperience::new());
        let before = resident();
        for document in generated::documents(code) {
            store.put(vec![document]).await.unwrap();
        }
        for n in 0..reasoning {
            experience.learn(taught::pattern(n)).await.unwrap();
        }
        let grown = resident() - before;
        let held: u64 = store.contents().await.unwrap().chunks.values().sum();
        let learned = experience.learned().await.unwrap();
        assert_eq!((held as usize, learned.patterns as usize), (code / 10 * 10, reasoning));
        vec![grown]
    })
}
