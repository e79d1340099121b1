//! Whoever outside takes over a conversation: another program, another agent, a desk of people.

use async_trait::async_trait;
use ninefold_core::{Cx, Result, SessionId};

/// Takes messages of a conversation that was handed to it, until it gives it back.
#[async_trait]
pub trait ExternalAgent: Send + Sync {
    /// Takes a message.
    ///
    /// # Errors
    /// What went wrong. The conversation is given back, and goes on with `pattern_internal_error`; so it is when this panics or takes
    /// more than three quarters of the time that the turn has left.
    async fn message(&self, session: &SessionId, message: &str, cx: &Cx) -> Result<ExternalReply>;
}

/// What it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalReply {
    /// For the user; nothing where it is empty.
    pub text: String,
    /// Whether it gives the conversation back.
    pub done: bool,
}
