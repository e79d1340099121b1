//! Google's Gemini: `generateContent`, streamed.
//!
//! By <https://ai.google.dev/api/generate-content>. Instructions stand apart from the conversation here, so those from its
//! midst go to its beginning. Signatures of thoughts are given back on the part that they came on. The newest models refuse
//! calls without one, so calls that another provider's model made carry the mark that the reference names for them.

mod decode;

use std::borrow::Cow;
use std::collections::BTreeMap;

use ninefold_core::{
    Effort, Media, MediaSource, Message, ModelRequest, OutputFormat, Part, Result, Role, ToolChoice, ToolSpec,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::check::{cannot_say, check, instruction, invalid};
use super::media::base64;
use super::{Decode, Dialect, Failure, Format, Framing, Outgoing, calls, failure, signature};

/// Gemini's own format. The base address ends with the version: `https://generativelanguage.googleapis.com/v1beta`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Gemini;

const NAME: &str = "gemini";
/// Where files that were uploaded are, by <https://ai.google.dev/api/files>.
const FILES: &str = "https://generativelanguage.googleapis.com/v1beta/";
/// For calls of other models in the history, by <https://ai.google.dev/gemini-api/docs/thought-signatures>.
const UNSIGNED: &str = "skip_thought_signature_validator";

impl Format for Gemini {
    fn name(&self) -> &'static str {
        NAME
    }

    fn encode(&self, model: &str, request: &ModelRequest, dialect: Dialect) -> Result<Outgoing> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '@' | ':');
        if model.is_empty()
            || !model.chars().all(plain)
            || model.split('/').any(|part| part.is_empty() || part.starts_with('.'))
        {
            return Err(invalid(format!("{model:?} does not name a model of Gemini")));
        }
        let body = body(model, request, dialect)?;
        let body = serde_json::to_vec(&body).map_err(|error| invalid(error.to_string()))?;
        let folder = if model.contains('/') { "" } else { "models/" };
        Ok(Outgoing { path: format!("/{folder}{model}:streamGenerateContent?alt=sse"), headers: Vec::new(), body })
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
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    system_instruction: Option<Turn<'a>>,
    contents: Vec<Turn<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tools<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<ToolConfig<'a>>,
    generation_config: Generation<'a>,
}

#[derive(Serialize)]
struct Turn<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    role: &'static str,
    parts: Vec<Piece<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Piece<'a> {
    #[serde(flatten)]
    what: What<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thought_signature: Option<Cow<'a, str>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum What<'a> {
    Text(Cow<'a, str>),
    #[serde(rename_all = "camelCase")]
    InlineData {
        mime_type: &'a str,
        data: String,
    },
    #[serde(rename_all = "camelCase")]
    FileData {
        mime_type: &'a str,
        file_uri: Cow<'a, str>,
    },
    FunctionCall {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a str>,
        name: &'a str,
        args: Box<RawValue>,
    },
    FunctionResponse {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a str>,
        name: &'a str,
        response: Answer<'a>,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Answer<'a> {
    Output(&'a str),
    Error(&'a str),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tools<'a> {
    function_declarations: Vec<Declaration<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Declaration<'a> {
    name: &'a str,
    description: &'a str,
    parameters_json_schema: &'a Value,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToolConfig<'a> {
    function_calling_config: Calling<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Calling<'a> {
    mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_function_names: Option<[&'a str; 1]>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Generation<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop_sequences: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_mime_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_json_schema: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_config: Option<Thinking>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Thinking {
    include_thoughts: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_budget: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_level: Option<&'static str>,
}

/// The signatures of a reply, by the part they came on.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Signatures {
    /// Of calls, by their place among the calls.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    calls: BTreeMap<usize, String>,
    /// Of the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

fn body<'a>(model: &str, request: &'a ModelRequest, dialect: Dialect) -> Result<Body<'a>> {
    check(request)?;
    if request.parallel_tools == Some(false) && !request.tools.is_empty() {
        return Err(cannot_say(NAME, "that tools are to be called one at a time"));
    }
    let seed = match request.seed.map(i32::try_from) {
        Some(Err(_)) => return Err(cannot_say(NAME, "a seed above 2147483647")),
        Some(Ok(seed)) => Some(seed),
        None => None,
    };
    let mut system = Vec::new();
    let mut contents: Vec<Turn<'a>> = Vec::new();
    for message in &request.messages {
        let mut parts = pieces(message, is_third(model))?;
        let role = match message.role {
            Role::System => {
                system.append(&mut parts);
                continue;
            }
            Role::User | Role::Tool => "user",
            Role::Assistant => "model",
        };
        match contents.last_mut() {
            Some(last) if last.role == role => last.parts.append(&mut parts),
            _ if parts.is_empty() => {}
            _ => contents.push(Turn { role, parts }),
        }
    }
    if contents.is_empty() {
        return Err(invalid(format!("the format {NAME} wants a message beside the instructions")));
    }
    let wants_json = request.output != OutputFormat::Text;
    let response_json_schema = match &request.output {
        OutputFormat::Schema { schema, .. } if !dialect.no_schema => Some(schema),
        _ => None,
    };
    if wants_json && response_json_schema.is_none() && dialect.no_schema {
        let told = instruction(&request.output).unwrap_or_default();
        system.push(Piece { what: What::Text(told.into()), thought_signature: None });
    }
    let declarations = request.tools.iter().map(|ToolSpec { name, description, schema }| Declaration {
        name,
        description,
        parameters_json_schema: schema,
    });
    let declarations: Vec<_> = declarations.collect();
    Ok(Body {
        system_instruction: (!system.is_empty()).then_some(Turn { role: "", parts: system }),
        contents,
        tool_config: tool_config(request),
        tools: if declarations.is_empty() { Vec::new() } else { vec![Tools { function_declarations: declarations }] },
        generation_config: Generation {
            max_output_tokens: request.max_output_tokens,
            temperature: request.temperature,
            top_p: request.top_p,
            stop_sequences: &request.stop,
            seed,
            response_mime_type: wants_json.then_some("application/json"),
            response_json_schema,
            thinking_config: request.effort.map(|effort| think(model, effort)),
        },
    })
}

/// Whether the model is of the third generation or later: they are told a level instead of tokens, and want signatures.
fn is_third(model: &str) -> bool {
    let generation =
        model.rsplit('/').next().and_then(|name| name.strip_prefix("gemini-")?.chars().next()?.to_digit(10));
    generation.is_some_and(|generation| generation >= 3)
}

/// How an effort is said, by <https://ai.google.dev/gemini-api/docs/thinking>; the tokens are ours, within what every model
/// of the second generation takes.
fn think(model: &str, effort: Effort) -> Thinking {
    let (budget, level) = match effort {
        Effort::Minimal => (512, "minimal"),
        Effort::Low => (1_024, "low"),
        Effort::Medium => (8_192, "medium"),
        Effort::High => (24_576, "high"),
    };
    let third = is_third(model);
    Thinking {
        include_thoughts: true,
        thinking_budget: (!third).then_some(budget),
        thinking_level: third.then_some(level),
    }
}

fn pieces(message: &Message, wants_signatures: bool) -> Result<Vec<Piece<'_>>> {
    let signatures = message.parts.iter().find_map(|part| match part {
        Part::Reasoning { signature, .. } => serde_json::from_str(signature::own(NAME, signature.as_deref())?).ok(),
        _ => None,
    });
    let Signatures { calls: mut of_calls, text: mut of_text } = signatures.unwrap_or_default();
    let mut pieces: Vec<Piece<'_>> = Vec::with_capacity(message.parts.len());
    let mut nth = 0;
    for part in &message.parts {
        let mut thought_signature = None;
        let what = match part {
            Part::Reasoning { .. } => continue,
            Part::Text { text } if text.is_empty() => continue,
            Part::Text { text } => {
                thought_signature = of_text.take().map(Cow::Owned);
                What::Text(text.into())
            }
            Part::Image { media } | Part::File { media } => media_piece(media)?,
            Part::ToolCall(call) => {
                thought_signature = of_calls.remove(&nth).map(Cow::Owned);
                if nth == 0 && wants_signatures {
                    thought_signature = thought_signature.or(Some(Cow::Borrowed(UNSIGNED)));
                }
                nth += 1;
                let args = calls::raw_object(&call.arguments);
                What::FunctionCall { id: calls::given_id(&call.id), name: &call.name, args }
            }
            Part::ToolResult(result) => {
                let content = result.content.as_str();
                let response = if result.is_error { Answer::Error(content) } else { Answer::Output(content) };
                What::FunctionResponse { id: calls::given_id(&result.id), name: &result.name, response }
            }
            _ => return Err(cannot_say(NAME, "a part of a message")),
        };
        pieces.push(Piece { what, thought_signature });
    }
    Ok(pieces)
}

fn media_piece(media: &Media) -> Result<What<'_>> {
    let mime_type = media.mime.as_str();
    match &media.source {
        MediaSource::Bytes(bytes) => Ok(What::InlineData { mime_type, data: base64(bytes) }),
        MediaSource::Url(url) => Ok(What::FileData { mime_type, file_uri: url.into() }),
        MediaSource::Uploaded { id, .. } => {
            let file_uri = if id.starts_with("files/") { format!("{FILES}{id}").into() } else { id.as_str().into() };
            Ok(What::FileData { mime_type, file_uri })
        }
        _ => Err(cannot_say(NAME, "where this file is")),
    }
}

fn tool_config(request: &ModelRequest) -> Option<ToolConfig<'_>> {
    let (mode, allowed_function_names) = match &request.tool_choice {
        _ if request.tools.is_empty() => return None,
        ToolChoice::Auto => return None,
        ToolChoice::None => ("NONE", None),
        ToolChoice::Required => ("ANY", None),
        ToolChoice::Named(name) => ("ANY", Some([name.as_str()])),
    };
    Some(ToolConfig { function_calling_config: Calling { mode, allowed_function_names } })
}
