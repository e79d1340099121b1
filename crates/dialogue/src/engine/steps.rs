//! Goes through the steps of the open flows until the user has to speak.
//!
//! After a correction a flow goes through its steps again from the first: what a step came to before is taken over as long as what it
//! read is the same, so that exactly those steps are done again that depend on the corrected value.

use std::sync::Arc;

use ninefold_core::Result;
use serde::{Deserialize, Serialize};
use serde_json::json;
use smol_str::SmolStr;

use super::apply::{self, interlude};
use super::bounds;
use super::orders::objection;
use super::pattern::Pattern;
use super::run;
use super::state::{Came, Filled, Frame, Waiting, was_collected};
use super::turn::{Again, Turn};
use super::{calls, digest};
use crate::expression::EvalError;
use crate::program::{FlowId, Op, SlotId};
use crate::response::Response;

/// A step that was gone through, for the inspector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trail {
    /// The flow.
    pub flow: SmolStr,
    /// The number of the step in it.
    pub step: u16,
    /// What was done: `say`, `ask origin`, `action search, kept`.
    pub what: String,
    /// Whether an action was called in it that failed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
}

/// A step that failed: the conversation went on with `pattern_internal_error`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The flow.
    pub flow: SmolStr,
    /// The number of the step in it.
    pub step: u16,
    /// What happened.
    pub message: String,
}

/// How many failures a turn tells of.
const MOST_FAILURES: usize = 3;

/// What is to happen after a step.
pub(super) enum Next {
    /// The next step.
    On,
    /// The user speaks.
    Wait,
}

/// Why a step could not be done.
pub(super) struct Failed {
    pub(super) why: String,
}

impl From<EvalError> for Failed {
    fn from(error: EvalError) -> Self {
        Self { why: error.to_string() }
    }
}

/// Goes on until the user has to speak or nothing is left to do.
pub(crate) async fn advance(turn: &mut Turn<'_>) -> Result<()> {
    turn.state.waiting = None;
    loop {
        if turn.pause && !repairs(turn) {
            turn.state.waiting = (!turn.state.choices.is_empty()).then_some(Waiting::Choice);
            return Ok(());
        }
        let Some(frame) = turn.state.frames.last() else {
            let Some(flow) = turn.completed.take() else { return Ok(()) };
            let name = turn.engine.program.flow(flow).map(|flow| flow.name.clone());
            let ended = |pattern| interlude(turn.engine, pattern, json!({ "flow": name, "again": false }));
            let both = vec![ended(Pattern::Satisfaction), ended(Pattern::Completed)];
            apply::push(turn.engine, &mut turn.state, both);
            continue;
        };
        if frame.redo {
            turn.state.rewind();
        }
        turn.cx.check()?;
        turn.steps += 1;
        let done = if turn.steps > turn.engine.program.settings.most_steps {
            Err(Failed { why: format!("the turn took more than {} steps", turn.engine.program.settings.most_steps) })
        } else {
            step(turn).await?
        };
        match done {
            Ok(Next::On) => {}
            Ok(Next::Wait) => return Ok(()),
            Err(failed) => {
                if !fail(turn, &failed).await {
                    return Ok(());
                }
            }
        }
    }
}

/// Whether the active flow is one of repair, or was called by one.
fn repairs(turn: &Turn<'_>) -> bool {
    let top = turn.state.frames.len().saturating_sub(1);
    let first = turn.state.frames.get(apply::root(&turn.state, top));
    first.is_some_and(|frame| turn.engine.patterns.is_one(frame.flow))
}

/// Takes one step of the active flow.
async fn step(turn: &mut Turn<'_>) -> Result<Result<Next, Failed>> {
    let Some((flow, at)) = turn.state.frames.last().map(|frame| (frame.flow, frame.step)) else {
        return Ok(Ok(Next::Wait));
    };
    let engine = turn.engine;
    let Some(op) = engine.program.flow(flow).and_then(|flow| flow.ops.get(usize::from(at))) else {
        return Ok(Err(Failed { why: format!("there is no step {at}") }));
    };
    if let Op::Action { action, inputs, outputs, failed } = op {
        return run::action(turn, *action, inputs, outputs, *failed)
            .await
            .map(|done| done.map(|()| Next::On).map_err(|why| Failed { why }));
    }
    Ok(plain(turn, flow, op).await)
}

/// A step that is no action.
async fn plain(turn: &mut Turn<'_>, flow: FlowId, op: &Op) -> Result<Next, Failed> {
    let engine = turn.engine;
    match op {
        Op::Say(response) => {
            let digest = engine.digest(response.reads(), &engine.view(&turn.state, turn.now));
            let before = turn.state.frames.last_mut().and_then(Frame::came_before);
            let kept = matches!(before, Some(Came::Said { digest: of }) if of == digest);
            if !kept {
                say(turn, response).await?;
            }
            note(turn, if kept { "say, said before" } else { "say" });
            go_on(turn, Some(Came::Said { digest }));
        }
        Op::Collect { slot, prompt } => return collect(turn, *slot, prompt.as_ref()).await,
        Op::Set { slot, value } => {
            let value = value.eval(&engine.view(&turn.state, turn.now))?;
            bounds::value(&value).map_err(|why| Failed { why: format!("the value has {why}") })?;
            turn.state.write(*slot, (!value.is_null()).then(|| Filled::computed(value)));
            note(turn, "set");
            go_on(turn, None);
            judge_again(turn, [*slot]);
        }
        Op::Clear(slot) => {
            turn.state.write(*slot, None);
            note(turn, "clear");
            go_on(turn, None);
        }
        Op::Jump(to) => jump(turn, *to),
        Op::JumpUnless { condition, to } => {
            if condition.holds(&engine.view(&turn.state, turn.now))? {
                go_on(turn, None);
            } else {
                jump(turn, *to);
            }
        }
        Op::Link(to) => return calls::link(turn, *to),
        Op::Call { flow: to, inputs, outputs } => return calls::call(turn, *to, inputs, outputs),
        Op::Confirm { prompt, denied } => {
            let digest = confirmation(turn, flow, prompt);
            let before = turn.state.frames.last_mut().and_then(Frame::came_before);
            if let Some(Came::Confirmed { digest: of, yes }) = before
                && of == digest
            {
                note(turn, "confirm, answered before");
                answered(turn, digest, yes, *denied);
                return Ok(Next::On);
            }
            if turn.put_again.take() != Some(Waiting::Confirmation) {
                say(turn, prompt).await?;
            }
            note(turn, "confirm");
            turn.state.waiting = Some(Waiting::Confirmation);
            return Ok(Next::Wait);
        }
        Op::Handoff { to, say: words } => {
            if matches!(turn.state.frames.last_mut().and_then(Frame::came_before), Some(Came::HandedOver)) {
                note(turn, format!("handoff {to}, handed over before"));
                go_on(turn, Some(Came::HandedOver));
                return Ok(Next::On);
            }
            if let Some(words) = words {
                say(turn, words).await?;
            }
            note(turn, format!("handoff {to}"));
            turn.state.handed_to = Some(to.clone());
            go_on(turn, Some(Came::HandedOver));
            return Ok(Next::Wait);
        }
        Op::End => calls::end(turn),
        Op::Action { .. } => {}
    }
    Ok(Next::On)
}

/// What a confirmation is about: what its question says and what the actions behind it take; where the question says nothing, all
/// that the flow holds.
fn confirmation(turn: &Turn<'_>, flow: FlowId, prompt: &Response) -> u64 {
    let engine = turn.engine;
    let view = engine.view(&turn.state, turn.now);
    if !prompt.reads().is_empty() {
        let at = turn.state.active().map_or(0, |frame| usize::from(frame.step));
        let behind = engine.program.flow(flow).map(|flow| flow.ops.as_slice()).unwrap_or_default().iter().skip(at);
        let inputs = behind.filter_map(|op| match op {
            Op::Action { inputs, .. } => Some(inputs),
            _ => None,
        });
        let read = inputs.flatten().flat_map(|(_, input)| input.reads());
        let names: Vec<SmolStr> = prompt.reads().iter().chain(read).cloned().collect();
        return engine.digest(&names, &view);
    }
    let slots = engine.program.flow(flow).map(|flow| flow.reaches.as_slice()).unwrap_or_default();
    let values: Vec<_> = slots.iter().map(|slot| turn.state.values.get(slot).map(|filled| &filled.value)).collect();
    digest(&values)
}

/// The answer to the open confirmation.
pub(crate) fn confirmed(turn: &mut Turn<'_>, yes: bool) {
    let Some((flow, at)) = turn.state.frames.last().map(|frame| (frame.flow, frame.step)) else { return };
    let op = turn.engine.program.flow(flow).and_then(|flow| flow.ops.get(usize::from(at)));
    let Some(Op::Confirm { prompt, denied }) = op else { return };
    let digest = confirmation(turn, flow, prompt);
    answered(turn, digest, yes, *denied);
}

/// Goes on after a confirmation.
fn answered(turn: &mut Turn<'_>, digest: u64, yes: bool, denied: u16) {
    let Some(frame) = turn.state.frames.last_mut() else { return };
    frame.denied = !yes;
    frame.came_to(Came::Confirmed { digest, yes });
    frame.step = if yes { frame.step.saturating_add(1) } else { denied };
}

async fn collect(turn: &mut Turn<'_>, slot: SlotId, prompt: Option<&Arc<Response>>) -> Result<Next, Failed> {
    let engine = turn.engine;
    let Some(of) = engine.program.slot(slot) else { return Err(Failed { why: "there is no such slot".to_owned() }) };
    let before = turn.state.frames.last_mut().and_then(Frame::came_before);
    // What was computed is computed again.
    if let Some(Came::Collected { slot: collected, value }) = before
        && collected == slot
        && value.is_said()
    {
        turn.state.values.insert(slot, value);
    } else if of.ask_always && turn.answered != Some(slot) {
        return ask(turn, slot, prompt).await;
    }
    let Some(value) = turn.state.values.get(&slot).cloned() else { return ask(turn, slot, prompt).await };
    if let Some(message) = objection(engine, &turn.state, slot, &value.value, turn) {
        note(turn, format!("collect {}, not accepted", of.name));
        turn.state.values.remove(&slot);
        refused(turn, slot, &value, message.as_deref());
        return Ok(Next::On);
    }
    note(turn, format!("collect {}", of.name));
    // One answer answers one question.
    turn.answered.take_if(|answered| *answered == slot);
    go_on(turn, Some(Came::Collected { slot, value }));
    judge_again(turn, [slot]);
    Ok(Next::On)
}

/// Says what there is against a value that was taken away.
fn refused(turn: &mut Turn<'_>, slot: SlotId, value: &Filled, message: Option<&str>) {
    let engine = turn.engine;
    turn.again = Some(Again::Invalid);
    if message.is_some() {
        turn.put_again = Some(Waiting::Slot(slot));
    }
    let name = engine.program.slot(slot).map(|slot| slot.name.clone());
    let said = if value.original.is_empty() { value.value.to_string() } else { value.original.clone() };
    let context = json!({ "slot": name, "value": said, "message": message, "ambiguous": null });
    apply::push(engine, &mut turn.state, vec![interlude(engine, Pattern::Validation, context)]);
}

/// Judges the values whose conditions read slots that have their values now: what was collected before is judged as soon as they are
/// there. The first that is not accepted is taken away and asked for again.
pub(crate) fn judge_again(turn: &mut Turn<'_>, written: impl IntoIterator<Item = SlotId>) {
    let engine = turn.engine;
    for slot in written.into_iter().flat_map(|written| engine.index.judged_by(written)) {
        let collected = turn.state.frames.iter().any(|frame| was_collected(&frame.done, *slot));
        let Some(value) = turn.state.values.get(slot).filter(|_| collected) else { continue };
        let value = Arc::clone(value);
        let Some(message) = objection(engine, &turn.state, *slot, &value.value, turn) else { continue };
        let name = engine.program.slot(*slot).map(|slot| slot.name.clone()).unwrap_or_default();
        note(turn, format!("{name}, not accepted any more"));
        apply::clear(&mut turn.state, *slot);
        refused(turn, *slot, &value, message.as_deref());
        return;
    }
}

async fn ask(turn: &mut Turn<'_>, slot: SlotId, prompt: Option<&Arc<Response>>) -> Result<Next, Failed> {
    let engine = turn.engine;
    let Some(of) = engine.program.slot(slot) else { return Ok(Next::Wait) };
    let again = turn.again.take();
    if turn.state.misses > engine.program.settings.most_reprompts {
        turn.state.misses = 0;
        let stuck = interlude(engine, Pattern::CannotHandle, json!({ "reason": "no_progress", "slot": of.name }));
        apply::push(turn.engine, &mut turn.state, vec![stuck]);
        return Ok(Next::On);
    }
    // The first way to put it again first, then the next one.
    let misses = u64::from(turn.state.misses.saturating_sub(1));
    let pick = if again == Some(Again::NoMatch) && of.no_match.is_some() { misses } else { turn.state.said };
    let words = match again {
        Some(Again::NoMatch) => of.no_match.as_ref(),
        Some(Again::NoInput) => of.no_input.as_ref(),
        Some(Again::Invalid) | None => None,
    };
    if turn.put_again.take() != Some(Waiting::Slot(slot)) {
        say_as(turn, words.or(prompt).unwrap_or(&of.prompt), pick).await?;
    }
    note(turn, format!("ask {}", of.name));
    turn.state.waiting = Some(Waiting::Slot(slot));
    Ok(Next::Wait)
}

/// Ends the flow in which something failed. Says whether there is more to do.
async fn fail(turn: &mut Turn<'_>, failed: &Failed) -> bool {
    let engine = turn.engine;
    let Some(frame) = turn.state.frames.last() else { return false };
    let (flow, step) = (frame.flow, frame.step);
    let name = engine.program.flow(flow).map(|flow| flow.name.clone()).unwrap_or_default();
    note(turn, format!("failed: {}", failed.why));
    turn.failures.push(Failure { flow: name.clone(), step, message: bounds::told(failed.why.clone()) });
    let telling = engine.patterns.flow(Pattern::InternalError);
    // Who tells of failures may fail itself, or be called in by what fails again and again.
    let mut itself = turn.failures.len() > MOST_FAILURES;
    // With whoever called it: what they wait for does not come.
    itself |= calls::close_active(turn).iter().any(|closed| telling == Some(*closed));
    turn.steps = 0;
    if itself {
        turn.say("Something went wrong.".to_owned(), Some(name), None).await;
        return false;
    }
    let context = json!({ "flow": name, "step": step });
    apply::push(turn.engine, &mut turn.state, vec![interlude(engine, Pattern::InternalError, context)]);
    true
}

async fn say(turn: &mut Turn<'_>, response: &Response) -> Result<(), Failed> {
    let pick = turn.state.said;
    say_as(turn, response, pick).await
}

async fn say_as(turn: &mut Turn<'_>, response: &Response, pick: u64) -> Result<(), Failed> {
    let engine = turn.engine;
    let text = response.render(&engine.view(&turn.state, turn.now), pick)?;
    let by = turn.state.active().and_then(|frame| engine.program.flow(frame.flow)).map(|flow| flow.name.clone());
    if turn.said.bytes() + text.len() > bounds::MOST_SAID {
        return Err(Failed { why: format!("the turn says more than {} bytes", bounds::MOST_SAID) });
    }
    if !text.trim().is_empty() {
        turn.keep_secrets();
        let shown = turn.rendered_shown(response, pick);
        turn.say(text, by, shown).await;
    }
    Ok(())
}

pub(crate) fn go_on(turn: &mut Turn<'_>, came: Option<Came>) {
    if let Some(frame) = turn.state.frames.last_mut() {
        if let Some(came) = came {
            frame.came_to(came);
        }
        frame.step = frame.step.saturating_add(1);
    }
}

pub(crate) fn jump(turn: &mut Turn<'_>, to: u16) {
    if let Some(frame) = turn.state.frames.last_mut() {
        frame.step = to;
    }
}

pub(crate) fn note(turn: &mut Turn<'_>, what: impl Into<String>) {
    note_step(turn, what.into(), false);
}

/// Notes an action that was called and failed.
pub(crate) fn note_failure(turn: &mut Turn<'_>, what: String) {
    note_step(turn, what, true);
}

fn note_step(turn: &mut Turn<'_>, what: String, failed: bool) {
    if let Some(frame) = turn.state.frames.last()
        && let Some(flow) = turn.engine.program.flow(frame.flow)
    {
        turn.trail.push(Trail { flow: flow.name.clone(), step: frame.step, what: bounds::told(what), failed });
    }
    // A flow that ends takes its values with it.
    turn.keep_secrets();
}
