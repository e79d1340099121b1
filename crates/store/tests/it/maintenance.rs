//! Looking after the file: closing, the log's size, checks, copies, free pages.

use std::path::Path;
use std::time::Duration;

use ninefold_core::{ErrorKind, Scope, Search, Store, Timestamp};
use ninefold_store::sqlite::{Check, inspect};
use ninefold_store::{Options, Sqlite};
use rusqlite::Connection;

use crate::open::document;

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn words(n: usize) -> ninefold_core::Document {
    document(&format!("/{n}.txt"), &format!("needle {n} with some words around it\n\n").repeat(100))
}

async fn put(store: &Sqlite, numbers: std::ops::Range<usize>) {
    for n in numbers {
        Store::put(store, vec![words(n)]).await.unwrap();
    }
}

#[tokio::test]
async fn a_closed_database_is_one_file_and_all_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(folder.path().join("m.db")).await.unwrap();
    let handle = store.clone();
    // Handed over before the end, answered before it too.
    let puts: Vec<_> = (0..50)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move { Store::put(&store, vec![words(n)]).await })
        })
        .collect();
    tokio::task::yield_now().await;
    store.close().await;
    assert_eq!(files(folder.path()), ["m.db"]);
    let mut written = 0;
    for put in puts {
        match put.await.unwrap() {
            Ok(()) => written += 1,
            Err(error) => assert_eq!(error.kind(), ErrorKind::Unavailable),
        }
    }
    for refused in [
        Store::put(&handle, vec![words(0)]).await.expect_err("closed"),
        handle.search(&Search::new("needle")).await.map(|_| ()).expect_err("closed"),
        Store::get(&handle, &[ninefold_core::ChunkId(1)], &Scope::public()).await.map(|_| ()).expect_err("closed"),
    ] {
        assert_eq!(refused.kind(), ErrorKind::Unavailable);
        assert!(refused.message().contains("is closed") && refused.hint_text().is_some(), "{refused}");
    }
    handle.close().await;
    let again = Sqlite::open(folder.path().join("m.db")).await.unwrap();
    assert_eq!(again.sources("").await.unwrap().len(), written);
}

#[tokio::test]
async fn closing_at_once_from_several_handles_ends_for_all() {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(folder.path().join("m.db")).await.unwrap();
    put(&store, 0..3).await;
    let (one, two) = (store.clone(), store.clone());
    futures_util::future::join(one.close(), two.close()).await;
    assert_eq!(files(folder.path()), ["m.db"]);
}

#[tokio::test]
async fn a_close_that_is_given_up_can_be_taken_up_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(folder.path().join("m.db")).await.unwrap();
    put(&store, 0..20).await;
    let _ = tokio::time::timeout(Duration::ZERO, store.close()).await;
    store.close().await;
    assert_eq!(files(folder.path()), ["m.db"]);
}

#[tokio::test]
async fn a_dropped_database_closes_itself() {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(folder.path().join("m.db")).await.unwrap();
    put(&store, 0..3).await;
    drop(store);
    // Its threads end by themselves, soon.
    for _ in 0..1_000 {
        if files(folder.path()) == ["m.db"] {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{:?}", files(folder.path()));
}

#[tokio::test]
async fn with_nothing_to_do_the_log_goes_into_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.db");
    let store = Sqlite::open(&path).await.unwrap();
    put(&store, 0..60).await;
    for _ in 0..1_000 {
        // A copy of the file alone holds everything once the log is folded in.
        let copy = folder.path().join("copy.db");
        std::fs::copy(&path, &copy).unwrap();
        let alone = Connection::open(&copy).unwrap();
        let sources: i64 = alone.query_row("SELECT count(*) FROM sources", [], |row| row.get(0)).unwrap_or_default();
        if sources == 60 && store.sizes().await.unwrap().log <= 1 << 20 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{:?}", store.sizes().await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_stays_bounded_under_constant_load() {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(folder.path().join("m.db")).await.unwrap();
    put(&store, 0..1).await;
    let reading = store.clone();
    let reader = tokio::spawn(async move {
        loop {
            reading.search(&Search::new("needle")).await.unwrap();
        }
    });
    let mut written = 0;
    let mut largest = 0;
    for n in 0..400 {
        let text = format!("needle {n} and a lot of words that need room\n\n").repeat(400);
        Store::put(&store, vec![document(&format!("/{}.txt", n % 40), &text)]).await.unwrap();
        written += text.len() as u64;
        largest = largest.max(store.sizes().await.unwrap().log);
    }
    reader.abort();
    // 8,000 pages and what one group of writes adds.
    assert!(largest < 48 << 20, "the log grew to {largest} bytes while {written} bytes of text were written");
}

#[tokio::test]
async fn a_sound_file_has_nothing_to_complain_of_and_a_wrong_one_has() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.db");
    let store = Sqlite::open(&path).await.unwrap();
    put(&store, 0..5).await;
    for check in [Check::Quick, Check::Full] {
        assert_eq!(store.integrity_check(check).await.unwrap(), [] as [String; 0]);
    }
    let other = Connection::open(&path).unwrap();
    let spoil = |sql: &str| other.execute_batch(sql).unwrap();
    spoil("PRAGMA foreign_keys = OFF; DELETE FROM texts WHERE id IN (SELECT min(id) FROM texts)");
    spoil("DELETE FROM terms WHERE rowid IN (SELECT max(id) FROM chunks); UPDATE label_sets SET terms = terms + 1");
    let complaints = store.integrity_check(Check::Full).await.unwrap();
    assert_eq!(
        complaints,
        ["1 chunks have no text", "1 chunks have no terms", "1 sets of labels count their chunks wrong"]
    );
    assert_eq!(store.integrity_check(Check::Quick).await.unwrap(), [] as [String; 0], "the pages are sound");
}

#[tokio::test]
async fn the_index_of_terms_can_be_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.db");
    let store = Sqlite::open(&path).await.unwrap();
    put(&store, 0..5).await;
    let search = Search { limit: 1_000, ..Search::new("needle around 3") };
    let before = store.search(&search).await.unwrap();
    Connection::open(&path)
        .unwrap()
        .execute_batch(
            "INSERT INTO terms (terms) VALUES ('delete-all'); UPDATE chunks SET length = 1, vector = x'';
             UPDATE label_sets SET terms = 7, chunks = 9",
        )
        .unwrap();
    assert_ne!(store.search(&search).await.unwrap(), before);
    store.rebuild_terms().await.unwrap();
    assert_eq!(store.search(&search).await.unwrap(), before);
    assert_eq!(store.integrity_check(Check::Full).await.unwrap(), [] as [String; 0]);
}

#[tokio::test]
async fn vacuum_gives_free_pages_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(folder.path().join("m.db")).await.unwrap();
    put(&store, 0..100).await;
    let paths: Vec<_> = (0..90).map(|n| format!("/{n}.txt").into()).collect();
    Store::remove(&store, &paths).await.unwrap();
    store.checkpoint().await.unwrap();
    let before = store.sizes().await.unwrap();
    assert!(before.free_pages > 100 && before.log == 0, "{before:?}");
    store.vacuum().await.unwrap();
    store.checkpoint().await.unwrap();
    let after = store.sizes().await.unwrap();
    assert_eq!(after.free_pages, 0);
    assert!(after.file < before.file / 2, "{before:?} {after:?}");
    assert_eq!(store.sources("").await.unwrap().len(), 10);
    assert_eq!(store.integrity_check(Check::Full).await.unwrap(), [] as [String; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_taken_while_writing_is_a_whole_database_of_one_moment() {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(folder.path().join("m.db")).await.unwrap();
    put(&store, 0..50).await;
    let writing = store.clone();
    let writer = tokio::spawn(async move {
        for n in 50.. {
            // Two documents at once: a copy has both or neither.
            Store::put(&writing, vec![words(2 * n), words(2 * n + 1)]).await.unwrap();
            if n == 400 {
                break;
            }
        }
    });
    for n in 0..3 {
        let copy = folder.path().join(format!("copy {n} ü'%?.db"));
        store.backup(&copy).await.unwrap();
        let copied = Sqlite::open(&copy).await.unwrap();
        let sources = copied.sources("").await.unwrap().len();
        assert!(sources >= 50 && sources % 2 == 0, "{sources}");
        assert_eq!(copied.integrity_check(Check::Full).await.unwrap(), [] as [String; 0]);
        Store::put(&copied, vec![words(1)]).await.unwrap();
        copied.close().await;
    }
    writer.await.unwrap();
    assert_eq!(files(folder.path()).iter().filter(|name| name.ends_with(".part")).count(), 0);
}

#[tokio::test]
async fn a_backup_replaces_nothing_and_leaves_nothing_half_done() {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(folder.path().join("m.db")).await.unwrap();
    put(&store, 0..3).await;
    let taken = folder.path().join("taken");
    std::fs::write(&taken, "precious").unwrap();
    for (to, kind) in [
        (taken.clone(), ErrorKind::InvalidInput),
        (store.path().to_owned(), ErrorKind::InvalidInput),
        (folder.path().to_owned(), ErrorKind::InvalidInput),
        (folder.path().join("nowhere/copy.db"), ErrorKind::Unavailable),
        (taken.join("copy.db"), ErrorKind::Unavailable),
    ] {
        let refused = store.backup(&to).await.expect_err("no place for a backup");
        assert_eq!(refused.kind(), kind, "{refused}");
        assert!(refused.hint_text().is_some(), "{refused}");
    }
    assert_eq!(std::fs::read_to_string(&taken).unwrap(), "precious");
    assert_eq!(files(folder.path()), ["m.db", "m.db-shm", "m.db-wal", "taken"]);
}

#[tokio::test]
async fn an_inspection_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.db");
    let missing = inspect(&path, Check::Full).expect_err("nothing is there");
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    assert!(files(folder.path()).is_empty(), "it makes no file");
    let store = Sqlite::open(&path).await.unwrap();
    put(&store, 0..5).await;
    let open = inspect(&path, Check::Full).unwrap();
    assert_eq!((open.counts.sources, open.counts.unfinished_runs), (Some(5), Some(0)), "what is in the log counts");
    store.close().await;
    let before = std::fs::read(&path).unwrap();
    let closed = inspect(&path, Check::Full).unwrap();
    assert_eq!(closed.counts, open.counts);
    assert_eq!((closed.layout, closed.complaints.len(), closed.sizes.log), (closed.newest_layout, 0, 0));
    assert_eq!(closed.sizes.file, before.len() as u64);
    assert_eq!(files(folder.path()), ["m.db"]);
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn a_write_that_must_wait_too_long_for_another_process_is_transient_and_later_ones_are_done() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.db");
    let options = Options { busy_timeout: Duration::from_millis(50), ..Options::default() };
    let store = Sqlite::open_with(&path, options).await.unwrap();
    put(&store, 0..2).await;
    let holder = Connection::open(&path).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    for refused in [
        store.vacuum().await.expect_err("held"),
        store.touch(&[ninefold_core::ChunkId(1)], Timestamp(0)).await.expect_err("held"),
    ] {
        assert_eq!(refused.kind(), ErrorKind::Transient, "{refused}");
    }
    holder.execute_batch("ROLLBACK").unwrap();
    put(&store, 2..4).await;
    store.vacuum().await.unwrap();
    assert_eq!(store.sources("").await.unwrap().len(), 4);
}
