//! Keeping the store in step with files: what is new or changed is cut and put, what is gone is removed.
//!
//! Reading and cutting happen on threads of their own that hand batches of whole files over a short queue; the future
//! itself only awaits the store. Dropping it closes the queue, which stops the threads at their next file; a batch that
//! the store has already is written whole.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use ninefold_core::{ChunkKind, Document, Error, ErrorKind, Labels, Result, Store};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::read::Reason;
use super::reader::{Batch, Message, Reader, Touched};
use super::roots::{Root, Roots};
use super::walk::canonical;

/// How many messages may wait for the store.
const QUEUE: usize = 4;

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
    /// The store is in step with the files. Told by [`Indexer::watch`], after each round.
    #[cfg(feature = "watch")]
    InStep {
        /// What the round did.
        round: Summary,
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
    /// It is new, and the very content of a source that is no longer there: the store has that under its path now, with
    /// the use that was made of it.
    Renamed {
        /// The path it had.
        from: PathBuf,
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
    /// Files that have another path now.
    pub renamed: u64,
    /// Files that the store had already.
    pub unchanged: u64,
    /// Sources taken out because their files are gone, ignored now or no longer text.
    pub removed: u64,
    /// Files that were passed over.
    pub skipped: Vec<Skipped>,
    /// Chunks written, by what they were cut from.
    pub chunks: BTreeMap<ChunkKind, u64>,
    /// Bytes of the files that were indexed.
    pub bytes: u64,
    /// Lines of the files that were indexed.
    pub lines: u64,
}

impl Summary {
    /// All chunks written.
    #[must_use]
    pub fn all_chunks(&self) -> u64 {
        self.chunks.values().sum()
    }

    /// Counts what another round did to what was done before.
    #[cfg(feature = "watch")]
    pub(super) fn add(&mut self, round: &Self) {
        let Self { indexed, renamed, unchanged, removed, skipped, chunks, bytes, lines } = round;
        self.indexed += indexed;
        self.renamed += renamed;
        self.unchanged += unchanged;
        self.removed += removed;
        self.bytes += bytes;
        self.lines += lines;
        for (kind, n) in chunks {
            *self.chunks.entry(*kind).or_default() += n;
        }
        // A file that is passed over again and again is one file.
        let again: std::collections::HashSet<&PathBuf> = skipped.iter().map(|skipped| &skipped.path).collect();
        self.skipped.retain(|known| !again.contains(&known.path));
        self.skipped.extend(skipped.iter().cloned());
    }
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
        let roots = self.find(roots).await?;
        self.round(&roots, None, &progress).await
    }

    /// The canonical paths of roots, with the labels they are given.
    pub(super) async fn find<R: Clone + Into<Root>>(&self, roots: &[R]) -> Result<Vec<Root>> {
        let given: Vec<Root> = roots.iter().cloned().map(Into::into).collect();
        let labels = self.labels.clone();
        let find =
            move |root: Root| Ok(Root { path: canonical(&root.path)?, labels: root.labels.or_else(|| labels.clone()) });
        blocking(move || given.into_iter().map(find).collect()).await?
    }

    /// Brings the store in step with the files below canonical roots; looks only into those that were touched, if these
    /// are known.
    pub(super) async fn round(
        &self,
        roots: &[Root],
        touched: Option<Touched>,
        progress: &impl Fn(Event),
    ) -> Result<Summary> {
        // A root whose path is not UTF-8 holds no file that could be indexed.
        let named = roots.iter().filter_map(|root| Some((root.path.to_str()?.to_owned(), root.labels.clone())));
        let remembered = Roots::remember(self.store.as_ref(), &named.collect::<Vec<_>>()).await?;
        let roots: Vec<PathBuf> = roots.iter().map(|root| root.path.clone()).collect();
        let mut known = HashMap::new();
        for root in roots.iter().filter_map(|root| root.to_str()) {
            known.extend(self.store.sources(root).await?.into_iter().map(|source| (source.path, source.hash)));
        }
        let (sender, mut messages) = mpsc::channel(QUEUE);
        let reader = Reader { roots, known, remembered, touched, limit: self.max_file_bytes, sender };
        let reading = spawn_blocking(move || reader.run());
        let mut summary = Summary::default();
        while let Some(message) = messages.recv().await {
            self.handle(message, &mut summary, progress).await?;
        }
        joined(reading.await)??;
        Ok(summary)
    }

    async fn handle(&self, message: Message, summary: &mut Summary, progress: &impl Fn(Event)) -> Result<()> {
        match message {
            Message::Found(files) => progress(Event::Found { files }),
            Message::Passed(files) => {
                for (path, reason) in files {
                    let outcome = reason.clone().map_or(Outcome::Unchanged, Outcome::Skipped);
                    progress(Event::File { path: path.clone(), outcome });
                    match reason {
                        Some(reason) => summary.skipped.push(Skipped { path, reason }),
                        None => summary.unchanged += 1,
                    }
                }
            }
            Message::Batch(Batch { documents, bytes, lines }) => {
                let written: Vec<Written> = documents.iter().map(Written::of).collect();
                self.store.put(documents).await?;
                summary.bytes += bytes;
                summary.lines += lines;
                for Written { path, kind, chunks, from } in written {
                    if let Some(kind) = kind {
                        *summary.chunks.entry(kind).or_default() += chunks;
                    }
                    let outcome = if let Some(from) = from {
                        summary.renamed += 1;
                        Outcome::Renamed { from }
                    } else {
                        summary.indexed += 1;
                        Outcome::Indexed { chunks }
                    };
                    progress(Event::File { path, outcome });
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

/// What is told of a document once the store has it.
struct Written {
    path: PathBuf,
    /// None for a file without chunks.
    kind: Option<ChunkKind>,
    chunks: u64,
    from: Option<PathBuf>,
}

impl Written {
    fn of(document: &Document) -> Self {
        Self {
            path: document.source.path.as_str().into(),
            kind: document.chunks.first().map(|chunk| chunk.kind),
            chunks: document.chunks.len() as u64,
            from: document.renamed_from.as_ref().map(|from| from.as_str().into()),
        }
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

pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
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
