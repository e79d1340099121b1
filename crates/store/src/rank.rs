//! How both stores rank, so that they find the same in the same order.
//!
//! A chunk's score is BM25 (Robertson & Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009) with
//! the title as a second, heavier stream (their section 3.6), times how much of the question it covers: a passage that
//! holds most of the question's terms wins over one that repeats a single term. Document frequencies, the number of
//! chunks and their mean length are those of the visible part of the store, so that a score tells nothing of what is
//! out of scope. Equal scores are ordered by number of uses, then path, then line.

use std::cmp::Ordering;

use ninefold_core::terms::{for_each_term, query_terms};
use ninefold_core::{ChunkId, Signals, WeightedTerm};
use smol_str::SmolStr;

/// How soon repetitions of a term stop counting.
const K1: f64 = 1.2;
/// How much length counts against a chunk.
const B: f64 = 0.75;
/// How many occurrences in the text one in the title is worth.
const TITLE: f64 = 3.0;
/// The share of a score that does not depend on coverage.
const UNCOVERED: f64 = 0.3;

/// The most bytes of a search text that are read; the rest is ignored.
const MAX_TEXT: usize = 64 * 1024;
/// The most distinct terms of a search text that count: the first ones.
const MAX_TERMS: usize = 256;
/// The most terms by which chunks are found: the rarest ones. The others still count in the score.
const MAX_RECRUITERS: usize = 32;
/// Chunks are found by the rarest terms, until these stand in more chunks than this together. Of 100,000 chunks of real
/// code, asked for by a sentence of their documentation (`benches/search.rs`), the mean reciprocal rank is .73 with 1,000,
/// .79 with 2,000, .83 with 4,000 and .82 with 8,000.
const RECRUITED: u64 = 4_000;
/// In a store of more chunks than this, common terms find no chunks while a rarer one is there.
const CUT_OFF_FROM: u64 = 2_000;
/// A term is common when more than one in this many chunks holds it.
const COMMON: u64 = 10;

/// Where in a chunk a term stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    /// In the file's name or the title.
    Title,
    /// In the text.
    Body,
}

/// Calls `found` for every term of a chunk: its file's name, its title, its text.
pub(crate) fn for_each_chunk_term(path: &str, title: &str, text: &str, mut found: impl FnMut(Stream, &str)) {
    let name = path.rsplit('/').next().unwrap_or(path);
    for_each_term(name, |term| found(Stream::Title, term));
    for_each_term(title, |term| found(Stream::Title, term));
    for_each_term(text, |term| found(Stream::Body, term));
}

/// How often a chunk holds a term; 255 means at least so often.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Frequency {
    pub(crate) title: u8,
    pub(crate) body: u8,
}

impl Frequency {
    /// Counts one more occurrence.
    pub(crate) fn count(&mut self, stream: Stream) {
        let place = match stream {
            Stream::Title => &mut self.title,
            Stream::Body => &mut self.body,
        };
        *place = place.saturating_add(1);
    }

    /// Adds what was counted elsewhere.
    pub(crate) fn add(&mut self, other: Self) {
        self.title = self.title.saturating_add(other.title);
        self.body = self.body.saturating_add(other.body);
    }
}

/// The searchable terms of a search text, bounded.
pub(crate) fn search_terms(text: &str) -> Vec<SmolStr> {
    let mut end = text.len().min(MAX_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut terms = query_terms(text.get(..end).unwrap_or_default());
    terms.truncate(MAX_TERMS);
    terms
}

/// A search text measured against the visible part of a store.
pub(crate) struct Ranking {
    /// Per term of the search text: its inverse document frequency, 0 when no visible chunk holds it.
    weights: Vec<f64>,
    /// The sum of the weights.
    whole: f64,
    /// The mean length of a visible chunk in terms.
    mean_length: f64,
    /// The terms that may find chunks, the rarest first; how many of them are not common beside a rarer one; and how many of
    /// them do.
    recruiters: Vec<usize>,
    uncommon: usize,
    recruiting: usize,
}

impl Ranking {
    /// For terms with these document frequencies among `chunks` visible chunks that have `length` terms together.
    pub(crate) fn new(frequencies: &[u64], chunks: u64, length: u64) -> Self {
        let weights: Vec<f64> = frequencies
            .iter()
            .map(|&df| if df == 0 { 0.0 } else { (1.0 + (chunks as f64 - df as f64 + 0.5) / (df as f64 + 0.5)).ln() })
            .collect();
        let common = |df: u64| chunks > CUT_OFF_FROM && df.saturating_mul(COMMON) > chunks;
        let any_rare = frequencies.iter().any(|&df| df > 0 && !common(df));
        let mut recruiters: Vec<(usize, u64)> =
            frequencies.iter().copied().enumerate().filter(|&(_, df)| df > 0).collect();
        recruiters.sort_by_key(|&(_, df)| df);
        recruiters.truncate(MAX_RECRUITERS);
        let uncommon = recruiters.partition_point(|&(_, df)| !(any_rare && common(df)));
        let mut recruited = 0;
        let recruiting = recruiters.iter().take(uncommon).take_while(|&&(_, df)| {
            let room = recruited <= RECRUITED;
            recruited += df;
            room
        });
        let recruiting = recruiting.count();
        let recruiters: Vec<usize> = recruiters.into_iter().map(|(n, _)| n).collect();
        let mean_length = (length as f64 / chunks.max(1) as f64).max(1.0);
        Self { whole: weights.iter().sum(), weights, mean_length, recruiters, uncommon, recruiting }
    }

    /// The terms that find chunks, as places in the search text, the rarest first.
    pub(crate) fn recruiters(&self) -> &[usize] {
        self.recruiters.get(..self.recruiting).unwrap_or(&self.recruiters)
    }

    /// Whether a term finds chunks.
    pub(crate) fn recruits(&self, term: usize) -> bool {
        self.recruiters().contains(&term)
    }

    /// Lets the next rarest term find chunks, too, for a search that found too few within its filters; gives it, if there is
    /// one. Terms that are common beside a rarer one find only where `nothing` was found.
    pub(crate) fn widen(&mut self, nothing: bool) -> Option<usize> {
        let may = self.recruiting < self.uncommon || nothing;
        let next = self.recruiters.get(self.recruiting).copied().filter(|_| may)?;
        self.recruiting += 1;
        Some(next)
    }

    /// How much a term tells: its inverse document frequency.
    pub(crate) fn weight(&self, term: usize) -> f64 {
        self.weights.get(term).copied().unwrap_or_default()
    }

    /// The score of a chunk of `length` terms that holds these terms so often. The terms must come in the order of the
    /// search text, for sums of floating-point numbers depend on it.
    pub(crate) fn score(&self, length: u32, held: impl IntoIterator<Item = (usize, Frequency)>) -> f32 {
        let slack = K1 * (1.0 - B + B * f64::from(length) / self.mean_length);
        let (mut score, mut covered) = (0.0, 0.0);
        for (term, frequency) in held {
            let weight = self.weight(term);
            let often = TITLE * f64::from(frequency.title) + f64::from(frequency.body);
            if often > 0.0 {
                score += weight * often * (K1 + 1.0) / (often + slack);
                covered += weight;
            }
        }
        if self.whole > 0.0 {
            score *= UNCOVERED + (1.0 - UNCOVERED) * covered / self.whole;
        }
        score as f32
    }

    /// The terms with their weights, heaviest first.
    pub(crate) fn weighted(&self, terms: Vec<SmolStr>) -> Vec<WeightedTerm> {
        let mut weighted: Vec<WeightedTerm> = terms
            .into_iter()
            .zip(&self.weights)
            .map(|(term, &weight)| WeightedTerm { term, weight: weight as f32 })
            .collect();
        weighted.sort_by(|a, b| b.weight.total_cmp(&a.weight));
        weighted
    }
}

/// Leaves the best `room` chunks, and those as good as the last of them.
pub(crate) fn keep_best<T>(scored: &mut Vec<(f32, T)>, room: usize) {
    if room < scored.len() {
        let (_, &mut (least, _), _) = scored.select_nth_unstable_by(room.saturating_sub(1), |a, b| b.0.total_cmp(&a.0));
        scored.retain(|(score, _)| score.total_cmp(&least).is_ge());
    }
}

/// A scored chunk with what decides between equal scores. `T` leads to the chunk.
pub(crate) struct Hit<P, T> {
    pub(crate) score: f32,
    pub(crate) signals: Signals,
    pub(crate) uses: u64,
    pub(crate) path: P,
    pub(crate) line: u32,
    pub(crate) id: ChunkId,
    pub(crate) chunk: T,
}

impl<P: AsRef<str>, T> Hit<P, T> {
    fn order(&self, other: &Self) -> Ordering {
        (other.score.total_cmp(&self.score))
            .then_with(|| other.uses.cmp(&self.uses))
            .then_with(|| self.path.as_ref().cmp(other.path.as_ref()))
            .then_with(|| self.line.cmp(&other.line))
            .then_with(|| self.id.cmp(&other.id))
    }
}

/// The best `limit` hits, best first.
pub(crate) fn best<P: AsRef<str>, T>(mut hits: Vec<Hit<P, T>>, limit: usize) -> Vec<Hit<P, T>> {
    if limit == 0 {
        return Vec::new();
    }
    if limit < hits.len() {
        hits.select_nth_unstable_by(limit - 1, Hit::order);
        hits.truncate(limit);
    }
    hits.sort_unstable_by(Hit::order);
    hits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(count: u8) -> Frequency {
        Frequency { title: 0, body: count }
    }

    #[test]
    fn covering_two_terms_beats_repeating_one() {
        let ranking = Ranking::new(&[10, 10], 100, 10_000);
        let repeats = ranking.score(100, [(0, body(200))]);
        let covers = ranking.score(100, [(0, body(1)), (1, body(1))]);
        assert!(covers > repeats, "{covers} against {repeats}");
    }

    #[test]
    fn rarer_terms_shorter_chunks_and_titles_count_more() {
        let ranking = Ranking::new(&[2, 50], 100, 10_000);
        assert!(ranking.score(100, [(0, body(1))]) > ranking.score(100, [(1, body(1))]));
        assert!(ranking.score(50, [(0, body(1))]) > ranking.score(200, [(0, body(1))]));
        assert!(ranking.score(100, [(0, Frequency { title: 1, body: 0 })]) > ranking.score(100, [(0, body(1))]));
    }

    #[test]
    fn common_terms_find_nothing_in_a_large_store_unless_all_are_common() {
        assert_eq!(Ranking::new(&[5_000, 3, 0], 10_000, 1).recruiters(), [1]);
        assert_eq!(Ranking::new(&[5_000, 1_001], 10_000, 1).recruiters(), [1, 0]);
        assert_eq!(Ranking::new(&[1_999, 3], 2_000, 1).recruiters(), [1, 0]);
        assert_eq!(Ranking::new(&[0, 0], 10_000, 1).recruiters(), [] as [usize; 0]);
    }

    #[test]
    fn the_rarest_terms_find_until_these_are_many_and_the_others_when_asked() {
        let mut ranking = Ranking::new(&[6_000, 1_900, 0, 2_500, 8_000], 100_000, 1);
        assert_eq!(ranking.recruiters(), [1, 3]);
        assert!(ranking.recruits(3) && !ranking.recruits(0));
        assert!(ranking.widen(false) == Some(0) && ranking.recruiters() == [1, 3, 0]);
        assert_eq!((ranking.widen(false), ranking.widen(false)), (Some(4), None));
        assert_eq!(ranking.recruiters(), [1, 3, 0, 4]);
        let mut ranking = Ranking::new(&[20_000, 3], 100_000, 1);
        assert_eq!((ranking.widen(false), ranking.widen(true), ranking.widen(true)), (None, Some(0), None));
        assert_eq!(Ranking::new(&[9_000], 100_000, 1).recruiters(), [0], "the rarest always");
    }

    #[test]
    fn a_term_no_chunk_holds_has_no_weight_and_the_heaviest_comes_first() {
        let weighted = Ranking::new(&[50, 0, 1], 100, 1_000).weighted(vec!["a".into(), "b".into(), "c".into()]);
        let order: Vec<&str> = weighted.iter().map(|weighted| weighted.term.as_str()).collect();
        assert_eq!(order, ["c", "a", "b"]);
        assert_eq!(weighted[2].weight, 0.0);
        assert!(weighted[1].weight > 0.0);
    }

    #[test]
    fn search_text_is_bounded_at_a_character() {
        let long = "é".repeat(MAX_TEXT);
        assert_eq!(search_terms(&long).len(), 1);
        let many: String = (0..100_000).map(|n| format!("w{n} ")).collect();
        assert_eq!(search_terms(&many).len(), MAX_TERMS);
    }

    #[test]
    fn equal_scores_go_by_uses_then_path_then_line() {
        let signals = Signals::default();
        let hit = |uses, path, line| Hit { score: 1.0, signals, uses, path, line, id: ChunkId(0), chunk: () };
        let hits = || vec![hit(0, "b", 1), hit(0, "a", 9), hit(0, "a", 2), hit(3, "z", 1)];
        let places = |hits: Vec<Hit<&'static str, ()>>| hits.iter().map(|h| (h.path, h.line)).collect::<Vec<_>>();
        assert_eq!(places(best(hits(), 9)), [("z", 1), ("a", 2), ("a", 9), ("b", 1)]);
        assert_eq!(places(best(hits(), 2)), [("z", 1), ("a", 2)]);
        assert!(best(hits(), 0).is_empty());
    }
}
