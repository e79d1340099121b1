//! The runtime is never blocked, and what is dropped stops.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ninefold_core::journal::{Entry, Header, Journal, Position};
use ninefold_core::{ErrorKind, Key, RunId, Search, Store, Timestamp};
use ninefold_store::{Options, Sqlite};

use crate::open::document;

fn large(n: usize) -> ninefold_core::Document {
    document(&format!("/{n}.txt"), &"a paragraph with a needle and some other words in it\n\n".repeat(400))
}

#[tokio::test(flavor = "current_thread")]
async fn a_large_put_does_not_block_a_current_thread_runtime() {
    let directory = tempfile::tempdir().unwrap();
    let store = Sqlite::open(directory.path().join("memory.db")).await.unwrap();
    let documents: Vec<_> = (0..20).map(large).collect();
    let ticks = AtomicU64::new(0);
    let ticker = async {
        loop {
            ticks.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
        }
    };
    let put = store.put(documents);
    tokio::select! {
        biased;
        done = put => done.unwrap(),
        () = ticker => {}
    }
    assert!(ticks.load(Ordering::Relaxed) > 100, "the ticker stood still while the put was under way");
    assert_eq!(store.sources("").await.unwrap().len(), 20);
}

#[tokio::test]
async fn searches_see_whole_puts_only() {
    let directory = tempfile::tempdir().unwrap();
    let store = Sqlite::open(directory.path().join("memory.db")).await.unwrap();
    let writer = store.clone();
    let writing = tokio::spawn(async move {
        for n in 0..30 {
            let texts = format!("round{n} needle\n\n").repeat(200);
            writer.put(vec![document("/a.txt", &texts), document("/b.txt", &texts)]).await.unwrap();
        }
    });
    let mut seen = 0;
    while !writing.is_finished() {
        let found = store.search(&Search { limit: 1_000, ..Search::new("needle") }).await.unwrap();
        assert_eq!(found.matched, found.passages.len() as u64);
        let rounds: std::collections::HashSet<_> =
            found.passages.iter().map(|passage| passage.chunk.text.split(' ').next().unwrap().to_owned()).collect();
        assert!(rounds.len() <= 1, "a search mixes {rounds:?}");
        seen += found.passages.len();
    }
    writing.await.unwrap();
    assert!(seen > 0);
}

#[tokio::test]
async fn a_dropped_put_is_whole_or_not_there() {
    let directory = tempfile::tempdir().unwrap();
    let store = Sqlite::open(directory.path().join("memory.db")).await.unwrap();
    for n in 0..40 {
        let put = store.put(vec![large(n)]);
        // Polled once: it is in the queue or with the writer when it is dropped.
        let _ = tokio::time::timeout(Duration::ZERO, put).await;
    }
    store.put(vec![large(1_000)]).await.unwrap();
    let whole = large(0).chunks.len() as u64;
    let sources = store.sources("").await.unwrap();
    let evidence = store.search(&Search::new("needle")).await.unwrap();
    assert_eq!(evidence.matched, whole * sources.len() as u64);
}

#[tokio::test]
async fn a_file_that_another_holds_is_transient() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("memory.db");
    let options = Options { busy_timeout: Duration::from_millis(20), ..Options::default() };
    let store = Sqlite::open_with(&path, options).await.unwrap();
    let holder = rusqlite::Connection::open(&path).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = store.put(vec![document("/a", "x")]).await.expect_err("the file is held");
    assert_eq!(error.kind(), ErrorKind::Transient);
    assert!(store.sources("").await.unwrap().is_empty(), "reading goes on");
    holder.execute_batch("ROLLBACK").unwrap();
    store.put(vec![document("/a", "x")]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_share_commits_and_lose_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let store = Sqlite::open(directory.path().join("memory.db")).await.unwrap();
    let header =
        Header { pipeline: "p".into(), definition: Key::of_bytes(b""), input: "null".into(), started: Timestamp(0) };
    let tasks: Vec<_> = (0..64_u32)
        .map(|run| {
            let (store, header) = (store.clone(), header.clone());
            tokio::spawn(async move {
                let run = RunId(u128::from(run));
                store.begin(run, header).await.unwrap();
                for ordinal in 0..20 {
                    let entry = Entry {
                        position: Position { branch: 0, ordinal },
                        phase: "assess".into(),
                        key: Key::of_bytes(b""),
                        output: ordinal.to_string(),
                        at: Timestamp(0),
                    };
                    store.append(run, vec![entry]).await.unwrap();
                }
                assert_eq!(store.load(run).await.unwrap().unwrap().entries.len(), 20);
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(store.unfinished().await.unwrap().len(), 64);
}
