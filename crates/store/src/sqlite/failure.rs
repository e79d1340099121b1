//! From what SQLite and the file system report to the house's errors: what class, which file, what to do.

use std::path::Path;

use ninefold_core::{Error, ErrorKind};
use rusqlite::ErrorCode;

/// Why a job failed: SQLite's report, still without the file's name, or an error that is complete.
#[derive(Debug)]
pub(super) enum Fault {
    Sql(rusqlite::Error),
    Ours(Error),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Ours(error)
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sql(error) => error.fmt(f),
            Self::Ours(error) => f.write_str(error.message()),
        }
    }
}

impl Fault {
    /// The error, now that the file is known.
    pub(super) fn at(self, path: &Path) -> Error {
        match self {
            Self::Ours(error) => error,
            Self::Sql(error) => from_sqlite(path, error),
        }
    }

    /// Whether another process, or another connection, is in the way just now.
    pub(super) fn is_busy(&self) -> bool {
        let Self::Sql(error) = self else { return false };
        matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed)
        )
    }

    /// Whether the file itself is not as it should be.
    pub(super) fn is_damage(&self) -> bool {
        match self {
            Self::Ours(error) => error.kind() == ErrorKind::Corrupt,
            Self::Sql(error) => class(error).0 == ErrorKind::Corrupt,
        }
    }

    /// Whether a uniqueness constraint said no.
    pub(super) fn is_conflict(error: &rusqlite::Error) -> bool {
        error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
    }
}

const MOVE_AWAY: &str = "move the file away and index again";

/// The error for SQLite's report about the file at `path`.
pub(super) fn from_sqlite(path: &Path, error: rusqlite::Error) -> Error {
    let file = path.display();
    let (kind, what, hint) = class(&error);
    Error::new(kind, format!("the database {file} {what} ({error})")).hint(hint).caused_by(error)
}

/// What kind of failure it is, what has happened to the file, and what to do.
fn class(error: &rusqlite::Error) -> (ErrorKind, &'static str, &'static str) {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed) => {
            (ErrorKind::Transient, "is held by another process", "try again when the other process is done")
        }
        Some(ErrorCode::SchemaChanged) => {
            (ErrorKind::Transient, "was changed by another process just now", "try again")
        }
        Some(ErrorCode::DiskFull) => (ErrorKind::Unavailable, "cannot grow: the disk is full", "free some space"),
        Some(ErrorCode::CannotOpen) => (
            ErrorKind::Unavailable,
            "cannot be opened",
            "check that it is a file in a directory that may be written, or name another path",
        ),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            (ErrorKind::Unavailable, "may not be written", "check the permissions of the file and its directory")
        }
        Some(ErrorCode::SystemIoFailure) if is_short_read(error) => {
            (ErrorKind::Corrupt, "ends before its last page does", MOVE_AWAY)
        }
        Some(ErrorCode::SystemIoFailure) => (
            ErrorKind::Unavailable,
            "cannot be read or written",
            "check the disk, its free space and the limit on file sizes",
        ),
        Some(ErrorCode::OutOfMemory) => (
            ErrorKind::Unavailable,
            "needs more memory than there is",
            "free some memory; if enough was free, a size in the file is wrong: have the file checked",
        ),
        Some(ErrorCode::DatabaseCorrupt) => (ErrorKind::Corrupt, "is damaged", MOVE_AWAY),
        // Those that a caller can cause are answered where they happen.
        Some(ErrorCode::ConstraintViolation) => {
            (ErrorKind::Corrupt, "holds rows that contradict each other", MOVE_AWAY)
        }
        Some(ErrorCode::NotADatabase) => (ErrorKind::Corrupt, "is not a database", MOVE_AWAY),
        // Every statement is our own and fits the layout; what does not is the file.
        Some(ErrorCode::Unknown) => (
            ErrorKind::Corrupt,
            "is not as this program laid it out",
            "move the file away and index again; if it is sound, report this with the cause below",
        ),
        Some(ErrorCode::TooBig) => {
            (ErrorKind::TooLong, "cannot hold a text of this size", "store it in smaller pieces")
        }
        Some(ErrorCode::OperationInterrupted) => (ErrorKind::Cancelled, "was told to stop", "ask again"),
        None if matches!(error, rusqlite::Error::QueryReturnedNoRows) => {
            (ErrorKind::Corrupt, "lacks a row that must be there", MOVE_AWAY)
        }
        None if is_conversion(error) => (ErrorKind::Corrupt, "holds a value that Ninefold does not write", MOVE_AWAY),
        _ => (ErrorKind::Permanent, "refused the operation", "report this with the cause below"),
    }
}

fn is_short_read(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| error.extended_code == rusqlite::ffi::SQLITE_IOERR_SHORT_READ)
}

fn is_conversion(error: &rusqlite::Error) -> bool {
    matches!(
        error,
        rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::Utf8Error(..)
    )
}

/// The error for a value in a row that no version of this program writes.
pub(super) fn strange_value(what: &str) -> Fault {
    Fault::Sql(rusqlite::Error::FromSqlConversionFailure(
        0,
        rusqlite::types::Type::Null,
        format!("{what} is not of the expected form").into(),
    ))
}

/// The error for a file that is too short for any database.
pub(super) fn cut_off(path: &Path, bytes: u64) -> Error {
    Error::new(ErrorKind::Corrupt, format!("the database {} was cut to {bytes} bytes", path.display())).hint(MOVE_AWAY)
}

/// The error for a path that the operating system refuses.
pub(super) fn unavailable(path: &Path, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, format!("the database {} cannot be opened: {error}", path.display()))
        .hint("check that its directory exists or can be made, and may be written")
}

/// The error for a write to a file that is no longer where it was opened.
pub(super) fn taken_away(path: &Path) -> Error {
    let what = format!("the database {} or its log was deleted or replaced while it was open", path.display());
    Error::new(ErrorKind::Unavailable, what)
        .hint("what was written just now is not kept; put the files back, or open the database again")
}

/// The error for a job whose thread is gone. A panic in a job does not end the thread: the file was closed, or this is
/// the process's end.
pub(super) fn stopped(path: &Path) -> Error {
    Error::new(ErrorKind::Unavailable, format!("the database {} is closed", path.display())).hint("open it again")
}
