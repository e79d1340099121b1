//! The state that runs pass on: 745 bytes as JSON, 754 as Python writes it, with blanks.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The nine phases.
pub const PHASES: [&str; 9] =
    ["normalize", "scope", "assess", "retrieve", "decompose", "verify", "route", "synthesize", "record"];
/// The question.
pub const QUERY: &str = "why did the nightly index rebuild slow down after the schema change?";
/// Agents in W4.
pub const AGENTS: usize = 5;
/// How long an agent of W4 takes.
pub const AGENT_WAIT: Duration = Duration::from_millis(20);
/// How long the three phases of W5 that call a model take.
pub const MODEL_WAIT: Duration = Duration::from_millis(50);

/// Whether the phase of this name calls a model in W5.
pub fn waits_for_model(phase: &str) -> bool {
    matches!(phase, "assess" | "verify" | "synthesize")
}

/// A question and five chunks.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    /// The question.
    pub query: String,
    /// What was found.
    pub chunks: Vec<String>,
    /// Phases done.
    pub step: usize,
}

/// What every run starts from.
pub fn fresh_state() -> State {
    let chunk = |n| format!("chunk {n}: {}", "lorem ipsum dolor sit amet consectetur ".repeat(3));
    State { query: QUERY.to_owned(), chunks: (0..5).map(chunk).collect(), step: 0 }
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_is_as_large_as_is_said() {
        assert_eq!(serde_json::to_string(&super::fresh_state()).unwrap().len(), 745);
    }
}
