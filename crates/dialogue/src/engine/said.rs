//! What a turn says.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// One thing that is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Utterance {
    /// The words.
    pub text: String,
    /// The flow, or whoever has taken over, that says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<SmolStr>,
}

/// All that a turn says, in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Said(pub(crate) Vec<Utterance>);

impl Said {
    pub(crate) fn push(&mut self, text: String, by: Option<SmolStr>) {
        self.0.push(Utterance { text, by });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of it, a line each.
    pub(crate) fn text(&self) -> String {
        self.0.iter().map(|utterance| utterance.text.as_str()).collect::<Vec<_>>().join("\n")
    }
}
