//! What a user's message asks the dialogue to do: a closed set.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// One command. Whoever understands messages, by rules or by a model, answers with a list of these and with nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "command")]
#[non_exhaustive]
pub enum Command {
    /// Starts a flow.
    Start {
        /// Its name.
        flow: SmolStr,
    },
    /// Gives a slot its value, in the user's words; it is normalized and checked before it counts.
    Set {
        /// The slot's name.
        slot: SmolStr,
        /// What the user said.
        value: String,
    },
    /// Gives a slot that has a value another one.
    Correct {
        /// The slot's name.
        slot: SmolStr,
        /// What the user said.
        value: String,
    },
    /// Takes a slot's value away.
    Clear {
        /// The slot's name.
        slot: SmolStr,
    },
    /// Ends a flow before its end; without a name, the one that is active.
    Cancel {
        /// Its name.
        flow: Option<SmolStr>,
    },
    /// Yes.
    Affirm,
    /// No.
    Deny,
    /// It could be one of several flows, and the user is to say which; without any, he is to say it in other words.
    Clarify {
        /// Their names.
        flows: Vec<SmolStr>,
    },
    /// Leaves a question unanswered.
    Skip,
    /// Says again what was said last.
    Repeat,
    /// Talks about nothing that the flows are for.
    ChitChat,
    /// Asks something that knowledge answers, in the user's words.
    Knowledge {
        /// The question.
        question: String,
    },
    /// Wants to talk to a person.
    Handoff,
    /// Wants to begin anew.
    Restart,
    /// What was said cannot be turned into any of these.
    CannotHandle {
        /// Why.
        reason: CannotHandle,
    },
}

/// Why a message could not be handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CannotHandle {
    /// Nothing was understood.
    NotUnderstood,
    /// What was asked for is not among what can be done now.
    OutOfScope,
    /// The model failed or answered with what is no command.
    ModelFailed,
    /// Commands contradicted each other.
    Contradiction,
    /// Somebody tried to have the dialogue do what it may not.
    Refused,
}
