//! From commands to orders: names become what they name, words become values that their slots accept.

use std::sync::Arc;

use serde_json::Value;

use super::Engine;
use super::apply::{first_caller, set_defaults};
use super::names::View;
use super::state::{Filled, Frame, State, Waiting};
use super::turn::Turn;
use crate::command::{CannotHandle, Command};
use crate::kind::Kind;
use crate::normalize::{Read, Unread};
use crate::program::{FlowId, SlotId};
use crate::scope::Scope;

/// What is to be done, checked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Order {
    Start(FlowId),
    /// Starts a flow when the active one has ended.
    Next(FlowId),
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

/// Commands in the parts that are done one after the other: everything begins anew before what stands behind a restart is done, and
/// after a yes or a no before it.
pub(crate) fn parts(commands: &[Command]) -> Vec<&[Command]> {
    let (mut parts, mut rest) = (Vec::with_capacity(1), commands);
    while let Some(at) = rest.iter().position(|command| *command == Command::Restart) {
        let (before, from) = rest.split_at(at);
        let (restart, after) = from.split_at(1);
        if before.iter().any(|command| matches!(command, Command::Affirm | Command::Deny)) {
            parts.push(before);
        }
        parts.push(restart);
        rest = after;
    }
    if parts.is_empty() || !rest.is_empty() {
        parts.push(rest);
    }
    parts
}

/// The orders of one part of what was understood, in the order in which they are carried out. What contradicts itself is refused as
/// a whole.
pub(crate) fn verified(turn: &Turn<'_>, scope: &Scope, all: &[Command], commands: &[Command]) -> Vec<Order> {
    let both = commands.contains(&Command::Affirm) && commands.contains(&Command::Deny);
    if both {
        return vec![Order::Cannot(CannotHandle::Contradiction)];
    }
    let (engine, state) = (turn.engine, &turn.state);
    let scope = &*scope.started_by(all, &engine.program);
    let starts: Vec<FlowId> = commands
        .iter()
        .filter_map(|command| match command {
            Command::Start { flow } => scope.flow(flow).map(|flow| flow.id),
            _ => None,
        })
        .collect();
    let mut orders: Vec<Order> = Vec::with_capacity(commands.len());
    for command in commands {
        // Whoever understood is asked again whether it may.
        if scope.allows(command).is_err() {
            orders.push(Order::Cannot(CannotHandle::OutOfScope));
            continue;
        }
        let order = match command {
            Command::Start { flow } => match scope.flow(flow) {
                Some(flow) => Order::Start(flow.id),
                None => Order::Cannot(CannotHandle::OutOfScope),
            },
            Command::Set { slot, value } | Command::Correct { slot, value } => {
                let mut ids = scope.slot(slot).map(|offered| offered.ids.clone()).unwrap_or_default();
                if matches!(command, Command::Correct { .. }) {
                    // What is corrected has a value.
                    ids.sort_by_key(|id| !state.has(*id));
                }
                match slot_meant(engine, state, &starts, &ids) {
                    Meant::Slot(slot) => match read(turn, slot, value) {
                        Ok(value) => Order::Give { slot, value },
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
            Command::Cancel { flow } => {
                let named = flow.as_ref().and_then(|flow| engine.program.flow_named(flow));
                Order::Cancel(named.map(|flow| with_callers(turn, flow)).or_else(|| under_way(turn)))
            }
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
        // Of two values of a slot, the one that was said last counts.
        if let Order::Give { slot, .. } = &order {
            orders.retain(|known| !matches!(known, Order::Give { slot: of, .. } if of == slot));
        }
        if !orders.contains(&order) {
            orders.push(order);
        }
    }
    let orders = judged(turn, &starts, orders);
    // A yes to what is changed in the same breath is a yes to something else; so is one beside more where nothing is to be
    // confirmed.
    let changed = |order: &Order| match order {
        Order::Give { slot, .. } | Order::Refuse { slot, .. } | Order::Clear(slot) => touches(engine, state, *slot),
        _ => false,
    };
    let (changes, more) = (orders.iter().any(changed), orders.len() > 1);
    let confirming = state.waiting == Some(Waiting::Confirmation);
    sequenced(orders.into_iter().filter(|order| match order {
        Order::Answer(yes) => !(changes && *yes || more && !confirming),
        _ => true,
    }))
}

/// Whether a slot is global or one of the open flows, with what they call and link to.
fn touches(engine: &Engine, state: &State, slot: SlotId) -> bool {
    let is_global = engine.program.slot(slot).is_some_and(|slot| slot.flow.is_none());
    is_global || state.frames.iter().any(|frame| is_reached(engine, frame.flow, slot))
}

fn is_reached(engine: &Engine, from: FlowId, slot: SlotId) -> bool {
    engine.program.flow(from).is_some_and(|flow| flow.reaches.contains(&slot) || flow.slots.contains(&slot))
}

/// The answer to the open question goes first: it is about what is open before anything else is done. Of flows that are started,
/// the first takes its turn at once, or after what was answered, and each other one after the one before it.
fn sequenced(orders: impl Iterator<Item = Order>) -> Vec<Order> {
    let (mut sequence, mut later, mut busy) = (Vec::new(), Vec::new(), false);
    for order in orders {
        match order {
            Order::Answer(_) => {
                busy = true;
                sequence.insert(0, order);
            }
            Order::Start(flow) if busy => later.push(Order::Next(flow)),
            Order::Start(_) => {
                busy = true;
                sequence.push(order);
            }
            order => sequence.push(order),
        }
    }
    // Each is put right below what is active, so that the last comes first.
    sequence.extend(later.into_iter().rev());
    sequence
}

/// The flow that the user is in: repair flows are not what he means, unless nothing else is open.
fn under_way(turn: &Turn<'_>) -> Option<FlowId> {
    let of_user = |frame: &&Frame| !turn.engine.patterns.is_one(frame.flow);
    let mut frames = turn.state.frames.iter().rev().filter(of_user);
    let first = frames.clone().find(|frame| frame.called.is_none()).or_else(|| frames.next());
    first.map(|frame| frame.flow)
}

/// What ends when a flow is given up that others have called: the first of them.
fn with_callers(turn: &Turn<'_>, flow: FlowId) -> FlowId {
    let first = first_caller(&turn.state, flow).unwrap_or(flow);
    if turn.engine.patterns.is_one(first) { flow } else { first }
}

/// A yes or a no: to the question, or as the value of the slot that was asked, or to the one flow that was asked about.
fn answer(turn: &Turn<'_>, yes: bool) -> Order {
    let state = &turn.state;
    if let Some(Waiting::Slot(slot)) = state.waiting
        && turn.engine.program.slot(slot).is_some_and(|slot| slot.kind == Kind::Boolean)
    {
        let original = if yes { "yes" } else { "no" }.to_owned();
        let value = Arc::new(Filled { value: Value::Bool(yes), original, how: "yes or no".to_owned() });
        return Order::Give { slot, value };
    }
    match state.choices.as_slice() {
        [one] if yes && state.waiting == Some(Waiting::Choice) => Order::Start(*one),
        several if yes && state.waiting == Some(Waiting::Choice) => Order::Clarify(several.to_vec()),
        _ => Order::Answer(yes),
    }
}

pub(super) enum Meant {
    Slot(SlotId),
    /// That of a flow which is not open.
    Flow(FlowId),
    Nothing,
}

/// Of the slots of one name: that of a flow that is started now, or else that of an open flow, or else the global one.
pub(super) fn slot_meant(engine: &Engine, state: &State, starts: &[FlowId], ids: &[SlotId]) -> Meant {
    let flow = |id: &SlotId| engine.program.slot(*id).and_then(|slot| slot.flow);
    let open = |id: &SlotId| state.frames.iter().rev().any(|frame| is_reached(engine, frame.flow, *id));
    let started = ids.iter().find(|id| starts.iter().any(|start| is_reached(engine, *start, **id)));
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

/// Judges values that are given together: each may be compared with the others, and with what the flows hold that are started.
pub(super) fn judged(turn: &Turn<'_>, starts: &[FlowId], orders: Vec<Order>) -> Vec<Order> {
    if !orders.iter().any(|order| matches!(order, Order::Give { .. })) {
        return orders;
    }
    let mut after = turn.state.clone();
    for flow in starts {
        if !after.frames.iter().any(|frame| frame.flow == *flow) {
            after.frames.push(Frame::new(*flow));
            set_defaults(turn.engine, &mut after, *flow, turn.now);
        }
    }
    for order in &orders {
        match order {
            Order::Give { slot, value } => drop(after.values.insert(*slot, Arc::clone(value))),
            Order::Clear(slot) => drop(after.values.remove(slot)),
            _ => {}
        }
    }
    let judge = |order: Order| match order {
        Order::Give { slot, value } => match objection(turn.engine, &after, slot, &value.value, turn) {
            None => Order::Give { slot, value },
            Some(message) => Order::Refuse { slot, said: value.original.clone(), why: Refused::Invalid(message) },
        },
        order => order,
    };
    orders.into_iter().map(judge).collect()
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
    // What hangs on a slot that is empty is judged as soon as that has its value.
    let broken = of.validators.iter().find(|validator| matches!(validator.condition.judge(&view), Ok(Some(false))))?;
    let words = broken.message.as_ref().or(of.invalid.as_ref());
    Some(words.and_then(|words| words.render(&view, state.said).ok()))
}
