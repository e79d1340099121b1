//! OpenAI's chat completions, which most other providers and local servers speak as well.
//!
//! By <https://platform.openai.com/docs/api-reference/chat>. Thoughts are given back with the tool calls that they led to,
//! under the name that they came by (`reasoning_content`, `reasoning`); OpenAI's own models do not show any here.

mod decode;

use std::borrow::Cow;

use ninefold_core::{
    Effort, Media, MediaSource, Message, ModelRequest, OutputFormat, Part, Result, Role, ToolChoice, ToolSpec,
};
use serde::Serialize;
use serde_json::Value;

use super::check::{cannot_say, check, instruction, invalid, joined, mentions_json, result_text};
use super::media::{base64, data_url, file_name};
use super::{Decode, Dialect, Failure, Format, Framing, Outgoing, calls, failure, signature};
use crate::json::{Optional, is_strict, strict};

/// OpenAI's chat completions. The base address ends with the version: `https://api.openai.com/v1`.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenAiChat;

const NAME: &str = "openai chat";

/// The names that providers have for thoughts.
const THOUGHTS: [&str; 2] = ["reasoning_content", "reasoning"];

impl Format for OpenAiChat {
    fn name(&self) -> &'static str {
        NAME
    }

    fn encode(&self, model: &str, request: &ModelRequest, dialect: Dialect) -> Result<Outgoing> {
        let body = body(model, request, dialect)?;
        let body = serde_json::to_vec(&body).map_err(|error| invalid(error.to_string()))?;
        Ok(Outgoing { path: "/chat/completions".to_owned(), headers: Vec::new(), body })
    }

    fn framing(&self) -> Framing {
        Framing::Events
    }

    fn decoder(&self) -> Box<dyn Decode> {
        Box::<decode::Decoder>::default()
    }

    fn failure(&self, status: u16, body: &[u8]) -> Failure {
        failure::failure(status, body)
    }
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Turn<'a>>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<ResponseFormat<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'static str>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
#[serde(tag = "role", rename_all = "lowercase")]
enum Turn<'a> {
    System {
        content: Cow<'a, str>,
    },
    User {
        content: Content<'a>,
    },
    Assistant {
        content: Option<Cow<'a, str>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reasoning_content: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reasoning: Option<&'a str>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<Call<'a>>,
    },
    Tool {
        tool_call_id: &'a str,
        content: Cow<'a, str>,
    },
}

#[derive(Serialize)]
#[serde(untagged)]
enum Content<'a> {
    Text(Cow<'a, str>),
    Pieces(Vec<Piece<'a>>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Piece<'a> {
    Text { text: &'a str },
    ImageUrl { image_url: ImageUrl<'a> },
    File { file: File<'a> },
    InputAudio { input_audio: Audio },
}

#[derive(Serialize)]
struct ImageUrl<'a> {
    url: Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum File<'a> {
    Here { filename: String, file_data: String },
    Uploaded { file_id: &'a str },
}

#[derive(Serialize)]
struct Audio {
    data: String,
    format: &'static str,
}

#[derive(Serialize)]
struct Call<'a> {
    id: &'a str,
    r#type: &'static str,
    function: Called<'a>,
}

#[derive(Serialize)]
struct Called<'a> {
    name: &'a str,
    arguments: Cow<'a, str>,
}

#[derive(Serialize)]
struct Tool<'a> {
    r#type: &'static str,
    function: Function<'a>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    description: &'a str,
    parameters: &'a Value,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    strict: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Choice<'a> {
    Mode(&'static str),
    Function { r#type: &'static str, function: Named<'a> },
}

#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ResponseFormat<'a> {
    JsonObject,
    JsonSchema { json_schema: JsonSchema<'a> },
}

#[derive(Serialize)]
struct JsonSchema<'a> {
    name: &'a str,
    strict: bool,
    schema: Cow<'a, Value>,
}

fn body<'a>(model: &'a str, request: &'a ModelRequest, dialect: Dialect) -> Result<Body<'a>> {
    check(request)?;
    if dialect.no_seed && request.seed.is_some() {
        return Err(cannot_say(NAME, "a seed to this provider"));
    }
    if dialect.no_effort && request.effort.is_some() {
        return Err(cannot_say(NAME, "an effort to this provider"));
    }
    let mut messages = Vec::with_capacity(request.messages.len() + 1);
    for message in &request.messages {
        turn(message, &mut messages)?;
    }
    let (response_format, instruction) = response_format(request, dialect);
    if let Some(instruction) = instruction {
        instruct(&mut messages, &instruction);
    }
    let limit = request.max_output_tokens;
    Ok(Body {
        model,
        messages,
        stream: true,
        stream_options: (!dialect.no_stream_options).then_some(StreamOptions { include_usage: true }),
        tools: request.tools.iter().map(|spec| tool(spec, dialect)).collect(),
        tool_choice: tool_choice(request),
        // Naming it without tools is an error at OpenAI.
        parallel_tool_calls: request.parallel_tools.filter(|_| !request.tools.is_empty()),
        response_format,
        max_tokens: limit.filter(|_| dialect.max_tokens),
        max_completion_tokens: limit.filter(|_| !dialect.max_tokens),
        temperature: request.temperature,
        top_p: request.top_p,
        stop: &request.stop,
        seed: request.seed,
        reasoning_effort: request.effort.map(effort),
    })
}

/// The effort as OpenAI calls it.
pub(super) fn effort(effort: Effort) -> &'static str {
    match effort {
        Effort::Minimal => "minimal",
        Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
    }
}

fn turn<'a>(message: &'a Message, turns: &mut Vec<Turn<'a>>) -> Result<()> {
    match message.role {
        Role::System => turns.push(Turn::System { content: joined(message) }),
        Role::User => {
            let only_text = message.parts.iter().all(|part| matches!(part, Part::Text { .. }));
            let content = if only_text {
                Content::Text(joined(message))
            } else {
                Content::Pieces(message.parts.iter().map(piece).collect::<Result<_>>()?)
            };
            turns.push(Turn::User { content });
        }
        Role::Assistant => turns.extend(assistant(message)),
        Role::Tool => {
            for part in &message.parts {
                if let Part::ToolResult(result) = part {
                    let content = result_text(&result.content, result.is_error);
                    turns.push(Turn::Tool { tool_call_id: &result.id, content });
                }
            }
        }
    }
    Ok(())
}

/// What the model said; nothing when it was only thoughts, which stand for themselves nowhere.
fn assistant(message: &Message) -> Option<Turn<'_>> {
    let mut tool_calls = Vec::new();
    let mut thoughts = [None, None];
    for part in &message.parts {
        match part {
            Part::ToolCall(call) => tool_calls.push(Call {
                id: &call.id,
                r#type: "function",
                function: Called { name: &call.name, arguments: calls::object(&call.arguments) },
            }),
            Part::Reasoning { text, signature } => {
                let name = signature::own(NAME, signature.as_deref());
                for (slot, known) in thoughts.iter_mut().zip(THOUGHTS) {
                    if name == Some(known) {
                        *slot = Some(text.as_str());
                    }
                }
            }
            _ => {}
        }
    }
    let text = joined(message);
    if text.is_empty() && tool_calls.is_empty() {
        return None;
    }
    if tool_calls.is_empty() {
        thoughts = [None, None];
    }
    let [reasoning_content, reasoning] = thoughts;
    Some(Turn::Assistant { content: (!text.is_empty()).then_some(text), reasoning_content, reasoning, tool_calls })
}

fn piece(part: &Part) -> Result<Piece<'_>> {
    match part {
        Part::Text { text } => Ok(Piece::Text { text }),
        Part::Image { media } => match &media.source {
            MediaSource::Bytes(bytes) => {
                Ok(Piece::ImageUrl { image_url: ImageUrl { url: data_url(&media.mime, bytes).into() } })
            }
            MediaSource::Url(url) => Ok(Piece::ImageUrl { image_url: ImageUrl { url: url.into() } }),
            _ => Err(cannot_say(NAME, "an image that was uploaded")),
        },
        Part::File { media } => file(media),
        _ => Err(cannot_say(NAME, "a part of a message")),
    }
}

fn file(media: &Media) -> Result<Piece<'_>> {
    let format = match media.mime.as_str() {
        "audio/wav" | "audio/x-wav" | "audio/wave" => Some("wav"),
        "audio/mpeg" | "audio/mp3" => Some("mp3"),
        _ => None,
    };
    match (&media.source, format) {
        (MediaSource::Bytes(bytes), Some(format)) => {
            Ok(Piece::InputAudio { input_audio: Audio { data: base64(bytes), format } })
        }
        (MediaSource::Bytes(bytes), None) => {
            let file_data = data_url(&media.mime, bytes);
            Ok(Piece::File { file: File::Here { filename: file_name(media), file_data } })
        }
        (MediaSource::Uploaded { id, .. }, _) => Ok(Piece::File { file: File::Uploaded { file_id: id } }),
        _ => Err(cannot_say(NAME, "a file by its address")),
    }
}

fn tool(spec: &ToolSpec, dialect: Dialect) -> Tool<'_> {
    let strict = !dialect.no_schema && is_strict(&spec.schema);
    let function = Function { name: &spec.name, description: &spec.description, parameters: &spec.schema, strict };
    Tool { r#type: "function", function }
}

fn tool_choice(request: &ModelRequest) -> Option<Choice<'_>> {
    match &request.tool_choice {
        _ if request.tools.is_empty() => None,
        ToolChoice::Auto => None,
        ToolChoice::None => Some(Choice::Mode("none")),
        ToolChoice::Required => Some(Choice::Mode("required")),
        ToolChoice::Named(name) => Some(Choice::Function { r#type: "function", function: Named { name } }),
    }
}

/// How JSON is asked for, and what the model is told about it.
fn response_format(request: &ModelRequest, dialect: Dialect) -> (Option<ResponseFormat<'_>>, Option<String>) {
    match &request.output {
        OutputFormat::Text => (None, None),
        OutputFormat::Schema { .. } if dialect.no_schema => {
            (Some(ResponseFormat::JsonObject), instruction(&request.output))
        }
        OutputFormat::Json => {
            let instruction = if mentions_json(request) { None } else { instruction(&request.output) };
            (Some(ResponseFormat::JsonObject), instruction)
        }
        OutputFormat::Schema { name, schema } => {
            let (strict, schema) = match strict(schema, Optional::Nullable) {
                Some(strict) => (true, Cow::Owned(strict)),
                None => (false, Cow::Borrowed(schema)),
            };
            (Some(ResponseFormat::JsonSchema { json_schema: JsonSchema { name, strict, schema } }), None)
        }
    }
}

/// Adds to the instructions at the beginning.
fn instruct(turns: &mut Vec<Turn<'_>>, instruction: &str) {
    if let Some(Turn::System { content }) = turns.first_mut() {
        content.to_mut().push_str("\n\n");
        content.to_mut().push_str(instruction);
    } else {
        turns.insert(0, Turn::System { content: Cow::Owned(instruction.to_owned()) });
    }
}
