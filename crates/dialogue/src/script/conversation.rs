//! A conversation as a test: what is said, and what is expected of each turn.

use std::time::Duration;

use jiff::civil::DateTime;
use serde_json::{Map, Value};
use smol_str::SmolStr;

use super::Answers;
use crate::command::Command;
use crate::program::Place;

/// One conversation, possibly of several users.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversation {
    /// What it shows.
    pub name: String,
    /// What it is an example of: `correction`, `silence`.
    pub category: String,
    /// Where it stands.
    pub place: Place,
    /// The time at which it begins, by the users' clock.
    pub start: DateTime,
    /// What the world answers.
    pub answers: Answers,
    /// Its turns.
    pub turns: Vec<Turn>,
}

/// One turn.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// Where it stands.
    pub place: Place,
    /// Who speaks; conversations of several users are several sessions.
    pub speaker: SmolStr,
    /// How long after the turn before.
    pub after: Duration,
    /// What happens.
    pub does: Does,
    /// What the message means, where rules are not to find it out.
    pub understood: Option<Vec<Command>>,
    /// What is to come of it.
    pub expected: Expected,
}

/// What happens in a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Does {
    /// The user says this.
    Says(String),
    /// The user says nothing, for longer than the host waits.
    Silent,
    /// The host starts a flow, or none, and gives slots values.
    Acts {
        /// The flow.
        start: Option<SmolStr>,
        /// The slots.
        slots: Map<String, Value>,
    },
    /// The program ends and begins again; sessions are read from where they were written.
    Restarts,
}

/// What is expected of a turn. What is not there may be anything.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Expected {
    /// Texts that the reply contains, in any order.
    pub contains: Vec<String>,
    /// Texts that it does not contain.
    pub not: Vec<String>,
    /// The reply as a whole, a line for each text.
    pub exact: Option<String>,
    /// Values of slots; null for none.
    pub slots: Map<String, Value>,
    /// The active flow; none for no flow.
    pub flow: Option<Option<SmolStr>>,
    /// The slot that is asked for, or `confirmation`; none for no question.
    pub asked: Option<Option<SmolStr>>,
    /// The actions that were called, in their order, each with inputs that it must have had.
    pub actions: Option<Vec<(SmolStr, Map<String, Value>)>>,
    /// What was understood, in its order.
    pub commands: Option<Vec<Command>>,
    /// Who has taken over; none for nobody.
    pub handed_to: Option<Option<SmolStr>>,
    /// A part of what failed inside. Without it, nothing may fail.
    pub failure: Option<String>,
}
