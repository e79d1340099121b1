//! YAML into the model. What does not fit is noted and left out, so that everything that is wrong is told at once.

mod file;
mod slot;
mod step;
mod value;

use smol_str::SmolStr;

use super::diagnostic::Diagnostics;
use super::yaml::{Key, Node, Value};
use crate::near;
use crate::program::Place;

pub(super) use file::read;
pub(super) use slot::KINDS;

/// The keys of each part of the format: what is read, and what the schema for editors lists.
pub(super) mod keys {
    pub(in crate::definition) const FILE: [&str; 11] = [
        "locale",
        "prefer",
        "longest_message",
        "most_reprompts",
        "deepest_stack",
        "most_steps",
        "silence",
        "slots",
        "actions",
        "responses",
        "flows",
    ];
    pub(in crate::definition) const SLOT: [&str; 13] = [
        "type",
        "options",
        "reader",
        "description",
        "prompt",
        "reprompt",
        "validate",
        "default",
        "optional",
        "persist",
        "ask_always",
        "internal",
        "sensitive",
    ];
    pub(in crate::definition) const REPROMPT: [&str; 3] = ["no_match", "no_input", "invalid"];
    pub(in crate::definition) const VALIDATOR: [&str; 2] = ["if", "say"];
    pub(in crate::definition) const VARIATION: [&str; 2] = ["if", "say"];
    pub(in crate::definition) const OPTION: [&str; 2] = ["value", "synonyms"];
    pub(in crate::definition) const ACTION: [&str; 5] = ["description", "inputs", "outputs", "timeout", "attempts"];
    pub(in crate::definition) const PARAMETER: [&str; 4] = ["type", "options", "reader", "optional"];
    pub(in crate::definition) const FLOW: [&str; 7] =
        ["description", "triggers", "if", "internal", "slots", "responses", "steps"];
    pub(in crate::definition) const ARM: [&str; 3] = ["if", "then", "else"];
    /// What a step does, with the keys that go with it. `id` and `next` go with all of them.
    pub(in crate::definition) const STEPS: [(&str, &[&str]); 13] = [
        ("say", &[]),
        ("collect", &["prompt"]),
        ("set", &[]),
        ("clear", &[]),
        ("if", &["then", "else"]),
        ("branch", &[]),
        ("while", &["do"]),
        ("action", &["with", "into", "on_failure"]),
        ("confirm", &["yes", "no"]),
        ("call", &["with", "into"]),
        ("link", &[]),
        ("handoff", &["say"]),
        ("end", &[]),
    ];
    pub(in crate::definition) const EVERY_STEP: [&str; 2] = ["id", "next"];
}

struct Reader {
    file: SmolStr,
    diagnostics: Diagnostics,
}

/// The keys of a map that are known.
struct Fields<'n>(Vec<(&'n Key, &'n Node)>);

impl<'n> Fields<'n> {
    fn get(&self, name: &str) -> Option<&'n Node> {
        self.0.iter().find(|(key, _)| key.name == name).map(|(_, node)| *node)
    }
}

impl Reader {
    fn place(&self, node: &Node) -> Place {
        self.at(node.line)
    }

    fn at(&self, line: u32) -> Place {
        Place { file: self.file.clone(), line }
    }

    fn error(&mut self, line: u32, message: impl Into<String>, hint: impl Into<String>) {
        let place = self.at(line);
        self.diagnostics.error(&place, message, hint);
    }

    fn unfit(&mut self, node: &Node, what: &str, wanted: &str) {
        self.error(node.line, format!("{what} is {}", node.kind()), format!("write {wanted}"));
    }

    /// The entries of a map, each name once; nothing is an empty map.
    fn entries<'n>(&mut self, node: &'n Node, what: &str) -> Vec<(&'n Key, &'n Node)> {
        let fields = match &node.value {
            Value::Map(fields) => fields.as_slice(),
            Value::Null => &[],
            _ => {
                self.unfit(node, what, "a map: `name: value`");
                &[]
            }
        };
        let mut entries: Vec<(&Key, &Node)> = Vec::with_capacity(fields.len());
        for (key, node) in fields {
            match entries.iter().find(|(other, _)| other.name == key.name) {
                Some((other, _)) => {
                    let hint = format!("the first one is in line {}; keep one of them", other.line);
                    self.error(key.line, format!("`{}` stands twice in {what}", key.name), hint);
                }
                None => entries.push((key, node)),
            }
        }
        entries
    }

    /// The entries of a map whose keys are known.
    fn fields<'n>(&mut self, node: &'n Node, what: &str, known: &[&'static str]) -> Fields<'n> {
        let mut entries = self.entries(node, what);
        entries.retain(|(key, _)| {
            let is_known = known.contains(&key.name.as_str());
            if !is_known {
                let hint = near::cure(&key.name, known.iter().copied(), "keys are");
                self.error(key.line, format!("{what} has no key `{}`", key.name), hint);
            }
            is_known
        });
        Fields(entries)
    }

    fn list<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Node] {
        match &node.value {
            Value::List(nodes) => nodes,
            Value::Null => &[],
            _ => {
                self.unfit(node, what, "a list: each on a line that begins with `-`");
                &[]
            }
        }
    }
}
