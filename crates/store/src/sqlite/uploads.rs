//! Which files are at which provider, in the same file.

use async_trait::async_trait;
use ninefold_core::uploads::{Upload, UploadKey, UploadRecords};
use ninefold_core::{Key, Result, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Sqlite;
use super::failure::Fault;

/// The columns of an upload, in the order in which [`upload`] reads them.
const COLUMNS: &str = "id, provider, purpose, content, remote, name, mime, bytes, expires, checked";

#[async_trait]
impl UploadRecords for Sqlite {
    async fn hold(&self, key: &UploadKey, holder: &str) -> Result<Option<Upload>> {
        // Most are held already by whoever asks: then nothing is written.
        let held = self.look_up(|connection| held(connection, key, holder)).await;
        if let Some(Ok(Some(upload))) = held {
            return Ok(Some(upload));
        }
        let (key, holder) = (key.clone(), holder.to_owned());
        self.write(move |connection| {
            let Some((row, upload)) = find(connection, &key)? else { return Ok(None) };
            add_holder(connection, row, &holder)?;
            Ok(Some(upload))
        })
        .await
    }

    async fn put(&self, upload: Upload, replaces: Option<&str>, holder: &str) -> Result<Upload> {
        let (replaces, holder) = (replaces.map(str::to_owned), holder.to_owned());
        self.write(move |connection| put(connection, &upload, replaces.as_deref(), &holder)).await
    }

    async fn checked(&self, provider: &str, id: &str, at: Timestamp) -> Result<()> {
        let (provider, id) = (provider.to_owned(), id.to_owned());
        self.write(move |connection| {
            connection
                .prepare_cached("UPDATE uploads SET checked = ?3 WHERE provider = ?1 AND remote = ?2")?
                .execute(params![provider, id, at.0])?;
            Ok(())
        })
        .await
    }

    async fn release(&self, holder: &str) -> Result<u64> {
        let holder = holder.to_owned();
        self.write(move |connection| {
            let mut delete = connection.prepare_cached("DELETE FROM upload_holders WHERE holder = ?1")?;
            Ok(delete.execute([&holder])? as u64)
        })
        .await
    }

    async fn condemn(&self, provider: &str, limit: usize) -> Result<Vec<Upload>> {
        let provider = provider.to_owned();
        self.write(move |connection| condemn(connection, &provider, limit)).await
    }

    async fn forget(&self, provider: &str, id: &str) -> Result<()> {
        let (provider, id) = (provider.to_owned(), id.to_owned());
        self.write(move |connection| {
            connection
                .prepare_cached("DELETE FROM uploads WHERE provider = ?1 AND remote = ?2 AND condemned = 1")?
                .execute(params![provider, id])?;
            Ok(())
        })
        .await
    }
}

/// An upload and the number of its row.
fn upload(row: &Row<'_>) -> rusqlite::Result<(i64, Upload)> {
    let key = UploadKey {
        provider: row.get::<_, String>(1)?.into(),
        purpose: row.get::<_, String>(2)?.into(),
        content: Key(row.get(3)?),
    };
    let upload = Upload {
        key,
        id: row.get::<_, String>(4)?.into(),
        name: row.get(5)?,
        mime: row.get::<_, String>(6)?.into(),
        bytes: row.get(7)?,
        expires: row.get::<_, Option<i64>>(8)?.map(Timestamp),
        checked: Timestamp(row.get(9)?),
    };
    Ok((row.get(0)?, upload))
}

fn find(connection: &Connection, key: &UploadKey) -> Result<Option<(i64, Upload)>, Fault> {
    let mut select = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM uploads WHERE content = ?1 AND provider = ?2 AND purpose = ?3 AND condemned = 0"
    ))?;
    Ok(select.query_row(params![key.content.0, key.provider.as_str(), key.purpose.as_str()], upload).optional()?)
}

/// The upload, when the holder holds it.
fn held(connection: &Connection, key: &UploadKey, holder: &str) -> Result<Option<Upload>, Fault> {
    let mut select = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM uploads WHERE content = ?1 AND provider = ?2 AND purpose = ?3 AND condemned = 0
         AND EXISTS (SELECT 1 FROM upload_holders h WHERE h.holder = ?4 AND h.upload = uploads.id)"
    ))?;
    let values = params![key.content.0, key.provider.as_str(), key.purpose.as_str(), holder];
    Ok(select.query_row(values, upload).optional()?.map(|(_, upload)| upload))
}

fn add_holder(connection: &Connection, row: i64, holder: &str) -> Result<(), Fault> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO upload_holders (holder, upload) VALUES (?1, ?2)")?
        .execute(params![holder, row])?;
    Ok(())
}

/// Writes an upload; returns the number of its row. A provider may give the same id again.
fn write(connection: &Connection, new: &Upload, condemned: bool) -> Result<i64, Fault> {
    let Upload { key, id, name, mime, bytes, expires, checked } = new;
    connection
        .prepare_cached(
            "INSERT INTO uploads (provider, purpose, content, remote, name, mime, bytes, expires, checked, condemned)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (provider, remote) DO UPDATE SET purpose = excluded.purpose, content = excluded.content,
             name = excluded.name, mime = excluded.mime, bytes = excluded.bytes, expires = excluded.expires,
             checked = excluded.checked, condemned = excluded.condemned",
        )?
        .execute(params![
            key.provider.as_str(),
            key.purpose.as_str(),
            key.content.0,
            id.as_str(),
            name,
            mime.as_str(),
            i64::try_from(*bytes).unwrap_or(i64::MAX),
            expires.map(|at| at.0),
            checked.0,
            condemned
        ])?;
    let mut select = connection.prepare_cached("SELECT id FROM uploads WHERE provider = ?1 AND remote = ?2")?;
    Ok(select.query_row(params![key.provider.as_str(), id.as_str()], |row| row.get(0))?)
}

fn put(connection: &Connection, new: &Upload, replaces: Option<&str>, holder: &str) -> Result<Upload, Fault> {
    let standing = find(connection, &new.key)?;
    let (row, stands) = match standing {
        Some((old, standing)) if standing.id != new.id => {
            if replaces == Some(standing.id.as_str()) {
                connection.prepare_cached("UPDATE uploads SET condemned = 1 WHERE id = ?1")?.execute([old])?;
                let row = write(connection, new, false)?;
                connection
                    .prepare_cached("UPDATE OR IGNORE upload_holders SET upload = ?2 WHERE upload = ?1")?
                    .execute([old, row])?;
                connection.prepare_cached("DELETE FROM upload_holders WHERE upload = ?1")?.execute([old])?;
                (row, new.clone())
            } else {
                write(connection, new, true)?;
                (old, standing)
            }
        }
        _ => (write(connection, new, false)?, new.clone()),
    };
    add_holder(connection, row, holder)?;
    Ok(stands)
}

fn condemn(connection: &Connection, provider: &str, limit: usize) -> Result<Vec<Upload>, Fault> {
    connection
        .prepare_cached(
            "UPDATE uploads SET condemned = 1 WHERE provider = ?1 AND condemned = 0
             AND NOT EXISTS (SELECT 1 FROM upload_holders h WHERE h.upload = uploads.id)",
        )?
        .execute([provider])?;
    let mut select = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM uploads WHERE provider = ?1 AND condemned = 1 ORDER BY id LIMIT ?2"
    ))?;
    let rows = select.query_map(params![provider, i64::try_from(limit).unwrap_or(i64::MAX)], upload)?;
    Ok(rows.map(|row| row.map(|(_, upload)| upload)).collect::<rusqlite::Result<_>>()?)
}
