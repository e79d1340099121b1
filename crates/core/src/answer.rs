//! What comes back: the answer, what it rests on, and what was done with less than asked.

use std::fmt;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::assessment::Assessment;
use crate::error::ErrorKind;
use crate::evidence::{Citation, VectorSearch};
use crate::finding::{CitedFinding, FailedSubgoal};
use crate::id::RunId;
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
    /// What was done with less than asked.
    pub degradations: Vec<Degradation>,
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
            degradations,
            profile: _,
        } = self;
        Answer { run, text, citations, findings, groundedness, confidence, assessment, verdict, degradations, profile }
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
    /// Too little of what the text claims rests on what it cites, and there was no second attempt or it did no better.
    Ungrounded {
        /// The share of claims that are borne out, 0 to 1.
        share: f32,
        /// The first of the claims that are not.
        claims: Vec<String>,
    },
    /// What the run used could not be noted in memory.
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
                write!(f, "{weight} {} failed in agent {}: {}", failed.subgoal, failed.agent, failed.message)
            }
            Self::Truncated => f.write_str("the model reached its output limit, so the text breaks off"),
            Self::Uncited => f.write_str("the model cites none of the sources it was given"),
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
