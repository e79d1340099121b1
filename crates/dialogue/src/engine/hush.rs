//! Keeps the values of sensitive slots out of what models and the inspector see of a turn.

use std::borrow::Cow;

use jiff::civil::DateTime;
use serde_json::Value;

use super::names::View;
use super::state::Waiting;
use super::turn::Turn;
use crate::command::Command;
use crate::expression::Names;
use crate::normalize::Read;
use crate::program::SlotId;
use crate::response::Response;
use crate::scope::Scope;
use crate::secret::{HIDDEN, Secrets};
use crate::understand::Understood;

impl Turn<'_> {
    fn is_sensitive(&self, slot: SlotId) -> bool {
        self.engine.sensitive.contains(&slot)
    }

    /// Keeps in mind what sensitive slots hold now.
    pub(crate) fn keep_secrets(&mut self) {
        for slot in &self.engine.sensitive {
            if let Some(filled) = self.state.values.get(slot) {
                self.state.secrets.keep_value(&filled.value, &filled.original);
            }
        }
    }

    /// Keeps in mind what a message says for sensitive slots, whether it will be accepted or not.
    pub(crate) fn keep_what_was_heard(&mut self, message: &str, scope: &Scope, understood: &Understood) {
        if self.engine.sensitive.is_empty() {
            return;
        }
        let scope = &*scope.started_by(&understood.commands, &self.engine.program);
        for command in &understood.commands {
            match command {
                Command::Set { slot, value } | Command::Correct { slot, value } => {
                    let ids = scope.slot(slot).map(|offered| offered.ids.as_slice()).unwrap_or_default();
                    for id in ids.iter().filter(|id| self.is_sensitive(**id)).copied().collect::<Vec<_>>() {
                        self.keep_words(id, value);
                    }
                }
                // Nothing was made of it, and it may be the value all the same.
                Command::CannotHandle { .. } => {
                    if let Some(Waiting::Slot(slot)) = self.state.waiting
                        && self.is_sensitive(slot)
                    {
                        self.state.secrets.keep(message);
                    }
                }
                _ => {}
            }
        }
    }

    /// Keeps in mind what the host gave a sensitive slot in vain.
    pub(crate) fn keep_refused(&mut self, slot: SlotId, words: &str) {
        if self.is_sensitive(slot) {
            self.keep_words(slot, words);
        }
    }

    fn keep_words(&mut self, slot: SlotId, words: &str) {
        let Some(of) = self.engine.program.slot(slot) else { return };
        let read = self.engine.normalizer.read(&of.kind, words, &self.engine.reading(self.now));
        let secrets = &mut self.state.secrets;
        match &*read {
            Read::One(read) => secrets.keep_value(&read.value, words),
            Read::Several(several) => several.iter().for_each(|read| secrets.keep_value(&read.value, words)),
            Read::None(_) => secrets.keep(words),
        }
    }

    /// A text without what is not to be seen, if that makes a difference; `rendered` is the same made without it.
    pub(crate) fn shown(&self, text: &str, rendered: Option<String>) -> Option<String> {
        let hidden = |text: &str| text.matches(HIDDEN).count();
        let by_value = self.state.secrets.hide(text);
        // It may show a value in a form that nobody knows of.
        if let Some(rendered) = rendered.filter(|rendered| hidden(rendered) > hidden(&by_value)) {
            return Some(rendered);
        }
        match by_value {
            Cow::Owned(shown) => Some(shown),
            Cow::Borrowed(_) => None,
        }
    }

    /// A response made without what is not to be seen; none where there is nothing of that in it.
    pub(crate) fn rendered_shown(&self, response: &Response, pick: u64) -> Option<String> {
        if self.state.secrets.is_empty() || response.reads().is_empty() {
            return None;
        }
        let view = self.engine.view(&self.state, self.now);
        let hidden = Hidden { view: &view, sensitive: &self.engine.sensitive, secrets: &self.state.secrets };
        // Where it cannot be made so, it shows nothing.
        Some(response.render_with(&view, &hidden, pick).unwrap_or_else(|_| HIDDEN.to_owned()))
    }
}

/// Names without what is not to be seen behind them.
struct Hidden<'a> {
    view: &'a View<'a>,
    sensitive: &'a [SlotId],
    secrets: &'a Secrets,
}

impl Names for Hidden<'_> {
    fn value(&self, name: &str) -> Option<Cow<'_, Value>> {
        let mut value = self.view.value(name)?;
        let slot = self.view.engine.slot_in(self.view.flow, name);
        if slot.is_some_and(|slot| self.sensitive.contains(&slot)) {
            hide_all(value.to_mut());
        } else {
            self.secrets.hide_value(value.to_mut());
        }
        Some(value)
    }

    fn now(&self) -> Option<DateTime> {
        self.view.now()
    }
}

/// Hides each text and number of a value.
fn hide_all(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(hide_all),
        Value::Object(fields) => fields.values_mut().for_each(hide_all),
        Value::String(_) | Value::Number(_) => *value = HIDDEN.into(),
        Value::Null | Value::Bool(_) => {}
    }
}
