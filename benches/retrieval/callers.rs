//! Which chunks call which: what somebody may have before him who looks for a function.

use std::collections::HashMap;
use std::path::Path;

use ninefold::core::RelationKind;
use ninefold::{Chunk, ChunkId};
use smol_str::SmolStr;

use crate::known_item::Items;
use crate::measure::Query;

pub struct Callers {
    chunks: Vec<Chunk>,
    /// By the name called: the first chunk that calls it, in order of path and line.
    first: HashMap<SmolStr, Vec<ChunkId>>,
}

impl Callers {
    pub fn of_folder(folder: &Path) -> Self {
        let chunks = Items::of(folder).chunks;
        let mut first: HashMap<SmolStr, Vec<ChunkId>> = HashMap::new();
        for chunk in &chunks {
            for relation in chunk.relations.iter().filter(|relation| relation.kind == RelationKind::Calls) {
                first.entry(relation.target.clone()).or_default().push(chunk.id);
            }
        }
        Self { chunks, first }
    }

    /// A chunk, not the right one itself, that calls what the right one defines.
    pub fn of(&self, query: &Query) -> Option<ChunkId> {
        let right = self.chunks.iter().find(|chunk| {
            chunk.path == query.path && chunk.lines.first <= query.line && query.line <= chunk.lines.last
        })?;
        // The most telling name first: it is the longest.
        let mut names: Vec<&SmolStr> = right.defines.iter().collect();
        names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        names.iter().find_map(|name| self.first.get(*name)?.iter().copied().find(|id| *id != right.id))
    }
}
