//! Who takes over a subgoal whose agent failed.

use ninefold_core::{AgentCard, Cx, Error, ErrorKind, FailedSubgoal, Fault, Impasse, Subgoal};
use smol_str::SmolStr;

use crate::phases::route::Skills;

/// The most agents that are given one subgoal, one after another.
const MAX_AGENTS: usize = 3;

/// The agents that failed at one subgoal, in the order in which they did.
#[derive(Default)]
pub(super) struct Tried(Vec<(SmolStr, Error)>);

impl Tried {
    pub(super) fn failed(&mut self, agent: SmolStr, error: Error) {
        self.0.push((agent, error));
    }

    /// The agent of these that is able to take the subgoal now: the next one by what is known of them, at last the one that
    /// takes what nobody else does. Nobody when the run may not use the agent that failed (that stays so for others), when
    /// enough have tried, or when the run's budget is used up and all others need a model.
    pub(super) fn next(&self, subgoal: &Subgoal, cards: &[AgentCard], skills: &Skills, cx: &Cx) -> Option<SmolStr> {
        let (_, last) = self.0.last()?;
        if last.kind() == ErrorKind::OutOfScope || self.0.len() >= MAX_AGENTS {
            return None;
        }
        let broke = last.kind() == ErrorKind::OverBudget && last.fault() == Fault::Run;
        let may = |card: &&AgentCard| {
            cx.scope().allows(&card.labels)
                && !(broke && card.calls > 0)
                && !self.0.iter().any(|(tried, _)| *tried == card.name)
        };
        let others: Vec<AgentCard> = cards.iter().filter(may).cloned().collect();
        skills.able(subgoal, &others).any().map(|card| card.name.clone())
    }

    /// What to say of the failures now that the subgoal was taken by this agent, or by nobody.
    pub(super) fn impasse(&self, subgoal: &Subgoal, taken_by: Option<SmolStr>) -> Option<Impasse> {
        let (agent, error) = self.0.last()?;
        let (subgoal, agent) = (subgoal.id.clone(), agent.clone());
        Some(Impasse::AgentFailed { subgoal, agent, kind: error.kind(), fault: error.fault(), taken_by })
    }

    /// The record of a subgoal at which all failed: in the words of the first, who was meant to take it, and then of the others.
    pub(super) fn record(&self, subgoal: &Subgoal) -> Option<FailedSubgoal> {
        let ((agent, error), others) = self.0.split_first()?;
        let mut failed = FailedSubgoal::new(subgoal.id.clone(), agent.clone(), subgoal.critical, error);
        // One that was at work and failed by itself outweighs what kept the others from it.
        if others.iter().any(|(_, error)| error.fault().is_own()) {
            failed.fault = Fault::Own;
        }
        for (_, error) in others {
            failed.message.push_str(&format!("; then {error}"));
        }
        Some(failed)
    }
}
