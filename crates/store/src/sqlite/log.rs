//! SQLite's write-ahead log: when what stands in it goes over into the file. SQLite by itself does it within a commit;
//! here it is done after the callers of that commit have their answers, and when there is nothing else to do.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::{Duration, SystemTime};

use rusqlite::Connection;

use super::failure::Fault;
use super::maintain::log_of;

/// So many pages (of 4 KiB) are folded into the file together: rows by random keys change the same pages again and
/// again, and what is folded less often is written to the file less often. SQLite's own measure is 1,000; up to about
/// 4,000, the log's index is one block, and a page is found in it in one step.
const FOLD: i32 = 4_000;
/// A log of so many pages is cut off, even though readers must be waited for: 32 MiB.
const LARGEST: i32 = 2 * FOLD;
/// How long readers are waited for.
const PATIENCE: Duration = Duration::from_millis(100);
/// A log that is larger than this when there is nothing to do is cut off, in bytes.
const KEPT: u64 = 1 << 20;

/// The writer's view of the log.
pub(super) struct Log {
    file: PathBuf,
    /// How many pages there were after the last commit.
    pages: Arc<AtomicI32>,
    /// Whether a commit wrote to it since the thread's last transaction began.
    wrote: Arc<AtomicBool>,
    /// How many there were the last time.
    last: i32,
    /// At how many pages to fold, and to cut off, the next time.
    fold_at: i32,
    cut_at: i32,
    /// Whether something may be in the log that is not in the file.
    unfolded: bool,
    /// Whether the next commit continues the log. The first one after it was folded may begin it anew, which takes an fsync
    /// of its head.
    going: bool,
    /// When the file was last written to, as seen before the commit since which the log is going. Only who folds writes to it.
    stood: Option<SystemTime>,
    /// The same before the thread's last transaction.
    before: Option<SystemTime>,
    /// Whether callers wrote since this was last asked.
    used: bool,
    /// Whether the thread was told to fold.
    told: bool,
    busy_timeout: Duration,
    places: Places,
}

/// What a checkpoint reports.
struct Folded {
    /// Whether all that was in the log is in the file.
    whole: bool,
}

impl Log {
    /// Takes over from SQLite when to fold the log of the database at `path`.
    pub(super) fn attach(connection: &mut Connection, path: &Path, busy_timeout: Duration) -> Result<Self, Fault> {
        let pages = Arc::new(AtomicI32::new(0));
        let wrote = Arc::new(AtomicBool::new(false));
        let (counted, noticed) = (Arc::clone(&pages), Arc::clone(&wrote));
        // This hook stands in the place of SQLite's own, which folds at 1,000 pages. It is called for no commit that wrote nothing.
        connection.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages| {
            counted.store(pages, Ordering::Relaxed);
            noticed.store(true, Ordering::Relaxed);
            Ok(())
        }))?;
        // Another process may have left something in it.
        let file = log_of(path);
        let places = Places::new(path, &file);
        Ok(Self {
            file,
            pages,
            wrote,
            last: 0,
            fold_at: FOLD,
            cut_at: LARGEST,
            unfolded: true,
            going: false,
            stood: None,
            before: None,
            used: false,
            told: false,
            busy_timeout,
            places,
        })
    }

    /// A view of a log that SQLite folds itself.
    #[cfg(test)]
    pub(super) fn unattached(path: &Path) -> Self {
        let pages = Arc::default();
        let busy_timeout = Duration::ZERO;
        let (file, places) = (path.to_owned(), Places::default());
        Self {
            file,
            pages,
            wrote: Arc::default(),
            last: 0,
            fold_at: FOLD,
            cut_at: LARGEST,
            unfolded: false,
            going: false,
            stood: None,
            before: None,
            used: false,
            told: false,
            busy_timeout,
            places,
        }
    }

    /// Whether there is something to do when nothing else is.
    pub(super) fn unfolded(&self) -> bool {
        self.unfolded
    }

    /// Whether database and log are still where they were opened. After somebody deleted or replaced them, what is committed
    /// goes into files without a name, and nobody would find it again.
    pub(super) fn in_place(&mut self) -> bool {
        self.places.hold(&self.file)
    }

    /// Whether a commit now writes to the log and waits for no fsync.
    pub(super) fn is_going(&self) -> bool {
        self.going
    }

    /// Whether nobody else folded the log since it is going, asked within a transaction: then its commit waits for no fsync,
    /// whoever folds meanwhile. A second fold within one tick of the file system's clock, some milliseconds, is not seen.
    pub(super) fn stands(&mut self) -> bool {
        self.going &= self.places.written() == self.stood;
        self.going
    }

    /// Before a transaction of the thread.
    pub(super) fn begins(&mut self) {
        self.before = self.places.written();
        self.wrote.store(false, Ordering::Relaxed);
    }

    /// After something that may have folded it.
    pub(super) fn rest(&mut self) {
        self.going = false;
    }

    /// How long a write waits for another process.
    pub(super) fn busy_timeout(&self) -> Duration {
        self.busy_timeout
    }

    /// After a transaction of the thread, with its callers answered: folds when there is enough of it. One that wrote nothing,
    /// or was undone, did not begin the log anew either.
    pub(super) fn committed(&mut self, connection: &Connection) {
        self.unfolded = true;
        if self.wrote.swap(false, Ordering::Relaxed) {
            (self.going, self.stood) = (true, self.before);
        }
        self.count();
        self.tend(connection);
    }

    /// After a commit of a caller, who does not fold. Returns whether the thread has to be told that there is enough of it.
    pub(super) fn noted(&mut self) -> bool {
        self.used = true;
        self.count() >= self.fold_at && !std::mem::replace(&mut self.told, true)
    }

    /// How many pages there are.
    fn count(&mut self) -> i32 {
        let pages = self.pages.load(Ordering::Relaxed);
        // Fewer than before: somebody began the log anew.
        if pages < self.last {
            (self.fold_at, self.cut_at) = (FOLD, LARGEST);
        }
        self.last = pages;
        pages
    }

    /// Folds when there is enough of it.
    pub(super) fn tend(&mut self, connection: &Connection) {
        let pages = self.last;
        self.told = false;
        if pages >= self.cut_at {
            self.cut(connection, PATIENCE);
            (self.fold_at, self.cut_at) = (pages + FOLD, pages + LARGEST);
            self.going = false;
        } else if pages >= self.fold_at {
            // Nothing is lost when it fails: the next one does it. The same holds for those below.
            let _ = checkpoint(connection, "PASSIVE");
            self.fold_at = pages + FOLD;
            self.going = false;
        }
    }

    /// With nothing else to do: folds all, cuts a large log off, gives memory back. Does nothing yet when callers wrote meanwhile.
    pub(super) fn idle(&mut self, connection: &Connection) {
        if std::mem::take(&mut self.used) {
            return;
        }
        let whole = checkpoint(connection, "PASSIVE").is_ok_and(|folded| folded.whole);
        if whole && self.bytes() > KEPT {
            self.cut(connection, Duration::ZERO);
        }
        (self.unfolded, self.going) = (!whole, false);
        let _ = connection.release_memory();
    }

    /// At the end: folds all. When another process keeps the file open, its end does the rest.
    pub(super) fn end(&mut self, connection: &Connection) {
        self.cut(connection, Duration::ZERO);
    }

    fn cut(&self, connection: &Connection, patience: Duration) {
        let _ = connection.busy_timeout(patience);
        let _ = checkpoint(connection, "TRUNCATE");
        let _ = connection.busy_timeout(self.busy_timeout);
    }

    fn bytes(&self) -> u64 {
        std::fs::metadata(&self.file).map_or(0, |file| file.len())
    }
}

/// Which files database and log were when they were opened.
#[derive(Default)]
struct Places {
    database: Option<(PathBuf, FileId)>,
    /// Made at the first use, unless it is there.
    log: Option<FileId>,
}

/// What tells a file from all others of the machine: its device and its number there.
type FileId = (u64, u64);

#[cfg(unix)]
fn file_id(path: &Path) -> Option<FileId> {
    use std::os::unix::fs::MetadataExt as _;

    std::fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

/// Elsewhere an open file cannot be deleted or replaced.
#[cfg(not(unix))]
fn file_id(_: &Path) -> Option<FileId> {
    None
}

impl Places {
    fn new(database: &Path, log: &Path) -> Self {
        Self { database: file_id(database).map(|id| (database.to_owned(), id)), log: file_id(log) }
    }

    /// When the database was last written to. Not known where a look at it takes long, or the time is set late.
    fn written(&self) -> Option<SystemTime> {
        let (path, _) = self.database.as_ref()?;
        std::fs::metadata(path).and_then(|file| file.modified()).ok()
    }

    fn hold(&mut self, log: &Path) -> bool {
        let Some((path, id)) = &self.database else { return true };
        let log_now = file_id(log);
        self.log = self.log.or(log_now);
        file_id(path) == Some(*id) && log_now == self.log
    }
}

fn checkpoint(connection: &Connection, how: &str) -> rusqlite::Result<Folded> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({how})"), [], |row| {
        let (busy, pages, folded): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Folded { whole: busy == 0 && pages == folded })
    })
}
