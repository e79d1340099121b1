//! Documents in and out: writing, reading by id, removal.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::LazyLock;

use ninefold_core::{Chunk, ChunkId, ChunkKind, Document, Key, Labels, Lines, Result, Scope, Source, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};
use smol_str::SmolStr;

use super::failure::{Fault, strange_value};
use super::filter::kind_to_row;
use super::prepare::{Prepared, Terms};
use super::relations::{self, names_from};
use super::{embeddings, usage};
use crate::memory::id_in_use;
use crate::spread::Names;

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
    let (mut gone, mut moved) = (Vec::new(), Vec::new());
    for Prepared { document, .. } in documents {
        // What is renamed is looked at before anything is taken out: its old name may be that of a document beside it.
        if let Some(from) = renamed_from(document) {
            moved.push((document, ids_of(connection, from)?));
        }
    }
    for Prepared { document, .. } in documents {
        for path in [Some(&document.source.path), renamed_from(document)].into_iter().flatten() {
            gone.extend(take(connection, path)?.unwrap_or_default());
        }
    }
    let mut label_sets = LabelSets::default();
    for prepared in documents {
        insert(connection, prepared, &mut label_sets)?;
    }
    label_sets.count(connection)?;
    for (document, from) in moved {
        for (from, to) in from.into_iter().zip(&document.chunks) {
            usage::hand_over(connection, from, to_row(to.id))?;
        }
    }
    if gone.is_empty() {
        return Ok(());
    }
    let chunks = documents.iter().flat_map(|Prepared { document, .. }| &document.chunks);
    let kept: HashSet<i64> = chunks.map(|chunk| to_row(chunk.id)).collect();
    gone.retain(|id| !kept.contains(id));
    usage::drop_of(connection, &gone)
}

fn renamed_from(document: &Document) -> Option<&SmolStr> {
    document.renamed_from.as_ref().filter(|from| **from != document.source.path)
}

/// The chunks of a source, in order.
fn ids_of(connection: &Connection, path: &str) -> Result<Vec<i64>, Fault> {
    let mut select = connection.prepare_cached(
        "SELECT c.chunk FROM sources s JOIN chunks c ON c.source = s.id WHERE s.path = ?1 ORDER BY c.id",
    )?;
    Ok(select.query_map([path], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

fn insert(
    connection: &Connection,
    Prepared { document, terms, symbols }: &Prepared,
    label_sets: &mut LabelSets,
) -> Result<(), Fault> {
    let Document { source, chunks, embeddings, .. } = document;
    let label_set = label_sets.row(connection, &source.labels)?;
    let modified = source.modified.map(|modified| modified.0);
    // Without RETURNING, with which SQLite sets a savepoint for the statement: at each of them the index of terms writes out
    // what it has gathered so far, which it else does once in a transaction.
    let source_row = connection
        .prepare_cached(
            "INSERT INTO sources (path, hash, label_set, modified, rebuildable) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .insert(params![source.path.as_str(), source.hash.0, label_set, modified, source.rebuildable])?;
    let mut into_chunks = connection.prepare_cached(
        "INSERT INTO chunks (chunk, source, label_set, first, last, length, vector, kind, offset)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    let mut into_texts =
        connection.prepare_cached("INSERT INTO texts (id, kind, title, text) VALUES (?1, ?2, ?3, ?4)")?;
    let mut into_terms = connection.prepare_cached("INSERT INTO terms (rowid, title, body) VALUES (?1, ?2, ?3)")?;
    let mut sum = 0_i64;
    let mut inserted_rows = Vec::with_capacity(chunks.len());
    for ((chunk, Terms { title, body, length, vector }), symbols) in chunks.iter().zip(terms).zip(symbols) {
        sum += i64::from(*length);
        let (first, last) = (chunk.lines.first, chunk.lines.last);
        let (kind, offset) = (kind_to_row(chunk.kind), chunk.offset.cast_signed());
        let values = params![to_row(chunk.id), source_row, label_set, first, last, length, vector, kind, offset];
        let inserted = into_chunks.insert(values).map_err(|error| {
            if Fault::is_conflict(&error) { Fault::from(id_in_use(chunk.id, &source.path)) } else { error.into() }
        })?;
        into_texts.execute(params![inserted, chunk.kind.as_str(), chunk.title, chunk.text])?;
        into_terms.execute(params![inserted, title, body])?;
        if let Some(symbols) = symbols {
            symbols.insert(connection, inserted)?;
        }
        inserted_rows.push(inserted);
    }
    if let Some(embeddings) = embeddings {
        embeddings::insert(connection, embeddings, &inserted_rows)?;
    }
    label_sets.add(label_set, chunks.len() as i64, sum);
    Ok(())
}

/// The sets of labels of a batch, and how many chunks and terms it adds to each: counted at the end, as most batches
/// have one set.
#[derive(Default)]
struct LabelSets {
    rows: HashMap<Labels, i64>,
    added: BTreeMap<i64, (i64, i64)>,
}

impl LabelSets {
    fn row(&mut self, connection: &Connection, labels: &Labels) -> Result<i64, Fault> {
        if let Some(&row) = self.rows.get(labels) {
            return Ok(row);
        }
        let row = label_set(connection, labels)?;
        self.rows.insert(labels.clone(), row);
        Ok(row)
    }

    fn add(&mut self, row: i64, chunks: i64, terms: i64) {
        let added = self.added.entry(row).or_default();
        *added = (added.0 + chunks, added.1 + terms);
    }

    fn count(self, connection: &Connection) -> Result<(), Fault> {
        self.added.into_iter().try_for_each(|(row, (chunks, terms))| resize(connection, row, chunks, terms))
    }
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
    relations::take(connection, source)?;
    for sql in [
        "DELETE FROM embeddings WHERE chunk IN (SELECT id FROM chunks WHERE source = ?1)",
        "DELETE FROM terms WHERE rowid IN (SELECT id FROM chunks WHERE source = ?1)",
        "DELETE FROM chunks WHERE source = ?1",
        "DELETE FROM sources WHERE id = ?1",
    ] {
        connection.prepare_cached(sql)?.execute([source])?;
    }
    resize(connection, label_set, -(ids.len() as i64), -terms)?;
    Ok(Some(ids))
}

/// Makes what is derived from the texts of chunks anew: the index of terms, vectors, lengths and counters.
pub(super) fn rebuild_terms(connection: &Connection) -> Result<(), Fault> {
    // The second sets what is set anyway (4 is FTS5's default): each setting raises the number of the index's record, which
    // begins again as it once was.
    connection.execute_batch(
        "INSERT INTO terms (terms) VALUES ('delete-all'); INSERT INTO terms (terms, rank) VALUES ('automerge', 4)",
    )?;
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
    relations::rebuild(connection)?;
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
            usage::drop_of(connection, &ids)?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// The columns that [`chunk_from`] reads, from `chunks c`, `texts t`, `sources s`, `label_sets l`
/// and `symbols y`.
pub(super) const CHUNK_COLUMNS: &str = "c.chunk, s.path, c.first, c.last, t.kind, t.title, t.text, l.labels, c.offset,
     y.defines, y.refers
     FROM chunks c JOIN texts t ON t.id = c.id JOIN sources s ON s.id = c.source
     JOIN label_sets l ON l.id = c.label_set LEFT JOIN symbols y ON y.id = c.id";

/// One chunk by its identity; put together once, as reading one takes hardly longer than that.
static BY_ID: LazyLock<String> = LazyLock::new(|| format!("SELECT {CHUNK_COLUMNS} WHERE c.chunk = ?1"));

/// A chunk from a row of [`CHUNK_COLUMNS`].
pub(super) fn chunk_from(row: &Row<'_>) -> Result<Chunk, Fault> {
    let text = |column| -> Result<&str, Fault> { row.get_ref(column)?.as_str().map_err(|_| strange_value("a text")) };
    let Names { defines, relations } = names_from(row, 9, 10)?;
    Ok(Chunk {
        id: from_row(row.get(0)?),
        path: SmolStr::new(text(1)?),
        offset: row.get::<_, i64>(8)?.cast_unsigned(),
        defines,
        relations,
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
    let mut select = connection.prepare_cached(&BY_ID)?;
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
        "SELECT s.path, s.hash, l.labels, s.modified, s.rebuildable FROM sources s JOIN label_sets l ON l.id = s.label_set
         WHERE ?1 OR s.path = ?2 OR (s.path >= ?3 AND s.path < ?4) ORDER BY s.path",
    )?;
    let mut rows = select.query(params![prefix.is_empty(), below.itself, below.from, below.to])?;
    let mut sources = Vec::new();
    while let Some(row) = rows.next()? {
        let path: String = row.get(0)?;
        let labels = row.get_ref(2)?.as_str().map_err(|_| strange_value("a set of labels"))?;
        sources.push(Source {
            labels: labels_from_text(labels)?,
            modified: row.get::<_, Option<i64>>(3)?.map(Timestamp),
            rebuildable: row.get(4)?,
            ..Source::new(path, Key(row.get(1)?))
        });
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
