//! Store and journal in one SQLite file, on threads of their own: one that writes and two that read. No call blocks
//! the runtime it is awaited on, and every queue is bounded, so that callers wait when the disk is slower than they.

mod chunks;
mod connection;
mod failure;
mod journal;
mod migrate;
mod prepare;
mod search;
mod store;
mod task;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ninefold_core::Result;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use failure::{Fault, stopped, unavailable};
use task::{Task, Work};

/// How many jobs may wait for the writer, and how many for the readers.
const QUEUE: usize = 1024;
const READERS: usize = 2;

/// A store and a journal in one SQLite file. Clones are handles on the same connection threads; when the last one is
/// dropped, the threads finish what was handed to them and close the file.
///
/// Several processes may open one file. Each put, touch, removal and journal call is atomic among them.
#[derive(Clone)]
pub struct Sqlite {
    path: Arc<Path>,
    writer: mpsc::Sender<Box<dyn Work>>,
    readers: mpsc::Sender<Box<dyn Work>>,
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
        f.debug_struct("Sqlite").field("path", &self.path).finish_non_exhaustive()
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
        let (writer, jobs) = mpsc::channel(QUEUE);
        let opened = Arc::clone(&path);
        start(
            "ninefold-write",
            &path,
            move || connection::open(&opened, options),
            move |connection| {
                writer::serve(&connection, jobs);
            },
        )
        .await?;
        let (readers, jobs) = mpsc::channel(QUEUE);
        let jobs = Arc::new(std::sync::Mutex::new(jobs));
        for _ in 0..READERS {
            let (opened, jobs) = (Arc::clone(&path), Arc::clone(&jobs));
            start(
                "ninefold-read",
                &path,
                move || connection::open_for_queries(&opened, options),
                move |connection| {
                    task::serve(&connection, &jobs);
                },
            )
            .await?;
        }
        Ok(Self { path, writer, readers })
    }

    /// The file's absolute path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T> {
        self.hand(&self.writer, work).await
    }

    async fn query<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T> {
        self.hand(&self.readers, work).await
    }

    async fn hand<T: Send + 'static>(
        &self,
        queue: &mpsc::Sender<Box<dyn Work>>,
        work: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T> {
        let (task, answer) = Task::with_answer(Arc::clone(&self.path), work);
        queue.send(task).await.map_err(|_| stopped(&self.path))?;
        answer.await.unwrap_or_else(|_| Err(stopped(&self.path)))
    }
}

/// Starts a thread that opens a connection and then serves it; returns when it is open.
async fn start(
    name: &str,
    path: &Path,
    open: impl FnOnce() -> Result<Connection> + Send + 'static,
    serve: impl FnOnce(Connection) + Send + 'static,
) -> Result<()> {
    let (opened, ready) = oneshot::channel();
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || match open() {
        Ok(connection) => {
            if opened.send(Ok(())).is_ok() {
                serve(connection);
            }
        }
        Err(error) => {
            let _ = opened.send(Err(error));
        }
    });
    thread.map_err(|error| unavailable(path, &error))?;
    ready.await.unwrap_or_else(|_| Err(stopped(path)))
}

/// The path as the database is told of it.
fn file_of(connection: &Connection) -> PathBuf {
    connection.path().map(PathBuf::from).unwrap_or_default()
}
