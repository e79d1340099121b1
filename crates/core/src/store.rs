//! Where chunks live. The unit of writing is a [`Document`]: a source and all its chunks, replaced as a whole or not
//! at all, so that an interrupted index never leaves half a file.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::cache_key::Key;
use crate::clock::Timestamp;
use crate::embed::{Embedding, Embeddings};
use crate::error::{Error, ErrorKind, Result};
use crate::evidence::{Chunk, ChunkId, ChunkKind, Evidence};
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
    /// When its content last changed, as far as its giver knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<Timestamp>,
    /// Whether it can be made again from elsewhere, as a file can be read again. Forgetting takes only such sources.
    #[serde(default)]
    pub rebuildable: bool,
}

impl Source {
    /// A source that everybody may see and that cannot be made again from elsewhere.
    pub fn new(path: impl Into<SmolStr>, hash: Key) -> Self {
        Self { path: path.into(), hash, labels: Labels::none(), modified: None, rebuildable: false }
    }
}

/// A source with all its chunks.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The source.
    pub source: Source,
    /// Its chunks. Their path and labels are the source's.
    pub chunks: Vec<Chunk>,
    /// The embeddings of the chunks' titles and texts by one model, in the order of the chunks; none when nobody made any.
    pub embeddings: Option<Embeddings>,
    /// The path that this very content had before. The store takes that source out in the same step, and the usage of
    /// its chunks goes over, first chunk to first chunk and so on.
    pub renamed_from: Option<SmolStr>,
}

impl Document {
    /// A source with its chunks, without embeddings.
    #[must_use]
    pub fn new(source: Source, chunks: Vec<Chunk>) -> Self {
        Self { source, chunks, embeddings: None, renamed_from: None }
    }

    /// What every store asks of a document before it takes it.
    ///
    /// # Errors
    /// `TooLong` for a chunk whose text has more than [`Chunk::MAX_TEXT`] bytes; `InvalidInput` for embeddings that are not
    /// those of its chunks.
    pub fn check(&self) -> Result<()> {
        if let Some(chunk) = self.chunks.iter().find(|chunk| chunk.text.len() > Chunk::MAX_TEXT) {
            let (path, lines, size) = (&self.source.path, chunk.lines, chunk.text.len());
            return Err(Error::new(
                ErrorKind::TooLong,
                format!("the chunk {path}:{lines} has {size} bytes of text; at most {} can be kept", Chunk::MAX_TEXT),
            )
            .hint("cut it into smaller chunks"));
        }
        match &self.embeddings {
            Some(embeddings) => embeddings.check(self.chunks.len()).map(|_| ()),
            None => Ok(()),
        }
    }
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
    /// Only chunks of these kinds. Empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<ChunkKind>,
    /// Only sources that changed at this time or later. A source without a time is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// The most tokens that the passages may have together, by [`tokens_in`]; the best passage is returned whatever
    /// its size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u64>,
    /// The embedding of the text. Without one the search goes by words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embedding: Option<Embedding>,
    /// What the searcher has before him already: activation spreads from these chunks over relations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<ChunkId>,
    /// The time now. With it, what was used lately and often comes sooner; without it, use does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<Timestamp>,
    /// How much a passage is held back by its likeness to better ones (maximal marginal relevance): 0 not at all, up to 1.
    #[serde(default)]
    pub diversity: f32,
}

impl Search {
    /// A search of everything public for the best ten passages.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            scope: Scope::public(),
            within: Vec::new(),
            limit: 10,
            kinds: Vec::new(),
            since: None,
            max_tokens: None,
            embedding: None,
            context: Vec::new(),
            now: None,
            diversity: 0.0,
        }
    }
}

/// About how many tokens a model makes of a text: a token for every four bytes, rounded up. A rule of thumb for
/// budgets, as each model counts for itself.
#[must_use]
pub fn tokens_in(text: &str) -> u64 {
    (text.len() as u64).div_ceil(4)
}

/// What to forget: the chunks of sources that can be made again and that nobody has used for long. Sources that cannot
/// be made again stay, whatever their activation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Forgetting {
    /// The time now.
    pub now: Timestamp,
    /// Sources are forgotten when the activation of each of their chunks is below this; a chunk that was never used has
    /// the activation of one use at [`Source::modified`]. One of a source without that time stays: nothing says that it
    /// is old.
    pub below: f32,
    /// Whether to say only what would be forgotten.
    pub dry_run: bool,
}

impl Forgetting {
    /// Forgets what is less alive than after a single use so long ago: what was used once or never goes when the time is
    /// over, what was used often stays longer.
    #[must_use]
    pub fn unused_for(time: Duration, now: Timestamp, dry_run: bool) -> Self {
        // The activation of one use, ln t^-0.5, with t in seconds.
        Self { now, below: -0.5 * time.as_secs_f32().max(1.0).ln(), dry_run }
    }
}

/// What was forgotten.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// The sources' paths, in order.
    pub paths: Vec<SmolStr>,
    /// How many chunks they had.
    pub chunks: u64,
}

/// How much a store holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// Sources.
    pub sources: u64,
    /// Chunks, by kind.
    pub chunks: BTreeMap<ChunkKind, u64>,
    /// Bytes of the chunks' texts.
    pub text_bytes: u64,
    /// References from chunks to names.
    pub relations: u64,
    /// Chunks with an embedding, by model.
    pub embedded: BTreeMap<SmolStr, u64>,
    /// Chunks that were used at least once.
    pub used: u64,
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
    /// `InvalidInput` for two chunks with one id and for embeddings as in [`Store::embed`]; `Unavailable` or `Corrupt`
    /// from the medium.
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
    /// `InvalidInput` for an embedding that is not as long as those the store holds of its model, or not finite;
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

    /// Takes out what can be made again and is no longer used.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` from the medium.
    async fn forget(&self, forgetting: &Forgetting) -> Result<Forgotten>;

    /// How much there is.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` from the medium.
    async fn contents(&self) -> Result<Contents>;

    /// Up to `limit` chunks without an embedding by this model, whoever may see them, in any order.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` from the medium.
    async fn unembedded(&self, model: &str, limit: usize) -> Result<Vec<Chunk>>;

    /// Gives chunks their embeddings by a model, one vector for each id; they replace those they had by it. Unknown ids
    /// are ignored.
    ///
    /// # Errors
    /// `InvalidInput` when there are not as many vectors as ids, or for vectors that [`Embeddings::check`] refuses or
    /// that are not as long as those the store holds of this model; `Unavailable` or `Corrupt` from the medium.
    async fn embed(&self, embeddings: Embeddings, chunks: &[ChunkId]) -> Result<()>;
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
