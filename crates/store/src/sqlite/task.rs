//! Jobs on their way to a connection's thread and their answers on the way back.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ninefold_core::{Error, ErrorKind, Result};
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::failure::{Fault, stopped};

/// What a thread is told.
pub(super) enum Order {
    /// A job; for the writer one that shares a transaction with others.
    Job(Box<dyn Work>),
    /// A job of the writer that is in no transaction.
    Apart(Box<dyn Work>),
    /// To fold the log: there is enough of it. Or to do the short writes that wait.
    Tend,
    /// To take no more jobs, finish those that wait, and end.
    Close,
}

/// A job whose result has whatever type its caller awaits.
pub(super) trait Work: Send {
    /// Whether nobody waits for the answer any more.
    fn abandoned(&self) -> bool;
    /// Becomes true when nobody waits for the answer any more; none for a job that nobody ever waits for.
    fn left(&self) -> Option<Arc<AtomicBool>>;
    /// Does the work and keeps the result; returns whether it succeeded. It is done again when what it did was undone.
    fn run(&mut self, connection: &Connection) -> bool;
    /// Answers the caller. When `group` is an error, so is the answer: the work was undone, or never done.
    fn answer(self: Box<Self>, group: Result<(), Error>);
    /// The file the job is about.
    fn path(&self) -> &Path;
}

/// A job and the way back to its caller.
pub(super) struct Task<T, F> {
    path: Arc<Path>,
    work: F,
    outcome: Option<Result<T>>,
    reply: oneshot::Sender<Result<T>>,
    left: Arc<AtomicBool>,
}

/// The caller's end of a job.
pub(super) struct Answer<T> {
    pub(super) receiver: oneshot::Receiver<Result<T>>,
    left: Arc<AtomicBool>,
}

impl<T> Answer<T> {
    /// Waits for the answer.
    pub(super) async fn wait(mut self, path: &Path) -> Result<T> {
        (&mut self.receiver).await.unwrap_or_else(|_| Err(stopped(path)))
    }
}

impl<T> Drop for Answer<T> {
    fn drop(&mut self) {
        self.left.store(true, Ordering::Relaxed);
    }
}

impl<T: Send + 'static, F: Fn(&Connection) -> Result<T, Fault> + Send + 'static> Task<T, F> {
    /// A job about the file at `path`, and where its answer will be.
    pub(super) fn with_answer(path: Arc<Path>, work: F) -> (Box<dyn Work>, Answer<T>) {
        let (reply, receiver) = oneshot::channel();
        let left = Arc::new(AtomicBool::new(false));
        let answer = Answer { receiver, left: Arc::clone(&left) };
        (Box::new(Self { path, work, outcome: None, reply, left }), answer)
    }
}

impl<T: Send, F: Fn(&Connection) -> Result<T, Fault> + Send> Work for Task<T, F> {
    fn abandoned(&self) -> bool {
        self.left.load(Ordering::Relaxed)
    }

    fn left(&self) -> Option<Arc<AtomicBool>> {
        Some(Arc::clone(&self.left))
    }

    fn run(&mut self, connection: &Connection) -> bool {
        let outcome = match catch_unwind(AssertUnwindSafe(|| (self.work)(connection))) {
            Ok(outcome) => outcome.map_err(|fault| fault.at(&self.path)),
            Err(_) => Err(panicked(&self.path)),
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

/// The error for a job that panicked.
pub(super) fn panicked(path: &Path) -> Error {
    Error::new(ErrorKind::Panicked, format!("a job on {} panicked", path.display()))
        .hint("the job was undone; report this with the panic's message")
}

/// A write that nobody waits for, and without which nothing but a habit is lost: when a value was last read.
pub(super) struct Note<F> {
    path: Arc<Path>,
    work: F,
}

impl<F: Fn(&Connection) -> Result<(), Fault> + Send> Note<F> {
    /// A note about the file at `path`.
    pub(super) fn new(path: Arc<Path>, work: F) -> Self {
        Self { path, work }
    }
}

impl<F: Fn(&Connection) -> Result<(), Fault> + Send> Work for Note<F> {
    fn abandoned(&self) -> bool {
        false
    }

    fn left(&self) -> Option<Arc<AtomicBool>> {
        None
    }

    fn run(&mut self, connection: &Connection) -> bool {
        catch_unwind(AssertUnwindSafe(|| (self.work)(connection))).is_ok_and(|outcome| outcome.is_ok())
    }

    fn answer(self: Box<Self>, _: Result<(), Error>) {}

    fn path(&self) -> &Path {
        &self.path
    }
}
