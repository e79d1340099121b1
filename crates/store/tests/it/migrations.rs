//! Databases of earlier layouts: they open and keep everything, whatever happened while they were brought up to date.

use std::path::Path;
use std::process::{Command, Stdio};

use ninefold_core::journal::Journal;
use ninefold_core::{Cache, CacheEntry, ChunkId, Key, RunId, Scope, Search, Sessions, Store, Timestamp, Turn};
use ninefold_store::Sqlite;
use ninefold_store::sqlite::{Check, inspect};
use rusqlite::{Connection, params};

const FIRST: &str = include_str!("../../src/migrations/0001_chunks_and_runs.sql");
const LATER: [&str; 3] = [
    include_str!("../../src/migrations/0002_relations_and_embeddings.sql"),
    include_str!("../../src/migrations/0003_sessions_and_cache.sql"),
    include_str!("../../src/migrations/0004_files.sql"),
];
/// Tells the child below which file to work on.
const FILE: &str = "NINEFOLD_STORE_TEST_MIGRATION";

/// A database as the first layout had it: two files of which one is labelled, usage, a finished and an unfinished run.
fn first_layout(path: &Path, chunks: i64) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch("PRAGMA journal_mode = WAL; BEGIN").unwrap();
    connection.execute_batch(FIRST).unwrap();
    connection.execute_batch("PRAGMA application_id = 0x39464c44; PRAGMA user_version = 1").unwrap();
    let execute = |sql: &str, values: &[&dyn rusqlite::ToSql]| connection.execute(sql, values).unwrap();
    execute("INSERT INTO label_sets VALUES (1, '[]', ?1, ?2), (2, '[\"hr\"]', 1, 3)", params![chunks, 3 * chunks]);
    execute(
        "INSERT INTO sources VALUES (1, '/notes/tulips.md', ?1, 1), (2, '/hr/leave.md', ?1, 2)",
        params![[7_u8; 32]],
    );
    for n in 1..=chunks + 1 {
        let (source, set, term) = if n <= chunks { (1, 1, "tulip") } else { (2, 2, "leav") };
        // FNV-1a of the term, once in the text.
        let hash = term.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        let mut vector = hash.to_le_bytes().to_vec();
        vector.extend([0, 1]);
        execute(
            "INSERT INTO chunks VALUES (?1, ?2, ?3, ?4, ?1, ?1, 3, ?5)",
            params![n, n * 1_000, source, set, vector],
        );
        execute("INSERT INTO texts VALUES (?1, 'text', 'Title', ?2)", params![n, format!("{term} number {n}")]);
        execute(
            "INSERT INTO terms (rowid, title, body) VALUES (?1, 'titl ', ?2)",
            params![n, format!("{term} number ")],
        );
    }
    execute("INSERT INTO usage VALUES (5000, 5, 77)", &[]);
    for (id, finished) in [(1_i64, Some(50)), (2, None)] {
        let run = u128::from(id.unsigned_abs()).to_be_bytes();
        execute(
            "INSERT INTO runs VALUES (?1, ?2, 'soar', ?3, '\"why\"', 10, ?4)",
            params![id, run, [1_u8; 32], finished],
        );
        execute("INSERT INTO entries VALUES (?1, ?1, 0, 0, 'assess', ?2, '\"done\"', 20)", params![id, [2_u8; 32]]);
    }
    connection.execute_batch("COMMIT").unwrap();
}

async fn everything_is_there(path: &Path, chunks: i64) {
    let store = Sqlite::open(path).await.unwrap();
    let sources = store.sources("").await.unwrap();
    let paths: Vec<&str> = sources.iter().map(|source| source.path.as_str()).collect();
    assert_eq!(paths, ["/hr/leave.md", "/notes/tulips.md"]);
    assert!(sources.iter().all(|source| source.hash == Key([7; 32])));
    let found = store.search(&Search::new("tulip")).await.unwrap();
    assert_eq!(found.matched, chunks as u64);
    assert_eq!(found.passages[0].chunk.id, ChunkId(5_000), "usage decides between equals");
    assert_eq!(found.passages[0].chunk.text, "tulip number 5");
    let hr = Scope::of(["hr"]);
    assert_eq!(store.search(&Search::new("leave")).await.unwrap().matched, 0, "labels hide as before");
    assert_eq!(store.search(&Search { scope: hr.clone(), ..Search::new("leave") }).await.unwrap().matched, 1);
    assert_eq!(
        Store::get(&store, &[ChunkId(1_000), ChunkId(1_000 * chunks as u64 + 1_000)], &hr).await.unwrap().len(),
        2
    );
    let finished = store.load(RunId(1)).await.unwrap().expect("a finished run");
    assert_eq!((finished.finished, finished.entries.len()), (Some(Timestamp(50)), 1));
    assert_eq!(store.unfinished().await.unwrap()[0].0, RunId(2));
    // What came with later layouts works on it.
    let turn = Turn { after: 0, at: Timestamp(1), events: vec!["hello".to_owned()], snapshot: None };
    Sessions::append(&store, &"s".into(), turn).await.unwrap();
    let entry = CacheEntry { key: Key([3; 32]), value: vec![1], expires: None };
    Cache::put(&store, "space", vec![entry], Timestamp(1)).await.unwrap();
    assert_eq!(store.integrity_check(Check::Full).await.unwrap(), [] as [String; 0]);
    store.close().await;
    let now = inspect(path, Check::Quick).unwrap();
    assert_eq!(now.layout, now.newest_layout);
}

#[tokio::test]
async fn a_database_of_the_first_layout_keeps_everything() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.db");
    first_layout(&path, 20);
    let before = inspect(&path, Check::Quick).unwrap();
    assert_eq!((before.layout, before.counts.chunks, before.counts.sessions), (1, Some(21), None));
    everything_is_there(&path, 20).await;
    everything_is_there_but_for_the_session(&path).await;
}

/// Opening again migrates nothing again.
async fn everything_is_there_but_for_the_session(path: &Path) {
    let store = Sqlite::open(path).await.unwrap();
    assert_eq!(store.resume(&"s".into()).await.unwrap().expect("the session").count(), 1);
    assert_eq!(store.sources("").await.unwrap().len(), 2);
}

/// Begins what a migration does, and ends without a word at the step it is told.
#[test]
fn child_dies_in_a_migration() {
    let Some(file) = std::env::var_os(FILE) else { return };
    let step: usize = std::env::var("NINEFOLD_STORE_TEST_STEP").unwrap().parse().unwrap();
    let connection = Connection::open(Path::new(&file)).unwrap();
    // So that pages of the migration are in the log when it dies.
    connection.execute_batch("PRAGMA cache_size = 1; BEGIN IMMEDIATE").unwrap();
    for migration in LATER.iter().take(step) {
        connection.execute_batch(migration).unwrap();
    }
    if step > LATER.len() {
        let newest = LATER.len() + 1;
        let half = format!("PRAGMA user_version = {newest}; UPDATE texts SET text = 'half a migration'");
        connection.execute_batch(&half).unwrap();
        connection.cache_flush().unwrap();
    }
    std::process::abort();
}

#[tokio::test]
async fn a_migration_that_was_killed_is_done_by_the_next_who_opens() {
    for step in 0..=LATER.len() + 1 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.db");
        first_layout(&path, 200);
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["migrations::child_dies_in_a_migration", "--exact", "--nocapture"])
            .env(FILE, &path)
            .env("NINEFOLD_STORE_TEST_STEP", step.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(!child.success(), "it was to die");
        everything_is_there(&path, 200).await;
    }
}

#[tokio::test]
async fn of_two_who_migrate_at_once_both_open() {
    for _ in 0..5 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.db");
        first_layout(&path, 50);
        let (one, two) = futures_util::future::join(Sqlite::open(&path), Sqlite::open(&path)).await;
        assert_eq!(one.unwrap().sources("").await.unwrap().len(), 2);
        assert_eq!(two.unwrap().sources("").await.unwrap().len(), 2);
    }
}
