//! What is asked, and on which terms.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::budget::Budget;
use crate::evidence::ChunkId;
use crate::id::{RunId, SessionId};
use crate::scope::Scope;

/// A question as the host gives it, with the terms of its run. A plain string is a question on default terms:
/// public scope, no deadline, no budget, everything in the store searched.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Query {
    /// The question, as it came.
    pub text: String,
    /// Whose conversation it belongs to.
    pub session: Option<SessionId>,
    /// What the run may see and do.
    pub scope: Scope,
    /// Search only sources whose path is one of these or lies below one. Empty: all sources.
    pub within: Vec<String>,
    /// What the asker has before him already, as the chunks that the answer before this one cites: what is related to them
    /// comes sooner.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<ChunkId>,
    /// How long the run may take.
    pub deadline: Option<Duration>,
    /// What the run may spend.
    pub budget: Budget,
    /// The run's identity; given, a journaled run with this identity is continued instead of started anew.
    pub run: Option<RunId>,
}

impl Query {
    /// A question on default terms.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// The question of a run that a journal holds; none when its header was written by another kind of pipeline.
    #[must_use]
    pub fn recorded(input: &str) -> Option<Self> {
        serde_json::from_str(input).ok()
    }

    /// Sets the session.
    #[must_use]
    pub fn session(mut self, session: impl Into<SessionId>) -> Self {
        self.session = Some(session.into());
        self
    }

    /// Sets the scope.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Limits the search to sources at or below this path.
    #[must_use]
    pub fn within(mut self, path: impl Into<String>) -> Self {
        self.within.push(path.into());
        self
    }

    /// Adds to what the asker has before him already.
    #[must_use]
    pub fn context(mut self, chunks: impl IntoIterator<Item = ChunkId>) -> Self {
        self.context.extend(chunks);
        self
    }

    /// Sets how long the run may take.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Sets what the run may spend.
    #[must_use]
    pub fn budget(mut self, budget: Budget) -> Self {
        self.budget = budget;
        self
    }

    /// Sets the run's identity.
    #[must_use]
    pub fn run(mut self, run: RunId) -> Self {
        self.run = Some(run);
        self
    }
}

impl<T: Into<String>> From<T> for Query {
    fn from(text: T) -> Self {
        Self::new(text)
    }
}
