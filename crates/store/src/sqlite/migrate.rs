//! The layout of the file and its versions. `application_id` tells that the file is ours, `user_version` how many of
//! the migrations it has seen. Migrations are only ever added.

use ninefold_core::{Error, ErrorKind};
use rusqlite::Connection;

use super::failure::Fault;
use super::file_of;

/// "9FLD".
const APPLICATION_ID: i32 = 0x3946_4c44;

const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_chunks_and_runs.sql"),
    include_str!("../migrations/0002_relations_and_embeddings.sql"),
    include_str!("../migrations/0003_sessions_and_cache.sql"),
    include_str!("../migrations/0004_files.sql"),
    include_str!("../migrations/0005_ledger.sql"),
];

/// The version of the layout that this program writes.
pub(super) fn newest() -> i32 {
    i32::try_from(MIGRATIONS.len()).unwrap_or(i32::MAX)
}

/// Refuses a database that is not ours or newer than this program.
pub(super) fn refuse_foreign(connection: &Connection) -> Result<(), Fault> {
    // In one statement, so that another process that is making the file is seen before or after, but not half-way.
    let (application, version, tables): (i32, i32, i64) = connection.query_row(
        "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema)
         FROM pragma_application_id, pragma_user_version",
        [],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let file = file_of(connection);
    let file = file.display();
    if application != APPLICATION_ID && (application != 0 || version != 0 || tables != 0) {
        let error = Error::new(ErrorKind::Corrupt, format!("the database {file} belongs to another program"))
            .hint("name another path; nothing was changed in this file");
        return Err(error.into());
    }
    if version > newest() {
        let known = newest();
        let error = Error::new(
            ErrorKind::Corrupt,
            format!("the database {file} has layout version {version}; this program knows versions up to {known}"),
        )
        .hint("use the newer Ninefold that wrote it, or name another path and index again");
        return Err(error.into());
    }
    Ok(())
}

/// Brings the layout up to date: all missing migrations in one transaction.
pub(super) fn migrate(connection: &Connection) -> Result<(), Fault> {
    let version: i32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version == newest() {
        return Ok(());
    }
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let done = apply(connection);
    let ended = connection.execute_batch(if done.is_ok() { "COMMIT" } else { "ROLLBACK" });
    done.and_then(|()| Ok(ended?))
}

fn apply(connection: &Connection) -> Result<(), Fault> {
    // Again, now that nobody else can write: another process may have been faster.
    refuse_foreign(connection)?;
    let version: i32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    for migration in MIGRATIONS.iter().skip(usize::try_from(version).unwrap_or_default()) {
        connection.execute_batch(migration)?;
    }
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", newest())?;
    Ok(())
}
