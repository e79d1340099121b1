//! YAML into conversations and answers. All that is wrong is told at once, by line.

use std::time::Duration;

use jiff::SignedDuration;
use jiff::civil::DateTime;
use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

use super::{Answer, Answers, Conversation, Does, Expected, Turn, When};
use crate::command::Command;
use crate::definition::Diagnostics;
use crate::definition::yaml::{Node, Value, parse};
use crate::near;
use crate::program::Place;
use crate::understand::line::parse_line;

const FILE: [&str; 7] = ["category", "start", "actions", "readers", "knowledge", "external", "conversations"];
const ANSWERS: [&str; 4] = ["actions", "readers", "knowledge", "external"];
const CONVERSATION: [&str; 8] = ["name", "category", "start", "actions", "readers", "knowledge", "external", "turns"];
const TURN: [&str; 16] = [
    "user",
    "start",
    "set",
    "silence",
    "restart",
    "as",
    "after",
    "understood",
    "reply",
    "slots",
    "flow",
    "asked",
    "actions",
    "commands",
    "handed_to",
    "failure",
];
const REPLY: [&str; 3] = ["contains", "not", "exact"];
const ANSWER: [&str; 5] = ["when", "returns", "fails", "hangs", "panics"];
const OUTSIDE: [&str; 2] = ["say", "done"];

/// When conversations begin that do not say it.
const START: DateTime = DateTime::constant(2024, 2, 1, 9, 0, 0, 0);

struct Reader {
    file: SmolStr,
    diagnostics: Diagnostics,
}

pub(super) fn conversations(name: &str, text: &str, base: &Answers) -> (Vec<Conversation>, Diagnostics) {
    let mut reader = Reader { file: name.into(), diagnostics: Diagnostics::default() };
    let mut all = Vec::new();
    if let Some(node) = reader.root(text) {
        let fields = reader.fields(&node, "the file", &FILE);
        let category = fields.get("category").and_then(|node| reader.text(node, "`category`")).unwrap_or_default();
        let start = fields.get("start").and_then(|node| reader.start(node)).unwrap_or(START);
        let answers = reader.answered(&fields).over(base);
        match fields.get("conversations") {
            None => reader.error(node.line, "the file has no conversations", "list them under `conversations`"),
            Some(list) => {
                for node in reader.list(list, "`conversations`") {
                    all.extend(reader.conversation(node, &category, start, &answers));
                }
            }
        }
    }
    (all, reader.diagnostics)
}

pub(super) fn answers(name: &str, text: &str) -> (Answers, Diagnostics) {
    let mut reader = Reader { file: name.into(), diagnostics: Diagnostics::default() };
    let mut answers = Answers::default();
    if let Some(node) = reader.root(text) {
        let fields = reader.fields(&node, "the file", &ANSWERS);
        answers = reader.answered(&fields);
    }
    (answers, reader.diagnostics)
}

/// The known keys of a map.
struct Fields<'n>(Vec<(&'n str, &'n Node)>);

impl<'n> Fields<'n> {
    fn get(&self, name: &str) -> Option<&'n Node> {
        self.0.iter().find(|(key, _)| *key == name).map(|(_, node)| *node)
    }
}

impl Reader {
    fn root(&mut self, text: &str) -> Option<Node> {
        match parse(text) {
            Ok(node) => Some(node),
            Err((line, message)) => {
                self.error(line, message, "mend the YAML there");
                None
            }
        }
    }

    fn place(&self, line: u32) -> Place {
        Place { file: self.file.clone(), line }
    }

    fn error(&mut self, line: u32, message: impl Into<String>, hint: impl Into<String>) {
        let place = self.place(line);
        self.diagnostics.error(&place, message, hint);
    }

    fn entries<'n>(&mut self, node: &'n Node, what: &str) -> Vec<(&'n str, &'n Node)> {
        let fields = match &node.value {
            Value::Map(fields) => fields.as_slice(),
            Value::Null => &[],
            _ => {
                self.error(node.line, format!("{what} is {}", node.kind()), "write a map: `name: value`");
                &[]
            }
        };
        let mut entries: Vec<(&str, &Node)> = Vec::with_capacity(fields.len());
        for (key, node) in fields {
            if entries.iter().any(|(name, _)| *name == key.name) {
                self.error(key.line, format!("`{}` stands twice in {what}", key.name), "keep one of them");
            } else {
                entries.push((&key.name, node));
            }
        }
        entries
    }

    fn fields<'n>(&mut self, node: &'n Node, what: &str, known: &[&'static str]) -> Fields<'n> {
        let mut entries = self.entries(node, what);
        entries.retain(|(name, at)| {
            let is_known = known.contains(name);
            if !is_known {
                let line = match &node.value {
                    Value::Map(fields) => {
                        fields.iter().find(|(key, _)| key.name == *name).map_or(at.line, |(key, _)| key.line)
                    }
                    _ => at.line,
                };
                let hint = near::cure(name, known.iter().copied(), "keys are");
                self.error(line, format!("{what} has no key `{name}`"), hint);
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
                let hint = "write a list: each on a line that begins with `-`";
                self.error(node.line, format!("{what} is {}", node.kind()), hint);
                &[]
            }
        }
    }

    fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        match &node.value {
            Value::Text(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Boolean(boolean) => Some(boolean.to_string()),
            _ => {
                self.error(node.line, format!("{what} is {}", node.kind()), "write a text");
                None
            }
        }
    }

    /// A text, or a list of texts.
    fn texts(&mut self, node: &Node, what: &str) -> Vec<String> {
        match &node.value {
            Value::List(nodes) => nodes.iter().filter_map(|node| self.text(node, what)).collect(),
            _ => self.text(node, what).into_iter().collect(),
        }
    }

    /// A name; nothing for none.
    fn name(&mut self, node: &Node, what: &str) -> Option<SmolStr> {
        if matches!(node.value, Value::Null) { None } else { self.text(node, what).map(SmolStr::from) }
    }

    fn is_true(&mut self, fields: &Fields<'_>, name: &str) -> bool {
        match fields.get(name).map(|node| (node.line, &node.value)) {
            None => false,
            Some((_, Value::Boolean(is))) => *is,
            Some((line, _)) => {
                self.error(line, format!("`{name}` is neither true nor false"), format!("write `{name}: true`"));
                false
            }
        }
    }

    fn start(&mut self, node: &Node) -> Option<DateTime> {
        let text = self.text(node, "`start`")?;
        let read = text.parse::<DateTime>().ok();
        if read.is_none() {
            self.error(node.line, "`start` is no time", "write it as 2024-02-01T09:00");
        }
        read
    }

    fn duration(&mut self, node: &Node) -> Duration {
        let text = self.text(node, "`after`").unwrap_or_default();
        let read = text.parse::<SignedDuration>().ok().and_then(|duration| Duration::try_from(duration).ok());
        if read.is_none() {
            self.error(node.line, "`after` is no length of time", "write it as 30s, 2m or 1h");
        }
        read.unwrap_or_default()
    }

    fn answered(&mut self, fields: &Fields<'_>) -> Answers {
        let mut answers = Answers::default();
        for (name, node) in fields.get("actions").map(|node| self.entries(node, "`actions`")).unwrap_or_default() {
            let one = std::slice::from_ref(node);
            let nodes = if let Value::List(nodes) = &node.value { nodes.as_slice() } else { one };
            let list = nodes.iter().filter_map(|node| self.answer(node, name)).collect();
            answers.actions.insert(name.into(), list);
        }
        for (name, node) in fields.get("readers").map(|node| self.entries(node, "`readers`")).unwrap_or_default() {
            let words = self.entries(node, "a reader");
            answers
                .readers
                .insert(name.into(), words.into_iter().map(|(word, node)| (word.to_owned(), json(node))).collect());
        }
        for (question, node) in
            fields.get("knowledge").map(|node| self.entries(node, "`knowledge`")).unwrap_or_default()
        {
            let answer = self.text(node, "an answer");
            answers.knowledge.extend(answer.map(|answer| (question.to_owned(), answer)));
        }
        for (name, node) in fields.get("external").map(|node| self.entries(node, "`external`")).unwrap_or_default() {
            let mut lines = Vec::new();
            for node in self.list(node, "what an agent outside says") {
                let fields = self.fields(node, "what an agent outside says", &OUTSIDE);
                let text = fields.get("say").and_then(|node| self.text(node, "`say`")).unwrap_or_default();
                lines.push((text, self.is_true(&fields, "done")));
            }
            answers.external.insert(name.into(), lines);
        }
        answers
    }

    fn answer(&mut self, node: &Node, action: &str) -> Option<When> {
        let fields = self.fields(node, &format!("the answer of {action}"), &ANSWER);
        let inputs = fields.get("when").map(|node| self.entries(node, "`when`"));
        let inputs =
            inputs.map(|inputs| inputs.into_iter().map(|(name, node)| (name.to_owned(), json(node))).collect());
        let mut found = Vec::new();
        if let Some(node) = fields.get("returns") {
            found.push(Answer::Returns(json(node)));
        }
        if let Some(node) = fields.get("fails") {
            let kind = self.text(node, "`fails`").unwrap_or_default();
            match serde_json::from_value(Json::String(kind.clone())) {
                Ok(kind) => found.push(Answer::Fails(kind)),
                Err(_) => {
                    let hint =
                        "kinds are: transient, rate_limited, permanent, refused, invalid_input, unavailable, not_found";
                    self.error(node.line, format!("there is no failure of kind `{kind}`"), hint);
                    return None;
                }
            }
        }
        if self.is_true(&fields, "hangs") {
            found.push(Answer::Hangs);
        }
        if self.is_true(&fields, "panics") {
            found.push(Answer::Panics);
        }
        if found.len() != 1 {
            let hint = "write one of `returns: {…}`, `fails: unavailable`, `hangs: true`, `panics: true`";
            self.error(node.line, format!("an answer of {action} does {} things", found.len()), hint);
            return None;
        }
        found.pop().map(|answer| When { inputs, answer })
    }

    fn conversation(&mut self, node: &Node, of_file: &str, start: DateTime, base: &Answers) -> Option<Conversation> {
        let fields = self.fields(node, "a conversation", &CONVERSATION);
        let Some(name) = fields.get("name").and_then(|node| self.text(node, "`name`")) else {
            self.error(node.line, "a conversation has no name", "say under `name` what it shows");
            return None;
        };
        let category = fields.get("category").and_then(|node| self.text(node, "`category`"));
        let start = fields.get("start").and_then(|node| self.start(node)).unwrap_or(start);
        let answers = self.answered(&fields).over(base);
        let mut turns = Vec::new();
        for node in fields.get("turns").map(|node| self.list(node, "`turns`")).unwrap_or_default() {
            turns.extend(self.turn(node));
        }
        if turns.is_empty() {
            self.error(node.line, format!("conversation {name:?} has no turns"), "list them under `turns`");
        }
        let category = category.unwrap_or_else(|| of_file.to_owned());
        Some(Conversation { name, category, place: self.place(node.line), start, answers, turns })
    }

    fn turn(&mut self, node: &Node) -> Option<Turn> {
        let fields = self.fields(node, "a turn", &TURN);
        let mut does = Vec::new();
        if let Some(node) = fields.get("user") {
            does.push(Does::Says(self.text(node, "`user`").unwrap_or_default()));
        }
        if self.is_true(&fields, "silence") {
            does.push(Does::Silent);
        }
        if self.is_true(&fields, "restart") {
            does.push(Does::Restarts);
        }
        let start = fields.get("start").and_then(|node| self.name(node, "`start`"));
        let set = fields.get("set").map(|node| self.entries(node, "`set`"));
        if start.is_some() || set.is_some() {
            let slots = set.into_iter().flatten().map(|(name, node)| (name.to_owned(), json(node))).collect();
            does.push(Does::Acts { start, slots });
        }
        if does.len() != 1 {
            let hint = "write one of `user: …`, `silence: true`, `start: FLOW` or `set: {…}`, `restart: true`";
            self.error(node.line, format!("a turn is {} things", does.len()), hint);
            return None;
        }
        let speaker = fields.get("as").and_then(|node| self.name(node, "`as`")).unwrap_or_else(|| "user".into());
        let after = fields.get("after").map(|node| self.duration(node)).unwrap_or_default();
        let understood = fields.get("understood").map(|node| self.commands(node));
        let expected = self.expected(&fields);
        Some(Turn { place: self.place(node.line), speaker, after, does: does.pop()?, understood, expected })
    }

    fn commands(&mut self, node: &Node) -> Vec<Command> {
        let mut commands = Vec::new();
        for line in self.texts(node, "a command") {
            match parse_line(&line) {
                Some(command) => commands.push(command),
                None => {
                    let hint = "as `start book_flight`, `set origin \"Madrid\"`, `correct`, `clear`, `cancel`, `yes`, `no`, `skip`";
                    self.error(node.line, format!("`{line}` is no command"), hint);
                }
            }
        }
        commands
    }

    fn expected(&mut self, fields: &Fields<'_>) -> Expected {
        let mut expected = Expected::default();
        if let Some(node) = fields.get("reply") {
            if matches!(node.value, Value::Map(_)) {
                let reply = self.fields(node, "`reply`", &REPLY);
                expected.contains =
                    reply.get("contains").map(|node| self.texts(node, "`contains`")).unwrap_or_default();
                expected.not = reply.get("not").map(|node| self.texts(node, "`not`")).unwrap_or_default();
                expected.exact = reply.get("exact").and_then(|node| self.text(node, "`exact`"));
            } else {
                expected.contains = self.texts(node, "`reply`");
            }
        }
        for (slot, node) in fields.get("slots").map(|node| self.entries(node, "`slots`")).unwrap_or_default() {
            expected.slots.insert(slot.to_owned(), json(node));
        }
        expected.flow = fields.get("flow").map(|node| self.name(node, "`flow`"));
        expected.asked = fields.get("asked").map(|node| self.name(node, "`asked`"));
        expected.handed_to = fields.get("handed_to").map(|node| self.name(node, "`handed_to`"));
        expected.failure = fields.get("failure").and_then(|node| self.text(node, "`failure`"));
        expected.commands = fields.get("commands").map(|node| self.commands(node));
        expected.actions = fields.get("actions").map(|node| self.list(node, "`actions`")).map(|nodes| {
            let mut actions = Vec::new();
            for node in nodes {
                if matches!(node.value, Value::Map(_)) {
                    for (name, node) in self.entries(node, "a called action") {
                        let inputs = self.entries(node, "its inputs");
                        let inputs: Map<String, Json> =
                            inputs.into_iter().map(|(name, node)| (name.to_owned(), json(node))).collect();
                        actions.push((name.into(), inputs));
                    }
                } else if let Some(name) = self.name(node, "an action") {
                    actions.push((name, Map::new()));
                }
            }
            actions
        });
        expected
    }
}

/// A node as plain JSON.
fn json(node: &Node) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::Boolean(boolean) => (*boolean).into(),
        Value::Number(number) => Json::Number(number.clone()),
        Value::Text(text) => text.clone().into(),
        Value::List(nodes) => Json::Array(nodes.iter().map(json).collect()),
        Value::Map(fields) => {
            Json::Object(fields.iter().map(|(key, node)| (key.name.to_string(), json(node))).collect())
        }
    }
}
