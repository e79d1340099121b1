//! What Ollama answers: one JSON value a line, the last with what was used. A whole reply is one such line.

use ninefold_core::{Delta, Result, StopReason, Usage};
use serde::Deserialize;
use serde_json::Value;
use smol_str::SmolStr;

use super::super::calls::{Calls, made_id};
use super::super::failure::{broken_off, malformed, stream_error};
use super::super::lenient::known;
use super::super::{Decode, signature};
use super::NAME;

#[derive(Deserialize)]
struct Line {
    model: Option<SmolStr>,
    #[serde(default, deserialize_with = "known")]
    created_at: Option<SmolStr>,
    message: Option<Message>,
    done: Option<bool>,
    done_reason: Option<SmolStr>,
    #[serde(default, deserialize_with = "known")]
    prompt_eval_count: Option<u64>,
    #[serde(default, deserialize_with = "known")]
    eval_count: Option<u64>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Message {
    content: Option<String>,
    thinking: Option<String>,
    tool_calls: Option<Vec<Call>>,
}

#[derive(Deserialize)]
struct Call {
    id: Option<SmolStr>,
    function: Option<Called>,
}

#[derive(Deserialize)]
struct Called {
    name: Option<SmolStr>,
    arguments: Option<Value>,
}

/// One reply.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    begun: bool,
    /// When the reply began: there is no other name for it.
    at: SmolStr,
    calls: Calls,
    thinks: bool,
    done: bool,
}

impl Decoder {
    fn read(&mut self, data: &str, deltas: &mut Vec<Delta>) -> Result<()> {
        let line: Line = serde_json::from_str(data).map_err(|error| malformed(NAME, &error))?;
        if line.error.as_ref().is_some_and(|error| !error.is_null()) {
            let error = line.error.map(|error| serde_json::json!({ "error": error })).unwrap_or_default();
            return Err(stream_error(NAME, &error));
        }
        if !self.begun {
            self.begun = true;
            self.at = line.created_at.unwrap_or_default();
            if let Some(model) = line.model.filter(|model| !model.is_empty()) {
                deltas.push(Delta::Begin { id: SmolStr::default(), model });
            }
        }
        if let Some(message) = line.message {
            if let Some(thinking) = message.thinking.filter(|thinking| !thinking.is_empty()) {
                self.thinks = true;
                deltas.push(Delta::Reasoning(thinking));
            }
            deltas.extend(message.content.filter(|content| !content.is_empty()).map(Delta::Text));
            for call in message.tool_calls.into_iter().flatten() {
                self.call(call, deltas)?;
            }
        }
        if line.done == Some(true) {
            let usage = Usage::tokens(line.prompt_eval_count.unwrap_or(0), line.eval_count.unwrap_or(0));
            if usage.total() > 0 {
                deltas.push(Delta::Usage(usage));
            }
            if self.thinks {
                deltas.push(Delta::Signature(signature::signed(NAME, "thinking")));
            }
            self.done = true;
            deltas.push(Delta::End(match line.done_reason.as_deref() {
                Some("length") => StopReason::Length,
                _ if self.calls.len() > 0 => StopReason::ToolCalls,
                _ => StopReason::End,
            }));
        }
        Ok(())
    }

    /// Calls come whole.
    fn call(&mut self, call: Call, deltas: &mut Vec<Delta>) -> Result<()> {
        let Some(called) = call.function else { return Ok(()) };
        let index = self.calls.begin(self.calls.len() as u64, "")?;
        let name = called.name.filter(|name| !name.is_empty());
        let made = || made_id(&self.at, name.as_deref().unwrap_or_default(), index);
        let id = Some(call.id.filter(|id| !id.is_empty()).unwrap_or_else(made));
        let arguments = match called.arguments {
            Some(Value::String(arguments)) => arguments,
            Some(object @ Value::Object(_)) => object.to_string(),
            _ => "{}".to_owned(),
        };
        deltas.push(Delta::ToolCall { index, id, name, arguments });
        Ok(())
    }
}

impl Decode for Decoder {
    fn event(&mut self, _: &str, data: &str, deltas: &mut Vec<Delta>) -> Result<()> {
        let data = data.trim();
        if self.done || data.is_empty() {
            return Ok(());
        }
        self.read(data, deltas)
    }

    fn whole(&mut self, body: &str, deltas: &mut Vec<Delta>) -> Result<()> {
        // Lines that came under another content type are lines all the same.
        if serde_json::from_str::<serde::de::IgnoredAny>(body).is_ok() {
            self.read(body, deltas)?;
        } else {
            body.lines().try_for_each(|line| self.event("", line, deltas))?;
        }
        self.end(deltas)
    }

    fn end(&mut self, _: &mut Vec<Delta>) -> Result<()> {
        if self.done { Ok(()) } else { Err(broken_off()) }
    }
}
