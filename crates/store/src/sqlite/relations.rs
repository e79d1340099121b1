//! The names of chunks: written beside them, and looked up from either end when activation spreads.
//!
//! The index of names holds no names but hashes of them: the first 64 bits of BLAKE3, in hexadecimal, so that any name,
//! whatever characters it has, is one word to the tokenizer. Names are interned by that: their text stands only with the
//! chunk they belong to.

use ninefold_core::{Chunk, Key, Relation, RelationKind};
use rusqlite::{Connection, OptionalExtension, Row, params};
use smol_str::SmolStr;

use super::failure::{Fault, strange_value};
use super::filter::Visible;
use crate::spread::{Graph, Names};

/// The columns of the index for the kinds of relations, in the order of [`RelationKind::ALL`].
const COLUMNS: [&str; 4] = ["calls", "imports", "contains", "mentions"];

/// The names of a chunk, ready to be written.
pub(super) struct Symbols {
    defines: String,
    refers: String,
    count: usize,
    /// The words of each column of the index.
    words: [String; 5],
}

fn word(name: &str) -> String {
    let [a, b, c, d, e, f, g, h, ..] = Key::of_bytes(name.as_bytes()).0;
    format!("{:016x}", u64::from_be_bytes([a, b, c, d, e, f, g, h]))
}

impl Symbols {
    /// Those of a chunk, if it has any.
    pub(super) fn of(chunk: &Chunk) -> Option<Self> {
        if chunk.defines.is_empty() && chunk.relations.is_empty() {
            return None;
        }
        let refers: Vec<(u8, &SmolStr)> =
            chunk.relations.iter().map(|Relation { kind, target }| (*kind as u8, target)).collect();
        let names = Names { defines: chunk.defines.clone(), relations: chunk.relations.clone() };
        Some(Self {
            defines: serde_json::json!(chunk.defines).to_string(),
            refers: serde_json::json!(refers).to_string(),
            count: chunk.relations.len(),
            words: words(&names),
        })
    }

    /// Writes them for the chunk in this row.
    pub(super) fn insert(&self, connection: &Connection, row: i64) -> Result<(), Fault> {
        connection
            .prepare_cached("INSERT INTO symbols (id, defines, refers, count) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![row, self.defines, self.refers, self.count as i64])?;
        insert_words(connection, row, &self.words)
    }
}

/// Takes out the names of a source's chunks, while these are there.
pub(super) fn take(connection: &Connection, source: i64) -> Result<(), Fault> {
    for sql in [
        "DELETE FROM names WHERE rowid IN (SELECT y.id FROM chunks c JOIN symbols y ON y.id = c.id WHERE c.source = ?1)",
        "DELETE FROM symbols WHERE id IN (SELECT id FROM chunks WHERE source = ?1)",
    ] {
        connection.prepare_cached(sql)?.execute([source])?;
    }
    Ok(())
}

/// Makes the index of names anew from what stands with the chunks.
pub(super) fn rebuild(connection: &Connection) -> Result<(), Fault> {
    connection.execute_batch("INSERT INTO names (names) VALUES ('delete-all')")?;
    let mut select = connection.prepare("SELECT id, defines, refers FROM symbols ORDER BY id")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        insert_words(connection, row.get(0)?, &words(&names_from(row, 1, 2)?))?;
    }
    Ok(())
}

/// The words of each column of the index.
fn words(names: &Names) -> [String; 5] {
    let mut words: [String; 5] = Default::default();
    let mut add = |column: usize, name: &str| {
        if let Some(words) = words.get_mut(column) {
            words.push_str(&word(name));
            words.push(' ');
        }
    };
    names.defines.iter().for_each(|name| add(0, name));
    names.relations.iter().for_each(|Relation { kind, target }| add(1 + usize::from(*kind as u8), target));
    words
}

fn insert_words(connection: &Connection, row: i64, words: &[String; 5]) -> Result<(), Fault> {
    let [defines, calls, imports, contains, mentions] = words;
    connection
        .prepare_cached(
            "INSERT INTO names (rowid, defines, calls, imports, contains, mentions) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![row, defines, calls, imports, contains, mentions])?;
    Ok(())
}

/// The names from two columns of a row, `defines` and `refers`, that are null for a chunk without any.
pub(super) fn names_from(row: &Row<'_>, defines: usize, refers: usize) -> Result<Names, Fault> {
    let text = |column| -> Result<Option<&str>, Fault> {
        row.get_ref(column)?.as_str_or_null().map_err(|_| strange_value("the names of a chunk"))
    };
    let (Some(defines), Some(refers)) = (text(defines)?, text(refers)?) else { return Ok(Names::default()) };
    let strange = |_| strange_value("the names of a chunk");
    let defines: Vec<SmolStr> = serde_json::from_str(defines).map_err(strange)?;
    let refers: Vec<(usize, SmolStr)> = serde_json::from_str(refers).map_err(strange)?;
    let relation = |(kind, target): (usize, SmolStr)| {
        let kind = *RelationKind::ALL.get(kind).ok_or_else(|| strange_value("the kind of a relation"))?;
        Ok(Relation { kind, target })
    };
    Ok(Names { defines, relations: refers.into_iter().map(relation).collect::<Result<_, Fault>>()? })
}

/// The relations among the visible chunks, by their rows.
pub(super) struct VisibleGraph<'a> {
    pub(super) connection: &'a Connection,
    pub(super) visible: &'a Visible,
}

impl VisibleGraph<'_> {
    fn rows(&self, expression: &str, limit: usize) -> Result<Vec<i64>, Fault> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let id = |row: &Row<'_>| row.get(0);
        let rows = match self.visible.label_sets() {
            None => {
                let sql = "SELECT rowid FROM names WHERE names MATCH ?1 LIMIT ?2";
                let mut select = self.connection.prepare_cached(sql)?;
                select.query_map(params![expression, limit], id)?.collect::<rusqlite::Result<_>>()?
            }
            Some(label_sets) => {
                let mut select = self.connection.prepare_cached(
                    "SELECT c.id FROM names CROSS JOIN chunks c ON c.id = names.rowid
                     WHERE names MATCH ?1 AND c.label_set IN (SELECT value FROM json_each(?3)) LIMIT ?2",
                )?;
                select.query_map(params![expression, limit, label_sets], id)?.collect::<rusqlite::Result<_>>()?
            }
        };
        Ok(rows)
    }
}

impl Graph for VisibleGraph<'_> {
    type Node = i64;
    type Error = Fault;

    fn names(&self, row: i64) -> Result<Names, Fault> {
        let mut select = self.connection.prepare_cached("SELECT defines, refers FROM symbols WHERE id = ?1")?;
        let names = select.query_row([row], |row| Ok(names_from(row, 0, 1))).optional()?;
        names.unwrap_or_else(|| Ok(Names::default()))
    }

    fn definers(&self, name: &str, limit: usize) -> Result<Vec<i64>, Fault> {
        self.rows(&format!("defines : {}", quoted(&word(name))), limit)
    }

    fn referrers(&self, name: &str, limit: usize) -> Result<Vec<(i64, RelationKind)>, Fault> {
        let word = quoted(&word(name));
        let mut referrers = Vec::new();
        // Most names are referred to by nobody or by very many, and one look says so.
        let any = self.rows(&format!("{{{}}} : {word}", COLUMNS.join(" ")), limit)?;
        if any.is_empty() || any.len() == limit {
            return Ok(any.into_iter().map(|row| (row, RelationKind::Mentions)).collect());
        }
        for (kind, column) in RelationKind::ALL.into_iter().zip(COLUMNS) {
            let left = limit - referrers.len();
            if left == 0 {
                break;
            }
            referrers.extend(self.rows(&format!("{column} : {word}"), left)?.into_iter().map(|row| (row, kind)));
        }
        Ok(referrers)
    }
}

fn quoted(word: &str) -> String {
    format!("\"{word}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_any_characters_is_one_word() {
        for name in ["", "spawn", "Runtime::spawn", "a b\n\"c\" OR *", "名前", &"x".repeat(10_000)] {
            let word = word(name);
            assert!(word.len() == 16 && word.bytes().all(|byte| byte.is_ascii_hexdigit()), "{word}");
        }
        assert_ne!(word("spawn"), word("Spawn"));
    }
}
