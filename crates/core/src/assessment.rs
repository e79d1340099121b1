//! How hard a question is, and who says so.

use serde::{Deserialize, Serialize};

/// How much work a question needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Complexity {
    /// One fact or one action, found in one place.
    Simple,
    /// One topic, several steps or places.
    Medium,
    /// Several topics or components; comparison, design, diagnosis, open-ended analysis.
    Complex,
    /// A wrong answer harms (security, data loss, production, money, health, law), whatever its size.
    Critical,
}

impl Complexity {
    /// The name in lower case, as in JSON and spans.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Medium => "medium",
            Self::Complex => "complex",
            Self::Critical => "critical",
        }
    }
}

/// Who decided something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecidedBy {
    /// Deterministic rules.
    Rules,
    /// A model's reply, checked against its schema.
    Model,
}

/// The outcome of the phase `assess`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    /// How much work the question needs.
    pub complexity: Complexity,
    /// How sure the decision is, 0 to 1.
    pub confidence: f32,
    /// Why, in words a reader of the answer understands.
    pub reason: String,
    /// Who decided.
    pub by: DecidedBy,
}
