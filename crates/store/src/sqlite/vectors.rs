//! Search by meaning: an index in memory finds the nearest chunks, their exact vectors in the table decide.
//!
//! The index is made at the first search that needs it; a program that never searches by meaning pays nothing. It is
//! kept in step by the numbers of the table's rows, which are never given twice: what is new has a higher number,
//! whichever process wrote it, and a number that is no longer found is gone for good.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use ninefold_core::{Embedding, Result};
use rusqlite::{Connection, OptionalExtension};

use super::embeddings::{Model, vector_from};
use super::failure::Fault;
use super::filter::Filter;
use crate::flat::FlatIndex;
use crate::mmr::cosine;

/// So many vectors more than asked for are compared exactly, as the index knows their order only nearly.
const MORE: usize = 16;
/// How often a search takes out what is gone and looks again, before the index is made anew.
const LOOKS: usize = 4;
/// The indexes that are kept at once, one for each model.
const INDEXES: usize = 2;

/// What filters look at; it never changes under one number.
#[derive(Debug, Clone, Copy)]
struct Tag {
    source: i64,
    label_set: u32,
    kind: u8,
}

#[derive(Debug)]
struct Index {
    flat: FlatIndex<Tag>,
    dimensions: usize,
    /// The highest number that was looked at.
    last: i64,
}

/// The indexes of a file, shared by its readers.
#[derive(Debug, Default)]
pub(super) struct Vectors(RwLock<HashMap<i64, Index>>);

/// What meaning found.
pub(super) struct ByMeaning {
    /// The rows of chunks with their cosines; empty when nothing is near.
    pub(super) near: Vec<(i64, f32)>,
    /// Whether there was anything to look at: a visible chunk with an embedding by the model.
    pub(super) any: bool,
}

/// What one look at the index gave.
#[derive(Default)]
struct Looked {
    near: Vec<(i64, f32)>,
    /// The numbers that are gone.
    gone: Vec<u64>,
    any: bool,
}

impl Vectors {
    /// The nearest chunks that the filter allows, as of the connection's snapshot.
    pub(super) fn nearest(
        &self,
        connection: &Connection,
        model: Model,
        question: &Embedding,
        limit: usize,
        filter: &Filter,
    ) -> Result<ByMeaning, Fault> {
        // The highest number ever given, not the highest that is left: what had a higher one than that is gone as well.
        let newest: Option<i64> = connection
            .prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'embeddings'")?
            .query_row([], |row| row.get(0))
            .optional()?;
        let newest = newest.unwrap_or_default();
        self.follow(connection, model, newest)?;
        let mut looked = self.look(connection, model, question, limit, filter, newest)?;
        for _ in 0..LOOKS {
            if looked.gone.is_empty() {
                break;
            }
            self.remove(model, &looked.gone);
            looked = self.look(connection, model, question, limit, filter, newest)?;
        }
        if !looked.gone.is_empty() {
            // More is gone than is worth finding one by one: the index is made anew.
            self.0.write().unwrap_or_else(PoisonError::into_inner).remove(&model.row);
            self.follow(connection, model, newest)?;
            looked = self.look(connection, model, question, limit, filter, newest)?;
        }
        let Looked { mut near, any, .. } = looked;
        near.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        near.truncate(limit);
        Ok(ByMeaning { near, any })
    }

    /// Takes in what was written since the last search.
    fn follow(&self, connection: &Connection, model: Model, newest: i64) -> Result<(), Fault> {
        let known = |indexes: &HashMap<i64, Index>| {
            let index = indexes.get(&model.row).filter(|index| index.dimensions == model.dimensions);
            index.map(|index| index.last)
        };
        if known(&self.0.read().unwrap_or_else(PoisonError::into_inner)).is_some_and(|last| last >= newest) {
            return Ok(());
        }
        let mut indexes = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let last = known(&indexes);
        if last.is_none() {
            indexes.remove(&model.row);
            if indexes.len() >= INDEXES {
                indexes.clear();
            }
        }
        let index = indexes.entry(model.row).or_insert_with(|| Index {
            flat: FlatIndex::new(model.dimensions),
            dimensions: model.dimensions,
            last: i64::MIN,
        });
        let mut select = connection.prepare_cached(
            "SELECT e.id, c.source, c.label_set, c.kind, e.vector FROM embeddings e CROSS JOIN chunks c ON c.id = e.chunk
             WHERE e.id > ?1 AND e.model = ?2 ORDER BY e.id",
        )?;
        let mut rows = select.query([index.last, model.row])?;
        while let Some(row) = rows.next()? {
            let tag = Tag {
                source: row.get(1)?,
                label_set: row.get::<_, i64>(2)?.try_into().unwrap_or(u32::MAX),
                kind: row.get(3)?,
            };
            let id: i64 = row.get(0)?;
            // A text of which the model made nothing is near nothing and stays out.
            index.flat.insert_for_now(id.cast_unsigned(), &vector_from(row, 4)?, tag);
            index.last = id;
        }
        index.flat.settle();
        index.last = index.last.max(newest);
        Ok(())
    }

    /// One look: the nearest by their exact vectors.
    fn look(
        &self,
        connection: &Connection,
        model: Model,
        question: &Embedding,
        limit: usize,
        filter: &Filter,
        newest: i64,
    ) -> Result<Looked, Fault> {
        let candidates = {
            let indexes = self.0.read().unwrap_or_else(PoisonError::into_inner);
            let Some(index) = indexes.get(&model.row) else { return Ok(Looked::default()) };
            let room = limit.saturating_add(MORE).min(index.flat.len());
            let allow = |_: u64, tag: &Tag| filter.allows(tag.label_set.into(), tag.source, tag.kind.into());
            index.flat.nearest(&question.vector, room, allow)
        };
        let (mut near, mut gone) = (Vec::with_capacity(candidates.len()), Vec::new());
        let mut select = connection.prepare_cached("SELECT chunk, vector FROM embeddings WHERE id = ?1")?;
        for (id, _) in candidates {
            let row = id.cast_signed();
            let found = select.query_row([row], |row| Ok((row.get(0)?, vector_from(row, 1)))).optional()?;
            match found {
                Some((chunk, vector)) => {
                    let chunk: i64 = chunk;
                    near.push((chunk, cosine(&question.vector, &vector?)));
                }
                // A number beyond this snapshot is not gone but yet to come.
                None if row <= newest => gone.push(id),
                None => {}
            }
        }
        let any = !near.is_empty() || self.any_visible(connection, model, filter)?;
        Ok(Looked { near, gone, any })
    }

    fn any_visible(&self, connection: &Connection, model: Model, filter: &Filter) -> Result<bool, Fault> {
        let mut select = connection.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM embeddings e CROSS JOIN chunks c ON c.id = e.chunk
             WHERE e.model = ?1 AND (?2 IS NULL OR c.label_set IN (SELECT value FROM json_each(?2))))",
        )?;
        Ok(select.query_row(rusqlite::params![model.row, filter.visible.label_sets()], |row| row.get(0))?)
    }

    /// Takes numbers out that are gone.
    fn remove(&self, model: Model, gone: &[u64]) {
        let mut indexes = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = indexes.get_mut(&model.row) {
            gone.iter().for_each(|id| {
                index.flat.remove(*id);
            });
        }
    }
}
