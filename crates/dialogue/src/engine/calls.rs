//! How flows give way to one another: one links to another, calls it, ends, and the one below goes on.

use serde_json::json;

use super::apply::{self, interlude};
use super::bounds;
use super::pattern::Pattern;
use super::state::{Came, Filled, Frame, Then};
use super::steps::{Failed, Next, go_on, judge_again, jump, note};
use super::turn::Turn;
use crate::expression::Expression;
use crate::program::{FlowId, Op, SlotId};

/// Ends the active flow and starts another. Whoever has called the active one waits for the other one in its place. So does a
/// repair flow that a flow's end has called in: the other one's end does not call it in again.
pub(super) fn link(turn: &mut Turn<'_>, to: FlowId) -> Result<Next, Failed> {
    let engine = turn.engine;
    let Some(frame) = turn.state.frames.last() else { return Ok(Next::On) };
    if !engine.may_run(to, &turn.state, turn.now) {
        return shut(turn, to);
    }
    let of_ends = [Pattern::Satisfaction, Pattern::Completed].map(|pattern| engine.patterns.flow(pattern));
    if frame.called.is_some() || of_ends.contains(&Some(frame.flow)) {
        let first = apply::root(&turn.state, turn.state.frames.len().saturating_sub(1));
        let known = turn.state.frames.iter().position(|frame| frame.flow == to);
        note(turn, "link");
        match known.filter(|at| *at >= first) {
            Some(at) => begin_again(turn, at),
            None => {
                enter(turn, to, Vec::new())?;
                apply::set_defaults(engine, &mut turn.state, to, turn.now);
            }
        }
        return Ok(Next::On);
    }
    note(turn, "link");
    let Some(frame) = turn.state.frames.pop() else { return Ok(Next::On) };
    apply::forget(engine, &mut turn.state, frame.flow);
    turn.state.ended = Some(frame.flow);
    carry_out(turn, frame.then.filter(|_| !frame.denied));
    if !apply::open(turn, to) {
        return Err(Failed { why: "too many flows are open".to_owned() });
    }
    Ok(Next::On)
}

/// Runs another flow, after which the active one goes on.
pub(super) fn call(
    turn: &mut Turn<'_>,
    to: FlowId,
    inputs: &[(SlotId, Expression)],
    outputs: &[(SlotId, SlotId)],
) -> Result<Next, Failed> {
    let engine = turn.engine;
    if !engine.may_run(to, &turn.state, turn.now) {
        return shut(turn, to);
    }
    let mut given = Vec::with_capacity(inputs.len());
    for (slot, expression) in inputs {
        let value = expression.eval(&engine.view(&turn.state, turn.now))?;
        bounds::value(&value).map_err(|why| Failed { why: format!("the value has {why}") })?;
        given.push((*slot, value));
    }
    note(turn, "call");
    enter(turn, to, outputs.to_vec())?;
    for (slot, value) in given {
        if !value.is_null() {
            turn.state.values.insert(slot, Filled::computed(value));
        }
    }
    apply::set_defaults(engine, &mut turn.state, to, turn.now);
    Ok(Next::On)
}

/// Puts a flow on top that the active one waits for.
fn enter(turn: &mut Turn<'_>, to: FlowId, outputs: Vec<(SlotId, SlotId)>) -> Result<(), Failed> {
    let before = match turn.state.frames.last_mut().and_then(Frame::came_before) {
        Some(Came::Called { within }) => within,
        _ => Vec::new(),
    };
    if turn.state.frames.iter().any(|frame| frame.flow == to) {
        return Err(Failed { why: "a flow that is open was called".to_owned() });
    }
    if turn.state.frames.len() >= usize::from(turn.engine.program.settings.deepest_stack) {
        return Err(Failed { why: "too many flows are open".to_owned() });
    }
    turn.state.frames.push(Frame { called: Some(outputs), before, ..Frame::new(to) });
    Ok(())
}

/// Has the flow at this place begin again, without what it has called.
fn begin_again(turn: &mut Turn<'_>, at: usize) {
    let closed: Vec<Frame> = turn.state.frames.drain(at..).collect();
    for frame in &closed {
        apply::forget(turn.engine, &mut turn.state, frame.flow);
    }
    let Some(Frame { flow, called, context, then, .. }) = closed.into_iter().next() else { return };
    turn.state.frames.push(Frame { called, context, then, ..Frame::new(flow) });
    apply::set_defaults(turn.engine, &mut turn.state, flow, turn.now);
}

/// Ends the active flow, with whoever called it, because another one that it needs may not run now.
fn shut(turn: &mut Turn<'_>, to: FlowId) -> Result<Next, Failed> {
    let engine = turn.engine;
    let name = engine.program.flow(to).map(|flow| flow.name.clone()).unwrap_or_default();
    let telling = engine.patterns.flow(Pattern::CannotHandle);
    if turn.state.frames.iter().any(|frame| Some(frame.flow) == telling) {
        return Err(Failed { why: format!("the condition of flow {name:?} does not hold") });
    }
    note(turn, format!("{name} may not run now: its condition does not hold"));
    close_active(turn);
    let context = json!({ "reason": "guard", "flow": name, "description": engine.called(to) });
    apply::push(engine, &mut turn.state, vec![interlude(engine, Pattern::CannotHandle, context)]);
    Ok(Next::On)
}

/// Closes the active flow with whoever called it. Gives what was closed.
pub(super) fn close_active(turn: &mut Turn<'_>) -> Vec<FlowId> {
    let first = apply::root(&turn.state, turn.state.frames.len().saturating_sub(1));
    let closed: Vec<FlowId> = turn.state.frames.drain(first..).map(|frame| frame.flow).collect();
    for flow in &closed {
        apply::forget(turn.engine, &mut turn.state, *flow);
    }
    closed
}

/// Ends the active flow.
pub(super) fn end(turn: &mut Turn<'_>) {
    let engine = turn.engine;
    let Some(frame) = turn.state.frames.pop() else { return };
    let is_full = frame.is_full();
    if let Some(outputs) = frame.called {
        let values: Vec<_> = outputs.iter().map(|(from, to)| (*to, turn.state.values.get(from).cloned())).collect();
        apply::forget(engine, &mut turn.state, frame.flow);
        for (slot, value) in &values {
            turn.state.write(*slot, value.clone());
        }
        let within = if is_full { Vec::new() } else { frame.done };
        let last = linked(turn);
        go_on(turn, Some(Came::Called { within }));
        if let Some(last) = last {
            jump(turn, last);
        }
        judge_again(turn, values.iter().map(|(slot, _)| *slot));
        return;
    }
    let of_user = !engine.patterns.is_one(frame.flow);
    if of_user {
        apply::settle(engine, &mut turn.state, frame.flow);
    }
    apply::forget(engine, &mut turn.state, frame.flow);
    carry_out(turn, frame.then.filter(|_| !frame.denied));
    if of_user {
        turn.state.ended = Some(frame.flow);
        turn.completed = Some(frame.flow);
    }
    resume(turn);
}

/// The last step of the active flow, if it is at a link: it ends when what it has linked has ended.
fn linked(turn: &Turn<'_>) -> Option<u16> {
    let frame = turn.state.active()?;
    let ops = &turn.engine.program.flow(frame.flow)?.ops;
    matches!(ops.get(usize::from(frame.step)), Some(Op::Link(_))).then(|| u16::try_from(ops.len() - 1).ok()).flatten()
}

/// Does what a repair flow stood in front of.
fn carry_out(turn: &mut Turn<'_>, then: Option<Then>) {
    match then {
        Some(Then::Cancel(flow)) => apply::cancel(turn, flow),
        Some(Then::Restart) => {
            turn.state.frames.clear();
            turn.state.values.clear();
            turn.state.settled.clear();
            turn.state.handed_to = None;
            (turn.state.ended, turn.state.last_set, turn.completed) = (None, None, None);
            apply::set_globals(turn.engine, &mut turn.state, turn.now);
        }
        None => {}
    }
}

/// Tells the user which flow goes on, where one was interrupted.
fn resume(turn: &mut Turn<'_>) {
    let engine = turn.engine;
    let Some(frame) = turn.state.frames.last_mut().filter(|frame| frame.interrupted) else { return };
    frame.interrupted = false;
    let flow = frame.flow;
    // A repair flow that goes on is nothing to tell the user of.
    if engine.patterns.is_one(flow) {
        return;
    }
    turn.completed = None;
    let name = engine.program.flow(flow).map(|flow| flow.name.clone());
    let context = json!({ "flow": name, "description": engine.called(flow) });
    apply::push(engine, &mut turn.state, vec![interlude(engine, Pattern::ContinueInterrupted, context)]);
}
