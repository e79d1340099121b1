//! Keeping the store in step with files: what is new or changed is cut and put, what is gone is removed.
//!
//! Reading and cutting happen on a blocking thread that hands batches over a short queue; the future itself only
//! awaits the store. Dropping it closes the queue, which stops the thread at its next file; a batch that the store
//! has already is written whole.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ninefold_core::store::lies_within;
use ninefold_core::{Document, Error, ErrorKind, Key, Labels, Result, Store};
use smol_str::SmolStr;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::read::{self, Reason};
use super::roots::{Root, Roots};
use super::walk::{Walked, canonical, walk};

/// A put takes at most so many files, or a little more than so many bytes of text.
const BATCH_FILES: usize = 64;
const BATCH_BYTES: usize = 1024 * 1024;
/// How many messages may wait for the store.
const QUEUE: usize = 2;

/// Reads files and directories into a store.
#[derive(Clone)]
pub struct Indexer {
    store: Arc<dyn Store>,
    labels: Option<Labels>,
    max_file_bytes: u64,
}

/// What happened, while it happens.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The walk is done: so many files will each get an [`Event::File`].
    Found {
        /// How many files.
        files: u64,
    },
    /// A file is done, or a source that is no longer there was removed.
    File {
        /// Its canonical path.
        path: PathBuf,
        /// What became of it.
        outcome: Outcome,
    },
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It was new or changed; the store has it now.
    Indexed {
        /// How many chunks it was cut into.
        chunks: u64,
    },
    /// The store had it already.
    Unchanged,
    /// It was passed over.
    Skipped(Reason),
    /// It is not there any more, or ignored now; nor is it in the store. Not among the files found.
    Removed,
}

/// A file that was passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Its path.
    pub path: PathBuf,
    /// Why.
    pub reason: Reason,
}

/// What an index run did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Files that were new or changed.
    pub indexed: u64,
    /// Files that the store had already.
    pub unchanged: u64,
    /// Sources taken out because their files are gone, ignored now or no longer text.
    pub removed: u64,
    /// Files that were passed over.
    pub skipped: Vec<Skipped>,
    /// Chunks written.
    pub chunks: u64,
    /// Bytes of the files that were indexed.
    pub bytes: u64,
}

/// From the reading thread to the future.
enum Message {
    Found(u64),
    Unchanged(PathBuf),
    Skipped(PathBuf, Reason),
    Batch(Vec<(Document, u64)>),
    Gone(Vec<SmolStr>),
}

impl Indexer {
    /// An indexer of files of at most 2 MiB each.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, labels: None, max_file_bytes: 2 * 1024 * 1024 }
    }

    /// Gives every root that has no labels of its own these. See [`Root::labels`].
    #[must_use]
    pub fn labels(mut self, labels: Labels) -> Self {
        self.labels = Some(labels);
        self
    }

    /// Passes over files of more bytes than this.
    #[must_use]
    pub fn max_file_bytes(mut self, limit: u64) -> Self {
        self.max_file_bytes = limit;
        self
    }

    /// Brings the store in step with the files at and below `roots`: puts what is new or changed and removes what is
    /// no longer there. A source's path is its file's canonical path. `progress` is told of every file; it runs
    /// between awaits, so it should be quick.
    ///
    /// Must run inside a tokio runtime.
    ///
    /// # Errors
    /// `NotFound` or `Unavailable` for a root that is not there or cannot be read, before anything is written; as
    /// [`Store::put`] when the store fails. A file that cannot be read is no error: it is in [`Summary::skipped`].
    pub async fn index<R: Clone + Into<Root>>(
        &self,
        roots: &[R],
        progress: impl Fn(Event) + Send + Sync,
    ) -> Result<Summary> {
        let mut given: Vec<Root> = roots.iter().cloned().map(Into::into).collect();
        let paths: Vec<PathBuf> = given.iter().map(|root| root.path.clone()).collect();
        let roots = blocking(move || paths.iter().map(|root| canonical(root)).collect::<Result<Vec<_>>>()).await??;
        // A root whose path is not UTF-8 holds no file that could be indexed.
        let labelled: Vec<(String, Option<Labels>)> = roots
            .iter()
            .zip(&mut given)
            .filter_map(|(path, root)| Some((path.to_str()?.to_owned(), root.labels.take().or(self.labels.clone()))))
            .collect();
        let remembered = Roots::remember(self.store.as_ref(), &labelled).await?;
        let mut known = HashMap::new();
        for root in roots.iter().filter_map(|root| root.to_str()) {
            known.extend(self.store.sources(root).await?.into_iter().map(|source| (source.path, source.hash)));
        }
        let (sender, mut messages) = mpsc::channel(QUEUE);
        let reader = Reader { roots, known, remembered, limit: self.max_file_bytes, sender };
        let reading = spawn_blocking(move || reader.run());
        let mut summary = Summary::default();
        while let Some(message) = messages.recv().await {
            self.handle(message, &mut summary, &progress).await?;
        }
        joined(reading.await)??;
        Ok(summary)
    }

    async fn handle(&self, message: Message, summary: &mut Summary, progress: &impl Fn(Event)) -> Result<()> {
        match message {
            Message::Found(files) => progress(Event::Found { files }),
            Message::Unchanged(path) => {
                summary.unchanged += 1;
                progress(Event::File { path, outcome: Outcome::Unchanged });
            }
            Message::Skipped(path, reason) => {
                progress(Event::File { path: path.clone(), outcome: Outcome::Skipped(reason.clone()) });
                summary.skipped.push(Skipped { path, reason });
            }
            Message::Batch(batch) => {
                let (documents, bytes): (Vec<Document>, Vec<u64>) = batch.into_iter().unzip();
                let written: Vec<(PathBuf, u64)> = documents
                    .iter()
                    .map(|document| (PathBuf::from(document.source.path.as_str()), document.chunks.len() as u64))
                    .collect();
                self.store.put(documents).await?;
                summary.bytes += bytes.iter().sum::<u64>();
                for (path, chunks) in written {
                    summary.indexed += 1;
                    summary.chunks += chunks;
                    progress(Event::File { path, outcome: Outcome::Indexed { chunks } });
                }
            }
            Message::Gone(paths) => {
                summary.removed += self.store.remove(&paths).await?;
                for path in paths {
                    progress(Event::File { path: path.as_str().into(), outcome: Outcome::Removed });
                }
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for Indexer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { store: _, labels, max_file_bytes } = self;
        f.debug_struct("Indexer")
            .field("labels", labels)
            .field("max_file_bytes", max_file_bytes)
            .finish_non_exhaustive()
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    joined(spawn_blocking(work).await)
}

fn joined<T>(outcome: Result<T, tokio::task::JoinError>) -> Result<T> {
    outcome.map_err(|error| {
        if error.is_panic() {
            Error::new(ErrorKind::Panicked, "reading files panicked").hint("report this with the panic's message")
        } else {
            Error::new(ErrorKind::Cancelled, "the runtime shut down while files were read")
        }
        .caused_by(error)
    })
}

/// The blocking side.
struct Reader {
    roots: Vec<PathBuf>,
    known: HashMap<SmolStr, Key>,
    remembered: Roots,
    limit: u64,
    sender: mpsc::Sender<Message>,
}

/// Nobody listens any more: the future was dropped, or the store failed.
struct Stopped;

impl Reader {
    fn run(self) -> Result<()> {
        match self.read_all() {
            Ok(()) | Err(Failed::Stopped) => Ok(()),
            Err(Failed::Error(error)) => Err(error),
        }
    }

    fn read_all(&self) -> Result<(), Failed> {
        let Walked { files, skipped, unlisted } = walk(&self.roots);
        self.send(Message::Found((files.len() + skipped.len()) as u64))?;
        for (path, reason) in skipped {
            self.send(Message::Skipped(path, reason))?;
        }
        let mut kept: HashSet<SmolStr> = HashSet::with_capacity(files.len());
        let mut batch = Vec::new();
        let mut batch_bytes = 0;
        for path in files {
            if self.sender.is_closed() {
                return Err(Failed::Stopped);
            }
            match self.read(&path, &mut kept)? {
                Read::Unchanged => self.send(Message::Unchanged(path))?,
                Read::Skipped(reason) => self.send(Message::Skipped(path, reason))?,
                Read::Changed(document, bytes) => {
                    batch.push((document, bytes as u64));
                    batch_bytes += bytes;
                }
            }
            if batch.len() >= BATCH_FILES || batch_bytes >= BATCH_BYTES {
                self.send(Message::Batch(std::mem::take(&mut batch)))?;
                batch_bytes = 0;
            }
        }
        if !batch.is_empty() {
            self.send(Message::Batch(batch))?;
        }
        let mut gone: Vec<SmolStr> =
            self.known.keys().filter(|path| !kept.contains(*path) && self.is_gone(path, &unlisted)).cloned().collect();
        gone.sort_unstable();
        if gone.is_empty() { Ok(()) } else { Ok(self.send(Message::Gone(gone))?) }
    }

    /// Reads one file; notes in `kept` that what the store holds of it, now or soon, is right.
    fn read(&self, path: &Path, kept: &mut HashSet<SmolStr>) -> Result<Read, Failed> {
        let Some(name) = path.to_str() else { return Ok(Read::Skipped(Reason::PathNotUtf8)) };
        let text = match read::text(path, self.limit) {
            Ok(text) => text,
            Err(reason) => {
                if reason.keeps_source() {
                    kept.insert(name.into());
                }
                return Ok(Read::Skipped(reason));
            }
        };
        kept.insert(name.into());
        let labels = self.remembered.labels(name);
        let hash = read::hash(&text, &labels)?;
        if self.known.get(name) == Some(&hash) {
            return Ok(Read::Unchanged);
        }
        Ok(Read::Changed(read::document(name, &text, hash, &labels), text.len()))
    }

    /// Whether a source that the walk did not come to is really gone, ignored or not text any more; not when it lies in
    /// a directory that could not be listed, or is there and another root answers for it.
    fn is_gone(&self, path: &str, unlisted: &[PathBuf]) -> bool {
        let unseen = unlisted.iter().any(|place| place.to_str().is_none_or(|place| lies_within(path, place)));
        let excused = unseen || self.remembered.belongs_to_another(path, &self.roots);
        !excused || std::fs::symlink_metadata(path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
    }

    fn send(&self, message: Message) -> Result<(), Stopped> {
        self.sender.blocking_send(message).map_err(|_| Stopped)
    }
}

enum Read {
    Unchanged,
    Skipped(Reason),
    Changed(Document, usize),
}

enum Failed {
    Stopped,
    Error(Error),
}

impl From<Stopped> for Failed {
    fn from(Stopped: Stopped) -> Self {
        Self::Stopped
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}
