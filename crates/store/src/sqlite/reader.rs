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
            Some(Order::Close) => {}
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
