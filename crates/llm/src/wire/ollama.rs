//! Ollama's chat.
//!
//! By <https://github.com/ollama/ollama/blob/main/docs/api.md>. Thoughts are given back in the message that they came in.

mod decode;

use std::borrow::Cow;

use ninefold_core::{
    Effort, MediaSource, Message, ModelRequest, OutputFormat, Part, Result, Role, ToolChoice, ToolSpec,
};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::check::{cannot_say, check, instruction, invalid, joined, mentions_json, result_text};
use super::media::base64;
use super::{Decode, Dialect, Failure, Format, Framing, Outgoing, calls, failure, signature};

/// Ollama's chat. The base address is the server's: `http://localhost:11434`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ollama;

const NAME: &str = "ollama chat";

impl Format for Ollama {
    fn name(&self) -> &'static str {
        NAME
    }

    fn encode(&self, model: &str, request: &ModelRequest, dialect: Dialect) -> Result<Outgoing> {
        let body = body(model, request, dialect)?;
        let body = serde_json::to_vec(&body).map_err(|error| invalid(error.to_string()))?;
        Ok(Outgoing { path: "/api/chat".to_owned(), headers: Vec::new(), body })
    }

    fn framing(&self) -> Framing {
        Framing::Lines
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Cow<'a, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    think: Option<Think>,
    options: Options<'a>,
}

#[derive(Serialize, Default)]
struct Turn<'a> {
    role: &'static str,
    content: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Call<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
}

#[derive(Serialize)]
struct Call<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    function: Called<'a>,
}

#[derive(Serialize)]
struct Called<'a> {
    name: &'a str,
    arguments: Box<RawValue>,
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
}

#[derive(Serialize)]
#[serde(untagged)]
enum Think {
    Whether(bool),
    How(&'static str),
}

#[derive(Serialize)]
struct Options<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    num_predict: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
}

fn body<'a>(model: &'a str, request: &'a ModelRequest, dialect: Dialect) -> Result<Body<'a>> {
    check(request)?;
    if matches!(request.tool_choice, ToolChoice::Required | ToolChoice::Named(_)) {
        return Err(cannot_say(NAME, "that a tool must be called"));
    }
    if request.parallel_tools == Some(false) && !request.tools.is_empty() {
        return Err(cannot_say(NAME, "that tools are to be called one at a time"));
    }
    let mut messages = Vec::with_capacity(request.messages.len() + 1);
    for message in &request.messages {
        turn(message, &mut messages)?;
    }
    let (format, told) = match &request.output {
        OutputFormat::Text => (None, None),
        OutputFormat::Schema { schema, .. } if !dialect.no_schema => (Some(Cow::Borrowed(schema)), None),
        output => (Some(Cow::Owned(Value::from("json"))), instruction(output)),
    };
    // By the reference, the model must be told as well, or it writes blanks without end.
    if let Some(told) = told.filter(|_| request.output != OutputFormat::Json || !mentions_json(request)) {
        messages.insert(0, Turn { role: "system", content: told.into(), ..Turn::default() });
    }
    // Tools that must not be called are not shown: there is no other way to say it.
    let shown = request.tools.iter().filter(|_| request.tool_choice != ToolChoice::None);
    Ok(Body {
        model,
        messages,
        stream: true,
        tools: shown.map(tool).collect(),
        format,
        think: request.effort.map(|effort| match effort {
            Effort::Minimal => Think::Whether(false),
            Effort::Low => Think::How("low"),
            Effort::Medium => Think::How("medium"),
            Effort::High => Think::How("high"),
        }),
        options: Options {
            num_predict: request.max_output_tokens,
            temperature: request.temperature,
            top_p: request.top_p,
            stop: &request.stop,
            seed: request.seed,
        },
    })
}

fn tool(spec: &ToolSpec) -> Tool<'_> {
    let function = Function { name: &spec.name, description: &spec.description, parameters: &spec.schema };
    Tool { r#type: "function", function }
}

fn turn<'a>(message: &'a Message, turns: &mut Vec<Turn<'a>>) -> Result<()> {
    let role = match message.role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool => {
            for part in &message.parts {
                if let Part::ToolResult(result) = part {
                    turns.push(Turn {
                        role: "tool",
                        content: result_text(&result.content, result.is_error),
                        tool_name: Some(&result.name),
                        tool_call_id: calls::given_id(&result.id),
                        ..Turn::default()
                    });
                }
            }
            return Ok(());
        }
    };
    let mut turn = Turn { role, content: joined(message), ..Turn::default() };
    for part in &message.parts {
        match part {
            Part::Image { media } => match &media.source {
                MediaSource::Bytes(bytes) => turn.images.push(base64(bytes)),
                _ => return Err(cannot_say(NAME, "an image but by its bytes")),
            },
            Part::File { .. } => return Err(cannot_say(NAME, "a file")),
            Part::Reasoning { text, signature } if signature::own(NAME, signature.as_deref()).is_some() => {
                turn.thinking = Some(text);
            }
            Part::ToolCall(call) => {
                let arguments = calls::raw_object(&call.arguments);
                let function = Called { name: &call.name, arguments };
                turn.tool_calls.push(Call { id: calls::given_id(&call.id), function });
            }
            _ => {}
        }
    }
    let says_nothing = turn.content.is_empty() && turn.images.is_empty() && turn.tool_calls.is_empty();
    if !(says_nothing && message.role == Role::Assistant) {
        turns.push(turn);
    }
    Ok(())
}
