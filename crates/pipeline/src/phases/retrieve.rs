//! What does memory hold on it? At most as many passages as the question's complexity deserves.

use std::sync::Arc;

use ninefold_core::{Complexity, Cx, Degradation, Evidence, Phase, Result, Search, Store, VectorSearch, span};
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
    /// How hard the question is.
    pub complexity: Complexity,
}

impl Retrieval {
    /// The most passages: 5, 10, 15 or 20 by complexity.
    #[must_use]
    pub fn limit(&self) -> usize {
        match self.complexity {
            Complexity::Simple => 5,
            Complexity::Medium => 10,
            Complexity::Complex => 15,
            Complexity::Critical => 20,
        }
    }
}

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
        Ok(Noted { value: evidence, degradations: nothing.into_iter().chain(words_only).collect() })
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
        Ok(evidence)
    })
    .await
}
