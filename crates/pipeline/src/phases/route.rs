//! Who takes which subgoal? The agent it names; otherwise the one whose capabilities fit best; otherwise the one that
//! takes anything.

use std::sync::Arc;

use ninefold_core::{AgentCard, Assignment, Cx, Error, ErrorKind, Phase, Plan, Result, Routes, Subgoal, terms};
use serde::Serialize;
use smol_str::SmolStr;

/// What the phase `route` works on.
#[derive(Debug, Clone, Serialize)]
pub struct Routing {
    /// The plan that was verified.
    pub plan: Arc<Plan>,
    /// The agents in scope.
    pub agents: Arc<[AgentCard]>,
    /// How far agents can be relied on, from 0 to 1, by name; an agent of which nothing was learned is not in it.
    pub utilities: Vec<(SmolStr, f32)>,
}

/// The phase `route`.
pub struct Route;

impl Phase<Routing> for Route {
    type Out = Routes;

    async fn run(&self, input: Routing, _: &Cx) -> Result<Routes> {
        let assign = |subgoal: &Subgoal| {
            let (card, reason) = able(subgoal, &input.agents).ok_or_else(|| {
                Error::new(ErrorKind::NotFound, format!("no agent in scope can take subgoal {}", subgoal.id))
                    .hint("register an agent with a fitting capability, or grant the scope of one")
            })?;
            Ok(Assignment { subgoal: subgoal.id.clone(), agent: card.name.clone(), reason })
        };
        Ok(Routes { assignments: input.plan.subgoals().iter().map(assign).collect::<Result<_>>()? })
    }
}

/// A capability that stands for any work.
pub const ANYTHING: &str = "*";

/// The agent that is to take a subgoal, and why.
pub(crate) fn able<'a>(subgoal: &Subgoal, agents: &'a [AgentCard]) -> Option<(&'a AgentCard, String)> {
    if let Some(name) = &subgoal.agent
        && let Some(card) = agents.iter().find(|card| card.name == *name)
    {
        return Some((card, "named by the plan".into()));
    }
    if let Some(wanted) = &subgoal.capability
        && let Some(card) =
            agents.iter().find(|card| card.capabilities.iter().any(|has| has.eq_ignore_ascii_case(wanted)))
    {
        return Some((card, format!("has capability {wanted}")));
    }
    let wanted =
        terms::query_terms(&format!("{} {}", subgoal.capability.as_deref().unwrap_or_default(), subgoal.description));
    let mut best: Option<(&AgentCard, usize, &str)> = None;
    for card in agents {
        for capability in &card.capabilities {
            let has = terms::query_terms(capability);
            let shared = has.iter().filter(|term| wanted.contains(term)).count();
            // Every word of a capability must be asked for: "delete files" is not what "list files" wants.
            if shared > 0 && shared == has.len() && best.is_none_or(|(_, most, _)| shared > most) {
                best = Some((card, shared, capability));
            }
        }
    }
    if let Some((card, _, capability)) = best {
        return Some((card, format!("its capability {capability:?} fits")));
    }
    let any = agents.iter().find(|card| card.capabilities.iter().any(|capability| capability == ANYTHING))?;
    Some((any, "no other agent's capabilities fit".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agents() -> Vec<AgentCard> {
        vec![
            AgentCard::new("files", "Reads files").capability("list files").capability("delete files"),
            AgentCard::new("web", "Searches the web").capability("search"),
            AgentCard::new("any", "Answers").capability(ANYTHING),
        ]
    }

    fn chosen(subgoal: &Subgoal) -> (String, String) {
        let agents = agents();
        let (card, reason) = able(subgoal, &agents).unwrap();
        (card.name.to_string(), reason)
    }

    #[test]
    fn named_then_capable_then_anyone() {
        let mut subgoal = Subgoal::new("a", "search the archive");
        assert_eq!(chosen(&subgoal).0, "web");
        subgoal.agent = Some("files".into());
        assert_eq!(chosen(&subgoal), ("files".into(), "named by the plan".into()));
        subgoal.agent = Some("gone".into());
        subgoal.capability = Some("Delete Files".into());
        assert_eq!(chosen(&subgoal).1, "has capability Delete Files");
        assert_eq!(chosen(&Subgoal::new("b", "list the files")).0, "files");
        assert_eq!(chosen(&Subgoal::new("c", "open the files")).0, "any");
        assert!(able(&Subgoal::new("d", "x"), &agents()[..2]).is_none());
    }
}
