//! From a message to commands. Whoever understands, rules ([`Rules`]), a model ([`ByModel`]), rules first and a model where they
//! are unsure ([`Hybrid`]), or a script ([`Scripted`]), answers with commands of the closed set that the turn's scope allows,
//! and says why.

pub(crate) mod evidence;
mod hybrid;
pub mod line;
mod model;
mod prompt;
mod rules;
mod scripted;

use async_trait::async_trait;
use ninefold_core::{Cx, Result};
use serde::{Deserialize, Serialize};

use crate::command::{CannotHandle, Command};
use crate::normalize::{Normalizer, Reading};
use crate::program::{Program, SlotId};
use crate::scope::{Index, Scope, View};
use crate::secret::Secrets;

pub use hybrid::Hybrid;
pub use model::ByModel;
pub use rules::Rules;
pub(crate) use rules::{Role, folded};
pub use scripted::Scripted;

/// A message, and all that may be known to understand it.
#[derive(Clone, Copy)]
pub struct Heard<'a> {
    /// The message and where the dialogue stands; the same that the scope was made from.
    pub view: View<'a>,
    /// What this turn may see.
    pub scope: &'a Scope,
    /// The definition.
    pub program: &'a Program,
    /// Its index.
    pub index: &'a Index,
    /// The values of filled slots, in the words in which they were said.
    pub values: &'a [(SlotId, String)],
    /// The slot that got its value last.
    pub last_set: Option<SlotId>,
    /// Reads values.
    pub normalizer: &'a Normalizer,
    /// How they are read.
    pub reading: &'a Reading,
    /// What no model may see: what is shown to one goes through [`Secrets::hide`] before. `view.last_said` has been there.
    pub secrets: &'a Secrets,
}

/// Who understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum By {
    /// Rules.
    Rules,
    /// A model.
    Model,
    /// A script.
    Script,
    /// Nobody had to: the host did it.
    Host,
}

/// What a message asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Understood {
    /// The commands, in the order in which they are to be done. None: the message changes nothing ("don't cancel").
    pub commands: Vec<Command>,
    /// Why each of them is here: as long as `commands`.
    pub why: Vec<String>,
    /// Who understood.
    pub by: By,
    /// Whether whoever understood has no doubt; rules that are unsure leave the message to a model, if there is one.
    pub sure: bool,
    /// What was understood and refused, and why.
    pub refused: Vec<String>,
}

impl Understood {
    /// Nothing yet.
    #[must_use]
    pub fn nothing(by: By) -> Self {
        Self { commands: Vec::new(), why: Vec::new(), by, sure: true, refused: Vec::new() }
    }

    /// With one more command.
    #[must_use]
    pub fn with(mut self, command: Command, why: impl Into<String>) -> Self {
        self.push(command, why);
        self
    }

    /// That the message could not be handled.
    #[must_use]
    pub fn cannot(by: By, reason: CannotHandle, why: impl Into<String>) -> Self {
        Self { sure: false, ..Self::nothing(by) }.with(Command::CannotHandle { reason }, why)
    }

    pub(crate) fn push(&mut self, command: Command, why: impl Into<String>) {
        if !self.commands.contains(&command) {
            self.commands.push(command);
            self.why.push(why.into());
        }
    }

    /// Only what the scope allows, and values of flows that are started with them; a refused start refuses all, for what else was
    /// said belonged to it.
    #[must_use]
    pub fn within(mut self, scope: &Scope, program: &Program) -> Self {
        let scope = &scope.started_by(&self.commands, program);
        let mut kept = Self { commands: Vec::new(), why: Vec::new(), ..self.clone() };
        let mut starts_outside = false;
        for (command, why) in self.commands.drain(..).zip(self.why.drain(..)) {
            match scope.allows(&command) {
                Ok(()) => kept.push(command, why),
                Err(refusal) => {
                    starts_outside |= matches!(command, Command::Start { .. });
                    kept.refused.push(refusal.to_string());
                }
            }
        }
        if kept.refused.is_empty() || !(starts_outside || kept.commands.is_empty()) {
            return kept;
        }
        let why = kept.refused.join("; ");
        Self { refused: kept.refused, ..Self::cannot(kept.by, CannotHandle::OutOfScope, why) }
    }
}

/// Understands messages.
#[async_trait]
pub trait Understand: Send + Sync {
    /// What a message asks for. What could not be understood is a command, too: [`Command::CannotHandle`].
    ///
    /// # Errors
    /// What ends the run: cancellation, a deadline, a budget. After another error, or a panic, the conversation goes on with
    /// `pattern_internal_error`.
    async fn understand(&self, heard: &Heard<'_>, cx: &Cx) -> Result<Understood>;
}

#[cfg(test)]
pub(crate) mod tests;
