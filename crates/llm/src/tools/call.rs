//! One call of a tool: whether it may be made, the call within its bounds, and what the model is told of it.

use ninefold_core::span::{self, field, outcome};
use ninefold_core::{Cx, Error, ErrorKind, Inquiry, Key, Result, Supplied, ToolCall, ToolResult};
use serde_json::{Value, json};
use smol_str::SmolStr;
use tokio::sync::Mutex;

use super::agent::Parts;
use super::bounds::Ending;
use super::journal::once;
use super::limit::{caught, cut, inside, within};
use super::offer::Offered;
use super::permission::{Pending, Permission};

/// A call that the model asked for, read.
pub(super) enum Prepared {
    /// It can be made.
    Ready {
        tool: Offered,
        arguments: Value,
        /// How often the very same call was made before.
        before: u32,
    },
    /// It cannot be, and why.
    NotMade(ErrorKind, String),
}

/// The calls of a run: how often each was made.
#[derive(Default)]
pub(super) struct Made(Vec<(SmolStr, Value, u32)>);

impl Made {
    /// How often this call was made before; it is counted as made now.
    fn count(&mut self, name: &SmolStr, arguments: &Value) -> u32 {
        // There are few: `Bounds::calls`.
        let known = self.0.iter_mut().find(|(made, with, _)| made == name && with == arguments);
        let Some((_, _, times)) = known else {
            self.0.push((name.clone(), arguments.clone(), 1));
            return 0;
        };
        *times = times.saturating_add(1);
        *times - 1
    }
}

/// Reads a call. A name that the model was not shown, arguments that are no JSON object, and a call that was made often
/// enough are answered without a call.
pub(super) fn prepare(call: &ToolCall, offered: &[Offered], made: &mut Made, repeats: u32, cx: &Cx) -> Prepared {
    let Some(tool) = offered.iter().find(|offered| offered.name == call.name) else {
        let visible = offered.iter().filter(|offered| cx.scope().allows(&offered.tool.labels()));
        let names: Vec<&str> = visible.map(|offered| offered.name.as_str()).collect();
        let names =
            if names.is_empty() { "there are none".to_owned() } else { format!("the tools are: {}", names.join(", ")) };
        return Prepared::NotMade(ErrorKind::NotFound, format!("there is no such tool; {names}"));
    };
    let missing = cx.scope().missing(&tool.tool.labels());
    if !missing.is_empty() {
        let what = format!("the tool {} is out of the run's scope", tool.name);
        return Prepared::NotMade(ErrorKind::OutOfScope, what);
    }
    let arguments = match read(&call.arguments) {
        Ok(arguments) => arguments,
        Err(what) => return Prepared::NotMade(ErrorKind::InvalidInput, what),
    };
    let before = made.count(&call.name, &arguments);
    if before >= repeats {
        let what = format!(
            "not called: this very call was made {repeats} times already, and its results stand above; \
             use them, call with other arguments, or answer"
        );
        return Prepared::NotMade(ErrorKind::Conflict, what);
    }
    Prepared::Ready { tool: tool.clone(), arguments, before }
}

/// Arguments as a JSON object. Models write nothing for none, and some write the object as a JSON text.
fn read(arguments: &str) -> Result<Value, String> {
    if arguments.trim().is_empty() {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    let hint = "write one JSON object, as the tool's schema says";
    let mut value: Value = serde_json::from_str(arguments)
        .map_err(|error| format!("not called: the arguments are no JSON ({error}); {hint}"))?;
    if let Value::String(text) = &value
        && let Ok(inner @ Value::Object(_)) = serde_json::from_str(text)
    {
        value = inner;
    }
    if value.is_object() { Ok(value) } else { Err(format!("not called: the arguments are no JSON object; {hint}")) }
}

/// Makes a call, when it is permitted. An error of the tool is told to the model; what ends the run, ends it.
pub(super) async fn make(
    parts: &Parts,
    call: &ToolCall,
    prepared: Prepared,
    asking: &Mutex<()>,
    cx: &Cx,
) -> Result<(ToolResult, Ending)> {
    let told =
        |content: String, is_error| ToolResult { id: call.id.clone(), name: call.name.clone(), content, is_error };
    let (tool, arguments, before) = match prepared {
        Prepared::Ready { tool, arguments, before } => (tool, arguments, before),
        Prepared::NotMade(kind, what) => return Ok((told(what, true), Ending::NotMade(kind))),
    };
    let name = tool.name.clone();
    let key = Key::of(&(&name, &arguments, before))?;
    let step = async |inner: Cx| {
        if let Some(why) = forbidden(parts, call, &tool, &arguments, asking, cx, &inner).await? {
            return Ok((why, Ending::NotMade(ErrorKind::Refused)));
        }
        work(parts, &tool, arguments, cx, inner).await
    };
    let ((content, ending), replayed) = once(cx, &name, key, step).await?;
    if replayed {
        span::record_outcome(&span::agent(&name), outcome::REPLAYED);
    }
    Ok((told(content, ending != Ending::Done), ending))
}

/// Calls the tool; `inner` is the context of what it does itself.
async fn work(parts: &Parts, tool: &Offered, arguments: Value, cx: &Cx, inner: Cx) -> Result<(String, Ending)> {
    let span = span::agent(&tool.name);
    if cx.shows_content() {
        span.record(field::TOOL_ARGUMENTS, arguments.to_string());
    }
    let limit = parts.bounds.result_bytes;
    let work = async {
        let text = cx.within_bounds(within(parts.bounds.call_time, caught(tool.tool.call(arguments, &inner)))).await?;
        Ok(cut(text, limit))
    };
    let shown = span.clone();
    match inside(span, work).await {
        Ok(text) => {
            if cx.shows_content() {
                shown.record(field::TOOL_RESULT, text.as_str());
            }
            Ok((text, Ending::Done))
        }
        Err(error) => {
            cx.check()?;
            if error.stops_run() {
                return Err(error);
            }
            Ok((cut(error.to_string(), limit), Ending::Failed(error.kind())))
        }
    }
}

/// What the model is told of a call that a person did not want.
const DECLINED: &str = "not called: the person who was asked said no";

/// Why a call is not permitted; none when it is. `inner` is the context inside of the call.
async fn forbidden(
    parts: &Parts,
    call: &ToolCall,
    tool: &Offered,
    arguments: &Value,
    asking: &Mutex<()>,
    cx: &Cx,
    inner: &Cx,
) -> Result<Option<String>> {
    let Some(approve) = &parts.approve else { return Ok(None) };
    let tool = tool.tool.spec().clone();
    let pending = Pending { call: call.clone(), arguments: arguments.clone(), tool };
    let question = match cx.within_bounds(caught(approve.approve(pending.clone(), cx))).await? {
        Permission::Allow => return Ok(None),
        Permission::Deny(why) => return Ok(Some(format!("not called: it is not permitted: {why}"))),
        Permission::Ask(question) => question,
    };
    let Some(person) = &parts.person else {
        if cx.log().is_none() {
            return Ok(Some(format!(
                "not called: it needs a person's permission, and there is nobody to ask ({question})"
            )));
        }
        // The run waits in its journal for whoever resumes it.
        let about = json!({ "tool": pending.tool.name, "arguments": pending.arguments });
        let supplied = inner.branch("permission").ask(Inquiry::approval(question).about(about)).await?;
        return Ok((supplied != Supplied::Approval(true)).then(|| DECLINED.to_owned()));
    };
    let permitted = cx.within_bounds(async {
        let _one_at_a_time = asking.lock().await;
        caught(person.ask(question, pending, cx)).await
    });
    let permitted = permitted.await?;
    Ok((!permitted).then(|| DECLINED.to_owned()))
}

/// The error of a model that declined.
pub(super) fn refused() -> Error {
    Error::new(ErrorKind::Refused, "the model or its provider declined to answer")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn arguments_are_an_object_or_an_error_that_says_why() {
        assert_eq!(read(" \n").unwrap(), json!({}));
        assert_eq!(read(r#"{"a": [1]}"#).unwrap(), json!({ "a": [1] }));
        assert_eq!(read(r#""{\"a\": 1}""#).unwrap(), json!({ "a": 1 }));
        for no_object in ["null", "[1]", "3", "\"x\"", "\"[]\""] {
            assert!(read(no_object).unwrap_err().contains("no JSON object"), "{no_object}");
        }
        let deep = "[".repeat(100_000);
        for no_json in ["{", "{'a': 1}", "{\"a\": 1} x", deep.as_str()] {
            assert!(read(no_json).unwrap_err().starts_with("not called: the arguments are no JSON ("));
        }
    }
}
