//! Slots, kinds and actions.

use smol_str::SmolStr;

use super::super::model::{Action, Parameter, Slot};
use super::super::yaml::{Key, Node, Value};
use super::{Fields, Reader, keys};
use crate::kind::{Choice, Kind};
use crate::near;

/// The names of kinds, as in `type: date`.
pub(in crate::definition) const KINDS: [&str; 23] = [
    "text",
    "boolean",
    "integer",
    "number",
    "ordinal",
    "percent",
    "money",
    "date",
    "time",
    "datetime",
    "duration",
    "date_range",
    "time_range",
    "number_range",
    "age",
    "dimension",
    "temperature",
    "email",
    "phone",
    "url",
    "category",
    "custom",
    "any",
];

fn simple(name: &str) -> Option<Kind> {
    Some(match name {
        "text" => Kind::Text,
        "boolean" => Kind::Boolean,
        "integer" => Kind::Integer,
        "number" => Kind::Number,
        "ordinal" => Kind::Ordinal,
        "percent" => Kind::Percent,
        "money" => Kind::Money,
        "date" => Kind::Date,
        "time" => Kind::Time,
        "datetime" => Kind::DateTime,
        "duration" => Kind::Duration,
        "date_range" => Kind::DateRange,
        "time_range" => Kind::TimeRange,
        "number_range" => Kind::NumberRange,
        "age" => Kind::Age,
        "dimension" => Kind::Dimension,
        "temperature" => Kind::Temperature,
        "email" => Kind::Email,
        "phone" => Kind::Phone,
        "url" => Kind::Url,
        "any" => Kind::Any,
        _ => return None,
    })
}

impl Reader {
    pub(super) fn slots(&mut self, node: &Node) -> Vec<Slot> {
        self.entries(node, "`slots`").into_iter().map(|(key, node)| self.slot(key, node)).collect()
    }

    /// `type`, and the type alone: `origin: text`.
    fn slot(&mut self, key: &Key, node: &Node) -> Slot {
        let mut slot = Slot::new(key.name.clone(), Kind::Text);
        slot.place = self.at(key.line);
        let what = format!("slot `{}`", key.name);
        if let Value::Text(name) = &node.value {
            slot.kind = self.kind(name, node.line, &Fields(Vec::new()), &what);
            return slot;
        }
        let fields = self.fields(node, &what, &keys::SLOT);
        slot.kind = self.kind_of(&fields, key.line, &what);
        slot.description = self.described(&fields);
        slot.prompt = self.said_in(&fields, "prompt");
        if let Some(node) = fields.get("reprompt") {
            let reprompt = self.fields(node, "`reprompt`", &keys::REPROMPT);
            slot.no_match = self.said_in(&reprompt, "no_match");
            slot.no_input = self.said_in(&reprompt, "no_input");
            slot.invalid = self.said_in(&reprompt, "invalid");
        }
        if let Some(node) = fields.get("validate") {
            for node in self.list(node, "`validate`") {
                let fields = self.fields(node, "a validator", &keys::VALIDATOR);
                let say = self.said_in(&fields, "say");
                match fields.get("if") {
                    Some(node) => {
                        slot.validators.extend(self.condition(node, "`if`").map(|condition| (condition, say)));
                    }
                    None => self.error(node.line, "a validator has no `if`", "write `{if: \"value > 0\", say: …}`"),
                }
            }
        }
        slot.default = fields.get("default").and_then(|node| self.source(node, "`default`"));
        slot.optional = self.flag(&fields, "optional");
        slot.persist = self.flag(&fields, "persist");
        slot.ask_always = self.flag(&fields, "ask_always");
        slot.internal = self.flag(&fields, "internal");
        slot.sensitive = self.flag(&fields, "sensitive");
        slot
    }

    fn kind_of(&mut self, fields: &Fields<'_>, line: u32, what: &str) -> Kind {
        let Some(node) = fields.get("type") else {
            self.error(line, format!("{what} has no `type`"), format!("add one of {}", KINDS.join(", ")));
            return Kind::Any;
        };
        match self.text(node, "`type`") {
            Some(name) => self.kind(&name, node.line, fields, what),
            None => Kind::Any,
        }
    }

    fn kind(&mut self, name: &str, line: u32, fields: &Fields<'_>, what: &str) -> Kind {
        for (key, kind) in [("options", "category"), ("reader", "custom")] {
            match fields.get(key) {
                Some(node) if name != kind => {
                    let hint = format!("only a {kind} has `{key}`: write `type: {kind}`, or take `{key}` out");
                    self.error(node.line, format!("{what} has `{key}` and is of type `{name}`"), hint);
                }
                None if name == kind => {
                    let hint = match kind {
                        "category" => {
                            "write `options: [one, two]`; in a single line: `{type: category, options: [one, two]}`"
                        }
                        _ => "write `reader:` with the name the host registered its reader under",
                    };
                    self.error(line, format!("{what} is a {kind} without `{key}`"), hint);
                }
                _ => {}
            }
        }
        match name {
            "category" => {
                Kind::Category { options: fields.get("options").map(|node| self.options(node)).unwrap_or_default() }
            }
            "custom" => match fields.get("reader").and_then(|node| self.name(node, "`reader`")) {
                Some(reader) => Kind::Custom { reader: reader.name },
                None => Kind::Any,
            },
            _ => simple(name).unwrap_or_else(|| {
                let hint = near::cure(name, KINDS, "types are");
                self.error(line, format!("there is no type `{name}`"), hint);
                Kind::Any
            }),
        }
    }

    fn options(&mut self, node: &Node) -> Vec<Choice> {
        let mut options: Vec<Choice> = Vec::new();
        for node in self.list(node, "`options`") {
            let option = if matches!(node.value, Value::Map(_)) {
                let fields = self.fields(node, "an option", &keys::OPTION);
                let synonyms = fields.get("synonyms").map(|node| self.texts(node, "a synonym")).unwrap_or_default();
                let Some(value) = fields.get("value") else {
                    self.error(node.line, "an option has no `value`", "write `{value: business, synonyms: [biz]}`");
                    continue;
                };
                self.text(value, "an option").map(|value| Choice { value: value.into(), synonyms })
            } else {
                self.text(node, "an option").map(|value| Choice { value: value.into(), synonyms: Vec::new() })
            };
            let Some(option) = option else { continue };
            if options.iter().any(|other| other.value == option.value) {
                self.error(node.line, format!("the option `{}` stands twice", option.value), "keep one of them");
            } else {
                options.push(option);
            }
        }
        if options.is_empty() {
            self.error(node.line, "a category has no options", "write `options: [one, two]`");
        }
        options
    }

    pub(super) fn actions(&mut self, node: &Node) -> Vec<Action> {
        let mut actions = Vec::new();
        for (key, node) in self.entries(node, "`actions`") {
            let mut action = Action::new(key.name.clone());
            action.place = self.at(key.line);
            let fields = self.fields(node, &format!("action `{}`", key.name), &keys::ACTION);
            action.description = self.described(&fields);
            action.inputs = fields.get("inputs").map(|node| self.parameters(node, "`inputs`")).unwrap_or_default();
            action.outputs = fields.get("outputs").map(|node| self.parameters(node, "`outputs`")).unwrap_or_default();
            action.timeout = self.duration(&fields, "timeout");
            action.attempts = self.count(&fields, "attempts");
            actions.push(action);
        }
        actions
    }

    fn parameters(&mut self, node: &Node, what: &str) -> Vec<Parameter> {
        let mut parameters = Vec::new();
        for (key, node) in self.entries(node, what) {
            let name: SmolStr = key.name.clone();
            let what = format!("`{name}`");
            let (kind, optional) = if let Value::Text(kind) = &node.value {
                (self.kind(kind, node.line, &Fields(Vec::new()), &what), false)
            } else {
                let fields = self.fields(node, &what, &keys::PARAMETER);
                (self.kind_of(&fields, key.line, &what), self.flag(&fields, "optional"))
            };
            parameters.push(Parameter { name, kind, optional, place: self.at(key.line) });
        }
        parameters
    }
}
