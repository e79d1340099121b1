//! Looking at a database without opening it for work: nothing is made, migrated or repaired.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ninefold_core::{Error, ErrorKind, Result, Timestamp};
use rusqlite::Connection;
use serde::Serialize;

use super::failure::Fault;
use super::maintain::{Check, Sizes, complaints, log_of, sizes};
use super::{connection, migrate};

/// What there is to say of a database file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Inspection {
    /// The file.
    pub path: PathBuf,
    /// The version of its layout.
    pub layout: u32,
    /// The version that this program writes; an older layout is brought up to date when the file is opened.
    pub newest_layout: u32,
    /// How large it is.
    pub sizes: Sizes,
    /// What is wrong with it; nothing when it is sound.
    pub complaints: Vec<String>,
    /// How much of each thing it holds; nothing where the layout does not have it yet, or it cannot be counted.
    pub counts: Counts,
}

/// How much a database holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Sources.
    pub sources: Option<u64>,
    /// Chunks.
    pub chunks: Option<u64>,
    /// Chunks with an embedding, by model.
    pub embedded: Option<BTreeMap<String, u64>>,
    /// Runs in the journal.
    pub runs: Option<u64>,
    /// Those of them that did not finish.
    pub unfinished_runs: Option<u64>,
    /// When the oldest of those started.
    pub oldest_unfinished: Option<Timestamp>,
    /// Sessions.
    pub sessions: Option<u64>,
    /// Values in the second-level cache.
    pub cached: Option<u64>,
    /// Bytes of these values.
    pub cached_bytes: Option<u64>,
    /// Patterns that runs have taught.
    pub patterns: Option<u64>,
}

/// Looks at the database at `path` as it is, its log included. It only reads, and blocks until it has.
///
/// # Errors
/// `NotFound` when there is no file; `Unavailable` when it cannot be read; `Corrupt` when it is no database, another program's
/// or of a newer version, or too damaged to be looked at; `Transient` when another process holds it for itself.
pub fn inspect(path: &Path, check: Check) -> Result<Inspection> {
    let path = std::path::absolute(path).map_err(|error| super::failure::unavailable(path, &error))?;
    match std::fs::metadata(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::new(ErrorKind::NotFound, format!("there is no database at {}", path.display()))
                .hint("index something: that makes it"));
        }
        Err(error) => return Err(super::failure::unavailable(&path, &error)),
        Ok(_) => {}
    }
    for _ in 0..TRIES_AT_REST {
        let before = state(&path);
        let Some(connection) = connection::open_at_rest(&path)? else { break };
        let seen = look(&connection, &path, check);
        if before.is_some() && state(&path) == before {
            return seen;
        }
    }
    look(&connection::open_read_only(&path)?, &path, check)
}

/// How often a file is looked at as one that does not change, when it then has.
const TRIES_AT_REST: usize = 2;

/// What tells whether somebody wrote to the file: its size and time, while there is no log.
fn state(path: &Path) -> Option<(u64, std::time::SystemTime)> {
    let file = std::fs::metadata(path).ok()?;
    if log_of(path).exists() { None } else { Some((file.len(), file.modified().ok()?)) }
}

fn look(connection: &Connection, path: &Path, check: Check) -> Result<Inspection> {
    let looked = || {
        migrate::refuse_foreign(connection)?;
        let layout: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let complaints = if layout == 0 { Vec::new() } else { complaints(connection, check)? };
        Ok(Inspection {
            layout,
            newest_layout: migrate::newest().unsigned_abs(),
            sizes: sizes(connection, path)?,
            complaints,
            counts: Counts::read(connection),
            path: path.to_owned(),
        })
    };
    looked().map_err(|fault: Fault| fault.at(path))
}

impl Counts {
    /// What cannot be counted is left out: the complaints say why.
    fn read(connection: &Connection) -> Self {
        let one = |sql| connection.query_row(sql, [], |row| row.get(0)).ok();
        let oldest: Option<i64> = connection
            .query_row("SELECT min(started) FROM runs WHERE finished IS NULL", [], |row| row.get(0))
            .ok()
            .flatten();
        Self {
            sources: one("SELECT count(*) FROM sources"),
            chunks: one("SELECT count(*) FROM chunks"),
            embedded: embedded(connection).ok(),
            runs: one("SELECT count(*) FROM runs"),
            unfinished_runs: one("SELECT count(*) FROM runs WHERE finished IS NULL"),
            oldest_unfinished: oldest.map(Timestamp),
            sessions: one("SELECT count(*) FROM sessions"),
            cached: one("SELECT count(*) FROM cache"),
            cached_bytes: one("SELECT coalesce(sum(bytes), 0) FROM cache"),
            patterns: one("SELECT count(*) FROM patterns"),
        }
    }
}

fn embedded(connection: &Connection) -> rusqlite::Result<BTreeMap<String, u64>> {
    let mut select = connection
        .prepare("SELECT m.name, count(*) FROM embeddings e JOIN models m ON m.id = e.model GROUP BY m.id")?;
    select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}
