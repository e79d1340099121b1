//! Agents that are equally able are told apart: by how well they did before, by the model, by what they are most like, by the
//! order in which they were registered.

use std::fmt::Write as _;
use std::sync::LazyLock;

use ninefold_core::{AgentCard, Cx, Model, ModelRequest, Result, Subgoal, SubgoalId};
use serde::Deserialize;
use serde_json::Value;
use smol_str::SmolStr;

use super::skills::Why;
use crate::phases::{ask_json, fill};

/// What an agent's work is worth of which nothing is known.
const UNKNOWN: f32 = 0.5;
/// Utilities that differ by less say nothing.
const BETTER: f32 = 0.01;

/// A subgoal that several agents are equally able to take.
pub(super) struct Tie<'a> {
    pub(super) subgoal: &'a Subgoal,
    pub(super) agents: Vec<&'a AgentCard>,
    pub(super) why: Why<'a>,
}

impl<'a> Tie<'a> {
    /// The agent that did best before, if one did.
    pub(super) fn by_utility(&self, utilities: &[(SmolStr, f32)]) -> Option<&'a AgentCard> {
        let utility = |card: &AgentCard| {
            let known = utilities.iter().find(|(name, _)| *name == card.name).map(|(_, utility)| *utility);
            known.filter(|utility| utility.is_finite()).unwrap_or(UNKNOWN)
        };
        let mut ranked: Vec<(f32, &AgentCard)> = self.agents.iter().map(|card| (utility(card), *card)).collect();
        ranked.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        match ranked.as_slice() {
            [(best, first), (next, _), ..] if best - next >= BETTER => Some(first),
            _ => None,
        }
    }

    /// Whether the agents are in the order of how like the subgoal is to what they do.
    pub(super) fn is_by_likeness(&self) -> bool {
        matches!(self.why, Why::Like(best, next) | Why::Means(best, next) if best > next)
    }
}

#[derive(Deserialize)]
struct Choices {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    subgoal: SubgoalId,
    agent: SmolStr,
}

/// The form of the reply.
static SCHEMA: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../prompts/tie.schema.json")).unwrap_or_default());

/// Asks the model once about all ties. What it says of agents that are not in a tie is not heard.
///
/// # Errors
/// As the model's.
pub(super) async fn by_model<'a>(model: &dyn Model, ties: &[&Tie<'a>], cx: &Cx) -> Result<Vec<Option<&'a AgentCard>>> {
    let mut parts = String::new();
    for Tie { subgoal, agents, .. } in ties {
        let _ = writeln!(parts, "{}: {}", subgoal.id, subgoal.description);
        for card in agents {
            let _ = writeln!(parts, "- {}: {} [{}]", card.name, card.description, card.capabilities.join(", "));
        }
    }
    let user = fill(include_str!("../../prompts/tie_user.md"), &[("parts", &parts)]);
    let request = ModelRequest::new(include_str!("../../prompts/tie.md"), user).schema("choices", SCHEMA.clone());
    let Choices { choices } = ask_json(model, request, cx).await?;
    let chosen = |tie: &&Tie<'a>| {
        let choice = choices.iter().find(|choice| choice.subgoal == tie.subgoal.id)?;
        tie.agents.iter().find(|card| card.name == choice.agent).copied()
    };
    Ok(ties.iter().map(chosen).collect())
}
