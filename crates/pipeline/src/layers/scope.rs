//! The scoping layer: what is out of a run's scope is neither retrieved, nor planned with, nor called. The store and the
//! planner see only what is visible; this layer checks again where the thing is used, so that a careless store or a
//! model that names what it was not shown changes nothing.

use std::sync::Arc;

use ninefold_core::store::lies_within;
use ninefold_core::{AgentCard, Cx, Error, ErrorKind, Evidence, Passage, Result, Scope};

/// The cards of the agents that a run may call.
pub fn visible<'a>(cards: impl IntoIterator<Item = &'a AgentCard>, scope: &Scope) -> Vec<AgentCard> {
    cards.into_iter().filter(|card| scope.allows(&card.labels)).cloned().collect()
}

/// Takes out passages that the scope does not allow, or that lie outside the paths the run is limited to (none: no limit).
pub fn withhold(evidence: &mut Arc<Evidence>, scope: &Scope, within: &[String]) {
    let allowed = |passage: &Passage| {
        let path = passage.chunk.path.as_str();
        scope.allows(&passage.chunk.labels)
            && (within.is_empty() || within.iter().any(|prefix| lies_within(path, prefix)))
    };
    if !evidence.passages.iter().all(allowed) {
        Arc::make_mut(evidence).passages.retain(allowed);
    }
}

/// Checks a call of an agent at the call.
///
/// # Errors
/// `OutOfScope` when the run lacks one of the agent's labels.
pub fn permit(card: &AgentCard, cx: &Cx) -> Result<()> {
    let missing = cx.scope().missing(&card.labels);
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::OutOfScope, format!("agent {} is out of the run's scope", card.name))
        .hint(format!("grant {missing} in the query's scope")))
}
