//! Whether a plan may be executed. The decision follows from the scores and the critical issues; nobody hands one in, so
//! a verdict cannot disagree with itself.

use serde::{Deserialize, Serialize};

use crate::assessment::DecidedBy;

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
    /// The weighted mean: completeness .4, the others .2 each (the weights of the SOAR pipeline that Ninefold
    /// succeeds). A score that is not a number counts as 0.
    #[must_use]
    pub fn overall(&self) -> f32 {
        let Self { completeness, consistency, groundedness, routability } = self.clean();
        0.4 * completeness + 0.2 * (consistency + groundedness + routability)
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

/// Something wrong with a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// Whether the plan must not be executed because of it.
    pub critical: bool,
    /// What is wrong and where.
    pub message: String,
}

/// The outcome of the phase `verify`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    scores: Scores,
    issues: Vec<Issue>,
    by: DecidedBy,
}

/// A plan passes at this overall score.
pub const PASS: f32 = 0.7;
/// Below this overall score planning again is pointless.
pub const RETRY: f32 = 0.5;

impl Verdict {
    /// A verdict from scores and issues. Scores are brought into 0 to 1.
    #[must_use]
    pub fn new(scores: Scores, issues: Vec<Issue>, by: DecidedBy) -> Self {
        Self { scores: scores.clean(), issues, by }
    }

    /// Pass at [`PASS`] without critical issues, fail below [`RETRY`], retry between and for critical issues.
    #[must_use]
    pub fn decision(&self) -> Decision {
        let overall = self.scores.overall();
        if overall < RETRY {
            Decision::Fail
        } else if overall < PASS || self.issues.iter().any(|issue| issue.critical) {
            Decision::Retry
        } else {
            Decision::Pass
        }
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

    /// Who judged.
    #[must_use]
    pub fn by(&self) -> DecidedBy {
        self.by
    }

    /// The issues as one text, for the next attempt at planning.
    #[must_use]
    pub fn feedback(&self) -> String {
        self.issues.iter().map(|issue| format!("- {}", issue.message)).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
