//! Sessions in the same file: a turn is one row of the session, one row for each of its events, and whatever came before
//! stays untouched.

use async_trait::async_trait;
use ninefold_core::sessions::{Resumption, SessionEvent, SessionSummary, Snapshot, Turn, check, out_of_turn};
use ninefold_core::{Result, SessionId, Sessions, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Sqlite;
use super::failure::{Fault, strange_value};

#[async_trait]
impl Sessions for Sqlite {
    async fn append(&self, session: &SessionId, turn: Turn) -> Result<u64> {
        check(session, &turn)?;
        let session = session.clone();
        self.write(move |connection| append(connection, &session, &turn)).await
    }

    async fn resume(&self, session: &SessionId) -> Result<Option<Resumption>> {
        let session = session.clone();
        self.query(move |connection| resume(connection, &session)).await
    }

    async fn events(&self, session: &SessionId, from: u64, limit: usize) -> Result<Vec<SessionEvent>> {
        let session = session.clone();
        self.query(move |connection| events(connection, &session, from, limit)).await
    }

    async fn list(&self, limit: usize) -> Result<Vec<SessionSummary>> {
        self.query(move |connection| list(connection, limit)).await
    }

    async fn remove(&self, session: &SessionId) -> Result<bool> {
        let session = session.clone();
        self.write(move |connection| {
            let mut delete = connection.prepare_cached("DELETE FROM sessions WHERE session = ?1")?;
            Ok(delete.execute([session.0.as_str()])? > 0)
        })
        .await
    }

    async fn prune(&self, last_before: Timestamp) -> Result<u64> {
        self.write(move |connection| {
            let mut delete = connection.prepare_cached("DELETE FROM sessions WHERE last < ?1")?;
            Ok(delete.execute([last_before.0])? as u64)
        })
        .await
    }
}

/// A number from outside as SQLite holds numbers; beyond what it can hold there are no events.
fn number(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// The row of a session and how many events it has.
fn find(connection: &Connection, session: &SessionId) -> Result<Option<(i64, u64)>, Fault> {
    let mut select = connection.prepare_cached("SELECT id, events FROM sessions WHERE session = ?1")?;
    Ok(select.query_row([session.0.as_str()], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

fn append(connection: &Connection, session: &SessionId, turn: &Turn) -> Result<u64, Fault> {
    let Turn { after, at, events, snapshot } = turn;
    let known = find(connection, session)?;
    let there = known.map_or(0, |(_, events)| events);
    if there != *after {
        return Err(out_of_turn(session, *after, there).into());
    }
    let count = there + events.len() as u64;
    let id = match known {
        Some((id, _)) => {
            connection
                .prepare_cached("UPDATE sessions SET events = ?2, last = max(last, ?3) WHERE id = ?1")?
                .execute(params![id, number(count), at.0])?;
            id
        }
        None => connection
            .prepare_cached("INSERT INTO sessions (session, events, started, last) VALUES (?1, ?2, ?3, ?3)")?
            .insert(params![session.0.as_str(), number(count), at.0])?,
    };
    let mut insert =
        connection.prepare_cached("INSERT INTO session_events (session, number, at, event) VALUES (?1, ?2, ?3, ?4)")?;
    for (place, event) in (there..).zip(events) {
        insert.execute(params![id, number(place), at.0, event])?;
    }
    if let Some(state) = snapshot {
        connection
            .prepare_cached("REPLACE INTO session_snapshots (session, covers, state) VALUES (?1, ?2, ?3)")?
            .execute(params![id, number(count), state])?;
    }
    Ok(count)
}

fn event(row: &Row<'_>) -> rusqlite::Result<SessionEvent> {
    Ok(SessionEvent { number: row.get(0)?, at: Timestamp(row.get(1)?), event: row.get(2)? })
}

fn events_from(connection: &Connection, id: i64, from: u64, limit: usize) -> Result<Vec<SessionEvent>, Fault> {
    let mut select = connection.prepare_cached(
        "SELECT number, at, event FROM session_events WHERE session = ?1 AND number >= ?2 ORDER BY number LIMIT ?3",
    )?;
    let rows = select.query_map([id, number(from), number(limit as u64)], event)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn resume(connection: &Connection, session: &SessionId) -> Result<Option<Resumption>, Fault> {
    let connection = connection.unchecked_transaction()?;
    let Some((id, count)) = find(&connection, session)? else { return Ok(None) };
    let snapshot = connection
        .prepare_cached("SELECT covers, state FROM session_snapshots WHERE session = ?1")?
        .query_row([id], |row| Ok(Snapshot { covers: row.get(0)?, state: row.get(1)? }))
        .optional()?;
    let covered = snapshot.as_ref().map_or(0, |snapshot| snapshot.covers);
    let events = events_from(&connection, id, covered, usize::MAX)?;
    let resumption = Resumption { snapshot, events };
    // What is to be continued has to be whole.
    let numbered = resumption.events.iter().map(|event| event.number).eq(covered..count);
    if numbered && covered <= count { Ok(Some(resumption)) } else { Err(strange_value("the numbers of events")) }
}

fn events(connection: &Connection, session: &SessionId, from: u64, limit: usize) -> Result<Vec<SessionEvent>, Fault> {
    let connection = connection.unchecked_transaction()?;
    match find(&connection, session)? {
        Some((id, _)) => events_from(&connection, id, from, limit),
        None => Ok(Vec::new()),
    }
}

fn list(connection: &Connection, limit: usize) -> Result<Vec<SessionSummary>, Fault> {
    let mut select = connection
        .prepare_cached("SELECT session, events, started, last FROM sessions ORDER BY last DESC, id DESC LIMIT ?1")?;
    let rows = select.query_map([number(limit as u64)], |row| {
        Ok(SessionSummary {
            session: row.get::<_, String>(0)?.into(),
            events: row.get(1)?,
            started: Timestamp(row.get(2)?),
            last: Timestamp(row.get(3)?),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
