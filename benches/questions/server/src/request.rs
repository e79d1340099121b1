//! A request for a chat completion, as far as this model looks at it.

use serde::Deserialize;
use serde_json::Value;

/// The request.
#[derive(Debug, Clone, Deserialize)]
pub struct Request {
    /// The name of the model; it is given back.
    #[serde(default)]
    pub model: String,
    /// What was said.
    pub messages: Vec<Message>,
    /// Whether the reply is wanted piece by piece.
    #[serde(default)]
    pub stream: bool,
    #[serde(default)]
    stream_options: Value,
    #[serde(default)]
    response_format: Value,
}

/// What one side said.
#[derive(Debug, Clone, Deserialize)]
pub struct Message {
    #[serde(default)]
    content: Value,
}

impl Message {
    /// Its text, of whatever pieces it is made.
    pub fn text(&self) -> String {
        match &self.content {
            Value::String(text) => text.clone(),
            Value::Array(parts) => {
                parts.iter().filter_map(|part| part.get("text")?.as_str()).collect::<Vec<_>>().join("\n")
            }
            _ => String::new(),
        }
    }
}

impl Request {
    /// Everything that was said, one message after another.
    pub fn text(&self) -> String {
        self.messages.iter().map(Message::text).collect::<Vec<_>>().join("\n\n")
    }

    /// The schema that the reply is to follow, if there is one.
    pub fn schema(&self) -> Option<&Value> {
        self.response_format.pointer("/json_schema/schema")
    }

    /// Whether a streamed reply ends with its usage.
    pub fn wants_usage(&self) -> bool {
        self.stream_options.get("include_usage").and_then(Value::as_bool).unwrap_or(false)
    }
}
