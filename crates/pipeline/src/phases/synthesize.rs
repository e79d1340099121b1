//! One text from what was found, every statement with its sources: written by the model where one is given, otherwise quoted.
//!
//! What a model wrote is held against what it cites (`ground`). Where too little of it rests on that, the model is told which
//! statements do not and writes once more, if the run's model calls leave room ([`Synthesis::may_write_again`]); the better of
//! the two is the answer, and is labelled as best effort when it still falls short. Who hears the text while it is written
//! hears the first attempt alone: the second one is not told aloud, and the answer in the end is all that counts, as it is
//! for the numbers of citations.

use std::fmt::Write as _;
use std::sync::Arc;

use ninefold_core::{
    Citation, CitedFinding, Completion, Complexity, Cx, Degradation, Evidence, Finding, Findings, Model, ModelRequest,
    Phase, Result, Statement, StopReason,
};
use serde::{Deserialize, Serialize};

use super::citations::{Given, cited, cited_lines, number, numbered_sources};
use super::ground::{Ground, ground};
use super::{Listener, Noted, ask, ask_aloud, extract, fill, model_unusable};

/// What the phase `synthesize` works on.
#[derive(Debug, Clone, Serialize)]
pub struct Synthesis {
    /// The question, normalized.
    pub question: Arc<str>,
    /// How hard it is.
    pub complexity: Complexity,
    /// What memory holds on the question.
    pub evidence: Arc<Evidence>,
    /// What agents found; empty when none were called.
    pub findings: Arc<Findings>,
    /// How many calls of the model the text may take.
    pub calls: u32,
}

impl Synthesis {
    /// Whether there is a call for a second attempt at the text.
    #[must_use]
    pub fn may_write_again(&self) -> bool {
        self.calls >= 2
    }
}

/// A text whose `[n]` refer to its citations, counted from 1, and past them to its findings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// The text.
    pub text: String,
    /// The places it rests on.
    pub citations: Vec<Citation>,
    /// What it rests on that agents said without a place to show for it.
    #[serde(default)]
    pub findings: Vec<CitedFinding>,
    /// The share of what a model claims in it that what it cites bears out; none where nobody checked or nothing is claimed.
    #[serde(default)]
    pub groundedness: Option<f32>,
}

/// Below this share of claims that are borne out the model writes once more, and the answer is best effort.
pub const GROUNDED: f32 = 0.6;

/// What is said when there is nothing to say.
pub const NOTHING_FOUND: &str = "The sources hold nothing on this question.";

/// The phase `synthesize`.
pub struct Synthesize {
    /// Who writes.
    pub model: Option<Arc<dyn Model>>,
    /// Who hears the text while it is written, before its citations are checked and numbered.
    pub listener: Option<Listener>,
}

impl Phase<Synthesis> for Synthesize {
    type Out = Noted<Draft>;

    async fn run(&self, input: Synthesis, cx: &Cx) -> Result<Noted<Draft>> {
        let Some(model) = &self.model else {
            return Ok(Noted::new(quoted(&input)).with(Degradation::Extractive));
        };
        match written(model.as_ref(), &input, cx, self.listener.as_ref()).await {
            Ok(draft) => Ok(draft),
            Err(error) if error.ends_run() => Err(error),
            Err(error) => Ok(Noted::new(quoted(&input)).with(model_unusable("synthesize", &error))),
        }
    }
}

/// The answer in the sources' own words: the findings one after another, or, without any, an extract of the evidence. Every
/// statement is marked with the places it is from, or else with the finding it is.
fn quoted(input: &Synthesis) -> Draft {
    let extracted;
    let finding = |finding: &Finding, statement: &Statement| cited_finding(finding, statement);
    let mut statements: Vec<(&Statement, Option<CitedFinding>)> = input
        .findings
        .done
        .iter()
        .flat_map(|found| found.statements.iter().map(move |statement| (statement, finding(found, statement))))
        .collect();
    if statements.is_empty() {
        extracted = extract::extract(&input.evidence, input.complexity);
        statements = extracted.iter().map(|statement| (statement, None)).collect();
    }
    let mut draft = Draft::default();
    for citation in statements.iter().flat_map(|(statement, _)| &statement.citations) {
        number(&mut draft.citations, citation);
    }
    for (statement, finding) in statements {
        if !draft.text.is_empty() {
            draft.text.push_str("\n\n");
        }
        draft.text.push_str(&statement.text);
        let mut gap = " ";
        for citation in &statement.citations {
            let _ = write!(draft.text, "{gap}[{}]", number(&mut draft.citations, citation));
            gap = "";
        }
        if let Some(finding) = finding {
            draft.findings.push(finding);
            let _ = write!(draft.text, " [{}]", draft.citations.len() + draft.findings.len());
        }
    }
    if draft.text.is_empty() {
        draft.text.push_str(NOTHING_FOUND);
    }
    draft
}

/// What an agent said, where it has no place to show for it.
fn cited_finding(finding: &Finding, statement: &Statement) -> Option<CitedFinding> {
    let said = || CitedFinding {
        subgoal: finding.subgoal.clone(),
        agent: finding.agent.clone(),
        text: statement.text.clone(),
    };
    (statement.citations.is_empty() && !statement.text.trim().is_empty()).then(said)
}

async fn written(model: &dyn Model, input: &Synthesis, cx: &Cx, listener: Option<&Listener>) -> Result<Noted<Draft>> {
    let Sources { text: sources, findings, given } = Sources::of(input);
    let user = fill(
        include_str!("../prompts/synthesize_user.md"),
        &[("question", &input.question), ("sources", &sources), ("findings", &findings)],
    );
    let request = || ModelRequest::new(include_str!("../prompts/synthesize.md"), user.as_str());
    let completion = ask_aloud(model, request(), cx, listener).await?;
    let mut calls = 1;
    let mut best = Attempt::of(&completion, input, &given);
    if best.falls_short() && input.may_write_again() {
        let claims: String = best.ground.unsupported.iter().fold(String::new(), |mut claims, claim| {
            let _ = writeln!(claims, "- {claim}");
            claims
        });
        let again =
            fill(include_str!("../prompts/synthesize_again.md"), &[("text", &completion.text), ("claims", &claims)]);
        let request = ModelRequest::new(include_str!("../prompts/synthesize.md"), format!("{user}\n{again}"));
        calls += 1;
        match ask(model, request, cx).await {
            Ok(completion) => {
                let second = Attempt::of(&completion, input, &given);
                if second.worth() > best.worth() {
                    best = second;
                }
            }
            Err(error) if error.ends_run() => return Err(error),
            // The first attempt is there, and is labelled for what it is.
            Err(_) => {}
        }
    }
    let falls_short = best.falls_short();
    let Attempt { draft, ground, truncated } = best;
    let uncited = draft.citations.is_empty() && draft.findings.is_empty() && !given.is_empty();
    let ungrounded = || Degradation::Ungrounded {
        share: draft.groundedness.unwrap_or_default(),
        claims: ground.unsupported.clone(),
    };
    let degradations = [
        uncited.then_some(Degradation::Uncited),
        falls_short.then(ungrounded),
        truncated.then_some(Degradation::Truncated),
    ];
    let degradations = degradations.into_iter().flatten().collect();
    Ok(Noted { value: draft, degradations, calls })
}

/// What the model is given, and what the numbers in it mean.
struct Sources {
    text: String,
    findings: String,
    given: Given,
}

impl Sources {
    fn of(input: &Synthesis) -> Self {
        let (text, mut known) = numbered_sources(&input.evidence);
        // Places first, so that findings are numbered past them.
        for citation in input.findings.done.iter().flat_map(|found| &found.statements).flat_map(|said| &said.citations)
        {
            number(&mut known, citation);
        }
        let mut said_alone = Vec::new();
        let mut findings = String::new();
        for finding in &input.findings.done {
            for statement in &finding.statements {
                let _ = write!(findings, "- {} (by {}): {}", finding.subgoal, finding.agent, statement.text);
                for citation in &statement.citations {
                    let _ = write!(findings, " [{}]", number(&mut known, citation));
                }
                if let Some(said) = cited_finding(finding, statement) {
                    said_alone.push(said);
                    let _ = write!(findings, " [{}]", known.len() + said_alone.len());
                }
                findings.push('\n');
            }
        }
        for failed in &input.findings.failed {
            let _ = writeln!(findings, "- {} (by {}): nothing, it failed", failed.subgoal, failed.agent);
        }
        Self { text, findings, given: Given { places: known, findings: said_alone } }
    }
}

/// What the model wrote, and how far it rests on what it cites.
struct Attempt {
    draft: Draft,
    ground: Ground,
    truncated: bool,
}

impl Attempt {
    fn of(completion: &Completion, input: &Synthesis, given: &Given) -> Self {
        let mut draft = cited(&completion.text, given);
        let ground = ground(&draft.text, &supports(&draft, input), &input.question);
        draft.groundedness = ground.share();
        Self { draft, ground, truncated: completion.stop == StopReason::Length }
    }

    fn falls_short(&self) -> bool {
        self.draft.groundedness.is_some_and(|share| share < GROUNDED)
    }

    /// What one attempt is compared with another by: an answer that claims nothing is no better than one that claims and
    /// shows half.
    fn worth(&self) -> f32 {
        let share = self.draft.groundedness.unwrap_or(0.5);
        if self.truncated { share / 2.0 } else { share }
    }
}

/// The texts that may bear a claim that cites each number: the lines of a place and what agents said from it, or a finding.
fn supports<'a>(draft: &'a Draft, input: &'a Synthesis) -> Vec<Vec<&'a str>> {
    let said = || input.findings.done.iter().flat_map(|found| &found.statements);
    let places = draft.citations.iter().map(|citation| {
        let from_it = said().filter(|said| said.citations.contains(citation)).map(|said| said.text.as_str());
        cited_lines(citation, &input.evidence).into_iter().chain(from_it).collect()
    });
    places.chain(draft.findings.iter().map(|finding| vec![finding.text.as_str()])).collect()
}
