//! Why something is in scope, and why something was refused: for the inspector.

use std::fmt;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// Why a flow or a slot is in scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// It was asked for.
    Asked,
    /// It belongs to the active flow, or is it.
    Active,
    /// It has a value, which the user may correct.
    Correctable,
    /// It has a value, which the user may correct, and belongs to a flow that was interrupted.
    Interrupted,
    /// It belongs to the flow that ended last, or is it.
    Ended,
    /// It is described like this flow, which is active or ended last.
    Kin(SmolStr),
    /// These words of the message, or of what was said last, are about it.
    Matches(Vec<SmolStr>),
    /// It belongs to this flow, which matches.
    Of(SmolStr),
    /// The user was asked whether he means it.
    Choice,
    /// There are so few flows that all are offered.
    Few,
    /// Nothing matched well, so all are offered.
    NothingMatched,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked => f.write_str("asked"),
            Self::Active => f.write_str("active flow"),
            Self::Correctable => f.write_str("correctable"),
            Self::Interrupted => f.write_str("correctable in an interrupted flow"),
            Self::Ended => f.write_str("flow that ended last"),
            Self::Kin(flow) => write!(f, "like {flow}"),
            Self::Matches(words) => write!(f, "matches: {}", words.join(", ")),
            Self::Of(flow) => write!(f, "slot of {flow}"),
            Self::Choice => f.write_str("asked about"),
            Self::Few => f.write_str("one of few"),
            Self::NothingMatched => f.write_str("nothing matched"),
        }
    }
}

/// A command that the scope does not allow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Refusal {
    /// The flow is not in scope: it does not exist, its guard does not hold, it is internal, or nothing spoke for it.
    Flow(SmolStr),
    /// The slot is not in scope.
    Slot(SmolStr),
    /// The flow that is to be cancelled is not open.
    NotOpen(SmolStr),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flow(name) => write!(f, "the flow {name} is not in scope"),
            Self::Slot(name) => write!(f, "the slot {name} is not in scope"),
            Self::NotOpen(name) => write!(f, "the flow {name} is not open"),
        }
    }
}
