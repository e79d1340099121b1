//! Runs an action: with all its inputs, within its time, tried again where that may help, and with outputs of the right kind.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use ninefold_core::{Error, ErrorKind, Key, Result, span};
use serde_json::{Map, Value};
use smol_str::SmolStr;

use super::bounds;
use super::digest;
use super::guard::panicked;
use super::state::{Came, Filled, Frame};
use super::steps::{go_on, jump, note};
use super::turn::Turn;
use crate::action::Call;
use crate::expression::Expression;
use crate::kind::Kind;
use crate::program::{Action, ActionId, SlotId, Step};

/// How long the first pause between two tries is; each further one is as much longer.
const PAUSE: Duration = Duration::from_millis(100);

/// Runs an action as the step under way. The inner error says why the step failed where the flow has no way for that.
///
/// # Errors
/// What ends the turn.
pub(super) async fn action(
    turn: &mut Turn<'_>,
    id: ActionId,
    inputs: &[(SmolStr, Expression)],
    outputs: &[(SmolStr, SlotId)],
    failed: Option<Step>,
) -> Result<Result<(), String>> {
    let engine = turn.engine;
    let Some(action) = engine.program.action(id) else { return Ok(Err("there is no such action".to_owned())) };
    let given = match given(turn, action, inputs) {
        Ok(given) => given,
        Err(why) => return Ok(Err(why)),
    };
    let digest = digest(&given);
    let before = turn.state.frames.last_mut().and_then(Frame::came_before);
    if let Some(Came::Ran { digest: of, outputs: Some(values) }) = &before
        && *of == digest
    {
        let values = values.clone();
        note(turn, format!("action {}, done before", action.name));
        for (slot, value) in &values {
            turn.state.write(*slot, Some(Arc::clone(value)));
        }
        go_on(turn, Some(Came::Ran { digest, outputs: Some(values) }));
        return Ok(Ok(()));
    }
    if let (Some(Came::Ran { digest: of, outputs: None }), Some(failed)) = (&before, failed)
        && *of == digest
    {
        note(turn, format!("action {}, failed before", action.name));
        if let Some(frame) = turn.state.frames.last_mut() {
            frame.came_to(Came::Ran { digest, outputs: None });
        }
        jump(turn, failed);
        return Ok(Ok(()));
    }
    match tried(turn, action, given, digest).await {
        Ok(returned) => {
            let mut values = Vec::with_capacity(outputs.len());
            for (name, slot) in outputs {
                let value = returned.get(name.as_str()).filter(|value| !value.is_null());
                if let Some(value) = value {
                    let value = Filled::computed(value.clone());
                    turn.state.write(*slot, Some(Arc::clone(&value)));
                    values.push((*slot, value));
                } else {
                    turn.state.write(*slot, None);
                }
            }
            note(turn, format!("action {}", action.name));
            go_on(turn, Some(Came::Ran { digest, outputs: Some(values) }));
            Ok(Ok(()))
        }
        Err(error) if error.ends_run() && turn.cx.check().is_err() => Err(error),
        Err(error) => {
            note(turn, format!("action {} failed ({}): {error}", action.name, error.kind()));
            let Some(failed) = failed else { return Ok(Err(format!("action {:?} failed: {error}", action.name))) };
            if let Some(frame) = turn.state.frames.last_mut() {
                frame.came_to(Came::Ran { digest, outputs: None });
            }
            jump(turn, failed);
            Ok(Ok(()))
        }
    }
}

/// The inputs, none of which may be missing.
fn given(turn: &Turn<'_>, action: &Action, inputs: &[(SmolStr, Expression)]) -> Result<Map<String, Value>, String> {
    let view = turn.engine.view(&turn.state, turn.now);
    let mut given = Map::new();
    for (name, expression) in inputs {
        let value = expression.eval(&view).map_err(|error| format!("input {name} of {}: {error}", action.name))?;
        given.insert(name.to_string(), value);
    }
    for parameter in &action.inputs {
        let value = given.get(parameter.name.as_str()).filter(|value| !value.is_null());
        match value {
            None if parameter.optional => {}
            None => {
                return Err(format!("action {} was not run: its input {} has no value", action.name, parameter.name));
            }
            Some(value) if !fits(&parameter.kind, value) => {
                let (action, name, kind) = (&action.name, &parameter.name, &parameter.kind);
                return Err(format!("action {action} was not run: its input {name} is no {kind}"));
            }
            Some(_) => {}
        }
    }
    Ok(given)
}

/// Calls an action until it succeeds, may not be tried again, or was tried often enough.
async fn tried(
    turn: &Turn<'_>,
    action: &Action,
    inputs: Map<String, Value>,
    digest: u64,
) -> Result<Map<String, Value>> {
    let attempts = action.attempts.max(1);
    let mut attempt = 1;
    loop {
        let call = Call {
            key: key(turn, action, digest),
            session: turn.session.clone(),
            turn: turn.state.turns,
            attempt,
            cx: turn.cx.clone(),
        };
        let traced = span::agent(&action.name);
        let result = span::inside(traced.clone(), once(turn, action, inputs.clone(), call)).await;
        if let Err(error) = &result {
            span::record_error(&traced, error);
        }
        match result {
            Err(error) if error.is_transient() && attempt < attempts => {
                let pause = error.retry_after().unwrap_or(PAUSE * u32::from(attempt));
                let waited = span::inside(
                    span::backoff(),
                    turn.cx.within_bounds(async {
                        tokio::time::sleep(pause).await;
                        Ok(())
                    }),
                );
                waited.await?;
                attempt += 1;
            }
            result => return result,
        }
    }
}

/// The same for every try of one call, and after a crash in the same turn.
fn key(turn: &Turn<'_>, action: &Action, digest: u64) -> String {
    let (done, failed) = (format!("action {}", action.name), format!("action {} failed (", action.name));
    let nth = turn.trail.iter().filter(|trail| trail.what == done || trail.what.starts_with(&failed)).count();
    Key::of(&(turn.session, turn.state.turns, &action.name, digest, nth)).map(|key| key.to_string()).unwrap_or_default()
}

async fn once(turn: &Turn<'_>, action: &Action, inputs: Map<String, Value>, call: Call) -> Result<Map<String, Value>> {
    let limit = action.timeout;
    let work = AssertUnwindSafe(async { turn.engine.actions.call(&action.name, inputs, call)?.await }).catch_unwind();
    let timed = async {
        match tokio::time::timeout(limit, work).await {
            Ok(Ok(returned)) => returned,
            Ok(Err(panic)) => Err(panicked("the action", &*panic)),
            Err(_) => {
                let what = format!("action {:?} took longer than {limit:?}", action.name);
                Err(Error::new(ErrorKind::Transient, what).hint("give it a longer timeout, or make it faster"))
            }
        }
    };
    let returned = turn.cx.within_bounds(timed).await?;
    let outputs: Vec<_> = action.outputs.iter().map(|parameter| returned.get(parameter.name.as_str())).collect();
    if bounds::is_too_large(&outputs) {
        let what = format!("action {:?} returned more than {} bytes", action.name, bounds::MOST_VALUE);
        return Err(Error::new(ErrorKind::TooLong, what).hint("return less, or a key under which the rest is found"));
    }
    for parameter in &action.outputs {
        let value = returned.get(parameter.name.as_str()).filter(|value| !value.is_null());
        let wrong = match value {
            None => !parameter.optional,
            Some(value) => !fits(&parameter.kind, value),
        };
        if wrong {
            let (name, kind) = (&parameter.name, &parameter.kind);
            let got = value.map_or("nothing", crate::action::kind_of);
            let what = format!("action {:?} returned {got} for its output {name}, which is a {kind}", action.name);
            return Err(Error::new(ErrorKind::InvalidInput, what).hint("return what the definition says, or change it"));
        }
    }
    Ok(returned)
}

/// Whether a value has the canonical form of a kind.
pub(crate) fn fits(kind: &Kind, value: &Value) -> bool {
    let numbered = |value: &Value| value.get("number").is_some_and(Value::is_number);
    let text = |value: &Value, reads: fn(&str) -> bool| value.as_str().is_some_and(reads);
    match kind {
        Kind::Any | Kind::Custom { .. } | Kind::Recurrence => true,
        Kind::Text | Kind::Name | Kind::Place | Kind::Email | Kind::Phone | Kind::Url => value.is_string(),
        Kind::Boolean => value.is_boolean(),
        Kind::Integer | Kind::Ordinal => value.is_i64() || value.is_u64(),
        Kind::Number | Kind::Percent => value.is_number(),
        Kind::Money => value.get("amount").is_some_and(Value::is_string) && value.get("currency").is_some(),
        Kind::Date => text(value, |text| text.parse::<jiff::civil::Date>().is_ok()),
        Kind::Time => text(value, |text| text.parse::<jiff::civil::Time>().is_ok()),
        Kind::DateTime => text(value, |text| text.parse::<jiff::civil::DateTime>().is_ok()),
        Kind::Duration => text(value, |text| text.parse::<jiff::Span>().is_ok()),
        Kind::DateRange | Kind::TimeRange | Kind::DateTimeRange | Kind::NumberRange => {
            value.get("from").is_some() || value.get("to").is_some()
        }
        Kind::Age | Kind::Dimension | Kind::Temperature => numbered(value),
        Kind::Category { options } => {
            value.as_str().is_some_and(|value| options.iter().any(|option| option.value == value))
        }
    }
}
