//! Search by words: FTS5 finds candidates, the ranking that both stores share scores them.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use ninefold_core::Result;
use rusqlite::{Connection, Row, params};
use smol_str::SmolStr;

use super::failure::{Fault, strange_value};
use super::filter::{Filter, quoted, rows_to_json};
use crate::frequencies;
use crate::rank::{Frequency, Ranking, TITLE};

/// Up to so many matching chunks are all scored by the shared ranking; of more, FTS5's own score chooses which.
const SCORED: usize = 2_048;
/// How many it chooses, for each passage asked for and at least.
const CHOSEN_PER_PASSAGE: usize = 4;
const CHOSEN: usize = 256;

/// The terms of a search text, measured against the visible part of the store and ready to be bound to a statement.
pub(super) struct Wanted {
    pub(super) ranking: Ranking,
    /// An FTS5 expression: the terms that find chunks, any of them.
    expression: String,
    /// The terms of the search text as the vectors of chunks know them.
    hashes: Vec<u32>,
    /// At least so many visible chunks match.
    least: u64,
}

/// Of the rows that FTS5 finds those that are visible, within the paths and times and of the kinds asked for. The scope
/// is enforced here.
const MATCHING: &str = "FROM terms CROSS JOIN chunks c ON c.id = terms.rowid WHERE terms MATCH ?1
     AND (?2 IS NULL OR c.label_set IN (SELECT value FROM json_each(?2)))
     AND (?3 IS NULL OR c.source IN (SELECT value FROM json_each(?3)))
     AND (?4 IS NULL OR ?4 >> c.kind & 1)";

/// What was found by words: rows with their scores, and how many match.
pub(super) struct ByWords {
    pub(super) scored: Vec<(f32, i64)>,
    pub(super) matched: u64,
}

impl Wanted {
    pub(super) fn new(connection: &Connection, filter: &Filter, terms: &[SmolStr]) -> Result<Self, Fault> {
        let visible = &filter.visible;
        let frequencies =
            terms.iter().map(|term| visible.frequency(connection, term)).collect::<Result<Vec<u64>, Fault>>()?;
        let ranking = Ranking::new(&frequencies, visible.chunks, visible.terms);
        let recruiters = ranking.recruiters().iter().filter_map(|&term| terms.get(term));
        let least = ranking.recruiters().iter().filter_map(|&term| frequencies.get(term)).max();
        Ok(Self {
            least: least.copied().unwrap_or_default(),
            expression: recruiters.map(|term| quoted(term)).collect::<Vec<_>>().join(" OR "),
            hashes: terms.iter().map(|term| frequencies::hash(term)).collect(),
            ranking,
        })
    }

    /// What words find: all of it, or of very much the best for at least `limit` passages.
    pub(super) fn find(&self, connection: &Connection, filter: &Filter, limit: usize) -> Result<ByWords, Fault> {
        if self.expression.is_empty() {
            return Ok(ByWords { scored: Vec::new(), matched: 0 });
        }
        if (self.least <= SCORED as u64 || !filter.allows_all())
            && let Some(scored) = self.score_all(connection, filter)?
        {
            return Ok(ByWords { matched: scored.len() as u64, scored });
        }
        let (chosen, matched) = self.choose(connection, filter, limit)?;
        Ok(ByWords { scored: self.score_chosen(connection, chosen)?, matched })
    }

    /// Whether words alone would find a chunk with this vector.
    pub(super) fn finds(&self, vector: &[u8]) -> bool {
        self.held(vector).any(|(term, _)| self.ranking.recruiters().binary_search(&term).is_ok())
    }

    /// The score by words of a chunk of this length with this vector.
    pub(super) fn score(&self, length: u32, vector: &[u8]) -> f32 {
        self.ranking.score(length, self.held(vector))
    }

    fn held(&self, vector: &[u8]) -> impl Iterator<Item = (usize, Frequency)> {
        let hashes = self.hashes.iter().enumerate();
        hashes.filter_map(move |(term, &hash)| Some((term, frequencies::frequency(vector, hash)?)))
    }

    /// The rows of all matching chunks with their scores; nothing when there are too many of them.
    fn score_all(&self, connection: &Connection, filter: &Filter) -> Result<Option<Vec<(f32, i64)>>, Fault> {
        let mut select = connection.prepare_cached(&format!("SELECT c.id, c.length, c.vector {MATCHING}"))?;
        let bound = params![self.expression, filter.visible.label_sets(), filter.sources(), filter.kinds];
        let mut rows = select.query(bound)?;
        let mut scored = Vec::new();
        while let Some(row) = rows.next()? {
            if scored.len() == SCORED {
                return Ok(None);
            }
            scored.push(self.score_row(row)?);
        }
        Ok(Some(scored))
    }

    /// The rows of the best chunks by FTS5's score, and how many match.
    fn choose(&self, connection: &Connection, filter: &Filter, limit: usize) -> Result<(Vec<i64>, u64), Fault> {
        let room = limit.saturating_mul(CHOSEN_PER_PASSAGE).max(CHOSEN);
        let (mut all, mut some);
        let mut rows = if filter.allows_all() {
            // Nothing has to be looked up beside the index.
            all = connection.prepare_cached("SELECT rowid, bm25(terms, ?2, 1.0) FROM terms WHERE terms MATCH ?1")?;
            all.query(params![self.expression, TITLE])?
        } else {
            some = connection.prepare_cached(&format!("SELECT c.id, bm25(terms, ?5, 1.0) {MATCHING}"))?;
            let (label_sets, sources) = (filter.visible.label_sets(), filter.sources());
            some.query(params![self.expression, label_sets, sources, filter.kinds, TITLE])?
        };
        // A heap with the worst candidate on top; FTS5's score is lower for better matches.
        let mut chosen: BinaryHeap<Candidate> = BinaryHeap::new();
        let mut matched = 0;
        while let Some(row) = rows.next()? {
            matched += 1;
            let candidate = Candidate { row: row.get(0)?, score: row.get(1)? };
            if chosen.len() < room {
                chosen.push(candidate);
            } else if chosen.peek().is_some_and(|worst| candidate < *worst) {
                chosen.pop();
                chosen.push(candidate);
            }
        }
        Ok((chosen.into_iter().map(|candidate| candidate.row).collect(), matched))
    }

    fn score_chosen(&self, connection: &Connection, chosen: Vec<i64>) -> Result<Vec<(f32, i64)>, Fault> {
        let mut select = connection.prepare_cached(
            "SELECT c.id, c.length, c.vector FROM json_each(?1) AS chosen CROSS JOIN chunks c ON c.id = chosen.value",
        )?;
        let mut scored = Vec::with_capacity(chosen.len());
        let mut rows = select.query([rows_to_json(chosen)])?;
        while let Some(row) = rows.next()? {
            scored.push(self.score_row(row)?);
        }
        Ok(scored)
    }

    /// The score that decides, from a row of id, length and vector.
    fn score_row(&self, row: &Row<'_>) -> Result<(f32, i64), Fault> {
        let vector = row.get_ref(2)?.as_blob().map_err(|_| strange_value("the vector of a chunk"))?;
        Ok((self.score(row.get(1)?, vector), row.get(0)?))
    }
}

#[derive(PartialEq)]
struct Candidate {
    score: f64,
    row: i64,
}

impl Eq for Candidate {}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        self.score.total_cmp(&other.score).then_with(|| self.row.cmp(&other.row))
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::OptionalExtension;

    use super::*;

    #[test]
    fn the_tokenizer_takes_every_term_as_it_is() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE VIRTUAL TABLE t USING fts5 (a, content = '', contentless_delete = 1, tokenize = 'ascii');
                 CREATE VIRTUAL TABLE v USING fts5vocab (t, row)",
            )
            .unwrap();
        let text =
            "Café naïve 检索记忆 ไทย ๏ зелёный שלום 한국어 🚀 ñ Å ﬁ ² ½ クロ・ス ـع ॐ नमस्ते snake_case HTTPRequest2 İ ǅ";
        let terms = ninefold_core::terms::terms(text);
        for (n, term) in terms.iter().enumerate() {
            connection.execute("INSERT INTO t (rowid, a) VALUES (?1, ?2)", params![n as i64, term.as_str()]).unwrap();
        }
        for (n, term) in terms.iter().enumerate() {
            let mut select = connection.prepare("SELECT rowid FROM t WHERE t MATCH ?1").unwrap();
            let rows: Vec<usize> =
                select.query_map([quoted(term)], |row| row.get(0)).unwrap().map(|row| row.unwrap()).collect();
            let equal: Vec<usize> = (0..terms.len()).filter(|&other| terms[other] == *term).collect();
            assert_eq!(rows, equal, "{term:?} at {n}");
            let known: Option<i64> = connection
                .query_row("SELECT doc FROM v WHERE term = ?1", [term.as_str()], |row| row.get(0))
                .optional()
                .unwrap();
            assert_eq!(known, Some(equal.len() as i64), "{term:?}");
        }
    }
}
