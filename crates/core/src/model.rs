//! Language models. One request, one reply, and the reply is a stream; collecting it is a method on the reply. Retry,
//! budget, cache and the like are models around a model.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use futures_core::Stream;
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::budget::Usage;
use crate::cx::Cx;
use crate::error::{Error, ErrorKind, Result};

/// Provider and name of a model, as in `anthropic/claude-sonnet-4-5`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ModelId {
    /// Who serves it.
    pub provider: SmolStr,
    /// Its name there.
    pub name: SmolStr,
}

impl ModelId {
    /// The model `name` of `provider`.
    pub fn new(provider: impl AsRef<str>, name: impl AsRef<str>) -> Self {
        Self { provider: SmolStr::new(provider), name: SmolStr::new(name) }
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.name)
    }
}

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
}

/// One message of a conversation with a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub text: String,
}

/// What a model is asked.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ModelRequest {
    /// The conversation, oldest first.
    pub messages: Vec<Message>,
    /// The most tokens to write; the provider's own limit when absent.
    pub max_output_tokens: Option<u32>,
    /// Sampling temperature; the provider's own default when absent.
    pub temperature: Option<f32>,
    /// Whether the reply must be one JSON value.
    pub json: bool,
}

impl ModelRequest {
    /// A request with instructions and one user message.
    pub fn new(system: impl Into<String>, user: impl Into<String>) -> Self {
        Self {
            messages: vec![
                Message { role: Role::System, text: system.into() },
                Message { role: Role::User, text: user.into() },
            ],
            ..Self::default()
        }
    }

    /// Asks for one JSON value.
    #[must_use]
    pub fn json(mut self) -> Self {
        self.json = true;
        self
    }

    /// A rough upper estimate of the tokens of the call, for reserving budget: a token for every three bytes of
    /// the messages, and the output limit (1,024 when none is set).
    #[must_use]
    pub fn estimated_tokens(&self) -> u64 {
        let bytes: u64 = self.messages.iter().map(|m| m.text.len() as u64).sum();
        bytes / 3 + u64::from(self.max_output_tokens.unwrap_or(1024))
    }
}

/// Why a model stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StopReason {
    /// It was done.
    End,
    /// It reached the output limit.
    Length,
    /// The provider withheld the rest.
    Refused,
}

impl StopReason {
    /// The name by the OpenTelemetry conventions for generative AI.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::End => "stop",
            Self::Length => "length",
            Self::Refused => "content_filter",
        }
    }
}

/// A piece of a reply.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Delta {
    /// More text.
    Text(String),
    /// What the call used so far; the last one counts.
    Usage(Usage),
    /// The end; nothing follows.
    End(StopReason),
}

/// A reply read to its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Completion {
    /// The whole text.
    pub text: String,
    /// What the call used; zero when the provider does not say.
    pub usage: Usage,
    /// Why the model stopped.
    pub stop: StopReason,
}

impl Completion {
    /// A finished text of which nothing else is known.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), usage: Usage::default(), stop: StopReason::End }
    }
}

/// A stream of deltas.
pub type Deltas = Pin<Box<dyn Stream<Item = Result<Delta>> + Send>>;

/// A model's reply: a stream of deltas. Dropping it ends the call.
pub struct Reply(Deltas);

/// The most bytes of text that [`Reply::collect`] takes.
pub const MAX_REPLY_BYTES: usize = 4 * 1024 * 1024;

impl Reply {
    /// A reply that streams these deltas.
    pub fn stream(deltas: impl Stream<Item = Result<Delta>> + Send + 'static) -> Self {
        Self(Box::pin(deltas))
    }

    /// A reply that is there at once.
    #[must_use]
    pub fn whole(completion: Completion) -> Self {
        let Completion { text, usage, stop } = completion;
        Self::stream(futures_util::stream::iter([Ok(Delta::Text(text)), Ok(Delta::Usage(usage)), Ok(Delta::End(stop))]))
    }

    /// The deltas, for whoever passes them on.
    #[must_use]
    pub fn into_deltas(self) -> Deltas {
        self.0
    }

    /// Reads the reply to its end.
    ///
    /// # Errors
    /// The stream's own error; `TooLong` past [`MAX_REPLY_BYTES`]; `Transient` when the stream ends without its
    /// end mark; `MalformedReply` when the text is blank.
    pub async fn collect(mut self) -> Result<Completion> {
        let mut text = String::new();
        let mut usage = Usage::default();
        while let Some(delta) = self.0.next().await {
            match delta? {
                Delta::Text(more) if text.is_empty() => text = more,
                Delta::Text(more) => text.push_str(&more),
                Delta::Usage(used) => usage = used,
                Delta::End(_) if text.trim().is_empty() => {
                    return Err(Error::new(ErrorKind::MalformedReply, "the model answered with nothing"));
                }
                Delta::End(stop) => return Ok(Completion { text, usage, stop }),
            }
            if text.len() > MAX_REPLY_BYTES {
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

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reply(..)")
    }
}

/// A language model.
#[async_trait]
pub trait Model: Send + Sync {
    /// Which model this is; part of every cache key of what it makes.
    fn id(&self) -> &ModelId;

    /// Sends one request. Returns as soon as the reply begins; dropping the future or the reply ends the call.
    ///
    /// # Errors
    /// Whatever kept the reply from beginning, by class.
    async fn send(&self, request: ModelRequest, cx: &Cx) -> Result<Reply>;
}

#[async_trait]
impl<M: Model + ?Sized> Model for Arc<M> {
    fn id(&self) -> &ModelId {
        (**self).id()
    }

    async fn send(&self, request: ModelRequest, cx: &Cx) -> Result<Reply> {
        (**self).send(request, cx).await
    }
}
