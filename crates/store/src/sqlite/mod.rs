//! Store, journal, sessions and cache in one SQLite file, on threads of their own: one that writes and two that read.
//! Reads of a few rows by their keys, and short entries of the journal, are done where the caller is. No call blocks the
//! runtime it is awaited on for longer than such a read, or than some tens of such entries, and every queue is bounded, so
//! that callers wait when the disk is slower than they.

mod cache;
mod chunks;
mod connection;
mod contents;
mod embeddings;
mod experience;
mod failure;
mod filter;
mod inspect;
mod journal;
mod ledger;
mod lexical;
mod log;
mod maintain;
mod migrate;
mod pen;
mod prepare;
mod reader;
mod relations;
mod search;
mod sessions;
mod store;
mod task;
mod thread;
mod uploads;
mod usage;
mod vectors;
mod vocabulary;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ninefold_core::Result;
use rusqlite::Connection;
use tokio::sync::mpsc;

pub use inspect::{Counts, Inspection, inspect};
pub use maintain::{Check, Sizes, is_derived};

pub(crate) use prepare::{AT_ONCE, away};

use failure::{Fault, stopped, unavailable};
use pen::{Hand, Left, Pen};
use reader::{Caller, Near};
use task::{Order, Task};
use thread::{Threads, start};
pub use usage::Used;

/// How many jobs may wait for the writer, and how many for the readers.
const QUEUE: usize = 1024;
const READERS: usize = 2;
/// How many short reads may be under way where their callers are; more of them go to the readers.
const NEAR: usize = 4;
/// Up to so many rows are a short read.
const FEW: usize = 16;

/// A store and a journal in one SQLite file. Clones are handles on the same connection threads; when the last one is
/// dropped, the threads finish what was handed to them and close the file. [`Sqlite::close`] waits for that.
///
/// Several processes may open one file. Each put, touch, removal, journal, session and cache call is atomic among them.
/// A write waits for another process that writes, and fails as `Transient` when that takes longer than
/// [`Options::busy_timeout`].
#[derive(Clone)]
pub struct Sqlite(Arc<Open>);

struct Open {
    path: Arc<Path>,
    // First to be dropped, so that the writer's thread is the last to have the file open.
    near: Near,
    readers: mpsc::Sender<Order>,
    writer: mpsc::Sender<Order>,
    pen: Arc<Pen>,
    threads: tokio::sync::Mutex<Threads>,
    held: Arc<search::Held>,
}

/// What an acknowledged write outlives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Synchronous {
    /// The process: a kill loses nothing; a crash of the operating system or a power cut may lose the last writes,
    /// never the file's integrity.
    #[default]
    Normal,
    /// A power cut as well, at the price of one fsync per group of writes.
    Full,
}

/// How a file is opened.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// What an acknowledged write outlives.
    pub synchronous: Synchronous,
    /// How long a write waits for another process that holds the file; then it fails as `Transient`.
    pub busy_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { synchronous: Synchronous::default(), busy_timeout: Duration::from_secs(5) }
    }
}

impl std::fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sqlite").field("path", &self.0.path).finish_non_exhaustive()
    }
}

impl Sqlite {
    /// Opens the file at `path` with the default [`Options`]; makes it, and the directories above it, when it is not
    /// there, and brings an older layout up to date.
    ///
    /// # Errors
    /// `Unavailable` when the file cannot be made, opened or written; `Corrupt` when it is damaged, no SQLite
    /// database, another program's, or of a newer version; `Transient` when another process holds it too long.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(path, Options::default()).await
    }

    /// Opens the file at `path`.
    ///
    /// # Errors
    /// As [`Sqlite::open`].
    pub async fn open_with(path: impl AsRef<Path>, options: Options) -> Result<Self> {
        let path = path.as_ref();
        // An absolute path is never one of the names that SQLite takes for something else than a file.
        let path: Arc<Path> = std::path::absolute(path).map_err(|error| unavailable(path, &error))?.into();
        let (writer, orders) = mpsc::channel(QUEUE);
        let opened = Arc::clone(&path);
        let open = move || {
            let (connection, log) = connection::open(&opened, options)?;
            let pen = Arc::new(Pen::new(connection, log, options.synchronous));
            Ok((Arc::clone(&pen), pen))
        };
        let serve = move |pen: Arc<Pen>| writer::serve(&pen, orders);
        let (served, pen) = start("ninefold-write", &path, open, serve).await?;
        let mut threads = Threads { readers: Vec::with_capacity(READERS), writer: Some(served) };
        let (readers, orders) = mpsc::channel(QUEUE);
        let orders = Arc::new(std::sync::Mutex::new(orders));
        let mut near = Vec::new();
        for n in 0..READERS {
            let (opened, orders) = (Arc::clone(&path), Arc::clone(&orders));
            let caller = Caller::default();
            let watched = caller.clone();
            let open = move || {
                let connection = connection::open_for_queries(&opened, options, &watched)?;
                // The first reader also opens those for the callers' threads, which are not to wait for it.
                let near = if n == 0 { NEAR } else { 0 };
                let near =
                    (0..near).map(|_| connection::open_for_look_ups(&opened, options)).collect::<Result<Vec<_>>>()?;
                Ok((connection, near))
            };
            let serve = move |connection: Connection| reader::serve(&connection, &caller, &orders);
            let (served, more) = start("ninefold-read", &path, open, serve).await?;
            threads.readers.push(served);
            near.extend(more);
        }
        let threads = tokio::sync::Mutex::new(threads);
        let near = Near::new(near);
        Ok(Self(Arc::new(Open { path, near, readers, writer, pen, threads, held: Arc::default() })))
    }

    /// The file's absolute path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Finishes what was handed over so far, folds the log into the file and closes it; returns when its threads have
    /// ended. All handles on it are closed: what is asked of them later fails as `Unavailable`. Unless another process
    /// has the database open, it is one file then. Closing again does nothing.
    pub async fn close(&self) {
        let mut threads = self.0.threads.lock().await;
        self.0.near.close();
        threads.end(&self.0.readers, &self.0.writer).await;
    }

    /// A job for the writer, in a transaction that it may share with others. It is done a second time when another job of
    /// the transaction failed, so it consumes nothing.
    async fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T> {
        let (task, answer) = Task::with_answer(Arc::clone(&self.0.path), work);
        self.hand(&self.0.writer, Order::Job(task)).await?;
        answer.wait(&self.0.path).await
    }

    /// A write of so many bytes, as by [`Sqlite::write`]. A short one is done here and now when nobody else writes.
    async fn write_briefly<T: Send + 'static>(
        &self,
        hand: Hand,
        bytes: usize,
        work: impl Fn(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T> {
        let Open { path, pen, writer, .. } = &*self.0;
        // A loop of these lets other tasks of its thread have their turn.
        tokio::task::coop::consume_budget().await;
        if bytes <= pen::BRIEF && pen.is_alone(hand) {
            let (outcome, left) = pen.write(path, hand, &work);
            self.see_to(left);
            if let Some(outcome) = outcome {
                return outcome;
            }
        }
        let (task, answer) = Task::with_answer(Arc::clone(path), work);
        if let Some(task) = pen.put_down(hand, bytes, task) {
            self.hand(writer, Order::Job(task)).await?;
        } else {
            // Those who are about to write as well put theirs down meanwhile.
            for _ in 0..pen::TURNS {
                tokio::task::yield_now().await;
                if pen.is_gathered() {
                    break;
                }
            }
            self.see_to(pen.lead());
        }
        answer.wait(path).await
    }

    /// Tells the thread that there is work. Nothing is lost when its queue is full: it looks for such work whenever it has done
    /// other.
    fn see_to(&self, left: Left) {
        if left == Left::ForTheThread {
            let _ = self.0.writer.try_send(Order::Tend);
        }
    }

    /// A job for the threads that read; it is stopped when the future is dropped.
    async fn query<T: Send + 'static>(
        &self,
        work: impl Fn(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T> {
        let (task, answer) = Task::with_answer(Arc::clone(&self.0.path), work);
        self.hand(&self.0.readers, Order::Job(task)).await?;
        answer.wait(&self.0.path).await
    }

    /// A read of a few rows by their keys, and nothing else, done here and now. None when it cannot be: then it is one for
    /// [`Sqlite::query`].
    async fn look_up<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Fault>) -> Option<Result<T>> {
        // A loop of these lets other tasks of its thread have their turn.
        tokio::task::coop::consume_budget().await;
        self.0.near.read(&self.0.path, work)
    }

    async fn hand(&self, queue: &mpsc::Sender<Order>, order: Order) -> Result<()> {
        queue.send(order).await.map_err(|_| stopped(&self.0.path))
    }
}

/// The path as the database is told of it.
fn file_of(connection: &Connection) -> PathBuf {
    connection.path().map(PathBuf::from).unwrap_or_default()
}
