//! Which agent takes which subgoal.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::plan::SubgoalId;

/// One subgoal given to one agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// The subgoal.
    pub subgoal: SubgoalId,
    /// The agent's name.
    pub agent: SmolStr,
    /// Why this agent: named by the plan, by capability, or because no other could.
    pub reason: String,
}

/// The outcome of the phase `route`: one assignment for every subgoal of the plan, in the plan's order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routes {
    /// The assignments.
    pub assignments: Vec<Assignment>,
}

impl Routes {
    /// The agent that takes this subgoal.
    #[must_use]
    pub fn agent(&self, subgoal: &SubgoalId) -> Option<&str> {
        self.assignments.iter().find(|a| a.subgoal == *subgoal).map(|a| a.agent.as_str())
    }
}
