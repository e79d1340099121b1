//! What understanding sees of a conversation.

use ninefold_core::Result;

use super::state::{State, Waiting};
use super::turn::Turn;
use crate::program::{FlowId, SlotId};
use crate::scope::{Scope, View};
use crate::understand::{Heard, Understood};

/// The open flows and filled slots, as scope and understanding take them.
pub(crate) struct Sight {
    stack: Vec<FlowId>,
    filled: Vec<SlotId>,
    values: Vec<(SlotId, String)>,
}

impl Sight {
    pub(crate) fn of(state: &State) -> Self {
        let below = state.frames.len().saturating_sub(1);
        let values = state.values.iter().filter(|(_, filled)| !filled.original.is_empty());
        Self {
            stack: state.frames.iter().take(below).map(|frame| frame.flow).collect(),
            filled: state.values.keys().copied().collect(),
            values: values.map(|(slot, filled)| (*slot, filled.original.clone())).collect(),
        }
    }

    fn with<T>(&self, turn: &Turn<'_>, message: &str, see: impl FnOnce(View<'_>) -> T) -> T {
        let names = turn.engine.view(&turn.state, turn.now);
        see(self.view(turn, message, &names))
    }

    fn view<'a>(&'a self, turn: &'a Turn<'_>, message: &'a str, names: &'a super::names::View<'a>) -> View<'a> {
        let state = &turn.state;
        View {
            message,
            last_said: &state.last_said,
            active: state.active().map(|frame| frame.flow),
            stack: &self.stack,
            ended: state.ended,
            asked: match state.waiting {
                Some(Waiting::Slot(slot)) => Some(slot),
                _ => None,
            },
            confirming: state.waiting == Some(Waiting::Confirmation),
            filled: &self.filled,
            names,
        }
    }

    pub(crate) fn scope(&self, turn: &Turn<'_>, message: &str) -> Scope {
        self.with(turn, message, |view| Scope::of(&turn.engine.program, &turn.engine.index, &view))
    }

    pub(crate) async fn understand(&self, turn: &Turn<'_>, message: &str, scope: &Scope) -> Result<Understood> {
        let engine = turn.engine;
        let (names, reading) = (engine.view(&turn.state, turn.now), engine.reading(turn.now));
        let heard = Heard {
            view: self.view(turn, message, &names),
            scope,
            program: &engine.program,
            index: &engine.index,
            values: &self.values,
            last_set: turn.state.last_set,
            normalizer: &engine.normalizer,
            reading: &reading,
        };
        engine.understand.understand(&heard, turn.cx).await
    }
}
