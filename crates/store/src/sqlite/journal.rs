//! The journal of durable runs in the same file.

use async_trait::async_trait;
use ninefold_core::journal::{Entry, Header, Journal, Position, RecordedRun};
use ninefold_core::{Key, Result, RunId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Sqlite;
use super::failure::{Fault, strange_value};
use super::pen::Hand;
use crate::memory_journal::{begun_already, never_began, not_found, position_taken};

fn to_row(run: RunId) -> [u8; 16] {
    run.0.to_be_bytes()
}

#[async_trait]
impl Journal for Sqlite {
    async fn load(&self, run: RunId) -> Result<Option<RecordedRun>> {
        self.query(move |connection| load(connection, run)).await
    }

    async fn begin(&self, run: RunId, header: Header) -> Result<()> {
        let bytes = header.pipeline.len() + header.input.len();
        self.write_briefly(Hand::of(run.0), bytes, move |connection| begin(connection, run, &header)).await
    }

    async fn append(&self, run: RunId, entries: Vec<Entry>) -> Result<()> {
        let bytes = entries.iter().map(|entry| entry.phase.len() + entry.output.len()).sum();
        self.write_briefly(Hand::of(run.0), bytes, move |connection| append(connection, run, &entries)).await
    }

    async fn finish(&self, run: RunId, at: Timestamp) -> Result<()> {
        let hand = Hand::of(run.0);
        let finished = self.write_briefly(hand, 0, move |connection| finish(connection, run, at)).await;
        self.0.pen.leave(hand);
        finished
    }

    async fn unfinished(&self) -> Result<Vec<(RunId, Header)>> {
        self.query(unfinished).await
    }

    async fn unfinished_with(&self, phases: &[&str]) -> Result<Vec<(RunId, Header, Vec<Entry>)>> {
        let phases = serde_json::Value::from(phases).to_string();
        self.query(move |connection| unfinished_with(connection, &phases)).await
    }

    async fn prune(&self, finished_before: Timestamp) -> Result<u64> {
        self.write(move |connection| prune(connection, finished_before)).await
    }

    async fn prune_unfinished(&self, idle_since: Timestamp) -> Result<u64> {
        self.write(move |connection| prune_unfinished(connection, idle_since)).await
    }
}

fn load(connection: &Connection, run: RunId) -> Result<Option<RecordedRun>, Fault> {
    let snapshot = connection.unchecked_transaction()?;
    let found = snapshot
        .prepare_cached("SELECT id, pipeline, definition, input, started, finished FROM runs WHERE run = ?1")?
        .query_row([to_row(run)], |row| {
            Ok((row.get::<_, i64>(0)?, header_of(row)?, row.get::<_, Option<i64>>(5)?.map(Timestamp)))
        })
        .optional()?;
    let Some((id, header, finished)) = found else { return Ok(None) };
    let mut select = snapshot
        .prepare_cached("SELECT branch, ordinal, phase, key, output, at FROM entries WHERE run = ?1 ORDER BY id")?;
    let rows = select.query_map([id], |row| entry_at(row, 0))?;
    let entries = rows.collect::<rusqlite::Result<Vec<Entry>>>()?;
    Ok(Some(RecordedRun { header, entries, finished }))
}

fn begin(connection: &Connection, run: RunId, header: &Header) -> Result<(), Fault> {
    let mut insert = connection
        .prepare_cached("INSERT INTO runs (run, pipeline, definition, input, started) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    let Header { pipeline, definition, input, started } = header;
    match insert.execute(params![to_row(run), pipeline.as_str(), definition.0, input, started.0]) {
        Err(error) if Fault::is_conflict(&error) => Err(begun_already(run).into()),
        other => Ok(other.map(|_| ())?),
    }
}

fn append(connection: &Connection, run: RunId, entries: &[Entry]) -> Result<(), Fault> {
    // Not by one statement that both finds the run and writes the entry: SQLite would set a savepoint for it each time.
    let mut find = connection.prepare_cached("SELECT id FROM runs WHERE run = ?1")?;
    let id: Option<i64> = find.query_row([to_row(run)], |row| row.get(0)).optional()?;
    let id = id.ok_or_else(|| never_began(run))?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO entries (run, branch, ordinal, phase, key, output, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for entry in entries {
        let Entry { position: Position { branch, ordinal }, phase, key, output, at } = entry;
        let values = params![id, branch.cast_signed(), ordinal, phase.as_str(), key.0, output, at.0];
        match insert.execute(values) {
            Ok(_) => {}
            Err(error) if Fault::is_conflict(&error) => return Err(position_taken(run, entry).into()),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn finish(connection: &Connection, run: RunId, at: Timestamp) -> Result<(), Fault> {
    let mut update = connection.prepare_cached("UPDATE runs SET finished = coalesce(finished, ?2) WHERE run = ?1")?;
    if update.execute(params![to_row(run), at.0])? == 0 { Err(not_found(run).into()) } else { Ok(()) }
}

fn unfinished(connection: &Connection) -> Result<Vec<(RunId, Header)>, Fault> {
    let mut select = connection.prepare_cached(
        "SELECT run, pipeline, definition, input, started FROM runs WHERE finished IS NULL ORDER BY started, id",
    )?;
    let mut rows = select.query([])?;
    let mut runs = Vec::new();
    while let Some(row) = rows.next()? {
        runs.push((run_of(row)?, header_of(row)?));
    }
    Ok(runs)
}

/// `phases` is a JSON array of names.
fn unfinished_with(connection: &Connection, phases: &str) -> Result<Vec<(RunId, Header, Vec<Entry>)>, Fault> {
    let mut select = connection.prepare_cached(
        "SELECT runs.run, pipeline, definition, input, started, branch, ordinal, phase, key, output, at
         FROM runs JOIN entries ON entries.run = runs.id
         WHERE finished IS NULL AND phase IN (SELECT value FROM json_each(?1)) ORDER BY started, runs.id, entries.id",
    )?;
    let mut rows = select.query([phases])?;
    let mut runs: Vec<(RunId, Header, Vec<Entry>)> = Vec::new();
    while let Some(row) = rows.next()? {
        let (run, entry) = (run_of(row)?, entry_at(row, 5)?);
        match runs.last_mut().filter(|(last, ..)| *last == run) {
            Some((_, _, entries)) => entries.push(entry),
            None => runs.push((run, header_of(row)?, vec![entry])),
        }
    }
    Ok(runs)
}

fn run_of(row: &Row<'_>) -> Result<RunId, Fault> {
    let run = row.get_ref(0)?.as_blob().ok().and_then(|bytes| bytes.try_into().ok());
    Ok(RunId(u128::from_be_bytes(run.ok_or_else(|| strange_value("the id of a run"))?)))
}

/// The header in the columns after the first: `pipeline, definition, input, started`.
fn header_of(row: &Row<'_>) -> rusqlite::Result<Header> {
    Ok(Header {
        pipeline: row.get::<_, String>(1)?.into(),
        definition: Key(row.get(2)?),
        input: row.get(3)?,
        started: Timestamp(row.get(4)?),
    })
}

/// The entry in the columns from this one on: `branch, ordinal, phase, key, output, at`.
fn entry_at(row: &Row<'_>, first: usize) -> rusqlite::Result<Entry> {
    Ok(Entry {
        position: Position { branch: row.get::<_, i64>(first)?.cast_unsigned(), ordinal: row.get(first + 1)? },
        phase: row.get::<_, String>(first + 2)?.into(),
        key: Key(row.get(first + 3)?),
        output: row.get(first + 4)?,
        at: Timestamp(row.get(first + 5)?),
    })
}

fn prune(connection: &Connection, finished_before: Timestamp) -> Result<u64, Fault> {
    // The entries go with their run.
    let mut delete = connection.prepare_cached("DELETE FROM runs WHERE finished IS NOT NULL AND finished < ?1")?;
    Ok(delete.execute([finished_before.0])? as u64)
}

fn prune_unfinished(connection: &Connection, idle_since: Timestamp) -> Result<u64, Fault> {
    let mut delete = connection.prepare_cached(
        "DELETE FROM runs WHERE finished IS NULL AND started < ?1
         AND NOT EXISTS (SELECT 1 FROM entries WHERE entries.run = runs.id AND entries.at >= ?1)",
    )?;
    Ok(delete.execute([idle_since.0])? as u64)
}
