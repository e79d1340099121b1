//! Does what was ordered: opens and closes flows, gives slots their values, and calls in repair flows.

use std::sync::Arc;

use jiff::civil::DateTime;
use ninefold_core::{Error, ErrorKind};
use serde_json::{Value, json};

use super::Engine;
use super::names::View;
use super::orders::{Order, Refused};
use super::pattern::Pattern;
use super::state::{Filled, Frame, State, Then, Waiting, corrected, forgotten, overruled};
use super::turn::{Again, Turn};
use crate::command::CannotHandle;
use crate::program::{FlowId, SlotId};

/// A repair flow that is to run before the conversation goes on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Interlude {
    pub(crate) pattern: Pattern,
    pub(crate) flow: Option<FlowId>,
    pub(crate) context: Value,
    pub(crate) then: Option<Then>,
}

pub(crate) fn interlude(engine: &Engine, pattern: Pattern, context: Value) -> Interlude {
    Interlude { pattern, flow: engine.patterns.flow(pattern), context, then: None }
}

/// So many values of a flow that has ended are kept in mind.
const MOST_SETTLED: usize = 16;

/// Puts repair flows on the stack, the first of them on top.
pub(crate) fn push(engine: &Engine, state: &mut State, interludes: Vec<Interlude>) {
    state.waiting = None;
    // A repair flow that still waits gives way to a new one, with what it has called.
    for flow in interludes.iter().filter_map(|interlude| interlude.flow) {
        close(engine, state, flow);
    }
    for interlude in interludes.into_iter().rev() {
        let Some(flow) = interlude.flow else { continue };
        let (context, then) = (Arc::new(interlude.context), interlude.then);
        state.frames.push(Frame { context, then, ..Frame::new(flow) });
    }
}

/// Takes the flow of repair off the stack with which a turn begins after the definition has changed.
pub(crate) fn taken_changed(engine: &Engine, state: &mut State) -> Option<Interlude> {
    let changed = engine.patterns.flow(Pattern::ChangedDefinition);
    let begins = |frame: &mut Frame| Some(frame.flow) == changed && frame.step == 0 && frame.done.is_empty();
    let frame = if state.waiting.is_none() { state.frames.pop_if(begins) } else { None }?;
    Some(interlude(engine, Pattern::ChangedDefinition, Value::clone(&frame.context)))
}

/// Carries out one order. What is to be said about it is left to repair flows.
pub(crate) fn apply(turn: &mut Turn<'_>, order: Order, interludes: &mut Vec<Interlude>) {
    let engine = turn.engine;
    let mut add = |pattern, context| interludes.push(interlude(engine, pattern, context));
    match order {
        Order::Start(flow) | Order::Next(flow) => {
            let is_open = turn.state.frames.iter().any(|frame| frame.flow == flow);
            let may_run = is_open || engine.may_run(flow, &turn.state, turn.now);
            let opened = may_run && if order == Order::Start(flow) { open(turn, flow) } else { open_next(turn, flow) };
            if !opened {
                add(Pattern::CannotHandle, json!({ "reason": CannotHandle::OutOfScope }));
            }
        }
        Order::Give { slot, value } => {
            if let Some(context) = give(turn, slot, &value) {
                add(Pattern::Correction, context);
            }
        }
        Order::Refuse { slot, said, why } => {
            let name = engine.program.slot(slot).map(|slot| slot.name.clone());
            miss(turn, slot, &why);
            let own_words = engine.program.slot(slot).is_some_and(|slot| slot.no_match.is_some());
            let context = match why {
                Refused::Failed => {
                    let reader = engine.program.slot(slot).map_or("", |slot| slot.name.as_str());
                    let what = format!("the reader of slot {reader} panicked");
                    let error = Error::new(ErrorKind::Panicked, what).hint("see the host's own log for where");
                    interludes.push(turn.failed_in(Pattern::Validation, &error));
                    return;
                }
                Refused::Unread if own_words && turn.state.waiting == Some(Waiting::Slot(slot)) => return,
                Refused::Unread => json!({ "slot": name, "value": said, "message": null, "ambiguous": null }),
                Refused::Ambiguous(readings) => {
                    json!({ "slot": name, "value": said, "message": null, "ambiguous": readings })
                }
                Refused::Invalid(message) => {
                    let asked = Some(Waiting::Slot(slot));
                    if message.is_some() && turn.state.waiting == asked {
                        turn.put_again = asked;
                    }
                    json!({ "slot": name, "value": said, "message": message, "ambiguous": null })
                }
            };
            add(Pattern::Validation, context);
        }
        Order::Clear(slot) => clear(&mut turn.state, slot),
        Order::Cancel(flow) => {
            let described = flow.map(|flow| engine.called(flow));
            let name = flow.and_then(|flow| engine.program.flow(flow)).map(|flow| flow.name.clone());
            let context = json!({ "flow": name, "description": described });
            interludes.push(Interlude { then: flow.map(Then::Cancel), ..interlude(engine, Pattern::Cancel, context) });
        }
        Order::Answer(yes) => answer(turn, yes, interludes),
        Order::Clarify(flows) => {
            let again = turn.state.waiting == Some(Waiting::Choice) && !flows.is_empty();
            let stuck = if again { missed(turn) } else { None };
            interludes.push(stuck.unwrap_or_else(|| choice(turn, flows)));
        }
        Order::Skip => add(Pattern::Skip, skip(turn)),
        Order::Repeat => {
            turn.put_again = turn.state.waiting;
            add(Pattern::Repeat, json!({ "text": turn.state.last_said }));
        }
        Order::ChitChat => add(Pattern::ChitChat, json!({})),
        Order::Knowledge(question) => add(Pattern::Knowledge, json!({ "question": question, "answer": null })),
        Order::Handoff => add(Pattern::Handoff, json!({})),
        Order::Restart => {
            let restart = interlude(engine, Pattern::Restart, json!({}));
            interludes.push(Interlude { then: Some(Then::Restart), ..restart });
        }
        Order::Settled => {
            let flow = turn.state.ended.and_then(|flow| engine.program.flow(flow)).map(|flow| flow.name.clone());
            add(Pattern::Completed, json!({ "flow": flow, "again": true }));
        }
        Order::Cannot(reason) => {
            let asked = turn.state.waiting;
            if let Some(stuck) = missed(turn) {
                interludes.push(stuck);
                return;
            }
            let mut own_words = false;
            if let (Some(Waiting::Slot(slot)), CannotHandle::NotUnderstood) = (asked, reason) {
                turn.again = Some(Again::NoMatch);
                own_words = engine.program.slot(slot).is_some_and(|slot| slot.no_match.is_some());
            }
            if !own_words {
                interludes.push(interlude(engine, Pattern::CannotHandle, json!({ "reason": reason })));
            }
        }
    }
}

/// Opens a flow, or brings one that is open to the front. Says whether it could.
pub(crate) fn open(turn: &mut Turn<'_>, flow: FlowId) -> bool {
    let state = &mut turn.state;
    if let Some(at) = state.frames.iter().position(|frame| frame.flow == flow) {
        // Whoever was called stays above whoever called it.
        let (at, end) = (root(state, at), called_from(state, at));
        if end < state.frames.len() {
            interrupt(state);
            let raised: Vec<Frame> = state.frames.drain(at..end).collect();
            state.frames.extend(raised);
        }
        return true;
    }
    if state.frames.len() >= usize::from(turn.engine.program.settings.deepest_stack) {
        return false;
    }
    interrupt(state);
    turn.again = None;
    state.settled.clear();
    state.frames.push(Frame::new(flow));
    set_defaults(turn.engine, &mut turn.state, flow, turn.now);
    true
}

/// Opens a flow that begins when the active one has ended, with those that called it. Says whether it could.
fn open_next(turn: &mut Turn<'_>, flow: FlowId) -> bool {
    let state = &mut turn.state;
    if state.frames.iter().any(|frame| frame.flow == flow) {
        return true;
    }
    if state.frames.len() >= usize::from(turn.engine.program.settings.deepest_stack) {
        return false;
    }
    let at = state.frames.len().checked_sub(1).map_or(0, |top| root(state, top));
    if let Some(below) = at.checked_sub(1).and_then(|below| state.frames.get_mut(below)) {
        below.interrupted = true;
    }
    state.settled.clear();
    state.frames.insert(at, Frame::new(flow));
    set_defaults(turn.engine, &mut turn.state, flow, turn.now);
    true
}

fn interrupt(state: &mut State) {
    state.waiting = None;
    state.misses = 0;
    if let Some(frame) = state.frames.last_mut() {
        frame.interrupted = true;
    }
}

/// Where the flows begin that called one another up to the one at this place.
pub(crate) fn root(state: &State, at: usize) -> usize {
    let called = state.frames.iter().take(at + 1).rev().take_while(|frame| frame.called.is_some()).count();
    at.saturating_sub(called)
}

/// The flow that called an open one, or that called who called it, first of all: itself where nobody did.
pub(super) fn first_caller(state: &State, flow: FlowId) -> Option<FlowId> {
    let at = state.frames.iter().position(|frame| frame.flow == flow)?;
    state.frames.get(root(state, at)).map(|frame| frame.flow)
}

/// The end of the flows that the one at this place has called, one the other.
fn called_from(state: &State, at: usize) -> usize {
    let above = state.frames.iter().skip(at + 1).take_while(|frame| frame.called.is_some()).count();
    at + 1 + above
}

/// Gives the slots of a flow what they hold before anybody says anything.
pub(crate) fn set_defaults(engine: &Engine, state: &mut State, flow: FlowId, now: DateTime) {
    let slots = engine.program.flow(flow).map(|flow| flow.slots.as_slice()).unwrap_or_default();
    for slot in slots {
        let Some(of) = engine.program.slot(*slot).filter(|_| !state.has(*slot)) else { continue };
        let Some(default) = &of.default else { continue };
        let value = default.eval(&View { flow: Some(flow), ..engine.view(state, now) });
        if let Ok(value) = value
            && !value.is_null()
        {
            state.values.insert(*slot, Filled::computed(value));
        }
    }
}

/// Gives the global slots that are empty what they hold before anybody says anything.
pub(crate) fn set_globals(engine: &Engine, state: &mut State, now: DateTime) {
    for slot in engine.slots.get(&None).into_iter().flat_map(|slots| slots.values()) {
        let default = engine.program.slot(*slot).and_then(|slot| slot.default.as_ref());
        let default = default.filter(|_| !state.has(*slot));
        let value = default.and_then(|default| default.eval(&engine.view(state, now)).ok());
        if let Some(value) = value.filter(|value| !value.is_null()) {
            state.values.insert(*slot, Filled::computed(value));
        }
    }
}

/// Gives a slot a value. Returns what there is to say of it when it had another one before.
fn give(turn: &mut Turn<'_>, slot: SlotId, value: &Arc<Filled>) -> Option<Value> {
    turn.given.push((slot, Arc::clone(value)));
    let state = &mut turn.state;
    let asked = state.waiting == Some(Waiting::Slot(slot));
    if asked {
        state.waiting = None;
        state.misses = 0;
        turn.again = None;
        turn.answered = Some(slot);
    }
    state.last_set = Some(slot);
    let before = state.values.insert(slot, Arc::clone(value));
    if asked {
        return None;
    }
    for frame in &mut state.frames {
        let _collected = if corrected(&mut frame.done, slot, value) {
            overruled(&mut frame.before, slot, value)
        } else {
            corrected(&mut frame.before, slot, value)
        };
    }
    if before.as_ref().is_some_and(|before| before.value == value.value) {
        return None;
    }
    state.redo_all();
    let before = before.filter(|before| !before.value.is_null())?;
    let name = turn.engine.program.slot(slot).map(|slot| slot.name.clone());
    Some(json!({ "slot": name, "value": value.value, "before": before.value }))
}

/// Takes a slot's value away; whoever needs it asks for it again.
pub(crate) fn clear(state: &mut State, slot: SlotId) {
    state.values.remove(&slot);
    for frame in &mut state.frames {
        if let Some(initial) = frame.initial.get_mut(&slot) {
            *initial = None;
        }
        forgotten(&mut frame.done, slot);
        forgotten(&mut frame.before, slot);
    }
    state.redo_all();
}

/// Notes that the open question was not answered.
fn miss(turn: &mut Turn<'_>, slot: SlotId, why: &Refused) {
    if turn.state.waiting != Some(Waiting::Slot(slot)) {
        return;
    }
    count_miss(turn);
    turn.again = Some(match why {
        Refused::Unread | Refused::Failed | Refused::Ambiguous(_) => Again::NoMatch,
        Refused::Invalid(_) => Again::Invalid,
    });
}

fn count_miss(turn: &mut Turn<'_>) {
    if !std::mem::replace(&mut turn.missed, true) {
        turn.state.misses = turn.state.misses.saturating_add(1);
    }
}

/// Notes that there was no answer to what was asked. Gives what is said when that was so too often.
pub(crate) fn missed(turn: &mut Turn<'_>) -> Option<Interlude> {
    let waiting = turn.state.waiting?;
    count_miss(turn);
    if turn.state.misses <= turn.engine.program.settings.most_reprompts {
        return None;
    }
    turn.state.misses = 0;
    (turn.again, turn.gave_up) = (None, true);
    let slot = if let Waiting::Slot(slot) = waiting { turn.engine.program.slot(slot) } else { None };
    let context = json!({ "reason": "no_progress", "slot": slot.map(|slot| &slot.name) });
    Some(interlude(turn.engine, Pattern::CannotHandle, context))
}

/// Asks which of these flows is meant, or for other words where there are none.
pub(crate) fn choice(turn: &mut Turn<'_>, flows: Vec<FlowId>) -> Interlude {
    let engine = turn.engine;
    let described: Vec<String> = flows.iter().map(|flow| engine.called(*flow)).collect();
    let names: Vec<_> = flows.iter().filter_map(|flow| engine.program.flow(*flow)).map(|flow| &flow.name).collect();
    let context = json!({ "flows": described, "names": names });
    if flows.is_empty() {
        turn.state.misses = 0;
    }
    turn.pause |= !flows.is_empty();
    turn.state.choices = flows;
    interlude(engine, Pattern::Clarification, context)
}

/// A yes or a no to the open question.
fn answer(turn: &mut Turn<'_>, yes: bool, interludes: &mut Vec<Interlude>) {
    if turn.state.waiting != Some(Waiting::Confirmation) {
        let is_choice = turn.state.waiting == Some(Waiting::Choice);
        let answer = if yes || is_choice {
            choice(turn, Vec::new())
        } else {
            interlude(turn.engine, Pattern::ChitChat, json!({}))
        };
        interludes.push(answer);
        return;
    }
    turn.state.waiting = None;
    turn.state.misses = 0;
    super::steps::confirmed(turn, yes);
}

/// Leaves the open question unanswered, if that may be. Returns what there is to say of it.
fn skip(turn: &mut Turn<'_>) -> Value {
    let Some(Waiting::Slot(slot)) = turn.state.waiting else { return json!({ "slot": null, "optional": false }) };
    let of = turn.engine.program.slot(slot);
    let optional = of.is_some_and(|slot| slot.optional);
    if optional {
        turn.state.waiting = None;
        turn.state.misses = 0;
        turn.answered = Some(slot);
        turn.state.values.insert(slot, Filled::skipped());
    }
    json!({ "slot": of.map(|slot| &slot.name), "optional": optional })
}

/// Ends a flow before its end, with what it has called and with those that called it, who would call it again.
pub(crate) fn cancel(turn: &mut Turn<'_>, flow: FlowId) {
    let first = first_caller(&turn.state, flow);
    if first.is_some_and(|first| close(turn.engine, &mut turn.state, first)) {
        turn.state.ended = Some(flow);
    }
}

/// Closes a flow with what it has called, and forgets their values. Says whether it was open.
fn close(engine: &Engine, state: &mut State, flow: FlowId) -> bool {
    let mut was_open = false;
    while let Some(at) = state.frames.iter().position(|frame| frame.flow == flow) {
        let end = called_from(state, at);
        let ended: Vec<Frame> = state.frames.drain(at..end).collect();
        for frame in ended {
            forget(engine, state, frame.flow);
        }
        was_open = true;
    }
    was_open
}

/// Keeps in mind what the user has said for a flow that is about to end.
pub(crate) fn settle(engine: &Engine, state: &mut State, flow: FlowId) {
    let slots = engine.program.flow(flow).map(|flow| flow.reaches.as_slice()).unwrap_or_default();
    let kept = slots.iter().filter(|slot| engine.program.slot(**slot).is_some_and(|slot| !slot.sensitive));
    let said = kept.filter_map(|slot| state.values.get(slot)).map(|filled| filled.original.trim().to_lowercase());
    state.settled = said.filter(|said| !said.is_empty()).take(MOST_SETTLED).collect();
}

/// Forgets the values of a flow that has ended.
pub(crate) fn forget(engine: &Engine, state: &mut State, flow: FlowId) {
    let slots = engine.program.flow(flow).map(|flow| flow.slots.as_slice()).unwrap_or_default();
    for slot in slots {
        if engine.program.slot(*slot).is_some_and(|slot| !slot.persistent) {
            state.values.remove(slot);
        }
    }
}

/// Forgets the values of flows that are not open, and that none which is open leads to: what was said for them in advance was said
/// for what is over.
pub(crate) fn forget_closed(engine: &Engine, state: &mut State) {
    let State { frames, values, .. } = state;
    values.retain(|id, _| {
        let Some(slot) = engine.program.slot(*id) else { return false };
        slot.persistent
            || slot.flow.is_none_or(|of| {
                let leads = |frame: &Frame| {
                    frame.flow == of || engine.program.flow(frame.flow).is_some_and(|flow| flow.reaches.contains(id))
                };
                frames.iter().any(leads)
            })
    });
}
