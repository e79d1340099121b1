//! The store in the process's memory: an inverted index over chunks that are shared, not copied, with what a search
//! returns. For tests, small corpora and hosts that keep their own files.

mod find;
mod postings;
mod state;
mod vectors;

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use async_trait::async_trait;
use ninefold_core::store::lies_within;
use ninefold_core::{
    Chunk, ChunkId, Contents, Document, Embeddings, Evidence, Forgetting, Forgotten, Result, Scope, Search, Source,
    Store, Timestamp,
};
use smol_str::SmolStr;

use crate::sqlite::{AT_ONCE, away};
use postings::Keys;
pub(crate) use state::id_in_use;
use state::{Prepared, State};

/// A store in memory; it lives as long as the value.
#[derive(Debug)]
pub struct MemoryStore {
    state: RwLock<State>,
    keys: Keys,
}

/// The last document of each source: what a batch comes to.
pub(crate) fn last_of_each(documents: Vec<Document>) -> Vec<Document> {
    let mut seen = HashSet::new();
    let mut kept: Vec<Document> =
        documents.into_iter().rev().filter(|document| seen.insert(document.source.path.clone())).collect();
    kept.reverse();
    kept
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        let keys = Keys::default();
        Self { state: RwLock::new(State::new(keys.clone())), keys }
    }

    // No reader sees a change half made, and no change can panic half way, so a poisoned lock is as good as another.
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn put(&self, documents: Vec<Document>) -> Result<()> {
        let keys = self.keys.clone();
        let documents = last_of_each(documents);
        let bytes: usize = documents.iter().flat_map(|document| &document.chunks).map(|chunk| chunk.text.len()).sum();
        let prepare =
            move || documents.into_iter().map(|document| Prepared::new(document, &keys)).collect::<Result<Vec<_>>>();
        let documents = if bytes <= AT_ONCE { prepare() } else { away(prepare).await? }?;
        self.write().put(documents)
    }

    async fn get(&self, ids: &[ChunkId], scope: &Scope) -> Result<Vec<Chunk>> {
        let state = self.read();
        let chunks = ids.iter().filter_map(|id| state.slot(state.slot_of(*id)?)).map(|slot| &slot.chunk);
        Ok(chunks.filter(|chunk| scope.allows(&chunk.labels)).map(|chunk| Chunk::clone(chunk)).collect())
    }

    async fn search(&self, search: &Search) -> Result<Evidence> {
        self.read().search(search)
    }

    async fn touch(&self, ids: &[ChunkId], at: Timestamp) -> Result<()> {
        self.write().touch(ids, at);
        Ok(())
    }

    async fn remove(&self, paths: &[SmolStr]) -> Result<u64> {
        let mut state = self.write();
        Ok(paths.iter().filter(|path| state.remove(path)).count() as u64)
    }

    async fn sources(&self, prefix: &str) -> Result<Vec<Source>> {
        let state = self.read();
        let held = state.sources.values().map(|held| &held.source);
        Ok(held.filter(|source| prefix.is_empty() || lies_within(&source.path, prefix)).cloned().collect())
    }

    async fn forget(&self, forgetting: &Forgetting) -> Result<Forgotten> {
        let mut state = self.write();
        let forgotten = state.forgettable(forgetting);
        if !forgetting.dry_run {
            forgotten.paths.iter().for_each(|path| {
                state.remove(path);
            });
        }
        Ok(forgotten)
    }

    async fn contents(&self) -> Result<Contents> {
        Ok(self.read().contents())
    }

    async fn unembedded(&self, model: &str, limit: usize) -> Result<Vec<Chunk>> {
        let state = self.read();
        let vectors = state.vectors.get(model);
        let has_none = |slot: u32| vectors.is_none_or(|vectors| vectors.get(slot).is_none());
        Ok(state
            .chunks()
            .filter(|(slot, _)| has_none(*slot))
            .take(limit)
            .map(|(_, chunk)| Chunk::clone(chunk))
            .collect())
    }

    async fn embed(&self, embeddings: Embeddings, chunks: &[ChunkId]) -> Result<()> {
        self.write().embed(embeddings, chunks)
    }
}
