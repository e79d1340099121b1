//! SQLite's write-ahead log: when what stands in it goes over into the file. SQLite by itself does it within a commit;
//! here it is done after the callers of that commit have their answers, and when there is nothing else to do.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use rusqlite::Connection;

use super::failure::Fault;

/// So many pages (of 4 KiB) are folded into the file together.
const FOLD: i32 = 1_000;
/// A log of so many pages is cut off, even though readers must be waited for.
const LARGEST: i32 = 8 * FOLD;
/// How long readers are waited for.
const PATIENCE: Duration = Duration::from_millis(100);
/// A log that is larger than this when there is nothing to do is cut off, in bytes.
const KEPT: u64 = 1 << 20;

/// The writer's view of the log.
pub(super) struct Log {
    file: PathBuf,
    /// How many pages there were after the last commit.
    pages: Arc<AtomicI32>,
    /// At how many pages to fold, and to cut off, the next time.
    fold_at: i32,
    cut_at: i32,
    /// Whether something may be in the log that is not in the file.
    unfolded: bool,
    busy_timeout: Duration,
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
        let counted = Arc::clone(&pages);
        // This hook stands in the place of SQLite's own, which folds at 1,000 pages.
        connection.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages| {
            counted.store(pages, Ordering::Relaxed);
            Ok(())
        }))?;
        let mut file = path.as_os_str().to_owned();
        file.push("-wal");
        // Another process may have left something in it.
        Ok(Self { file: file.into(), pages, fold_at: FOLD, cut_at: LARGEST, unfolded: true, busy_timeout })
    }

    /// A view of a log that SQLite folds itself.
    #[cfg(test)]
    pub(super) fn unattached(path: &Path) -> Self {
        let pages = Arc::default();
        let busy_timeout = Duration::ZERO;
        Self { file: path.to_owned(), pages, fold_at: FOLD, cut_at: LARGEST, unfolded: false, busy_timeout }
    }

    /// Whether there is something to do when nothing else is.
    pub(super) fn unfolded(&self) -> bool {
        self.unfolded
    }

    /// After a commit, with its callers answered: folds when there is enough of it.
    pub(super) fn committed(&mut self, connection: &Connection) {
        self.unfolded = true;
        let pages = self.pages.load(Ordering::Relaxed);
        if pages < FOLD {
            (self.fold_at, self.cut_at) = (FOLD, LARGEST);
        }
        if pages >= self.cut_at {
            self.cut(connection, PATIENCE);
            (self.fold_at, self.cut_at) = (pages + FOLD, pages + LARGEST);
        } else if pages >= self.fold_at {
            // Nothing is lost when it fails: the next one does it. The same holds for those below.
            let _ = checkpoint(connection, "PASSIVE");
            self.fold_at = pages + FOLD;
        }
    }

    /// With nothing else to do: folds all, cuts a large log off, gives memory back.
    pub(super) fn idle(&mut self, connection: &Connection) {
        let whole = checkpoint(connection, "PASSIVE").is_ok_and(|folded| folded.whole);
        if whole && self.bytes() > KEPT {
            self.cut(connection, Duration::ZERO);
        }
        self.unfolded = !whole;
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

fn checkpoint(connection: &Connection, how: &str) -> rusqlite::Result<Folded> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({how})"), [], |row| {
        let (busy, pages, folded): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Folded { whole: busy == 0 && pages == folded })
    })
}
