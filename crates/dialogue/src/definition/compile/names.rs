//! The names of everything: of the right form, each once, and none of those that mean something already.

use std::collections::HashMap;

use smol_str::SmolStr;

use super::{Compiler, PATTERNS, is_pattern};
use crate::near;
use crate::program::{FlowId, Place};

/// What a slot cannot be called: words of expressions and texts, and names that are there already.
const TAKEN: [&str; 27] = [
    "or",
    "and",
    "not",
    "in",
    "is",
    "true",
    "false",
    "null",
    "none",
    "None",
    "True",
    "False",
    "nil",
    "if",
    "else",
    "for",
    "set",
    "loop",
    "self",
    "value",
    "context",
    "range",
    "dict",
    "namespace",
    "debug",
    "end",
    "super",
];
/// As many as have a number.
const MOST: usize = 65_000;

/// Latin letters, digits and `_`, not beginning with a digit.
pub(super) fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && name.len() <= 64
}

/// What a name could be instead.
fn mended(name: &str) -> String {
    let mut mended: String =
        name.trim().chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    mended.truncate(64);
    if mended.starts_with(|c: char| c.is_ascii_digit()) || mended.is_empty() { format!("_{mended}") } else { mended }
}

impl<'d> Compiler<'d> {
    pub(super) fn names(&mut self, patterns: bool) {
        let definition = self.definition;
        self.each_once("slot", definition.slots.iter().map(|slot| (&slot.name, &slot.place)));
        self.each_once("action", definition.actions.iter().map(|action| (&action.name, &action.place)));
        self.each_once("response", definition.responses.iter().map(|(name, text)| (name, &text.place)));
        self.each_once("flow", definition.flows.iter().map(|flow| (&flow.name, &flow.place)));
        self.slots.extend(definition.slots.iter().map(|slot| (None, slot)));
        for (id, flow) in self.numbered(&definition.flows) {
            self.each_once("slot", flow.slots.iter().map(|slot| (&slot.name, &slot.place)));
            self.each_once("response", flow.responses.iter().map(|(name, text)| (name, &text.place)));
            for slot in &flow.slots {
                if let Some(global) = definition.slots.iter().find(|global| global.name == slot.name) {
                    let message = format!("slot `{}` of flow `{}` is called like a global slot", slot.name, flow.name);
                    self.error(
                        &slot.place,
                        message,
                        format!("call it differently, or use the one in {}", global.place),
                    );
                }
            }
            self.slots.extend(flow.slots.iter().map(|slot| (Some(FlowId(id)), slot)));
        }
        for (_, slot) in self.slots.clone() {
            if TAKEN.contains(&slot.name.as_str()) {
                let message = format!("a slot cannot be called `{}`, which means something already", slot.name);
                self.error(&slot.place, message, format!("call it `{}_`, or better what it holds", slot.name));
            }
        }
        for action in &definition.actions {
            self.each_once("input", action.inputs.iter().map(|input| (&input.name, &input.place)));
            self.each_once("output", action.outputs.iter().map(|output| (&output.name, &output.place)));
        }
        let (slots, flows) = (self.slots.len(), definition.flows.len().max(definition.actions.len()));
        if slots > MOST || flows > MOST {
            let message = format!("there are {slots} slots and {flows} flows or actions");
            self.error(&Place::default(), message, format!("at most {MOST} of each have a number"));
        }
        self.pattern_names(patterns);
    }

    fn each_once<'n>(&mut self, what: &str, names: impl Iterator<Item = (&'n SmolStr, &'n Place)>) {
        let mut seen: HashMap<&str, &Place> = HashMap::new();
        for (name, place) in names {
            if !is_name(name) {
                let message = format!("`{name}` is no name for a {what}");
                let hint = format!("names are of at most 64 Latin letters, digits and `_`: `{}`", mended(name));
                self.error(place, message, hint);
            }
            if let Some(first) = seen.get(name.as_str()) {
                let hint = format!("the first one is in {first}; rename one of them");
                self.error(place, format!("there are two {what}s `{name}`"), hint);
            } else {
                seen.insert(name, place);
            }
        }
    }

    fn pattern_names(&mut self, patterns: bool) {
        for flow in self.definition.flows.iter().filter(|flow| is_pattern(&flow.name)) {
            if !PATTERNS.contains(&flow.name.as_str()) {
                let hint = near::cure(&flow.name, PATTERNS, "flows of repair are");
                self.error(&flow.place, format!("there is no flow of repair `{}`", flow.name), hint);
            }
        }
        let flows = &self.definition.flows;
        let missing: Vec<&str> =
            PATTERNS.into_iter().filter(|name| patterns && !flows.iter().any(|flow| flow.name == *name)).collect();
        if !missing.is_empty() {
            let message = format!("flows of repair are missing: {}", missing.join(", "));
            self.error(&Place::default(), message, "put the definition over the built-in one");
        }
    }
}
