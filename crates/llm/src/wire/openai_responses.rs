//! OpenAI's responses.
//!
//! By <https://platform.openai.com/docs/api-reference/responses>. Nothing is kept at the provider (`store` is false): what
//! the model thought comes back encrypted and is given back as it came. Models that do not think refuse to be asked for
//! that, so it is asked for by an effort, or by the name of a model that is known to think.

mod decode;

use std::borrow::Cow;

use ninefold_core::{
    Media, MediaSource, Message, ModelRequest, OutputFormat, Part, Result, Role, ToolChoice, ToolSpec,
};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::check::{cannot_say, check, instruction, invalid, joined, mentions_json, result_text};
use super::media::{data_url, file_name};
use super::openai_chat::effort;
use super::{Decode, Dialect, Failure, Format, Framing, Outgoing, calls, failure, signature};
use crate::json::{Optional, is_strict, strict};

/// OpenAI's responses. The base address ends with the version: `https://api.openai.com/v1`.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenAiResponses;

const NAME: &str = "openai responses";

impl Format for OpenAiResponses {
    fn name(&self) -> &'static str {
        NAME
    }

    fn encode(&self, model: &str, request: &ModelRequest, dialect: Dialect) -> Result<Outgoing> {
        let body = body(model, request, dialect)?;
        let body = serde_json::to_vec(&body).map_err(|error| invalid(error.to_string()))?;
        Ok(Outgoing { path: "/responses".to_owned(), headers: Vec::new(), body })
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
    input: Vec<Item<'a>>,
    stream: bool,
    store: bool,
    #[serde(skip_serializing_if = "<[&str]>::is_empty")]
    include: &'static [&'static str],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<Reasoning>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Item<'a> {
    Message {
        role: &'static str,
        content: Content<'a>,
    },
    Typed(Typed<'a>),
    /// A reasoning item, as it came.
    Thought(&'a RawValue),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Typed<'a> {
    FunctionCall { call_id: &'a str, name: &'a str, arguments: Cow<'a, str> },
    FunctionCallOutput { call_id: &'a str, output: Cow<'a, str> },
}

#[derive(Serialize)]
#[serde(untagged)]
enum Content<'a> {
    Text(Cow<'a, str>),
    Pieces(Vec<Piece<'a>>),
}

#[derive(Serialize)]
#[serde(tag = "type")]
enum Piece<'a> {
    #[serde(rename = "input_text")]
    Text { text: &'a str },
    #[serde(rename = "input_image")]
    Image {
        detail: &'static str,
        #[serde(flatten)]
        source: Source<'a>,
    },
    #[serde(rename = "input_file")]
    File {
        #[serde(flatten)]
        source: Source<'a>,
    },
}

#[derive(Serialize)]
#[serde(untagged)]
enum Source<'a> {
    Image { image_url: Cow<'a, str> },
    Here { filename: String, file_data: String },
    Url { file_url: &'a str },
    Uploaded { file_id: &'a str },
}

#[derive(Serialize)]
struct Tool<'a> {
    r#type: &'static str,
    name: &'a str,
    description: &'a str,
    parameters: &'a Value,
    /// True when absent, which most schemas are not fit for.
    strict: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Choice<'a> {
    Mode(&'static str),
    Function { r#type: &'static str, name: &'a str },
}

#[derive(Serialize)]
struct Text<'a> {
    format: TextFormat<'a>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum TextFormat<'a> {
    JsonObject,
    JsonSchema { name: &'a str, strict: bool, schema: Cow<'a, Value> },
}

#[derive(Serialize)]
struct Reasoning {
    effort: &'static str,
    summary: &'static str,
}

fn body<'a>(model: &'a str, request: &'a ModelRequest, dialect: Dialect) -> Result<Body<'a>> {
    check(request)?;
    if request.seed.is_some() {
        return Err(cannot_say(NAME, "a seed"));
    }
    if !request.stop.is_empty() {
        return Err(cannot_say(NAME, "texts to stop at"));
    }
    if dialect.no_effort && request.effort.is_some() {
        return Err(cannot_say(NAME, "an effort to this provider"));
    }
    let mut input = Vec::with_capacity(request.messages.len() + 1);
    for message in &request.messages {
        items(message, &mut input)?;
    }
    let (text, instruction) = text(request, dialect);
    if let Some(instruction) = instruction {
        input.insert(0, Item::Message { role: "system", content: Content::Text(instruction.into()) });
    }
    let thinks = request.effort.is_some() || is_thinker(model);
    Ok(Body {
        model,
        input,
        stream: true,
        store: false,
        include: if thinks && !dialect.no_effort { &["reasoning.encrypted_content"] } else { &[] },
        tools: request.tools.iter().map(tool).collect(),
        tool_choice: match &request.tool_choice {
            _ if request.tools.is_empty() => None,
            ToolChoice::Auto => None,
            ToolChoice::None => Some(Choice::Mode("none")),
            ToolChoice::Required => Some(Choice::Mode("required")),
            ToolChoice::Named(name) => Some(Choice::Function { r#type: "function", name }),
        },
        parallel_tool_calls: request.parallel_tools,
        text,
        max_output_tokens: request.max_output_tokens,
        temperature: request.temperature,
        top_p: request.top_p,
        reasoning: request.effort.map(|asked| Reasoning { effort: effort(asked), summary: "auto" }),
    })
}

/// Models that are known to think: the o series, and from the fifth generation on all but those called chat.
fn is_thinker(model: &str) -> bool {
    let name = model.rsplit('/').next().unwrap_or(model);
    let digit = |prefix: &str| name.strip_prefix(prefix).and_then(|rest| rest.chars().next()?.to_digit(10));
    digit("o").is_some() || (digit("gpt-").is_some_and(|generation| generation >= 5) && !name.contains("chat"))
}

fn items<'a>(message: &'a Message, input: &mut Vec<Item<'a>>) -> Result<()> {
    let said = |role| Item::Message { role, content: Content::Text(joined(message)) };
    match message.role {
        Role::System => input.push(said("system")),
        Role::User if message.parts.iter().all(|part| matches!(part, Part::Text { .. })) => input.push(said("user")),
        Role::User => {
            let pieces = message.parts.iter().map(piece).collect::<Result<_>>()?;
            input.push(Item::Message { role: "user", content: Content::Pieces(pieces) });
        }
        Role::Assistant => assistant(message, input),
        Role::Tool => {
            for part in &message.parts {
                if let Part::ToolResult(result) = part {
                    let output = result_text(&result.content, result.is_error);
                    input.push(Item::Typed(Typed::FunctionCallOutput { call_id: &result.id, output }));
                }
            }
        }
    }
    Ok(())
}

/// Thoughts, words and calls in the order they stand in.
fn assistant<'a>(message: &'a Message, input: &mut Vec<Item<'a>>) {
    for part in &message.parts {
        match part {
            Part::Text { text } if !text.is_empty() => {
                input.push(Item::Message { role: "assistant", content: Content::Text(text.into()) });
            }
            Part::Reasoning { signature, .. } => {
                let items = signature::own(NAME, signature.as_deref());
                let items = items.and_then(|items| serde_json::from_str::<Vec<&RawValue>>(items).ok());
                input.extend(items.into_iter().flatten().map(Item::Thought));
            }
            Part::ToolCall(call) => input.push(Item::Typed(Typed::FunctionCall {
                call_id: &call.id,
                name: &call.name,
                arguments: calls::object(&call.arguments),
            })),
            _ => {}
        }
    }
}

fn piece(part: &Part) -> Result<Piece<'_>> {
    match part {
        Part::Text { text } => Ok(Piece::Text { text }),
        Part::Image { media } => {
            let source = match &media.source {
                MediaSource::Bytes(bytes) => Source::Image { image_url: data_url(&media.mime, bytes).into() },
                MediaSource::Url(url) => Source::Image { image_url: url.into() },
                MediaSource::Uploaded { id, .. } => Source::Uploaded { file_id: id },
                _ => return Err(cannot_say(NAME, "where this image is")),
            };
            Ok(Piece::Image { detail: "auto", source })
        }
        Part::File { media } => Ok(Piece::File { source: file(media)? }),
        _ => Err(cannot_say(NAME, "a part of a message")),
    }
}

fn file(media: &Media) -> Result<Source<'_>> {
    match &media.source {
        MediaSource::Bytes(bytes) => {
            Ok(Source::Here { filename: file_name(media), file_data: data_url(&media.mime, bytes) })
        }
        MediaSource::Url(url) => Ok(Source::Url { file_url: url }),
        MediaSource::Uploaded { id, .. } => Ok(Source::Uploaded { file_id: id }),
        _ => Err(cannot_say(NAME, "where this file is")),
    }
}

fn tool(spec: &ToolSpec) -> Tool<'_> {
    let (name, description, parameters) = (&spec.name, &spec.description, &spec.schema);
    Tool { r#type: "function", name, description, parameters, strict: is_strict(parameters) }
}

/// How JSON is asked for, and what the model is told about it.
fn text(request: &ModelRequest, dialect: Dialect) -> (Option<Text<'_>>, Option<String>) {
    let (format, instruction) = match &request.output {
        OutputFormat::Text => return (None, None),
        OutputFormat::Schema { .. } if dialect.no_schema => (TextFormat::JsonObject, instruction(&request.output)),
        OutputFormat::Json if mentions_json(request) => (TextFormat::JsonObject, None),
        OutputFormat::Json => (TextFormat::JsonObject, instruction(&request.output)),
        OutputFormat::Schema { name, schema } => match strict(schema, Optional::Nullable) {
            Some(strict) => (TextFormat::JsonSchema { name, strict: true, schema: Cow::Owned(strict) }, None),
            None => (TextFormat::JsonSchema { name, strict: false, schema: Cow::Borrowed(schema) }, None),
        },
    };
    (Some(Text { format }), instruction)
}
