//! One text from what was found, every statement with its sources: written by the model where one is given, otherwise quoted.

use std::fmt::Write as _;
use std::sync::Arc;

use ninefold_core::{Citation, Complexity, Cx, Degradation, Evidence, Findings, Model, ModelRequest, Phase, Result};
use serde::{Deserialize, Serialize};

use super::{Noted, ask, extract, fill, model_unusable};

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
}

impl Phase<Synthesis> for Synthesize {
    type Out = Noted<Draft>;

    async fn run(&self, input: Synthesis, cx: &Cx) -> Result<Noted<Draft>> {
        let Some(model) = &self.model else {
            return Ok(Noted::new(quoted(&input)).with(Degradation::Extractive));
        };
        match written(model.as_ref(), &input, cx).await {
            Ok(draft) => Ok(Noted::new(draft)),
            Err(error) if error.ends_run() => Err(error),
            Err(error) => Ok(Noted::new(quoted(&input)).with(model_unusable("synthesize", &error))),
        }
    }
}

/// The answer in the sources' own words: the findings one after another, or, without any, an extract of the evidence.
fn quoted(input: &Synthesis) -> Draft {
    let mut draft = Draft::default();
    for finding in &input.findings.done {
        if !draft.text.is_empty() {
            draft.text.push_str("\n\n");
        }
        let numbers =
            finding.citations.iter().map(|citation| number(&mut draft.citations, citation)).collect::<Vec<_>>();
        let marked = renumber(&finding.text, |n| n.checked_sub(1).and_then(|n| numbers.get(n).copied()));
        draft.text.push_str(&marked.text);
        if !marked.any {
            numbers.iter().for_each(|n| draft.text.push_str(&format!(" [{n}]")));
        }
    }
    if draft.text.is_empty() {
        draft = extract::extract(&input.evidence, input.complexity);
    }
    if draft.text.is_empty() {
        draft.text.push_str(NOTHING_FOUND);
    }
    draft
}

/// The number of a citation in a list, from 1; added when it is not there.
fn number(citations: &mut Vec<Citation>, citation: &Citation) -> usize {
    let at = citations.iter().position(|known| known == citation).unwrap_or_else(|| {
        citations.push(citation.clone());
        citations.len() - 1
    });
    at + 1
}

struct Marked {
    text: String,
    any: bool,
}

/// Replaces every `[n]` by what `to` makes of n; an n that it does not know is taken out.
fn renumber(text: &str, mut to: impl FnMut(usize) -> Option<usize>) -> Marked {
    let mut marked = Marked { text: String::with_capacity(text.len()), any: false };
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        marked.text.push_str(before);
        rest = after;
        match after.split_once(']').and_then(|(n, tail)| Some((n.parse::<usize>().ok()?, tail))) {
            None => marked.text.push('['),
            Some((n, tail)) => {
                rest = tail;
                match to(n) {
                    Some(n) => {
                        let _ = write!(marked.text, "[{n}]");
                        marked.any = true;
                    }
                    None => marked.text.truncate(marked.text.trim_end_matches(' ').len()),
                }
            }
        }
    }
    marked.text.push_str(rest);
    marked
}

/// The most bytes of source text put before the model.
const MAX_SOURCE_BYTES: usize = 32 * 1024;

/// The passages that fit the model's view, numbered, and what the numbers mean.
pub(crate) fn numbered_sources(evidence: &Evidence) -> (String, Vec<Citation>) {
    let mut sources = String::new();
    let mut citations = Vec::new();
    for passage in &evidence.passages {
        let chunk = &passage.chunk;
        if sources.len() + chunk.text.len() > MAX_SOURCE_BYTES {
            break;
        }
        citations.push(Citation { chunk: chunk.id, path: chunk.path.clone(), lines: chunk.lines });
        let _ = writeln!(sources, "[{}] {}:{}\n{}\n", citations.len(), chunk.path, chunk.lines, chunk.text);
    }
    (sources, citations)
}

async fn written(model: &dyn Model, input: &Synthesis, cx: &Cx) -> Result<Draft> {
    let (sources, mut known) = numbered_sources(&input.evidence);
    let mut findings = String::new();
    for finding in &input.findings.done {
        let numbers: Vec<_> = finding.citations.iter().map(|citation| number(&mut known, citation)).collect();
        let marked = renumber(&finding.text, |n| n.checked_sub(1).and_then(|n| numbers.get(n).copied()));
        let _ = writeln!(findings, "- {} (by {}): {}", finding.subgoal, finding.agent, marked.text);
    }
    for failed in &input.findings.failed {
        let _ = writeln!(findings, "- {} (by {}): nothing, it failed", failed.subgoal, failed.agent);
    }
    let user = fill(
        include_str!("../prompts/synthesize_user.md"),
        &[("question", &input.question), ("sources", &sources), ("findings", &findings)],
    );
    let completion = ask(model, ModelRequest::new(include_str!("../prompts/synthesize.md"), user), cx).await?;
    Ok(cited(&completion.text, &known))
}

/// A model's text with the citations it really makes, of those it was given; numbers it invents are taken out.
pub(crate) fn cited(text: &str, known: &[Citation]) -> Draft {
    let mut citations = Vec::new();
    let marked = renumber(text, |n| {
        let citation = known.get(n.checked_sub(1)?)?;
        Some(number(&mut citations, citation))
    });
    Draft { text: marked.text, citations }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_renumbered_and_invented_ones_taken_out() {
        let map = |n: usize| [(7, 1), (2, 2)].into_iter().find(|(from, _)| *from == n).map(|(_, to)| to);
        let marked = renumber("A [7]. B [2][9]. C [3], array[i] and [x", map);
        assert_eq!(marked.text, "A [1]. B [2]. C, array[i] and [x");
        assert!(marked.any);
        assert!(!renumber("no [5]", |_| None).any);
    }
}
