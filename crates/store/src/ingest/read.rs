//! One file into one document, or the reason why not.

use std::fmt;
use std::fs::File;
use std::io::{ErrorKind as IoKind, Read};
use std::path::Path;
use std::time::SystemTime;

use ninefold_core::{Document, Key, Labels, Result, Source, Timestamp};

use super::split::{split, version};

/// How many bytes from the start are looked at for a NUL, which no text has.
const BINARY_PROBE: usize = 8 * 1024;

/// Why a file was not indexed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// It holds a NUL in its first 8 KiB.
    Binary,
    /// Its content is not UTF-8.
    NotUtf8,
    /// Its path is not UTF-8.
    PathNotUtf8,
    /// It has more bytes than the limit.
    TooLarge {
        /// Its size in bytes, or more than that when it grew meanwhile.
        bytes: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// It pins versions for a tool.
    LockFile,
    /// It was gone when its turn came.
    Vanished,
    /// The operating system refused to read it; what it said. What the store holds of it stays.
    Unreadable(String),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Binary => f.write_str("binary"),
            Self::NotUtf8 => f.write_str("not UTF-8 text"),
            Self::PathNotUtf8 => f.write_str("its path is not UTF-8"),
            Self::TooLarge { bytes, limit } => write!(f, "{bytes} bytes, more than the limit of {limit}"),
            Self::LockFile => f.write_str("a lock file"),
            Self::Vanished => f.write_str("vanished meanwhile"),
            Self::Unreadable(why) => write!(f, "unreadable: {why}"),
        }
    }
}

impl Reason {
    /// Whether what the store holds of the file stays: it may be as true as before.
    pub(super) fn keeps_source(&self) -> bool {
        matches!(self, Self::Unreadable(_))
    }
}

impl From<std::io::Error> for Reason {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            IoKind::NotFound => Self::Vanished,
            _ => Self::Unreadable(error.to_string()),
        }
    }
}

/// The text of a file of at most `limit` bytes, and when it last changed, if the file system says so.
pub(super) fn text(path: &Path, limit: u64) -> Result<(String, Option<Timestamp>), Reason> {
    let about = std::fs::metadata(path)?;
    if !about.is_file() {
        // A pipe in the file's place would never end.
        return Err(Reason::Unreadable("it is no regular file any more".to_owned()));
    }
    if about.len() > limit {
        return Err(Reason::TooLarge { bytes: about.len(), limit });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(about.len()).unwrap_or_default() + 1);
    let mut file = File::open(path)?.take(limit.saturating_add(1));
    file.by_ref().take(BINARY_PROBE as u64).read_to_end(&mut bytes)?;
    if bytes.contains(&0) {
        return Err(Reason::Binary);
    }
    file.read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(Reason::TooLarge { bytes: bytes.len() as u64, limit });
    }
    let text = String::from_utf8(bytes).map_err(|_| Reason::NotUtf8)?;
    Ok((text, about.modified().ok().and_then(timestamp)))
}

fn timestamp(time: SystemTime) -> Option<Timestamp> {
    let micros = match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_micros()),
        Err(before) => i64::try_from(before.duration().as_micros()).map(|micros| -micros),
    };
    micros.ok().map(Timestamp)
}

/// The hash that decides whether a file has to be indexed again.
pub(super) fn hash(text: &str, labels: &Labels) -> Result<Key> {
    Key::of(&(version(), labels, Key::of_bytes(text.as_bytes())))
}

/// The document of a file.
pub(super) fn document(path: &str, text: &str, hash: Key, labels: &Labels, modified: Option<Timestamp>) -> Document {
    let source = Source { labels: labels.clone(), modified, rebuildable: true, ..Source::new(path, hash) };
    Document::new(source, split(path, text, labels))
}
