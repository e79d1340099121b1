//! How hard is the question? By its features first, in microseconds; by the model only when the features leave it open.
//!
//! | file | what it holds |
//! |---|---|
//! | `lexicon` | the words that tell something, by what they tell |
//! | `cues` | what a word can tell, and how it is looked up |
//! | `reading` | a question folded to plain letters, and what stands where in it |
//! | `features` | the features with their weights |
//! | `rules` | from features to a level, with a reason |
//!
//! `data/assess.jsonl` holds labelled questions. Those on its odd lines are kept apart: nothing here was set by them.

mod cues;
mod features;
mod lexicon;
mod reading;
mod rules;

use std::sync::Arc;

use ninefold_core::{Assessment, Complexity, Cx, DecidedBy, Model, ModelRequest, Phase, Result};
use serde::Deserialize;

use super::recall::Learning;
use super::{Noted, ask_json, fill, model_unusable};

pub use rules::by_rules;

/// Below this confidence of the rules a model, if there is one, decides. On the developing half, 93 of 100 questions reach it,
/// and of these 98 of 100 are right.
pub const SURE: f32 = 0.6;

/// The phase `assess`.
pub struct Assess {
    /// Who is asked when the rules are unsure.
    pub model: Option<Arc<dyn Model>>,
    /// What may know how hard the question was before, which spares the model.
    pub(crate) learning: Option<Learning>,
}

impl Assess {
    /// Assesses by rules, and by this model where they are unsure.
    #[must_use]
    pub fn new(model: Option<Arc<dyn Model>>) -> Self {
        Self { model, learning: None }
    }
}

impl Phase<Arc<str>> for Assess {
    type Out = Noted<Assessment>;

    async fn run(&self, question: Arc<str>, cx: &Cx) -> Result<Noted<Assessment>> {
        let by_rules = by_rules(&question);
        let Some(model) = self.model.as_ref().filter(|_| by_rules.confidence < SURE) else {
            return Ok(Noted::new(by_rules));
        };
        if let Some(learning) = &self.learning
            && let Some(before) = learning.complexity_of(&question, cx).await
        {
            let complexity = before.max(by_rules.complexity);
            let reason = format!("{}; was held to be {} when it was asked before", by_rules.reason, before.as_str());
            return Ok(Noted::new(Assessment { complexity, confidence: SURE, reason, by: DecidedBy::Rules }));
        }
        match by_model(model.as_ref(), &question, cx).await {
            Ok(assessment) => Ok(Noted::new(assessment)),
            Err(error) if error.ends_run() => Err(error),
            Err(error) => Ok(Noted::new(by_rules).with(model_unusable("assess", &error))),
        }
    }
}

/// Whether the rules leave it open how hard a question is.
pub(crate) fn leaves_open(question: &str) -> bool {
    by_rules(question).confidence < SURE
}

/// Makes what the rules look words up in, so that the first question does not pay for it.
pub(crate) fn prepare() {
    cues::prepare();
}

#[derive(Deserialize)]
struct Opinion {
    complexity: Complexity,
    confidence: f32,
    reason: String,
}

async fn by_model(model: &dyn Model, question: &str, cx: &Cx) -> Result<Assessment> {
    let request =
        ModelRequest::new(include_str!("../../prompts/assess.md"), fill("{{question}}", &[("question", question)]));
    let Opinion { complexity, confidence, reason } = ask_json(model, request, cx).await?;
    let confidence = if confidence.is_nan() { 0.0 } else { confidence.clamp(0.0, 1.0) };
    Ok(Assessment { complexity, confidence, reason, by: DecidedBy::Model })
}
