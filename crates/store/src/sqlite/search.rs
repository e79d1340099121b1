//! Search: words, meaning, use and neighbourhood find and weigh. Everything one search reads, it reads in one snapshot.

use std::collections::HashMap;
use std::sync::Arc;

use ninefold_core::{Evidence, Result, Search, Signals, VectorSearch};
use rusqlite::{Connection, OptionalExtension, Row};

use super::chunks::{CHUNK_COLUMNS, chunk_from, from_row, to_row};
use super::embeddings::{Model, model, vector_of};
use super::failure::{Fault, strange_value};
use super::filter::Filter;
use super::lexical::Wanted;
use super::relations::VisibleGraph;
use super::usage::{USAGE_COLUMNS, uses_from};
use super::vectors::Vectors;
use super::vocabulary::Vocabulary;
use crate::fuse::{Found, Fusion, LEAST_COSINE, check_dimensions, check_query, passages, pool, weighs, window};
use crate::mmr::cosine;
use crate::rank::{Hit, best, keep_best, search_terms};
use crate::spread::spread;

/// A search on its way through a snapshot.
struct Run<'a> {
    connection: &'a Connection,
    search: &'a Search,
    filter: Filter,
    wanted: Wanted,
    /// The model of the question's embedding, where the store knows it.
    model: Option<Model>,
}

/// What the readers of a file hold in memory.
#[derive(Debug, Default)]
pub(super) struct Held {
    vectors: Vectors,
    vocabulary: Vocabulary,
}

/// What meaning and neighbourhood say of a chunk before the rest is known.
type Pool = HashMap<i64, Signals>;

/// The best passages for a search.
pub(super) fn search(connection: &Connection, search: &Search, held: &Held) -> Result<Evidence, Fault> {
    check_query(search)?;
    let terms = search_terms(&search.text);
    if terms.is_empty() && search.embedding.is_none() && search.context.is_empty() {
        return Ok(Evidence::default());
    }
    let snapshot = connection.unchecked_transaction()?;
    let filter = Filter::read(&snapshot, search)?;
    let mut wanted = Wanted::new(&snapshot, &filter, &terms, &held.vocabulary)?;
    let model = match &search.embedding {
        None => None,
        Some(embedding) => model(&snapshot, &embedding.model)?,
    };
    let by_words = wanted.find(&snapshot, &filter, window(search).max(search.limit), search.limit)?;
    let run = Run { connection: &snapshot, search, filter, wanted, model };
    let mut matched = by_words.matched;
    let mut meaning = VectorSearch::NoEmbedding;
    let hits = if weighs(search) {
        let pool;
        (pool, meaning) = run.pool(by_words.scored, &held.vectors)?;
        let (hits, beside_words) = run.weighed(pool, meaning == VectorSearch::Used)?;
        matched += beside_words;
        hits
    } else {
        run.by_words(by_words.scored)?
    };
    let passages = run.passages_of(best(hits, window(search)))?;
    let terms = run.wanted.ranking.weighted(terms);
    Ok(Evidence { passages, terms, matched, vectors: meaning })
}

impl Run<'_> {
    /// The hits of a search by words alone. What decides between equal scores is read only of chunks that come so far.
    fn by_words(&self, mut scored: Vec<(f32, i64)>) -> Result<Vec<Hit<String, i64>>, Fault> {
        let room = window(self.search);
        if room == 0 {
            return Ok(Vec::new());
        }
        keep_best(&mut scored, room);
        let mut select = self.connection.prepare_cached(
            "SELECT c.chunk, s.path, c.first, u.uses FROM chunks c JOIN sources s ON s.id = c.source
             LEFT JOIN usage u ON u.chunk = c.chunk WHERE c.id = ?1",
        )?;
        let hit = |(score, row_id): (f32, i64)| {
            Ok(select.query_row([row_id], |row| {
                Ok(Hit {
                    score,
                    signals: Signals { lexical: Some(score), ..Signals::default() },
                    id: from_row(row.get(0)?),
                    path: row.get(1)?,
                    line: row.get(2)?,
                    uses: row.get::<_, Option<u64>>(3)?.unwrap_or_default(),
                    chunk: row_id,
                })
            })?)
        };
        scored.into_iter().map(hit).collect()
    }

    /// What is weighed: the best by words, the nearest by meaning, and what the context leads to.
    fn pool(&self, mut scored: Vec<(f32, i64)>, vectors: &Vectors) -> Result<(Pool, VectorSearch), Fault> {
        let room = pool(self.search);
        keep_best(&mut scored, room);
        let mut pool: Pool = scored.into_iter().map(|(_, row)| (row, Signals::default())).collect();
        let mut meaning = VectorSearch::NoEmbedding;
        if let Some(embedding) = &self.search.embedding {
            meaning = VectorSearch::NothingEmbedded;
            if let Some(model) = self.model {
                let by_meaning = vectors.nearest(self.connection, model, embedding, room, &self.filter)?;
                if by_meaning.any {
                    check_dimensions(&embedding.model, embedding.vector.len(), model.dimensions)?;
                    meaning = VectorSearch::Used;
                }
                for (row, cosine) in by_meaning.near.into_iter().filter(|(_, cosine)| *cosine >= LEAST_COSINE) {
                    pool.entry(row).or_default().vector = Some(cosine);
                }
            }
        }
        for (row, flow) in self.related()? {
            pool.entry(row).or_default().relation = Some(flow);
        }
        Ok((pool, meaning))
    }

    fn related(&self) -> Result<HashMap<i64, f32>, Fault> {
        if self.search.context.is_empty() {
            return Ok(HashMap::new());
        }
        let visible = &self.filter.visible;
        let mut select = self.connection.prepare_cached("SELECT id, label_set FROM chunks WHERE chunk = ?1")?;
        let mut context = Vec::new();
        for id in &self.search.context {
            let found = select.query_row([to_row(*id)], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            context.extend(found.filter(|(_, label_set)| visible.allows(*label_set)).map(|(row, _): (i64, i64)| row));
        }
        spread(&VisibleGraph { connection: self.connection, visible }, &context)
    }

    /// The hits of what is weighed, and how many of them words would not have found.
    fn weighed(&self, pool: Pool, meaning: bool) -> Result<(Vec<Hit<String, i64>>, u64), Fault> {
        let mut select = self.connection.prepare_cached(&format!(
            "SELECT c.chunk, s.path, c.first, c.length, c.vector, c.kind, c.label_set, c.source, {USAGE_COLUMNS}
             FROM chunks c JOIN sources s ON s.id = c.source LEFT JOIN usage u ON u.chunk = c.chunk WHERE c.id = ?1"
        ))?;
        let mut hits = Vec::with_capacity(pool.len());
        let mut beside_words = 0;
        for (row_id, signals) in pool {
            let mut rows = select.query([row_id])?;
            let Some(row) = rows.next()? else { return Err(strange_value("the row of a chunk")) };
            if self.filter.allows(row.get(6)?, row.get(7)?, row.get(5)?) {
                let (hit, found_by_words) = self.weigh(row_id, row, signals, meaning)?;
                beside_words += u64::from(!found_by_words);
                hits.push(hit);
            }
        }
        let best = hits.iter().filter_map(|hit| hit.signals.lexical).fold(0.0, f32::max);
        let fusion = Fusion::new(best, meaning);
        hits.iter_mut().for_each(|hit| hit.score = fusion.score(&hit.signals));
        Ok((hits, beside_words))
    }

    /// All that is to be said of the chunk in a row but its score, and whether words find it.
    fn weigh(
        &self,
        row_id: i64,
        row: &Row<'_>,
        mut signals: Signals,
        meaning: bool,
    ) -> Result<(Hit<String, i64>, bool), Fault> {
        let vector = row.get_ref(4)?.as_blob().map_err(|_| strange_value("the vector of a chunk"))?;
        let lexical = self.wanted.score(row.get(3)?, vector);
        signals.lexical = (lexical > 0.0).then_some(lexical);
        if let (None, true, Some(embedding), Some(model)) =
            (signals.vector, meaning, &self.search.embedding, self.model)
        {
            let vector = vector_of(self.connection, row_id, model.row)?;
            let cosine = vector.map(|vector| cosine(&embedding.vector, &vector));
            signals.vector = cosine.filter(|cosine| *cosine >= LEAST_COSINE);
        }
        let uses = uses_from(row, 8)?;
        signals.activation = self.search.now.zip(uses).map(|(now, uses)| uses.base_level(now));
        let hit = Hit {
            score: 0.0,
            signals,
            uses: uses.map_or(0, |uses| uses.count),
            id: from_row(row.get(0)?),
            path: row.get(1)?,
            line: row.get(2)?,
            chunk: row_id,
        };
        Ok((hit, self.wanted.finds(vector)))
    }

    fn passages_of(&self, hits: Vec<Hit<String, i64>>) -> Result<Vec<ninefold_core::Passage>, Fault> {
        let mut select = self.connection.prepare_cached(&format!("SELECT {CHUNK_COLUMNS} WHERE c.id = ?1"))?;
        let likeness = self.search.diversity > 0.0;
        let mut found = Vec::with_capacity(hits.len());
        for Hit { score, signals, chunk: row_id, .. } in hits {
            let mut rows = select.query([row_id])?;
            let Some(row) = rows.next()? else { return Err(strange_value("the row of a chunk")) };
            let chunk = Arc::new(chunk_from(row)?);
            let vector = match self.model.filter(|_| likeness) {
                None => None,
                Some(model) => vector_of(self.connection, row_id, model.row)?,
            };
            found.push(Found { chunk, score, signals, vector });
        }
        Ok(passages(&found, self.search))
    }
}
