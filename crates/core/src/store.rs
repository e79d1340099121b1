//! Where chunks live. The unit of writing is a [`Document`]: a source and all its chunks, replaced as a whole or not
//! at all, so that an interrupted index never leaves half a file.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::cache_key::Key;
use crate::clock::Timestamp;
use crate::error::Result;
use crate::evidence::{Chunk, ChunkId, Evidence};
use crate::scope::{Labels, Scope};

/// A source as the store knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Its path, or a name the host gave; unique in the store.
    pub path: SmolStr,
    /// The hash of its content and of what else decided how it was cut.
    pub hash: Key,
    /// The labels all its chunks carry.
    pub labels: Labels,
}

/// A source with all its chunks.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The source.
    pub source: Source,
    /// Its chunks. Their path and labels are the source's.
    pub chunks: Vec<Chunk>,
}

/// A search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Search {
    /// What to look for: any text. No character of it is an operator.
    pub text: String,
    /// What may be seen.
    pub scope: Scope,
    /// Only sources whose path is one of these or lies below one. Empty: all.
    pub within: Vec<String>,
    /// The most passages to return.
    pub limit: usize,
}

impl Search {
    /// A search of everything public for the best ten passages.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), scope: Scope::public(), within: Vec::new(), limit: 10 }
    }
}

/// Whether `path` is `prefix` or lies below it.
#[must_use]
pub fn lies_within(path: &str, prefix: &str) -> bool {
    let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Memory. Every implementation passes `ninefold_testkit::store_suite`.
#[async_trait]
pub trait Store: Send + Sync {
    /// Writes documents; each replaces what the store held of its source. Each document is written whole or not
    /// at all. When this returns, the writes survive the process.
    ///
    /// # Errors
    /// `InvalidInput` for two chunks with one id, `Unavailable` or `Corrupt` from the medium.
    async fn put(&self, documents: Vec<Document>) -> Result<()>;

    /// The chunks with these ids that the scope allows, in the order asked for; unknown ids are left out.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` from the medium.
    async fn get(&self, ids: &[ChunkId], scope: &Scope) -> Result<Vec<Chunk>>;

    /// The best passages for a text, best first; equal scores by number of uses, then by path and line. Text that
    /// holds nothing searchable gives evidence without terms.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` from the medium.
    async fn search(&self, search: &Search) -> Result<Evidence>;

    /// Notes that these chunks were used; unknown ids are ignored.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` from the medium.
    async fn touch(&self, ids: &[ChunkId], at: Timestamp) -> Result<()>;

    /// Removes sources and their chunks; returns how many sources there were.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` from the medium.
    async fn remove(&self, paths: &[SmolStr]) -> Result<u64>;

    /// The sources whose path is `prefix` or lies below it, by path; all of them for the empty prefix.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` from the medium.
    async fn sources(&self, prefix: &str) -> Result<Vec<Source>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_at_a_path_separator() {
        assert!(lies_within("/a/b", "/a"));
        assert!(lies_within("/a/b", "/a/"));
        assert!(lies_within("/a", "/a"));
        assert!(!lies_within("/ab", "/a"));
        assert!(lies_within("/ab", ""));
    }
}
