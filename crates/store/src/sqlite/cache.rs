//! The second-level cache in the same file.

use std::sync::Arc;

use async_trait::async_trait;
use ninefold_core::{Cache, CacheEntry, Key, Result, Retention, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::failure::Fault;
use super::task::{Note, Order};
use super::{FEW, Sqlite};

/// When a value was read is written down again after so long, in microseconds: ten minutes. So a value that is read all
/// the time costs one write in that time, and what was read longest ago is known that well.
const COARSE: i64 = 10 * 60 * 1_000_000;

/// What a look-up gives: the values, and the rows whose time of reading is to be written down.
type Read = (Vec<Option<Vec<u8>>>, Vec<i64>);

#[async_trait]
impl Cache for Sqlite {
    async fn get(&self, space: &str, keys: &[Key], now: Timestamp) -> Result<Vec<Option<Vec<u8>>>> {
        let near =
            if keys.len() <= FEW { self.look_up(|connection| get(connection, space, keys, now)).await } else { None };
        let (values, read) = if let Some(outcome) = near {
            outcome?
        } else {
            let (space, keys) = (space.to_owned(), keys.to_vec());
            self.query(move |connection| get(connection, &space, &keys, now)).await?
        };
        if !read.is_empty() {
            let note = Note::new(Arc::clone(&self.0.path), move |connection| note(connection, &read, now));
            // A writer with a full queue has better things to do: the next reader tries again.
            let _ = self.0.writer.try_send(Order::Job(Box::new(note)));
        }
        Ok(values)
    }

    async fn put(&self, space: &str, entries: Vec<CacheEntry>, now: Timestamp) -> Result<()> {
        let space = space.to_owned();
        self.write(move |connection| put(connection, &space, &entries, now)).await
    }

    async fn prune(&self, space: &str, retention: Retention) -> Result<u64> {
        let space = space.to_owned();
        self.write(move |connection| prune(connection, &space, retention)).await
    }
}

fn get(connection: &Connection, space: &str, keys: &[Key], now: Timestamp) -> Result<Read, Fault> {
    // One statement sees one state of the file; several need a transaction for that.
    let _snapshot = if keys.len() > 1 { Some(connection.unchecked_transaction()?) } else { None };
    let mut select = connection.prepare_cached(
        "SELECT c.id, c.read, v.value FROM cache c JOIN cache_values v ON v.id = c.id
         WHERE c.space = ?1 AND c.key = ?2 AND (c.expires IS NULL OR c.expires > ?3)",
    )?;
    let (mut values, mut to_note) = (Vec::with_capacity(keys.len()), Vec::new());
    for key in keys {
        let found = select
            .query_row(params![space, key.0, now.0], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, Vec<u8>>(2)?))
            })
            .optional()?;
        values.push(found.map(|(id, read, value)| {
            if read < now.0.saturating_sub(COARSE) {
                to_note.push(id);
            }
            value
        }));
    }
    Ok((values, to_note))
}

fn note(connection: &Connection, rows: &[i64], now: Timestamp) -> Result<(), Fault> {
    let mut update = connection.prepare_cached("UPDATE cache SET read = max(read, ?2) WHERE id = ?1")?;
    for row in rows {
        update.execute([*row, now.0])?;
    }
    Ok(())
}

fn put(connection: &Connection, space: &str, entries: &[CacheEntry], now: Timestamp) -> Result<(), Fault> {
    let mut find = connection.prepare_cached("SELECT id FROM cache WHERE space = ?1 AND key = ?2")?;
    // Two statements for two cases: one for both would need a savepoint each time, which costs more than looking first.
    let mut insert = connection
        .prepare_cached("INSERT INTO cache (space, key, expires, read, bytes) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    let mut insert_value = connection.prepare_cached("INSERT INTO cache_values (id, value) VALUES (?1, ?2)")?;
    for CacheEntry { key, value, expires } in entries {
        let (expires, bytes) = (expires.map(|at| at.0), value.len() as i64);
        match find.query_row(params![space, key.0], |row| row.get::<_, i64>(0)).optional()? {
            None => {
                let id = insert.insert(params![space, key.0, expires, now.0, bytes])?;
                insert_value.execute(params![id, value])?;
            }
            Some(id) => {
                connection
                    .prepare_cached("UPDATE cache SET expires = ?2, read = ?3, bytes = ?4 WHERE id = ?1")?
                    .execute(params![id, expires, now.0, bytes])?;
                connection
                    .prepare_cached("REPLACE INTO cache_values (id, value) VALUES (?1, ?2)")?
                    .execute(params![id, value])?;
            }
        }
    }
    Ok(())
}

fn prune(connection: &Connection, space: &str, Retention { now, max_bytes }: Retention) -> Result<u64, Fault> {
    // The values go with their rows.
    let expired = connection
        .prepare_cached("DELETE FROM cache WHERE space = ?1 AND expires <= ?2")?
        .execute(params![space, now.0])?;
    let bytes: i64 = connection
        .prepare_cached("SELECT coalesce(sum(bytes), 0) FROM cache WHERE space = ?1")?
        .query_row([space], |row| row.get(0))?;
    let mut over = bytes.saturating_sub(i64::try_from(max_bytes).unwrap_or(i64::MAX));
    let mut oldest = connection.prepare_cached("SELECT id, bytes FROM cache WHERE space = ?1 ORDER BY read, id")?;
    let mut evicted: Vec<i64> = Vec::new();
    let mut rows = oldest.query([space])?;
    while over > 0
        && let Some(row) = rows.next()?
    {
        evicted.push(row.get(0)?);
        over = over.saturating_sub(row.get(1)?);
    }
    drop(rows);
    let mut delete = connection.prepare_cached("DELETE FROM cache WHERE id = ?1")?;
    for id in &evicted {
        delete.execute([id])?;
    }
    Ok((expired + evicted.len()) as u64)
}
