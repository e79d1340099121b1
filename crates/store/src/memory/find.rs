//! Searches over what the store holds.

use std::collections::HashMap;
use std::convert::Infallible;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use ninefold_core::store::lies_within;
use ninefold_core::{Chunk, Evidence, RelationKind, Result, Search, Signals, VectorSearch};
use smol_str::SmolStr;

use super::state::{Slot, State, kinds};
use super::vectors::Vectors;
use crate::fuse::{Found, Fusion, LEAST_COSINE, check_dimensions, check_query, passages, pool, weighs, window};
use crate::mmr::cosine;
use crate::rank::{Frequency, Hit, Ranking, best, keep_best, search_terms};
use crate::spread::{Graph, Names, spread};

/// A search on its way through the store.
struct Run<'a> {
    state: &'a State,
    search: &'a Search,
    /// Whether the scope allows all there is.
    all_visible: bool,
    /// The keys of the search text's terms.
    keys: Vec<u64>,
}

/// A chunk that was found, by slot.
type Pool = HashMap<u32, Signals, BuildHasherDefault<Spread>>;

/// Hashes slots, which are numbers that the store gives out in order: nobody can make them meet.
#[derive(Default)]
struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(self.0.rotate_left(8) ^ u64::from(byte));
        }
    }

    fn write_u32(&mut self, slot: u32) {
        self.write_u64(slot.into());
    }

    fn write_u64(&mut self, number: u64) {
        // A table looks at the low bits and at the seven highest.
        self.0 = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32);
    }
}

impl State {
    pub(super) fn search(&self, search: &Search) -> Result<Evidence> {
        check_query(search)?;
        let terms = search_terms(&search.text);
        if terms.is_empty() && search.embedding.is_none() && search.context.is_empty() {
            return Ok(Evidence::default());
        }
        let run = Run {
            state: self,
            search,
            all_visible: self.sizes.keys().all(|labels| search.scope.allows(labels)),
            keys: terms.iter().map(|term| self.keys.of(term)).collect(),
        };
        run.evidence(terms)
    }
}

impl Run<'_> {
    fn evidence(&self, terms: Vec<SmolStr>) -> Result<Evidence> {
        let mut ranking = self.ranking();
        let scored = self.scored(&mut ranking);
        let mut matched = scored.len() as u64;
        let mut vectors = VectorSearch::NoEmbedding;
        let hits = if weighs(self.search) {
            let (pool, by_words, meaning) = self.pool(scored, &ranking)?;
            vectors = meaning;
            // What words found is counted.
            if pool.len() > by_words {
                matched += pool.keys().filter(|&&slot| !self.is_recruited(slot, &ranking)).count() as u64;
            }
            self.fused(pool, meaning == VectorSearch::Used)
        } else {
            let hit = |(score, slot)| self.hit(slot, score, Signals { lexical: Some(score), ..Signals::default() });
            scored.into_iter().filter_map(hit).collect()
        };
        let likeness = self.search.diversity > 0.0;
        let found =
            best(hits, window(self.search)).into_iter().map(|Hit { score, signals, chunk: (slot, chunk), .. }| {
                let vector = self.vectors().filter(|_| likeness).and_then(|vectors| vectors.get(slot));
                Found { chunk: Arc::clone(chunk), score, signals, vector: vector.map(<[f32]>::to_vec) }
            });
        let passages = passages(&found.collect::<Vec<_>>(), self.search);
        Ok(Evidence { passages, terms: ranking.weighted(terms), matched, vectors })
    }

    fn visible(&self, slot: u32) -> bool {
        self.all_visible || self.state.slot(slot).is_some_and(|slot| self.search.scope.allows(&slot.chunk.labels))
    }

    /// Whether a chunk is visible and what was asked for.
    fn fits(&self, slot: u32) -> bool {
        let Search { kinds, since, within, .. } = self.search;
        let Some(Slot { chunk, .. }) = self.state.slot(slot).filter(|_| self.visible(slot)) else { return false };
        let changed_since = |time| {
            let source = self.state.sources.get(&chunk.path);
            source.and_then(|held| held.source.modified).is_some_and(|modified| modified >= time)
        };
        State::is_of(kinds, chunk.kind)
            && since.is_none_or(changed_since)
            && (within.is_empty() || within.iter().any(|prefix| lies_within(&chunk.path, prefix)))
    }

    fn ranking(&self) -> Ranking {
        let held = self.keys.iter().map(|&key| self.state.terms.get(key));
        let frequencies: Vec<u64> = held
            .map(|held| if self.all_visible { held.len() } else { held.filter(|(slot, _)| self.visible(*slot)).count() } as u64)
            .collect();
        let visible =
            self.state.sizes.iter().filter(|(labels, _)| self.all_visible || self.search.scope.allows(labels));
        let (chunks, length) = visible.fold((0, 0), |(chunks, length), (_, size)| (chunks + size.0, length + size.1));
        Ranking::new(&frequencies, chunks, length)
    }

    /// All chunks found by words, with their scores.
    fn scored(&self, ranking: &mut Ranking) -> Vec<(f32, u32)> {
        let held = |term: usize| self.keys.get(term).into_iter().flat_map(|&key| self.state.terms.get(key));
        let fitting = |term| held(term).map(|(slot, _)| slot).filter(|&slot| self.fits(slot));
        let mut found: Vec<u32> = ranking.recruiters().iter().flat_map(|&term| fitting(term)).collect();
        // Every term's chunks are in order, which sorting makes use of.
        found.sort();
        found.dedup();
        while found.len() < self.search.limit
            && let Some(term) = ranking.widen(found.is_empty())
        {
            found.extend(fitting(term));
            found.sort();
            found.dedup();
        }
        let scored = |slot| {
            let length = self.state.slot(slot).map_or(0, |slot| slot.length);
            (ranking.score(length, self.held(slot)), slot)
        };
        found.into_iter().map(scored).collect()
    }

    /// The terms of the search text that a chunk holds.
    fn held(&self, slot: u32) -> impl Iterator<Item = (usize, Frequency)> {
        let keys = self.keys.iter().enumerate();
        keys.filter_map(move |(term, &key)| Some((term, self.state.terms.find(key, slot)?)))
    }

    fn is_recruited(&self, slot: u32, ranking: &Ranking) -> bool {
        self.held(slot).any(|(term, _)| ranking.recruits(term))
    }

    fn vectors(&self) -> Option<&Vectors> {
        let model = &self.search.embedding.as_ref()?.model;
        self.state.vectors.get(model).filter(|vectors| !vectors.is_empty())
    }

    /// What is weighed: the best by words, the nearest by meaning, and what the context leads to, with all that is to be
    /// said of each; and how many of them words have found.
    fn pool(&self, mut scored: Vec<(f32, u32)>, ranking: &Ranking) -> Result<(Pool, usize, VectorSearch)> {
        let room = pool(self.search);
        keep_best(&mut scored, room);
        let lexical = |score: f32| (score > 0.0).then_some(score);
        let by_words = |&(score, slot): &(f32, u32)| (slot, Signals { lexical: lexical(score), ..Signals::default() });
        let mut pool: Pool = scored.iter().map(by_words).collect();
        let mut meaning = VectorSearch::NoEmbedding;
        if let Some(embedding) = &self.search.embedding {
            meaning = VectorSearch::NothingEmbedded;
            if let Some(vectors) = self.vectors()
                && vectors.slots().any(|slot| self.visible(slot))
            {
                check_dimensions(&embedding.model, embedding.vector.len(), vectors.dimensions())?;
                meaning = VectorSearch::Used;
                let near = vectors.nearest(&embedding.vector, room, |slot| self.fits(slot));
                let near =
                    near.into_iter().filter(|&slot| self.cosine(slot).is_some_and(|cosine| cosine >= LEAST_COSINE));
                pool.extend(near.map(|slot| (slot, Signals::default())));
            }
        }
        let context =
            self.search.context.iter().filter_map(|id| self.state.slot_of(*id)).filter(|&slot| self.visible(slot));
        let Ok(related) = spread(self, &context.collect::<Vec<_>>());
        for (&slot, &flow) in &related {
            if self.fits(slot) {
                pool.entry(slot).or_default().relation = Some(flow);
            }
        }
        for (&slot, signals) in &mut pool {
            let Some(Slot { chunk, length }) = self.state.slot(slot) else { continue };
            if signals.lexical.is_none() {
                signals.lexical = lexical(ranking.score(*length, self.held(slot)));
            }
            let cosine = self.cosine(slot).filter(|_| meaning == VectorSearch::Used);
            signals.vector = cosine.filter(|cosine| *cosine >= LEAST_COSINE);
            let uses = self.state.uses.get(&chunk.id);
            signals.activation = self.search.now.zip(uses).map(|(now, uses)| uses.base_level(now));
        }
        Ok((pool, scored.len(), meaning))
    }

    fn cosine(&self, slot: u32) -> Option<f32> {
        let question = &self.search.embedding.as_ref()?.vector;
        Some(cosine(question, self.vectors()?.get(slot)?))
    }

    fn fused(&self, pool: Pool, meaning: bool) -> Vec<Hit<&str, (u32, &Arc<Chunk>)>> {
        let best = pool.values().filter_map(|signals| signals.lexical).fold(0.0, f32::max);
        let fusion = Fusion::new(best, meaning);
        let hit = |(slot, signals)| self.hit(slot, fusion.score(&signals), signals);
        pool.into_iter().filter_map(hit).collect()
    }

    fn hit(&self, slot: u32, score: f32, signals: Signals) -> Option<Hit<&str, (u32, &Arc<Chunk>)>> {
        let chunk = &self.state.slot(slot)?.chunk;
        let uses = self.state.uses.get(&chunk.id).map_or(0, |uses| uses.count);
        let (path, line, id) = (chunk.path.as_str(), chunk.lines.first, chunk.id);
        Some(Hit { score, signals, uses, path, line, id, chunk: (slot, chunk) })
    }
}

impl Graph for Run<'_> {
    type Node = u32;
    type Error = Infallible;

    fn names(&self, slot: u32) -> Result<Names, Infallible> {
        let chunk = self.state.slot(slot).map(|slot| &slot.chunk);
        Ok(chunk.map_or_else(Names::default, |chunk| Names {
            defines: chunk.defines.clone(),
            relations: chunk.relations.clone(),
        }))
    }

    fn definers(&self, name: &str, limit: usize) -> Result<Vec<u32>, Infallible> {
        let named = self.state.names.get(self.state.keys.of(name));
        let definers = named.filter(|(_, name)| name.body > 0).map(|(slot, _)| slot);
        Ok(definers.filter(|&slot| self.visible(slot)).take(limit).collect())
    }

    fn referrers(&self, name: &str, limit: usize) -> Result<Vec<(u32, RelationKind)>, Infallible> {
        let named = self.state.names.get(self.state.keys.of(name)).filter(|&(slot, _)| self.visible(slot));
        Ok(named.flat_map(|(slot, name)| kinds(name.title).map(move |kind| (slot, kind))).take(limit).collect())
    }
}
