//! Whether a call may be made: asked before each.

use std::future::Future;

use async_trait::async_trait;
use ninefold_core::{Cx, Result, ToolCall, ToolSpec};
use serde_json::Value;

/// A call that is about to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending {
    /// The call as the model wrote it; its name is the one that the model knows the tool by.
    pub call: ToolCall,
    /// Its arguments: a JSON object.
    pub arguments: Value,
    /// The tool by its own name.
    pub tool: ToolSpec,
}

/// What is to become of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Permission {
    /// It is made.
    Allow,
    /// It is not made. The model is told why.
    Deny(String),
    /// A person is asked, with these words. Where nobody can be asked, it is not made.
    Ask(String),
}

/// Decides before each call whether it is made.
#[async_trait]
pub trait Approve: Send + Sync {
    /// Decides on one call.
    ///
    /// # Errors
    /// When there is no deciding: the loop ends with the error, and the call is not made.
    async fn approve(&self, pending: Pending, cx: &Cx) -> Result<Permission>;
}

#[async_trait]
impl<F, Fut> Approve for F
where
    F: Fn(Pending, Cx) -> Fut + Send + Sync,
    Fut: Future<Output = Result<Permission>> + Send,
{
    async fn approve(&self, pending: Pending, cx: &Cx) -> Result<Permission> {
        self(pending, cx.clone()).await
    }
}

/// Asks a person; one question at a time in each run.
#[async_trait]
pub trait AskPerson: Send + Sync {
    /// Puts `question` about a call to a person; whether it is to be made.
    ///
    /// # Errors
    /// When nobody could be asked: the loop ends with the error, and the call is not made.
    async fn ask(&self, question: String, pending: Pending, cx: &Cx) -> Result<bool>;
}

#[async_trait]
impl<F, Fut> AskPerson for F
where
    F: Fn(String, Pending, Cx) -> Fut + Send + Sync,
    Fut: Future<Output = Result<bool>> + Send,
{
    async fn ask(&self, question: String, pending: Pending, cx: &Cx) -> Result<bool> {
        self(question, pending, cx.clone()).await
    }
}
