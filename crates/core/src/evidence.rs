//! What memory holds and what a run found in it.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::scope::Labels;

/// The identity of a chunk: the first 64 bits of the BLAKE3 hash of its path, its text and, for texts that occur
/// more than once in a file, the number of the occurrence. The same chunk keeps it when the file around it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChunkId(pub u64);

impl ChunkId {
    /// The identity of the `occurrence`-th chunk with this text in this source, counted from 0.
    #[must_use]
    pub fn of(path: &str, text: &str, occurrence: u32) -> Self {
        let mut hash = blake3::Hasher::new();
        hash.update(&(path.len() as u64).to_le_bytes());
        hash.update(path.as_bytes());
        hash.update(text.as_bytes());
        hash.update(&occurrence.to_le_bytes());
        let mut bytes = [0; 8];
        hash.finalize_xof().fill(&mut bytes);
        Self(u64::from_le_bytes(bytes))
    }
}

impl fmt::Display for ChunkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A range of lines, both ends included, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Lines {
    /// The first line.
    pub first: u32,
    /// The last line; never before the first.
    pub last: u32,
}

impl Lines {
    /// The lines from `first` to `last`; a last line before the first becomes the first.
    #[must_use]
    pub fn new(first: u32, last: u32) -> Self {
        Self { first, last: last.max(first) }
    }
}

impl fmt::Display for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last { write!(f, "{}", self.first) } else { write!(f, "{}-{}", self.first, self.last) }
    }
}

/// What a chunk was cut from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChunkKind {
    /// Source code of any language.
    Code,
    /// A section of a Markdown document.
    Markdown,
    /// Paragraphs of plain text.
    Text,
}

impl ChunkKind {
    /// The name in lower case, as in JSON and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Markdown => "markdown",
            Self::Text => "text",
        }
    }

    /// The kind with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Code, Self::Markdown, Self::Text].into_iter().find(|kind| kind.as_str() == name)
    }
}

/// The unit of memory: a piece of a source, small enough to read whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chunk {
    /// Its identity.
    pub id: ChunkId,
    /// Where it comes from: a file's path, or a name the host gave.
    pub path: SmolStr,
    /// The lines of the source it covers.
    pub lines: Lines,
    /// What it was cut from.
    pub kind: ChunkKind,
    /// What it is about in one line: the heading path of a section, the first declaration of a piece of code;
    /// empty when nothing of the kind is there.
    pub title: String,
    /// The text, byte for byte as in the source.
    pub text: String,
    /// Who may see it.
    pub labels: Labels,
}

/// A chunk that a search brought up, with its score. Higher is better; scores compare within one search only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Passage {
    /// The chunk.
    pub chunk: Arc<Chunk>,
    /// Its score.
    pub score: f32,
}

/// The outcome of the phase `retrieve`: passages, best first, within the budget.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The passages, best first.
    pub passages: Vec<Passage>,
    /// The query's terms with their weights, heaviest first; what an extract is chosen by.
    pub terms: Vec<WeightedTerm>,
    /// How many chunks matched before the budget cut; at least the number of passages.
    pub matched: u64,
}

/// A searchable term and how much it tells, as inverse document frequency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WeightedTerm {
    /// The term as [`crate::terms`] makes it.
    pub term: SmolStr,
    /// Its inverse document frequency; 0 when no visible chunk holds it.
    pub weight: f32,
}

/// A place in the evidence that a statement rests on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Citation {
    /// The chunk.
    pub chunk: ChunkId,
    /// Its source.
    pub path: SmolStr,
    /// The lines quoted; within the chunk's lines.
    pub lines: Lines,
}

impl fmt::Display for Citation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path, self.lines)
    }
}
