//! What responses answer: named events, or the whole.

use ninefold_core::{Delta, Result, StopReason, Usage};
use serde::Deserialize;
use serde_json::Value;
use smol_str::SmolStr;

use super::super::calls::{Calls, made_id};
use super::super::failure::{broken_off, malformed, stream_error};
use super::super::lenient::known;
use super::super::{Decode, signature};
use super::NAME;

/// The events that say something; all have a type, the others of these only some.
#[derive(Deserialize)]
struct Event {
    r#type: SmolStr,
    response: Option<Response>,
    item: Option<Value>,
    #[serde(default)]
    output_index: u64,
    summary_index: Option<u64>,
    delta: Option<Value>,
    arguments: Option<String>,
}

#[derive(Deserialize)]
struct Response {
    id: Option<SmolStr>,
    model: Option<SmolStr>,
    status: Option<SmolStr>,
    error: Option<Value>,
    incomplete_details: Option<Incomplete>,
    output: Option<Vec<Value>>,
    #[serde(default, deserialize_with = "known")]
    usage: Option<Used>,
}

#[derive(Deserialize)]
struct Incomplete {
    reason: Option<SmolStr>,
}

#[derive(Deserialize)]
struct Used {
    #[serde(default, deserialize_with = "known")]
    input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "known")]
    output_tokens: Option<u64>,
    #[serde(default, deserialize_with = "known")]
    input_tokens_details: Option<Read>,
    #[serde(default, deserialize_with = "known")]
    output_tokens_details: Option<Written>,
}

#[derive(Deserialize)]
struct Read {
    #[serde(default, deserialize_with = "known")]
    cached_tokens: Option<u64>,
    #[serde(default, deserialize_with = "known")]
    cache_write_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct Written {
    #[serde(default, deserialize_with = "known")]
    reasoning_tokens: Option<u64>,
}

impl From<Used> for Usage {
    fn from(used: Used) -> Self {
        let read = used.input_tokens_details;
        Self {
            cached_input_tokens: read.as_ref().and_then(|read| read.cached_tokens).unwrap_or(0),
            cache_write_tokens: read.and_then(|read| read.cache_write_tokens).unwrap_or(0),
            reasoning_tokens: used.output_tokens_details.and_then(|written| written.reasoning_tokens).unwrap_or(0),
            ..Self::tokens(used.input_tokens.unwrap_or(0), used.output_tokens.unwrap_or(0))
        }
    }
}

/// One reply.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    begun: bool,
    id: SmolStr,
    calls: Calls,
    /// The reasoning items so far, as they came.
    thoughts: Vec<Value>,
    /// The part of thoughts that comes now: a new one begins after a blank line.
    part: Option<(u64, u64)>,
    refused: bool,
    done: bool,
}

impl Decoder {
    fn read(&mut self, data: &str, deltas: &mut Vec<Delta>) -> Result<()> {
        let event: Event = serde_json::from_str(data).map_err(|error| malformed(NAME, &error))?;
        let words = || match event.delta {
            Some(Value::String(words)) if !words.is_empty() => Some(words),
            _ => None,
        };
        match event.r#type.as_str() {
            "response.created" | "response.in_progress" => {
                if let Some(response) = event.response {
                    self.begin(response.id, response.model, deltas);
                }
            }
            "response.output_text.delta" => deltas.extend(words().map(Delta::Text)),
            "response.refusal.delta" => {
                self.refused = true;
                deltas.extend(words().map(Delta::Text));
            }
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                let part = (event.output_index, event.summary_index.unwrap_or(0));
                if let Some(words) = words() {
                    self.thought(part, words, deltas);
                }
            }
            "response.output_item.added" => self.added(event.output_index, event.item.as_ref(), deltas)?,
            "response.function_call_arguments.delta" => {
                if let (Some(index), Some(arguments)) = (self.calls.find(event.output_index), words()) {
                    self.calls.has_arguments(index);
                    deltas.push(Delta::ToolCall { index, id: None, name: None, arguments });
                }
            }
            "response.function_call_arguments.done" => self.arguments(event.output_index, event.arguments, deltas),
            "response.output_item.done" => self.item(event.output_index, event.item, deltas)?,
            "response.completed" | "response.incomplete" | "response.failed" => {
                if let Some(response) = event.response {
                    self.finish(response, deltas)?;
                }
            }
            "error" => {
                let error = serde_json::from_str(data).map_err(|error| malformed(NAME, &error))?;
                return Err(stream_error(NAME, &error));
            }
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, id: Option<SmolStr>, model: Option<SmolStr>, deltas: &mut Vec<Delta>) {
        if !self.begun {
            self.begun = true;
            let id = id.unwrap_or_default();
            self.id = id.clone();
            deltas.push(Delta::Begin { id, model: model.unwrap_or_default() });
        }
    }

    fn thought(&mut self, part: (u64, u64), mut words: String, deltas: &mut Vec<Delta>) {
        if self.part.replace(part).is_some_and(|before| before != part) {
            words.insert_str(0, "\n\n");
        }
        deltas.push(Delta::Reasoning(words));
    }

    /// A call begins.
    fn added(&mut self, at: u64, item: Option<&Value>, deltas: &mut Vec<Delta>) -> Result<()> {
        let Some(item) = item.filter(|item| item.get("type").is_some_and(|kind| kind == "function_call")) else {
            return Ok(());
        };
        let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
        let name = text("name");
        let id = [text("call_id"), text("id")].into_iter().find(|id| !id.is_empty()).map(SmolStr::from);
        let index = self.calls.begin(at, id.as_deref().unwrap_or_default())?;
        let id = id.unwrap_or_else(|| made_id(&self.id, name, index));
        let name = (!name.is_empty()).then(|| SmolStr::from(name));
        deltas.push(Delta::ToolCall { index, id: Some(id), name, arguments: String::new() });
        Ok(())
    }

    /// The arguments in one, where they did not come in pieces.
    fn arguments(&mut self, at: u64, arguments: Option<String>, deltas: &mut Vec<Delta>) {
        if let (Some(index), Some(arguments)) = (self.calls.find(at), arguments)
            && self.calls.lacks_arguments(index)
            && !arguments.is_empty()
        {
            self.calls.has_arguments(index);
            deltas.push(Delta::ToolCall { index, id: None, name: None, arguments });
        }
    }

    /// An item is done.
    fn item(&mut self, at: u64, item: Option<Value>, deltas: &mut Vec<Delta>) -> Result<()> {
        let Some(item) = item else { return Ok(()) };
        match item.get("type").and_then(Value::as_str) {
            Some("function_call") => {
                if self.calls.find(at).is_none() {
                    self.added(at, Some(&item), deltas)?;
                }
                let arguments = item.get("arguments").and_then(Value::as_str).map(str::to_owned);
                self.arguments(at, arguments, deltas);
            }
            // Without what is encrypted it cannot be given back, as nothing is kept there.
            Some("reasoning") if item.get("encrypted_content").is_some_and(Value::is_string) => {
                self.thoughts.push(item);
            }
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self, response: Response, deltas: &mut Vec<Delta>) -> Result<()> {
        if let Some(error) = response.error.filter(|error| !error.is_null()) {
            return Err(stream_error(NAME, &error));
        }
        if matches!(response.status.as_deref(), Some("failed" | "cancelled")) {
            return Err(broken_off());
        }
        self.begin(response.id, response.model, deltas);
        if let Some(usage) = response.usage.map(Usage::from).filter(|usage| usage.total() > 0) {
            deltas.push(Delta::Usage(usage));
        }
        let cut = response.incomplete_details.and_then(|incomplete| incomplete.reason);
        let stop = match cut.as_deref() {
            Some("content_filter") => StopReason::Refused,
            Some(_) => StopReason::Length,
            None if response.status.as_deref() == Some("incomplete") => StopReason::Length,
            None if self.refused => StopReason::Refused,
            None if self.calls.len() > 0 => StopReason::ToolCalls,
            None => StopReason::End,
        };
        self.done = true;
        self.calls.finish(stop, deltas);
        if !self.thoughts.is_empty() {
            let thoughts = Value::Array(std::mem::take(&mut self.thoughts));
            deltas.push(Delta::Signature(signature::signed(NAME, &thoughts.to_string())));
        }
        deltas.push(Delta::End(stop));
        Ok(())
    }

    /// An item of a whole reply.
    fn whole_item(&mut self, at: u64, item: Value, deltas: &mut Vec<Delta>) -> Result<()> {
        let list = |name: &str| item.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        let text = |piece: &Value, name: &str| piece.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        match item.get("type").and_then(Value::as_str) {
            Some("message") => {
                for piece in list("content") {
                    let refusal = text(&piece, "refusal");
                    self.refused |= !refusal.is_empty();
                    let words = text(&piece, "text") + &refusal;
                    if !words.is_empty() {
                        deltas.push(Delta::Text(words));
                    }
                }
            }
            Some("reasoning") => {
                for (n, piece) in (0..).zip(list("summary").iter().chain(&list("content"))) {
                    let words = text(piece, "text");
                    if !words.is_empty() {
                        self.thought((at, n), words, deltas);
                    }
                }
                self.item(at, Some(item), deltas)?;
            }
            _ => self.item(at, Some(item), deltas)?,
        }
        Ok(())
    }
}

impl Decode for Decoder {
    fn event(&mut self, _: &str, data: &str, deltas: &mut Vec<Delta>) -> Result<()> {
        let data = data.trim();
        if self.done || data.is_empty() || data == "[DONE]" {
            return Ok(());
        }
        self.read(data, deltas)
    }

    fn whole(&mut self, body: &str, deltas: &mut Vec<Delta>) -> Result<()> {
        let mut response: Response = serde_json::from_str(body).map_err(|error| malformed(NAME, &error))?;
        if let Some(error) = response.error.take().filter(|error| !error.is_null()) {
            return Err(stream_error(NAME, &error));
        }
        self.begin(response.id.take(), response.model.take(), deltas);
        for (at, item) in (0..).zip(response.output.take().unwrap_or_default()) {
            self.whole_item(at, item, deltas)?;
        }
        self.finish(response, deltas)
    }

    fn end(&mut self, _: &mut Vec<Delta>) -> Result<()> {
        if self.done { Ok(()) } else { Err(broken_off()) }
    }
}
