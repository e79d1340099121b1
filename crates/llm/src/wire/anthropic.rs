//! Anthropic's messages.
//!
//! By <https://platform.claude.com/docs/en/api/messages>. Instructions stand apart from the conversation here, so those from
//! its midst go to its beginning. Tool results are the user's, and messages of one side that follow each other are one.
//! There is no "some JSON", only a schema; "some JSON" is asked for in words. Prompt-cache markers: the format knows four at
//! most, and the last ones reach furthest, so earlier ones are left out.

mod decode;

use std::borrow::Cow;

use ninefold_core::{
    Effort, Media, MediaSource, Message, ModelRequest, OutputFormat, Part, Result, Role, ToolChoice, ToolResult,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::check::{cannot_say, check, instruction, invalid};
use super::media::base64;
use super::{Decode, Dialect, Failure, Format, Framing, Outgoing, calls, failure, signature};
use crate::json::{Optional, is_recursive, strict};

/// Anthropic's messages. The base address ends before the version: `https://api.anthropic.com`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Anthropic;

const NAME: &str = "anthropic messages";
/// By <https://platform.claude.com/docs/en/api/versioning>.
const VERSION: &str = "2023-06-01";
/// By <https://platform.claude.com/docs/en/build-with-claude/files>: needed for files by id.
const FILES: &str = "files-api-2025-04-14";
/// The most prompt-cache markers of a request.
const MAX_MARKERS: usize = 4;

impl Format for Anthropic {
    fn name(&self) -> &'static str {
        NAME
    }

    fn encode(&self, model: &str, request: &ModelRequest, dialect: Dialect) -> Result<Outgoing> {
        let body = body(model, request, dialect)?;
        let body = serde_json::to_vec(&body).map_err(|error| invalid(error.to_string()))?;
        let mut headers = vec![("anthropic-version", VERSION.to_owned())];
        let by_id = |part: &Part| match part {
            Part::Image { media } | Part::File { media } => matches!(media.source, MediaSource::Uploaded { .. }),
            _ => false,
        };
        if request.messages.iter().flat_map(|message| &message.parts).any(by_id) {
            headers.push(("anthropic-beta", FILES.to_owned()));
        }
        Ok(Outgoing { path: "/v1/messages".to_owned(), headers, body })
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
    max_tokens: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Block<'a>>,
    messages: Vec<Turn<'a>>,
    stream: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Thinking>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop_sequences: &'a [String],
}

#[derive(Serialize)]
struct Turn<'a> {
    role: &'static str,
    content: Vec<Block<'a>>,
}

#[derive(Serialize)]
struct Block<'a> {
    #[serde(flatten)]
    kind: Kind<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<Marker>,
}

#[derive(Serialize, Clone, Copy)]
struct Marker {
    r#type: &'static str,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Kind<'a> {
    Text {
        text: Cow<'a, str>,
    },
    Image {
        source: Source<'a>,
    },
    Document {
        source: Source<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<&'a str>,
    },
    Thinking {
        thinking: Cow<'a, str>,
        signature: Cow<'a, str>,
    },
    RedactedThinking {
        data: String,
    },
    ToolUse {
        id: &'a str,
        name: &'a str,
        input: Box<RawValue>,
    },
    ToolResult {
        tool_use_id: &'a str,
        content: &'a str,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        is_error: bool,
    },
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Source<'a> {
    Base64 { media_type: &'a str, data: String },
    Text { media_type: &'static str, data: &'a str },
    Url { url: &'a str },
    File { file_id: &'a str },
}

/// A block of thoughts, as a reply kept it: see [`decode`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Thought {
    Thinking { thinking: String, signature: String },
    RedactedThinking { data: String },
}

#[derive(Serialize)]
struct Tool<'a> {
    name: &'a str,
    description: &'a str,
    input_schema: &'a Value,
}

#[derive(Serialize)]
struct Choice<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disable_parallel_tool_use: Option<bool>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Thinking {
    Enabled { budget_tokens: u32 },
    Adaptive,
}

#[derive(Serialize)]
struct OutputConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<JsonFormat<'a>>,
}

#[derive(Serialize)]
struct JsonFormat<'a> {
    r#type: &'static str,
    schema: Cow<'a, Value>,
}

fn body<'a>(model: &'a str, request: &'a ModelRequest, dialect: Dialect) -> Result<Body<'a>> {
    check(request)?;
    if request.seed.is_some() {
        return Err(cannot_say(NAME, "a seed"));
    }
    let mut system = Vec::new();
    let mut messages: Vec<Turn<'a>> = Vec::new();
    let kept = request.messages.iter().filter(|message| message.keep).count();
    let mut passed = 0;
    for message in &request.messages {
        let mut blocks = blocks(message)?;
        if message.keep {
            passed += 1;
            // Thoughts take no marker.
            let last = blocks
                .iter_mut()
                .rev()
                .find(|block| !matches!(block.kind, Kind::Thinking { .. } | Kind::RedactedThinking { .. }));
            if let Some(last) = last.filter(|_| passed + MAX_MARKERS > kept) {
                last.cache_control = Some(Marker { r#type: "ephemeral" });
            }
        }
        let role = match message.role {
            Role::System => {
                system.append(&mut blocks);
                continue;
            }
            Role::User | Role::Tool => "user",
            Role::Assistant => "assistant",
        };
        match messages.last_mut() {
            Some(last) if last.role == role => last.content.append(&mut blocks),
            _ if blocks.is_empty() => {}
            _ => messages.push(Turn { role, content: blocks }),
        }
    }
    if messages.is_empty() {
        return Err(invalid(format!("the format {NAME} wants a message beside the instructions")));
    }
    let (format, told) = output_format(request, dialect);
    if let Some(told) = told {
        system.push(Block { kind: Kind::Text { text: told.into() }, cache_control: None });
    }
    let max_tokens = request.max_output_tokens.unwrap_or_else(|| default_limit(model));
    let (thinking, effort) = match request.effort {
        Some(effort) => think(model, effort, max_tokens)?,
        None => (None, None),
    };
    let output_config = (effort.is_some() || format.is_some()).then_some(OutputConfig { effort, format });
    let tools = request.tools.iter();
    let tools = tools.map(|tool| Tool { name: &tool.name, description: &tool.description, input_schema: &tool.schema });
    Ok(Body {
        model,
        max_tokens,
        system,
        messages,
        stream: true,
        tools: tools.collect(),
        tool_choice: tool_choice(request),
        thinking,
        output_config,
        temperature: request.temperature,
        top_p: request.top_p,
        stop_sequences: &request.stop,
    })
}

fn blocks(message: &Message) -> Result<Vec<Block<'_>>> {
    let mut blocks = Vec::with_capacity(message.parts.len());
    let mut push = |kind| blocks.push(Block { kind, cache_control: None });
    for part in &message.parts {
        match part {
            // An empty text is an error there.
            Part::Text { text } if text.is_empty() => {}
            Part::Text { text } => push(Kind::Text { text: text.into() }),
            Part::Image { media } => push(Kind::Image { source: image(media)? }),
            Part::File { media } => push(Kind::Document { source: document(media)?, title: media.name.as_deref() }),
            Part::Reasoning { text, signature } => thoughts(text, signature.as_deref()).into_iter().for_each(&mut push),
            Part::ToolCall(call) => {
                let input = calls::raw_object(&call.arguments);
                push(Kind::ToolUse { id: &call.id, name: &call.name, input });
            }
            Part::ToolResult(ToolResult { id, content, is_error, .. }) => {
                push(Kind::ToolResult { tool_use_id: id, content, is_error: *is_error });
            }
            _ => return Err(cannot_say(NAME, "a part of a message")),
        }
    }
    Ok(blocks)
}

/// Thoughts as they were signed here; none that were not.
fn thoughts<'a>(text: &'a str, kept: Option<&'a str>) -> Vec<Kind<'a>> {
    let Some(signature) = signature::own(NAME, kept) else { return Vec::new() };
    if !signature.starts_with('[') {
        return vec![Kind::Thinking { thinking: text.into(), signature: signature.into() }];
    }
    let thoughts: Vec<Thought> = serde_json::from_str(signature).unwrap_or_default();
    let kind = |thought| match thought {
        Thought::Thinking { thinking, signature } => {
            Kind::Thinking { thinking: thinking.into(), signature: signature.into() }
        }
        Thought::RedactedThinking { data } => Kind::RedactedThinking { data },
    };
    thoughts.into_iter().map(kind).collect()
}

fn image(media: &Media) -> Result<Source<'_>> {
    match &media.source {
        MediaSource::Bytes(bytes) => Ok(Source::Base64 { media_type: &media.mime, data: base64(bytes) }),
        MediaSource::Url(url) => Ok(Source::Url { url }),
        MediaSource::Uploaded { id, .. } => Ok(Source::File { file_id: id }),
        _ => Err(cannot_say(NAME, "where this image is")),
    }
}

fn document(media: &Media) -> Result<Source<'_>> {
    match &media.source {
        MediaSource::Bytes(bytes) if media.mime == "application/pdf" => {
            Ok(Source::Base64 { media_type: &media.mime, data: base64(bytes) })
        }
        MediaSource::Bytes(bytes) if media.mime.starts_with("text/") => {
            let data = std::str::from_utf8(bytes).map_err(|_| invalid("a text file is not UTF-8"))?;
            Ok(Source::Text { media_type: "text/plain", data })
        }
        MediaSource::Url(url) => Ok(Source::Url { url }),
        MediaSource::Uploaded { id, .. } => Ok(Source::File { file_id: id }),
        _ => Err(cannot_say(NAME, "files other than PDF and text")),
    }
}

fn tool_choice(request: &ModelRequest) -> Option<Choice<'_>> {
    if request.tools.is_empty() {
        return None;
    }
    let (r#type, name) = match &request.tool_choice {
        ToolChoice::Auto => ("auto", None),
        ToolChoice::None => ("none", None),
        ToolChoice::Required => ("any", None),
        ToolChoice::Named(name) => ("tool", Some(name.as_str())),
    };
    // "none" takes nothing beside it.
    let disable_parallel_tool_use = request.parallel_tools.filter(|_| r#type != "none").map(|parallel| !parallel);
    let is_default = r#type == "auto" && disable_parallel_tool_use.is_none();
    (!is_default).then_some(Choice { r#type, name, disable_parallel_tool_use })
}

/// How JSON is asked for, and what the model is told about it.
fn output_format(request: &ModelRequest, dialect: Dialect) -> (Option<JsonFormat<'_>>, Option<String>) {
    match &request.output {
        OutputFormat::Schema { schema, .. } if !dialect.no_schema => {
            match strict(schema, Optional::Stay).filter(|schema| !is_recursive(schema)) {
                Some(schema) => (Some(JsonFormat { r#type: "json_schema", schema: Cow::Owned(schema) }), None),
                // The provider takes closed objects without circles only.
                None => (None, instruction(&request.output)),
            }
        }
        output => (None, instruction(output)),
    }
}

/// The limit for a model when none is asked for, as the format wants one: what every model of the name takes, by
/// <https://platform.claude.com/docs/en/about-claude/models/overview>.
fn default_limit(model: &str) -> u32 {
    if ["claude-3-haiku", "claude-3-opus", "claude-3-sonnet"].iter().any(|old| model.contains(old)) {
        4_096
    } else if model.contains("claude-3-5") {
        8_192
    } else {
        32_000
    }
}

/// How an effort is said: by tokens to the models of the first generations that think, which know no effort, and by name
/// to the later ones, which take no tokens.
fn think(model: &str, effort: Effort, max_tokens: u32) -> Result<(Option<Thinking>, Option<&'static str>)> {
    const THOUGHTLESS: [&str; 3] = ["claude-3-haiku", "claude-3-opus", "claude-3-5"];
    const BY_TOKENS: [&str; 8] = [
        "claude-3-7",
        "-4-0",
        "-4-1",
        "-4-2025",
        "claude-sonnet-4-5",
        "claude-haiku-4-5",
        "claude-opus-4-5",
        "claude-4-",
    ];
    if THOUGHTLESS.iter().any(|name| model.contains(name)) {
        return Err(cannot_say(NAME, "an effort to this model"));
    }
    if !BY_TOKENS.iter().any(|name| model.contains(name)) {
        return Ok(match effort {
            Effort::Minimal => (None, Some("low")),
            Effort::Low => (Some(Thinking::Adaptive), Some("low")),
            Effort::Medium => (Some(Thinking::Adaptive), Some("medium")),
            Effort::High => (Some(Thinking::Adaptive), Some("high")),
        });
    }
    // Ours: from the least that is taken to half of what large answers need.
    let wanted = match effort {
        Effort::Minimal => return Ok((None, None)),
        Effort::Low => 2_048,
        Effort::Medium => 8_192,
        Effort::High => 16_384,
    };
    // At least 1,024 and less than the limit, by the reference; half of it is left for the answer.
    let budget_tokens = wanted.min(max_tokens / 2).max(1_024);
    if budget_tokens >= max_tokens {
        return Err(invalid(format!("a limit of {max_tokens} output tokens leaves no room to think in"))
            .hint("raise max_output_tokens above 1024 or leave out the effort"));
    }
    Ok((Some(Thinking::Enabled { budget_tokens }), None))
}
