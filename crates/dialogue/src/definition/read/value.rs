//! Texts, numbers, lengths of time, expressions, and what is said.

use std::time::Duration;

use jiff::SignedDuration;
use smol_str::SmolStr;

use super::super::text::{Named, Source, Text, Variation};
use super::super::yaml::{Node, Value};
use super::{Fields, Reader, keys};
use crate::expression::Expression;

impl Reader {
    /// A text; a whole number or a truth value is one as well.
    pub(super) fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        match &node.value {
            Value::Text(text) if text.trim().is_empty() => {
                self.error(node.line, format!("{what} is empty"), "write a text");
                None
            }
            Value::Text(text) => Some(text.clone()),
            Value::Number(number) if number.is_i64() || number.is_u64() => Some(number.to_string()),
            Value::Boolean(boolean) => Some(boolean.to_string()),
            _ => {
                self.unfit(node, what, "a text, in quotes where it is a number or holds `: ` or ` #`");
                None
            }
        }
    }

    pub(super) fn name(&mut self, node: &Node, what: &str) -> Option<Named> {
        let name = self.text(node, what)?;
        Some(Named { name: name.trim().into(), place: self.place(node) })
    }

    pub(super) fn described(&mut self, fields: &Fields<'_>) -> String {
        fields.get("description").and_then(|node| self.text(node, "`description`")).unwrap_or_default()
    }

    pub(super) fn flag(&mut self, fields: &Fields<'_>, name: &str) -> bool {
        match fields.get(name).map(|node| (node, &node.value)) {
            None => false,
            Some((_, Value::Boolean(boolean))) => *boolean,
            Some((node, _)) => {
                self.unfit(node, &format!("`{name}`"), "`true` or `false`");
                false
            }
        }
    }

    /// A whole number from one up.
    pub(super) fn count<T: TryFrom<u64>>(&mut self, fields: &Fields<'_>, name: &str) -> Option<T> {
        let node = fields.get(name)?;
        let count = match &node.value {
            Value::Number(number) => {
                number.as_u64().filter(|count| *count > 0).and_then(|count| T::try_from(count).ok())
            }
            _ => None,
        };
        if count.is_none() {
            let hint = "write a whole number from 1 that is not too large for it";
            self.error(node.line, format!("`{name}` is no such count"), hint);
        }
        count
    }

    /// As `10s`, `2m`, `1h 30m` or `PT10S`.
    pub(super) fn duration(&mut self, fields: &Fields<'_>, name: &str) -> Option<Duration> {
        let node = fields.get(name)?;
        let duration = match &node.value {
            Value::Text(text) => text.trim().parse::<SignedDuration>().ok(),
            _ => None,
        };
        let duration =
            duration.and_then(|duration| Duration::try_from(duration).ok()).filter(|duration| !duration.is_zero());
        if duration.is_none() {
            self.error(
                node.line,
                format!("`{name}` is no length of time"),
                "write it as `10s`, `500ms`, `2m` or `1h 30m`",
            );
        }
        duration
    }

    /// An expression: a text; or a value that stands for itself.
    pub(super) fn source(&mut self, node: &Node, what: &str) -> Option<Source> {
        let place = self.place(node);
        if let Value::Text(text) = &node.value {
            return Some(Source { text: text.clone(), place });
        }
        let constant = plain(node).as_ref().and_then(Expression::constant);
        if constant.is_none() {
            self.unfit(node, what, "an expression, or a value that stands for itself");
        }
        constant.map(|constant| Source { text: constant.to_string(), place })
    }

    /// A condition: an expression, `true` or `false`.
    pub(super) fn condition(&mut self, node: &Node, what: &str) -> Option<Source> {
        if matches!(node.value, Value::Text(_) | Value::Boolean(_)) {
            return self.source(node, what);
        }
        self.unfit(node, what, "a condition, as `\"amount > 0\"`");
        None
    }

    /// What is said: a text, a variation under a condition, or a list of them.
    pub(super) fn said(&mut self, node: &Node, what: &str) -> Option<Text> {
        let nodes = match &node.value {
            Value::List(nodes) => nodes.as_slice(),
            _ => std::slice::from_ref(node),
        };
        if nodes.is_empty() {
            self.error(node.line, format!("{what} is an empty list"), "write a text, or a list of texts");
        }
        let variations: Vec<Variation> = nodes.iter().filter_map(|node| self.variation(node, what)).collect();
        (!variations.is_empty()).then(|| Text { variations, place: self.place(node) })
    }

    fn variation(&mut self, node: &Node, what: &str) -> Option<Variation> {
        let say = |text: String, reader: &Self, node: &Node| Source { text, place: reader.place(node) };
        if !matches!(node.value, Value::Map(_)) {
            let text = self.text(node, what)?;
            return Some(Variation { condition: None, say: say(text, self, node) });
        }
        let fields = self.fields(node, what, &keys::VARIATION);
        let condition = fields.get("if").and_then(|node| self.condition(node, "`if`"));
        let Some(node) = fields.get("say") else {
            self.error(node.line, format!("{what} has a variation without `say`"), "write `{if: …, say: …}`");
            return None;
        };
        let text = self.text(node, "`say`")?;
        Some(Variation { condition, say: say(text, self, node) })
    }

    pub(super) fn said_in(&mut self, fields: &Fields<'_>, name: &str) -> Option<Text> {
        fields.get(name).and_then(|node| self.said(node, &format!("`{name}`")))
    }

    /// Names and expressions, as in `set` and `with`.
    pub(super) fn assignments(&mut self, node: &Node, what: &str) -> Vec<(Named, Source)> {
        let mut assignments = Vec::new();
        for (key, node) in self.entries(node, what) {
            let name = Named { name: key.name.clone(), place: self.at(key.line) };
            if let Some(source) = self.source(node, &format!("`{}`", key.name)) {
                assignments.push((name, source));
            }
        }
        assignments
    }

    /// Names and the names they go to, as in `into`.
    pub(super) fn renamings(&mut self, node: &Node, what: &str) -> Vec<(Named, Named)> {
        let mut renamings = Vec::new();
        for (key, node) in self.entries(node, what) {
            let from = Named { name: key.name.clone(), place: self.at(key.line) };
            if let Some(to) = self.name(node, &format!("`{}`", key.name)) {
                renamings.push((from, to));
            }
        }
        renamings
    }

    pub(super) fn names(&mut self, node: &Node, what: &str) -> Vec<Named> {
        let nodes = match &node.value {
            Value::List(nodes) => nodes.as_slice(),
            _ => std::slice::from_ref(node),
        };
        nodes.iter().filter_map(|node| self.name(node, what)).collect()
    }

    pub(super) fn texts(&mut self, node: &Node, what: &str) -> Vec<String> {
        self.names(node, what).into_iter().map(|named| SmolStr::to_string(&named.name)).collect()
    }
}

/// A node as plain JSON.
fn plain(node: &Node) -> Option<serde_json::Value> {
    Some(match &node.value {
        Value::Null => serde_json::Value::Null,
        Value::Boolean(boolean) => (*boolean).into(),
        Value::Number(number) => serde_json::Value::Number(number.clone()),
        Value::Text(text) => text.clone().into(),
        Value::List(nodes) => serde_json::Value::Array(nodes.iter().map(plain).collect::<Option<_>>()?),
        Value::Map(_) => return None,
    })
}
