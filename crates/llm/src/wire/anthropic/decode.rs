//! What messages answer: events of content blocks, or the whole.
//!
//! A reply may think in several blocks, each with a signature of its own, and in blocks that cannot be read. One block is
//! kept by its signature; several, or unreadable ones, as a list of the blocks.

use ninefold_core::{Delta, Result, StopReason, Usage};
use serde::Deserialize;
use serde_json::Value;
use smol_str::SmolStr;

use super::super::calls::{Calls, made_id};
use super::super::failure::{broken_off, malformed, stream_error};
use super::super::lenient::known;
use super::super::{Decode, signature};
use super::{NAME, Thought};

#[derive(Deserialize)]
struct Event {
    r#type: SmolStr,
    message: Option<Message>,
    #[serde(default)]
    index: u64,
    content_block: Option<Block>,
    delta: Option<Piece>,
    #[serde(default, deserialize_with = "known")]
    usage: Option<Used>,
}

#[derive(Deserialize)]
struct Message {
    id: Option<SmolStr>,
    model: Option<SmolStr>,
    content: Option<Vec<Block>>,
    stop_reason: Option<SmolStr>,
    #[serde(default, deserialize_with = "known")]
    usage: Option<Used>,
}

#[derive(Deserialize)]
struct Block {
    r#type: SmolStr,
    text: Option<String>,
    thinking: Option<String>,
    signature: Option<String>,
    data: Option<String>,
    id: Option<SmolStr>,
    name: Option<SmolStr>,
    input: Option<Value>,
}

/// More of a block, or the end of the message.
#[derive(Deserialize)]
struct Piece {
    text: Option<String>,
    thinking: Option<String>,
    signature: Option<String>,
    partial_json: Option<String>,
    stop_reason: Option<SmolStr>,
}

/// Each count replaces the one before.
#[derive(Debug, Default, Deserialize)]
struct Used {
    #[serde(default, deserialize_with = "known")]
    input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "known")]
    output_tokens: Option<u64>,
    #[serde(default, deserialize_with = "known")]
    cache_creation_input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "known")]
    cache_read_input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "known")]
    output_tokens_details: Option<Written>,
}

#[derive(Debug, Deserialize)]
struct Written {
    #[serde(default, deserialize_with = "known")]
    thinking_tokens: Option<u64>,
}

/// One reply.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    begun: bool,
    id: SmolStr,
    calls: Calls,
    thoughts: Vec<Thought>,
    used: Used,
    stop: Option<StopReason>,
    done: bool,
}

impl Decoder {
    fn read(&mut self, data: &str, deltas: &mut Vec<Delta>) -> Result<()> {
        let event: Event = serde_json::from_str(data).map_err(|error| malformed(NAME, &error))?;
        match event.r#type.as_str() {
            "message_start" => {
                if let Some(message) = event.message {
                    self.begin(message.id, message.model, deltas);
                    self.usage(message.usage, deltas);
                }
            }
            "content_block_start" => {
                if let Some(block) = event.content_block {
                    self.block(event.index, block, deltas)?;
                }
            }
            "content_block_delta" => {
                if let Some(piece) = event.delta {
                    self.piece(event.index, piece, deltas);
                }
            }
            "message_delta" => {
                self.usage(event.usage, deltas);
                if let Some(reason) = event.delta.and_then(|delta| delta.stop_reason) {
                    self.stop = Some(stop(&reason));
                }
            }
            "message_stop" => self.finish(deltas)?,
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

    fn usage(&mut self, used: Option<Used>, deltas: &mut Vec<Delta>) {
        let Some(used) = used else { return };
        let now = &mut self.used;
        now.input_tokens = used.input_tokens.or(now.input_tokens);
        now.output_tokens = used.output_tokens.or(now.output_tokens);
        now.cache_creation_input_tokens = used.cache_creation_input_tokens.or(now.cache_creation_input_tokens);
        now.cache_read_input_tokens = used.cache_read_input_tokens.or(now.cache_read_input_tokens);
        now.output_tokens_details = used.output_tokens_details.or(now.output_tokens_details.take());
        let cached = now.cache_read_input_tokens.unwrap_or(0);
        let written = now.cache_creation_input_tokens.unwrap_or(0);
        // The provider counts what went through its cache apart.
        let input = now.input_tokens.unwrap_or(0).saturating_add(cached).saturating_add(written);
        let usage = Usage {
            cached_input_tokens: cached,
            cache_write_tokens: written,
            reasoning_tokens: now.output_tokens_details.as_ref().and_then(|of| of.thinking_tokens).unwrap_or(0),
            ..Usage::tokens(input, now.output_tokens.unwrap_or(0))
        };
        if usage.total() > 0 {
            deltas.push(Delta::Usage(usage));
        }
    }

    /// A block begins; in a whole reply it is all there.
    fn block(&mut self, at: u64, block: Block, deltas: &mut Vec<Delta>) -> Result<()> {
        match block.r#type.as_str() {
            "text" => deltas.extend(block.text.filter(|text| !text.is_empty()).map(Delta::Text)),
            "thinking" => {
                if !self.thoughts.is_empty() {
                    deltas.push(Delta::Reasoning("\n\n".to_owned()));
                }
                let (thinking, signature) = (String::new(), String::new());
                self.thoughts.push(Thought::Thinking { thinking, signature });
                self.think(block.thinking, block.signature, deltas);
            }
            "redacted_thinking" => {
                self.thoughts.push(Thought::RedactedThinking { data: block.data.unwrap_or_default() });
            }
            "tool_use" => {
                let index = self.calls.begin(at, block.id.as_deref().unwrap_or_default())?;
                let name = block.name.filter(|name| !name.is_empty());
                let made = || made_id(&self.id, name.as_deref().unwrap_or_default(), index);
                let id = Some(block.id.filter(|id| !id.is_empty()).unwrap_or_else(made));
                let input = block.input.filter(|input| input.as_object().is_some_and(|input| !input.is_empty()));
                let arguments = input.map(|input| input.to_string()).unwrap_or_default();
                if !arguments.is_empty() {
                    self.calls.has_arguments(index);
                }
                deltas.push(Delta::ToolCall { index, id, name, arguments });
            }
            _ => {}
        }
        Ok(())
    }

    fn piece(&mut self, at: u64, piece: Piece, deltas: &mut Vec<Delta>) {
        deltas.extend(piece.text.filter(|text| !text.is_empty()).map(Delta::Text));
        self.think(piece.thinking, piece.signature, deltas);
        if let (Some(index), Some(arguments)) =
            (self.calls.find(at), piece.partial_json.filter(|json| !json.is_empty()))
        {
            self.calls.has_arguments(index);
            deltas.push(Delta::ToolCall { index, id: None, name: None, arguments });
        }
    }

    fn think(&mut self, more: Option<String>, signed: Option<String>, deltas: &mut Vec<Delta>) {
        let Some(Thought::Thinking { thinking, signature }) = self.thoughts.last_mut() else { return };
        if let Some(more) = more.filter(|more| !more.is_empty()) {
            thinking.push_str(&more);
            deltas.push(Delta::Reasoning(more));
        }
        signature.push_str(&signed.unwrap_or_default());
    }

    fn finish(&mut self, deltas: &mut Vec<Delta>) -> Result<()> {
        if self.done {
            return Ok(());
        }
        let stop = self.stop.ok_or_else(broken_off)?;
        self.done = true;
        self.calls.finish(stop, deltas);
        // Unsigned thoughts, as other servers of this format send them, cannot be given back.
        let is_signed =
            |thought: &Thought| !matches!(thought, Thought::Thinking { signature, .. } if signature.is_empty());
        let signed = match self.thoughts.as_slice() {
            [Thought::Thinking { signature, .. }] if !signature.is_empty() && !signature.starts_with('[') => {
                Some(signature.clone())
            }
            thoughts if !thoughts.is_empty() && thoughts.iter().all(is_signed) => serde_json::to_string(thoughts).ok(),
            _ => None,
        };
        deltas.extend(signed.map(|signed| Delta::Signature(signature::signed(NAME, &signed))));
        deltas.push(Delta::End(match stop {
            StopReason::End if self.calls.len() > 0 => StopReason::ToolCalls,
            stop => stop,
        }));
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
        let value: Value = serde_json::from_str(body).map_err(|error| malformed(NAME, &error))?;
        if value.get("error").is_some_and(|error| !error.is_null()) {
            return Err(stream_error(NAME, &value));
        }
        let message: Message = serde_json::from_value(value).map_err(|error| malformed(NAME, &error))?;
        self.begin(message.id, message.model, deltas);
        for (at, block) in (0..).zip(message.content.unwrap_or_default()) {
            self.block(at, block, deltas)?;
        }
        self.usage(message.usage, deltas);
        self.stop = message.stop_reason.as_deref().map(stop);
        self.finish(deltas)
    }

    fn end(&mut self, deltas: &mut Vec<Delta>) -> Result<()> {
        self.finish(deltas)
    }
}

fn stop(reason: &str) -> StopReason {
    match reason {
        "max_tokens" | "model_context_window_exceeded" => StopReason::Length,
        "tool_use" => StopReason::ToolCalls,
        "refusal" => StopReason::Refused,
        _ => StopReason::End,
    }
}
