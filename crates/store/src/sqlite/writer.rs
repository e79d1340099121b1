//! The thread that writes. Whatever waits when it gets to the queue goes into one transaction (group commit), so
//! that many writers share the price of a commit and a lone one pays no delay. Short writes are also done by those who bring
//! them ([`super::pen`]).

use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use ninefold_core::{Error, Result};
use rusqlite::Connection;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::failure::{from_sqlite, taken_away};
use super::log::Log;
use super::pen::{Held, LONGEST, Pen};
use super::task::{Order, Work};

/// The most jobs of one transaction.
const GROUP: usize = 256;
/// After so long without work the log is folded into the file.
const IDLE: Duration = Duration::from_millis(100);

/// Wakes the thread that waits for work.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// How long orders are waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Patience {
    None,
    Idle,
    Forever,
}

/// Waits for orders, up to [`GROUP`] of them, for [`IDLE`] when told so: none came then. Returns whether any can follow.
fn receive(orders: &mut mpsc::Receiver<Order>, group: &mut Vec<Order>, waker: &Waker, patience: Patience) -> bool {
    let mut waited = false;
    loop {
        match orders.poll_recv_many(&mut Context::from_waker(waker), group, GROUP) {
            Poll::Ready(count) => return count > 0,
            Poll::Pending => match patience {
                Patience::None => return true,
                Patience::Idle if waited => return true,
                // Woken early without cause, it is idle early: that does no harm.
                Patience::Idle => std::thread::park_timeout(IDLE),
                Patience::Forever => std::thread::park(),
            },
        }
        waited = true;
    }
}

/// The thread's part of a pen. However the thread ends, by a panic as well, nobody is left waiting for it.
struct Serving<'a>(&'a Pen);

impl Drop for Serving<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Runs jobs until no handle is left or it is told to end, then folds the log into the file and closes it.
pub(super) fn serve(pen: &Pen, mut orders: mpsc::Receiver<Order>) {
    let _serving = Serving(pen);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut group = Vec::with_capacity(GROUP);
    let mut unfolded = true;
    loop {
        let patience = match (pen.is_waited_for(), unfolded) {
            (true, _) => Patience::None,
            (false, true) => Patience::Idle,
            (false, false) => Patience::Forever,
        };
        let more = receive(&mut orders, &mut group, &waker, patience);
        if !more {
            pen.close();
        }
        let mut held = pen.take();
        let Some(Held { connection, log }) = held.as_mut() else { return };
        let mut jobs: Vec<Box<dyn Work>> = Vec::with_capacity(group.len());
        pen.waiting(&mut jobs);
        if more && group.is_empty() && jobs.is_empty() {
            log.idle(connection);
        }
        for order in group.drain(..) {
            match order {
                Order::Job(job) if job.abandoned() => {}
                Order::Job(job) => jobs.push(job),
                Order::Apart(job) => {
                    transactions(connection, log, &mut jobs);
                    apart(connection, log, job);
                }
                Order::Tend => log.tend(connection),
                Order::Close => orders.close(),
            }
        }
        transactions(connection, log, &mut jobs);
        unfolded = log.unfolded();
        if !more {
            log.end(connection);
            // Before anybody else takes the pen.
            *held = None;
            return;
        }
    }
}

fn transactions(connection: &Connection, log: &mut Log, jobs: &mut Vec<Box<dyn Work>>) {
    let mut waiting = std::mem::take(jobs).into_iter();
    while waiting.len() > 0 {
        log.begins();
        transaction(connection, log, &mut waiting);
        log.committed(connection);
    }
}

/// Jobs that were done, and what became of their transaction: to be answered when the pen is free for others.
#[must_use]
pub(super) struct Done {
    jobs: Vec<Box<dyn Work>>,
    outcome: Result<()>,
    rest: Vec<Box<dyn Work>>,
}

impl Done {
    /// Those of the jobs for which there was no time.
    pub(super) fn rest(&mut self) -> Vec<Box<dyn Work>> {
        std::mem::take(&mut self.rest)
    }

    pub(super) fn answer(self) {
        for job in self.jobs {
            job.answer(self.outcome.clone());
        }
    }
}

/// Jobs in one transaction by a caller, who waits for no other process: those that begin within [`LONGEST`]. All are given back
/// when one is in the way, or when one of them fails: then they are the thread's.
pub(super) fn together(
    connection: &Connection,
    log: &mut Log,
    mut jobs: Vec<Box<dyn Work>>,
) -> Result<Done, Vec<Box<dyn Work>>> {
    if !begin_at_once(connection, log).unwrap_or(false) {
        return Err(jobs);
    }
    let (began, mut ran) = (Instant::now(), 0);
    for job in &mut jobs {
        if ran > 0 && began.elapsed() >= LONGEST {
            break;
        }
        if !job.run(connection) || connection.is_autocommit() {
            roll_back(connection);
            return Err(jobs);
        }
        ran += 1;
    }
    let rest = jobs.split_off(ran);
    let committed = execute(connection, "COMMIT");
    let outcome = match (committed, jobs.first()) {
        (Err(error), Some(job)) => {
            roll_back(connection);
            Err(from_sqlite(job.path(), error))
        }
        (_, Some(job)) if !log.in_place() => Err(taken_away(job.path())),
        _ => Ok(()),
    };
    Ok(Done { jobs, outcome, rest })
}

/// One write in a transaction by a caller, who waits for no other process. None when one is in the way, or when the transaction
/// cannot begin for another reason, which the thread will tell.
pub(super) fn alone<T>(
    connection: &Connection,
    log: &mut Log,
    path: &Path,
    work: impl FnOnce() -> Result<T>,
) -> Option<Result<T>> {
    begin_at_once(connection, log).ok().filter(|begun| *begun)?;
    let outcome = work();
    if outcome.is_err() {
        roll_back(connection);
        return Some(outcome);
    }
    let committed = if connection.is_autocommit() { Err(rolled_back()) } else { execute(connection, "COMMIT") };
    Some(match committed {
        Err(error) => {
            roll_back(connection);
            Err(from_sqlite(path, error))
        }
        Ok(()) if !log.in_place() => Err(taken_away(path)),
        Ok(()) => outcome,
    })
}

/// Begins to write unless another process writes just now, or has folded the log. Returns whether it began.
fn begin_at_once(connection: &Connection, log: &mut Log) -> rusqlite::Result<bool> {
    connection.busy_timeout(Duration::ZERO)?;
    let begun = execute(connection, "BEGIN IMMEDIATE");
    connection.busy_timeout(log.busy_timeout())?;
    begun?;
    let stands = log.stands();
    if !stands {
        roll_back(connection);
    }
    Ok(stands)
}

fn roll_back(connection: &Connection) {
    if !connection.is_autocommit() {
        // Nothing is left to try when this fails too; the next BEGIN reports it.
        let _ = execute(connection, "ROLLBACK");
    }
}

/// A job that opens its own transaction, or must be in none.
fn apart(connection: &Connection, log: &mut Log, mut job: Box<dyn Work>) {
    if !job.abandoned() {
        log.begins();
        job.run(connection);
        job.answer(Ok(()));
        log.committed(connection);
        log.rest();
    }
}

/// Runs the jobs that wait in one transaction and answers them. When SQLite undoes the transaction under way, what
/// still waits stays for the next one.
fn transaction(connection: &Connection, log: &mut Log, waiting: &mut std::vec::IntoIter<Box<dyn Work>>) {
    let alone = waiting.len() == 1;
    let mut done: Vec<Box<dyn Work>> = Vec::with_capacity(waiting.len());
    let outcome = if let Err(error) = execute(connection, "BEGIN IMMEDIATE") {
        done.extend(waiting);
        Err(error)
    } else {
        let ran = if alone {
            run_alone(connection, waiting, &mut done)
        } else {
            run_together(connection, waiting, &mut done)
        };
        let ended = ran.and_then(|keep| execute(connection, if keep { "COMMIT" } else { "ROLLBACK" }));
        if ended.is_err() {
            roll_back(connection);
        }
        ended
    };
    let outcome = match (outcome, done.first()) {
        (_, None) => Ok(()),
        (Ok(()), Some(job)) if !log.in_place() => Err(taken_away(job.path())),
        (Ok(()), _) => Ok(()),
        (Err(error), Some(job)) => Err(from_sqlite(job.path(), error)),
    };
    for job in done {
        let outcome: Result<(), Error> = outcome.clone();
        job.answer(outcome);
    }
}

/// A lone job needs no savepoint: when it fails, the transaction is rolled back. Returns whether to commit.
fn run_alone(
    connection: &Connection,
    waiting: &mut std::vec::IntoIter<Box<dyn Work>>,
    done: &mut Vec<Box<dyn Work>>,
) -> rusqlite::Result<bool> {
    let Some(mut job) = waiting.next() else { return Ok(false) };
    let succeeded = job.run(connection);
    done.push(job);
    // A failure that made SQLite roll back by itself is in the job's own answer.
    if succeeded || !connection.is_autocommit() { Ok(succeeded) } else { Err(rolled_back()) }
}

/// All jobs one after the other. When one fails, all are undone and done again, each in a savepoint of its own: savepoints
/// cost more than most jobs, and few jobs fail.
fn run_together(
    connection: &Connection,
    waiting: &mut std::vec::IntoIter<Box<dyn Work>>,
    done: &mut Vec<Box<dyn Work>>,
) -> rusqlite::Result<bool> {
    let jobs = waiting.as_mut_slice().iter_mut();
    if jobs.filter(|job| !job.abandoned()).all(|job| job.run(connection) && !connection.is_autocommit()) {
        done.extend(waiting);
        return Ok(true);
    }
    if !connection.is_autocommit() {
        execute(connection, "ROLLBACK")?;
    }
    execute(connection, "BEGIN IMMEDIATE")?;
    run_apart(connection, waiting, done)
}

/// Every job in a savepoint of its own, so that one that fails does not undo the others.
fn run_apart(
    connection: &Connection,
    waiting: &mut std::vec::IntoIter<Box<dyn Work>>,
    done: &mut Vec<Box<dyn Work>>,
) -> rusqlite::Result<bool> {
    for mut job in waiting {
        if job.abandoned() {
            continue;
        }
        let saved = execute(connection, "SAVEPOINT job");
        let succeeded = saved.is_ok() && job.run(connection);
        done.push(job);
        saved?;
        // On a full disk or an I/O error SQLite may undo the whole transaction, the jobs before this one included.
        if connection.is_autocommit() {
            return Err(rolled_back());
        }
        if !succeeded {
            execute(connection, "ROLLBACK TO job")?;
        }
        execute(connection, "RELEASE job")?;
    }
    Ok(true)
}

fn rolled_back() -> rusqlite::Error {
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR);
    rusqlite::Error::SqliteFailure(code, Some("a write failed and SQLite rolled the transaction back".to_owned()))
}

fn execute(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(|_| ())
}

#[cfg(test)]
mod tests {
    use ninefold_core::ErrorKind;

    use super::super::failure::Fault;
    use super::super::{Synchronous, task};
    use super::*;

    type Answer = task::Answer<usize>;

    fn job(work: impl Fn(&Connection) -> Result<usize, Fault> + Send + 'static) -> (Box<dyn Work>, Answer) {
        task::Task::with_answer(Arc::from(Path::new("/test.db")), work)
    }

    fn insert(n: i64) -> (Box<dyn Work>, Answer) {
        job(move |connection| Ok(connection.execute("INSERT INTO t VALUES (?1)", [n])?))
    }

    /// A pen that nobody but the thread takes.
    fn pen(connection: Connection) -> Pen {
        let log = log_of(&connection);
        Pen::new(connection, log, Synchronous::Full)
    }

    fn run(connection: Connection, jobs: Vec<(Box<dyn Work>, Answer)>) -> Vec<Result<usize>> {
        let (sender, receiver) = mpsc::channel(jobs.len().max(1));
        let mut answers = Vec::new();
        for (job, answer) in jobs {
            assert!(sender.try_send(Order::Job(job)).is_ok());
            answers.push(answer);
        }
        drop(sender);
        serve(&pen(connection), receiver);
        answers.into_iter().map(|mut answer| answer.receiver.try_recv().expect("every job is answered")).collect()
    }

    /// A log that is left to SQLite.
    fn log_of(connection: &Connection) -> Log {
        Log::unattached(Path::new(connection.path().unwrap()))
    }

    fn table(directory: &tempfile::TempDir) -> Connection {
        let connection = Connection::open(directory.path().join("t.db")).unwrap();
        connection.execute_batch("CREATE TABLE t (n INTEGER PRIMARY KEY)").unwrap();
        connection
    }

    fn held(directory: &tempfile::TempDir) -> Vec<i64> {
        let connection = Connection::open(directory.path().join("t.db")).unwrap();
        let mut rows = connection.prepare("SELECT n FROM t ORDER BY n").unwrap();
        rows.query_map([], |row| row.get(0)).unwrap().map(|n| n.unwrap()).collect()
    }

    #[test]
    fn a_failing_and_a_panicking_job_leave_their_group_alone() {
        let directory = tempfile::tempdir().unwrap();
        let panics = job(|connection| {
            connection.execute("INSERT INTO t VALUES (8)", [])?;
            panic!("by intent");
        });
        let fails = job(|connection| {
            connection.execute("INSERT INTO t VALUES (9)", [])?;
            Ok(connection.execute("INSERT INTO t VALUES (1)", [])?)
        });
        let answers = run(table(&directory), vec![insert(1), panics, fails, insert(2)]);
        assert_eq!(answers[0].as_ref().unwrap(), &1);
        assert_eq!(answers[1].as_ref().unwrap_err().kind(), ErrorKind::Panicked);
        assert!(answers[2].is_err());
        assert_eq!(answers[3].as_ref().unwrap(), &1);
        assert_eq!(held(&directory), [1, 2]);
    }

    #[test]
    fn a_lone_failing_job_leaves_nothing_behind() {
        let directory = tempfile::tempdir().unwrap();
        let fails = job(|connection| {
            connection.execute("INSERT INTO t VALUES (9)", [])?;
            Err(Error::new(ErrorKind::InvalidInput, "by intent").into())
        });
        let answers = run(table(&directory), vec![fails]);
        assert_eq!(answers[0].as_ref().unwrap_err().kind(), ErrorKind::InvalidInput);
        assert!(held(&directory).is_empty());
    }

    #[test]
    fn when_sqlite_rolls_back_jobs_before_fail_and_jobs_after_are_done() {
        let directory = tempfile::tempdir().unwrap();
        let rolls_back = job(|connection| {
            connection.execute_batch("ROLLBACK")?;
            Err(Error::new(ErrorKind::Unavailable, "as SQLite does on a full disk").into())
        });
        let answers = run(table(&directory), vec![insert(1), rolls_back, insert(2), insert(3)]);
        assert_eq!(answers[0].as_ref().unwrap_err().kind(), ErrorKind::Unavailable);
        assert_eq!(answers[1].as_ref().unwrap_err().message(), "as SQLite does on a full disk");
        assert!(answers[2].is_ok() && answers[3].is_ok());
        assert_eq!(held(&directory), [2, 3]);
    }

    #[test]
    fn when_the_commit_fails_every_job_hears_of_it() {
        let directory = tempfile::tempdir().unwrap();
        let connection = table(&directory);
        connection
            .execute_batch(
                "PRAGMA foreign_keys = ON;
                 CREATE TABLE child (t INTEGER REFERENCES t (n) DEFERRABLE INITIALLY DEFERRED)",
            )
            .unwrap();
        let orphan = job(|connection| Ok(connection.execute("INSERT INTO child VALUES (77)", [])?));
        let answers = run(connection, vec![insert(1), orphan]);
        assert!(answers.iter().all(Result::is_err), "{answers:?}");
        assert!(held(&directory).is_empty());
    }

    #[test]
    fn a_job_nobody_waits_for_is_not_done() {
        let directory = tempfile::tempdir().unwrap();
        let (sender, receiver) = mpsc::channel(2);
        let ((abandoned, answer), (wanted, _answer)) = (insert(1), insert(2));
        drop(answer);
        assert!(sender.try_send(Order::Job(abandoned)).is_ok() && sender.try_send(Order::Job(wanted)).is_ok());
        drop(sender);
        let connection = table(&directory);
        serve(&pen(connection), receiver);
        assert_eq!(held(&directory), [2]);
    }
}
