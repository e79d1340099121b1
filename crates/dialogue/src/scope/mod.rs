//! What a turn may see: which flows can be started, which slots can be given, which actions can run. Guards and what is internal
//! decide what is visible at all; state and words decide what of it is offered. It is a boundary and not a hint:
//! [`Scope::allows`] is asked again for every command that was understood, whoever understood it.

mod index;
mod offer;
mod reason;
mod view;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde::Serialize;
use smol_str::SmolStr;

use crate::command::Command;
use crate::program::{ActionId, FlowId, Program, SlotId};

pub use index::{Index, Scores, Words};
pub use reason::{Reason, Refusal};
pub use view::{Bounds, Guards, View};

pub(crate) use index::{SlotWords, beginning, fold, has};

/// A flow that can be started.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OfferedFlow {
    /// Its number.
    pub id: FlowId,
    /// Its name.
    pub name: SmolStr,
    /// How much message and last utterance are about it; the unit is that of [`Bounds::weak`].
    pub score: f32,
    /// How much the message alone is about it.
    pub said: f32,
    /// Why it is here.
    pub reason: Reason,
}

/// A slot that can be given, corrected or cleared, under its plain name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OfferedSlot {
    /// Its name.
    pub name: SmolStr,
    /// The slots of this name in view: that of the active flow first, then of flows that may be started. At least one.
    pub ids: Vec<SlotId>,
    /// Whether the first of them has a value.
    pub filled: bool,
    /// Why it is here.
    pub reason: Reason,
}

/// What a turn may see.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scope {
    /// The flows that can be started, the likeliest first.
    pub flows: Vec<OfferedFlow>,
    /// The slots that can be given: what was asked first, then the active flow's, then those of flows that may be started.
    pub slots: Vec<OfferedSlot>,
    /// The filled slots of interrupted flows that the message does not name: shown to nobody, and corrected by who knows of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub interrupted: Vec<OfferedSlot>,
    /// The actions that flows may run in this turn. Users and models are never offered one.
    pub actions: Vec<ActionId>,
    /// The flows that are open, the active one last.
    pub open: Vec<SmolStr>,
    /// The slot that was asked for.
    pub asked: Option<SlotId>,
    /// Whether a question of yes or no is open.
    pub confirming: bool,
}

impl Scope {
    /// The scope of a turn.
    #[must_use]
    pub fn of(program: &Program, index: &Index, view: &View<'_>) -> Self {
        Self::within(program, index, view, &Bounds::default())
    }

    /// The scope of a turn that offers more or less.
    #[must_use]
    pub fn within(program: &Program, index: &Index, view: &View<'_>, bounds: &Bounds) -> Self {
        offer::offer(program, index, view, bounds)
    }

    /// With the slots of the flows that these commands start, as far as they may be started: who starts a flow may fill it. Behind
    /// a restart, no flow is open any more.
    #[must_use]
    pub fn started_by(&self, commands: &[Command], program: &Program) -> Cow<'_, Self> {
        let mut scope = Cow::Borrowed(self);
        for command in commands {
            if *command == Command::Restart {
                scope.to_mut().startable_again(program);
            }
            let Command::Start { flow } = command else { continue };
            let Some(id) = self.flow(flow).map(|offered| offered.id) else { continue };
            for slot in program.flow(id).map(|flow| flow.reaches.as_slice()).unwrap_or_default() {
                let Some(of) = program.slot(*slot).filter(|slot| !slot.internal) else { continue };
                if scope.slots.iter().any(|offered| offered.ids.contains(slot)) {
                    continue;
                }
                let scope = scope.to_mut();
                match scope.slots.iter_mut().find(|offered| offered.name == of.name) {
                    Some(offered) => offered.ids.push(*slot),
                    None => scope.slots.push(OfferedSlot {
                        name: of.name.clone(),
                        ids: vec![*slot],
                        filled: false,
                        reason: Reason::Of(flow.clone()),
                    }),
                }
            }
        }
        scope
    }

    fn startable_again(&mut self, program: &Program) {
        for name in self.open.clone() {
            let id = program.flow_named(&name).filter(|id| program.flow(*id).is_some_and(|flow| !flow.internal));
            if let Some(id) = id.filter(|id| self.flows.iter().all(|known| known.id != *id)) {
                self.flows.push(OfferedFlow { id, name, score: 0.0, said: 0.0, reason: Reason::Active });
            }
        }
    }

    /// The flow of this name, if it can be started.
    #[must_use]
    pub fn flow(&self, name: &str) -> Option<&OfferedFlow> {
        self.flows.iter().find(|flow| flow.name == name)
    }

    /// The slot of this name, if it can be given.
    #[must_use]
    pub fn slot(&self, name: &str) -> Option<&OfferedSlot> {
        self.slots.iter().chain(&self.interrupted).find(|slot| slot.name == name)
    }

    /// Whether a flow may run this action in this turn.
    #[must_use]
    pub fn may_run(&self, action: ActionId) -> bool {
        self.actions.binary_search(&action).is_ok()
    }

    /// Whether a command stays within this scope.
    ///
    /// # Errors
    /// What is not in scope.
    pub fn allows(&self, command: &Command) -> Result<(), Refusal> {
        let flow = |name: &SmolStr| self.flow(name).map(|_| ()).ok_or_else(|| Refusal::Flow(name.clone()));
        match command {
            Command::Start { flow: name } => flow(name),
            Command::Clarify { flows } => flows.iter().try_for_each(flow),
            Command::Set { slot, .. } | Command::Correct { slot, .. } | Command::Clear { slot } => {
                self.slot(slot).map(|_| ()).ok_or_else(|| Refusal::Slot(slot.clone()))
            }
            Command::Cancel { flow: Some(name) } if !self.open.contains(name) => Err(Refusal::NotOpen(name.clone())),
            _ => Ok(()),
        }
    }

    /// The names of flows and slots as a model reads them: each once.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.flows.iter().map(|flow| flow.name.as_str()).chain(self.slots.iter().map(|slot| slot.name.as_str()))
    }

    /// About how many tokens the names are: the characters of their list, separated by a comma and a blank, by four.
    #[must_use]
    pub fn tokens(&self) -> usize {
        let characters: usize = self.names().map(|name| name.chars().count() + 2).sum();
        characters.saturating_sub(2) / 4
    }
}
