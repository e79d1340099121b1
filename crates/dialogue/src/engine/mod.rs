//! One turn of a conversation, from a message to a reply: [`turn`] is the whole of it in one function; [`orders`] makes commands
//! into what is to be done, [`deed`] what the host does, [`apply`] does it to the stack, [`steps`] goes through the
//! flows until the user has to speak.

pub(crate) mod apply;
pub mod bounds;
pub(crate) mod calls;
pub(crate) mod deed;
mod guard;
mod hush;
pub(crate) mod names;
pub(crate) mod orders;
pub mod pattern;
pub(crate) mod run;
pub(crate) mod said;
pub(crate) mod saved;
mod settled;
pub(crate) mod sight;
pub mod state;
pub(crate) mod steps;
pub(crate) mod turn;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::civil::DateTime;
use jiff::tz::Offset;
use ninefold_core::{Key, Timestamp};
use serde_json::Value;
use smol_str::SmolStr;

use crate::action::Actions;
use crate::external::ExternalAgent;
use crate::kind::Kind;
use crate::knowledge::Knowledge;
use crate::normalize::{Normalizer, Read, Reading};
use crate::program::{FlowId, Program, SlotId};
use crate::scope::Index;
use crate::understand::Understand;
use names::View;
use pattern::Patterns;
use state::State;

/// What turns of all sessions share: what never changes.
pub struct Engine {
    pub(crate) program: Arc<Program>,
    pub(crate) index: Index,
    pub(crate) slots: HashMap<Option<FlowId>, HashMap<SmolStr, SlotId>>,
    pub(crate) patterns: Patterns,
    pub(crate) actions: Actions,
    pub(crate) normalizer: Normalizer,
    pub(crate) understand: Arc<dyn Understand>,
    pub(crate) knowledge: Option<Arc<dyn Knowledge>>,
    pub(crate) external: HashMap<SmolStr, Arc<dyn ExternalAgent>>,
    pub(crate) offset: Offset,
    /// The slots whose values are kept out of sight.
    pub(crate) sensitive: Vec<SlotId>,
}

impl Engine {
    pub(crate) fn by_name(program: &Program) -> HashMap<Option<FlowId>, HashMap<SmolStr, SlotId>> {
        let mut slots: HashMap<Option<FlowId>, HashMap<SmolStr, SlotId>> = HashMap::new();
        for (number, slot) in (0_u16..).zip(&program.slots) {
            slots.entry(slot.flow).or_default().entry(slot.name.clone()).or_insert(SlotId(number));
        }
        slots
    }

    pub(crate) fn sensitive(program: &Program) -> Vec<SlotId> {
        let slots = (0_u16..).zip(&program.slots).filter(|(_, slot)| slot.sensitive);
        slots.map(|(number, _)| SlotId(number)).collect()
    }

    /// The slot that a flow calls so: its own, or a global one.
    pub(crate) fn slot_in(&self, flow: Option<FlowId>, name: &str) -> Option<SlotId> {
        let find = |flow: Option<FlowId>| self.slots.get(&flow)?.get(name).copied();
        flow.and_then(|flow| find(Some(flow))).or_else(|| find(None))
    }

    /// The time by the user's clock, which may be `offset` seconds from UTC instead of what the dialogue says.
    pub(crate) fn local(&self, at: Timestamp, offset: Option<i32>) -> DateTime {
        let at = jiff::Timestamp::from_microsecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        offset.and_then(|seconds| Offset::from_seconds(seconds).ok()).unwrap_or(self.offset).to_datetime(at)
    }

    pub(crate) fn reading(&self, now: DateTime) -> Reading {
        Reading { locale: self.program.settings.locale, now, prefer: self.program.settings.prefer }
    }

    /// Whether a slot may hold a value that was read under another definition.
    pub(crate) fn holds(&self, slot: SlotId, value: &Value) -> bool {
        let Some(slot) = self.program.slot(slot) else { return false };
        if value.is_null() {
            return true;
        }
        // These are texts of a form of their own.
        let formed = matches!(slot.kind, Kind::Email | Kind::Phone | Kind::Url);
        let reads_as_itself = |text: &str| {
            let read = self.normalizer.read(&slot.kind, text, &self.reading(DateTime::ZERO));
            matches!(&*read, Read::One(read) if read.value == *value)
        };
        run::fits(&slot.kind, value) && (!formed || value.as_str().is_some_and(reads_as_itself))
    }

    /// What names stand for in the active flow.
    pub(crate) fn view<'a>(&'a self, state: &'a State, now: DateTime) -> View<'a> {
        static NOTHING: Value = Value::Null;
        let active = state.active();
        View {
            engine: self,
            state,
            flow: active.map(|frame| frame.flow),
            context: active.map_or(&NOTHING, |frame| &frame.context),
            value: None,
            now,
        }
    }

    /// Whether the condition of a flow holds, so that it may run now; one that cannot be evaluated does not.
    pub(crate) fn may_run(&self, flow: FlowId, state: &State, now: DateTime) -> bool {
        let guard = self.program.flow(flow).and_then(|flow| flow.guard.as_ref());
        let view = || View { flow: Some(flow), ..self.view(state, now) };
        guard.is_none_or(|guard| guard.holds(&view()).unwrap_or(false))
    }

    /// A digest of what these names stand for now.
    pub(crate) fn digest(&self, names: &[SmolStr], view: &View<'_>) -> u64 {
        use crate::expression::Names as _;
        let values: Vec<_> = names.iter().map(|name| view.value(name)).collect();
        digest(&values)
    }

    /// What a flow is called towards the user: its description without the full stop, in small letters at its beginning.
    pub(crate) fn called(&self, flow: FlowId) -> String {
        let Some(flow) = self.program.flow(flow) else { return String::new() };
        let text = flow.description.trim().trim_end_matches('.');
        if text.is_empty() {
            return flow.name.replace('_', " ");
        }
        let mut letters = text.chars();
        letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
    }
}

/// A digest that stays the same from process to process.
pub(crate) fn digest(value: &impl serde::Serialize) -> u64 {
    // A value of JSON always has a key.
    let key = Key::of(value).map_or([0; 32], |key| key.0);
    key.iter().take(8).fold(0, |digest, byte| digest << 8 | u64::from(*byte))
}
