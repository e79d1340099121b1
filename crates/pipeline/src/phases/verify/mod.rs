//! May the plan be executed? Structure is always checked, by rules, in microseconds; where it leaves something open, a model, if
//! one is given, looks for what rules cannot see.

mod structure;

use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use ninefold_core::{
    AgentCard, Budget, Complexity, Cx, DecidedBy, Evidence, Issue, Model, ModelRequest, Phase, Plan, Result, Scores,
    Verdict, VerifyPolicy,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::route::Skills;
use super::{Noted, ask_json, fill, model_unusable};
pub(crate) use structure::by_structure;

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
    /// By what it is judged.
    pub policy: VerifyPolicy,
    /// How many calls of the model it may take.
    pub calls: u32,
    /// What is known of the agents; it follows from their cards.
    #[serde(skip)]
    pub skills: Arc<Skills>,
    /// Whether the agents are told apart by meaning as well, so that words cannot show that nobody is able.
    pub by_meaning: bool,
    /// What the run may still spend. A resumed run has another rest and is given the verdict that it was given before.
    #[serde(skip)]
    pub left: Budget,
    /// How long the run may still take; likewise.
    #[serde(skip)]
    pub time: Option<Duration>,
}

/// The phase `verify`.
pub struct Verify {
    /// Who checks what structure cannot show.
    pub model: Option<Arc<dyn Model>>,
}

impl Phase<Verification> for Verify {
    type Out = Noted<Verdict>;

    async fn run(&self, input: Verification, cx: &Cx) -> Result<Noted<Verdict>> {
        let by_structure = by_structure(&input);
        let Some(model) = &self.model else { return Ok(Noted::new(by_structure)) };
        // The check is not worth the call that the answer is written with.
        let affordable = input.calls > 0 && input.left.calls.is_none_or(|left| left > 1);
        if !affordable || structure::is_decisive(&input, &by_structure) {
            return Ok(Noted::new(by_structure));
        }
        match by_model(model.as_ref(), &input, &by_structure, cx).await {
            Ok(verdict) => Ok(Noted::new(verdict).after(1)),
            Err(error) if error.ends_run() => Err(error),
            Err(error) => Ok(Noted::new(by_structure).with(model_unusable("verify", &error)).after(1)),
        }
    }
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

/// The form of the reply.
static SCHEMA: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../prompts/verify.schema.json")).unwrap_or_default());

/// What the model is asked: to check for itself, or, where more is at stake, to break the plan.
fn request(input: &Verification) -> ModelRequest {
    let mut plan = String::new();
    for subgoal in input.plan.subgoals() {
        let after: Vec<_> = subgoal.depends_on.iter().map(|id| id.0.as_str()).collect();
        let _ = writeln!(plan, "- {} (after: {}): {}", subgoal.id, after.join(", "), subgoal.description);
    }
    let user = fill(include_str!("../../prompts/verify_user.md"), &[("question", &input.question), ("plan", &plan)]);
    let system = if input.complexity >= Complexity::Complex {
        include_str!("../../prompts/verify_adversarial.md")
    } else {
        include_str!("../../prompts/verify.md")
    };
    ModelRequest::new(system, user).schema("review", SCHEMA.clone())
}

async fn by_model(model: &dyn Model, input: &Verification, by_structure: &Verdict, cx: &Cx) -> Result<Verdict> {
    let review: Review = ask_json(model, request(input), cx).await?;
    let scores = Scores {
        completeness: review.completeness,
        consistency: review.consistency,
        groundedness: review.groundedness,
        routability: by_structure.scores().routability,
    };
    let bounded = |issue: Issue| Issue { message: issue.message.chars().take(MAX_ISSUE_CHARS).collect(), ..issue };
    let raised = review.issues.into_iter().take(MAX_ISSUES).map(bounded);
    let issues = by_structure.issues().iter().cloned().chain(raised).collect();
    Ok(Verdict::new(scores, issues, DecidedBy::Model).under(input.policy))
}

#[cfg(test)]
mod tests;
