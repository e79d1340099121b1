//! What the store holds: sources, chunks in numbered slots, and from terms and names to slots.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use ninefold_core::{
    Chunk, ChunkId, ChunkKind, Contents, Document, Embeddings, Error, ErrorKind, Forgetting, Forgotten, Labels,
    Relation, RelationKind, Result, Source, Timestamp,
};
use smol_str::SmolStr;

use super::postings::{ByHash, Keys, Postings};
use super::vectors::Vectors;
use crate::activation::Uses;
use crate::forget::Liveliness;
use crate::rank::{Frequency, for_each_chunk_term};
use crate::spread::bound_names;

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) keys: Keys,
    pub(super) sources: BTreeMap<SmolStr, Held>,
    /// Chunks by slot; a removed chunk leaves its slot to the next one.
    slots: Vec<Option<Slot>>,
    vacant: Vec<u32>,
    by_id: ByHash<u32>,
    pub(super) terms: Postings,
    /// Which chunks define a name and refer to it: in place of the frequency in the text 1 for a definition, in place of
    /// that in the title a bit for each kind of relation.
    pub(super) names: Postings,
    pub(super) uses: HashMap<ChunkId, Uses>,
    pub(super) vectors: HashMap<SmolStr, Vectors>,
    /// Per set of labels: how many chunks carry it, and how many terms these have together.
    pub(super) sizes: HashMap<Labels, (u64, u64)>,
}

#[derive(Debug)]
pub(super) struct Held {
    pub(super) source: Source,
    slots: Box<[u32]>,
}

#[derive(Debug)]
pub(super) struct Slot {
    pub(super) chunk: Arc<Chunk>,
    pub(super) length: u32,
}

/// The terms of a chunk by key, each once.
type Terms = Vec<(u64, Frequency)>;

/// A document cut into terms, ready to go in.
pub(super) struct Prepared {
    source: Source,
    chunks: Vec<(Chunk, u32, Terms)>,
    embeddings: Option<Embeddings>,
    renamed_from: Option<SmolStr>,
}

impl Prepared {
    /// Cuts a document into terms.
    pub(super) fn new(document: Document, keys: &Keys) -> Result<Self> {
        document.check()?;
        let Document { source, chunks, embeddings, renamed_from } = document;
        let chunk = |mut chunk: Chunk| {
            chunk.path = source.path.clone();
            chunk.labels = source.labels.clone();
            bound_names(&mut chunk);
            chunk.title.shrink_to_fit();
            chunk.text.shrink_to_fit();
            chunk.defines.shrink_to_fit();
            chunk.relations.shrink_to_fit();
            let (length, terms) = count(&chunk, keys);
            (chunk, length, terms)
        };
        let chunks = chunks.into_iter().map(chunk).collect();
        let renamed_from = renamed_from.filter(|from| *from != source.path);
        Ok(Self { source, chunks, embeddings, renamed_from })
    }
}

/// The length of a chunk in terms, and its terms by key.
fn count(chunk: &Chunk, keys: &Keys) -> (u32, Terms) {
    let mut terms: Terms = Vec::with_capacity(chunk.text.len() / 8 + 4);
    for_each_chunk_term(&chunk.path, &chunk.title, &chunk.text, |stream, term| {
        let mut once = Frequency::default();
        once.count(stream);
        terms.push((keys.of(term), once));
    });
    let length = u32::try_from(terms.len()).unwrap_or(u32::MAX);
    terms.sort_unstable_by_key(|&(key, _)| key);
    terms.dedup_by(|next, first| {
        let same = next.0 == first.0;
        if same {
            first.1.add(next.1);
        }
        same
    });
    (length, terms)
}

fn bit(kind: RelationKind) -> u8 {
    1 << kind as u8
}

/// The kinds of relation whose bits are set.
pub(super) fn kinds(bits: u8) -> impl Iterator<Item = RelationKind> {
    RelationKind::ALL.into_iter().filter(move |kind| bits & bit(*kind) != 0)
}

/// The error for a chunk id that is in use.
pub(crate) fn id_in_use(id: ChunkId, path: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, format!("chunk {id} of {path} has the id of another chunk"))
        .hint("make ids with ChunkId::of, which tells texts, paths and occurrences apart")
}

impl State {
    pub(super) fn new(keys: Keys) -> Self {
        Self { keys, ..Self::default() }
    }

    pub(super) fn slot(&self, slot: u32) -> Option<&Slot> {
        self.slots.get(slot as usize)?.as_ref()
    }

    pub(super) fn slot_of(&self, id: ChunkId) -> Option<u32> {
        self.by_id.get(&id.0).copied()
    }

    pub(super) fn chunks(&self) -> impl Iterator<Item = (u32, &Arc<Chunk>)> {
        (0_u32..).zip(&self.slots).filter_map(|(number, slot)| Some((number, &slot.as_ref()?.chunk)))
    }

    /// Whether these documents may go in, once what they replace is out.
    fn check(&self, documents: &[Prepared]) -> Result<()> {
        let replaced: HashSet<&SmolStr> = documents
            .iter()
            .flat_map(|document| [Some(&document.source.path), document.renamed_from.as_ref()])
            .flatten()
            .collect();
        let mut ids = ByHash::<()>::default();
        for document in documents {
            for (Chunk { id, path, .. }, ..) in &document.chunks {
                let owner = self.slot_of(*id).and_then(|slot| self.slot(slot)).map(|slot| &slot.chunk.path);
                if ids.insert(id.0, ()).is_some() || owner.is_some_and(|owner| !replaced.contains(owner)) {
                    return Err(id_in_use(*id, path));
                }
            }
        }
        // Within one batch the first embeddings of a model decide how long its vectors are.
        let mut dimensions: HashMap<&SmolStr, usize> = HashMap::new();
        for embeddings in documents.iter().filter_map(|document| document.embeddings.as_ref()) {
            let Some(given) = embeddings.vectors.first().map(Vec::len) else { continue };
            let known =
                self.vectors.get(&embeddings.model).filter(|vectors| !vectors.is_empty()).map(Vectors::dimensions);
            let known = *dimensions.entry(&embeddings.model).or_insert(known.unwrap_or(given));
            crate::fuse::check_dimensions(&embeddings.model, given, known)?;
        }
        Ok(())
    }

    /// Writes documents, all or none.
    pub(super) fn put(&mut self, documents: Vec<Prepared>) -> Result<()> {
        self.check(&documents)?;
        let moved: Vec<(SmolStr, Vec<ChunkId>)> = documents
            .iter()
            .filter_map(|document| Some((document.source.path.clone(), self.ids_of(document.renamed_from.as_ref()?)?)))
            .collect();
        let replaced =
            documents.iter().flat_map(|document| [Some(&document.source.path), document.renamed_from.as_ref()]);
        let gone: Vec<ChunkId> = replaced.flatten().filter_map(|path| self.take(path)).flatten().collect();
        for document in documents {
            self.insert(document)?;
        }
        for (path, from) in moved {
            let to = self.ids_of(&path).unwrap_or_default();
            for (from, to) in from.iter().zip(to) {
                if let Some(uses) = self.uses.get(from).copied() {
                    self.uses.entry(to).or_insert(uses);
                }
            }
        }
        for id in gone {
            if !self.by_id.contains_key(&id.0) {
                self.uses.remove(&id);
            }
        }
        Ok(())
    }

    /// The chunks of a source, in order.
    fn ids_of(&self, path: &str) -> Option<Vec<ChunkId>> {
        let held = self.sources.get(path)?;
        Some(held.slots.iter().filter_map(|&slot| Some(self.slot(slot)?.chunk.id)).collect())
    }

    fn insert(&mut self, Prepared { source, chunks, embeddings, .. }: Prepared) -> Result<()> {
        let mut slots = Vec::with_capacity(chunks.len());
        let new = chunks.len().saturating_sub(self.vacant.len());
        if self.slots.capacity() - self.slots.len() < new {
            // A quarter more instead of twice as much.
            self.slots.reserve_exact(new.max(self.slots.len() / 4));
        }
        let (of_all, mut length_of_all) = (chunks.len() as u64, 0);
        for (chunk, length, terms) in chunks {
            let slot = self.vacant.pop().unwrap_or_else(|| {
                self.slots.push(None);
                u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
            });
            for (key, frequency) in terms {
                self.terms.insert(key, slot, frequency);
            }
            for (key, name) in self.names_of(&chunk) {
                self.names.insert(key, slot, name);
            }
            length_of_all += u64::from(length);
            self.by_id.insert(chunk.id.0, slot);
            slots.push(slot);
            if let Some(place) = self.slots.get_mut(slot as usize) {
                *place = Some(Slot { chunk: Arc::new(chunk), length });
            }
        }
        if of_all > 0 {
            let (chunks, terms) = self.sizes.entry(source.labels.clone()).or_default();
            *chunks += of_all;
            *terms += length_of_all;
        }
        if let Some(Embeddings { model, vectors }) = embeddings {
            self.set_vectors(&model, slots.iter().copied().zip(vectors))?;
        }
        self.sources.insert(source.path.clone(), Held { source, slots: slots.into() });
        Ok(())
    }

    /// What a chunk defines and refers to, by key.
    fn names_of(&self, chunk: &Chunk) -> ByHash<Frequency> {
        let mut names = ByHash::<Frequency>::default();
        for name in &chunk.defines {
            names.entry(self.keys.of(name)).or_default().body = 1;
        }
        for Relation { kind, target } in &chunk.relations {
            names.entry(self.keys.of(target)).or_default().title |= bit(*kind);
        }
        names
    }

    fn set_vectors(&mut self, model: &SmolStr, vectors: impl Iterator<Item = (u32, Vec<f32>)>) -> Result<()> {
        let mut vectors = vectors.peekable();
        let Some(dimensions) = vectors.peek().map(|(_, vector)| vector.len()) else { return Ok(()) };
        let held = self.vectors.entry(model.clone()).or_insert_with(|| Vectors::new(dimensions));
        if held.is_empty() && held.dimensions() != dimensions {
            *held = Vectors::new(dimensions);
        }
        crate::fuse::check_dimensions(model, dimensions, held.dimensions())?;
        vectors.for_each(|(slot, vector)| held.insert(slot, vector));
        Ok(())
    }

    /// Gives chunks their embeddings; unknown ones are passed over.
    pub(super) fn embed(&mut self, embeddings: Embeddings, chunks: &[ChunkId]) -> Result<()> {
        embeddings.check(chunks.len())?;
        let known: Vec<(u32, Vec<f32>)> = chunks
            .iter()
            .zip(embeddings.vectors)
            .filter_map(|(id, vector)| Some((self.slot_of(*id)?, vector)))
            .collect();
        self.set_vectors(&embeddings.model, known.into_iter())
    }

    /// Takes a source out; gives the ids of its chunks, whose usage the caller keeps or drops.
    pub(super) fn take(&mut self, path: &str) -> Option<Vec<ChunkId>> {
        let held = self.sources.remove(path)?;
        let mut ids = Vec::with_capacity(held.slots.len());
        for slot in held.slots {
            let Some(Slot { chunk, length }) = self.slots.get_mut(slot as usize).and_then(Option::take) else {
                continue;
            };
            self.vacant.push(slot);
            for (key, _) in count(&chunk, &self.keys).1 {
                self.terms.remove(key, slot);
            }
            for key in self.names_of(&chunk).into_keys() {
                self.names.remove(key, slot);
            }
            for vectors in self.vectors.values_mut() {
                vectors.remove(slot);
            }
            if let Some((chunks, terms)) = self.sizes.get_mut(&chunk.labels) {
                *chunks -= 1;
                *terms -= u64::from(length);
                if *chunks == 0 {
                    self.sizes.remove(&chunk.labels);
                }
            }
            self.by_id.remove(&chunk.id.0);
            ids.push(chunk.id);
        }
        Some(ids)
    }

    pub(super) fn remove(&mut self, path: &str) -> bool {
        let Some(ids) = self.take(path) else { return false };
        for id in ids {
            self.uses.remove(&id);
        }
        true
    }

    pub(super) fn touch(&mut self, ids: &[ChunkId], at: Timestamp) {
        for id in ids.iter().filter(|id| self.by_id.contains_key(&id.0)) {
            self.uses.entry(*id).and_modify(|uses| uses.note(at)).or_insert_with(|| Uses::once(at));
        }
    }

    /// What is to be forgotten, by path.
    pub(super) fn forgettable(&self, forgetting: &Forgetting) -> Forgotten {
        let mut forgotten = Forgotten::default();
        for Held { source, slots } in self.sources.values() {
            let mut liveliness = Liveliness::new(source.rebuildable, source.modified);
            for chunk in slots.iter().filter_map(|&slot| Some(&self.slot(slot)?.chunk)) {
                liveliness.chunk(chunk.kind, self.uses.get(&chunk.id));
            }
            if liveliness.is_forgotten(forgetting) {
                forgotten.paths.push(source.path.clone());
                forgotten.chunks += slots.len() as u64;
            }
        }
        forgotten
    }

    pub(super) fn contents(&self) -> Contents {
        let mut contents =
            Contents { sources: self.sources.len() as u64, used: self.uses.len() as u64, ..Contents::default() };
        for (_, chunk) in self.chunks() {
            *contents.chunks.entry(chunk.kind).or_default() += 1;
            contents.text_bytes += chunk.text.len() as u64;
            contents.relations += chunk.relations.len() as u64;
        }
        let embedded = self.vectors.iter().filter(|(_, vectors)| !vectors.is_empty());
        contents.embedded = embedded.map(|(model, vectors)| (model.clone(), vectors.len() as u64)).collect();
        contents
    }

    /// Whether a chunk's kind is among those asked for.
    pub(super) fn is_of(kinds: &[ChunkKind], kind: ChunkKind) -> bool {
        kinds.is_empty() || kinds.contains(&kind)
    }
}
