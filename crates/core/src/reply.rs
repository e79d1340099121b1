//! What a model answers: a stream of pieces, and the whole.

use std::fmt;
use std::pin::Pin;

use futures_core::Stream;
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::budget::Usage;
use crate::error::{Error, ErrorKind, Result};
use crate::message::{Message, Part, Role, ToolCall};

/// Why a model stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StopReason {
    /// It was done.
    End,
    /// It reached the output limit.
    Length,
    /// The provider withheld the rest, or the model declined.
    Refused,
    /// It wants tools called.
    ToolCalls,
}

impl StopReason {
    /// The name by the OpenTelemetry conventions for generative AI.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::End => "stop",
            Self::Length => "length",
            Self::Refused => "content_filter",
            Self::ToolCalls => "tool_calls",
        }
    }
}

/// A piece of a reply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Delta {
    /// What the provider calls the reply, and the model that writes it, where it says so. Comes first.
    Begin {
        /// The reply's id; empty when it has none.
        id: SmolStr,
        /// The model's name; empty when it is not said.
        model: SmolStr,
    },
    /// More text.
    Text(String),
    /// More of what the model thinks.
    Reasoning(String),
    /// What the provider knows the thoughts so far by: see [`Part::Reasoning`].
    Signature(String),
    /// More of a tool call.
    ToolCall {
        /// Which of the reply's calls, from 0.
        index: usize,
        /// The call's id; in its first piece.
        id: Option<SmolStr>,
        /// The tool's name; in its first piece.
        name: Option<SmolStr>,
        /// More of the arguments.
        arguments: String,
    },
    /// What the call used so far; the last one counts.
    Usage(Usage),
    /// The end; nothing follows.
    End(StopReason),
}

impl Delta {
    /// Whether it is something that the model wrote: what a caller may have passed on already. A reply that broke before its
    /// first such piece can be asked for again without anybody noticing.
    #[must_use]
    pub fn is_content(&self) -> bool {
        match self {
            Self::Text(text) | Self::Reasoning(text) => !text.is_empty(),
            Self::ToolCall { .. } => true,
            Self::Begin { .. } | Self::Signature(_) | Self::Usage(_) | Self::End(_) => false,
        }
    }

    /// How many bytes of content it holds, as they count for [`MAX_REPLY_BYTES`].
    #[must_use]
    pub fn content_bytes(&self) -> usize {
        match self {
            Self::Text(text) | Self::Reasoning(text) | Self::Signature(text) => text.len(),
            Self::ToolCall { arguments, .. } => arguments.len(),
            Self::Begin { .. } | Self::Usage(_) | Self::End(_) => 0,
        }
    }
}

/// A reply read to its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Completion {
    /// The whole text; may be empty when tools are to be called.
    pub text: String,
    /// The tools to be called, in the model's order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// What the model thought, as far as the provider shows it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reasoning: String,
    /// What the provider knows the thoughts by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// What the call used; zero when the provider does not say.
    pub usage: Usage,
    /// Why the model stopped.
    pub stop: StopReason,
    /// The provider's id of the reply; empty when it has none.
    #[serde(default, skip_serializing_if = "SmolStr::is_empty")]
    pub id: SmolStr,
    /// The model that wrote it, as the provider says; empty when it does not.
    #[serde(default, skip_serializing_if = "SmolStr::is_empty")]
    pub model: SmolStr,
}

impl Completion {
    /// A finished text of which nothing else is known.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            tool_calls: Vec::new(),
            reasoning: String::new(),
            signature: None,
            usage: Usage::default(),
            stop: StopReason::End,
            id: SmolStr::default(),
            model: SmolStr::default(),
        }
    }

    /// The message to continue the conversation with: thoughts, text and tool calls as they came.
    #[must_use]
    pub fn message(&self) -> Message {
        let mut parts = Vec::new();
        if !self.reasoning.is_empty() || self.signature.is_some() {
            parts.push(Part::Reasoning { text: self.reasoning.clone(), signature: self.signature.clone() });
        }
        if !self.text.is_empty() {
            parts.push(Part::Text { text: self.text.clone() });
        }
        parts.extend(self.tool_calls.iter().cloned().map(Part::ToolCall));
        Message { role: Role::Assistant, parts, keep: false }
    }

    /// The deltas that this would come in.
    fn deltas(self) -> Vec<Delta> {
        let mut deltas = Vec::new();
        if !self.id.is_empty() || !self.model.is_empty() {
            deltas.push(Delta::Begin { id: self.id, model: self.model });
        }
        if !self.reasoning.is_empty() {
            deltas.push(Delta::Reasoning(self.reasoning));
        }
        deltas.extend(self.signature.map(Delta::Signature));
        if !self.text.is_empty() {
            deltas.push(Delta::Text(self.text));
        }
        for (index, ToolCall { id, name, arguments }) in self.tool_calls.into_iter().enumerate() {
            deltas.push(Delta::ToolCall { index, id: Some(id), name: Some(name), arguments });
        }
        deltas.extend([Delta::Usage(self.usage), Delta::End(self.stop)]);
        deltas
    }
}

/// A stream of deltas.
pub type Deltas = Pin<Box<dyn Stream<Item = Result<Delta>> + Send>>;

/// A model's reply: a stream of deltas. Dropping it ends the call.
pub struct Reply(Deltas);

/// The most bytes that [`Reply::collect`] takes.
pub const MAX_REPLY_BYTES: usize = 4 * 1024 * 1024;
/// The most tool calls that [`Reply::collect`] takes.
pub const MAX_TOOL_CALLS: usize = 128;

impl Reply {
    /// A reply that streams these deltas.
    pub fn stream(deltas: impl Stream<Item = Result<Delta>> + Send + 'static) -> Self {
        Self(Box::pin(deltas))
    }

    /// A reply that is there at once.
    #[must_use]
    pub fn whole(completion: Completion) -> Self {
        Self::stream(futures_util::stream::iter(completion.deltas().into_iter().map(Ok)))
    }

    /// The deltas, for whoever passes them on.
    #[must_use]
    pub fn into_deltas(self) -> Deltas {
        self.0
    }

    /// Reads the reply to its end.
    ///
    /// # Errors
    /// The stream's own error; `TooLong` past [`MAX_REPLY_BYTES`] or [`MAX_TOOL_CALLS`]; `Transient` when the stream ends
    /// without its end mark; `MalformedReply` when there is neither text nor a tool call, and for a tool call without a name.
    pub async fn collect(mut self) -> Result<Completion> {
        let mut whole = Completion::text("");
        let mut bytes = 0;
        while let Some(delta) = self.0.next().await {
            match delta? {
                Delta::Begin { id, model } => (whole.id, whole.model) = (id, model),
                Delta::Text(more) => {
                    bytes += more.len();
                    append(&mut whole.text, more);
                }
                Delta::Reasoning(more) => {
                    bytes += more.len();
                    append(&mut whole.reasoning, more);
                }
                Delta::Signature(signature) => {
                    bytes += signature.len();
                    whole.signature = Some(signature);
                }
                Delta::ToolCall { index, id, name, arguments } => {
                    bytes += arguments.len();
                    if index >= MAX_TOOL_CALLS {
                        return Err(Error::new(
                            ErrorKind::TooLong,
                            format!("the model's reply has more than {MAX_TOOL_CALLS} tool calls"),
                        ));
                    }
                    while whole.tool_calls.len() <= index {
                        let (id, name, arguments) = (SmolStr::default(), SmolStr::default(), String::new());
                        whole.tool_calls.push(ToolCall { id, name, arguments });
                    }
                    if let Some(call) = whole.tool_calls.get_mut(index) {
                        call.id = id.unwrap_or_else(|| std::mem::take(&mut call.id));
                        call.name = name.unwrap_or_else(|| std::mem::take(&mut call.name));
                        append(&mut call.arguments, arguments);
                    }
                }
                Delta::Usage(used) => whole.usage = used,
                Delta::End(stop) => {
                    whole.stop = stop;
                    return checked(whole);
                }
            }
            if bytes > MAX_REPLY_BYTES {
                return Err(Error::new(
                    ErrorKind::TooLong,
                    format!("the model's reply has more than {MAX_REPLY_BYTES} bytes"),
                )
                .hint("set max_output_tokens"));
            }
        }
        Err(Error::new(ErrorKind::Transient, "the model's reply broke off before its end"))
    }
}

fn append(whole: &mut String, more: String) {
    if whole.is_empty() {
        *whole = more;
    } else {
        whole.push_str(&more);
    }
}

fn checked(whole: Completion) -> Result<Completion> {
    let malformed = |what: &str| Err(Error::new(ErrorKind::MalformedReply, what));
    if whole.tool_calls.iter().any(|call| call.name.is_empty()) {
        return malformed("the model asked for a tool without naming it");
    }
    // A refusal may come without a word.
    if whole.text.trim().is_empty() && whole.tool_calls.is_empty() && whole.stop != StopReason::Refused {
        return malformed("the model answered with nothing");
    }
    Ok(whole)
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reply(..)")
    }
}
