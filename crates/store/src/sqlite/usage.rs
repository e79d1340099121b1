//! Uses of chunks: a row of constant size each, from which activation is computed when it is read.

use ninefold_core::{Chunk, ChunkId, Result, Scope, Timestamp};
use rusqlite::{Connection, Row, params};

use super::chunks::{CHUNK_COLUMNS, chunk_from, to_row};
use super::failure::Fault;
use super::filter::Visible;
use crate::activation::{NEVER, NEWEST, Uses};

/// The columns that [`uses_from`] reads, of `usage u`.
pub(super) const USAGE_COLUMNS: &str = "u.uses, u.first, u.newest, u.second, u.third, u.fourth";

/// The uses from [`USAGE_COLUMNS`] that begin at a column; none for a chunk that was never used.
pub(super) fn uses_from(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<Uses>> {
    let Some(count) = row.get::<_, Option<u64>>(at)? else { return Ok(None) };
    let mut newest = [NEVER; NEWEST];
    for (n, time) in newest.iter_mut().enumerate() {
        *time = row.get(at + 2 + n)?;
    }
    Ok(Some(Uses { count, first: row.get(at + 1)?, newest }))
}

/// Counts one more use of each chunk that is there. The newest times stay in order whatever the clock does, as
/// [`Uses::note`] keeps them.
pub(super) fn touch(connection: &Connection, ids: &[ChunkId], at: Timestamp) -> Result<(), Fault> {
    let mut upsert = connection.prepare_cached(
        "INSERT INTO usage (chunk, uses, first, newest, second, third, fourth)
         SELECT chunk, 1, ?2, ?2, ?3, ?3, ?3 FROM chunks WHERE chunk = ?1
         ON CONFLICT (chunk) DO UPDATE SET
             uses = uses + 1,
             newest = max(newest, excluded.newest),
             second = max(second, min(newest, excluded.newest)),
             third = max(third, min(second, excluded.newest)),
             fourth = max(fourth, min(third, excluded.newest))",
    )?;
    for id in ids {
        upsert.execute(params![to_row(*id), at.0, NEVER])?;
    }
    Ok(())
}

/// Gives the uses of one chunk to another that has none.
pub(super) fn hand_over(connection: &Connection, from: i64, to: i64) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "INSERT INTO usage (chunk, uses, first, newest, second, third, fourth)
             SELECT ?2, uses, first, newest, second, third, fourth FROM usage WHERE chunk = ?1
             ON CONFLICT (chunk) DO NOTHING",
        )?
        .execute([from, to])?;
    Ok(())
}

/// Drops the uses of chunks that are gone.
pub(super) fn drop_of(connection: &Connection, ids: &[i64]) -> Result<(), Fault> {
    let mut delete = connection.prepare_cached("DELETE FROM usage WHERE chunk = ?1")?;
    for id in ids {
        delete.execute([id])?;
    }
    Ok(())
}

/// A chunk with its uses.
#[derive(Debug, Clone, PartialEq)]
pub struct Used {
    /// The chunk.
    pub chunk: Chunk,
    /// How often it was used.
    pub uses: u64,
    /// Its base-level activation, a logarithm.
    pub activation: f32,
}

/// The chunks that are most alive at a time, of those that the scope allows; the most alive first.
pub(super) fn most_used(
    connection: &Connection,
    scope: &Scope,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<Used>, Fault> {
    let snapshot = connection.unchecked_transaction()?;
    let visible = Visible::read(&snapshot, scope)?;
    let mut select = snapshot.prepare_cached(&format!(
        "SELECT c.id, c.label_set, {USAGE_COLUMNS} FROM usage u JOIN chunks c ON c.chunk = u.chunk"
    ))?;
    let mut alive: Vec<(f32, i64, u64)> = Vec::new();
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        if let Some(uses) = uses_from(row, 2)?
            && visible.allows(row.get(1)?)
        {
            alive.push((uses.base_level(now), row.get(0)?, uses.count));
        }
    }
    alive.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then_with(|| b.2.cmp(&a.2)).then_with(|| a.1.cmp(&b.1)));
    alive.truncate(limit);
    let mut select = snapshot.prepare_cached(&format!("SELECT {CHUNK_COLUMNS} WHERE c.id = ?1"))?;
    let mut used = Vec::with_capacity(alive.len());
    for (activation, row_id, uses) in alive {
        let mut rows = select.query([row_id])?;
        if let Some(row) = rows.next()? {
            used.push(Used { chunk: chunk_from(row)?, uses, activation });
        }
    }
    Ok(used)
}
