//! What agents bring back.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::error::{Error, ErrorKind, Fault};
use crate::evidence::Citation;
use crate::impasse::Impasse;
use crate::plan::SubgoalId;

/// Something said, and what it rests on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    /// The words: prose, or code whose lines are indented by four spaces. No `[n]` in it has a meaning.
    pub text: String,
    /// What they rest on.
    pub citations: Vec<Citation>,
}

impl<T: Into<String>> From<T> for Statement {
    fn from(text: T) -> Self {
        Self { text: text.into(), citations: Vec::new() }
    }
}

/// What one agent found for one subgoal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The subgoal.
    pub subgoal: SubgoalId,
    /// The name of the agent that brought it, which is another than the one it was routed to when that failed.
    pub agent: SmolStr,
    /// The result, never empty.
    pub statements: Vec<Statement>,
}

impl Finding {
    /// The statements as one text, a paragraph each.
    #[must_use]
    pub fn text(&self) -> String {
        let texts: Vec<_> = self.statements.iter().map(|statement| statement.text.as_str()).collect();
        texts.join("\n\n")
    }
}

/// What an agent said and a text rests on, without a place to show for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CitedFinding {
    /// The subgoal it is on.
    pub subgoal: SubgoalId,
    /// The agent's name.
    pub agent: SmolStr,
    /// What it said.
    pub text: String,
}

/// A subgoal without a finding, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FailedSubgoal {
    /// The subgoal.
    pub subgoal: SubgoalId,
    /// The agent that was to take it; empty when there was none.
    pub agent: SmolStr,
    /// Whether the plan marked it critical.
    pub critical: bool,
    /// The class of the failure.
    pub kind: ErrorKind,
    /// What happened.
    pub message: String,
    /// Whether it is the agent's doing.
    #[serde(default, skip_serializing_if = "Fault::is_own")]
    pub fault: Fault,
}

impl FailedSubgoal {
    /// The record of `error` for this subgoal.
    #[must_use]
    pub fn new(subgoal: SubgoalId, agent: SmolStr, critical: bool, error: &Error) -> Self {
        Self { subgoal, agent, critical, kind: error.kind(), message: error.to_string(), fault: error.fault() }
    }
}

/// The outcome of the phase `collect`: every subgoal of the plan is in one of the two lists.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    /// What was found, in the plan's order.
    pub done: Vec<Finding>,
    /// What failed or could not start because what it depends on failed, in the plan's order.
    pub failed: Vec<FailedSubgoal>,
    /// The agents that failed, in the order in which they did, and who took over.
    #[serde(default)]
    pub impasses: Vec<Impasse>,
}

impl Findings {
    /// Whether a subgoal that the plan marked critical has no finding.
    #[must_use]
    pub fn critical_failure(&self) -> Option<&FailedSubgoal> {
        self.failed.iter().find(|failed| failed.critical)
    }
}
