//! What chat completions answer: chunks, or the whole when a server does not stream.

use ninefold_core::{Cost, Delta, Result, StopReason, Usage};
use serde::Deserialize;
use serde_json::Value;
use smol_str::SmolStr;

use super::super::calls::{Calls, made_id};
use super::super::failure::{broken_off, malformed, stream_error};
use super::super::lenient::known;
use super::super::{Decode, signature};
use super::{NAME, THOUGHTS};

#[derive(Deserialize)]
struct Chunk {
    id: Option<SmolStr>,
    model: Option<SmolStr>,
    choices: Option<Vec<Choice>>,
    #[serde(default, deserialize_with = "known")]
    usage: Option<Used>,
    #[serde(default, deserialize_with = "known")]
    x_groq: Option<Groq>,
    error: Option<Value>,
}

/// Groq's usage in the last chunk.
#[derive(Deserialize)]
struct Groq {
    #[serde(default, deserialize_with = "known")]
    usage: Option<Used>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    index: u64,
    delta: Option<Piece>,
    /// The reply so far, where both are said.
    message: Option<Piece>,
    finish_reason: Option<SmolStr>,
    #[serde(default, deserialize_with = "known")]
    usage: Option<Used>,
}

#[derive(Deserialize)]
struct Piece {
    content: Option<Content>,
    refusal: Option<String>,
    reasoning_content: Option<String>,
    reasoning: Option<String>,
    tool_calls: Option<Vec<Call>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Pieces(Vec<ContentPiece>),
}

/// Mistral's pieces of a content; thoughts are lists of texts.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ContentPiece {
    Text {
        text: String,
    },
    Thinking {
        thinking: Vec<ContentPiece>,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Call {
    index: Option<u64>,
    id: Option<SmolStr>,
    function: Option<Called>,
}

#[derive(Deserialize)]
struct Called {
    name: Option<SmolStr>,
    arguments: Option<Value>,
}

#[derive(Deserialize)]
struct Used {
    #[serde(default, deserialize_with = "known")]
    prompt_tokens: Option<u64>,
    #[serde(default, deserialize_with = "known")]
    completion_tokens: Option<u64>,
    #[serde(default, deserialize_with = "known")]
    prompt_tokens_details: Option<Read>,
    #[serde(default, deserialize_with = "known")]
    completion_tokens_details: Option<Written>,
    /// DeepSeek's name for what came from the cache.
    #[serde(default, deserialize_with = "known")]
    prompt_cache_hit_tokens: Option<u64>,
    #[serde(default, deserialize_with = "known")]
    cost: Option<Price>,
}

/// What it cost in US dollars: OpenRouter says the sum, Perplexity the parts and the sum.
#[derive(Deserialize)]
#[serde(untagged)]
enum Price {
    Sum(f64),
    Parts { total_cost: f64 },
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
        let read = used.prompt_tokens_details;
        let cached = read.as_ref().and_then(|read| read.cached_tokens).or(used.prompt_cache_hit_tokens);
        Self {
            cached_input_tokens: cached.unwrap_or(0),
            cache_write_tokens: read.and_then(|read| read.cache_write_tokens).unwrap_or(0),
            reasoning_tokens: used.completion_tokens_details.and_then(|written| written.reasoning_tokens).unwrap_or(0),
            cost: used.cost.map(|(Price::Sum(usd) | Price::Parts { total_cost: usd })| Cost::from_usd(usd)),
            ..Self::tokens(used.prompt_tokens.unwrap_or(0), used.completion_tokens.unwrap_or(0))
        }
    }
}

/// One reply.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    begun: bool,
    id: SmolStr,
    calls: Calls,
    /// By which of [`THOUGHTS`] the thoughts come.
    thoughts: Option<&'static str>,
    refused: bool,
    stop: Option<StopReason>,
    done: bool,
}

impl Decoder {
    fn read(&mut self, data: &str, whole: bool, deltas: &mut Vec<Delta>) -> Result<()> {
        let chunk: Chunk = serde_json::from_str(data).map_err(|error| malformed(NAME, &error))?;
        if let Some(error) = chunk.error.filter(|error| !error.is_null()) {
            return Err(stream_error(NAME, &error));
        }
        let (id, model) = (chunk.id.unwrap_or_default(), chunk.model.unwrap_or_default());
        if !self.begun && (!id.is_empty() || !model.is_empty()) {
            self.begun = true;
            self.id = id.clone();
            deltas.push(Delta::Begin { id, model });
        }
        let mut used = chunk.usage.or_else(|| chunk.x_groq.and_then(|groq| groq.usage));
        for choice in chunk.choices.into_iter().flatten().filter(|choice| choice.index == 0) {
            used = used.or(choice.usage);
            let piece = if whole { choice.message.or(choice.delta) } else { choice.delta.or(choice.message) };
            if let Some(piece) = piece {
                self.piece(piece, deltas)?;
            }
            // Some servers send an empty one until there is one.
            if let Some(reason) = choice.finish_reason.filter(|reason| !reason.is_empty()) {
                self.stop = Some(stop(&reason)?);
            }
        }
        if let Some(usage) = used.map(Usage::from).filter(|usage| usage.total() > 0) {
            deltas.push(Delta::Usage(usage));
        }
        Ok(())
    }

    fn piece(&mut self, piece: Piece, deltas: &mut Vec<Delta>) -> Result<()> {
        for (name, thought) in THOUGHTS.into_iter().zip([piece.reasoning_content, piece.reasoning]) {
            // Some servers send them under both names.
            if let Some(thought) = thought.filter(|thought| !thought.is_empty())
                && *self.thoughts.get_or_insert(name) == name
            {
                deltas.push(Delta::Reasoning(thought));
            }
        }
        match piece.content {
            Some(Content::Text(text)) => push_text(text, deltas),
            Some(Content::Pieces(pieces)) => pieces.into_iter().for_each(|piece| content(piece, deltas)),
            None => {}
        }
        if let Some(refusal) = piece.refusal.filter(|refusal| !refusal.is_empty()) {
            self.refused = true;
            deltas.push(Delta::Text(refusal));
        }
        for call in piece.tool_calls.into_iter().flatten() {
            self.call(call, deltas)?;
        }
        Ok(())
    }

    fn call(&mut self, call: Call, deltas: &mut Vec<Delta>) -> Result<()> {
        let (name, arguments) = match call.function {
            Some(called) => (called.name.filter(|name| !name.is_empty()), called.arguments),
            None => (None, None),
        };
        let id = call.id.filter(|id| !id.is_empty());
        // A call without a number is the next when it brings a name, and the one before when it does not.
        let last = self.calls.len().checked_sub(1);
        let known = match call.index {
            Some(key) => self.calls.find(key),
            None => last.filter(|_| name.is_none()),
        };
        let is_new = |index: usize| name.is_some() && id.as_ref().is_some_and(|id| self.calls.is_other(index, id));
        let arguments = match arguments {
            Some(Value::String(arguments)) => arguments,
            // Some servers send the object itself.
            Some(object @ Value::Object(_)) => object.to_string(),
            _ => String::new(),
        };
        match known.filter(|index| !is_new(*index)) {
            Some(_) if arguments.is_empty() && name.is_none() && id.is_none() => {}
            Some(index) => {
                self.arrived(index, &arguments);
                deltas.push(Delta::ToolCall { index, id, name, arguments });
            }
            None => {
                let key = call.index.unwrap_or(self.calls.len() as u64);
                let index = self.calls.begin(key, id.as_deref().unwrap_or_default())?;
                let id = id.unwrap_or_else(|| made_id(&self.id, name.as_deref().unwrap_or_default(), index));
                self.arrived(index, &arguments);
                deltas.push(Delta::ToolCall { index, id: Some(id), name, arguments });
            }
        }
        Ok(())
    }

    fn arrived(&mut self, index: usize, arguments: &str) {
        if !arguments.is_empty() {
            self.calls.has_arguments(index);
        }
    }

    fn finish(&mut self, deltas: &mut Vec<Delta>) -> Result<()> {
        if self.done {
            return Ok(());
        }
        let stop = self.stop.ok_or_else(broken_off)?;
        self.done = true;
        self.calls.finish(stop, deltas);
        if let Some(name) = self.thoughts {
            deltas.push(Delta::Signature(signature::signed(NAME, name)));
        }
        deltas.push(Delta::End(match stop {
            _ if self.refused => StopReason::Refused,
            // Some servers say "stop" when they want tools called.
            StopReason::End if self.calls.len() > 0 => StopReason::ToolCalls,
            stop => stop,
        }));
        Ok(())
    }
}

impl Decode for Decoder {
    fn event(&mut self, _: &str, data: &str, deltas: &mut Vec<Delta>) -> Result<()> {
        let data = data.trim();
        match data {
            _ if self.done => Ok(()),
            "" => Ok(()),
            "[DONE]" => self.finish(deltas),
            _ => self.read(data, false, deltas),
        }
    }

    fn whole(&mut self, body: &str, deltas: &mut Vec<Delta>) -> Result<()> {
        self.read(body, true, deltas)?;
        self.finish(deltas)
    }

    fn end(&mut self, deltas: &mut Vec<Delta>) -> Result<()> {
        self.finish(deltas)
    }
}

fn push_text(text: String, deltas: &mut Vec<Delta>) {
    if !text.is_empty() {
        deltas.push(Delta::Text(text));
    }
}

fn content(piece: ContentPiece, deltas: &mut Vec<Delta>) {
    match piece {
        ContentPiece::Text { text } => push_text(text, deltas),
        ContentPiece::Thinking { thinking } => {
            for thought in thinking {
                if let ContentPiece::Text { text } = thought {
                    deltas.push(Delta::Reasoning(text));
                }
            }
        }
        ContentPiece::Other => {}
    }
}

fn stop(reason: &str) -> Result<StopReason> {
    match reason {
        "length" | "model_length" | "max_tokens" => Ok(StopReason::Length),
        "tool_calls" | "function_call" => Ok(StopReason::ToolCalls),
        "content_filter" => Ok(StopReason::Refused),
        // What broke off is no answer.
        "error" | "abort" | "insufficient_system_resource" => Err(broken_off()),
        _ => Ok(StopReason::End),
    }
}
