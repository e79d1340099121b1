//! The answer, with how far it can be trusted.

use std::sync::Arc;

use ninefold_core::{
    Answer, Assessment, Cx, Degradation, Evidence, Finding, Findings, Impasse, Phase, PlanOrigin, Result, Verdict,
    WeightedTerm, terms,
};
use serde::Serialize;

use super::citations::{cited_lines, passage_of};
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
            findings: draft.findings,
            groundedness: draft.groundedness,
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

/// Support × groundedness × completeness, each from what happened and within 0 to 1:
///
/// - **support** is the weight of the question's terms that the cited lines hold, over the weight of all its terms; what
///   agents say without lines of the run's evidence to show for it counts half, and so does the cosine of what was found
///   by meaning alone;
/// - **groundedness** is the share of the text's claims that what they cite bears out; 1 for a text that quotes, and for one
///   that claims nothing;
/// - **completeness** is the share of subgoals with a finding, 0 when a critical one has none, and a half at most when no plan
///   passed.
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
    let cited = input.draft.citations.iter().filter_map(|citation| passage_of(citation, &input.evidence));
    let support = shown.unwrap_or_default().max(told / 2.0).max(meaning::support(cited));
    let grounded = input.draft.groundedness.unwrap_or(1.0);
    within(support) * within(grounded) * completeness(input)
}

/// The share of what was to be found out that was.
fn completeness(input: &Response) -> f32 {
    if input.findings.critical_failure().is_some() {
        return 0.0;
    }
    let (done, failed) = (input.findings.done.len() as f32, input.findings.failed.len() as f32);
    let found = if failed > 0.0 { done / (done + failed) } else { 1.0 };
    let rejected = input.degradations.iter().any(|note| matches!(note, Degradation::PlanRejected { .. }));
    if rejected { found.min(0.5) } else { found }
}

/// The number within 0 to 1; what is none counts nothing.
fn within(number: f32) -> f32 {
    if number.is_nan() { 0.0 } else { number.clamp(0.0, 1.0) }
}

/// The share of the terms' weight that the texts hold; `None` without terms.
fn share<'a>(asked: &[WeightedTerm], texts: impl Iterator<Item = &'a str>) -> Option<f32> {
    // A term that memory does not hold at all still was asked for.
    let weight = |term: &WeightedTerm| if term.weight.is_finite() { term.weight.max(0.1) } else { 0.1 };
    let all: f32 = asked.iter().map(weight).sum();
    let part: f32 = asked.iter().zip(held(asked, texts)).filter(|(_, held)| *held).map(|(term, _)| weight(term)).sum();
    (all > 0.0).then(|| part / all)
}

/// Up to so many terms, comparing with each of them is faster than a set of all that the texts hold.
const FEW: usize = 32;

/// Which of the terms the texts hold.
fn held<'a>(asked: &[WeightedTerm], texts: impl Iterator<Item = &'a str>) -> Vec<bool> {
    if asked.len() > FEW {
        let held = terms::distinct_terms(texts);
        return asked.iter().map(|term| held.contains(&term.term)).collect();
    }
    let mut held = vec![false; asked.len()];
    for text in texts {
        terms::for_each_term(text, |term| {
            for (asked, held) in asked.iter().zip(&mut held) {
                *held |= asked.term == term;
            }
        });
    }
    held
}

#[cfg(test)]
mod tests {
    use ninefold_core::{
        Chunk, ChunkId, ChunkKind, Citation, Complexity, DecidedBy, ErrorKind, FailedSubgoal, Lines, Passage, Signals,
        Statement,
    };
    use proptest::prelude::*;

    use super::*;

    fn any_float() -> impl Strategy<Value = f32> {
        prop_oneof![0.0_f32..=1.0, Just(f32::NAN), Just(f32::INFINITY), Just(f32::NEG_INFINITY), any::<f32>()]
    }

    #[test]
    fn few_terms_and_many_are_looked_for_alike() {
        let asked: Vec<WeightedTerm> =
            (0..2 * FEW).map(|n| WeightedTerm { term: format!("word{n}").into(), weight: 1.0 }).collect();
        let texts = ["word3 and Word7, word7", "word40 word63 word64"];
        let many = held(&asked, texts.into_iter());
        let few: Vec<bool> = asked.chunks(FEW).flat_map(|few| held(few, texts.into_iter())).collect();
        assert_eq!(many, few);
        assert_eq!((0..2 * FEW).filter(|n| many[*n]).collect::<Vec<_>>(), [3, 7, 40, 63]);
    }

    fn failed(n: usize, critical: bool) -> FailedSubgoal {
        FailedSubgoal {
            subgoal: format!("f{n}").into(),
            agent: "a".into(),
            critical,
            kind: ErrorKind::Permanent,
            message: String::new(),
            fault: ninefold_core::Fault::Own,
        }
    }

    prop_compose! {
        fn responses()(
            weights in prop::collection::vec(any_float(), 0..4),
            vector in prop::option::of(any_float()),
            groundedness in prop::option::of(any_float()),
            said in prop::collection::vec("(alpha|beta|gamma| )*", 0..4),
            failures in 0_usize..3,
            cites in any::<bool>(),
            rejected in any::<bool>(),
        ) -> Response {
            let terms = ["alpha", "beta", "gamma", "delta"].iter().zip(&weights);
            let terms = terms.map(|(term, weight)| WeightedTerm { term: (*term).into(), weight: *weight }).collect();
            let chunk = Chunk { id: ChunkId(1), lines: Lines::new(1, 1), ..Chunk::new("p", ChunkKind::Text, "alpha beta") };
            let signals = Signals { vector, ..Signals::default() };
            let passage = Passage { signals, ..Passage::new(Arc::new(chunk), 1.0) };
            let citation = Citation { chunk: ChunkId(1), path: "p".into(), lines: Lines::new(1, 1) };
            let done = said.into_iter().enumerate().map(|(n, text)| Finding {
                subgoal: format!("d{n}").into(),
                agent: "a".into(),
                statements: vec![Statement::from(text)],
            });
            Response {
                assessment: Assessment { complexity: Complexity::Complex, confidence: 1.0, reason: String::new(), by: DecidedBy::Rules },
                evidence: Arc::new(Evidence { passages: vec![passage], terms, ..Evidence::default() }),
                verdict: None,
                findings: Arc::new(Findings { done: done.collect(), failed: (0..failures).map(|n| failed(n, false)).collect(), ..Findings::default() }),
                draft: Draft { citations: if cites { vec![citation] } else { vec![] }, groundedness, ..Draft::default() },
                plan_origin: None,
                confidence: None,
                degradations: if rejected { vec![Degradation::PlanRejected { issues: vec![] }] } else { vec![] },
                impasses: vec![],
            }
        }
    }

    proptest! {
        #[test]
        fn confidence_is_a_share_whatever_was_measured(response in responses()) {
            let confidence = confidence(&response);
            prop_assert!((0.0..=1.0).contains(&confidence), "{confidence}");
        }

        #[test]
        fn a_failure_never_raises_it(response in responses(), at in any::<prop::sample::Index>()) {
            let before = confidence(&response);
            let mut findings = (*response.findings).clone();
            findings.failed.push(failed(9, false));
            let more = Response { findings: Arc::new(findings.clone()), ..response.clone() };
            prop_assert!(confidence(&more) <= before, "one more that failed");
            if !response.findings.done.is_empty() {
                findings.done.remove(at.index(response.findings.done.len()));
                let instead = Response { findings: Arc::new(findings), ..response };
                prop_assert!(confidence(&instead) <= before, "one that failed instead");
            }
        }

        #[test]
        fn a_critical_failure_takes_all_of_it(response in responses()) {
            let mut findings = (*response.findings).clone();
            findings.failed.push(failed(9, true));
            prop_assert_eq!(confidence(&Response { findings: Arc::new(findings), ..response }), 0.0);
        }

        #[test]
        fn what_is_not_borne_out_lowers_it(response in responses(), share in 0.0_f32..1.0) {
            let with = |groundedness| {
                let draft = Draft { groundedness, ..response.draft.clone() };
                confidence(&Response { draft, ..response.clone() })
            };
            prop_assert!(with(Some(share)) <= with(Some(1.0)));
            prop_assert_eq!(with(Some(1.0)), with(None));
        }
    }
}
