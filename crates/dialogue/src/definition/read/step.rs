//! Steps.

use super::super::step::{Arm, Given, Step, Taken, What};
use super::super::yaml::{Node, Value};
use super::{Fields, Reader, keys};
use crate::near;

impl Reader {
    pub(super) fn steps(&mut self, node: &Node, what: &str) -> Vec<Step> {
        self.list(node, what).iter().filter_map(|node| self.step(node)).collect()
    }

    fn steps_in(&mut self, fields: &Fields<'_>, name: &str) -> Option<Vec<Step>> {
        fields.get(name).map(|node| self.steps(node, &format!("`{name}`")))
    }

    fn step(&mut self, node: &Node) -> Option<Step> {
        let kinds = keys::STEPS.map(|(kind, _)| kind);
        if let Value::Text(word) = &node.value {
            if word == "end" {
                return Some(Step { place: self.place(node), ..Step::end() });
            }
            let hint = match near::nearest(word, kinds) {
                Some("end") => "did you mean `end`?".to_owned(),
                _ if kinds.contains(&word.as_str()) => format!("write `{word}: …`"),
                _ => "to say something write `say: …`; only `end` stands alone".to_owned(),
            };
            self.error(node.line, format!("`{word}` is no step"), hint);
            return None;
        }
        let Value::Map(all) = &node.value else {
            self.unfit(node, "a step", "what it does, as `say: …` or `collect: …`");
            return None;
        };
        let has = |name: &str| all.iter().any(|(key, _)| key.name == name);
        // `handoff` with `say` is one step; otherwise the key that says what the step does is the first of its kind.
        let is_handoff = has("handoff");
        let found = all.iter().find_map(|(key, _)| {
            keys::STEPS.iter().find(|(kind, _)| *kind == key.name && !(is_handoff && *kind == "say"))
        });
        let go: (&str, &[&str]) = ("next", &[]);
        let (kind, with) = match found {
            Some(found) => *found,
            None if has("next") => go,
            None => {
                let word =
                    all.iter().map(|(key, _)| key.name.as_str()).find(|name| near::nearest(name, kinds).is_some());
                let hint = match word {
                    Some(word) => near::cure(word, kinds, "steps are"),
                    None => format!("steps are {}, next", kinds.join(", ")),
                };
                let names: Vec<_> = all.iter().map(|(key, _)| format!("`{}`", key.name)).collect();
                self.error(node.line, format!("a step of {} does nothing known", names.join(", ")), hint);
                return None;
            }
        };
        let known: Vec<&'static str> =
            std::iter::once(kind).chain(with.iter().copied()).chain(keys::EVERY_STEP).collect();
        let fields = self.fields(node, &format!("a step `{kind}`"), &known);
        let id = fields.get("id").and_then(|node| self.name(node, "`id`"));
        let next = fields.get("next").and_then(|node| self.name(node, "`next`"));
        let what = if kind == "next" { What::Go } else { self.what(kind, fields.get(kind)?, &fields)? };
        Some(Step { what, id, next, place: self.place(node) })
    }

    fn what(&mut self, kind: &str, node: &Node, fields: &Fields<'_>) -> Option<What> {
        let quoted = format!("`{kind}`");
        Some(match kind {
            "say" => What::Say(self.said(node, &quoted)?),
            "collect" => What::Collect { slot: self.name(node, &quoted)?, prompt: self.said_in(fields, "prompt") },
            "set" => {
                let assignments = self.assignments(node, &quoted);
                if assignments.is_empty() {
                    self.error(node.line, "`set` sets nothing", "write `set: {slot: \"expression\"}`");
                }
                What::Set(assignments)
            }
            "clear" => What::Clear(self.names(node, &quoted)),
            "if" => What::Branch(self.condition_arms(node, fields)?),
            "branch" => What::Branch(self.arms(node)?),
            "while" => {
                let Some(steps) = self.steps_in(fields, "do") else {
                    self.error(node.line, "a `while` has no `do`", "add `do:` with the steps to repeat");
                    return None;
                };
                What::While { condition: self.condition(node, &quoted)?, steps }
            }
            "action" => {
                let (inputs, outputs) = self.passed(fields);
                What::Action {
                    action: self.name(node, &quoted)?,
                    inputs,
                    outputs,
                    failed: self.steps_in(fields, "on_failure"),
                }
            }
            "confirm" => What::Confirm {
                prompt: self.said(node, &quoted)?,
                yes: self.steps_in(fields, "yes").unwrap_or_default(),
                no: self.steps_in(fields, "no"),
            },
            "call" => {
                let (inputs, outputs) = self.passed(fields);
                What::Call { flow: self.name(node, &quoted)?, inputs, outputs }
            }
            "link" => What::Link(self.name(node, &quoted)?),
            "handoff" => What::Handoff { to: self.name(node, &quoted)?.name, say: self.said_in(fields, "say") },
            _ => What::End,
        })
    }

    /// `with` and `into`.
    fn passed(&mut self, fields: &Fields<'_>) -> (Vec<Given>, Vec<Taken>) {
        let inputs = fields.get("with").map(|node| self.assignments(node, "`with`")).unwrap_or_default();
        (inputs, fields.get("into").map(|node| self.renamings(node, "`into`")).unwrap_or_default())
    }

    fn condition_arms(&mut self, node: &Node, fields: &Fields<'_>) -> Option<Vec<Arm>> {
        let condition = self.condition(node, "`if`");
        let then = self.steps_in(fields, "then");
        let otherwise = self.steps_in(fields, "else");
        if then.is_none() {
            self.error(node.line, "an `if` has no `then`", "add `then:` with the steps to go when it holds");
        }
        let mut arms = vec![(Some(condition?), then?)];
        arms.extend(otherwise.map(|steps| (None, steps)));
        Some(arms)
    }

    fn arms(&mut self, node: &Node) -> Option<Vec<Arm>> {
        let mut arms: Vec<Arm> = Vec::new();
        let nodes = self.list(node, "`branch`");
        for (index, node) in nodes.iter().enumerate() {
            let fields = self.fields(node, "a way of a branch", &keys::ARM);
            match (fields.get("if"), fields.get("then"), fields.get("else")) {
                (Some(condition), Some(then), None) => {
                    let condition = self.condition(condition, "`if`");
                    let steps = self.steps(then, "`then`");
                    arms.extend(condition.map(|condition| (Some(condition), steps)));
                }
                (None, None, Some(otherwise)) => {
                    if index + 1 < nodes.len() {
                        self.error(node.line, "`else` is not the last way of its branch", "put it at the end");
                    }
                    arms.push((None, self.steps(otherwise, "`else`")));
                }
                _ => self.error(
                    node.line,
                    "a way of a branch is neither `if` with `then` nor `else`",
                    "write `- if: …` with `then: […]`, and at the end `- else: […]`",
                ),
            }
        }
        if arms.is_empty() {
            self.error(node.line, "a branch has no ways", "write `branch: [{if: …, then: […]}, {else: […]}]`");
            return None;
        }
        Some(arms)
    }
}
