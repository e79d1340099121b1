//! The store in the process's memory: an inverted index over chunks that are shared, not copied, with what a search
//! returns. For tests, small corpora and hosts that keep their own files.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use async_trait::async_trait;
use ninefold_core::store::lies_within;
use ninefold_core::{
    Chunk, ChunkId, Contents, Document, Error, ErrorKind, Evidence, Forgetting, Forgotten, Labels, Passage, Result,
    Scope, Search, Source, Store, Timestamp, VectorSearch,
};
use smol_str::SmolStr;

use crate::rank::{Frequency, Hit, Ranking, best, for_each_chunk_term, search_terms};

/// A store in memory; it lives as long as the value.
#[derive(Debug, Default)]
pub struct MemoryStore(RwLock<State>);

#[derive(Debug, Default)]
struct State {
    sources: BTreeMap<SmolStr, Held>,
    /// Chunks by slot; a removed chunk leaves its slot to the next one.
    slots: Vec<Option<Slot>>,
    vacant: Vec<u32>,
    by_id: HashMap<ChunkId, u32>,
    /// Per term the chunks that hold it, ascending by slot.
    postings: HashMap<SmolStr, Vec<(u32, Frequency)>>,
    uses: HashMap<ChunkId, u64>,
    /// Per set of labels: how many chunks carry it, and how many terms these have together.
    sizes: HashMap<Labels, (u64, u64)>,
}

#[derive(Debug)]
struct Held {
    source: Source,
    slots: Vec<u32>,
}

#[derive(Debug)]
struct Slot {
    chunk: Arc<Chunk>,
    length: u32,
}

/// A chunk cut into terms, ready to go in.
struct Prepared {
    chunk: Arc<Chunk>,
    length: u32,
    terms: HashMap<SmolStr, Frequency>,
}

impl Prepared {
    fn new(chunk: Chunk, source: &Source) -> Self {
        let chunk = Chunk { path: source.path.clone(), labels: source.labels.clone(), ..chunk };
        let (length, terms) = count(&chunk);
        Self { chunk: Arc::new(chunk), length, terms }
    }
}

fn count(chunk: &Chunk) -> (u32, HashMap<SmolStr, Frequency>) {
    let mut length = 0_u32;
    let mut terms: HashMap<SmolStr, Frequency> = HashMap::new();
    for_each_chunk_term(&chunk.path, &chunk.title, &chunk.text, |stream, term| {
        length = length.saturating_add(1);
        match terms.get_mut(term) {
            Some(frequency) => frequency.count(stream),
            None => terms.entry(SmolStr::new(term)).or_default().count(stream),
        }
    });
    (length, terms)
}

/// The error for a chunk id that is in use.
pub(crate) fn id_in_use(id: ChunkId, path: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, format!("chunk {id} of {path} has the id of another chunk"))
        .hint("make ids with ChunkId::of, which tells texts, paths and occurrences apart")
}

/// The last document of each source: what a batch comes to.
pub(crate) fn last_of_each(documents: Vec<Document>) -> Vec<Document> {
    let mut seen = HashSet::new();
    let mut kept: Vec<Document> =
        documents.into_iter().rev().filter(|document| seen.insert(document.source.path.clone())).collect();
    kept.reverse();
    kept
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    // No reader sees a change half made, and no change can panic half way, so a poisoned lock is as good as another.
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn slot(&self, slot: u32) -> Option<&Slot> {
        self.slots.get(slot as usize)?.as_ref()
    }

    /// Whether these chunks may go in, once the sources in `replaced` are out.
    fn check(&self, documents: &[(Source, Vec<Prepared>)]) -> Result<()> {
        let replaced: HashSet<&SmolStr> = documents.iter().map(|(source, _)| &source.path).collect();
        let mut ids = HashSet::new();
        for prepared in documents.iter().flat_map(|(_, chunks)| chunks) {
            let Chunk { id, path, .. } = &*prepared.chunk;
            let owner = self.by_id.get(id).and_then(|&slot| self.slot(slot)).map(|slot| &slot.chunk.path);
            if !ids.insert(*id) || owner.is_some_and(|owner| !replaced.contains(owner)) {
                return Err(id_in_use(*id, path));
            }
        }
        Ok(())
    }

    fn insert(&mut self, source: Source, chunks: Vec<Prepared>) {
        let mut slots = Vec::with_capacity(chunks.len());
        for Prepared { chunk, length, terms } in chunks {
            let slot = self.vacant.pop().unwrap_or_else(|| {
                self.slots.push(None);
                u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
            });
            for (term, frequency) in terms {
                let postings = self.postings.entry(term).or_default();
                if let Err(place) = postings.binary_search_by_key(&slot, |&(slot, _)| slot) {
                    postings.insert(place, (slot, frequency));
                }
            }
            let (chunks, terms) = self.sizes.entry(chunk.labels.clone()).or_default();
            *chunks += 1;
            *terms += u64::from(length);
            self.by_id.insert(chunk.id, slot);
            slots.push(slot);
            if let Some(place) = self.slots.get_mut(slot as usize) {
                *place = Some(Slot { chunk, length });
            }
        }
        self.sources.insert(source.path.clone(), Held { source, slots });
    }

    /// Takes a source out; gives the ids of its chunks, whose usage the caller keeps or drops.
    fn take(&mut self, path: &str) -> Option<Vec<ChunkId>> {
        let held = self.sources.remove(path)?;
        let mut ids = Vec::with_capacity(held.slots.len());
        for slot in held.slots {
            let Some(Slot { chunk, length }) = self.slots.get_mut(slot as usize).and_then(Option::take) else {
                continue;
            };
            self.vacant.push(slot);
            for term in count(&chunk).1.into_keys() {
                let Some(postings) = self.postings.get_mut(&term) else { continue };
                if let Ok(place) = postings.binary_search_by_key(&slot, |&(slot, _)| slot) {
                    postings.remove(place);
                }
                if postings.is_empty() {
                    self.postings.remove(&term);
                }
            }
            if let Some((chunks, terms)) = self.sizes.get_mut(&chunk.labels) {
                *chunks -= 1;
                *terms -= u64::from(length);
                if *chunks == 0 {
                    self.sizes.remove(&chunk.labels);
                }
            }
            self.by_id.remove(&chunk.id);
            ids.push(chunk.id);
        }
        Some(ids)
    }

    fn search(&self, search: &Search) -> Evidence {
        let terms = search_terms(&search.text);
        if terms.is_empty() {
            return Evidence::default();
        }
        let all_visible = self.sizes.keys().all(|labels| search.scope.allows(labels));
        let visible =
            |slot: &u32| all_visible || self.slot(*slot).is_some_and(|slot| search.scope.allows(&slot.chunk.labels));
        let postings: Vec<&[(u32, Frequency)]> =
            terms.iter().map(|term| self.postings.get(term).map_or(&[] as &[_], Vec::as_slice)).collect();
        let frequencies: Vec<u64> = postings
            .iter()
            .map(|held| if all_visible { held.len() } else { held.iter().filter(|(slot, _)| visible(slot)).count() } as u64)
            .collect();
        let (chunks, length) = self
            .sizes
            .iter()
            .filter(|(labels, _)| all_visible || search.scope.allows(labels))
            .fold((0, 0), |(chunks, length), (_, size)| (chunks + size.0, length + size.1));
        let ranking = Ranking::new(&frequencies, chunks, length);
        let mut found: Vec<(u32, usize, Frequency)> = Vec::new();
        for (term, held) in postings.iter().enumerate() {
            found.extend(held.iter().map(|&(slot, frequency)| (slot, term, frequency)));
        }
        found.sort_unstable_by_key(|&(slot, term, _)| (slot, term));
        let mut hits = Vec::new();
        for group in found.chunk_by(|a, b| a.0 == b.0) {
            let recruited = group.iter().any(|(_, term, _)| ranking.recruiters().binary_search(term).is_ok());
            let Some(&(number, ..)) = group.first().filter(|(slot, ..)| recruited && visible(slot)) else { continue };
            let Some(slot) = self.slot(number) else { continue };
            let chunk = &slot.chunk;
            if !search.within.is_empty() && !search.within.iter().any(|prefix| lies_within(&chunk.path, prefix)) {
                continue;
            }
            hits.push(Hit {
                score: ranking.score(slot.length, group.iter().map(|&(_, term, frequency)| (term, frequency))),
                uses: self.uses.get(&chunk.id).copied().unwrap_or_default(),
                path: chunk.path.as_str(),
                line: chunk.lines.first,
                id: chunk.id,
                chunk,
            });
        }
        let matched = hits.len() as u64;
        let passages =
            best(hits, search.limit).into_iter().map(|hit| Passage::new(Arc::clone(hit.chunk), hit.score)).collect();
        Evidence { passages, terms: ranking.weighted(terms), matched, vectors: VectorSearch::default() }
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn put(&self, documents: Vec<Document>) -> Result<()> {
        let documents: Vec<(Source, Vec<Prepared>)> = last_of_each(documents)
            .into_iter()
            .map(|Document { source, chunks, .. }| {
                let chunks = chunks.into_iter().map(|chunk| Prepared::new(chunk, &source)).collect();
                (source, chunks)
            })
            .collect();
        let mut state = self.write();
        state.check(&documents)?;
        let gone: Vec<ChunkId> =
            documents.iter().filter_map(|(source, _)| state.take(&source.path)).flatten().collect();
        for (source, chunks) in documents {
            state.insert(source, chunks);
        }
        for id in gone {
            if !state.by_id.contains_key(&id) {
                state.uses.remove(&id);
            }
        }
        Ok(())
    }

    async fn get(&self, ids: &[ChunkId], scope: &Scope) -> Result<Vec<Chunk>> {
        let state = self.read();
        let chunks = ids.iter().filter_map(|id| state.slot(*state.by_id.get(id)?)).map(|slot| &slot.chunk);
        Ok(chunks.filter(|chunk| scope.allows(&chunk.labels)).map(|chunk| Chunk::clone(chunk)).collect())
    }

    async fn search(&self, search: &Search) -> Result<Evidence> {
        Ok(self.read().search(search))
    }

    async fn touch(&self, ids: &[ChunkId], _at: Timestamp) -> Result<()> {
        let mut state = self.write();
        for id in ids {
            if state.by_id.contains_key(id) {
                *state.uses.entry(*id).or_default() += 1;
            }
        }
        Ok(())
    }

    async fn remove(&self, paths: &[SmolStr]) -> Result<u64> {
        let mut state = self.write();
        let mut removed = 0;
        for path in paths {
            let Some(ids) = state.take(path) else { continue };
            removed += 1;
            for id in ids {
                state.uses.remove(&id);
            }
        }
        Ok(removed)
    }

    async fn sources(&self, prefix: &str) -> Result<Vec<Source>> {
        let state = self.read();
        let held = state.sources.values().map(|held| &held.source);
        Ok(held.filter(|source| prefix.is_empty() || lies_within(&source.path, prefix)).cloned().collect())
    }

    async fn forget(&self, _: &Forgetting) -> Result<Forgotten> {
        Err(Error::new(ErrorKind::Permanent, "this store cannot forget yet"))
    }

    async fn contents(&self) -> Result<Contents> {
        Err(Error::new(ErrorKind::Permanent, "this store cannot be counted yet"))
    }
}
