//! May the plan be executed? Structure is always checked, by rules, in microseconds; where the structure is sound, a model, if
//! one is given, looks for what rules cannot see.

use std::fmt::Write as _;
use std::sync::Arc;

use ninefold_core::{
    AgentCard, Complexity, Cx, DecidedBy, Decision, Evidence, Issue, Model, ModelRequest, Phase, Plan, Result, Scores,
    Subgoal, Verdict, terms,
};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::route::able;
use super::{Noted, ask_json, fill, meaning, model_unusable};

/// What the phase `verify` works on.
#[derive(Debug, Clone, Serialize)]
pub struct Verification {
    /// The question, normalized.
    pub question: Arc<str>,
    /// How hard it is.
    pub complexity: Complexity,
    /// The plan.
    pub plan: Arc<Plan>,
    /// What memory holds on the question.
    pub evidence: Arc<Evidence>,
    /// The agents in scope.
    pub agents: Arc<[AgentCard]>,
    /// Whether the plan is from an earlier run, in which it passed: then its structure is all there is to check.
    pub known: bool,
}

/// The phase `verify`.
pub struct Verify {
    /// Who checks what structure cannot show.
    pub model: Option<Arc<dyn Model>>,
}

impl Phase<Verification> for Verify {
    type Out = Noted<Verdict>;

    async fn run(&self, input: Verification, cx: &Cx) -> Result<Noted<Verdict>> {
        let by_rules = by_rules(&input);
        let Some(model) = self.model.as_ref().filter(|_| !input.known && by_rules.decision() == Decision::Pass) else {
            return Ok(Noted::new(by_rules));
        };
        match by_model(model.as_ref(), &input, &by_rules, cx).await {
            Ok(verdict) => Ok(Noted::new(verdict)),
            Err(error) if error.ends_run() => Err(error),
            Err(error) => Ok(Noted::new(by_rules).with(model_unusable("verify", &error))),
        }
    }
}

/// What structure tells. Cycles, doubles and dangling dependencies cannot occur in a [`Plan`].
fn by_rules(input: &Verification) -> Verdict {
    let subgoals = input.plan.subgoals();
    let mut issues = Vec::new();
    let mut routable = 0;
    for subgoal in subgoals {
        if let Some(agent) = &subgoal.agent
            && !input.agents.iter().any(|card| card.name == *agent)
        {
            let message = format!("subgoal {} names agent {agent}, which is not available", subgoal.id);
            issues.push(Issue { critical: true, message });
        } else if able(subgoal, &input.agents).is_some() {
            routable += 1;
        } else {
            issues.push(Issue { critical: true, message: format!("no agent can take subgoal {}", subgoal.id) });
        }
    }
    let planned = terms::distinct_terms(subgoals.iter().map(|subgoal| subgoal.description.as_str()));
    let asked = terms::query_terms(&input.question);
    let weight = |term: &SmolStr| {
        input
            .evidence
            .terms
            .iter()
            .find(|weighted| weighted.term == *term)
            .map_or(1.0, |weighted| weighted.weight.max(0.1))
    };
    let all: f32 = asked.iter().map(weight).sum();
    let covered: f32 = asked.iter().filter(|term| planned.contains(*term)).map(weight).sum();
    let completeness = if all > 0.0 { covered / all } else { 1.0 };
    let share = |n: usize| n as f32 / subgoals.len().max(1) as f32;
    // Without evidence the agents bring their own; there is nothing to compare with.
    let grounded = if input.evidence.passages.is_empty() { subgoals.len() } else { grounded(input) };
    let scores = Scores { completeness, consistency: 1.0, groundedness: share(grounded), routability: share(routable) };
    Verdict::new(scores, issues, DecidedBy::Rules)
}

/// How many subgoals share a term with what memory holds: one of the question's that some chunk has, or any word of the
/// passages. When meaning alone found what is near to the question, words cannot tell.
fn grounded(input: &Verification) -> usize {
    if meaning::is_near(&input.evidence) {
        return input.plan.subgoals().len();
    }
    let is_grounded = |subgoal: &&Subgoal| {
        let wanted = terms::query_terms(&subgoal.description);
        let asked = |term: &SmolStr| input.evidence.terms.iter().any(|asked| asked.term == *term && asked.weight > 0.0);
        let holds = |text: &str| {
            let mut holds = false;
            terms::for_each_term(text, |term| holds |= wanted.iter().any(|wanted| wanted == term));
            holds
        };
        wanted.iter().any(asked) || input.evidence.passages.iter().any(|passage| holds(&passage.chunk.text))
    };
    input.plan.subgoals().iter().filter(is_grounded).count()
}

/// The most issues taken from a model, and the most characters of each.
const MAX_ISSUES: usize = 32;
const MAX_ISSUE_CHARS: usize = 500;

#[derive(Deserialize)]
struct Review {
    completeness: f32,
    consistency: f32,
    groundedness: f32,
    #[serde(default)]
    issues: Vec<Issue>,
}

async fn by_model(model: &dyn Model, input: &Verification, by_rules: &Verdict, cx: &Cx) -> Result<Verdict> {
    let mut plan = String::new();
    for subgoal in input.plan.subgoals() {
        let after: Vec<_> = subgoal.depends_on.iter().map(|id| id.0.as_str()).collect();
        let _ = writeln!(plan, "- {} (after: {}): {}", subgoal.id, after.join(", "), subgoal.description);
    }
    let user = fill(include_str!("../prompts/verify_user.md"), &[("question", &input.question), ("plan", &plan)]);
    let adversarial = input.complexity >= Complexity::Complex;
    let system = if adversarial {
        include_str!("../prompts/verify_adversarial.md")
    } else {
        include_str!("../prompts/verify.md")
    };
    let review: Review = ask_json(model, ModelRequest::new(system, user), cx).await?;
    let scores = Scores {
        completeness: review.completeness,
        consistency: review.consistency,
        groundedness: review.groundedness,
        routability: by_rules.scores().routability,
    };
    let bounded = |issue: Issue| Issue { message: issue.message.chars().take(MAX_ISSUE_CHARS).collect(), ..issue };
    let raised = review.issues.into_iter().take(MAX_ISSUES).map(bounded);
    let issues = by_rules.issues().iter().cloned().chain(raised).collect();
    Ok(Verdict::new(scores, issues, DecidedBy::Model))
}
