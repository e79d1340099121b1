//! A whole file: settings, slots, actions, responses, flows.

use smol_str::SmolStr;

use super::super::Definition;
use super::super::diagnostic::Diagnostics;
use super::super::model::{Flow, Settings};
use super::super::text::Text;
use super::super::yaml::{self, Key, Node, Value};
use super::{Fields, Reader, keys};
use crate::near;
use crate::normalize::{Locale, Prefer};

const LOCALES: [(&str, Locale); 5] = [
    ("en-US", Locale::EnUs),
    ("en-GB", Locale::EnGb),
    ("de-DE", Locale::DeDe),
    ("es-ES", Locale::EsEs),
    ("fr-FR", Locale::FrFr),
];
const PREFERENCES: [(&str, Prefer); 3] =
    [("future", Prefer::Future), ("past", Prefer::Past), ("neither", Prefer::Neither)];

/// A definition, with what is wrong with its text noted in it.
pub(in crate::definition) fn read(file: SmolStr, text: &str) -> Definition {
    let mut reader = Reader { file, diagnostics: Diagnostics::default() };
    let mut definition = Definition::default();
    match yaml::parse(text) {
        Ok(node) if matches!(node.value, Value::Null) => {
            reader.error(1, "the file is empty", "write `flows:` with a flow");
        }
        Ok(node) => reader.file(&node, &mut definition),
        Err((line, message)) => reader.error(
            line,
            format!("this is no YAML: {message}"),
            "see that lines are indented alike and texts with `: ` or ` #` stand in quotes",
        ),
    }
    definition.diagnostics = reader.diagnostics;
    definition
}

impl Reader {
    fn file(&mut self, node: &Node, definition: &mut Definition) {
        let fields = self.fields(node, "a definition", &keys::FILE);
        definition.settings = Settings {
            locale: self.one_of(&fields, "locale", &LOCALES),
            prefer: self.one_of(&fields, "prefer", &PREFERENCES),
            longest_message: self.count(&fields, "longest_message"),
            most_reprompts: self.count(&fields, "most_reprompts"),
            deepest_stack: self.count(&fields, "deepest_stack"),
            most_steps: self.count(&fields, "most_steps"),
            silence: self.duration(&fields, "silence"),
        };
        definition.settings_place = fields.0.first().map(|(key, _)| self.at(key.line)).unwrap_or_default();
        definition.slots = fields.get("slots").map(|node| self.slots(node)).unwrap_or_default();
        definition.actions = fields.get("actions").map(|node| self.actions(node)).unwrap_or_default();
        definition.responses = fields.get("responses").map(|node| self.responses(node)).unwrap_or_default();
        if let Some(node) = fields.get("flows") {
            definition.flows =
                self.entries(node, "`flows`").into_iter().map(|(key, node)| self.flow(key, node)).collect();
        }
    }

    fn one_of<T: Copy>(&mut self, fields: &Fields<'_>, name: &str, known: &[(&'static str, T)]) -> Option<T> {
        let node = fields.get(name)?;
        let text = self.text(node, &format!("`{name}`"))?;
        let found = known.iter().find(|(known, _)| *known == text).map(|(_, value)| *value);
        if found.is_none() {
            let hint = near::cure(&text, known.iter().map(|(known, _)| *known), "there are");
            self.error(node.line, format!("there is no {name} `{text}`"), hint);
        }
        found
    }

    fn responses(&mut self, node: &Node) -> Vec<(SmolStr, Text)> {
        let mut responses = Vec::new();
        for (key, node) in self.entries(node, "`responses`") {
            if let Some(mut text) = self.said(node, &format!("response `{}`", key.name)) {
                text.place = self.at(key.line);
                responses.push((key.name.clone(), text));
            }
        }
        responses
    }

    fn flow(&mut self, key: &Key, node: &Node) -> Flow {
        let mut flow = Flow::new(key.name.clone());
        flow.place = self.at(key.line);
        let fields = self.fields(node, &format!("flow `{}`", key.name), &keys::FLOW);
        flow.description = self.described(&fields);
        flow.triggers = fields.get("triggers").map(|node| self.names(node, "a trigger")).unwrap_or_default();
        flow.guard = fields.get("if").and_then(|node| self.condition(node, "`if`"));
        flow.internal = self.flag(&fields, "internal");
        flow.slots = fields.get("slots").map(|node| self.slots(node)).unwrap_or_default();
        flow.responses = fields.get("responses").map(|node| self.responses(node)).unwrap_or_default();
        flow.steps = fields.get("steps").map(|node| self.steps(node, "`steps`")).unwrap_or_default();
        flow
    }
}
