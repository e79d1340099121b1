//! Search: FTS5 finds candidates, the ranking that both stores share orders them. Everything one search reads, it
//! reads in one snapshot.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::Arc;

use ninefold_core::{Evidence, Passage, Result, Scope, Search, VectorSearch};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::chunks::{Below, CHUNK_COLUMNS, chunk_from, from_row, labels_from_text};
use super::failure::{Fault, strange_value};
use crate::frequencies;
use crate::rank::{Hit, Ranking, TITLE, best, search_terms};

/// Up to so many matching chunks are all scored by the shared ranking; of more, FTS5's own score chooses which.
const SCORED: usize = 2_048;
/// How many it chooses, for each passage asked for and at least.
const CHOSEN_PER_PASSAGE: usize = 4;
const CHOSEN: usize = 256;

/// The part of the store that a scope allows.
struct Visible {
    /// The sets of labels allowed, as a JSON array of rows; none when that is all there are.
    label_sets: Option<String>,
    chunks: u64,
    terms: u64,
}

impl Visible {
    fn read(connection: &Connection, scope: &Scope) -> Result<Self, Fault> {
        let mut select =
            connection.prepare_cached("SELECT id, labels, chunks, terms FROM label_sets WHERE chunks > 0")?;
        let mut rows = select.query([])?;
        let (mut allowed, mut all) = (Vec::new(), true);
        let mut visible = Self { label_sets: None, chunks: 0, terms: 0 };
        while let Some(row) = rows.next()? {
            let labels = row.get_ref(1)?.as_str().map_err(|_| strange_value("a set of labels"))?;
            if scope.allows(&labels_from_text(labels)?) {
                allowed.push(row.get::<_, i64>(0)?);
                visible.chunks += row.get::<_, u64>(2)?;
                visible.terms += row.get::<_, u64>(3)?;
            } else {
                all = false;
            }
        }
        visible.label_sets = (!all).then(|| rows_to_json(&allowed));
        Ok(visible)
    }

    /// How many visible chunks hold a term.
    fn frequency(&self, connection: &Connection, term: &str) -> Result<u64, Fault> {
        let Some(label_sets) = &self.label_sets else {
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
fn quoted(term: &str) -> String {
    format!("\"{term}\"")
}

fn rows_to_json(rows: &[i64]) -> String {
    serde_json::Value::from_iter(rows.iter().copied()).to_string()
}

/// The sources within these paths, as a JSON array of rows; none when all are.
fn sources_within(connection: &Connection, within: &[String]) -> Result<Option<String>, Fault> {
    if within.is_empty() {
        return Ok(None);
    }
    let mut select = connection.prepare_cached(
        "SELECT id FROM sources WHERE path = ?1 UNION SELECT id FROM sources WHERE path >= ?2 AND path < ?3",
    )?;
    let mut sources: Vec<i64> = Vec::new();
    for prefix in within {
        let below = Below::new(prefix);
        let mut rows = select.query([below.itself, &below.from, &below.to])?;
        while let Some(row) = rows.next()? {
            sources.push(row.get(0)?);
        }
    }
    Ok(Some(rows_to_json(&sources)))
}

/// What a search looks for, ready to be bound to a statement.
struct Wanted {
    /// An FTS5 expression: the terms that find chunks, any of them.
    expression: String,
    /// The sets of labels allowed and the sources within the paths asked for; none where all are.
    label_sets: Option<String>,
    sources: Option<String>,
    /// The terms of the search text as the vectors of chunks know them.
    hashes: Vec<u32>,
}

/// Of the rows that FTS5 finds those that are visible and within the paths. The scope is enforced here.
const MATCHING: &str = "FROM terms CROSS JOIN chunks c ON c.id = terms.rowid WHERE terms MATCH ?1
     AND (?2 IS NULL OR c.label_set IN (SELECT value FROM json_each(?2)))
     AND (?3 IS NULL OR c.source IN (SELECT value FROM json_each(?3)))";

/// The best passages for a text, with the terms they were found by.
pub(super) fn search(connection: &Connection, search: &Search) -> Result<Evidence, Fault> {
    let terms = search_terms(&search.text);
    if terms.is_empty() {
        return Ok(Evidence::default());
    }
    let snapshot = connection.unchecked_transaction()?;
    let visible = Visible::read(&snapshot, &search.scope)?;
    let frequencies =
        terms.iter().map(|term| visible.frequency(&snapshot, term)).collect::<Result<Vec<u64>, Fault>>()?;
    let ranking = Ranking::new(&frequencies, visible.chunks, visible.terms);
    let recruiters = ranking.recruiters().iter().filter_map(|&term| terms.get(term));
    let wanted = Wanted {
        expression: recruiters.map(|term| quoted(term)).collect::<Vec<_>>().join(" OR "),
        label_sets: visible.label_sets,
        sources: sources_within(&snapshot, &search.within)?,
        hashes: terms.iter().map(|term| frequencies::hash(term)).collect(),
    };
    let (mut passages, mut matched) = (Vec::new(), 0);
    if !wanted.expression.is_empty() {
        let scored = match score_all(&snapshot, &wanted, &ranking)? {
            Some(scored) => {
                matched = scored.len() as u64;
                scored
            }
            None => {
                let chosen;
                (chosen, matched) = choose(&snapshot, &wanted, search.limit)?;
                score_chosen(&snapshot, &chosen, &wanted, &ranking)?
            }
        };
        passages = passages_of(&snapshot, scored, search.limit)?;
    }
    Ok(Evidence { passages, terms: ranking.weighted(terms), matched, vectors: VectorSearch::default() })
}

/// The rows of all matching chunks with their scores; nothing when there are too many of them.
fn score_all(connection: &Connection, wanted: &Wanted, ranking: &Ranking) -> Result<Option<Vec<(f32, i64)>>, Fault> {
    let mut select = connection.prepare_cached(&format!("SELECT c.id, c.length, c.vector {MATCHING}"))?;
    let mut rows = select.query(params![wanted.expression, wanted.label_sets, wanted.sources])?;
    let mut scored = Vec::new();
    while let Some(row) = rows.next()? {
        if scored.len() == SCORED {
            return Ok(None);
        }
        scored.push(score(row, wanted, ranking)?);
    }
    Ok(Some(scored))
}

/// The rows of the best chunks by FTS5's score, and how many match.
fn choose(connection: &Connection, wanted: &Wanted, limit: usize) -> Result<(Vec<i64>, u64), Fault> {
    let room = limit.saturating_mul(CHOSEN_PER_PASSAGE).max(CHOSEN);
    let mut select = connection.prepare_cached(&format!("SELECT c.id, bm25(terms, ?4, 1.0) {MATCHING}"))?;
    let mut rows = select.query(params![wanted.expression, wanted.label_sets, wanted.sources, TITLE])?;
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

fn score_chosen(
    connection: &Connection,
    chosen: &[i64],
    wanted: &Wanted,
    ranking: &Ranking,
) -> Result<Vec<(f32, i64)>, Fault> {
    let mut select = connection.prepare_cached(
        "SELECT c.id, c.length, c.vector FROM json_each(?1) AS chosen CROSS JOIN chunks c ON c.id = chosen.value",
    )?;
    let mut rows = select.query([rows_to_json(chosen)])?;
    let mut scored = Vec::with_capacity(chosen.len());
    while let Some(row) = rows.next()? {
        scored.push(score(row, wanted, ranking)?);
    }
    Ok(scored)
}

/// The score that decides, from a row of id, length and vector.
fn score(row: &Row<'_>, wanted: &Wanted, ranking: &Ranking) -> Result<(f32, i64), Fault> {
    let vector = row.get_ref(2)?.as_blob().map_err(|_| strange_value("the vector of a chunk"))?;
    let hashes = wanted.hashes.iter().enumerate();
    let held = hashes.filter_map(|(term, &hash)| Some((term, frequencies::frequency(vector, hash)?)));
    Ok((ranking.score(row.get(1)?, held), row.get(0)?))
}

/// The best `limit` passages. What decides between equal scores is read only of chunks that come so far.
fn passages_of(connection: &Connection, mut scored: Vec<(f32, i64)>, limit: usize) -> Result<Vec<Passage>, Fault> {
    let Some(last) = limit.min(scored.len()).checked_sub(1) else { return Ok(Vec::new()) };
    let (_, &mut (least, _), _) = scored.select_nth_unstable_by(last, |a, b| b.0.total_cmp(&a.0));
    scored.retain(|(score, _)| score.total_cmp(&least).is_ge());
    let mut select = connection.prepare_cached(
        "SELECT c.chunk, s.path, c.first, u.uses FROM chunks c JOIN sources s ON s.id = c.source
         LEFT JOIN usage u ON u.chunk = c.chunk WHERE c.id = ?1",
    )?;
    let mut hits: Vec<Hit<String, i64>> = Vec::with_capacity(scored.len());
    for (score, row_id) in scored {
        hits.push(select.query_row([row_id], |row| {
            Ok(Hit {
                score,
                id: from_row(row.get(0)?),
                path: row.get(1)?,
                line: row.get(2)?,
                uses: row.get::<_, Option<u64>>(3)?.unwrap_or_default(),
                chunk: row_id,
            })
        })?);
    }
    let mut select = connection.prepare_cached(&format!("SELECT {CHUNK_COLUMNS} WHERE c.id = ?1"))?;
    let mut passages = Vec::with_capacity(last + 1);
    for hit in best(hits, limit) {
        let mut rows = select.query([hit.chunk])?;
        let Some(row) = rows.next()? else { return Err(strange_value("the row of a chunk")) };
        passages.push(Passage::new(Arc::new(chunk_from(row)?), hit.score));
    }
    Ok(passages)
}

#[cfg(test)]
mod tests {
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
