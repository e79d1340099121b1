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
//! | [`record`] | what was cited | a note in memory |
//! | [`respond`] | all of it | the answer |

mod aloud;
mod ask;
pub mod assess;
pub(crate) mod citations;
pub mod collect;
pub mod decompose;
pub(crate) mod extract;
pub(crate) mod meaning;
mod prompt;
pub mod record;
pub mod respond;
pub mod retrieve;
pub mod route;
pub mod synthesize;
pub mod verify;

pub use ask::Listener;
pub(crate) use ask::{ask, ask_aloud, ask_json};
pub(crate) use prompt::fill;

use ninefold_core::{Degradation, Error};
use serde::{Deserialize, Serialize};

/// A phase's output together with what was done with less than asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Noted<T> {
    /// The output.
    pub value: T,
    /// What was done with less than asked.
    pub degradations: Vec<Degradation>,
}

impl<T> Noted<T> {
    /// An output without anything to note.
    pub fn new(value: T) -> Self {
        Self { value, degradations: Vec::new() }
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
    Degradation::ModelUnusable { phase: phase.into(), cause: error.kind(), message: error.to_string() }
}
