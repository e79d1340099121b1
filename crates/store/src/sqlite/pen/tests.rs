//! Who does short writes, in which order, and what happens when somebody else has the file.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::ThreadId;
use std::time::Duration;

use futures_util::future::{FutureExt as _, join_all};
use ninefold_core::journal::{Entry, Header, Journal, Position};
use ninefold_core::{Error, ErrorKind, Key, RunId, Timestamp};
use tempfile::TempDir;

use super::super::failure::Fault;
use super::super::task::{Order, Task, Work};
use super::super::{Options, Sqlite, Synchronous};
use super::{BRIEF, Hand, LONGEST, TOGETHER};

const RUN: RunId = RunId(7);

fn header() -> Header {
    Header { pipeline: "p".into(), definition: Key::of_bytes(b""), input: "null".into(), started: Timestamp(0) }
}

fn entry(ordinal: u32, output: impl Into<String>) -> Entry {
    let position = Position { branch: 0, ordinal };
    Entry { position, phase: "assess".into(), key: Key::of_bytes(b""), output: output.into(), at: Timestamp(0) }
}

/// A file in which this run has begun, by the thread: the log goes on from there.
async fn begun(synchronous: Synchronous) -> (TempDir, Sqlite) {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { synchronous, ..Options::default() };
    let store = Sqlite::open_with(folder.path().join("m.db"), options).await.unwrap();
    store.begin(RUN, header()).await.unwrap();
    (folder, store)
}

/// Waits until the write before this one is over: whoever did it has answered and laid the pen down.
async fn laid_down(store: &Sqlite) {
    while store.0.pen.try_take().is_none() {
        tokio::task::yield_now().await;
    }
}

/// The thread on which a short write is done.
async fn writes_on(store: &Sqlite, hand: u128, bytes: usize) -> ThreadId {
    let write = |connection: &rusqlite::Connection| {
        connection.execute("UPDATE runs SET input = input || ' '", [])?;
        Ok(std::thread::current().id())
    };
    store.write_briefly(Hand::of(hand), bytes, write).await.unwrap()
}

/// Whether short writes of this run are done here. Where this thread gets so little time that the log is folded between two
/// writes, the next one is not.
async fn writes_here(store: &Sqlite, bytes: usize) -> bool {
    for _ in 0..50 {
        laid_down(store).await;
        if writes_on(store, RUN.0, bytes).await == std::thread::current().id() {
            return true;
        }
    }
    false
}

#[tokio::test]
async fn a_lone_short_write_is_done_where_its_caller_is_and_a_long_one_is_not() {
    let (_folder, store) = begun(Synchronous::Normal).await;
    let here = std::thread::current().id();
    assert!(writes_here(&store, BRIEF).await);
    assert_ne!(writes_on(&store, RUN.0, BRIEF + 1).await, here);
    assert!(writes_here(&store, 0).await);
}

#[tokio::test]
async fn a_write_that_comes_with_an_fsync_is_never_done_where_its_caller_is() {
    let (_folder, store) = begun(Synchronous::Full).await;
    let here = std::thread::current().id();
    assert_ne!(writes_on(&store, RUN.0, 1).await, here);
    assert_ne!(writes_on(&store, RUN.0, 1).await, here);
    // Nor is the first one after the log was folded, which may begin it anew.
    let (_folder, store) = begun(Synchronous::Normal).await;
    assert!(writes_here(&store, 1).await);
    folded(&store).await;
    assert_ne!(writes_on(&store, RUN.0, 1).await, here);
    assert!(writes_here(&store, 1).await);
}

/// Waits until the thread has folded the log.
async fn folded(store: &Sqlite) {
    let folded = async {
        while store.0.pen.take().as_ref().unwrap().log.is_going() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), folded).await.expect("the thread folds what was written");
}

/// Whether the log is going, when the thread is done with what it was given.
fn is_going(store: &Sqlite) -> bool {
    store.0.pen.take().as_ref().unwrap().log.is_going()
}

#[tokio::test]
async fn a_transaction_that_wrote_nothing_does_not_say_that_the_log_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { busy_timeout: Duration::ZERO, ..Options::default() };
    let store = Sqlite::open_with(folder.path().join("m.db"), options).await.unwrap();
    store.begin(RUN, header()).await.unwrap();
    folded(&store).await;
    store.write(|_| Ok(())).await.unwrap();
    assert!(!is_going(&store), "nothing was written");
    let undone = |connection: &rusqlite::Connection| -> Result<(), Fault> {
        connection.execute("UPDATE runs SET started = 1", [])?;
        Err(Error::new(ErrorKind::InvalidInput, "by intent").into())
    };
    assert_eq!(store.write(undone).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    assert!(!is_going(&store), "it was rolled back");
    let other = rusqlite::Connection::open(store.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let busy = store.write(|connection| Ok(connection.execute("UPDATE runs SET started = 2", [])?)).await;
    assert_eq!(busy.unwrap_err().kind(), ErrorKind::Transient);
    assert!(!is_going(&store), "it never began");
    other.execute_batch("ROLLBACK").unwrap();
    // Nor does one that is undone stop it. Where this thread gets little time, the log is folded in between.
    let mut goes_on = false;
    for n in 0..50 {
        store.write(move |connection| Ok(connection.execute("UPDATE runs SET started = ?1", [n])?)).await.unwrap();
        store.write(undone).await.unwrap_err();
        goes_on |= is_going(&store);
    }
    assert!(goes_on);
}

#[cfg(unix)]
#[tokio::test]
async fn after_another_folded_the_log_the_next_write_is_the_threads() {
    let (_folder, store) = begun(Synchronous::Normal).await;
    let here = std::thread::current().id();
    let other = rusqlite::Connection::open(store.path()).unwrap();
    // Not within the tick of the file system's clock in which the file was made.
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(writes_here(&store, 1).await);
    let (pages, folded) = other
        .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)))
        .unwrap();
    assert!(pages > 0 && pages == folded);
    assert_ne!(writes_on(&store, RUN.0, 1).await, here);
    assert!(writes_here(&store, 1).await);
}

#[tokio::test]
async fn callers_of_one_runtime_share_a_transaction() {
    let (_folder, store) = begun(Synchronous::Normal).await;
    let runs: Vec<RunId> = (100..100 + TOGETHER as u128).map(RunId).collect();
    join_all(runs.iter().map(|run| store.begin(*run, header()))).await.into_iter().for_each(Result::unwrap);
    for ordinal in 0..3 {
        let written = runs.iter().map(|run| store.append(*run, vec![entry(ordinal, "1")]));
        join_all(written).await.into_iter().for_each(Result::unwrap);
        assert!(store.0.pen.crowd.load(Ordering::Relaxed) > TOGETHER / 2);
    }
    for run in runs {
        assert_eq!(store.load(run).await.unwrap().unwrap().entries.len(), 3);
        store.finish(run, Timestamp(1)).await.unwrap();
    }
    // Who is alone again hears nothing of the crowd that was there.
    store.append(RUN, vec![entry(0, "1")]).await.unwrap();
    assert!(store.0.pen.is_alone(Hand::of(RUN.0)));
    assert!(writes_here(&store, 1).await);
}

#[tokio::test]
async fn what_is_written_at_once_stands_in_the_order_in_which_it_came() {
    let (_folder, store) = begun(Synchronous::Normal).await;
    let long = "long ".repeat(BRIEF);
    // Not so many that tokio would have the task pause between them.
    let entries = (0..60).map(|n| entry(n, if n % 20 == 7 { long.as_str() } else { "1" })).collect::<Vec<_>>();
    // Others write as well, so that nobody is alone.
    let others = join_all((100..110).map(|run| store.begin(RunId(run), header())));
    let own = join_all(entries.iter().map(|entry| store.append(RUN, vec![entry.clone()])));
    let (others, own) = tokio::join!(others, own);
    others.into_iter().chain(own).for_each(Result::unwrap);
    assert!(store.load(RUN).await.unwrap().unwrap().entries == entries, "the order is another");
}

#[tokio::test]
async fn a_write_that_fails_leaves_those_beside_it_alone() {
    let (_folder, store) = begun(Synchronous::Normal).await;
    store.append(RUN, vec![entry(5, "first")]).await.unwrap();
    let outcomes = join_all((0..10).map(|n| store.append(RUN, vec![entry(n, "second")]))).await;
    let failed: Vec<_> = outcomes.iter().map(|outcome| outcome.as_ref().err().map(Error::kind)).collect();
    let only_the_fifth: Vec<_> = (0..10).map(|n| (n == 5).then_some(ErrorKind::Conflict)).collect();
    assert_eq!(failed, only_the_fifth);
    assert_eq!(store.load(RUN).await.unwrap().unwrap().entries.len(), 10);
    // Alone as well, and a panic as well.
    let refused = store.append(RUN, vec![entry(20, "1"), entry(5, "third")]).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    let panics = store.write_briefly::<()>(Hand::of(RUN.0), 0, |connection| {
        connection.execute("DELETE FROM entries", [])?;
        panic!("by intent")
    });
    assert_eq!(panics.await.unwrap_err().kind(), ErrorKind::Panicked);
    assert_eq!(store.load(RUN).await.unwrap().unwrap().entries.len(), 10, "the append was undone whole");
    store.append(RUN, vec![entry(20, "1")]).await.unwrap();
}

#[tokio::test]
async fn a_write_whose_caller_left_is_not_done_and_those_after_it_are() {
    let (_folder, store) = begun(Synchronous::Normal).await;
    // Somebody else wrote last: the next one puts his write down and lets others come.
    store.begin(RunId(8), header()).await.unwrap();
    let mut left = Box::pin(store.append(RUN, vec![entry(0, "left")]));
    assert!((&mut left).now_or_never().is_none());
    let after = store.append(RUN, vec![entry(1, "after")]);
    drop(left);
    after.await.unwrap();
    let outputs = store.load(RUN).await.unwrap().unwrap().entries.into_iter().map(|entry| entry.output);
    assert_eq!(outputs.collect::<Vec<_>>(), ["after"]);
}

#[tokio::test]
async fn a_file_that_another_process_writes_to_holds_no_thread_of_the_runtime() {
    let (_folder, store) = begun(Synchronous::Normal).await;
    let here = std::thread::current().id();
    laid_down(&store).await;
    let other = rusqlite::Connection::open(store.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE; UPDATE runs SET started = 1").unwrap();
    // One that would be done here, and several at once; the only thread of this runtime then ends what is in their way.
    let alone = writes_on(&store, RUN.0, 1);
    let several = join_all((0..10).map(|n| store.append(RUN, vec![entry(n, "1")])));
    let release = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        other.execute_batch("COMMIT").unwrap();
    };
    let (alone, several, ()) = tokio::join!(alone, several, release);
    assert_ne!(alone, here);
    several.into_iter().for_each(Result::unwrap);
    let outputs = store.load(RUN).await.unwrap().unwrap();
    assert_eq!(outputs.header.started, Timestamp(1), "what the other wrote stands");
    assert_eq!(outputs.entries.len(), 10);
}

#[expect(clippy::disallowed_methods, reason = "a write that takes long blocks its caller")]
#[tokio::test]
async fn a_caller_who_took_long_leaves_the_rest_to_the_thread() {
    let (_folder, store) = begun(Synchronous::Normal).await;
    let here = std::thread::current().id();
    let mut led = 0;
    // Where this thread gets so little time that the log is folded in between, the thread does all of it.
    for _ in 0..50 {
        store.begin(RunId(fastrand::u128(100..)), header()).await.unwrap();
        laid_down(&store).await;
        let mut answers = Vec::new();
        for _ in 0..5 {
            let (job, answer) = Task::with_answer(Arc::clone(&store.0.path), move |connection| {
                connection.execute("UPDATE runs SET input = input || ' '", [])?;
                std::thread::sleep(LONGEST);
                Ok(std::thread::current().id())
            });
            assert!(store.0.pen.put_down(Hand::of(RUN.0), 1, job).is_none());
            answers.push(answer);
        }
        store.see_to(store.0.pen.lead());
        let by = join_all(answers.into_iter().map(|answer| answer.wait(store.path()))).await;
        let by: Vec<_> = by.into_iter().map(Result::unwrap).collect();
        let own = by.iter().filter(|thread| **thread == here).count();
        assert!(own <= 1, "{own} of {} writes were done here", by.len());
        led += own;
    }
    assert!(led > 0);
}

/// A job that ends the thread which comes to it.
struct Fatal;

impl Work for Fatal {
    fn abandoned(&self) -> bool {
        panic!("by intent")
    }

    fn left(&self) -> Option<Arc<AtomicBool>> {
        None
    }

    fn run(&mut self, _: &rusqlite::Connection) -> bool {
        false
    }

    fn answer(self: Box<Self>, _: Result<(), Error>) {}

    fn path(&self) -> &Path {
        Path::new("")
    }
}

#[tokio::test]
async fn when_the_thread_is_gone_nobody_waits_for_it() {
    let (_folder, store) = begun(Synchronous::Normal).await;
    let orders = &store.0.writer;
    assert!(orders.send(Order::Job(Box::new(Fatal))).await.is_ok());
    let long = "long ".repeat(BRIEF);
    let all = async {
        // One that waits while the thread ends, and those that come afterwards.
        let early = store.append(RUN, vec![entry(0, long.as_str())]).await;
        orders.closed().await;
        let late = store.append(RUN, vec![entry(1, long.as_str())]).await;
        let brief = store.append(RUN, vec![entry(2, "1")]).await;
        [early, late, brief].map(|outcome| outcome.unwrap_err().kind())
    };
    let kinds = tokio::time::timeout(Duration::from_secs(20), all).await.expect("somebody waits for ever");
    assert_eq!(kinds, [ErrorKind::Unavailable; 3]);
    store.close().await;
    // One that was put down when the thread no longer looked for any.
    let (_folder, store) = begun(Synchronous::Normal).await;
    let (job, answer) = Task::with_answer(Arc::clone(&store.0.path), |_| Ok(()));
    assert!(store.0.pen.put_down(Hand::of(RUN.0), 1, job).is_none());
    store.0.pen.end();
    assert_eq!(answer.wait(store.path()).await.unwrap_err().kind(), ErrorKind::Unavailable);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_writers_on_many_threads_none_waits_for_ever() {
    let (_folder, store) = begun(Synchronous::Normal).await;
    let store = Arc::new(store);
    let writers = (100..164).map(|run| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let run = RunId(run);
            store.begin(run, header()).await.unwrap();
            for n in 0..40 {
                // Now and then one that is for the thread, and one that gives up.
                let output =
                    if (run.0 + u128::from(n)).is_multiple_of(61) { "long ".repeat(BRIEF) } else { n.to_string() };
                if n % 13 == 5 {
                    let given_up = store.append(run, vec![entry(1_000 + n, "given up")]);
                    let _ = tokio::time::timeout(Duration::ZERO, given_up).await;
                }
                store.append(run, vec![entry(n, output)]).await.unwrap();
            }
            store.finish(run, Timestamp(1)).await.unwrap();
            let entries = store.load(run).await.unwrap().unwrap().entries;
            let kept = entries.iter().map(|entry| entry.position.ordinal).filter(|ordinal| *ordinal < 1_000);
            assert_eq!(kept.collect::<Vec<_>>(), (0..40).collect::<Vec<_>>());
        })
    });
    let all = tokio::time::timeout(Duration::from_secs(60), join_all(writers)).await.expect("somebody waits for ever");
    all.into_iter().for_each(Result::unwrap);
    store.close().await;
    assert_eq!(store.begin(RunId(1), header()).await.unwrap_err().kind(), ErrorKind::Unavailable);
}
