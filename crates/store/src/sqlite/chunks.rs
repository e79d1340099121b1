//! Documents in and out: writing, reading by id, usage, removal.

use std::collections::HashSet;

use ninefold_core::{Chunk, ChunkId, ChunkKind, Document, Key, Labels, Lines, Result, Scope, Source, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};
use smol_str::SmolStr;

use super::failure::{Fault, strange_value};
use super::prepare::{Prepared, Terms};
use crate::memory::id_in_use;

/// A chunk's identity as SQLite holds it: the same 64 bits, signed.
pub(super) fn to_row(id: ChunkId) -> i64 {
    id.0.cast_signed()
}

/// The identity that [`to_row`] was given.
pub(super) fn from_row(id: i64) -> ChunkId {
    ChunkId(id.cast_unsigned())
}

/// Writes a batch of documents, one of each source; the caller's transaction makes it all or nothing.
pub(super) fn put(connection: &Connection, documents: &[Prepared]) -> Result<(), Fault> {
    let mut gone = Vec::new();
    for Prepared { document, .. } in documents {
        if let Some(ids) = take(connection, &document.source.path)? {
            gone.extend(ids);
        }
    }
    for prepared in documents {
        insert(connection, prepared)?;
    }
    if gone.is_empty() {
        return Ok(());
    }
    let chunks = documents.iter().flat_map(|Prepared { document, .. }| &document.chunks);
    let kept: HashSet<i64> = chunks.map(|chunk| to_row(chunk.id)).collect();
    gone.retain(|id| !kept.contains(id));
    forget(connection, &gone)
}

fn insert(connection: &Connection, Prepared { document, terms }: &Prepared) -> Result<(), Fault> {
    let Document { source, chunks, .. } = document;
    let label_set = label_set(connection, &source.labels)?;
    let source_row: i64 = connection
        .prepare_cached("INSERT INTO sources (path, hash, label_set) VALUES (?1, ?2, ?3) RETURNING id")?
        .query_row(params![source.path.as_str(), source.hash.0, label_set], |row| row.get(0))?;
    let mut into_chunks = connection.prepare_cached(
        "INSERT INTO chunks (chunk, source, label_set, first, last, length, vector) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    let mut into_texts =
        connection.prepare_cached("INSERT INTO texts (id, kind, title, text) VALUES (?1, ?2, ?3, ?4)")?;
    let mut into_terms = connection.prepare_cached("INSERT INTO terms (rowid, title, body) VALUES (?1, ?2, ?3)")?;
    let mut sum = 0_i64;
    for (chunk, Terms { title, body, length, vector }) in chunks.iter().zip(terms) {
        sum += i64::from(*length);
        let (first, last) = (chunk.lines.first, chunk.lines.last);
        let values = params![to_row(chunk.id), source_row, label_set, first, last, length, vector];
        let inserted = into_chunks.insert(values).map_err(|error| {
            if Fault::is_conflict(&error) { Fault::from(id_in_use(chunk.id, &source.path)) } else { error.into() }
        })?;
        into_texts.execute(params![inserted, chunk.kind.as_str(), chunk.title, chunk.text])?;
        into_terms.execute(params![inserted, title, body])?;
    }
    resize(connection, label_set, chunks.len() as i64, sum)
}

/// The row of a set of labels; made when it is the first of its kind.
fn label_set(connection: &Connection, labels: &Labels) -> Result<i64, Fault> {
    let text = labels_to_text(labels);
    let known = connection
        .prepare_cached("SELECT id FROM label_sets WHERE labels = ?1")?
        .query_row([&text], |row| row.get(0))
        .optional()?;
    match known {
        Some(id) => Ok(id),
        None => Ok(connection.prepare_cached("INSERT INTO label_sets (labels) VALUES (?1)")?.insert([&text])?),
    }
}

fn labels_to_text(labels: &Labels) -> String {
    serde_json::Value::from_iter(labels.iter()).to_string()
}

/// The labels that [`labels_to_text`] was given.
pub(super) fn labels_from_text(text: &str) -> Result<Labels, Fault> {
    if text == "[]" {
        return Ok(Labels::none());
    }
    serde_json::from_str(text).map_err(|_| strange_value("a set of labels"))
}

fn resize(connection: &Connection, label_set: i64, chunks: i64, terms: i64) -> Result<(), Fault> {
    connection
        .prepare_cached("UPDATE label_sets SET chunks = chunks + ?2, terms = terms + ?3 WHERE id = ?1")?
        .execute([label_set, chunks, terms])?;
    Ok(())
}

/// Takes a source and its chunks out; gives the ids of the chunks, whose usage the caller keeps or drops.
fn take(connection: &Connection, path: &str) -> Result<Option<Vec<i64>>, Fault> {
    let source: Option<(i64, i64)> = connection
        .prepare_cached("SELECT id, label_set FROM sources WHERE path = ?1")?
        .query_row([path], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((source, label_set)) = source else { return Ok(None) };
    let mut ids = Vec::new();
    let mut terms = 0;
    let mut select = connection.prepare_cached("SELECT chunk, length FROM chunks WHERE source = ?1")?;
    let mut rows = select.query([source])?;
    while let Some(row) = rows.next()? {
        ids.push(row.get(0)?);
        terms += row.get::<_, i64>(1)?;
    }
    drop(rows);
    for sql in [
        "DELETE FROM terms WHERE rowid IN (SELECT id FROM chunks WHERE source = ?1)",
        "DELETE FROM chunks WHERE source = ?1",
        "DELETE FROM sources WHERE id = ?1",
    ] {
        connection.prepare_cached(sql)?.execute([source])?;
    }
    resize(connection, label_set, -(ids.len() as i64), -terms)?;
    Ok(Some(ids))
}

fn forget(connection: &Connection, ids: &[i64]) -> Result<(), Fault> {
    let mut delete = connection.prepare_cached("DELETE FROM usage WHERE chunk = ?1")?;
    for id in ids {
        delete.execute([id])?;
    }
    Ok(())
}

/// Makes what is derived from the texts of chunks anew: the index of terms, vectors, lengths and counters.
pub(super) fn rebuild_terms(connection: &Connection) -> Result<(), Fault> {
    connection.execute_batch("INSERT INTO terms (terms) VALUES ('delete-all')")?;
    let mut select = connection.prepare(
        "SELECT c.id, s.path, t.title, t.text FROM chunks c JOIN texts t ON t.id = c.id JOIN sources s ON s.id = c.source
         ORDER BY c.id",
    )?;
    let mut into_terms = connection.prepare_cached("INSERT INTO terms (rowid, title, body) VALUES (?1, ?2, ?3)")?;
    let mut update = connection.prepare("UPDATE chunks SET length = ?2, vector = ?3 WHERE id = ?1")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        let (path, title, text): (String, String, String) = (row.get(1)?, row.get(2)?, row.get(3)?);
        let terms = Terms::new(&path, &title, &text);
        into_terms.execute(params![id, terms.title, terms.body])?;
        update.execute(params![id, terms.length, terms.vector])?;
    }
    connection.execute_batch(
        "UPDATE label_sets SET (chunks, terms) =
         (SELECT count(*), coalesce(sum(length), 0) FROM chunks WHERE chunks.label_set = label_sets.id)",
    )?;
    Ok(())
}

/// Removes sources with their chunks and these chunks' usage.
pub(super) fn remove(connection: &Connection, paths: &[SmolStr]) -> Result<u64, Fault> {
    let mut removed = 0;
    for path in paths {
        if let Some(ids) = take(connection, path)? {
            forget(connection, &ids)?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// Counts one more use of each chunk that is there.
pub(super) fn touch(connection: &Connection, ids: &[ChunkId], at: Timestamp) -> Result<(), Fault> {
    let mut upsert = connection.prepare_cached(
        "INSERT INTO usage (chunk, uses, last_used) SELECT chunk, 1, ?2 FROM chunks WHERE chunk = ?1
         ON CONFLICT (chunk) DO UPDATE SET uses = uses + 1, last_used = max(last_used, excluded.last_used)",
    )?;
    for id in ids {
        upsert.execute([to_row(*id), at.0])?;
    }
    Ok(())
}

/// The columns that [`chunk_from`] reads, from `chunks c`, `texts t`, `sources s` and `label_sets l`.
pub(super) const CHUNK_COLUMNS: &str = "c.chunk, s.path, c.first, c.last, t.kind, t.title, t.text, l.labels
     FROM chunks c JOIN texts t ON t.id = c.id JOIN sources s ON s.id = c.source
     JOIN label_sets l ON l.id = c.label_set";

/// A chunk from a row of [`CHUNK_COLUMNS`].
pub(super) fn chunk_from(row: &Row<'_>) -> Result<Chunk, Fault> {
    let text = |column| -> Result<&str, Fault> { row.get_ref(column)?.as_str().map_err(|_| strange_value("a text")) };
    Ok(Chunk {
        id: from_row(row.get(0)?),
        path: SmolStr::new(text(1)?),
        offset: 0,
        defines: Vec::new(),
        relations: Vec::new(),
        lines: Lines::new(row.get(2)?, row.get(3)?),
        kind: ChunkKind::from_name(text(4)?).ok_or_else(|| strange_value("a kind of chunk"))?,
        title: row.get(5)?,
        text: row.get(6)?,
        labels: labels_from_text(text(7)?)?,
    })
}

/// The chunks with these ids that the scope allows.
pub(super) fn get(connection: &Connection, ids: &[ChunkId], scope: &Scope) -> Result<Vec<Chunk>, Fault> {
    // One statement sees one state of the file; several need a transaction for that.
    let _snapshot = if ids.len() > 1 { Some(connection.unchecked_transaction()?) } else { None };
    let mut select = connection.prepare_cached(&format!("SELECT {CHUNK_COLUMNS} WHERE c.chunk = ?1"))?;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let mut rows = select.query([to_row(*id)])?;
        if let Some(row) = rows.next()? {
            let chunk = chunk_from(row)?;
            if scope.allows(&chunk.labels) {
                found.push(chunk);
            }
        }
    }
    Ok(found)
}

/// The sources below a prefix, by path.
pub(super) fn sources(connection: &Connection, prefix: &str) -> Result<Vec<Source>, Fault> {
    let below = Below::new(prefix);
    let mut select = connection.prepare_cached(
        "SELECT s.path, s.hash, l.labels FROM sources s JOIN label_sets l ON l.id = s.label_set
         WHERE ?1 OR s.path = ?2 OR (s.path >= ?3 AND s.path < ?4) ORDER BY s.path",
    )?;
    let mut rows = select.query(params![prefix.is_empty(), below.itself, below.from, below.to])?;
    let mut sources = Vec::new();
    while let Some(row) = rows.next()? {
        let path: String = row.get(0)?;
        let labels = row.get_ref(2)?.as_str().map_err(|_| strange_value("a set of labels"))?;
        sources.push(Source { labels: labels_from_text(labels)?, ..Source::new(path, Key(row.get(1)?)) });
    }
    Ok(sources)
}

/// `ninefold_core::store::lies_within` as a range that an index can answer: `/` is the byte before `0`, and SQLite
/// compares text byte by byte.
pub(super) struct Below<'a> {
    /// The path itself.
    pub(super) itself: &'a str,
    /// The least path below it.
    pub(super) from: String,
    /// The least path behind all below it.
    pub(super) to: String,
}

impl<'a> Below<'a> {
    /// What lies within `prefix`.
    pub(super) fn new(prefix: &'a str) -> Self {
        let itself = prefix.strip_suffix('/').unwrap_or(prefix);
        Self { itself, from: format!("{itself}/"), to: format!("{itself}0") }
    }
}
