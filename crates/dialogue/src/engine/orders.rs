//! From commands to orders: names become what they name, words become values that their slots accept.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::Engine;
use super::names::View;
use super::state::{Filled, State, Waiting};
use super::turn::Turn;
use crate::command::{CannotHandle, Command};
use crate::kind::Kind;
use crate::normalize::{Read, Unread};
use crate::program::{FlowId, SlotId};
use crate::scope::Scope;
use crate::understand::Understood;

/// What is to be done, checked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Order {
    Start(FlowId),
    Give {
        slot: SlotId,
        value: Arc<Filled>,
    },
    Refuse {
        slot: SlotId,
        said: String,
        why: Refused,
    },
    Clear(SlotId),
    Cancel(Option<FlowId>),
    Answer(bool),
    Clarify(Vec<FlowId>),
    Skip,
    Repeat,
    ChitChat,
    Knowledge(String),
    Handoff,
    Restart,
    Cannot(CannotHandle),
    /// It was said before, and done.
    Settled,
}

/// Why a value is not accepted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Refused {
    /// It does not read as the slot's kind.
    Unread,
    /// Its reader panicked.
    Failed,
    /// It reads in several ways.
    Ambiguous(Vec<Value>),
    /// A condition does not hold; what is to be said.
    Invalid(Option<String>),
}

/// The orders of what was understood. What contradicts itself is refused as a whole.
pub(crate) fn verified(turn: &Turn<'_>, scope: &Scope, understood: &Understood) -> Vec<Order> {
    let commands = &understood.commands;
    let both = commands.contains(&Command::Affirm) && commands.contains(&Command::Deny);
    if both {
        return vec![Order::Cannot(CannotHandle::Contradiction)];
    }
    let (engine, state) = (turn.engine, &turn.state);
    let scope = &*scope.started_by(commands, &engine.program);
    let starts: Vec<FlowId> = commands
        .iter()
        .filter_map(|command| match command {
            Command::Start { flow } => scope.flow(flow).map(|flow| flow.id),
            _ => None,
        })
        .collect();
    let mut orders: Vec<Order> = starts.iter().map(|flow| Order::Start(*flow)).collect();
    let mut given: BTreeMap<SlotId, Arc<Filled>> = BTreeMap::new();
    for command in commands {
        // Whoever understood is asked again whether it may.
        if scope.allows(command).is_err() {
            orders.push(Order::Cannot(CannotHandle::OutOfScope));
            continue;
        }
        let order = match command {
            Command::Start { .. } => continue,
            Command::Set { slot, value } | Command::Correct { slot, value } => {
                let ids = scope.slot(slot).map(|offered| offered.ids.as_slice()).unwrap_or_default();
                match slot_meant(engine, state, &starts, ids) {
                    Meant::Slot(slot) => match read(turn, slot, value) {
                        Ok(value) => {
                            given.insert(slot, value);
                            continue;
                        }
                        Err(why) => Order::Refuse { slot, said: value.clone(), why },
                    },
                    Meant::Flow(flow) => Order::Clarify(vec![flow]),
                    Meant::Nothing => Order::Cannot(CannotHandle::OutOfScope),
                }
            }
            Command::Clear { slot } => {
                let ids = scope.slot(slot).map(|offered| offered.ids.as_slice()).unwrap_or_default();
                match slot_meant(engine, state, &starts, ids) {
                    Meant::Slot(slot) => Order::Clear(slot),
                    _ => Order::Cannot(CannotHandle::OutOfScope),
                }
            }
            Command::Cancel { flow } => Order::Cancel(
                flow.as_ref().and_then(|flow| engine.program.flow_named(flow)).or_else(|| under_way(turn)),
            ),
            Command::Affirm => answer(turn, true),
            Command::Deny => answer(turn, false),
            Command::Clarify { flows } => {
                Order::Clarify(flows.iter().filter_map(|flow| scope.flow(flow)).map(|flow| flow.id).collect())
            }
            Command::Skip => Order::Skip,
            Command::Repeat => Order::Repeat,
            Command::ChitChat => Order::ChitChat,
            Command::Knowledge { question } => Order::Knowledge(question.clone()),
            Command::Handoff => Order::Handoff,
            Command::Restart => Order::Restart,
            Command::CannotHandle { reason } => Order::Cannot(*reason),
        };
        if !orders.contains(&order) {
            orders.push(order);
        }
    }
    // A yes to what is changed in the same breath is a yes to something else.
    let changes =
        !given.is_empty() || orders.iter().any(|order| matches!(order, Order::Refuse { .. } | Order::Clear(_)));
    orders.retain(|order| !changes || *order != Order::Answer(true));
    orders.extend(judged(turn, given));
    orders
}

/// The flow that the user is in: repair flows are not what he means.
fn under_way(turn: &Turn<'_>) -> Option<FlowId> {
    let frames = turn.state.frames.iter().rev();
    let mut flows = frames.filter(|frame| frame.called.is_none()).map(|frame| frame.flow);
    flows.find(|flow| !turn.engine.patterns.is_one(*flow))
}

/// A yes or a no: to the question, or as the value of the slot that was asked.
fn answer(turn: &Turn<'_>, yes: bool) -> Order {
    if let Some(Waiting::Slot(slot)) = turn.state.waiting
        && turn.engine.program.slot(slot).is_some_and(|slot| slot.kind == Kind::Boolean)
    {
        let original = if yes { "yes" } else { "no" }.to_owned();
        let value = Arc::new(Filled { value: Value::Bool(yes), original, how: "yes or no".to_owned() });
        return Order::Give { slot, value };
    }
    Order::Answer(yes)
}

enum Meant {
    Slot(SlotId),
    /// That of a flow which is not open.
    Flow(FlowId),
    Nothing,
}

/// Of the slots of one name: that of a flow that is started now, or else that of an open flow, or else the global one.
fn slot_meant(engine: &Engine, state: &State, starts: &[FlowId], ids: &[SlotId]) -> Meant {
    let flow = |id: &SlotId| engine.program.slot(*id).and_then(|slot| slot.flow);
    let reached = |from: &FlowId, id: &SlotId| {
        engine.program.flow(*from).is_some_and(|flow| flow.reaches.contains(id) || flow.slots.contains(id))
    };
    let open = |id: &SlotId| state.frames.iter().rev().any(|frame| reached(&frame.flow, id));
    let started = ids.iter().find(|id| starts.iter().any(|start| reached(start, id)));
    let meant = started.or_else(|| ids.iter().find(|id| open(id)));
    let meant = meant.or_else(|| ids.iter().find(|id| flow(id).is_none()));
    match (meant, ids.first()) {
        (Some(slot), _) => Meant::Slot(*slot),
        (None, Some(id)) => flow(id).map_or(Meant::Nothing, Meant::Flow),
        (None, None) => Meant::Nothing,
    }
}

/// The user's words as a value of this slot.
pub(crate) fn read(turn: &Turn<'_>, slot: SlotId, words: &str) -> Result<Arc<Filled>, Refused> {
    let Some(of) = turn.engine.program.slot(slot) else { return Err(Refused::Unread) };
    let reading = turn.engine.reading(turn.now);
    match &*turn.engine.normalizer.read(&of.kind, words, &reading) {
        Read::One(read) => Ok(Arc::new(Filled {
            value: read.value.clone(),
            original: read.original.clone(),
            how: read.how.clone().into_owned(),
        })),
        Read::Several(several) => Err(Refused::Ambiguous(several.iter().map(|read| read.value.clone()).collect())),
        Read::None(Unread::Failed) => Err(Refused::Failed),
        Read::None(_) => Err(Refused::Unread),
    }
}

/// Judges values that are given together: each may be compared with the others.
fn judged(turn: &Turn<'_>, given: BTreeMap<SlotId, Arc<Filled>>) -> Vec<Order> {
    let mut after = turn.state.clone();
    after.values.extend(given.iter().map(|(slot, value)| (*slot, Arc::clone(value))));
    let judge = |(slot, value): (SlotId, Arc<Filled>)| match objection(turn.engine, &after, slot, &value.value, turn) {
        None => Order::Give { slot, value },
        Some(message) => Order::Refuse { slot, said: value.original.clone(), why: Refused::Invalid(message) },
    };
    given.into_iter().map(judge).collect()
}

/// What is said against a value, if a condition of its slot does not hold.
#[allow(clippy::option_option, reason = "an objection may have no words of its own")]
pub(crate) fn objection(
    engine: &Engine,
    state: &State,
    slot: SlotId,
    value: &Value,
    turn: &Turn<'_>,
) -> Option<Option<String>> {
    let of = engine.program.slot(slot)?;
    if value.is_null() {
        return None;
    }
    let view = View {
        flow: of.flow.or(engine.view(state, turn.now).flow),
        value: Some(value),
        ..engine.view(state, turn.now)
    };
    // A condition that cannot be judged yet, because it is about a slot that is empty, is judged when the slot is collected.
    let broken = of.validators.iter().find(|validator| matches!(validator.condition.holds(&view), Ok(false)))?;
    let words = broken.message.as_ref().or(of.invalid.as_ref());
    Some(words.and_then(|words| words.render(&view, state.said).ok()))
}
