//! Looking after the file: whether it is sound, how large it is, a copy of it, and its free pages given back.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ninefold_core::{Error, ErrorKind, Result};
use rusqlite::Connection;
use serde::Serialize;

use super::failure::{Fault, unavailable};
use super::task::{Order, Task};
use super::{Sqlite, connection};

/// How thoroughly a file is looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// Every page is read, and that rows are in order.
    Quick,
    /// Also that each index agrees with its table, that nothing refers to what is not there, and that counters are right.
    Full,
}

/// How large a database is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Sizes {
    /// Bytes of the file.
    pub file: u64,
    /// Bytes of the log beside it; 0 without one.
    pub log: u64,
    /// Bytes of a page.
    pub page: u64,
    /// Pages that are free in the file: what [`Sqlite::vacuum`] gives back.
    pub free_pages: u64,
}

/// The most complaints that are listed.
const COMPLAINTS: i64 = 100;

impl Sqlite {
    /// Looks through the file; returns what is wrong with it, nothing when it is sound. Writing goes on meanwhile.
    ///
    /// # Errors
    /// `Unavailable` from the medium. Damage that keeps the file from being looked through is a complaint, not an error.
    pub async fn integrity_check(&self, check: Check) -> Result<Vec<String>> {
        // A connection of its own: one that has searched before may hold an older state of the index of terms against the
        // file, and a reader's thread would be taken from the searches for as long.
        self.aside("check", move |path| {
            let connection = connection::open_read_only(path)?;
            complaints(&connection, check).map_err(|fault| fault.at(path))
        })
        .await
    }

    /// Writes the file anew without its free pages. Other writes wait for it; it needs as much free space as the file has
    /// pages in use, twice.
    ///
    /// # Errors
    /// `Transient` when another process holds the file, `Unavailable` or `Corrupt` from the medium.
    pub async fn vacuum(&self) -> Result<()> {
        self.apart(|connection| Ok(connection.execute_batch("VACUUM")?)).await
    }

    /// Folds the log into the file and cuts it off, as far as readers allow.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` from the medium.
    pub async fn checkpoint(&self) -> Result<()> {
        self.apart(|connection| Ok(connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)).await
    }

    /// Makes the index of terms anew from the texts of the chunks.
    ///
    /// # Errors
    /// `Transient` when another process holds the file, `Unavailable` or `Corrupt` from the medium.
    pub async fn rebuild_terms(&self) -> Result<()> {
        self.write(super::chunks::rebuild_terms).await
    }

    /// Copies the database as it is now to a new file at `to`, which is there whole or not at all. Reading and writing go on
    /// meanwhile; the copy has no free pages.
    ///
    /// # Errors
    /// `InvalidInput` when there is something at `to` already; `Unavailable` when it cannot be written there; `Corrupt` when
    /// the database is damaged.
    pub async fn backup(&self, to: impl AsRef<Path>) -> Result<()> {
        let to = to.as_ref().to_owned();
        self.aside("backup", move |path| backup(path, &to)).await
    }

    /// Work that takes long, on a thread for such work.
    async fn aside<T: Send + 'static>(
        &self,
        name: &str,
        work: impl FnOnce(&Path) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let path = Arc::clone(&self.0.path);
        tokio::task::spawn_blocking(move || work(&path)).await.map_err(|error| {
            let what = format!("the {name} of {} did not come to its end: {error}", self.path().display());
            Error::new(ErrorKind::Panicked, what)
                .hint("report this with the panic's message, or keep the runtime until it is done")
        })?
    }

    /// How large the database is.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` from the medium.
    pub async fn sizes(&self) -> Result<Sizes> {
        let path = Arc::clone(&self.0.path);
        self.query(move |connection| sizes(connection, &path)).await
    }

    /// A job of the writer that is in no transaction.
    async fn apart<T: Send + 'static>(
        &self,
        work: impl Fn(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T> {
        let (task, answer) = Task::with_answer(Arc::clone(&self.0.path), work);
        self.hand(&self.0.writer, Order::Apart(task)).await?;
        answer.wait(&self.0.path).await
    }
}

/// Whether a complaint is about what [`Sqlite::rebuild_terms`] makes anew from the texts of the chunks.
#[must_use]
pub fn is_derived(complaint: &str) -> bool {
    let own = [NO_TERMS, NO_CHUNK, NO_NAMES, WRONG_COUNTS];
    let index = ["FTS5 table main.terms", "FTS5 table main.names"].iter().any(|index| complaint.contains(index))
        || complaint.starts_with("fts5: ");
    index || own.iter().any(|what| complaint.split_once(' ').is_some_and(|(_, said)| said == *what))
}

const NO_TERMS: &str = "chunks have no terms";
const NO_CHUNK: &str = "sets of terms have no chunk";
const NO_NAMES: &str = "chunks with names are not found by them";
const WRONG_COUNTS: &str = "sets of labels count their chunks wrong";

/// What is wrong with a database.
pub(super) fn complaints(connection: &Connection, check: Check) -> Result<Vec<String>, Fault> {
    let mut complaints = Vec::new();
    let looked = look_through(connection, check, &mut complaints);
    match looked {
        Err(fault) if fault.is_damage() => complaints.push(fault.to_string()),
        Err(fault) => return Err(fault),
        Ok(()) => {}
    }
    Ok(complaints)
}

fn look_through(connection: &Connection, check: Check, complaints: &mut Vec<String>) -> Result<(), Fault> {
    let snapshot = connection.unchecked_transaction()?;
    // SQLite asks the index of terms as well.
    let pragma = match check {
        Check::Quick => format!("PRAGMA quick_check({COMPLAINTS})"),
        Check::Full => format!("PRAGMA integrity_check({COMPLAINTS})"),
    };
    let mut select = snapshot.prepare(&pragma)?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let line: String = row.get(0)?;
        if line != "ok" {
            complaints.push(line);
        }
    }
    if check == Check::Quick || !complaints.is_empty() {
        return Ok(());
    }
    let count = |sql: &str| snapshot.query_row(sql, [], |row| row.get::<_, u64>(0));
    for (sql, what) in [
        ("SELECT count(*) FROM pragma_foreign_key_check", "rows refer to rows that are not there"),
        (
            "SELECT count(*) FROM chunks WHERE NOT EXISTS (SELECT 1 FROM texts WHERE texts.id = chunks.id)",
            "chunks have no text",
        ),
        ("SELECT count(*) FROM chunks WHERE NOT EXISTS (SELECT 1 FROM terms WHERE terms.rowid = chunks.id)", NO_TERMS),
        ("SELECT count(*) FROM terms WHERE NOT EXISTS (SELECT 1 FROM chunks WHERE chunks.id = terms.rowid)", NO_CHUNK),
        (
            "SELECT count(*) FROM label_sets WHERE (chunks, terms) IS NOT (SELECT count(*), coalesce(sum(length), 0)
             FROM chunks WHERE chunks.label_set = label_sets.id)",
            WRONG_COUNTS,
        ),
        (
            "SELECT count(*) FROM embeddings WHERE NOT EXISTS (SELECT 1 FROM chunks WHERE chunks.id = embeddings.chunk)",
            "embeddings have no chunk",
        ),
        (
            "SELECT count(*) FROM symbols WHERE NOT EXISTS (SELECT 1 FROM chunks WHERE chunks.id = symbols.id)",
            "names have no chunk",
        ),
        (
            "SELECT count(*) FROM symbols WHERE NOT EXISTS (SELECT 1 FROM names WHERE names.rowid = symbols.id)",
            NO_NAMES,
        ),
        (
            "SELECT count(*) FROM sessions WHERE events IS NOT
             (SELECT count(*) FROM session_events WHERE session_events.session = sessions.id)",
            "sessions count their events wrong",
        ),
        (
            "SELECT count(*) FROM patterns WHERE NOT EXISTS (SELECT 1 FROM pattern_bodies b WHERE b.id = patterns.id)",
            "patterns have no plan",
        ),
    ] {
        let n = count(sql)?;
        if n > 0 {
            complaints.push(format!("{n} {what}"));
        }
    }
    Ok(())
}

/// The file of the log of the database at `path`.
pub(super) fn log_of(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}

/// The sizes of the database at `path`.
pub(super) fn sizes(connection: &Connection, path: &Path) -> Result<Sizes, Fault> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, u64>(0));
    let bytes = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
    Ok(Sizes {
        file: bytes(path),
        log: bytes(&log_of(path)),
        page: pragma("page_size")?,
        free_pages: pragma("freelist_count")?,
    })
}

fn backup(path: &Path, to: &Path) -> Result<()> {
    let failed = |error: &io::Error| {
        Error::new(ErrorKind::Unavailable, format!("the backup cannot be written to {}: {error}", to.display()))
            .hint("check that its folder exists and may be written, and the free space there")
    };
    let to = std::path::absolute(to).map_err(|error| failed(&error))?;
    // Taken first, so that of two backups to one place one is refused.
    OpenOptions::new().write(true).create_new(true).open(&to).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Error::new(ErrorKind::InvalidInput, format!("there is a file at {} already", to.display()))
                .hint("name another file for the backup, or move that one away")
        }
        _ => failed(&error),
    })?;
    let mut part = to.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let done = copy(path, &part).and_then(|()| {
        File::open(&part).and_then(|file| file.sync_all()).map_err(|error| failed(&error))?;
        std::fs::rename(&part, &to).map_err(|error| failed(&error))
    });
    if done.is_err() {
        // What is left of it is of no use; that it cannot be removed is said by nothing but its presence.
        let _ = std::fs::remove_file(&part);
        let _ = std::fs::remove_file(&to);
        return done;
    }
    // The name is as durable as the content where folders can be synced.
    if let Some(folder) = to.parent().and_then(|folder| File::open(folder).ok()) {
        let _ = folder.sync_all();
    }
    Ok(())
}

fn copy(path: &Path, part: &Path) -> Result<()> {
    match std::fs::remove_file(part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(unavailable(part, &error)),
        _ => {}
    }
    let Some(name) = part.to_str() else {
        return Err(Error::new(ErrorKind::InvalidInput, format!("the path {} is not UTF-8", part.display()))
            .hint("name another file for the backup"));
    };
    let connection = connection::open_read_only(path)?;
    // One snapshot of the database; writers are not held up by it.
    match connection.execute("VACUUM INTO ?1", [name]) {
        Ok(_) => Ok(()),
        Err(error) => Err(Fault::from(error).at(path)),
    }
}
