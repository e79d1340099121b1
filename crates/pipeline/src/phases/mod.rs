//! The nine phases, one file each, named by its verb. Each file holds the phase's input, its work by rules, and, where a
//! model helps, its work by model.
//!
//! | phase | from | to |
//! |---|---|---|
//! | [`assess`] | the question | how hard it is |
//! | [`retrieve`] | question, complexity | evidence |
//! | [`decompose`] | question, evidence, agents, feedback | a plan |
//! | [`verify`] | the plan | a verdict |
//! | [`route`] | the plan, agents | an agent for every subgoal |
//! | [`collect`] | plan and routes | findings and failures |
//! | [`synthesize`] | findings, evidence | a text with citations |
//! | [`record`] | what was cited, the plan and what came of it | notes in memory, what was learned |
//! | [`respond`] | all of it | the answer |
//!
//! Before `decompose` stands [`recall`]: what was learned from earlier runs may spare it.

mod aloud;
mod ask;
pub mod assess;
pub(crate) mod citations;
pub mod collect;
pub mod decompose;
pub(crate) mod extract;
pub(crate) mod ground;
pub(crate) mod meaning;
pub(crate) mod patience;
mod prompt;
pub mod recall;
pub mod record;
pub mod respond;
pub mod retrieve;
pub mod route;
pub mod synthesize;
pub mod verify;

pub use ask::Listener;
pub(crate) use ask::{ask, ask_aloud, ask_by, ask_json, read_json};
pub(crate) use prompt::fill;

use ninefold_core::{Degradation, Error, ErrorKind};
use serde::{Deserialize, Serialize};

/// A phase's output together with what was done with less than asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Noted<T> {
    /// The output.
    pub value: T,
    /// What was done with less than asked.
    pub degradations: Vec<Degradation>,
    /// How many calls of the model it took; a run has only so many of its own.
    #[serde(default)]
    pub calls: u32,
}

impl<T> Noted<T> {
    /// An output without anything to note.
    pub fn new(value: T) -> Self {
        Self { value, degradations: Vec::new(), calls: 0 }
    }

    /// Adds calls of the model.
    #[must_use]
    pub fn after(mut self, calls: u32) -> Self {
        self.calls += calls;
        self
    }

    /// Adds a degradation.
    #[must_use]
    pub fn with(mut self, degradation: Degradation) -> Self {
        self.degradations.push(degradation);
        self
    }

    /// Moves what is to be noted to `notes` and gives the output.
    pub(crate) fn note(self, notes: &mut Vec<Degradation>) -> T {
        notes.extend(self.degradations);
        self.value
    }
}

/// The note that `phase` went by rules because of `error`.
pub(crate) fn model_unusable(phase: &str, error: &Error) -> Degradation {
    if error.kind() == ErrorKind::OverBudget {
        return Degradation::OverBudget { phase: phase.into(), message: error.to_string() };
    }
    Degradation::ModelUnusable { phase: phase.into(), cause: error.kind(), message: error.to_string() }
}
