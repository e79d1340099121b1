//! Questions that the flows do not answer: what is known does.

use async_trait::async_trait;
use ninefold_core::form::Mark;
use ninefold_core::{Citation, CitedFinding, Cx, Degradation, Result};
use serde::{Deserialize, Serialize};

/// Answers open questions; `ninefold::Soar` does.
#[async_trait]
pub trait Knowledge: Send + Sync {
    /// What is known of a question.
    ///
    /// # Errors
    /// What went wrong. The conversation goes on with `pattern_internal_error`; so it does when this panics or takes more than
    /// three quarters of the time that the turn has left.
    async fn answer(&self, question: &str, cx: &Cx) -> Result<Known>;
}

/// What is known of a question.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Known {
    /// The answer, for the user to read; none when nothing is known.
    pub text: Option<String>,
    /// What it rests on.
    pub sources: Sources,
    /// What was done with less than asked.
    pub degradations: Vec<Degradation>,
}

/// What an answer rests on. `[n]` in its text refers to the n-th citation, counted from 1, and past the last citation to the
/// findings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sources {
    /// The places.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub citations: Vec<Citation>,
    /// What agents said without a place to show for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<CitedFinding>,
}

impl Sources {
    /// What the marks `[1]`, `[2]` and so on in the text refer to, in this order.
    pub fn marks(&self) -> impl Iterator<Item = Mark<'_>> {
        self.citations.iter().map(Mark::Place).chain(self.findings.iter().map(Mark::Finding))
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.citations.is_empty() && self.findings.is_empty()
    }
}

impl Known {
    /// That nothing is known.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }
}

impl<T: Into<String>> From<T> for Known {
    fn from(text: T) -> Self {
        Self { text: Some(text.into()), ..Self::default() }
    }
}
