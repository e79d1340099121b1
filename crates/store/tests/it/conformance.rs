//! What is in memory and what is in SQLite pass the same suites.

use std::cell::Cell;

use ninefold_store::{
    MemoryCache, MemoryJournal, MemorySessions, MemoryStore, MemoryUploads, Options, Sqlite, Synchronous,
};
use ninefold_testkit::{cache_suite, journal_suite, sessions_suite, store_suite, uploads_suite};

/// Opens a fresh file in `directory` at each call.
fn fresh(
    directory: &tempfile::TempDir,
    options: Options,
) -> impl Fn() -> futures_util::future::BoxFuture<'static, Sqlite> {
    let (number, directory) = (Cell::new(0), directory.path().to_owned());
    move || {
        number.set(number.get() + 1);
        let path = directory.join(format!("{}.db", number.get()));
        Box::pin(async move { Sqlite::open_with(path, options).await.unwrap() })
    }
}

#[tokio::test]
async fn memory_is_a_store() {
    store_suite(|| async { MemoryStore::new() }).await;
}

#[tokio::test]
async fn memory_is_a_journal() {
    journal_suite(|| async { MemoryJournal::new() }).await;
}

#[tokio::test]
async fn sqlite_is_a_store() {
    let directory = tempfile::tempdir().unwrap();
    store_suite(fresh(&directory, Options::default())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_is_a_store_for_many_threads_and_power_cuts() {
    let directory = tempfile::tempdir().unwrap();
    store_suite(fresh(&directory, Options { synchronous: Synchronous::Full, ..Options::default() })).await;
}

#[tokio::test]
async fn sqlite_is_a_journal() {
    let directory = tempfile::tempdir().unwrap();
    journal_suite(fresh(&directory, Options::default())).await;
}

#[tokio::test]
async fn memory_is_a_cache() {
    cache_suite(|| async { MemoryCache::new() }).await;
}

#[tokio::test]
async fn sqlite_is_a_cache() {
    let directory = tempfile::tempdir().unwrap();
    cache_suite(fresh(&directory, Options::default())).await;
}

#[tokio::test]
async fn memory_keeps_sessions() {
    sessions_suite(|| async { MemorySessions::new() }).await;
}

#[tokio::test]
async fn sqlite_keeps_sessions() {
    let directory = tempfile::tempdir().unwrap();
    sessions_suite(fresh(&directory, Options::default())).await;
}

#[tokio::test]
async fn memory_keeps_records_of_uploads() {
    uploads_suite(|| async { MemoryUploads::new() }).await;
}

#[tokio::test]
async fn sqlite_keeps_records_of_uploads() {
    let directory = tempfile::tempdir().unwrap();
    uploads_suite(fresh(&directory, Options::default())).await;
}
