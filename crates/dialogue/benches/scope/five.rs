//! The predecessor's five cases of scoping: what is offered for each message, and whether what it means is among it.

use std::borrow::Cow;

use ninefold_dialogue::Command;
use ninefold_dialogue::expression::Names;
use ninefold_dialogue::program::{FlowId, Program, SlotId};
use ninefold_dialogue::scope::{Index, Scope, View};
use serde_json::Value;

/// Nothing has a value that a guard could read.
struct Nothing;

impl Names for Nothing {
    fn value(&self, _: &str) -> Option<Cow<'_, Value>> {
        None
    }
}

/// The conversation commands that the predecessor counted.
const COUNTED: [&str; 3] = ["cancel", "help", "restart"];

/// What one message is offered.
pub(crate) struct Case {
    pub(crate) message: &'static str,
    /// The names of flows and slots.
    pub(crate) offered: Vec<String>,
    /// Tokens of these and of the commands that are always there, as plain names and as the predecessor wrote them.
    pub(crate) tokens: usize,
    pub(crate) prefixed: usize,
    /// How many commands that makes.
    pub(crate) commands: usize,
    /// Whether what the message means is among them.
    pub(crate) present: bool,
}

/// The five, by a program that books flights.
pub(crate) fn cases(program: &Program) -> Vec<Case> {
    let index = Index::new(program);
    let book = FlowId(0);
    let slot = |name: &str| program.slot_named(Some(book), name).unwrap();
    let set = |name: &str| Command::Set { slot: name.into(), value: "x".to_owned() };
    let all = [slot("origin"), slot("destination"), slot("departure_date")];
    let cases: [(&'static str, bool, &[SlotId], Vec<Command>); 5] = [
        ("I want to book a flight", false, &[], vec![Command::Start { flow: "book_flight".into() }]),
        ("From Madrid to Barcelona", true, &[], vec![set("origin"), set("destination")]),
        ("On March 15th", true, &all[..2], vec![set("departure_date")]),
        ("Help me", true, &all[..1], vec![Command::Clarify { flows: vec![] }]),
        ("Cancel my booking", true, &all, vec![Command::Cancel { flow: None }]),
    ];
    let case = |&(message, active, filled, ref intended): &(&'static str, bool, &[SlotId], Vec<Command>)| {
        let view = View { message, active: active.then_some(book), filled, ..view() };
        let scope = Scope::of(program, &index, &view);
        Case {
            message,
            offered: scope.names().map(str::to_owned).collect(),
            tokens: count(scope.names().chain(COUNTED).map(Cow::Borrowed)),
            prefixed: count(prefixed_names(program, &scope).into_iter().chain(COUNTED.map(Cow::Borrowed))),
            commands: scope.names().count() + COUNTED.len(),
            present: intended.iter().all(|command| scope.allows(command).is_ok()),
        }
    };
    cases.iter().map(case).collect()
}

pub(crate) fn view() -> View<'static> {
    View {
        message: "",
        last_said: "",
        active: None,
        stack: &[],
        ended: None,
        asked: None,
        confirming: false,
        choices: &[],
        filled: &[],
        guards: &Nothing,
    }
}

/// Characters of the list by four.
pub(crate) fn count<'a>(names: impl Iterator<Item = Cow<'a, str>>) -> usize {
    names.map(|name| name.chars().count() + 2).sum::<usize>().saturating_sub(2) / 4
}

pub(crate) fn prefixed_names(_: &Program, scope: &Scope) -> Vec<Cow<'static, str>> {
    let flows = scope.flows.iter().map(|flow| Cow::Owned(format!("start_{}", flow.name)));
    let slots =
        scope.slots.iter().flat_map(|slot| slot.ids.iter().map(|_| Cow::Owned(format!("provide_{}", slot.name))));
    flows.chain(slots).collect()
}
