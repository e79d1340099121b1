//! How good a ranking is: the mean reciprocal rank of the right chunk among the first ten, and how often it is there.

use std::sync::Arc;
use std::time::Instant;

use ninefold::core::Signals;
use ninefold::{Embedder, Embedding, Evidence, Purpose, Search, Store};

use crate::callers::Callers;
use crate::machine::{Report, Target};

/// How many passages are ranked by reciprocal ranks, and what is added to every rank.
const RANKED: usize = 200;
const RANK_OFFSET: f64 = 60.0;

/// What is looked for, and where it is.
pub struct Query {
    pub text: String,
    pub path: String,
    pub line: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Task {
    KnownItem,
    Documentation,
}

impl Task {
    pub fn name(self) -> &'static str {
        match self {
            Self::KnownItem => "known item",
            Self::Documentation => "documentation → function",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Lexical,
    Vector,
    /// The places by words and by meaning instead of the scores: 1 / (60 + place), added up (Cormack, Clarke and Büttcher,
    /// "Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning Methods", 2009).
    ReciprocalRanks,
    Fused,
    /// The three best hits of a first search are the context of a second.
    FusedRelations,
    /// A chunk that refers to the right one is the context; only queries that have such a chunk count. The rows "of these"
    /// ask the same queries without a context.
    LexicalOfThese,
    LexicalInView,
    FusedOfThese,
    FusedInView,
}

impl Method {
    pub const ALL: [Self; 9] = [
        Self::Lexical,
        Self::Vector,
        Self::ReciprocalRanks,
        Self::Fused,
        Self::FusedRelations,
        Self::LexicalOfThese,
        Self::LexicalInView,
        Self::FusedOfThese,
        Self::FusedInView,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Lexical => "lexical",
            Self::Vector => "vector",
            Self::ReciprocalRanks => "reciprocal ranks",
            Self::Fused => "fused",
            Self::FusedRelations => "fused + relations",
            Self::LexicalOfThese => "lexical, with a caller: none",
            Self::FusedOfThese => "fused, with a caller: none",
            Self::LexicalInView => "lexical, with a caller: seen",
            Self::FusedInView => "fused, with a caller: seen",
        }
    }

    fn needs_caller(self) -> bool {
        matches!(self, Self::LexicalOfThese | Self::LexicalInView | Self::FusedOfThese | Self::FusedInView)
    }

    pub fn needs_embedder(self) -> bool {
        !matches!(self, Self::Lexical | Self::LexicalOfThese | Self::LexicalInView)
    }
}

pub struct Outcome {
    queries: usize,
    mrr: f64,
    /// Half the width of the 95 % interval of `mrr`.
    within: f64,
    /// How many have the right chunk among the first ten.
    recall: usize,
    /// Microseconds of each search.
    times: Vec<f64>,
}

impl Outcome {
    pub fn report(&self, report: &mut Report, row: &str, method: &str) {
        let Self { queries, mrr, within, recall, times } = self;
        let bounds = [mrr - within, *mrr, mrr + within];
        report.interval(&format!("{row}: MRR@10"), method, "", *queries, bounds, Target::None);
        report.share(&format!("{row}: among the first ten"), method, *recall, *queries, Target::None);
        report.times(&format!("{row}: a search"), method, times, Target::None);
    }
}

/// 1 over the place of the right chunk among the first ten; 0 when it is not among them.
pub fn reciprocal_rank(evidence: &Evidence, query: &Query) -> f64 {
    let right = evidence.passages.iter().take(10).position(|passage| {
        let (path, lines) = (&passage.chunk.path, passage.chunk.lines);
        path.as_str() == query.path && lines.first <= query.line && query.line <= lines.last
    });
    right.map_or(0.0, |place| 1.0 / (place as f64 + 1.0))
}

/// Puts the passages in the order of their added reciprocal ranks.
fn by_reciprocal_ranks(evidence: &mut Evidence) {
    let mut scores = vec![0.0; evidence.passages.len()];
    for signal in [|signals: &Signals| signals.lexical, |signals: &Signals| signals.vector] {
        let seen = evidence.passages.iter().enumerate();
        let mut seen: Vec<(usize, f32)> =
            seen.filter_map(|(n, passage)| Some((n, signal(&passage.signals)?))).collect();
        seen.sort_by(|a, b| b.1.total_cmp(&a.1));
        for (place, (n, _)) in seen.into_iter().enumerate() {
            scores[n] += 1.0 / (RANK_OFFSET + place as f64 + 1.0);
        }
    }
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    evidence.passages = order.into_iter().map(|n| evidence.passages[n].clone()).collect();
}

/// Asks all queries; none when there is nothing to ask.
pub async fn measure(
    store: &Arc<dyn Store>,
    embedder: Option<&Arc<dyn Embedder>>,
    queries: &[Query],
    callers: &Callers,
    method: Method,
) -> Option<Outcome> {
    let (mut ranks, mut times) = (Vec::new(), Vec::new());
    for query in queries {
        let mut search = Search::new(query.text.as_str());
        if let Some(embedder) = embedder.filter(|_| method.needs_embedder()) {
            let embedded = embedder.embed(std::slice::from_ref(&query.text), Purpose::Query).await.unwrap();
            let vector = embedded.vectors.into_iter().next().unwrap();
            search.embedding = Some(Embedding { model: embedder.model().to_string().into(), vector });
        }
        if method == Method::Vector {
            search.text.clear();
        }
        if method.needs_caller() {
            let Some(caller) = callers.of(query) else { continue };
            if matches!(method, Method::LexicalInView | Method::FusedInView) {
                search.context = vec![caller];
            }
        }
        if method == Method::ReciprocalRanks {
            search.limit = RANKED;
        }
        let start = Instant::now();
        let mut evidence = store.search(&search).await.unwrap();
        if method == Method::FusedRelations {
            search.context = evidence.passages.iter().take(3).map(|passage| passage.chunk.id).collect();
            evidence = store.search(&search).await.unwrap();
        }
        if method == Method::ReciprocalRanks {
            by_reciprocal_ranks(&mut evidence);
        }
        times.push(start.elapsed().as_secs_f64() * 1e6);
        ranks.push(reciprocal_rank(&evidence, query));
    }
    if ranks.is_empty() {
        return None;
    }
    let n = ranks.len() as f64;
    let mrr = ranks.iter().sum::<f64>() / n;
    let variance = ranks.iter().map(|rank| (rank - mrr).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
    Some(Outcome {
        queries: ranks.len(),
        mrr,
        within: 1.96 * (variance / n).sqrt(),
        recall: ranks.iter().filter(|rank| **rank > 0.0).count(),
        times,
    })
}
