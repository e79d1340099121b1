//! Jobs on their way to a connection's thread and their answers on the way back.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use ninefold_core::{Error, ErrorKind, Result};
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::failure::Fault;

/// A job whose result has whatever type its caller awaits.
pub(super) trait Work: Send {
    /// Whether nobody waits for the answer any more.
    fn abandoned(&self) -> bool;
    /// Does the work and keeps the result; returns whether it succeeded.
    fn run(&mut self, connection: &Connection) -> bool;
    /// Answers the caller. When `group` is an error, so is the answer: the work was undone, or never done.
    fn answer(self: Box<Self>, group: Result<(), Error>);
    /// The file the job is about.
    fn path(&self) -> &Path;
}

/// A job and the way back to its caller.
pub(super) struct Task<T, F> {
    path: Arc<Path>,
    work: Option<F>,
    outcome: Option<Result<T>>,
    reply: oneshot::Sender<Result<T>>,
}

impl<T: Send + 'static, F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static> Task<T, F> {
    /// A job about the file at `path`, and where its answer will be.
    pub(super) fn with_answer(path: Arc<Path>, work: F) -> (Box<dyn Work>, oneshot::Receiver<Result<T>>) {
        let (reply, answer) = oneshot::channel();
        (Box::new(Self { path, work: Some(work), outcome: None, reply }), answer)
    }
}

impl<T: Send, F: FnOnce(&Connection) -> Result<T, Fault> + Send> Work for Task<T, F> {
    fn abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    fn run(&mut self, connection: &Connection) -> bool {
        let Some(work) = self.work.take() else { return false };
        let outcome = match catch_unwind(AssertUnwindSafe(|| work(connection))) {
            Ok(outcome) => outcome.map_err(|fault| fault.at(&self.path)),
            Err(_) => Err(Error::new(ErrorKind::Panicked, format!("a job on {} panicked", self.path.display()))
                .hint("the job was undone; report this with the panic's message")),
        };
        let succeeded = outcome.is_ok();
        self.outcome = Some(outcome);
        succeeded
    }

    fn answer(self: Box<Self>, group: Result<(), Error>) {
        let answer = match (self.outcome, group) {
            (Some(Err(error)), _) | (_, Err(error)) => Err(error),
            (Some(outcome), Ok(())) => outcome,
            (None, Ok(())) => return,
        };
        // Nobody waits when the caller was dropped in the meantime.
        let _ = self.reply.send(answer);
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

/// Runs jobs on a connection for queries until no handle is left. Threads share the queue: whoever is free takes the
/// next job.
pub(super) fn serve(connection: &Connection, jobs: &Mutex<mpsc::Receiver<Box<dyn Work>>>) {
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        let Some(mut job) = job else { return };
        if !job.abandoned() {
            job.run(connection);
            job.answer(Ok(()));
        }
    }
}
