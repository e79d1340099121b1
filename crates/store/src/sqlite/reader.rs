//! The threads that read, and the connections for short reads where the caller is.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ninefold_core::Result;
use rusqlite::Connection;
use tokio::sync::mpsc;

use super::failure::Fault;
use super::task::Order;

/// After so many steps of SQLite's machine a query is asked whether anybody still waits for it: some tens of
/// microseconds.
const STEPS: i32 = 1_000;

/// The caller of the job that a connection works on.
#[derive(Clone, Default)]
pub(super) struct Caller(Arc<Mutex<Option<Arc<AtomicBool>>>>);

impl Caller {
    /// Lets the connection stop what it does once the caller is gone.
    pub(super) fn watch(&self, connection: &mut Connection) -> Result<(), Fault> {
        let caller = self.clone();
        let gone = move || {
            let left = caller.0.lock().unwrap_or_else(PoisonError::into_inner);
            left.as_ref().is_some_and(|left| left.load(Ordering::Relaxed))
        };
        Ok(connection.progress_handler(STEPS, Some(gone))?)
    }

    fn set(&self, left: Option<Arc<AtomicBool>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = left;
    }
}

/// Runs jobs on a connection for queries until no handle is left. Threads share the queue: whoever is free takes the
/// next job.
pub(super) fn serve(connection: &Connection, caller: &Caller, jobs: &Mutex<mpsc::Receiver<Order>>) {
    loop {
        let order = {
            let mut jobs = jobs.lock().unwrap_or_else(PoisonError::into_inner);
            let order = jobs.blocking_recv();
            if matches!(order, Some(Order::Close)) {
                jobs.close();
            }
            order
        };
        match order {
            None => return,
            Some(Order::Close | Order::Tend) => {}
            Some(Order::Job(mut job) | Order::Apart(mut job)) => {
                if !job.abandoned() {
                    caller.set(job.left());
                    job.run(connection);
                    caller.set(None);
                    job.answer(Ok(()));
                }
            }
        }
    }
}

/// Connections for reads of a few rows by their keys, done where the caller is: a hop to another thread and back costs
/// more than such a read. They never wait for another process.
pub(super) struct Near(Mutex<Option<Vec<Connection>>>);

impl Near {
    /// These connections.
    pub(super) fn new(connections: Vec<Connection>) -> Self {
        Self(Mutex::new(Some(connections)))
    }

    /// What `work` reads; nothing when no connection is free or the file is held by another process just now.
    pub(super) fn read<T>(&self, path: &Path, work: impl FnOnce(&Connection) -> Result<T, Fault>) -> Option<Result<T>> {
        let connection = self.held().as_mut()?.pop()?;
        let outcome = work(&connection);
        if let Some(free) = self.held().as_mut() {
            free.push(connection);
        }
        match outcome {
            Err(fault) if fault.is_busy() => None,
            other => Some(other.map_err(|fault| fault.at(path))),
        }
    }

    /// Closes them; those in use when they come back.
    pub(super) fn close(&self) {
        self.held().take();
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Option<Vec<Connection>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::super::task::Task;
    use super::*;

    fn number(connection: &Connection, sql: &str) -> Result<i64, Fault> {
        Ok(connection.query_row(sql, [], |row| row.get(0))?)
    }

    #[test]
    fn a_query_whose_caller_is_gone_stops_and_the_next_one_is_answered() {
        let mut connection = Connection::open_in_memory().unwrap();
        let caller = Caller::default();
        caller.watch(&mut connection).unwrap();
        let path: Arc<Path> = Arc::from(Path::new("/test.db"));
        let (started, running) = std::sync::mpsc::channel();
        let (endless, answer) = Task::with_answer(Arc::clone(&path), move |connection: &Connection| {
            started.send(()).unwrap();
            number(connection, "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT max(n) FROM c")
        });
        let (next, mut last) = Task::with_answer(path, |connection: &Connection| number(connection, "SELECT 7"));
        let (orders, jobs) = mpsc::channel(2);
        assert!(orders.try_send(Order::Job(endless)).is_ok() && orders.try_send(Order::Job(next)).is_ok());
        drop(orders);
        let thread = std::thread::spawn(move || serve(&connection, &caller, &Mutex::new(jobs)));
        running.recv().unwrap();
        drop(answer);
        // Without an end to the query there would be none to this.
        thread.join().unwrap();
        assert_eq!(last.receiver.try_recv().unwrap().unwrap(), 7);
    }

    #[test]
    fn a_connection_that_is_busy_or_closed_leaves_the_read_to_others() {
        let near = Near::new(vec![Connection::open_in_memory().unwrap()]);
        let path = Path::new("/test.db");
        let read = || near.read(path, |connection| number(connection, "SELECT 7")).map(Result::unwrap);
        assert_eq!(read(), Some(7));
        let inner = near.read(path, |_| Ok(read())).map(Result::unwrap);
        assert_eq!(inner, Some(None), "the only connection is in use");
        let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
        let held = near.read(path, |_| Err::<i64, _>(rusqlite::Error::SqliteFailure(busy, None).into()));
        assert!(held.is_none());
        assert_eq!(read(), Some(7), "it is free again");
        near.close();
        assert_eq!(read(), None);
    }
}
