//! From signals to one order: what words, meaning, use and neighbourhood say of a chunk, weighed together; then the
//! passages that are given out, within the search's limits.

use std::sync::Arc;

use ninefold_core::store::tokens_in;
use ninefold_core::{Chunk, Error, ErrorKind, Passage, Result, Search, Signals};

use crate::frequencies;
use crate::mmr::{cosine, diversified, overlap};
use crate::rank::{Stream, for_each_chunk_term};

/// How many of the best chunks by words, and how many of the nearest by meaning, are weighed for each passage asked for,
/// and at least.
const POOL_PER_PASSAGE: usize = 4;
const POOL: usize = 40;
/// The most of them, whatever is asked for beyond it comes by words alone.
const MOST: usize = 2_048;

/// Whether more than words decide. Without any of this the order of words stands as it is.
pub(crate) fn weighs(search: &Search) -> bool {
    search.embedding.is_some() || search.now.is_some() || !search.context.is_empty()
}

/// How many chunks are weighed by each measure.
pub(crate) fn pool(search: &Search) -> usize {
    search.limit.saturating_mul(POOL_PER_PASSAGE).clamp(POOL, MOST.max(search.limit))
}

/// How many hits are looked at for the passages: more than asked for where some may have to give way.
pub(crate) fn window(search: &Search) -> usize {
    if search.limit == 0 || (diversity(search) == 0.0 && search.max_tokens.is_none()) {
        search.limit
    } else {
        pool(search)
    }
}

fn diversity(search: &Search) -> f32 {
    if search.diversity.is_finite() { search.diversity.clamp(0.0, 1.0) } else { 0.0 }
}

/// The weights of the measures.
#[derive(Debug, Clone, Copy)]
struct Weights {
    lexical: f32,
    vector: f32,
    activation: f32,
    relation: f32,
}

/// Chosen on tokio and `serde_core` with all-MiniLM-L6-v2 (`benches/retrieval`), the same for code and prose: meaning finds
/// functions by what they do and does not push aside an item whose words are remembered. Adding up reciprocal ranks instead
/// of scores does: it halves the mean reciprocal rank of known items.
const WEIGHTS: Weights = Weights { lexical: 0.5, vector: 0.5, activation: 0.2, relation: 0.4 };

/// Of a cosine only what is above this counts, and what is below finds nothing: most pairs of texts on anything at all
/// are a little alike.
pub(crate) const LEAST_COSINE: f32 = 0.3;

/// Activation is a logarithm of odds (Anderson & Lebiere, "The Atomic Components of Thought", 1998), so the logistic
/// function makes a share of it: half for a single use some seven minutes ago, and for one before that, 7 / (7 + minutes). In
/// a simulated week (`benches/retrieval`) what fades slower lifts what is asked for again no more, but stands in the way of
/// what is new.
const HALF_ACTIVE: f32 = -3.0;
const STEEPNESS: f32 = 2.0;
/// What spreads from the only chunk in context over a relation of its own: half of what neighbourhood can add.
const HALF_RELATED: f32 = 1.0;

/// How the signals of one search come together.
pub(crate) struct Fusion {
    /// The best score by words; what one unit of the other measures is worth in it.
    unit: f32,
    /// Whether meaning was looked for.
    meaning: bool,
}

impl Fusion {
    /// For a search whose best score by words is this, 0 when nothing was found by words.
    pub(crate) fn new(best_lexical: f32, meaning: bool) -> Self {
        Self { unit: if best_lexical > 0.0 { best_lexical } else { 1.0 }, meaning }
    }

    /// The score. Words alone have the score they have without fusion; more of any signal never lowers it.
    pub(crate) fn score(&self, signals: &Signals) -> f32 {
        let weights = WEIGHTS;
        let lexical = signals.lexical.unwrap_or_default();
        let activation =
            signals.activation.map_or(0.0, |level| 1.0 / (1.0 + (STEEPNESS * (HALF_ACTIVE - level)).exp()));
        let relation = signals.relation.map_or(0.0, |spread| spread / (spread + HALF_RELATED));
        let added = weights.activation * activation + weights.relation * relation;
        if self.meaning {
            let vector = (signals.vector.unwrap_or_default() - LEAST_COSINE).max(0.0) / (1.0 - LEAST_COSINE);
            weights.lexical * lexical / self.unit + weights.vector * vector + added
        } else {
            lexical + self.unit * added
        }
    }
}

/// A hit in its order, with its embedding by the search's model where it has one and likeness counts.
pub(crate) struct Found {
    pub(crate) chunk: Arc<Chunk>,
    pub(crate) score: f32,
    pub(crate) signals: Signals,
    pub(crate) vector: Option<Vec<f32>>,
}

/// The passages of a search from its best hits: held apart by its diversity, within its limit and its budget of tokens.
pub(crate) fn passages(found: &[Found], search: &Search) -> Vec<Passage> {
    let order = match diversity(search) {
        0.0 => (0..found.len()).collect(),
        diversity => {
            let scores: Vec<f32> = found.iter().map(|hit| hit.score).collect();
            let terms: Vec<Vec<u32>> = found.iter().map(|hit| hashed_terms(&hit.chunk)).collect();
            let alike = |a: usize, b: usize| match (found.get(a), found.get(b)) {
                (Some(Found { vector: Some(a), .. }), Some(Found { vector: Some(b), .. }))
                    if has_direction(a) && has_direction(b) =>
                {
                    cosine(a, b).max(0.0)
                }
                _ => terms.get(a).zip(terms.get(b)).map_or(0.0, |(a, b)| overlap(a, b)),
            };
            // Where tokens are short, more may be looked at than can be given out.
            let limit = if search.max_tokens.is_some() { found.len() } else { search.limit };
            diversified(&scores, limit, diversity, alike)
        }
    };
    let mut tokens = search.max_tokens.unwrap_or(u64::MAX);
    let mut passages: Vec<Passage> = Vec::with_capacity(search.limit.min(found.len()));
    for hit in order.into_iter().filter_map(|place| found.get(place)) {
        if passages.len() == search.limit {
            break;
        }
        let size = tokens_in(&hit.chunk.text);
        if size > tokens && !passages.is_empty() {
            continue;
        }
        tokens = tokens.saturating_sub(size);
        passages.push(Passage { chunk: Arc::clone(&hit.chunk), score: hit.score, signals: hit.signals });
    }
    passages
}

/// Whether a vector says anything: that of a text of which the model makes nothing is all zeros.
fn has_direction(vector: &[f32]) -> bool {
    vector.iter().any(|number| *number != 0.0)
}

fn hashed_terms(chunk: &Chunk) -> Vec<u32> {
    let mut terms = Vec::new();
    for_each_chunk_term("", &chunk.title, &chunk.text, |_: Stream, term| terms.push(frequencies::hash(term)));
    terms.sort_unstable();
    terms.dedup();
    terms
}

/// Refuses a vector that cannot be compared with those of `dimensions` numbers that the store holds of the model.
pub(crate) fn check_dimensions(model: &str, given: usize, dimensions: usize) -> Result<()> {
    if given == dimensions {
        return Ok(());
    }
    let what = format!("an embedding by {model} has {given} dimensions; those in the store have {dimensions}");
    Err(Error::new(ErrorKind::InvalidInput, what)
        .hint("name the model's revision in its id, and embed everything anew when the model changes"))
}

/// Refuses a question's embedding that is nothing to search with.
pub(crate) fn check_query(search: &Search) -> Result<()> {
    let Some(embedding) = &search.embedding else { return Ok(()) };
    if !embedding.vector.is_empty() && embedding.vector.iter().all(|number| number.is_finite()) {
        return Ok(());
    }
    let what = format!("the question's embedding by {} is empty or holds a number that is not finite", embedding.model);
    Err(Error::new(ErrorKind::InvalidInput, what).hint("leave it out to search by words"))
}

#[cfg(test)]
mod tests {
    use ninefold_core::ChunkKind;
    use proptest::prelude::*;

    use super::*;

    fn signals() -> impl Strategy<Value = Signals> {
        let signal = |range: std::ops::Range<f32>| prop::option::of(range);
        (signal(0.0..30.0), signal(-1.0..1.0), signal(-20.0..5.0), signal(0.0..3.0))
            .prop_map(|(lexical, vector, activation, relation)| Signals { lexical, vector, activation, relation })
    }

    #[test]
    fn words_alone_keep_their_score() {
        let signals = Signals { lexical: Some(7.25), ..Signals::default() };
        assert_eq!(Fusion::new(12.0, false).score(&signals), 7.25);
    }

    #[test]
    fn use_and_neighbourhood_decide_between_near_ones_but_do_not_drown_words() {
        let fusion = Fusion::new(10.0, false);
        let of = |lexical, activation, relation| {
            fusion.score(&Signals { lexical: Some(lexical), vector: None, activation, relation })
        };
        assert!(of(9.5, Some(-1.0), None) > of(10.0, None, None));
        assert!(of(9.0, None, Some(1.0)) > of(10.0, None, None));
        assert!(of(5.0, Some(3.0), Some(2.0)) < of(10.0, None, None));
    }

    fn hit(text: &str, score: f32) -> Found {
        let chunk = Arc::new(Chunk::new("/a", ChunkKind::Text, text));
        Found { chunk, score, signals: Signals::default(), vector: None }
    }

    fn texts(search: &Search, hits: &[Found]) -> Vec<String> {
        passages(hits, search).into_iter().map(|passage| passage.chunk.text.clone()).collect()
    }

    #[test]
    fn what_does_not_fit_the_budget_is_passed_over_but_the_best_is_given() {
        let hits =
            || vec![hit("a long text of some forty characters or so", 3.0), hit("12345678", 2.0), hit("1234", 1.0)];
        let within = |max_tokens| texts(&Search { max_tokens: Some(max_tokens), ..Search::new("") }, &hits());
        assert_eq!(within(0), ["a long text of some forty characters or so"]);
        assert_eq!(within(12), ["a long text of some forty characters or so", "1234"]);
        assert_eq!(within(13).len(), 2);
        assert_eq!(within(100).len(), 3);
    }

    #[test]
    fn likeness_is_that_of_embeddings_or_else_of_terms() {
        let hits = vec![hit("red apple pie", 3.0), hit("red apple tart", 2.9), hit("blue sea", 2.0)];
        let search = Search { diversity: 0.6, limit: 2, ..Search::new("") };
        assert_eq!(texts(&search, &hits), ["red apple pie", "blue sea"]);
        let mut hits = vec![hit("one", 3.0), hit("two", 2.9), hit("three", 2.0)];
        for (hit, vector) in hits.iter_mut().zip([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]]) {
            hit.vector = Some(vector.to_vec());
        }
        assert_eq!(texts(&search, &hits), ["one", "three"]);
    }

    proptest! {
        #[test]
        fn more_of_a_signal_never_lowers_the_score(
            signals in signals(), more in 0.0f32..2.0, which in 0usize..4, meaning in any::<bool>()
        ) {
            let fusion = Fusion::new(30.0, meaning);
            let mut raised = signals;
            let signal = match which {
                0 => &mut raised.lexical,
                1 => &mut raised.vector,
                2 => &mut raised.activation,
                _ => &mut raised.relation,
            };
            *signal = signal.map(|signal| signal + more);
            let (before, after) = (fusion.score(&signals), fusion.score(&raised));
            prop_assert!(before.is_finite() && after >= before - 1e-5, "{} after {}", after, before);
        }
    }
}
