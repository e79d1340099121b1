//! What understanding sees of a conversation.

use jiff::civil::DateTime;
use ninefold_core::Result;

use super::Engine;
use super::state::{State, Waiting};
use super::turn::Turn;
use crate::expression::Expression;
use crate::program::{FlowId, SlotId};
use crate::scope::{Guards, Scope, View};
use crate::understand::{Heard, Understood};

/// The open flows and filled slots, as scope and understanding take them.
pub(crate) struct Sight {
    stack: Vec<FlowId>,
    filled: Vec<SlotId>,
    values: Vec<(SlotId, String)>,
}

/// Each flow's guard reads that flow's own names.
struct Guarded<'a> {
    engine: &'a Engine,
    state: &'a State,
    now: DateTime,
}

impl Guards for Guarded<'_> {
    fn hold(&self, flow: FlowId, _: &Expression) -> bool {
        self.engine.may_run(flow, self.state, self.now)
    }
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

    fn view<'a>(&'a self, state: &'a State, message: &'a str, guards: &'a Guarded<'a>) -> View<'a> {
        View {
            message,
            last_said: state.last_shown.as_deref().unwrap_or(&state.last_said),
            active: state.active().map(|frame| frame.flow),
            stack: &self.stack,
            ended: state.ended,
            asked: match state.waiting {
                Some(Waiting::Slot(slot)) => Some(slot),
                _ => None,
            },
            confirming: state.waiting == Some(Waiting::Confirmation),
            choices: if state.waiting == Some(Waiting::Choice) { &state.choices } else { &[] },
            filled: &self.filled,
            guards,
        }
    }

    /// What a message that comes in this state may see.
    pub(crate) fn scope(&self, engine: &Engine, state: &State, now: DateTime, message: &str) -> Scope {
        let guards = Guarded { engine, state, now };
        Scope::of(&engine.program, &engine.index, &self.view(state, message, &guards))
    }

    pub(crate) async fn understand(&self, turn: &Turn<'_>, message: &str, scope: &Scope) -> Result<Understood> {
        let engine = turn.engine;
        let guards = Guarded { engine, state: &turn.state, now: turn.now };
        let reading = engine.reading(turn.now);
        let heard = Heard {
            view: self.view(&turn.state, message, &guards),
            scope,
            program: &engine.program,
            index: &engine.index,
            values: &self.values,
            last_set: turn.state.last_set,
            normalizer: &engine.normalizer,
            reading: &reading,
            secrets: &turn.state.secrets,
        };
        engine.understand.understand(&heard, turn.cx).await
    }
}
