//! What does memory hold on it? At most as many passages as the question's complexity deserves.

use std::sync::Arc;

use ninefold_core::store::tokens_in;
use ninefold_core::{
    ChunkId, Complexity, Cx, Degradation, Evidence, Passage, Phase, Result, Search, Signals, Store, VectorSearch, span,
};
use serde::Serialize;

use super::Noted;
use crate::layers::scope;
use crate::layers::trace::traced;

/// What the phase `retrieve` works on.
#[derive(Debug, Clone, Serialize)]
pub struct Retrieval {
    /// The question, normalized.
    pub question: Arc<str>,
    /// Only sources at or below these paths; empty for all.
    pub within: Arc<[String]>,
    /// How hard the question is, or may be at most while nobody knows yet.
    pub complexity: Complexity,
    /// What the asker has before him already.
    pub context: Arc<[ChunkId]>,
}

impl Retrieval {
    /// The most passages: 5, 10, 15 or 20 by complexity.
    #[must_use]
    pub fn limit(&self) -> usize {
        limit(self.complexity)
    }
}

fn limit(complexity: Complexity) -> usize {
    match complexity {
        Complexity::Simple => 5,
        Complexity::Medium => 10,
        Complexity::Complex => 15,
        Complexity::Critical => 20,
    }
}

/// The most tokens of so many passages.
fn max_tokens(limit: usize) -> u64 {
    limit as u64 * TOKENS_PER_PASSAGE
}

/// Cuts evidence that was searched for a harder question to what one of this complexity deserves: as many passages and tokens
/// as a search for it would have returned. The best passage stays whatever its size.
pub(crate) fn trim(evidence: &mut Arc<Evidence>, complexity: Complexity) {
    let limit = limit(complexity);
    let mut tokens = max_tokens(limit);
    let (mut kept, mut dropped) = (0, false);
    let mut fits = |passage: &Passage| {
        let size = tokens_in(&passage.chunk.text);
        let fits = kept < limit && (size <= tokens || kept == 0);
        if fits {
            kept += 1;
            tokens = tokens.saturating_sub(size);
        }
        dropped |= !fits;
        fits
    };
    let fitting: Vec<Passage> = evidence.passages.iter().filter(|passage| fits(passage)).cloned().collect();
    if dropped {
        Arc::make_mut(evidence).passages = fitting;
    }
}

/// The tokens that the evidence may have for each passage asked for. What Ninefold indexes is smaller; a host may put in
/// chunks of any size, and a prompt has an end.
const TOKENS_PER_PASSAGE: u64 = 800;

/// The phase `retrieve`.
pub struct Retrieve {
    /// Where evidence is kept; without a store there is none.
    pub store: Option<Arc<dyn Store>>,
}

impl Phase<Retrieval> for Retrieve {
    type Out = Noted<Arc<Evidence>>;

    async fn run(&self, input: Retrieval, cx: &Cx) -> Result<Self::Out> {
        let Some(store) = &self.store else { return Ok(Noted::new(Arc::default())) };
        let limit = input.limit();
        let search = Search {
            scope: cx.scope().clone(),
            within: input.within.to_vec(),
            limit,
            max_tokens: Some(max_tokens(limit)),
            context: input.context.to_vec(),
            now: Some(cx.now()),
            ..Search::new(&*input.question)
        };
        let evidence = search_in_scope(store.as_ref(), &search, cx).await?;
        let nothing = match (evidence.terms.is_empty(), evidence.passages.is_empty()) {
            (true, _) => Some(Degradation::NothingToSearch),
            (false, true) => Some(Degradation::NoEvidence),
            (false, false) => None,
        };
        let words_only = match evidence.vectors {
            cause @ (VectorSearch::EmbedderFailed | VectorSearch::NothingEmbedded) if nothing.is_none() => {
                Some(Degradation::WordsOnly { cause })
            }
            _ => None,
        };
        Ok(Noted { value: evidence, degradations: nothing.into_iter().chain(words_only).collect(), calls: 0 })
    }
}

/// One search under its span, with what the scope does not allow taken out whatever the store returned.
pub(crate) async fn search_in_scope(store: &dyn Store, search: &Search, cx: &Cx) -> Result<Arc<Evidence>> {
    let span = span::retrieval(search.limit);
    if cx.shows_content() {
        span.record(span::field::QUERY_TEXT, search.text.as_str());
    }
    let hits = span.clone();
    traced(span, async move {
        let mut evidence = store.search(search).await?;
        evidence.passages.truncate(search.limit);
        let mut evidence = Arc::new(evidence);
        scope::withhold(&mut evidence, &search.scope, &search.within);
        hits.record(span::field::HITS, span::count(evidence.passages.len() as u64));
        for (field, found) in signals_in(&evidence) {
            if found > 0 {
                hits.record(field, span::count(found));
            }
        }
        Ok(evidence)
    })
    .await
}

/// In how many passages a measure beside words had a say.
fn signals_in(evidence: &Evidence) -> [(&'static str, u64); 3] {
    let with = |signal: fn(&Signals) -> Option<f32>| {
        evidence.passages.iter().filter(|passage| signal(&passage.signals).is_some()).count() as u64
    };
    [
        (span::field::HITS_BY_MEANING, with(|signals| signals.vector)),
        (span::field::HITS_BY_USE, with(|signals| signals.activation)),
        (span::field::HITS_BY_RELATION, with(|signals| signals.relation)),
    ]
}
