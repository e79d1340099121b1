//! Embeddings in and out of their table.

use ninefold_core::{Chunk, ChunkId, Embeddings, Result};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::chunks::{CHUNK_COLUMNS, chunk_from, to_row};
use super::failure::{Fault, strange_value};
use crate::fuse::check_dimensions;

/// A model as the database knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Model {
    pub(super) row: i64,
    pub(super) dimensions: usize,
}

/// The model of this name, if anything was ever embedded by it.
pub(super) fn model(connection: &Connection, name: &str) -> Result<Option<Model>, Fault> {
    let mut select = connection.prepare_cached("SELECT id, dimensions FROM models WHERE name = ?1")?;
    Ok(select.query_row([name], |row| Ok(Model { row: row.get(0)?, dimensions: row.get(1)? })).optional()?)
}

/// The row of a model whose vectors have this length. Where none of its embeddings is left, another length is taken on.
fn model_for(connection: &Connection, name: &str, dimensions: usize) -> Result<i64, Fault> {
    let Some(known) = model(connection, name)? else {
        let mut insert = connection.prepare_cached("INSERT INTO models (name, dimensions) VALUES (?1, ?2)")?;
        return Ok(insert.insert(params![name, dimensions as i64])?);
    };
    if known.dimensions != dimensions {
        let mut any = connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM embeddings WHERE model = ?1)")?;
        if any.query_row([known.row], |row| row.get(0))? {
            check_dimensions(name, dimensions, known.dimensions)?;
        }
        connection
            .prepare_cached("UPDATE models SET dimensions = ?2 WHERE id = ?1")?
            .execute(params![known.row, dimensions as i64])?;
    }
    Ok(known.row)
}

/// For rows that have no embedding: it needs no savepoint, at which the index of terms would write out what it has
/// gathered.
const INSERT: &str = "INSERT INTO embeddings (chunk, model, vector) VALUES (?1, ?2, ?3)";
/// What stands there is deleted and not overwritten: the new vector gets a new number.
const REPLACE: &str = "INSERT OR REPLACE INTO embeddings (chunk, model, vector) VALUES (?1, ?2, ?3)";

/// Writes the embeddings of the chunks in these rows, which are new, in their order.
pub(super) fn insert(connection: &Connection, embeddings: &Embeddings, rows: &[i64]) -> Result<(), Fault> {
    let vectors = embeddings.vectors.iter().map(Vec::as_slice);
    write(connection, INSERT, &embeddings.model, rows.iter().copied().zip(vectors))
}

fn write<'a>(
    connection: &Connection,
    sql: &str,
    name: &str,
    vectors: impl Iterator<Item = (i64, &'a [f32])>,
) -> Result<(), Fault> {
    let mut vectors = vectors.peekable();
    let Some((_, first)) = vectors.peek() else { return Ok(()) };
    let model = model_for(connection, name, first.len())?;
    let mut insert = connection.prepare_cached(sql)?;
    for (row, vector) in vectors {
        insert.execute(params![row, model, to_bytes(vector)])?;
    }
    Ok(())
}

/// Writes the embeddings of chunks by id; unknown ones are passed over.
pub(super) fn embed(connection: &Connection, embeddings: &Embeddings, chunks: &[ChunkId]) -> Result<(), Fault> {
    let mut select = connection.prepare_cached("SELECT id FROM chunks WHERE chunk = ?1")?;
    let mut known: Vec<(i64, &[f32])> = Vec::with_capacity(chunks.len());
    for (id, vector) in chunks.iter().zip(&embeddings.vectors) {
        if let Some(row) = select.query_row([to_row(*id)], |row| row.get(0)).optional()? {
            known.push((row, vector));
        }
    }
    write(connection, REPLACE, &embeddings.model, known.into_iter())
}

/// Up to `limit` chunks without an embedding by a model.
pub(super) fn unembedded(connection: &Connection, name: &str, limit: usize) -> Result<Vec<Chunk>, Fault> {
    // A row of no model: then nothing is embedded by it.
    let model = model(connection, name)?.map_or(0, |model| model.row);
    let mut select = connection.prepare_cached(&format!(
        "SELECT {CHUNK_COLUMNS} WHERE NOT EXISTS (SELECT 1 FROM embeddings e WHERE e.chunk = c.id AND e.model = ?1)
         LIMIT ?2"
    ))?;
    let mut rows = select.query(params![model, i64::try_from(limit).unwrap_or(i64::MAX)])?;
    let mut chunks = Vec::new();
    while let Some(row) = rows.next()? {
        chunks.push(chunk_from(row)?);
    }
    Ok(chunks)
}

/// The vector of the chunk in this row by a model.
pub(super) fn vector_of(connection: &Connection, row: i64, model: i64) -> Result<Option<Vec<f32>>, Fault> {
    let mut select = connection.prepare_cached("SELECT vector FROM embeddings WHERE chunk = ?1 AND model = ?2")?;
    select.query_row([row, model], |row| Ok(vector_from(row, 0))).optional()?.transpose()
}

/// The vector in a column.
pub(super) fn vector_from(row: &Row<'_>, column: usize) -> Result<Vec<f32>, Fault> {
    let bytes = row.get_ref(column)?.as_blob().map_err(|_| strange_value("an embedding"))?;
    let (numbers, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(strange_value("an embedding"));
    }
    Ok(numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
}

fn to_bytes(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|number| number.to_le_bytes()).collect()
}
