//! Language models. One request, one reply, and the reply is a stream; collecting it is a method on the reply. Retry,
//! budget, cache and the like are models around a model.
//!
//! What is asked is in [`request`](crate::request), of messages as in [`message`](crate::message); what is answered is in
//! [`reply`](crate::reply).

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::cx::Cx;
use crate::error::{Error, ErrorKind, Result};
pub use crate::message::{Media, MediaSource, Message, Part, Role, ToolCall, ToolResult};
pub use crate::reply::{Completion, Delta, Deltas, MAX_REPLY_BYTES, Reply, StopReason};
pub use crate::request::{Effort, ModelRequest, OutputFormat, ToolChoice, ToolSpec};

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

/// Reads `provider/name`; the name may hold further slashes.
impl FromStr for ModelId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.split_once('/') {
            Some((provider, name)) if !provider.trim().is_empty() && !name.trim().is_empty() => {
                Ok(Self::new(provider.trim(), name.trim()))
            }
            _ => Err(Error::new(ErrorKind::InvalidInput, format!("{text:?} does not name a model"))
                .hint("write it like openai/gpt-5-mini: the provider, a slash, the model's name there")),
        }
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.name)
    }
}

/// A language model.
#[async_trait]
pub trait Model: Send + Sync {
    /// Which model this is; part of every cache key of what it makes.
    fn id(&self) -> &ModelId;

    /// What else tells its replies from those of another model of the same name: where it is, and how it is spoken to. Part of
    /// every cache key beside the id. A model around a model passes it on.
    fn variant(&self) -> &str {
        ""
    }

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

    fn variant(&self) -> &str {
        (**self).variant()
    }

    async fn send(&self, request: ModelRequest, cx: &Cx) -> Result<Reply> {
        (**self).send(request, cx).await
    }
}
