//! What Gemini answers: chunks of candidates, each a small whole. There is no mark for the end but the reason.

use ninefold_core::{Delta, Error, ErrorKind, Result, StopReason, Usage};
use serde::Deserialize;
use serde_json::Value;
use smol_str::SmolStr;

use super::super::calls::{Calls, made_id};
use super::super::failure::{broken_off, malformed, stream_error};
use super::super::lenient::known;
use super::super::{Decode, signature};
use super::{NAME, Signatures};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Chunk {
    candidates: Option<Vec<Candidate>>,
    prompt_feedback: Option<Feedback>,
    #[serde(default, deserialize_with = "known")]
    usage_metadata: Option<Used>,
    model_version: Option<SmolStr>,
    response_id: Option<SmolStr>,
    error: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate {
    content: Option<Content>,
    finish_reason: Option<SmolStr>,
    #[serde(default)]
    index: u64,
}

#[derive(Deserialize)]
struct Content {
    parts: Option<Vec<Piece>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Piece {
    text: Option<String>,
    thought: Option<bool>,
    thought_signature: Option<String>,
    function_call: Option<Call>,
}

#[derive(Deserialize)]
struct Call {
    id: Option<SmolStr>,
    name: Option<SmolStr>,
    args: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Feedback {
    block_reason: Option<SmolStr>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Used {
    #[serde(default, deserialize_with = "known")]
    prompt_token_count: Option<u64>,
    #[serde(default, deserialize_with = "known")]
    candidates_token_count: Option<u64>,
    #[serde(default, deserialize_with = "known")]
    thoughts_token_count: Option<u64>,
    #[serde(default, deserialize_with = "known")]
    cached_content_token_count: Option<u64>,
    #[serde(default, deserialize_with = "known")]
    tool_use_prompt_token_count: Option<u64>,
}

impl From<Used> for Usage {
    fn from(used: Used) -> Self {
        let thoughts = used.thoughts_token_count.unwrap_or(0);
        let input = used.prompt_token_count.unwrap_or(0).saturating_add(used.tool_use_prompt_token_count.unwrap_or(0));
        // The provider counts thoughts apart from what is written.
        let output = used.candidates_token_count.unwrap_or(0).saturating_add(thoughts);
        Self {
            cached_input_tokens: used.cached_content_token_count.unwrap_or(0),
            reasoning_tokens: thoughts,
            ..Self::tokens(input, output)
        }
    }
}

/// One reply.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    begun: bool,
    id: SmolStr,
    calls: Calls,
    signatures: Signatures,
    stop: Option<StopReason>,
    done: bool,
}

impl Decoder {
    fn read(&mut self, data: &str, deltas: &mut Vec<Delta>) -> Result<()> {
        let chunk: Chunk = serde_json::from_str(data).map_err(|error| malformed(NAME, &error))?;
        self.chunk(chunk, deltas)
    }

    fn chunk(&mut self, chunk: Chunk, deltas: &mut Vec<Delta>) -> Result<()> {
        if let Some(error) = chunk.error.filter(|error| !error.is_null()) {
            return Err(stream_error(NAME, &error));
        }
        let (id, model) = (chunk.response_id.unwrap_or_default(), chunk.model_version.unwrap_or_default());
        if !self.begun && (!id.is_empty() || !model.is_empty()) {
            self.begun = true;
            self.id = id.clone();
            deltas.push(Delta::Begin { id, model });
        }
        for candidate in chunk.candidates.into_iter().flatten().filter(|candidate| candidate.index == 0) {
            for piece in candidate.content.and_then(|content| content.parts).into_iter().flatten() {
                self.piece(piece, deltas)?;
            }
            if let Some(reason) = candidate.finish_reason {
                self.stop = stop(&reason)?.or(self.stop);
            }
        }
        if chunk.prompt_feedback.and_then(|feedback| feedback.block_reason).is_some() {
            self.stop = Some(StopReason::Refused);
        }
        if let Some(usage) = chunk.usage_metadata.map(Usage::from).filter(|usage| usage.total() > 0) {
            deltas.push(Delta::Usage(usage));
        }
        Ok(())
    }

    fn piece(&mut self, piece: Piece, deltas: &mut Vec<Delta>) -> Result<()> {
        let is_thought = piece.thought.unwrap_or(false);
        if let Some(call) = piece.function_call {
            let index = self.calls.begin(self.calls.len() as u64, "")?;
            let name = call.name.filter(|name| !name.is_empty());
            let made = || made_id(&self.id, name.as_deref().unwrap_or_default(), index);
            let id = Some(call.id.filter(|id| !id.is_empty()).unwrap_or_else(made));
            let arguments = call.args.filter(Value::is_object).map_or_else(|| "{}".to_owned(), |args| args.to_string());
            deltas.push(Delta::ToolCall { index, id, name, arguments });
            if let Some(signature) = piece.thought_signature {
                self.signatures.calls.insert(index, signature);
            }
        } else if let Some(signature) = piece.thought_signature.filter(|_| !is_thought) {
            self.signatures.text = Some(signature);
        }
        if let Some(text) = piece.text.filter(|text| !text.is_empty()) {
            deltas.push(if is_thought { Delta::Reasoning(text) } else { Delta::Text(text) });
        }
        Ok(())
    }

    fn finish(&mut self, deltas: &mut Vec<Delta>) -> Result<()> {
        if self.done {
            return Ok(());
        }
        let stop = self.stop.ok_or_else(broken_off)?;
        self.done = true;
        if self.signatures.text.is_some() || !self.signatures.calls.is_empty() {
            let signed = serde_json::to_string(&self.signatures).unwrap_or_default();
            deltas.push(Delta::Signature(signature::signed(NAME, &signed)));
        }
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
        // Without events the stream is a list of chunks.
        if body.trim_start().starts_with('[') {
            let chunks: Vec<Chunk> = serde_json::from_str(body).map_err(|error| malformed(NAME, &error))?;
            chunks.into_iter().try_for_each(|chunk| self.chunk(chunk, deltas))?;
        } else {
            self.read(body, deltas)?;
        }
        self.finish(deltas)
    }

    fn end(&mut self, deltas: &mut Vec<Delta>) -> Result<()> {
        self.finish(deltas)
    }
}

fn stop(reason: &str) -> Result<Option<StopReason>> {
    match reason {
        "FINISH_REASON_UNSPECIFIED" | "" => Ok(None),
        "MAX_TOKENS" => Ok(Some(StopReason::Length)),
        "SAFETY"
        | "RECITATION"
        | "LANGUAGE"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION"
        | "MODEL_ARMOR" => Ok(Some(StopReason::Refused)),
        "MALFORMED_FUNCTION_CALL" | "UNEXPECTED_TOOL_CALL" | "TOO_MANY_TOOL_CALLS" => Err(Error::new(
            ErrorKind::MalformedReply,
            format!("the model's tool call is not valid: {NAME} says {reason}"),
        )),
        _ => Ok(Some(StopReason::End)),
    }
}
