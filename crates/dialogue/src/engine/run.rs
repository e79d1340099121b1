//! Runs an action: with all its inputs, within its time, tried again where that may help, and with outputs of the right kind.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use ninefold_core::{Error, ErrorKind, Key, Result, span};
use serde_json::{Map, Value};
use smol_str::SmolStr;
use tokio::time::Instant;

use super::bounds;
use super::digest;
use super::guard::panicked;
use super::state::{Came, Filled, Frame, given_anew};
use super::steps::{go_on, judge_again, jump, note, note_failure};
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
    if !turn.may_run(id) {
        return Ok(Err(format!("action {} was not run: it is not in this turn's scope", action.name)));
    }
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
        judge_again(turn, outputs.iter().map(|(_, slot)| *slot));
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
    let tried = tried(turn, action, given, digest).await;
    if !tried.as_ref().is_err_and(|error| error.ends_run() && turn.cx.check().is_err()) {
        turn.called.push(action.name.clone());
    }
    match tried {
        Ok(returned) => {
            let mut values = Vec::with_capacity(outputs.len());
            for (name, slot) in outputs {
                let value = returned.get(name.as_str()).filter(|value| !value.is_null());
                let value = value.map(|value| Filled::computed(value.clone()));
                turn.state.write(*slot, value.clone());
                replace(turn, *slot, before.as_ref(), value.as_ref());
                values.extend(value.map(|value| (*slot, value)));
            }
            note(turn, format!("action {}", action.name));
            go_on(turn, Some(Came::Ran { digest, outputs: Some(values) }));
            judge_again(turn, outputs.iter().map(|(_, slot)| *slot));
            Ok(Ok(()))
        }
        Err(error) if error.ends_run() && turn.cx.check().is_err() => Err(error),
        Err(error) => {
            note_failure(turn, format!("action {} failed ({}): {error}", action.name, error.kind()));
            let Some(failed) = failed else { return Ok(Err(format!("action {:?} failed: {error}", action.name))) };
            if let Some(frame) = turn.state.frames.last_mut() {
                frame.came_to(Came::Ran { digest, outputs: None });
            }
            jump(turn, failed);
            Ok(Ok(()))
        }
    }
}

/// Where a later step took over what the action had given before, it takes over what it gives now.
fn replace(turn: &mut Turn<'_>, slot: SlotId, before: Option<&Came>, new: Option<&Arc<Filled>>) {
    let asked = turn.engine.program.slot(slot).is_none_or(|slot| slot.ask_always);
    if let Some(Came::Ran { outputs: Some(old), .. }) = before
        && let Some((_, old)) = old.iter().find(|(of, _)| *of == slot && !asked)
        && let Some(frame) = turn.state.frames.last_mut()
    {
        given_anew(&mut frame.before, slot, old, new);
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
                // Who waits longer than the turn has does not come to `on_failure`.
                if turn.cx.deadline().is_some_and(|at| at.saturating_duration_since(Instant::now()) <= pause) {
                    return Err(error);
                }
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
    let nth = turn.called.iter().filter(|name| **name == action.name).count();
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
    if let Err(why) = bounds::value(&outputs) {
        let what = format!("action {:?} returned {why}", action.name);
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
        Kind::DateRange => range(value, &Kind::Date),
        Kind::TimeRange => range(value, &Kind::Time),
        Kind::DateTimeRange => range(value, &Kind::DateTime),
        Kind::NumberRange => range(value, &Kind::Number),
        Kind::Age | Kind::Dimension | Kind::Temperature => numbered(value),
        Kind::Category { options } => {
            value.as_str().is_some_and(|value| options.iter().any(|option| option.value == value))
        }
    }
}

/// Whether a value has ends of a kind, of which one may be open.
fn range(value: &Value, of: &Kind) -> bool {
    let ends = [value.get("from"), value.get("to")];
    ends.iter().any(Option::is_some) && ends.into_iter().flatten().all(|end| end.is_null() || fits(of, end))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use ninefold_core::cx::RunState;
    use ninefold_core::{Budget, BudgetMeter, Cx, Expense, RunId, Scope, Timestamp};
    use ninefold_store::MemorySessions;
    use ninefold_testkit::ManualClock;
    use serde_json::json;

    use super::super::state::State;
    use super::super::steps::advance;
    use super::*;
    use crate::definition::Definition;
    use crate::{Dialogue, repair};

    const PAY: &str = "
actions:
  pay: {}
flows:
  pay:
    description: Pay
    triggers: [pay]
    steps: [{action: pay}]
";

    #[tokio::test]
    async fn an_action_that_is_not_in_scope_does_not_run() {
        let program = Definition::from_yaml("pay.yml", PAY).over(repair::patterns()).compile(true).unwrap();
        let flow = program.flow_named("pay").unwrap();
        let paid = Arc::new(Mutex::new(0));
        let counted = Arc::clone(&paid);
        let pay = move |_: Value, _: Call| {
            *counted.lock().unwrap() += 1;
            async { Ok(json!({})) }
        };
        let dialogue = Dialogue::builder(program, Arc::new(MemorySessions::new())).action("pay", pay).build().unwrap();
        let cx = Cx::new(RunState {
            id: RunId(1),
            session: None,
            scope: Scope::public(),
            budget: BudgetMeter::new(Budget::default(), Expense::default()),
            deadline: None,
            cancel: None,
            clock: Arc::new(ManualClock::at(Timestamp(0))),
            log: None,
            content: false,
        });
        let open = State { frames: vec![Frame::new(flow)], ..State::default() };
        for (begun, times) in [(State::default(), 0), (open.clone(), 1)] {
            let session = "anna".into();
            let mut turn = Turn::begun(&dialogue.inner.engine, &cx, &session, begun, None);
            // However the flow came to be open: nothing of this turn says that it may.
            turn.state = open.clone();
            advance(&mut turn).await.unwrap();
            assert_eq!(*paid.lock().unwrap(), times);
            let refused = turn.failures.iter().any(|failure| failure.message.contains("not in this turn's scope"));
            assert_eq!(refused, times == 0, "{:?}", turn.failures);
        }
    }
}
