//! What keeps a run from going straight on, and how it got past it. The term is Soar's (Laird, Newell and Rosenbloom 1987): more
//! work is done because something is missing, not because of a word in the question.

use std::fmt;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::error::{ErrorKind, Fault};
use crate::plan::SubgoalId;
use crate::verdict::Shortage;

/// One thing that was missing, with what was done about it. What is done stands inside a span `impasse` that has
/// [`Impasse::cause`] as a field. A run that meets none has no such span.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Impasse {
    /// Nothing that was learned earlier fits the question, and it is no simple one: it was decomposed.
    NoMatch,
    /// Several agents are equally able to take a subgoal: one of them was chosen.
    Tie {
        /// The subgoal.
        subgoal: SubgoalId,
        /// The agents, in the order in which they were registered.
        agents: Vec<SmolStr>,
        /// The one that takes it.
        chosen: SmolStr,
        /// What told them apart.
        by: TieBreak,
    },
    /// No agent in scope is able to take a subgoal: who takes anything takes it, or nobody.
    NoAgent {
        /// The subgoal.
        subgoal: SubgoalId,
        /// Who takes it; with nobody, it is among the answer's failed subgoals.
        taken_by: Option<SmolStr>,
    },
    /// The agent that was to take a subgoal failed: another one took it, or tried to.
    AgentFailed {
        /// The subgoal.
        subgoal: SubgoalId,
        /// The agent that failed.
        agent: SmolStr,
        /// How.
        kind: ErrorKind,
        /// Whether it is its own doing.
        #[serde(default, skip_serializing_if = "Fault::is_own")]
        fault: Fault,
        /// Who brought a finding instead; with nobody, the subgoal is among the answer's failed ones.
        taken_by: Option<SmolStr>,
    },
    /// The verifier objected to a plan: another one was made.
    Objection {
        /// What was wrong with the plan.
        issues: Vec<String>,
    },
    /// A plan needs more than the run has left: a smaller one was made.
    OverBudget {
        /// What there is too little of.
        shortage: Shortage,
    },
}

/// What told agents apart that are equally able.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TieBreak {
    /// How well they did before.
    Utility,
    /// The model chose.
    Model,
    /// What is asked is a little more like what this agent is described by.
    Likeness,
    /// The one that was registered first takes it.
    Order,
}

/// Values of the field `impasse.cause` of a span, and of `cause` in the JSON of an [`Impasse`].
pub mod cause {
    /// [`super::Impasse::NoMatch`].
    pub const NO_MATCH: &str = "no_match";
    /// [`super::Impasse::Tie`].
    pub const TIE: &str = "tie";
    /// [`super::Impasse::NoAgent`].
    pub const NO_AGENT: &str = "no_agent";
    /// [`super::Impasse::AgentFailed`].
    pub const AGENT_FAILED: &str = "agent_failed";
    /// [`super::Impasse::Objection`].
    pub const OBJECTION: &str = "objection";
    /// [`super::Impasse::OverBudget`].
    pub const OVER_BUDGET: &str = "over_budget";
}

impl Impasse {
    /// The cause, as in spans and in JSON.
    #[must_use]
    pub fn cause(&self) -> &'static str {
        match self {
            Self::NoMatch => cause::NO_MATCH,
            Self::Tie { .. } => cause::TIE,
            Self::NoAgent { .. } => cause::NO_AGENT,
            Self::AgentFailed { .. } => cause::AGENT_FAILED,
            Self::Objection { .. } => cause::OBJECTION,
            Self::OverBudget { .. } => cause::OVER_BUDGET,
        }
    }
}

impl fmt::Display for Impasse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMatch => f.write_str("nothing learned earlier fits the question, so it was decomposed"),
            Self::Tie { subgoal, agents, chosen, by } => {
                let why = match by {
                    TieBreak::Utility => "did best before",
                    TieBreak::Model => "is the model's choice",
                    TieBreak::Likeness => "is a little nearer by its examples",
                    TieBreak::Order => "was registered first",
                };
                write!(f, "{} are equally able to take {subgoal}; {chosen} {why}", agents.join(", "))
            }
            Self::NoAgent { subgoal, taken_by: Some(agent) } => {
                write!(f, "no agent is able to take {subgoal}; {agent} took it")
            }
            Self::NoAgent { subgoal, taken_by: None } => {
                write!(f, "no agent is able to take {subgoal}; nobody took it")
            }
            Self::AgentFailed { subgoal, agent, kind, taken_by, .. } => {
                write!(f, "{agent} failed at {subgoal} ({kind}); ")?;
                match taken_by {
                    Some(other) => write!(f, "{other} took over"),
                    None => f.write_str("nobody could take over"),
                }
            }
            Self::Objection { issues } => {
                write!(f, "the verifier objected to the plan ({}), so it was made anew", issues.join("; "))
            }
            Self::OverBudget { shortage } => write!(f, "{shortage}, so a smaller plan was made"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Resource;

    #[test]
    fn json_and_spans_name_the_same_cause() {
        let shortage = Shortage { of: Resource::Calls, wanted: 5, left: 2, fits: 1 };
        let all = [
            Impasse::NoMatch,
            Impasse::Tie { subgoal: "a".into(), agents: vec!["x".into()], chosen: "x".into(), by: TieBreak::Order },
            Impasse::NoAgent { subgoal: "a".into(), taken_by: None },
            Impasse::AgentFailed {
                subgoal: "a".into(),
                agent: "x".into(),
                kind: ErrorKind::Permanent,
                fault: Fault::NotStarted,
                taken_by: Some("y".into()),
            },
            Impasse::Objection { issues: vec!["it deletes the archive".into()] },
            Impasse::OverBudget { shortage },
        ];
        for impasse in all {
            let json = serde_json::to_value(&impasse).unwrap();
            assert_eq!(json["cause"], impasse.cause(), "{impasse}");
            assert_eq!(serde_json::from_value::<Impasse>(json).unwrap(), impasse);
        }
    }
}
