//! One text from what was found, every statement with its sources: written by the model where one is given, otherwise quoted.

use std::fmt::Write as _;
use std::sync::Arc;

use ninefold_core::{
    Citation, Complexity, Cx, Degradation, Evidence, Findings, Model, ModelRequest, Phase, Result, Statement,
    StopReason,
};
use serde::{Deserialize, Serialize};

use super::citations::{cited, number, numbered_sources};
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
}

/// A text whose `[n]` refer to its citations, counted from 1.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// The text.
    pub text: String,
    /// What it rests on.
    pub citations: Vec<Citation>,
}

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

/// The answer in the sources' own words: the findings one after another, or, without any, an extract of the evidence.
fn quoted(input: &Synthesis) -> Draft {
    let extracted;
    let mut statements: Vec<&Statement> = input.findings.done.iter().flat_map(|finding| &finding.statements).collect();
    if statements.is_empty() {
        extracted = extract::extract(&input.evidence, input.complexity);
        statements = extracted.iter().collect();
    }
    let mut draft = Draft::default();
    for statement in statements {
        if !draft.text.is_empty() {
            draft.text.push_str("\n\n");
        }
        draft.text.push_str(&statement.text);
        for (n, citation) in statement.citations.iter().enumerate() {
            let gap = if n == 0 { " " } else { "" };
            let _ = write!(draft.text, "{gap}[{}]", number(&mut draft.citations, citation));
        }
    }
    if draft.text.is_empty() {
        draft.text.push_str(NOTHING_FOUND);
    }
    draft
}

async fn written(model: &dyn Model, input: &Synthesis, cx: &Cx, listener: Option<&Listener>) -> Result<Noted<Draft>> {
    let (sources, mut known) = numbered_sources(&input.evidence);
    let mut findings = String::new();
    for finding in &input.findings.done {
        for statement in &finding.statements {
            let _ = write!(findings, "- {} (by {}): {}", finding.subgoal, finding.agent, statement.text);
            for citation in &statement.citations {
                let _ = write!(findings, " [{}]", number(&mut known, citation));
            }
            findings.push('\n');
        }
    }
    for failed in &input.findings.failed {
        let _ = writeln!(findings, "- {} (by {}): nothing, it failed", failed.subgoal, failed.agent);
    }
    let user = fill(
        include_str!("../prompts/synthesize_user.md"),
        &[("question", &input.question), ("sources", &sources), ("findings", &findings)],
    );
    let request = ModelRequest::new(include_str!("../prompts/synthesize.md"), user);
    let completion = match listener {
        Some(listener) => ask_aloud(model, request, cx, listener).await?,
        None => ask(model, request, cx).await?,
    };
    let draft = cited(&completion.text, &known);
    let uncited = draft.citations.is_empty() && !known.is_empty();
    let truncated = completion.stop == StopReason::Length;
    let degradations = [uncited.then_some(Degradation::Uncited), truncated.then_some(Degradation::Truncated)];
    Ok(Noted { value: draft, degradations: degradations.into_iter().flatten().collect() })
}
