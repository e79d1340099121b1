//! The reading side of an index: walks, reads and cuts on as many threads as there are cores.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use ninefold_core::store::lies_within;
use ninefold_core::{Document, Error, Key, Result};
use smol_str::SmolStr;
use tokio::sync::mpsc;

use super::read::{self, Reason};
use super::roots::Roots;
use super::walk::{Walked, walk};

/// A put takes at most so many files, or a little more than so many bytes of text.
const BATCH_FILES: usize = 64;
const BATCH_BYTES: u64 = 1024 * 1024;
/// So many files that need no put are told of together.
const TOLD: usize = 256;
/// The most threads: the store, which has one that writes, is not fed faster by more.
const MAX_THREADS: usize = 4;

/// From the reading threads to the future.
pub(super) enum Message {
    /// How many files will be told of.
    Found(u64),
    /// Files that need no put: skipped for a reason, or unchanged.
    Passed(Vec<(PathBuf, Option<Reason>)>),
    Batch(Batch),
    Gone(Vec<SmolStr>),
}

/// Documents for one put.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) documents: Vec<Document>,
    pub(super) bytes: u64,
    pub(super) lines: u64,
}

/// Files and folders that may have changed: only in and below them does content have to be read.
#[cfg_attr(not(feature = "watch"), allow(dead_code, reason = "only a watcher knows what was touched"))]
#[derive(Debug, Clone, Default)]
pub(super) struct Touched(pub(super) HashSet<PathBuf>);

impl Touched {
    /// Whether this path or a folder above it was touched.
    pub(super) fn holds(&self, path: &Path) -> bool {
        path.ancestors().any(|above| self.0.contains(above))
    }
}

/// What the blocking side works with.
pub(super) struct Reader {
    pub(super) roots: Vec<PathBuf>,
    /// The sources that the store has below the roots.
    pub(super) known: HashMap<SmolStr, Key>,
    pub(super) remembered: Roots,
    /// What may have changed; none when that is not known.
    pub(super) touched: Option<Touched>,
    pub(super) limit: u64,
    pub(super) sender: mpsc::Sender<Message>,
}

/// Nobody listens any more: the future was dropped, or the store failed.
struct Stopped;

/// What one thread did.
#[derive(Default)]
struct Share {
    /// Sources of which the store holds, now or soon, what is right.
    kept: Vec<SmolStr>,
    /// New files with the content of a source that is gone.
    moved: Vec<(PathBuf, Key)>,
}

impl Reader {
    pub(super) fn run(self) -> Result<()> {
        match self.read_all() {
            Ok(()) | Err(Failed::Stopped) => Ok(()),
            Err(Failed::Error(error)) => Err(error),
        }
    }

    fn read_all(&self) -> Result<(), Failed> {
        let Walked { files, skipped, unlisted } = walk(&self.roots);
        let mut kept: HashSet<SmolStr> = HashSet::with_capacity(files.len());
        let gone = self.gone(|path| files.contains(Path::new(path)), &unlisted);
        let mut to_read = Vec::with_capacity(files.len());
        for path in files {
            match (&self.touched, path.to_str()) {
                (Some(touched), Some(name)) if self.known.contains_key(name) && !touched.holds(&path) => {
                    kept.insert(name.into());
                }
                _ => to_read.push(path),
            }
        }
        let skipped: Vec<(PathBuf, Option<Reason>)> =
            skipped.into_iter().map(|(path, reason)| (path, Some(reason))).collect();
        self.send(Message::Found((to_read.len() + skipped.len()) as u64))?;
        self.tell(skipped)?;

        // Two sources with one content may be the origin of a file with it as much as each other.
        let mut origins: HashMap<Key, Option<SmolStr>> = HashMap::new();
        for path in gone {
            if let Some(&hash) = self.known.get(&path) {
                origins.entry(hash).and_modify(|origin| *origin = None).or_insert(Some(path));
            }
        }
        let Share { kept: held, moved } = self.share(&to_read, &|hash| {
            if origins.contains_key(&hash) { Fate::Later } else { Fate::New }
        })?;
        kept.extend(held);

        let mut takers: HashMap<Key, u32> = HashMap::new();
        for (_, hash) in &moved {
            *takers.entry(*hash).or_default() += 1;
        }
        let moved: Vec<PathBuf> = moved.into_iter().map(|(path, _)| path).collect();
        let Share { kept: held, .. } = self.share(&moved, &|hash| {
            let origin = origins.get(&hash).filter(|_| takers.get(&hash) == Some(&1)).cloned().flatten();
            origin.map_or(Fate::New, Fate::From)
        })?;
        kept.extend(held);

        let mut gone = self.gone(|path| kept.contains(path), &unlisted);
        gone.sort_unstable();
        if gone.is_empty() { Ok(()) } else { Ok(self.send(Message::Gone(gone))?) }
    }

    /// Reads files on several threads.
    fn share(&self, files: &[PathBuf], fate: &(impl Fn(Key) -> Fate + Sync)) -> Result<Share, Failed> {
        let next = AtomicUsize::new(0);
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let threads = cores.min(MAX_THREADS).min(files.len().div_ceil(BATCH_FILES));
        let work = || self.work(files, &next, fate);
        thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            let mut all = work();
            for other in others {
                let share = other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                all = all.and_then(|mut all| {
                    let share = share?;
                    all.kept.extend(share.kept);
                    all.moved.extend(share.moved);
                    Ok(all)
                });
            }
            all
        })
    }

    /// Takes file after file until none is left.
    fn work(&self, files: &[PathBuf], next: &AtomicUsize, fate: &impl Fn(Key) -> Fate) -> Result<Share, Failed> {
        let mut share = Share::default();
        let mut batch = Batch::default();
        let mut passed = Vec::new();
        while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            if self.sender.is_closed() {
                return Err(Failed::Stopped);
            }
            match self.read(path, fate, &mut share)? {
                Read::Unchanged => passed.push((path.clone(), None)),
                Read::Skipped(reason) => passed.push((path.clone(), Some(reason))),
                Read::Later(hash) => share.moved.push((path.clone(), hash)),
                Read::Changed { document, bytes, lines } => {
                    batch.documents.push(*document);
                    batch.bytes += bytes;
                    batch.lines += lines;
                }
            }
            if batch.documents.len() >= BATCH_FILES || batch.bytes >= BATCH_BYTES {
                self.send(Message::Batch(std::mem::take(&mut batch)))?;
            }
            if passed.len() >= TOLD {
                self.tell(std::mem::take(&mut passed))?;
            }
        }
        self.tell(passed)?;
        if !batch.documents.is_empty() {
            self.send(Message::Batch(batch))?;
        }
        Ok(share)
    }

    /// Reads one file; notes in `share` that what the store holds of it, now or soon, is right.
    fn read(&self, path: &Path, fate: &impl Fn(Key) -> Fate, share: &mut Share) -> Result<Read, Failed> {
        let Some(name) = path.to_str() else { return Ok(Read::Skipped(Reason::PathNotUtf8)) };
        let (text, modified) = match read::text(path, self.limit) {
            Ok(read) => read,
            Err(reason) => {
                if reason.keeps_source() {
                    share.kept.push(name.into());
                }
                return Ok(Read::Skipped(reason));
            }
        };
        let labels = self.remembered.labels(name);
        let hash = read::hash(&text, &labels)?;
        let known = self.known.get(name);
        let fate = if known.is_some() { Fate::New } else { fate(hash) };
        if matches!(fate, Fate::Later) {
            return Ok(Read::Later(hash));
        }
        share.kept.push(name.into());
        if known == Some(&hash) {
            return Ok(Read::Unchanged);
        }
        let mut document = Box::new(read::document(name, &text, hash, &labels, modified));
        if let Fate::From(origin) = fate {
            // The store takes it out in the same step.
            share.kept.push(origin.clone());
            document.renamed_from = Some(origin);
        }
        Ok(Read::Changed { document, bytes: text.len() as u64, lines: text.lines().count() as u64 })
    }

    /// The sources that are not there any more, of those for which `is_there` says no.
    fn gone(&self, is_there: impl Fn(&str) -> bool, unlisted: &[PathBuf]) -> Vec<SmolStr> {
        let gone = self.known.keys().filter(|path| !is_there(path) && self.is_gone(path, unlisted));
        gone.cloned().collect()
    }

    /// Whether a source that the walk did not come to is really gone, ignored or not text any more; not when it lies in
    /// a directory that could not be listed, or is there and another root answers for it.
    fn is_gone(&self, path: &str, unlisted: &[PathBuf]) -> bool {
        let unseen = unlisted.iter().any(|place| place.to_str().is_none_or(|place| lies_within(path, place)));
        let excused = unseen || self.remembered.belongs_to_another(path, &self.roots);
        !excused || std::fs::symlink_metadata(path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
    }

    fn tell(&self, passed: Vec<(PathBuf, Option<Reason>)>) -> Result<(), Stopped> {
        if passed.is_empty() { Ok(()) } else { self.send(Message::Passed(passed)) }
    }

    fn send(&self, message: Message) -> Result<(), Stopped> {
        self.sender.blocking_send(message).map_err(|_| Stopped)
    }
}

/// What becomes of a new file.
enum Fate {
    New,
    /// It was at this path.
    From(SmolStr),
    /// Not known before all other files are.
    Later,
}

enum Read {
    Unchanged,
    Skipped(Reason),
    Later(Key),
    Changed { document: Box<Document>, bytes: u64, lines: u64 },
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
