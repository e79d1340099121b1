//! What a search may see, and what of it was asked for.

use std::collections::{BTreeSet, HashSet};

use ninefold_core::{ChunkKind, Result, Scope, Search};
use rusqlite::{Connection, OptionalExtension, params};

use super::chunks::{Below, labels_from_text};
use super::failure::{Fault, strange_value};

/// The part of the store that a scope allows.
pub(super) struct Visible {
    /// The sets of labels allowed, and the same as a JSON array, in order; none when that is all there are.
    label_sets: Option<(BTreeSet<i64>, String)>,
    /// How many chunks there are, and how many terms these have together.
    pub(super) chunks: u64,
    pub(super) terms: u64,
}

impl Visible {
    pub(super) fn read(connection: &Connection, scope: &Scope) -> Result<Self, Fault> {
        let mut select =
            connection.prepare_cached("SELECT id, labels, chunks, terms FROM label_sets WHERE chunks > 0")?;
        let mut rows = select.query([])?;
        let (mut allowed, mut all) = (BTreeSet::new(), true);
        let mut visible = Self { label_sets: None, chunks: 0, terms: 0 };
        while let Some(row) = rows.next()? {
            let labels = row.get_ref(1)?.as_str().map_err(|_| strange_value("a set of labels"))?;
            if scope.allows(&labels_from_text(labels)?) {
                allowed.insert(row.get::<_, i64>(0)?);
                visible.chunks += row.get::<_, u64>(2)?;
                visible.terms += row.get::<_, u64>(3)?;
            } else {
                all = false;
            }
        }
        if !all {
            let text = rows_to_json(allowed.iter().copied());
            visible.label_sets = Some((allowed, text));
        }
        Ok(visible)
    }

    /// The sets of labels allowed, as a JSON array of rows; none when that is all there are.
    pub(super) fn label_sets(&self) -> Option<&str> {
        self.label_sets.as_ref().map(|(_, text)| text.as_str())
    }

    /// Whether chunks with this set of labels may be seen.
    pub(super) fn allows(&self, label_set: i64) -> bool {
        self.label_sets.as_ref().is_none_or(|(allowed, _)| allowed.contains(&label_set))
    }

    /// How many visible chunks hold a term.
    pub(super) fn frequency(&self, connection: &Connection, term: &str) -> Result<u64, Fault> {
        let Some(label_sets) = self.label_sets() else {
            let mut select = connection.prepare_cached("SELECT doc FROM vocabulary WHERE term = ?1")?;
            return Ok(select.query_row([term], |row| row.get(0)).optional()?.unwrap_or_default());
        };
        let mut select = connection.prepare_cached(
            "SELECT count(*) FROM terms CROSS JOIN chunks c ON c.id = terms.rowid
             WHERE terms MATCH ?1 AND c.label_set IN (SELECT value FROM json_each(?2))",
        )?;
        Ok(select.query_row([&quoted(term), label_sets], |row| row.get(0))?)
    }
}

/// A term as an FTS5 string. Terms hold no quotes, as they hold letters and digits only.
pub(super) fn quoted(term: &str) -> String {
    format!("\"{term}\"")
}

/// Rows as a JSON array.
pub(super) fn rows_to_json(rows: impl IntoIterator<Item = i64>) -> String {
    serde_json::Value::from_iter(rows).to_string()
}

/// Which of the visible chunks were asked for, by source and kind.
pub(super) struct Filter {
    pub(super) visible: Visible,
    /// The sources, and the same as a JSON array; none for all.
    sources: Option<(HashSet<i64>, String)>,
    /// A bit for each kind; none for all.
    pub(super) kinds: Option<i64>,
}

impl Filter {
    pub(super) fn read(connection: &Connection, search: &Search) -> Result<Self, Fault> {
        let visible = Visible::read(connection, &search.scope)?;
        let sources = sources(connection, search)?.map(|sources| {
            let text = rows_to_json(sources.iter().copied());
            (sources, text)
        });
        let bits = search.kinds.iter().fold(0, |bits, kind| bits | 1 << kind_to_row(*kind));
        Ok(Self { visible, sources, kinds: (!search.kinds.is_empty()).then_some(bits) })
    }

    /// Whether it is everything there is that is visible and asked for.
    pub(super) fn allows_all(&self) -> bool {
        self.visible.label_sets.is_none() && self.sources.is_none() && self.kinds.is_none()
    }

    /// The sources asked for, as a JSON array of rows; none for all.
    pub(super) fn sources(&self) -> Option<&str> {
        self.sources.as_ref().map(|(_, text)| text.as_str())
    }

    /// Whether a chunk is visible and was asked for.
    pub(super) fn allows(&self, label_set: i64, source: i64, kind: i64) -> bool {
        self.visible.allows(label_set)
            && self.sources.as_ref().is_none_or(|(sources, _)| sources.contains(&source))
            && self.kinds.is_none_or(|bits| (0..8).contains(&kind) && bits >> kind & 1 == 1)
    }
}

/// A kind as the database numbers it.
pub(super) fn kind_to_row(kind: ChunkKind) -> i64 {
    match kind {
        ChunkKind::Code => 0,
        ChunkKind::Markdown => 1,
        ChunkKind::Text => 2,
        ChunkKind::Pattern => 3,
    }
}

/// The kind that [`kind_to_row`] was given.
pub(super) fn kind_from_row(kind: i64) -> Result<ChunkKind, Fault> {
    [ChunkKind::Code, ChunkKind::Markdown, ChunkKind::Text, ChunkKind::Pattern]
        .into_iter()
        .find(|known| kind_to_row(*known) == kind)
        .ok_or_else(|| strange_value("the kind of a chunk"))
}

/// The sources within the paths asked for that changed since then; none when all are.
fn sources(connection: &Connection, search: &Search) -> Result<Option<HashSet<i64>>, Fault> {
    let since = search.since.map(|since| since.0);
    let mut sources = HashSet::new();
    if search.within.is_empty() {
        let Some(since) = since else { return Ok(None) };
        let mut select = connection.prepare_cached("SELECT id FROM sources WHERE modified >= ?1")?;
        for source in select.query_map([since], |row| row.get(0))? {
            sources.insert(source?);
        }
        return Ok(Some(sources));
    }
    let mut select = connection.prepare_cached(
        "SELECT id FROM sources WHERE path = ?1 AND (?4 IS NULL OR modified >= ?4)
         UNION SELECT id FROM sources WHERE path >= ?2 AND path < ?3 AND (?4 IS NULL OR modified >= ?4)",
    )?;
    for prefix in &search.within {
        let below = Below::new(prefix);
        for source in select.query_map(params![below.itself, below.from, below.to, since], |row| row.get(0))? {
            sources.insert(source?);
        }
    }
    Ok(Some(sources))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_paths_are_those_of_lies_within() {
        let paths = ["", "/", "/a", "/a/", "/a/b", "/a0", "/a-", "/ab", "/a/%", "/a/_x", "a", "/a/\u{0}", "/é/x", "/é"];
        for prefix in paths {
            let below = Below::new(prefix);
            for path in paths {
                let range = path == below.itself || (path >= below.from.as_str() && path < below.to.as_str());
                assert_eq!(range, ninefold_core::store::lies_within(path, prefix), "{path:?} within {prefix:?}");
            }
        }
    }
}
