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
    /// The words as a log or a model may see them, with the values of sensitive slots hidden; none where that makes no difference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<String>,
}

impl Utterance {
    /// The words with the values of sensitive slots hidden.
    #[must_use]
    pub fn shown(&self) -> &str {
        self.shown.as_deref().unwrap_or(&self.text)
    }
}

/// All that a turn says, in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Said(pub(crate) Vec<Utterance>);

impl Said {
    pub(crate) fn push(&mut self, text: String, by: Option<SmolStr>, shown: Option<String>) {
        self.0.push(Utterance { text, by, shown });
    }

    /// How many bytes it has.
    pub(crate) fn bytes(&self) -> usize {
        self.0.iter().map(|utterance| utterance.text.len()).sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of it, a line each.
    pub(crate) fn text(&self) -> String {
        self.0.iter().map(|utterance| utterance.text.as_str()).collect::<Vec<_>>().join("\n")
    }

    /// The same with the values of sensitive slots hidden; none where that makes no difference.
    pub(crate) fn shown(&self) -> Option<String> {
        self.0.iter().any(|utterance| utterance.shown.is_some()).then(|| {
            let shown: Vec<&str> = self.0.iter().map(Utterance::shown).collect();
            shown.join("\n")
        })
    }
}
