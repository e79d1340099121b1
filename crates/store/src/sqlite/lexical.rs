//! Search by words: FTS5 finds candidates, the ranking that both stores share scores them.

use std::collections::HashSet;

use ninefold_core::Result;
use rusqlite::{Connection, Row, params};
use smol_str::SmolStr;

use super::failure::{Fault, strange_value};
use super::filter::{Filter, quoted};
use super::vocabulary::Vocabulary;
use crate::frequencies;
use crate::rank::{Frequency, Ranking};

/// Up to so many chunks are scored; of more, those that hold the most of the terms that find, by their weights.
const SCORED: usize = 512;
/// How many are, for each passage asked for.
const SCORED_PER_PASSAGE: usize = 4;
/// So many are scored where most of what was found weighs the same.
const SHARED: usize = 2_048;

/// The terms of a search text, measured against the visible part of the store.
pub(super) struct Wanted {
    pub(super) ranking: Ranking,
    terms: Vec<SmolStr>,
    /// The terms as the vectors of chunks know them.
    hashes: Vec<u32>,
}

/// What was found by words: rows with their scores, and how many match.
pub(super) struct ByWords {
    pub(super) scored: Vec<(f32, i64)>,
    pub(super) matched: u64,
}

impl Wanted {
    pub(super) fn new(
        connection: &Connection,
        filter: &Filter,
        terms: &[SmolStr],
        vocabulary: &Vocabulary,
    ) -> Result<Self, Fault> {
        let visible = &filter.visible;
        let frequencies = vocabulary.frequencies(connection, visible, terms)?;
        Ok(Self {
            ranking: Ranking::new(&frequencies, visible.chunks, visible.terms),
            terms: terms.to_vec(),
            hashes: terms.iter().map(|term| frequencies::hash(term)).collect(),
        })
    }

    /// What words find: all of it, or of very much the best for at least `limit` passages. More terms find where fewer
    /// than `least` chunks are found.
    pub(super) fn find(
        &mut self,
        connection: &Connection,
        filter: &Filter,
        limit: usize,
        least: usize,
    ) -> Result<ByWords, Fault> {
        let mut candidates = Vec::new();
        for term in self.ranking.recruiters() {
            self.recruit(connection, filter, *term, &mut candidates)?;
        }
        merge(&mut candidates);
        while candidates.len() < least
            && let Some(term) = self.ranking.widen(candidates.is_empty())
        {
            self.recruit(connection, filter, term, &mut candidates)?;
            merge(&mut candidates);
        }
        let matched = candidates.len() as u64;
        let room = limit.saturating_mul(SCORED_PER_PASSAGE).max(SCORED);
        self.leave(connection, &mut candidates, room, limit)?;
        let mut select = connection.prepare_cached("SELECT id, length, vector FROM chunks WHERE id = ?1")?;
        let mut scored = Vec::with_capacity(candidates.len());
        for (row_id, _) in candidates {
            let mut rows = select.query([row_id])?;
            let Some(row) = rows.next()? else { return Err(strange_value("the row of a chunk")) };
            scored.push(self.score_row(row)?);
        }
        Ok(ByWords { scored, matched })
    }

    /// Adds the rows that a term finds, in order, each with its weight.
    fn recruit(
        &self,
        connection: &Connection,
        filter: &Filter,
        term: usize,
        found: &mut Vec<(i64, f64)>,
    ) -> Result<(), Fault> {
        let Some(text) = self.terms.get(term) else { return Ok(()) };
        let weight = self.ranking.weight(term);
        let mut add = |rows: &mut rusqlite::Rows<'_>| -> Result<(), Fault> {
            while let Some(row) = rows.next()? {
                found.push((row.get(0)?, weight));
            }
            Ok(())
        };
        if filter.allows_all() {
            // Nothing has to be looked up beside the index.
            let mut select = connection.prepare_cached("SELECT rowid FROM terms WHERE terms MATCH ?1")?;
            return add(&mut select.query([quoted(text)])?);
        }
        // The scope is enforced here.
        let mut select = connection.prepare_cached(
            "SELECT c.id FROM terms CROSS JOIN chunks c ON c.id = terms.rowid WHERE terms MATCH ?1
             AND (?2 IS NULL OR c.label_set IN (SELECT value FROM json_each(?2)))
             AND (?3 IS NULL OR c.source IN (SELECT value FROM json_each(?3)))
             AND (?4 IS NULL OR ?4 >> c.kind & 1)",
        )?;
        let bound = params![quoted(text), filter.visible.label_sets(), filter.sources(), filter.kinds];
        add(&mut select.query(bound)?)
    }

    /// Leaves about `room` candidates, those whose recruiting terms weigh most, in order. Where fewer than `limit` weigh more than
    /// all the rest, more of the rest is left: what has a term in its title, and then what was written last.
    fn leave(
        &self,
        connection: &Connection,
        candidates: &mut Vec<(i64, f64)>,
        room: usize,
        limit: usize,
    ) -> Result<(), Fault> {
        if candidates.len() <= room {
            return Ok(());
        }
        let (_, &mut (_, least), _) = candidates.select_nth_unstable_by(room - 1, |a, b| b.1.total_cmp(&a.1));
        let (mut kept, mut equal): (Vec<_>, Vec<_>) =
            candidates.drain(..).filter(|(_, weight)| *weight >= least).partition(|(_, weight)| *weight > least);
        let room = if kept.len() < limit { room.max(SHARED) } else { room };
        let places = room.saturating_sub(kept.len());
        if equal.len() > places {
            let titled = if kept.len() < limit { self.titled(connection)? } else { HashSet::new() };
            equal.sort_unstable_by_key(|(row, _)| std::cmp::Reverse((titled.contains(row), *row)));
            equal.truncate(places);
        }
        kept.append(&mut equal);
        kept.sort_unstable_by_key(|&(row, _)| row);
        *candidates = kept;
        Ok(())
    }

    /// The rows with a recruiting term in their title.
    fn titled(&self, connection: &Connection) -> Result<HashSet<i64>, Fault> {
        let terms: Vec<String> = self
            .ranking
            .recruiters()
            .iter()
            .filter_map(|&term| self.terms.get(term))
            .map(|term| quoted(term))
            .collect();
        let mut select = connection.prepare_cached("SELECT rowid FROM terms WHERE terms MATCH ?1")?;
        let rows = select.query_map([format!("title : ({})", terms.join(" OR "))], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Whether words alone would find a chunk with this vector.
    pub(super) fn finds(&self, vector: &[u8]) -> bool {
        self.held(vector).any(|(term, _)| self.ranking.recruits(term))
    }

    /// The score by words of a chunk of this length with this vector.
    pub(super) fn score(&self, length: u32, vector: &[u8]) -> f32 {
        self.ranking.score(length, self.held(vector))
    }

    fn held(&self, vector: &[u8]) -> impl Iterator<Item = (usize, Frequency)> {
        let hashes = self.hashes.iter().enumerate();
        hashes.filter_map(move |(term, &hash)| Some((term, frequencies::frequency(vector, hash)?)))
    }

    /// The score that decides, from a row of id, length and vector.
    fn score_row(&self, row: &Row<'_>) -> Result<(f32, i64), Fault> {
        let vector = row.get_ref(2)?.as_blob().map_err(|_| strange_value("the vector of a chunk"))?;
        Ok((self.score(row.get(1)?, vector), row.get(0)?))
    }
}

/// Puts rows in order, each once, with the weights of all terms that found it.
fn merge(found: &mut Vec<(i64, f64)>) {
    // Every term's rows are in order, which this sort makes use of.
    found.sort_by_key(|&(row, _)| row);
    found.dedup_by(|next, first| {
        let same = next.0 == first.0;
        first.1 += if same { next.1 } else { 0.0 };
        same
    });
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
