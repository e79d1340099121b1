//! Whether a plan may be executed. The decision follows from the scores, the critical issues and the policy; nobody hands one in,
//! so a verdict cannot disagree with itself.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::assessment::DecidedBy;
use crate::error::{Error, ErrorKind, Result};
use crate::plan::Plan;

/// What is to happen with a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Execute it.
    Pass,
    /// Plan again with the issues as feedback.
    Retry,
    /// Give up planning.
    Fail,
}

/// The four scores of a plan, each 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// How much of the question the subgoals cover.
    pub completeness: f32,
    /// How free of contradiction the plan is.
    pub consistency: f32,
    /// How much of it the evidence supports.
    pub groundedness: f32,
    /// How many subgoals have an agent that can take them.
    pub routability: f32,
}

impl Scores {
    /// The mean by the default weights. A score that is not a number counts as 0.
    #[must_use]
    pub fn overall(&self) -> f32 {
        self.weighted(&Weights::default())
    }

    /// The mean by these weights. A score that is not a number counts as 0.
    #[must_use]
    pub fn weighted(&self, weights: &Weights) -> f32 {
        let Self { completeness, consistency, groundedness, routability } = self.clean();
        let sum = weights.completeness * completeness
            + weights.consistency * consistency
            + weights.groundedness * groundedness
            + weights.routability * routability;
        let all = weights.sum();
        if all > 0.0 { sum / all } else { 0.0 }
    }

    fn clean(self) -> Self {
        let clean = |score: f32| if score.is_nan() { 0.0 } else { score.clamp(0.0, 1.0) };
        Self {
            completeness: clean(self.completeness),
            consistency: clean(self.consistency),
            groundedness: clean(self.groundedness),
            routability: clean(self.routability),
        }
    }
}

/// How much each score counts. Only their proportions matter.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Weights {
    /// Of completeness.
    pub completeness: f32,
    /// Of consistency.
    pub consistency: f32,
    /// Of groundedness.
    pub groundedness: f32,
    /// Of routability.
    pub routability: f32,
}

impl Default for Weights {
    /// Completeness .4, the others .2 each: the weights of the SOAR pipeline that Ninefold succeeds.
    fn default() -> Self {
        Self { completeness: 0.4, consistency: 0.2, groundedness: 0.2, routability: 0.2 }
    }
}

impl Weights {
    fn sum(&self) -> f32 {
        self.completeness + self.consistency + self.groundedness + self.routability
    }
}

/// By what a plan is judged, and how often it is made anew. Part of a pipeline's definition.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct VerifyPolicy {
    /// How much each score counts.
    pub weights: Weights,
    /// A plan passes from this overall score on.
    pub pass: f32,
    /// Below this overall score planning again is pointless.
    pub retry: f32,
    /// How often a plan that did not pass is made anew.
    pub retries: u32,
    /// What a call of a model takes at the least: a plan whose chain of such calls cannot end before the run's deadline is
    /// not feasible.
    pub least_call: Duration,
}

impl Default for VerifyPolicy {
    /// Pass from .7, retry from .5, two retries; 50 ms for a call, which hardly any model keeps below.
    fn default() -> Self {
        let weights = Weights::default();
        Self { weights, pass: 0.7, retry: 0.5, retries: 2, least_call: Duration::from_millis(50) }
    }
}

impl VerifyPolicy {
    /// Whether it can be judged by.
    ///
    /// # Errors
    /// `InvalidInput` for weights that are negative, no numbers or all 0, and for thresholds out of order or outside 0 to 1.
    pub fn check(&self) -> Result<()> {
        let Weights { completeness, consistency, groundedness, routability } = self.weights;
        let refused = |what: String, cure: &str| Err(Error::new(ErrorKind::InvalidInput, what).hint(cure));
        let weights = [completeness, consistency, groundedness, routability];
        if weights.iter().any(|weight| !(0.0..=f32::MAX).contains(weight)) || self.weights.sum() <= 0.0 {
            return refused(
                format!("a plan cannot be judged by the weights {weights:?}"),
                "give finite numbers from 0 up, at least one of them above 0",
            );
        }
        if !(0.0 <= self.retry && self.retry <= self.pass && self.pass <= 1.0) {
            return refused(
                format!("a plan cannot pass from {} and be tried again from {}", self.pass, self.retry),
                "give thresholds from 0 to 1, VerifyPolicy::retry at most as high as VerifyPolicy::pass",
            );
        }
        Ok(())
    }
}

/// Something wrong with a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// Whether the plan must not be executed because of it.
    pub critical: bool,
    /// What is wrong and where.
    pub message: String,
}

/// What a run may run out of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// Model calls.
    Calls,
    /// Input and output tokens together.
    Tokens,
    /// Milliseconds until the deadline.
    Milliseconds,
}

impl Resource {
    /// The name in lower case, as in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Tokens => "tokens",
            Self::Milliseconds => "milliseconds",
        }
    }
}

/// A plan needs more than its run has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shortage {
    /// Of what.
    pub of: Resource,
    /// What the plan needs at the least, with the answer's own call.
    pub wanted: u64,
    /// What is left.
    pub left: u64,
    /// The most subgoals worked on by a model for which it would be enough; with none, no plan is.
    pub fits: usize,
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (of, wanted, left) = (self.of.as_str(), self.wanted, self.left);
        write!(f, "the plan needs at least {wanted} {of} and the run has {left} left")
    }
}

/// The outcome of the phase `verify`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    scores: Scores,
    issues: Vec<Issue>,
    by: DecidedBy,
    #[serde(default, skip_serializing_if = "is_default")]
    policy: VerifyPolicy,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shortage: Option<Shortage>,
}

fn is_default(policy: &VerifyPolicy) -> bool {
    *policy == VerifyPolicy::default()
}

impl Verdict {
    /// A verdict from scores and issues by the default policy. Scores are brought into 0 to 1.
    #[must_use]
    pub fn new(scores: Scores, issues: Vec<Issue>, by: DecidedBy) -> Self {
        Self { scores: scores.clean(), issues, by, policy: VerifyPolicy::default(), shortage: None }
    }

    /// The same, judged by this policy.
    #[must_use]
    pub fn under(mut self, policy: VerifyPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// The same, with what the run has too little of.
    #[must_use]
    pub fn short_of(mut self, shortage: Option<Shortage>) -> Self {
        self.shortage = shortage;
        self
    }

    /// Fail below the policy's `retry` and where no plan would fit what the run has left; retry below `pass`, for critical
    /// issues and for a plan that is too large; otherwise pass.
    #[must_use]
    pub fn decision(&self) -> Decision {
        let overall = self.scores.weighted(&self.policy.weights);
        if overall < self.policy.retry || self.shortage.is_some_and(|shortage| shortage.fits == 0) {
            Decision::Fail
        } else if overall < self.policy.pass
            || self.shortage.is_some()
            || self.issues.iter().any(|issue| issue.critical)
        {
            Decision::Retry
        } else {
            Decision::Pass
        }
    }

    /// The plan as one that was verified, if this verdict, which must be the plan's own, lets it pass.
    #[must_use]
    pub fn accept(&self, plan: Arc<Plan>) -> Option<VerifiedPlan> {
        (self.decision() == Decision::Pass).then_some(VerifiedPlan(plan))
    }

    /// The scores.
    #[must_use]
    pub fn scores(&self) -> Scores {
        self.scores
    }

    /// What is wrong with the plan.
    #[must_use]
    pub fn issues(&self) -> &[Issue] {
        &self.issues
    }

    /// What the run has too little of, if the plan needs more.
    #[must_use]
    pub fn shortage(&self) -> Option<Shortage> {
        self.shortage
    }

    /// Who judged.
    #[must_use]
    pub fn by(&self) -> DecidedBy {
        self.by
    }

    /// By what was judged.
    #[must_use]
    pub fn policy(&self) -> &VerifyPolicy {
        &self.policy
    }

    /// What to do better, for the next attempt at planning: the issues; without any, the scores.
    #[must_use]
    pub fn feedback(&self) -> String {
        if self.issues.is_empty() {
            let Scores { completeness, consistency, groundedness, routability } = self.scores;
            return format!(
                "- the plan was scored too low: completeness {completeness:.2}, consistency {consistency:.2}, \
                 groundedness {groundedness:.2}, routability {routability:.2}"
            );
        }
        self.issues.iter().map(|issue| format!("- {}", issue.message)).collect::<Vec<_>>().join("\n")
    }
}

/// A plan that a verdict let pass: the only kind that is routed and executed. [`Verdict::accept`] makes it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct VerifiedPlan(Arc<Plan>);

impl VerifiedPlan {
    /// The plan, shared.
    #[must_use]
    pub fn shared(&self) -> &Arc<Plan> {
        &self.0
    }
}

impl Deref for VerifiedPlan {
    type Target = Plan;

    fn deref(&self) -> &Plan {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Subgoal;

    fn scores(all: f32) -> Scores {
        Scores { completeness: all, consistency: all, groundedness: all, routability: all }
    }

    #[test]
    fn the_decision_follows_from_scores_and_critical_issues() {
        let minor = vec![Issue { critical: false, message: "vague".into() }];
        let major = vec![Issue { critical: true, message: "no agent".into() }];
        let decide = |all, issues| Verdict::new(scores(all), issues, DecidedBy::Rules).decision();
        assert_eq!(decide(0.7, minor), Decision::Pass);
        assert_eq!(decide(0.9, major.clone()), Decision::Retry);
        assert_eq!(decide(0.6, vec![]), Decision::Retry);
        assert_eq!(decide(0.4, major), Decision::Fail);
        assert_eq!(decide(f32::NAN, vec![]), Decision::Fail);
        assert!((scores(7.0).overall() - 1.0).abs() < 1e-6);
        let kept = Verdict::new(scores(f32::INFINITY), vec![], DecidedBy::Model);
        assert!((kept.scores().completeness - 1.0).abs() < 1e-6, "what JSON cannot hold is not kept");
    }

    #[test]
    fn a_policy_of_ones_own_judges_otherwise() {
        let half = Scores { completeness: 0.0, ..scores(1.0) };
        let verdict = Verdict::new(half, vec![], DecidedBy::Rules);
        assert_eq!(verdict.decision(), Decision::Retry);
        let weights = Weights { completeness: 0.1, ..Weights::default() };
        let lenient = verdict.clone().under(VerifyPolicy { weights, ..VerifyPolicy::default() });
        assert_eq!(lenient.decision(), Decision::Pass);
        assert_eq!(verdict.under(VerifyPolicy { retry: 0.65, ..VerifyPolicy::default() }).decision(), Decision::Fail);
        let json = serde_json::to_string(&lenient).unwrap();
        assert_eq!(serde_json::from_str::<Verdict>(&json).unwrap(), lenient);
    }

    #[test]
    fn a_policy_that_judges_nothing_is_refused() {
        let with = |weights, pass, retry| VerifyPolicy { weights, pass, retry, ..VerifyPolicy::default() }.check();
        let none = Weights { completeness: 0.0, consistency: 0.0, groundedness: 0.0, routability: 0.0 };
        let negative = Weights { completeness: -1.0, ..Weights::default() };
        for (weights, pass, retry) in [
            (none, 0.7, 0.5),
            (negative, 0.7, 0.5),
            (Weights { completeness: f32::NAN, ..none }, 0.7, 0.5),
            (Weights::default(), 0.5, 0.7),
            (Weights::default(), f32::NAN, 0.5),
            (Weights::default(), 1.1, 0.5),
        ] {
            let error = with(weights, pass, retry).unwrap_err();
            assert!(error.kind() == ErrorKind::InvalidInput && error.hint_text().is_some(), "{error}");
        }
        VerifyPolicy::default().check().unwrap();
    }

    #[test]
    fn only_a_plan_that_passed_is_a_verified_one() {
        let plan = Arc::new(Plan::try_from(vec![Subgoal::new("a", "find out")]).unwrap());
        let passed = Verdict::new(scores(1.0), vec![], DecidedBy::Rules);
        assert!(Arc::ptr_eq(passed.accept(Arc::clone(&plan)).unwrap().shared(), &plan));
        let short = Shortage { of: Resource::Calls, wanted: 3, left: 2, fits: 1 };
        assert_eq!(passed.clone().short_of(Some(short)).decision(), Decision::Retry);
        assert_eq!(passed.clone().short_of(Some(Shortage { fits: 0, ..short })).decision(), Decision::Fail);
        assert_eq!(passed.short_of(Some(short)).accept(plan), None);
    }
}
