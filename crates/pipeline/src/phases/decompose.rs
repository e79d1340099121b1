//! What has to be found out? A plan of subgoals, by model where one is given, otherwise by the question's own clauses.

use std::fmt::Write as _;
use std::sync::Arc;

use ninefold_core::{
    AgentCard, Complexity, Cx, Error, Evidence, Model, ModelRequest, Phase, Plan, Result, Subgoal, terms,
};
use serde::{Deserialize, Serialize};

use super::{Noted, ask_json, fill, model_unusable};

/// What the phase `decompose` works on.
#[derive(Debug, Clone, Serialize)]
pub struct Decomposition {
    /// The question, normalized.
    pub question: Arc<str>,
    /// How hard it is.
    pub complexity: Complexity,
    /// What memory holds on it.
    pub evidence: Arc<Evidence>,
    /// The agents in scope.
    pub agents: Arc<[AgentCard]>,
    /// What was wrong with the plan before this one.
    pub feedback: Option<String>,
}

/// The phase `decompose`.
pub struct Decompose {
    /// Who plans; without a model the question's clauses are the plan.
    pub model: Option<Arc<dyn Model>>,
}

impl Phase<Decomposition> for Decompose {
    type Out = Noted<Plan>;

    async fn run(&self, input: Decomposition, cx: &Cx) -> Result<Noted<Plan>> {
        let Some(model) = &self.model else { return Ok(Noted::new(by_rules(&input)?)) };
        match by_model(model.as_ref(), &input, cx).await {
            Ok(plan) => Ok(Noted::new(plan)),
            Err(error) if error.ends_run() => Err(error),
            Err(error) => Ok(Noted::new(by_rules(&input)?).with(model_unusable("decompose", &error))),
        }
    }
}

/// The most subgoals that rules make of a question.
const MAX_CLAUSES: usize = 6;

/// A plan without dependencies: one subgoal for each clause that says something of its own.
fn by_rules(input: &Decomposition) -> Result<Plan> {
    let clauses = clauses(&input.question);
    let single = clauses.len() == 1;
    let subgoals: Vec<_> = clauses
        .into_iter()
        .enumerate()
        .map(|(n, clause)| {
            let mut subgoal = Subgoal::new(format!("part-{}", n + 1), clause);
            subgoal.critical = single || input.complexity == Complexity::Critical;
            subgoal
        })
        .collect();
    Ok(Plan::try_from(subgoals)?)
}

/// Cuts a question at sentence ends, line ends and semicolons, and at conjunctions between parts that both say enough.
fn clauses(question: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for sentence in question
        .split_inclusive(['?', '!', ';', '\n', '？', '！', '；', '。', '؟'])
        .flat_map(|s| s.split_inclusive(". "))
    {
        split_at_conjunction(sentence, &mut parts);
    }
    let mut clauses: Vec<&str> = Vec::new();
    for part in parts {
        let part = part.trim_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '.' | '-' | '*'));
        if !terms::query_terms(part).is_empty() && !clauses.contains(&part) {
            clauses.push(part);
        }
    }
    if clauses.is_empty() || clauses.len() > MAX_CLAUSES {
        return vec![question];
    }
    clauses
}

/// Conjunctions that join main clauses: English, German, French, Spanish, Italian.
const CONJUNCTIONS: &[&str] = &[" and ", " und ", " et ", " y ", " e "];

/// What a part must say to stand alone.
const ENOUGH_TERMS: usize = 3;

fn split_at_conjunction<'a>(sentence: &'a str, parts: &mut Vec<&'a str>) {
    for conjunction in CONJUNCTIONS {
        for (at, _) in sentence.match_indices(conjunction) {
            let (Some(before), Some(after)) = (sentence.get(..at), sentence.get(at + conjunction.len()..)) else {
                continue;
            };
            let enough = |part| terms::query_terms(part).len() >= ENOUGH_TERMS;
            if enough(before) && enough(after) {
                parts.push(before);
                return split_at_conjunction(after, parts);
            }
        }
    }
    parts.push(sentence);
}

#[derive(Deserialize)]
struct Proposal {
    subgoals: Vec<Subgoal>,
}

async fn by_model(model: &dyn Model, input: &Decomposition, cx: &Cx) -> Result<Plan> {
    let mut agents = String::new();
    for card in input.agents.iter() {
        let _ = writeln!(agents, "- {}: {} [{}]", card.name, card.description, card.capabilities.join(", "));
    }
    let mut titles = String::new();
    for passage in &input.evidence.passages {
        let _ = writeln!(titles, "- {} ({}:{})", passage.chunk.title, passage.chunk.path, passage.chunk.lines);
    }
    let user = fill(
        include_str!("../prompts/decompose_user.md"),
        &[
            ("question", &input.question),
            ("agents", &agents),
            ("evidence", &titles),
            ("feedback", input.feedback.as_deref().unwrap_or("none")),
        ],
    );
    let request = ModelRequest::new(include_str!("../prompts/decompose.md"), user);
    let Proposal { subgoals } = ask_json(model, request, cx).await?;
    Plan::try_from(subgoals).map_err(Error::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_that_say_enough_stand_alone() {
        assert_eq!(
            clauses("Analyze the authentication flow and identify potential security vulnerabilities"),
            ["Analyze the authentication flow", "identify potential security vulnerabilities"]
        );
        assert_eq!(clauses("compare salt and pepper"), ["compare salt and pepper"]);
        assert_eq!(clauses("What is a phase? When is it cached?"), ["What is a phase?", "When is it cached?"]);
        assert_eq!(clauses("什么是阶段？它何时缓存？"), ["什么是阶段？", "它何时缓存？"]);
        assert_eq!(clauses("?!"), ["?!"]);
    }
}
