//! How much there is, and what of it is forgotten.

use ninefold_core::{ChunkKind, Contents, Forgetting, Forgotten, Result, Timestamp};
use rusqlite::{Connection, Row};
use smol_str::SmolStr;

use super::chunks::remove;
use super::failure::Fault;
use super::filter::kind_from_row;
use super::usage::{USAGE_COLUMNS, uses_from};
use crate::forget::Liveliness;

/// How much there is, in one snapshot.
pub(super) fn contents(connection: &Connection) -> Result<Contents, Fault> {
    let snapshot = connection.unchecked_transaction()?;
    let number =
        |sql: &str| -> Result<u64, Fault> { Ok(snapshot.prepare_cached(sql)?.query_row([], |row| row.get(0))?) };
    let mut contents = Contents {
        sources: number("SELECT count(*) FROM sources")?,
        text_bytes: number("SELECT coalesce(sum(octet_length(text)), 0) FROM texts")?,
        relations: number("SELECT coalesce(sum(count), 0) FROM symbols")?,
        used: number("SELECT count(*) FROM usage")?,
        ..Contents::default()
    };
    let mut select = snapshot.prepare_cached("SELECT kind, count(*) FROM chunks GROUP BY kind")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        contents.chunks.insert(kind_from_row(row.get(0)?)?, row.get(1)?);
    }
    let mut select = snapshot
        .prepare_cached("SELECT m.name, count(*) FROM embeddings e JOIN models m ON m.id = e.model GROUP BY m.id")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        contents.embedded.insert(SmolStr::new(row.get::<_, String>(0)?), row.get(1)?);
    }
    Ok(contents)
}

/// What is to be forgotten, by path.
pub(super) fn forgettable(connection: &Connection, forgetting: &Forgetting) -> Result<Forgotten, Fault> {
    // What cannot be made again is not even looked at.
    let mut select = connection.prepare_cached(&format!(
        "SELECT s.path, s.modified, c.kind, {USAGE_COLUMNS}
         FROM sources s LEFT JOIN chunks c ON c.source = s.id LEFT JOIN usage u ON u.chunk = c.chunk
         WHERE s.rebuildable ORDER BY s.path"
    ))?;
    let mut forgotten = Forgotten::default();
    let mut current: Option<(String, Liveliness, u64)> = None;
    let mut judge = |source: Option<(String, Liveliness, u64)>| {
        if let Some((path, liveliness, chunks)) = source
            && liveliness.is_forgotten(forgetting)
        {
            forgotten.paths.push(path.into());
            forgotten.chunks += chunks;
        }
    };
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let path: String = row.get(0)?;
        if current.as_ref().is_none_or(|(known, ..)| *known != path) {
            judge(current.take());
            let modified = row.get::<_, Option<i64>>(1)?.map(Timestamp);
            current = Some((path, Liveliness::new(true, modified), 0));
        }
        if let (Some((_, liveliness, chunks)), Some(kind)) = (&mut current, kind_of(row)?) {
            liveliness.chunk(kind, uses_from(row, 3)?.as_ref());
            *chunks += 1;
        }
    }
    judge(current);
    Ok(forgotten)
}

/// The kind of the row's chunk; none for a source without chunks.
fn kind_of(row: &Row<'_>) -> Result<Option<ChunkKind>, Fault> {
    row.get::<_, Option<i64>>(2)?.map(kind_from_row).transpose()
}

/// Takes out what is to be forgotten.
pub(super) fn forget(connection: &Connection, forgetting: &Forgetting) -> Result<Forgotten, Fault> {
    let forgotten = forgettable(connection, forgetting)?;
    remove(connection, &forgotten.paths)?;
    Ok(forgotten)
}
