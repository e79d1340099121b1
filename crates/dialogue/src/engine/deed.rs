//! From what the host does to orders.

use std::collections::BTreeMap;
use std::sync::Arc;

use ninefold_core::{Error, ErrorKind, Result};

use super::Engine;
use super::orders::{Meant, Order, judged, read, slot_meant};
use super::run::fits;
use super::state::{Filled, State};
use super::turn::Turn;
use crate::action::kind_of;
use crate::command::{CannotHandle, Command};
use crate::input::Deed;
use crate::near;
use crate::program::{FlowId, SlotId};
use crate::understand::{By, Understood};

/// The orders of what the host does: it may start flows and set slots that users may not; guards and conditions hold for it as for
/// them. What it names must be there.
///
/// # Errors
/// `InvalidInput` for a flow or slot that is not there, and for a value that is none of its slot's kind.
pub(crate) fn verified(turn: &Turn<'_>, deed: &Deed) -> Result<(Understood, Vec<Order>)> {
    let (engine, program) = (turn.engine, &turn.engine.program);
    let mut done = Understood::nothing(By::Host);
    let start = deed.start.as_ref().map(|name| started(engine, name)).transpose()?;
    let starts = start.as_slice();
    let mut given: BTreeMap<SlotId, Arc<Filled>> = BTreeMap::new();
    let mut orders: Vec<Order> = Vec::new();
    if let Some(name) = &deed.start {
        done.push(Command::Start { flow: name.clone() }, "by the host");
    }
    for (name, value) in &deed.slots {
        let slot = named(engine, &turn.state, starts, name)?;
        let Some(of) = program.slot(slot) else { continue };
        let words = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if value.is_null() {
            done.push(Command::Clear { slot: of.name.clone() }, "by the host");
            orders.push(Order::Clear(slot));
            continue;
        }
        done.push(Command::Set { slot: of.name.clone(), value: words.clone() }, "by the host");
        if fits(&of.kind, value) {
            given.insert(slot, Filled::computed(value.clone()));
        } else if value.is_string() {
            match read(turn, slot, &words) {
                Ok(value) => drop(given.insert(slot, value)),
                Err(why) => orders.push(Order::Refuse { slot, said: words, why }),
            }
        } else {
            let what = format!("the host gave {} to slot {name}, which is a {}", kind_of(value), of.kind);
            return Err(
                Error::new(ErrorKind::InvalidInput, what).hint("give a value of its kind, or words that read as one")
            );
        }
    }
    if let Some(flow) = start {
        let mut after = turn.state.clone();
        after.values.extend(given.iter().map(|(slot, value)| (*slot, Arc::clone(value))));
        if !engine.may_run(flow, &after, turn.now) {
            done.refused.extend(deed.start.iter().map(|name| format!("the guard of flow {name} does not hold")));
            return Ok((done, vec![Order::Cannot(CannotHandle::OutOfScope)]));
        }
    }
    orders.extend(judged(turn, starts, given.into_iter().map(|(slot, value)| Order::Give { slot, value }).collect()));
    // The values first: where there is one, the flow's default is not taken.
    orders.extend(start.map(Order::Start));
    Ok((done, orders))
}

/// A flow that a host may start.
fn started(engine: &Engine, name: &str) -> Result<FlowId> {
    let flow = engine.program.flow_named(name).filter(|flow| !engine.patterns.is_one(*flow));
    flow.ok_or_else(|| {
        let flows =
            engine.program.flows.iter().map(|flow| flow.name.as_str()).filter(|name| !name.starts_with("pattern_"));
        Error::new(ErrorKind::InvalidInput, format!("there is no flow {name:?} that a host can start"))
            .hint(near::cure(name, flows, "flows are"))
    })
}

/// The slot that a host means.
fn named(engine: &Engine, state: &State, starts: &[FlowId], name: &str) -> Result<SlotId> {
    let program = &engine.program;
    let missing = |what: String, hint: String| Err(Error::new(ErrorKind::InvalidInput, what).hint(hint));
    let ids: Vec<SlotId> = match name.split_once('.') {
        Some((flow, slot)) => {
            let found = program.flow_named(flow).and_then(|flow| engine.slots.get(&Some(flow))?.get(slot).copied());
            found.into_iter().collect()
        }
        None => (0..).map(SlotId).zip(&program.slots).filter(|(_, slot)| slot.name == name).map(|(id, _)| id).collect(),
    };
    match slot_meant(engine, state, starts, &ids) {
        Meant::Slot(slot) => Ok(slot),
        Meant::Flow(flow) => {
            let flow = program.flow(flow).map(|flow| flow.name.as_str()).unwrap_or_default();
            let what = format!("slot {name:?} belongs to flow {flow}, which is not open");
            missing(what, format!("start {flow} with it, or make it a global slot"))
        }
        Meant::Nothing => {
            let slots = program.slots.iter().map(|slot| slot.name.as_str());
            missing(format!("there is no slot {name:?}"), near::cure(name, slots, "slots are"))
        }
    }
}
