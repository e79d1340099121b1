//! Files followed while they change: an index, and after each burst of changes another one that reads only what was
//! touched.
//!
//! Every folder that a walk comes to is watched by itself, so what ignore files name (build output, mostly) wakes
//! nobody. A round walks again, because an ignore file may have changed, but reads a file only when it, or a folder above
//! it, was touched, or when the store does not know it. When the system lost count of the changes, everything is read.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ninefold_core::{Error, ErrorKind, Result};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout_at};

use super::index::{Event, Indexer, Summary, blocking};
use super::reader::Touched;
use super::roots::Root;
use super::walk::folders;

/// So long nothing may change before a round: an editor saves in several steps.
const QUIET: Duration = Duration::from_millis(200);
/// So long after the first change a round comes, even when changes go on.
const PATIENCE: Duration = Duration::from_secs(2);
/// So long after a round that another process kept from writing it is tried again.
const AGAIN: Duration = Duration::from_secs(1);
/// What more paths than this were touched is not told apart.
const MAX_TOUCHED: usize = 10_000;
/// The most walks to find folders that appear while folders are being watched.
const MAX_WALKS: usize = 16;

impl Indexer {
    /// Brings the store in step with the files at and below `roots`, as [`Indexer::index`] does, and keeps it in step while
    /// they change, until `stop` is ready; then returns what was done altogether. Changes that come together are one
    /// round; a round that is over is told of as [`Event::InStep`]. A round that is under way when
    /// `stop` is ready is dropped: what it has written is whole, and the next index does the rest.
    ///
    /// Must run inside a tokio runtime with timers.
    ///
    /// # Errors
    /// As [`Indexer::index`]; `Unavailable` when the system watches no more folders.
    pub async fn watch<R: Clone + Into<Root>>(
        &self,
        roots: &[R],
        stop: impl Future<Output = ()>,
        progress: impl Fn(Event) + Send + Sync,
    ) -> Result<Summary> {
        let mut total = Summary::default();
        let mut stop = std::pin::pin!(stop);
        // A round changes `total` only when it is over, so it may be dropped at any point.
        tokio::select! {
            biased;
            () = &mut stop => Ok(()),
            outcome = self.follow(roots, &progress, &mut total) => outcome,
        }?;
        Ok(total)
    }

    async fn follow<R: Clone + Into<Root>>(
        &self,
        roots: &[R],
        progress: &impl Fn(Event),
        total: &mut Summary,
    ) -> Result<()> {
        let roots = self.find(roots).await?;
        let paths: Vec<PathBuf> = roots.iter().map(|root| root.path.clone()).collect();
        let changes = Arc::new(Changes::default());
        let mut watched = blocking({
            let (paths, changes) = (paths.clone(), Arc::clone(&changes));
            move || Watched::new(paths, changes)
        })
        .await??;
        let mut touched = None;
        loop {
            let round = loop {
                match self.round(&roots, touched.clone(), progress).await {
                    // Another process holds the database; what was written stays written.
                    Err(error) if error.is_transient() => sleep(AGAIN).await,
                    outcome => break outcome?,
                }
            };
            total.add(&round);
            progress(Event::InStep { round });
            touched = loop {
                let found = changes.next().await;
                // Folders that are new have to be watched before they are read.
                let touched;
                (watched, touched) = blocking(move || watched.again(found)).await??;
                let touched = merged(touched, changes.take());
                if touched.as_ref().is_none_or(|touched| !touched.0.is_empty()) {
                    break touched;
                }
            };
        }
    }
}

/// Both together; none, when either is not known.
fn merged(one: Option<Touched>, other: Option<Touched>) -> Option<Touched> {
    let (mut one, other) = (one?, other?);
    one.0.extend(other.0);
    Some(one)
}

/// What the system said, until it is asked for.
#[derive(Default)]
struct Changes {
    said: Mutex<Said>,
    news: Notify,
}

#[derive(Default)]
struct Said {
    touched: HashSet<PathBuf>,
    /// Some changes are not among the touched.
    lost: bool,
}

impl Changes {
    /// Notes what the system says. Runs on the watcher's thread.
    fn note(&self, said: notify::Result<notify::Event>, files: &HashSet<PathBuf>) {
        let mut all = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        match said {
            // Our own reading, among others.
            Ok(event) if matches!(event.kind, EventKind::Access(_)) => return,
            Ok(event) => {
                all.lost |= event.need_rescan();
                let of_interest = |path: &PathBuf| {
                    files.is_empty() || files.iter().any(|root| path == root || path.starts_with(root))
                };
                all.touched.extend(event.paths.into_iter().filter(of_interest));
                if all.touched.is_empty() && !all.lost {
                    return;
                }
            }
            Err(_) => all.lost = true,
        }
        if all.touched.len() > MAX_TOUCHED {
            all.touched.clear();
            all.lost = true;
        }
        drop(all);
        self.news.notify_one();
    }

    /// What was said since the last time; none when some of it was lost.
    fn take(&self) -> Option<Touched> {
        let said = std::mem::take(&mut *self.said.lock().unwrap_or_else(PoisonError::into_inner));
        (!said.lost).then_some(Touched(said.touched))
    }

    /// Waits for changes, and until they pause.
    async fn next(&self) -> Option<Touched> {
        self.news.notified().await;
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            let quiet = (Instant::now() + QUIET).min(end);
            if timeout_at(quiet, self.news.notified()).await.is_err() {
                break;
            }
        }
        self.take()
    }
}

/// The watcher and what it watches.
struct Watched {
    watcher: RecommendedWatcher,
    roots: Vec<PathBuf>,
    folders: HashSet<PathBuf>,
}

impl Watched {
    fn new(roots: Vec<PathBuf>, changes: Arc<Changes>) -> Result<Self> {
        // What happens beside a root that is a file is of no interest.
        let all: HashSet<PathBuf> = roots.iter().cloned().collect();
        let watcher = notify::recommended_watcher(move |said| changes.note(said, &all)).map_err(refused)?;
        let (watched, _) = Self { watcher, roots, folders: HashSet::new() }.again(None)?;
        Ok(watched)
    }

    /// Watches the folders that are there now; those that were touched anew, as another folder may have come in their
    /// place. A folder that appears between a walk and its being watched is found by the next walk, so walks are repeated
    /// until one finds nothing new. Gives back what it was told of.
    fn again(mut self, touched: Option<Touched>) -> Result<(Self, Option<Touched>)> {
        let stays = |folder: &PathBuf| touched.as_ref().is_some_and(|touched| !touched.holds(folder));
        let (mut kept, passing): (HashSet<PathBuf>, HashSet<PathBuf>) = self.folders.drain().partition(stays);
        for folder in &passing {
            // The system forgets a folder that is gone by itself.
            let _ = self.watcher.unwatch(folder);
        }
        std::mem::swap(&mut self.folders, &mut kept);
        for _ in 0..MAX_WALKS {
            let there: HashSet<PathBuf> = folders(&self.roots).into_iter().collect();
            for gone in self.folders.difference(&there) {
                let _ = self.watcher.unwatch(gone);
            }
            let new: Vec<PathBuf> = there.difference(&self.folders).cloned().collect();
            for folder in &new {
                match self.watcher.watch(folder, RecursiveMode::NonRecursive) {
                    Err(error) if !is_missing(&error, folder) => return Err(refused(error)),
                    _ => {}
                }
            }
            self.folders = there;
            if new.is_empty() {
                break;
            }
        }
        Ok((self, touched))
    }
}

/// Whether there is nothing to watch.
fn is_missing(error: &notify::Error, folder: &Path) -> bool {
    matches!(&error.kind, notify::ErrorKind::PathNotFound) || is_unreadable(error) || !folder.exists()
}

/// Whether the system lets nobody look into the folder: then an index passes over it as well.
fn is_unreadable(error: &notify::Error) -> bool {
    matches!(&error.kind, notify::ErrorKind::Io(error) if error.kind() == std::io::ErrorKind::PermissionDenied)
}

fn refused(error: notify::Error) -> Error {
    let hint = match error.kind {
        notify::ErrorKind::MaxFilesWatch => {
            "raise the limit (on Linux: sysctl fs.inotify.max_user_watches), or watch less"
        }
        _ => "index without watching, or watch less",
    };
    Error::new(ErrorKind::Unavailable, format!("changes of files cannot be watched: {error}"))
        .hint(hint)
        .caused_by(error)
}

#[cfg(test)]
mod tests {
    use notify::event::{CreateKind, Flag};

    use super::*;

    fn created(path: &str) -> notify::Result<notify::Event> {
        Ok(notify::Event::new(EventKind::Create(CreateKind::File)).add_path(path.into()))
    }

    #[test]
    fn what_the_system_lost_count_of_is_not_known() {
        let changes = Changes::default();
        changes.note(created("/a"), &HashSet::new());
        assert!(changes.take().is_some_and(|touched| touched.holds(Path::new("/a/b"))));
        let overflow = Ok(notify::Event::new(EventKind::Other).set_flag(Flag::Rescan));
        for lost in [overflow, Err(notify::Error::generic("queue overflow"))] {
            changes.note(created("/a"), &HashSet::new());
            changes.note(lost, &HashSet::new());
            changes.note(created("/b"), &HashSet::new());
            assert!(changes.take().is_none());
            assert!(changes.take().is_some_and(|touched| touched.0.is_empty()), "only once");
        }
        for n in 0..=MAX_TOUCHED {
            changes.note(created(&format!("/{n}")), &HashSet::new());
        }
        assert!(changes.take().is_none(), "too many to tell apart");
    }

    #[tokio::test(start_paused = true)]
    async fn changes_that_go_on_are_not_waited_for_forever() {
        let changes = Arc::new(Changes::default());
        let busy = Arc::clone(&changes);
        let writing = tokio::spawn(async move {
            loop {
                busy.note(created("/a"), &HashSet::new());
                sleep(QUIET / 2).await;
            }
        });
        let before = Instant::now();
        assert!(changes.next().await.is_some());
        assert!(before.elapsed() >= QUIET && before.elapsed() <= PATIENCE + QUIET);
        writing.abort();
    }
}
