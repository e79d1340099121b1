//! What is said in a conversation with a model.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The host's instructions.
    System,
    /// The person, or the pipeline in a person's place.
    User,
    /// The model.
    Assistant,
    /// A tool: what it gave back.
    Tool,
}

/// One message of a conversation with a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said, in order.
    pub parts: Vec<Part>,
    /// Whether the provider may keep all up to and including this message for calls that begin the same (a prompt-cache
    /// marker). Providers that keep by themselves ignore it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keep: bool,
}

/// A part of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Part {
    /// Text.
    Text {
        /// It.
        text: String,
    },
    /// An image; from a user only.
    Image {
        /// It.
        media: Media,
    },
    /// A document or other file; from a user only.
    File {
        /// It.
        media: Media,
    },
    /// What the model thought. Some providers want it given back as it was, with its signature.
    Reasoning {
        /// The text; empty where the provider keeps it to itself.
        text: String,
        /// What the provider knows it by.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signature: Option<String>,
    },
    /// The model's wish to have a tool called; from the assistant only.
    ToolCall(ToolCall),
    /// What a tool gave back; in a message of the role [`Role::Tool`].
    ToolResult(ToolResult),
}

/// A model's wish to have a tool called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    /// By which the result is assigned to it.
    pub id: SmolStr,
    /// The tool's name.
    pub name: SmolStr,
    /// The arguments as the model wrote them: meant to be a JSON object, and not to be trusted.
    pub arguments: String,
}

/// What a tool gave back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolResult {
    /// The call's.
    pub id: SmolStr,
    /// The tool's name.
    pub name: SmolStr,
    /// What it gave back, or what went wrong, for the model to read.
    pub content: String,
    /// Whether it went wrong.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_error: bool,
}

/// An image or a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// Its media type, as in `image/png`.
    pub mime: SmolStr,
    /// What it is called; some providers want to know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where it is.
    pub source: MediaSource,
}

/// Where an image or a file is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MediaSource {
    /// Here.
    Bytes(Arc<[u8]>),
    /// Where the provider can fetch it.
    Url(String),
    /// At the provider, by the id it gave when it was uploaded there.
    Uploaded {
        /// The provider.
        provider: SmolStr,
        /// Its id there.
        id: SmolStr,
    },
}

impl Message {
    /// A message of one text.
    #[must_use]
    pub fn new(role: Role, text: impl Into<String>) -> Self {
        Self { role, parts: vec![Part::Text { text: text.into() }], keep: false }
    }

    /// The host's instructions.
    #[must_use]
    pub fn system(text: impl Into<String>) -> Self {
        Self::new(Role::System, text)
    }

    /// What the user says.
    #[must_use]
    pub fn user(text: impl Into<String>) -> Self {
        Self::new(Role::User, text)
    }

    /// What the model said.
    #[must_use]
    pub fn assistant(text: impl Into<String>) -> Self {
        Self::new(Role::Assistant, text)
    }

    /// What a tool gave back.
    #[must_use]
    pub fn tool(result: ToolResult) -> Self {
        Self { role: Role::Tool, parts: vec![Part::ToolResult(result)], keep: false }
    }

    /// Adds a part.
    #[must_use]
    pub fn with(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    /// Marks the conversation up to here as worth keeping for calls that begin the same.
    #[must_use]
    pub fn keep(mut self) -> Self {
        self.keep = true;
        self
    }

    /// The texts, one after the other.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text { text } => Some(text.as_str()),
            _ => None,
        })
    }

    /// All text in one.
    #[must_use]
    pub fn text(&self) -> String {
        self.texts().collect()
    }

    /// How many bytes of text there are, those of tools' arguments and results included; not those of images and files.
    #[must_use]
    pub fn text_bytes(&self) -> u64 {
        let bytes = |part: &Part| match part {
            Part::Text { text } | Part::Reasoning { text, .. } => text.len(),
            Part::ToolCall(call) => call.name.len() + call.arguments.len(),
            Part::ToolResult(result) => result.content.len(),
            Part::Image { .. } | Part::File { .. } => 0,
        };
        self.parts.iter().map(|part| bytes(part) as u64).sum()
    }
}
