//! Slots.

use std::sync::Arc;

use super::{Compiler, View, Within};
use crate::expression::Shape;
use crate::program::{FlowId, Slot, Validator};
use crate::response::Response;

use super::super::model;

impl Compiler<'_> {
    pub(super) fn compile_slots(&mut self) -> Vec<Slot> {
        self.slots.clone().into_iter().map(|(flow, slot)| self.compile_slot(flow, slot)).collect()
    }

    fn compile_slot(&mut self, flow: Option<FlowId>, slot: &model::Slot) -> Slot {
        self.within = Within::of("slot", &slot.name);
        let shape = Shape::from(&slot.kind);
        let view = View { flow, value: None };
        let answered = View { flow, value: Some(&shape) };
        let prompt = match &slot.prompt {
            Some(prompt) => self.text(prompt, view),
            None => Arc::new(Response::plain(format!("{}?", asked(slot)))),
        };
        let mut again = |text: &Option<super::super::Text>| text.as_ref().map(|text| self.text(text, answered));
        let (no_match, no_input, invalid) = (again(&slot.no_match), again(&slot.no_input), again(&slot.invalid));
        let mut validators = Vec::with_capacity(slot.validators.len());
        for (condition, say) in &slot.validators {
            let message = say.as_ref().map(|say| self.text(say, answered));
            let place = &condition.place;
            let condition = self.condition(condition, answered);
            if condition.reads().is_empty() {
                let message = format!("the validator `{condition}` does not look at the value");
                self.error(place, message, "write a condition of `value`, as `value > 0`");
            }
            validators.push(Validator { condition, message });
        }
        let what = format!("slot `{}`", slot.name);
        let default = slot.default.as_ref().map(|default| self.fitting(default, view, &shape, &what));
        Slot {
            name: slot.name.clone(),
            flow,
            kind: slot.kind.clone(),
            description: slot.description.clone(),
            prompt,
            no_match,
            no_input,
            invalid,
            validators,
            default,
            optional: slot.optional,
            persistent: slot.persist,
            ask_always: slot.ask_always,
            internal: slot.internal,
            sensitive: slot.sensitive,
            place: self.within.here(&slot.place),
        }
    }
}

/// What a slot without a question is called in one, for those that are only corrected.
fn asked(slot: &model::Slot) -> String {
    let words = if slot.description.is_empty() { slot.name.replace('_', " ") } else { slot.description.clone() };
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
