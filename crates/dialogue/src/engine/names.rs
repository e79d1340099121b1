//! What names in expressions and texts stand for: the active flow's slots, the global ones, and what a repair flow is about.

use std::borrow::Cow;

use jiff::civil::DateTime;
use serde_json::Value;

use super::Engine;
use super::state::State;
use crate::expression::Names;
use crate::program::FlowId;

/// What names stand for in one flow.
pub(crate) struct View<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) state: &'a State,
    pub(crate) flow: Option<FlowId>,
    /// What `context` is.
    pub(crate) context: &'a Value,
    /// What `value` is: in validators, the value that is to be judged.
    pub(crate) value: Option<&'a Value>,
    pub(crate) now: DateTime,
}

impl Names for View<'_> {
    fn value(&self, name: &str) -> Option<Cow<'_, Value>> {
        if let Some(value) = self.value.filter(|_| name == "value") {
            return Some(Cow::Borrowed(value));
        }
        if let Some(slot) = self.engine.slot_in(self.flow, name) {
            return self.state.values.get(&slot).map(|filled| Cow::Borrowed(&filled.value));
        }
        (name == "context").then_some(Cow::Borrowed(self.context))
    }

    fn now(&self) -> Option<DateTime> {
        Some(self.now)
    }
}
