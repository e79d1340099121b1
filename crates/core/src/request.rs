//! What a model is asked.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use smol_str::SmolStr;

use crate::message::{Message, Part};

/// What a model is asked. Every field counts for what makes two requests equal.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModelRequest {
    /// The conversation, oldest first.
    pub messages: Vec<Message>,
    /// The tools the model may have called.
    pub tools: Vec<ToolSpec>,
    /// Whether it may, must, or must not.
    pub tool_choice: ToolChoice,
    /// Whether it may ask for several calls at once; the provider's own default when absent.
    pub parallel_tools: Option<bool>,
    /// What form the reply's text must have.
    pub output: OutputFormat,
    /// The most tokens to write; the provider's own limit when absent.
    pub max_output_tokens: Option<u32>,
    /// Sampling temperature; the provider's own default when absent.
    pub temperature: Option<f32>,
    /// The share of probability that is sampled from (nucleus sampling); the provider's own default when absent.
    pub top_p: Option<f32>,
    /// Texts before which the model stops.
    pub stop: Vec<String>,
    /// For replies that repeat, where the provider can.
    pub seed: Option<u64>,
    /// How much to think before answering; the model's own default when absent.
    pub effort: Option<Effort>,
}

/// A tool as a model sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolSpec {
    /// Its name: letters, digits, `_` and `-`, at most 64.
    pub name: SmolStr,
    /// What it does and when to use it.
    pub description: String,
    /// The JSON Schema of its arguments: an object.
    pub schema: Value,
}

/// Whether tools are called.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolChoice {
    /// As the model sees fit.
    #[default]
    Auto,
    /// None.
    None,
    /// At least one.
    Required,
    /// This one.
    Named(SmolStr),
}

/// What form a reply's text must have.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputFormat {
    /// Any.
    #[default]
    Text,
    /// One JSON value.
    Json,
    /// One JSON value that is as the schema says.
    Schema {
        /// What it is called: letters, digits, `_` and `-`.
        name: SmolStr,
        /// The JSON Schema.
        schema: Value,
    },
}

/// How much to think before answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    /// As little as the model can.
    Minimal,
    /// Little.
    Low,
    /// Some.
    Medium,
    /// Much.
    High,
}

/// What an image or a file counts for in estimates: of the order of what providers charge for one.
const MEDIA_TOKENS: u64 = 1_000;

impl ModelRequest {
    /// A request with instructions and one user message.
    pub fn new(system: impl Into<String>, user: impl Into<String>) -> Self {
        Self { messages: vec![Message::system(system), Message::user(user)], ..Self::default() }
    }

    /// Asks for one JSON value.
    #[must_use]
    pub fn json(mut self) -> Self {
        self.output = OutputFormat::Json;
        self
    }

    /// Asks for one JSON value as this schema says.
    #[must_use]
    pub fn schema(mut self, name: impl Into<SmolStr>, schema: Value) -> Self {
        self.output = OutputFormat::Schema { name: name.into(), schema };
        self
    }

    /// About how many tokens the model reads: one for every three bytes of text, tools and schema, rounded up, and 1,000
    /// for an image or a file. Too many rather than too few.
    #[must_use]
    pub fn estimated_input_tokens(&self) -> u64 {
        let text: u64 = self.messages.iter().map(Message::text_bytes).sum();
        let is_media = |part: &&Part| matches!(part, Part::Image { .. } | Part::File { .. });
        let media = self.messages.iter().flat_map(|message| &message.parts).filter(is_media).count() as u64;
        let size = |value: &Value| value.to_string().len() as u64;
        let tools: u64 =
            self.tools.iter().map(|tool| (tool.name.len() + tool.description.len()) as u64 + size(&tool.schema)).sum();
        let schema = match &self.output {
            OutputFormat::Schema { schema, .. } => size(schema),
            OutputFormat::Text | OutputFormat::Json => 0,
        };
        (text + tools + schema).div_ceil(3) + media * MEDIA_TOKENS
    }

    /// A rough upper estimate of the tokens of the call, for reserving budget: those read, and the output limit (1,024
    /// when none is set).
    #[must_use]
    pub fn estimated_tokens(&self) -> u64 {
        self.estimated_input_tokens().saturating_add(u64::from(self.max_output_tokens.unwrap_or(1024)))
    }
}
