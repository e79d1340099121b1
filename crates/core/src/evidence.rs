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
    /// What was learned from runs: it stands in no file.
    Pattern,
}

impl ChunkKind {
    /// The name in lower case, as in JSON and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Markdown => "markdown",
            Self::Text => "text",
            Self::Pattern => "pattern",
        }
    }

    /// The kind with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Code, Self::Markdown, Self::Text, Self::Pattern].into_iter().find(|kind| kind.as_str() == name)
    }
}

/// How a chunk refers to something that has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RelationKind {
    /// Its code calls it.
    Calls,
    /// It brings it into its file's scope.
    Imports,
    /// It is the outer part of it: a type of its methods, a class of its members.
    Contains,
    /// Its text names it.
    Mentions,
}

impl RelationKind {
    /// All of them, in the order in which the database numbers them.
    pub const ALL: [Self; 4] = [Self::Calls, Self::Imports, Self::Contains, Self::Mentions];

    /// The name in lower case, as in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Imports => "imports",
            Self::Contains => "contains",
            Self::Mentions => "mentions",
        }
    }
}

/// A reference from a chunk to whatever chunks define a name. It is by name, so that each source is written without
/// looking at any other: the references of a file hold before and after the file that defines their targets is there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Relation {
    /// How.
    pub kind: RelationKind,
    /// To what: equal to one of [`Chunk::defines`] of the chunks it leads to.
    pub target: SmolStr,
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
    /// How many bytes of the source stand before its text.
    pub offset: u64,
    /// What it was cut from.
    pub kind: ChunkKind,
    /// What it is about in one line: the heading path of a section, the first declaration of a piece of code;
    /// empty when nothing of the kind is there.
    pub title: String,
    /// The text, byte for byte as in the source.
    pub text: String,
    /// Who may see it.
    pub labels: Labels,
    /// The names it defines, each as it stands (`spawn`) and, within something that has a name, with that
    /// (`Runtime::spawn`). At most [`Chunk::MAX_NAMES`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub defines: Vec<SmolStr>,
    /// What it refers to, without repetition. At most [`Chunk::MAX_NAMES`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relations: Vec<Relation>,
}

impl Chunk {
    /// The most names a chunk defines, and the most it refers to; stores keep the first ones.
    pub const MAX_NAMES: usize = 256;
    /// The most bytes of a chunk's text: it is to be read whole, by people and by models.
    pub const MAX_TEXT: usize = 64 * 1024;

    /// The first chunk of this text in the source at `path`: untitled, unlabelled, without names, at its beginning.
    #[must_use]
    pub fn new(path: &str, kind: ChunkKind, text: impl Into<String>) -> Self {
        let text = text.into();
        let last = u32::try_from(text.lines().count()).unwrap_or(u32::MAX);
        Self {
            id: ChunkId::of(path, &text, 0),
            path: path.into(),
            lines: Lines::new(1, last),
            offset: 0,
            kind,
            title: String::new(),
            text,
            labels: Labels::none(),
            defines: Vec::new(),
            relations: Vec::new(),
        }
    }
}

/// What brought a chunk up in a search, and how strongly by each measure; none where a measure did not see it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Signals {
    /// Terms of the question: BM25 with coverage, from 0 up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lexical: Option<f32>,
    /// Meaning: the cosine of its embedding and the question's, from -1 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vector: Option<f32>,
    /// Use: its base-level activation at the time of the search, a logarithm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation: Option<f32>,
    /// Neighbourhood: activation that spread to it over relations, from 0 up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relation: Option<f32>,
}

/// A chunk that a search brought up, with its score. Higher is better; scores compare within one search only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Passage {
    /// The chunk.
    pub chunk: Arc<Chunk>,
    /// Its score, fused from the signals.
    pub score: f32,
    /// What found it.
    #[serde(default)]
    pub signals: Signals,
}

impl Passage {
    /// A passage of which nobody says what found it.
    #[must_use]
    pub fn new(chunk: Arc<Chunk>, score: f32) -> Self {
        Self { chunk, score, signals: Signals::default() }
    }
}

/// Whether a search looked for meaning as well as for words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VectorSearch {
    /// The search had no embedding: it went by words.
    #[default]
    NoEmbedding,
    /// It had one, but no visible chunk has an embedding by the same model: it went by words.
    NothingEmbedded,
    /// It went by both.
    Used,
    /// It was to have one, but the embedder failed: it went by words.
    EmbedderFailed,
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
    /// Whether meaning was looked for.
    #[serde(default)]
    pub vectors: VectorSearch,
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
