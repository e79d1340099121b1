//! The answer, with how far it can be trusted.

use std::sync::Arc;

use ninefold_core::{
    Answer, Assessment, Citation, Cx, Degradation, Evidence, Finding, Findings, Impasse, Passage, Phase, PlanOrigin,
    Result, Verdict, WeightedTerm, terms,
};
use serde::Serialize;

use super::meaning;
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
    /// Where the executed plan is from; none when none was.
    pub plan_origin: Option<PlanOrigin>,
    /// How far the answer can be trusted, where that had to be known before.
    pub confidence: Option<f32>,
    /// What was done with less than asked, so far.
    pub degradations: Vec<Degradation>,
    /// What kept the run from going straight on.
    pub impasses: Vec<Impasse>,
}

/// The phase `respond`.
pub struct Respond;

impl Phase<Response> for Respond {
    type Out = Answer;

    async fn run(&self, input: Response, cx: &Cx) -> Result<Answer> {
        let confidence = input.confidence.unwrap_or_else(|| confidence(&input));
        let Response { assessment, verdict, findings, draft, plan_origin, mut degradations, impasses, .. } = input;
        let failed = findings.failed.iter().map(|failed| Degradation::SubgoalFailed { failed: failed.clone() });
        degradations.extend(failed);
        Ok(Answer {
            run: cx.run_id(),
            text: draft.text,
            citations: draft.citations,
            confidence,
            assessment,
            verdict,
            plan_origin,
            degradations,
            impasses,
            profile: (),
        })
    }
}

/// Support times completeness, both from what happened:
///
/// - support is the weight of the question's terms that the cited lines hold, over the weight of all its terms; what
///   agents say without lines of the run's evidence to show for it counts half, and so does the cosine of what was found
///   by meaning alone;
/// - completeness is the share of subgoals with a finding, 0 when a critical one has none, and a half when no plan passed.
pub(crate) fn confidence(input: &Response) -> f32 {
    let quoted = input.draft.citations.iter().filter_map(|citation| cited_lines(citation, &input.evidence));
    let said: Vec<String> = input.findings.done.iter().map(Finding::text).collect();
    let shown = share(&input.evidence.terms, quoted);
    let told = match share(&input.evidence.terms, said.iter().map(String::as_str)) {
        // Nothing was asked of a memory, so there are no weights: the agents' word is all there is.
        None if said.is_empty() => 0.0,
        None => 1.0,
        Some(told) => told,
    };
    let rejected = input.degradations.iter().any(|note| matches!(note, Degradation::PlanRejected { .. }));
    let (done, failed) = (input.findings.done.len() as f32, input.findings.failed.len() as f32);
    let completeness = match input.findings.critical_failure() {
        Some(_) => 0.0,
        None if rejected => 0.5,
        None if failed > 0.0 => done / (done + failed),
        None => 1.0,
    };
    let cited = input.draft.citations.iter().filter_map(|citation| passage_of(citation, &input.evidence));
    shown.unwrap_or_default().max(told / 2.0).max(meaning::support(cited)) * completeness
}

/// The share of the terms' weight that the texts hold; `None` without terms.
fn share<'a>(asked: &[WeightedTerm], texts: impl Iterator<Item = &'a str>) -> Option<f32> {
    // A term that memory does not hold at all still was asked for.
    let weight = |term: &WeightedTerm| term.weight.max(0.1);
    let all: f32 = asked.iter().map(weight).sum();
    let held = terms::distinct_terms(texts);
    let part: f32 = asked.iter().filter(|term| held.contains(&term.term)).map(weight).sum();
    (all > 0.0).then(|| part / all)
}

/// The passage of the evidence that a citation is from.
fn passage_of<'a>(citation: &Citation, evidence: &'a Evidence) -> Option<&'a Passage> {
    evidence.passages.iter().find(|passage| passage.chunk.id == citation.chunk)
}

/// The lines of the evidence that a citation names.
fn cited_lines<'a>(citation: &Citation, evidence: &'a Evidence) -> Option<&'a str> {
    let chunk = &passage_of(citation, evidence)?.chunk;
    let start_of = |line: u32| {
        let breaks = chunk.text.match_indices('\n').map(|(at, _)| at + 1);
        std::iter::once(0)
            .chain(breaks)
            .nth(line.saturating_sub(chunk.lines.first) as usize)
            .unwrap_or(chunk.text.len())
    };
    chunk.text.get(start_of(citation.lines.first)..start_of(citation.lines.last.saturating_add(1)))
}

#[cfg(test)]
mod tests {
    use ninefold_core::{Chunk, ChunkId, ChunkKind, Lines};

    use super::*;

    #[test]
    fn only_the_cited_lines_count() {
        let chunk = Chunk::new("a", ChunkKind::Text, "one\ntwo\nthree");
        let chunk = Chunk { id: ChunkId(1), lines: Lines::new(10, 12), ..chunk };
        let passage = Passage::new(Arc::new(chunk), 1.0);
        let evidence = Evidence { passages: vec![passage], ..Evidence::default() };
        let lines = |first, last, id| {
            let citation = Citation { chunk: ChunkId(id), path: "a".into(), lines: Lines::new(first, last) };
            cited_lines(&citation, &evidence).map(str::to_owned)
        };
        assert_eq!(lines(11, 11, 1).as_deref(), Some("two\n"));
        assert_eq!(lines(10, 12, 1).as_deref(), Some("one\ntwo\nthree"));
        assert_eq!(lines(12, 99, 1).as_deref(), Some("three"));
        assert_eq!(lines(11, 11, 2), None);
    }
}
