//! The answer, with how far it can be trusted.

use std::sync::Arc;

use ninefold_core::{Answer, Assessment, Cx, Degradation, Evidence, Findings, Passage, Phase, Result, Verdict, terms};
use serde::Serialize;

use super::synthesize::Draft;

/// What the phase `respond` works on.
#[derive(Debug, Clone, Serialize)]
pub struct Response {
    /// How hard the question was held to be.
    pub assessment: Assessment,
    /// What memory held on it.
    pub evidence: Arc<Evidence>,
    /// How the executed plan was judged.
    pub verdict: Option<Verdict>,
    /// What agents found and what failed.
    pub findings: Arc<Findings>,
    /// The text.
    pub draft: Draft,
    /// What was done with less than asked, so far.
    pub degradations: Vec<Degradation>,
}

/// The phase `respond`.
pub struct Respond;

impl Phase<Response> for Respond {
    type Out = Answer;

    async fn run(&self, input: Response, cx: &Cx) -> Result<Answer> {
        let confidence = confidence(&input);
        let Response { assessment, verdict, findings, draft, mut degradations, evidence: _ } = input;
        let failed = findings.failed.iter().map(|failed| Degradation::SubgoalFailed { failed: failed.clone() });
        degradations.extend(failed);
        Ok(Answer {
            run: cx.run_id(),
            text: draft.text,
            citations: draft.citations,
            confidence,
            assessment,
            verdict,
            degradations,
            profile: (),
        })
    }
}

/// Support times completeness, both from what happened:
///
/// - support is the weight of the question's terms that the cited passages hold, over the weight of all its terms; when
///   nothing is cited but agents found something, the same of what they found;
/// - completeness is the share of subgoals with a finding, and 0 when a critical one has none.
fn confidence(input: &Response) -> f32 {
    let all: f32 = input.evidence.terms.iter().map(|term| term.weight.max(0.1)).sum();
    let cites = |passage: &&Passage| input.draft.citations.iter().any(|citation| citation.chunk == passage.chunk.id);
    let cited = input.evidence.passages.iter().filter(cites).flat_map(|p| [p.chunk.title.as_str(), &p.chunk.text]);
    let held = if input.draft.citations.is_empty() {
        terms::distinct_terms(input.findings.done.iter().map(|finding| finding.text.as_str()))
    } else {
        terms::distinct_terms(cited)
    };
    let mut support = 0.0;
    if all > 0.0 {
        let held = input.evidence.terms.iter().filter(|term| held.contains(&term.term));
        support = held.map(|term| term.weight.max(0.1)).sum::<f32>() / all;
    } else if !input.findings.done.is_empty() {
        // No store, so no weights: the agents' word is all there is.
        support = 0.5;
    }
    let (done, failed) = (input.findings.done.len() as f32, input.findings.failed.len() as f32);
    let completeness = match input.findings.critical_failure() {
        Some(_) => 0.0,
        None if failed > 0.0 => done / (done + failed),
        None => 1.0,
    };
    support * completeness
}
