//! Questions that the flows do not answer: what is known does.

use async_trait::async_trait;
use ninefold_core::{Cx, Result};

/// Answers open questions; `ninefold::Soar` does.
#[async_trait]
pub trait Knowledge: Send + Sync {
    /// The answer to a question, for the user to read; none when nothing is known of it.
    ///
    /// # Errors
    /// What went wrong. The conversation goes on with `pattern_internal_error`; so it does when this panics or takes more than
    /// three quarters of the time that the turn has left.
    async fn answer(&self, question: &str, cx: &Cx) -> Result<Option<String>>;
}
