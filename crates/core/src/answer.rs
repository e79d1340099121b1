//! What comes back: the answer, what it rests on, and what was done with less than asked.

use std::fmt;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::assessment::Assessment;
use crate::cache_key::Key;
use crate::error::ErrorKind;
use crate::evidence::{Citation, VectorSearch};
use crate::finding::{CitedFinding, FailedSubgoal};
use crate::id::RunId;
use crate::impasse::Impasse;
use crate::verdict::Verdict;

/// The answer to a question. `P` is the account of the run; the pipeline makes answers without one, and whoever
/// records the run adds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer<P = ()> {
    /// The run that made it.
    pub run: RunId,
    /// The text; `[n]` in it refers to the n-th citation, counted from 1, and past the last citation to the cited findings in
    /// their order: with two citations, `[3]` is the first finding.
    pub text: String,
    /// The places the text rests on.
    pub citations: Vec<Citation>,
    /// What agents said without a place to show for it, as far as the text rests on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<CitedFinding>,
    /// The share of what the text claims that what it cites bears out, by rules, 0 to 1; `None` where the text quotes its
    /// sources, and where it claims nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groundedness: Option<f32>,
    /// How far the answer can be trusted, 0 to 1; computed from what happened, see `pipeline::phases::respond`.
    pub confidence: f32,
    /// How hard the question was held to be.
    pub assessment: Assessment,
    /// How the last plan was judged, the one that was executed unless [`Degradation::PlanRejected`] says otherwise;
    /// `None` when the question needed no plan.
    pub verdict: Option<Verdict>,
    /// Where the executed plan is from; `None` when none was executed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_origin: Option<PlanOrigin>,
    /// What was done with less than asked.
    pub degradations: Vec<Degradation>,
    /// What kept the run from going straight on, in the order met, and what was done about it.
    #[serde(default)]
    pub impasses: Vec<Impasse>,
    /// The account of the run.
    pub profile: P,
}

impl<P> Answer<P> {
    /// The same answer with another account of the run.
    pub fn with_profile<Q>(self, profile: Q) -> Answer<Q> {
        let Self {
            run,
            text,
            citations,
            findings,
            groundedness,
            confidence,
            assessment,
            verdict,
            plan_origin,
            degradations,
            impasses,
            profile: _,
        } = self;
        Answer {
            run,
            text,
            citations,
            findings,
            groundedness,
            confidence,
            assessment,
            verdict,
            plan_origin,
            degradations,
            impasses,
            profile,
        }
    }
}

/// Where a plan is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum PlanOrigin {
    /// It was made for the question.
    Decomposition,
    /// It had solved the same question before.
    Pattern {
        /// The pattern.
        key: Key,
    },
}

impl PlanOrigin {
    /// The name in lower case, as in JSON and spans.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Decomposition => "decomposition",
            Self::Pattern { .. } => "pattern",
        }
    }
}

/// One thing that was done with less than asked, or not at all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Degradation {
    /// No model is configured; the text quotes what was found.
    Extractive,
    /// The question has no letters, digits or symbols to search for.
    NothingToSearch,
    /// Nothing visible to this run matches the question.
    NoEvidence,
    /// A model was asked and its reply could not be used; rules did the phase's work.
    ModelUnusable {
        /// The phase that asked.
        phase: SmolStr,
        /// The class of the failure.
        cause: ErrorKind,
        /// What happened.
        message: String,
    },
    /// A budget (of the run, of more than it, or of an agent) did not hold what a phase wanted to spend: rules did its work, or what
    /// agents were to find is missing.
    OverBudget {
        /// The phase.
        phase: SmolStr,
        /// Which limit, and what was spent.
        message: String,
    },
    /// A limit of the run's budget is nearly or wholly spent. Nothing was left out for it.
    NearBudget {
        /// Which limit, and what was spent.
        message: String,
    },
    /// Calls of models that have no known price are not in the run's cost.
    Unpriced {
        /// How many.
        calls: u64,
    },
    /// The search was to go by meaning as well, and went by words alone.
    WordsOnly {
        /// Why.
        cause: VectorSearch,
    },
    /// No plan passed verification; the answer was made from the evidence alone.
    PlanRejected {
        /// The critical issues of the last verdict.
        issues: Vec<String>,
    },
    /// A subgoal has no finding.
    SubgoalFailed {
        /// Which and why.
        failed: FailedSubgoal,
    },
    /// The model reached its output limit; the text breaks off.
    Truncated,
    /// The model wrote the answer without citing any of the sources it was given.
    Uncited,
    /// The model objected to a plan, and the one made instead was judged by its structure alone: there was no call left for more.
    PlanUnchecked,
    /// What was learned earlier could not be looked up, so the question was planned anew.
    NotRecalled {
        /// What happened.
        message: String,
    },
    /// What subgoals mean could not be compared with what agents' examples mean: words alone chose the agents.
    RoutedByWords {
        /// What happened.
        message: String,
    },
    /// Too little of what the text claims rests on what it cites, and there was no second attempt or it did no better.
    Ungrounded {
        /// The share of claims that are borne out, 0 to 1.
        share: f32,
        /// The first of the claims that are not.
        claims: Vec<String>,
    },
    /// What the run used, or has taught, could not be noted in memory.
    NotRecorded {
        /// What happened.
        message: String,
    },
}

impl fmt::Display for Degradation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Extractive => f.write_str("no model is configured, so the answer quotes what was found"),
            Self::NothingToSearch => f.write_str("the question holds no word, number or symbol to search for"),
            Self::NoEvidence => f.write_str("nothing that this run may see matches the question"),
            Self::ModelUnusable { phase, message, .. } => {
                write!(f, "{phase} went by rules, because the model's reply could not be used: {message}")
            }
            Self::OverBudget { phase, message } => write!(f, "{phase} could not spend what it wanted: {message}"),
            Self::NearBudget { message } => f.write_str(message),
            Self::Unpriced { calls: 1 } => f.write_str("one call of a model without a known price is not in the cost"),
            Self::Unpriced { calls } => {
                write!(f, "{calls} calls of models without a known price are not in the cost")
            }
            Self::WordsOnly { cause: VectorSearch::EmbedderFailed } => {
                f.write_str("the question could not be embedded, so the search went by words alone")
            }
            Self::WordsOnly { .. } => {
                f.write_str("nothing that this run may see is embedded, so the search went by words alone")
            }
            Self::PlanRejected { issues } => {
                write!(f, "no plan passed verification ({}), so the evidence alone was used", issues.join("; "))
            }
            Self::SubgoalFailed { failed } => {
                let weight = if failed.critical { "critical subgoal" } else { "subgoal" };
                write!(f, "{weight} {} failed", failed.subgoal)?;
                if !failed.agent.is_empty() {
                    write!(f, " in agent {}", failed.agent)?;
                }
                write!(f, ": {}", failed.message)
            }
            Self::Truncated => f.write_str("the model reached its output limit, so the text breaks off"),
            Self::Uncited => f.write_str("the model cites none of the sources it was given"),
            Self::PlanUnchecked => {
                f.write_str("the plan that was made after an objection was judged by its structure alone")
            }
            Self::RoutedByWords { message } => write!(f, "agents were chosen by words alone: {message}"),
            Self::NotRecalled { message } => write!(f, "what was learned earlier could not be looked up: {message}"),
            Self::Ungrounded { share, claims } => {
                let share = share * 100.0;
                write!(f, "best effort: {share:.0} % of what the answer claims rests on what it cites")?;
                for (n, claim) in claims.iter().enumerate() {
                    write!(f, "{} {claim:?}", if n == 0 { "; not so:" } else { "," })?;
                }
                Ok(())
            }
            Self::NotRecorded { message } => write!(f, "the run was not noted in memory: {message}"),
        }
    }
}
