//! What the SQLite file makes of uses and embeddings over time, and of files of the first layout.

use ninefold_core::{
    Chunk, ChunkKind, Document, Embedding, Embeddings, Key, RelationKind, Scope, Search, Source, Store, Timestamp,
    VectorSearch,
};
use ninefold_store::Sqlite;
use rusqlite::Connection;

use crate::open::document;

#[tokio::test]
async fn the_row_of_a_chunk_does_not_grow_with_its_uses() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("memory.db");
    let store = Sqlite::open(&path).await.unwrap();
    let written = document("/a", "needle");
    let id = written.chunks[0].id;
    store.put(vec![written]).await.unwrap();
    let row = || -> (i64, Vec<u8>) {
        let connection = Connection::open(&path).unwrap();
        let sql = "SELECT uses, CAST(concat_ws(' ', first, newest, second, third, fourth) AS BLOB) FROM usage";
        connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
    };
    let at = |n: i64| Timestamp(1_000_000_000_000_000 + n);
    for n in 0..10 {
        store.touch(&[id], at(n)).await.unwrap();
    }
    let (uses, early) = row();
    assert_eq!(uses, 10);
    for n in 10..5_000 {
        store.touch(&[id], at(n)).await.unwrap();
    }
    let (uses, late) = row();
    assert_eq!((uses, late.len()), (5_000, early.len()), "one row, of one size");
    assert!(String::from_utf8(late).unwrap().contains("1000000000004999"));
}

fn embedded(path: &str, texts: &[&str], vectors: &[[f32; 2]]) -> Document {
    let chunks: Vec<Chunk> = texts.iter().map(|text| Chunk::new(path, ChunkKind::Text, *text)).collect();
    let vectors = vectors.iter().map(|vector| vector.to_vec()).collect();
    let document = Document::new(Source::new(path, Key([0; 32])), chunks);
    Document { embeddings: Some(Embeddings { model: "m".into(), vectors }), ..document }
}

async fn nearest(store: &Sqlite, vector: [f32; 2]) -> Vec<String> {
    let embedding = Some(Embedding { model: "m".into(), vector: vector.to_vec() });
    let evidence = store.search(&Search { embedding, ..Search::new("") }).await.unwrap();
    evidence.passages.iter().map(|passage| passage.chunk.text.clone()).collect()
}

#[tokio::test]
async fn vectors_in_memory_follow_what_others_write() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("memory.db");
    let (one, other) = (Sqlite::open(&path).await.unwrap(), Sqlite::open(&path).await.unwrap());
    one.put(vec![embedded("/a", &["first"], &[[1.0, 0.0]])]).await.unwrap();
    assert_eq!(nearest(&other, [1.0, 0.1]).await, ["first"]);
    other.put(vec![embedded("/b", &["second"], &[[1.0, 0.1]])]).await.unwrap();
    assert_eq!(nearest(&one, [1.0, 0.1]).await, ["second", "first"]);
    other.remove(&["/b".into()]).await.unwrap();
    assert_eq!(nearest(&one, [1.0, 0.1]).await, ["first"]);
    // Much goes at once, and as much comes in its place.
    let texts: Vec<String> = (0..200).map(|n| format!("text {n}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let vectors: Vec<[f32; 2]> = (0..200).map(|n| [1.0, n as f32 / 100.0]).collect();
    for round in 0..4 {
        other.put(vec![embedded("/many", &texts[round..], &vectors[round..])]).await.unwrap();
        assert_eq!(nearest(&one, [1.0, 0.0]).await.len(), 10);
        let turned: Vec<[f32; 2]> = vectors[round..].iter().map(|[x, y]| [*y, *x]).collect();
        other.put(vec![embedded("/many", &texts[round..], &turned)]).await.unwrap();
        assert_eq!(nearest(&one, [0.0, 1.0]).await[0], format!("text {round}"), "in round {round}");
    }
}

#[tokio::test]
async fn what_was_removed_last_leaves_no_trace_among_vectors() {
    let directory = tempfile::tempdir().unwrap();
    let store = Sqlite::open(directory.path().join("memory.db")).await.unwrap();
    store.put(vec![embedded("/stays", &["far but there"], &[[0.0, 1.0]])]).await.unwrap();
    let texts: Vec<String> = (0..400).map(|n| format!("near {n}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let vectors: Vec<[f32; 2]> = (0..400).map(|n| [1.0, n as f32 / 4_000.0]).collect();
    store.put(vec![embedded("/goes", &texts, &vectors)]).await.unwrap();
    assert_eq!(nearest(&store, [1.0, 0.0]).await[0], "near 0");
    store.remove(&["/goes".into()]).await.unwrap();
    assert_eq!(nearest(&store, [1.0, 0.4]).await, ["far but there"]);
}

/// A file of the first layout, with what a program of that time would have written.
fn first_layout(path: &std::path::Path) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(include_str!("../../src/migrations/0001_chunks_and_runs.sql")).unwrap();
    connection
        .execute_batch(
            "INSERT INTO label_sets VALUES (1, '[]', 3, 3);
             INSERT INTO sources VALUES (1, '/a', zeroblob(32), 1);
             INSERT INTO chunks VALUES (1, 11, 1, 1, 1, 1, 1, x''), (2, 12, 1, 1, 2, 2, 1, x''), (3, 13, 1, 1, 3, 3, 1, x'');
             INSERT INTO texts VALUES (1, 'code', '', 'one'), (2, 'markdown', '', 'two'), (3, 'pattern', '', 'three');
             INSERT INTO terms (rowid, title, body) VALUES (1, '', 'one'), (2, '', 'two'), (3, '', 'three');
             INSERT INTO usage VALUES (11, 1, 5000000), (12, 3, 7000000), (13, 900, 9000000);
             PRAGMA user_version = 1;",
        )
        .unwrap();
    connection.pragma_update(None, "application_id", 0x3946_4c44).unwrap();
}

#[tokio::test]
async fn a_file_of_the_first_layout_keeps_its_chunks_and_their_uses() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("memory.db");
    first_layout(&path);
    let store = Sqlite::open(&path).await.unwrap();
    let contents = store.contents().await.unwrap();
    let kinds: Vec<(ChunkKind, u64)> = contents.chunks.into_iter().collect();
    assert_eq!(kinds, [(ChunkKind::Code, 1), (ChunkKind::Markdown, 1), (ChunkKind::Pattern, 1)]);
    assert_eq!((contents.used, contents.relations, contents.embedded.len()), (3, 0, 0));
    let source = &store.sources("").await.unwrap()[0];
    assert_eq!((source.modified, source.rebuildable), (None, false));
    let now = Timestamp(10_000_000);
    let used = store.most_used(&Scope::public(), now, 10).await.unwrap();
    let used: Vec<_> = used.iter().map(|used| (used.chunk.text.as_str(), used.uses, used.activation)).collect();
    // One use 5 s ago is ln 5^-.5; three 3 s ago are ln 3 · 3^-.5; 900 one second ago are ln 900.
    assert_eq!(used.iter().map(|used| (used.0, used.1)).collect::<Vec<_>>(), [("three", 900), ("two", 3), ("one", 1)]);
    for ((.., level), expected) in used.iter().zip([6.802, 0.549, -0.805]) {
        assert!((level - expected).abs() < 0.01, "{used:?}");
    }
    let search = Search { kinds: vec![ChunkKind::Markdown], now: Some(now), ..Search::new("one two three") };
    assert_eq!(store.search(&search).await.unwrap().passages.len(), 1);
    let one = store.get(&[ninefold_core::ChunkId(11)], &Scope::public()).await.unwrap().remove(0);
    assert!(one.defines.is_empty() && one.relations.is_empty() && one.offset == 0);
    // It takes new things like a new file.
    let mut fresh = embedded("/b", &["four"], &[[1.0, 0.0]]);
    fresh.chunks[0].relations = vec![ninefold_core::Relation { kind: RelationKind::Calls, target: "x".into() }];
    store.put(vec![fresh]).await.unwrap();
    assert_eq!(nearest(&store, [1.0, 0.0]).await, ["four"]);
    store.remove(&["/a".into()]).await.unwrap();
    assert_eq!(store.contents().await.unwrap().used, 0);
}

#[tokio::test]
async fn the_most_used_are_named_in_scope() {
    let directory = tempfile::tempdir().unwrap();
    let store = Sqlite::open(directory.path().join("memory.db")).await.unwrap();
    let (open, mut hidden) = (document("/open", "open"), document("/hidden", "hidden"));
    hidden.source.labels = ninefold_core::Labels::of(["hr"]);
    let ids = [open.chunks[0].id, hidden.chunks[0].id, hidden.chunks[0].id];
    store.put(vec![open, hidden]).await.unwrap();
    store.touch(&ids, Timestamp(0)).await.unwrap();
    let named = |scope: Scope, limit| {
        let store = store.clone();
        async move {
            let used = store.most_used(&scope, Timestamp(1), limit).await.unwrap();
            used.into_iter().map(|used| used.chunk.path.to_string()).collect::<Vec<_>>()
        }
    };
    assert_eq!(named(Scope::public(), 5).await, ["/open"]);
    assert_eq!(named(Scope::of(["hr"]), 5).await, ["/hidden", "/open"]);
    assert_eq!(named(Scope::Unrestricted, 1).await, ["/hidden"]);
    assert_eq!(store.search(&Search::new("open")).await.unwrap().vectors, VectorSearch::NoEmbedding);
}
