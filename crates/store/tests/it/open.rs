//! What opening a file refuses, and how it says so.

use std::path::Path;

use ninefold_core::{Document, Error, ErrorKind, Key, Labels, Scope, Search, Source, Store};
use ninefold_store::{Sqlite, ingest::split};
use rusqlite::Connection;

async fn refused(path: &Path) -> Error {
    Sqlite::open(path).await.expect_err("the file must be refused")
}

pub(crate) fn document(path: &str, text: &str) -> Document {
    let source = Source::new(path, Key::of_bytes(text.as_bytes()));
    Document::new(source, split(path, text, &Labels::none()))
}

#[tokio::test]
async fn directories_are_made_and_a_new_file_is_empty() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a/b c/ü.db");
    let store = Sqlite::open(&path).await.unwrap();
    assert_eq!(store.path(), path);
    let mode: String = Connection::open(&path).unwrap().query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal", "readers and the writer do not wait for each other");
    assert!(store.sources("").await.unwrap().is_empty());
    assert!(path.is_file());
}

#[tokio::test]
async fn a_file_of_another_kind_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notes.db");
    let text = "dear diary, ".repeat(1_000);
    std::fs::write(&path, &text).unwrap();
    let error = refused(&path).await;
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("notes.db") && error.to_string().contains("move"), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn a_database_of_another_program_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    for (name, sql) in [
        ("table.db", "CREATE TABLE users (name TEXT)"),
        ("version.db", "PRAGMA user_version = 1"),
        ("application.db", "PRAGMA application_id = 77"),
    ] {
        let path = directory.path().join(name);
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let before = std::fs::read(&path).unwrap();
        let error = refused(&path).await;
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(error.message().contains("another program") && error.message().contains(name), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }
}

#[tokio::test]
async fn a_newer_layout_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("newer.db");
    drop(Sqlite::open(&path).await.unwrap());
    Connection::open(&path).unwrap().execute_batch("PRAGMA user_version = 999").unwrap();
    let error = refused(&path).await;
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.message().contains("999"), "{error}");
}

#[tokio::test]
async fn a_damaged_file_is_an_error_and_is_not_deleted() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("damaged.db");
    let store = Sqlite::open(&path).await.unwrap();
    let text = "needle in a paragraph\n\n".repeat(2_000);
    store.put((0..8).map(|n| document(&format!("/{n}.txt"), &text)).collect()).await.unwrap();
    drop(store);
    // The threads may still be closing the file; then the log is theirs to fold in.
    let connection = Connection::open(&path).unwrap();
    let folded = || connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).unwrap_or(1) == 0;
    while !folded() {
        tokio::task::yield_now().await;
    }
    // In a copy every page but the first becomes noise.
    let mut bytes = std::fs::read(&path).unwrap();
    assert!(bytes.len() > 100_000);
    bytes.iter_mut().skip(4096).enumerate().for_each(|(n, byte)| *byte = (n * 31 % 251) as u8);
    let copy = directory.path().join("copy.db");
    std::fs::write(&copy, &bytes).unwrap();
    let error = match Sqlite::open(&copy).await {
        Err(error) => error,
        Ok(store) => store.search(&Search::new("needle")).await.expect_err("noise is no index"),
    };
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    assert!(error.to_string().contains("copy.db") && error.to_string().contains("move"), "{error}");
    assert!(std::fs::metadata(&copy).unwrap().len() >= bytes.len() as u64);
}

#[tokio::test]
async fn a_place_that_cannot_be_a_file_is_unavailable() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "x").unwrap();
    // Below a regular file, a directory in the file's place, and no name at all. Permission bits do not bind the
    // superuser, so they decide nothing here.
    for path in [file.join("sub/memory.db"), directory.path().to_owned(), "".into()] {
        let error = refused(&path).await;
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(error.hint_text().is_some());
    }
    let error = refused(Path::new("/proc/ninefold/memory.db")).await;
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
}

#[tokio::test]
async fn names_that_sqlite_takes_for_something_else_are_files() {
    let directory = tempfile::tempdir().unwrap();
    for name in [":memory:", "file:x.db?mode=memory"] {
        let path = directory.path().join(name);
        let store = Sqlite::open(&path).await.unwrap();
        store.put(vec![document("/a", "needle")]).await.unwrap();
        assert!(path.is_file(), "{name}");
        let other = Sqlite::open(&path).await.unwrap();
        assert_eq!(other.sources("").await.unwrap().len(), 1, "{name}");
    }
}

#[tokio::test]
async fn what_was_written_is_there_after_opening_again_and_the_log_is_folded_in() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("memory.db");
    let store = Sqlite::open(&path).await.unwrap();
    let document = document("/a.md", "# Title\n\nneedle");
    store.put(vec![document.clone()]).await.unwrap();
    let other = store.clone();
    drop(store);
    assert_eq!(other.sources("").await.unwrap().len(), 1, "a clone keeps the file open");
    drop(other);
    let log = directory.path().join("memory.db-wal");
    let folded = async {
        while log.exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), folded).await.expect("the last handle closes the file");
    let store = Sqlite::open(&path).await.unwrap();
    let ids: Vec<_> = document.chunks.iter().map(|chunk| chunk.id).collect();
    assert_eq!(store.get(&ids, &Scope::public()).await.unwrap(), document.chunks);
    assert_eq!(store.search(&Search::new("needle")).await.unwrap().passages.len(), 1);
}
