//! Which agent takes which subgoal.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::answer::Degradation;
use crate::impasse::Impasse;
use crate::plan::SubgoalId;

/// One subgoal given to one agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// The subgoal.
    pub subgoal: SubgoalId,
    /// The agent's name.
    pub agent: SmolStr,
    /// Why this agent: named by the plan, by capability, by examples, or because no other could.
    pub reason: String,
}

/// The outcome of the phase `route`: an assignment for every subgoal that somebody takes, in the plan's order, and an
/// [`Impasse::NoAgent`] for every other.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Routes {
    /// The assignments.
    pub assignments: Vec<Assignment>,
    /// What was not clear, in the plan's order.
    #[serde(default)]
    pub impasses: Vec<Impasse>,
    /// How many calls of the model it took to tell agents apart.
    #[serde(default)]
    pub calls: u32,
    /// What was done with less than asked.
    #[serde(default)]
    pub degradations: Vec<Degradation>,
}

impl From<Vec<Assignment>> for Routes {
    /// These assignments, about which everything was clear.
    fn from(assignments: Vec<Assignment>) -> Self {
        Self { assignments, ..Self::default() }
    }
}

impl Routes {
    /// The agent that takes this subgoal.
    #[must_use]
    pub fn agent(&self, subgoal: &SubgoalId) -> Option<&str> {
        self.assignments.iter().find(|a| a.subgoal == *subgoal).map(|a| a.agent.as_str())
    }
}
