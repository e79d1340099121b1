//! Files that were cut, overwritten, or taken away: every call gives what is right or says what is wrong, and none panics.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use futures_util::StreamExt as _;
use ninefold_core::journal::{Header, Journal};
use ninefold_core::{
    Cache, CacheEntry, ChunkId, Error, ErrorKind, Key, Result, RunId, Scope, Search, Sessions, Store, Timestamp, Turn,
};
use ninefold_store::Sqlite;
use ninefold_store::sqlite::{Check, inspect};

use crate::open::document;

fn words(n: usize) -> ninefold_core::Document {
    let text = format!("# Part {n}\n\nneedle {n} with words around it\n\n").repeat(20);
    document(&format!("/{n}.md"), &text)
}

/// Enough for tables and indices that branch.
const FILES: usize = 10;

async fn fill(store: &Sqlite) {
    Store::put(store, (0..FILES).map(words).collect()).await.unwrap();
    store.touch(&[words(3).chunks[0].id], Timestamp(1)).await.unwrap();
    for n in 0..10 {
        let header =
            Header { pipeline: "p".into(), definition: Key([0; 32]), input: "null".into(), started: Timestamp(0) };
        store.begin(RunId(n), header).await.unwrap();
        let turn =
            Turn { after: 0, at: Timestamp(0), events: vec!["hello".to_owned()], snapshot: Some("s".to_owned()) };
        Sessions::append(store, &n.to_string().as_str().into(), turn).await.unwrap();
        // Longer than a page.
        let entry = CacheEntry { key: Key([n as u8; 32]), value: vec![7; 9_000], expires: None };
        Cache::put(store, "s", vec![entry], Timestamp(0)).await.unwrap();
    }
}

/// A database that is closed, as bytes.
async fn closed() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.db");
    let store = Sqlite::open(&path).await.unwrap();
    fill(&store).await;
    store.close().await;
    std::fs::read(&path).unwrap()
}

/// Does everything that can be done with a file and returns what failed.
async fn try_everything(path: &Path) -> Vec<Error> {
    let mut failed = Vec::new();
    let mut note = |outcome: Result<()>| failed.extend(outcome.err());
    note(inspect(path, Check::Full).map(|_| ()));
    let store = match Sqlite::open(path).await {
        Ok(store) => store,
        Err(error) => {
            note(Err(error));
            return failed;
        }
    };
    note(store.sources("").await.map(|_| ()));
    for text in ["needle", "words around 7", "part"] {
        note(store.search(&Search { limit: 1_000, ..Search::new(text) }).await.map(|_| ()));
    }
    static IDS: LazyLock<Vec<ChunkId>> =
        LazyLock::new(|| (0..FILES).flat_map(|n| words(n).chunks).map(|chunk| chunk.id).collect());
    note(Store::get(&store, &IDS, &Scope::public()).await.map(|_| ()));
    note(store.touch(&IDS, Timestamp(2)).await);
    for n in 0..10 {
        note(store.load(RunId(n)).await.map(|_| ()));
        note(store.resume(&n.to_string().as_str().into()).await.map(|_| ()));
        note(Cache::get(&store, "s", &[Key([n as u8; 32])], Timestamp(1)).await.map(|_| ()));
    }
    note(store.unfinished().await.map(|_| ()));
    note(Sessions::list(&store, 100).await.map(|_| ()));
    note(Store::put(&store, vec![words(5), words(50)]).await);
    note(Store::remove(&store, &["/6.md".into()]).await.map(|_| ()));
    note(store.integrity_check(Check::Full).await.map(|_| ()));
    note(store.backup(path.with_extension("copy")).await);
    let _ = std::fs::remove_file(path.with_extension("copy"));
    note(store.rebuild_terms().await);
    note(store.vacuum().await);
    store.close().await;
    failed
}

/// What is said of a damaged file names it and what to do.
fn assert_clear(errors: &[Error], case: &str) {
    for error in errors {
        // A damaged index may also hold a name or a number for taken that is not.
        let kind = error.kind();
        // SQLite takes a size that is wrong for one that is too large.
        let large = kind == ErrorKind::Unavailable && error.message().contains("needs more memory");
        assert!(matches!(kind, ErrorKind::Corrupt | ErrorKind::InvalidInput) || large, "{case}: {kind}: {error}");
        assert!(
            kind == ErrorKind::InvalidInput || error.message().contains("m.db") && error.hint_text().is_some(),
            "{case}: {error}"
        );
    }
}

#[tokio::test]
async fn a_file_that_was_cut_says_so() {
    let whole = closed().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.db");
    let length = whole.len();
    assert!(length > 40 * 4096);
    for left in [1, 15, 16, 99, 100, 512, 4_095, 4_096, 4_097, 3 * 4096, length / 2, length - 4096, length - 1] {
        for beside in ["m.db-wal", "m.db-shm"] {
            let _ = std::fs::remove_file(folder.path().join(beside));
        }
        std::fs::write(&path, &whole[..left]).unwrap();
        let failed = try_everything(&path).await;
        assert!(!failed.is_empty(), "{left} of {length} bytes are not all");
        assert_clear(&failed, &format!("{left} of {length} bytes"));
    }
}

/// One page of each kind of each table and index, as its number from 0; and which kinds these are.
fn pages_of_every_kind(whole: &[u8]) -> BTreeMap<(String, String), usize> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.db");
    std::fs::write(&path, whole).unwrap();
    let connection = rusqlite::Connection::open(&path).unwrap();
    let mut select = connection.prepare("SELECT name, pagetype, max(pageno) - 1 FROM dbstat GROUP BY 1, 2").unwrap();
    let rows = select.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?))).unwrap();
    rows.collect::<rusqlite::Result<_>>().unwrap()
}

/// Changes bytes in three places of a page, one after the other; returns how many of the changes were noticed.
async fn overwrite(whole: Arc<Vec<u8>>, page: usize, of: String) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.db");
    let from = page * 4096;
    // The first page begins with the file's own header; of its 16 bytes of magic another test tells.
    let header = from + if page == 0 { 100 } else { 0 };
    let mut noticed = 0;
    for (what, at, length) in [("header", header, 8), ("pointers", header + 8, 40), ("end", from + 4_000, 96)] {
        for beside in ["m.db-wal", "m.db-shm"] {
            let _ = std::fs::remove_file(folder.path().join(beside));
        }
        let mut bytes = whole.to_vec();
        bytes[at..at + length].iter_mut().for_each(|byte| *byte ^= 0xa5);
        std::fs::write(&path, &bytes).unwrap();
        let failed = try_everything(&path).await;
        noticed += usize::from(!failed.is_empty());
        assert_clear(&failed, &format!("{what} of page {page}, of {of}"));
    }
    noticed
}

#[tokio::test(flavor = "multi_thread")]
async fn overwritten_pages_of_every_kind_are_errors_or_harmless() {
    let whole = Arc::new(closed().await);
    let mut pages = pages_of_every_kind(&whole);
    // Roots of tables and of indices that branch, their leaves, and pages that large values go on in.
    for (of, kind) in
        [("texts", "internal"), ("texts", "leaf"), ("cache_values", "overflow"), ("sqlite_autoindex_chunks_1", "leaf")]
    {
        assert!(pages.contains_key(&(of.to_owned(), kind.to_owned())), "no {kind} page of {of}: {pages:?}");
    }
    pages.insert(("the file".to_owned(), "header".to_owned()), 0);
    let changes = 3 * pages.len();
    // Several at once: most of the time goes into waiting for the disk.
    let noticed = futures_util::stream::iter(pages)
        .map(|((of, kind), page)| tokio::spawn(overwrite(Arc::clone(&whole), page, format!("{of}, {kind}"))))
        .buffer_unordered(4)
        .fold(0, async |sum, noticed| sum + noticed.unwrap())
        .await;
    assert!(noticed > changes / 3, "{noticed} of {changes} changes were noticed");
}

/// A database and its log as a killed process leaves them, and how many documents were acknowledged.
async fn left_behind(folder: &Path) -> (PathBuf, Vec<u8>, usize) {
    let original = folder.join("original.db");
    let store = Sqlite::open(&original).await.unwrap();
    store.checkpoint().await.unwrap();
    let base = std::fs::read(&original).unwrap();
    // Too little for the log to be folded in meanwhile, but for a writer with nothing to do: its copy may hold more.
    for n in 0..20 {
        Store::put(&store, vec![words(n)]).await.unwrap();
    }
    let log = std::fs::read(folder.join("original.db-wal")).unwrap();
    let path = folder.join("m.db");
    std::fs::write(&path, base).unwrap();
    (path, log, 20)
}

#[tokio::test]
async fn a_log_that_was_left_behind_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let (path, log, count) = left_behind(folder.path()).await;
    std::fs::write(folder.path().join("m.db-wal"), &log).unwrap();
    let store = Sqlite::open(&path).await.unwrap();
    assert_eq!(store.sources("").await.unwrap().len(), count);
    store.close().await;
    assert!(!folder.path().join("m.db-wal").exists());
}

#[tokio::test]
async fn of_a_log_that_was_cut_or_changed_what_came_before_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let (path, log, count) = left_behind(folder.path()).await;
    let base = std::fs::read(&path).unwrap();
    let mut before = 0;
    for step in 0..=24 {
        for changed in [false, true] {
            let at = log.len() * step / 24;
            let mut bytes = log.clone();
            if changed {
                bytes.iter_mut().skip(at).take(64).for_each(|byte| *byte ^= 0x5a);
            } else {
                bytes.truncate(at);
            }
            let _ = std::fs::remove_file(folder.path().join("m.db-shm"));
            std::fs::write(&path, &base).unwrap();
            std::fs::write(folder.path().join("m.db-wal"), &bytes).unwrap();
            let store = Sqlite::open(&path).await.unwrap();
            let mut there: Vec<usize> = store
                .sources("")
                .await
                .unwrap()
                .iter()
                .map(|source| source.path.trim_matches(['/', '.', 'm', 'd']).parse().unwrap())
                .collect();
            there.sort_unstable();
            assert!(there.iter().copied().eq(0..there.len()), "the first ones and no other: {there:?}");
            for &n in &there {
                let ids: Vec<_> = words(n).chunks.iter().map(|chunk| chunk.id).collect();
                let found = Store::get(&store, &ids, &Scope::public()).await.unwrap();
                assert_eq!(found, words(n).chunks);
            }
            assert_eq!(store.integrity_check(Check::Full).await.unwrap(), [] as [String; 0]);
            assert!(there.len() >= before, "more of the log is no less");
            if changed {
                before = there.len();
            }
            store.close().await;
        }
    }
    assert_eq!(before, count, "the whole log is everything");
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_is_deleted_or_replaced_under_us_takes_no_more_writes() {
    for (gone, replaced) in
        [(&["m.db", "m.db-wal", "m.db-shm"][..], false), (&["m.db"], false), (&["m.db-wal"], false), (&["m.db"], true)]
    {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.db");
        let store = Sqlite::open(&path).await.unwrap();
        Store::put(&store, vec![words(0)]).await.unwrap();
        for name in gone {
            std::fs::remove_file(folder.path().join(name)).unwrap();
        }
        if replaced {
            std::fs::write(&path, "something else").unwrap();
        }
        for n in 1..3 {
            let refused = Store::put(&store, vec![words(n)]).await.expect_err("what is written now is lost");
            assert_eq!(refused.kind(), ErrorKind::Unavailable, "{refused}");
            assert!(refused.message().contains("m.db") && refused.hint_text().is_some(), "{refused}");
        }
        store.close().await;
        if replaced {
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "something else");
        }
    }
}
