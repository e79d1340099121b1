//! The repair flows by their names.

use std::fmt;

use crate::program::{FlowId, Program};

macro_rules! patterns {
    ($($(#[$doc:meta])* $variant:ident => $name:literal,)*) => {
        /// A way in which a conversation does not go straight on. Each is a flow, which a definition may override.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Pattern {
            $($(#[$doc])* $variant,)*
        }

        impl Pattern {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name of its flow.
            #[must_use]
            pub const fn flow(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!("pattern_", $name),)*
                }
            }
        }
    };
}

patterns! {
    /// A session begins.
    SessionStart => "session_start",
    /// A flow that was interrupted goes on. `context`: `flow`, `description`.
    ContinueInterrupted => "continue_interrupted",
    /// A value was corrected. `context`: `slot`, `value`, `before`.
    Correction => "correction",
    /// A flow is cancelled. `context`: `flow`, `description`; null when none is open. A no within it keeps the flow.
    Cancel => "cancel",
    /// A question is left unanswered. `context`: `slot`, `optional`.
    Skip => "skip",
    /// Small talk.
    ChitChat => "chitchat",
    /// A flow has ended, and none is left. `context`: `flow`, and `again` when the user says what is done already.
    Completed => "completed",
    /// It could be one of several flows. `context`: `flows`, `names`.
    Clarification => "clarification",
    /// A message could not be handled. `context`: `reason`; `slot` where a question was put too often, null for a yes or no; `flow`
    /// and `description` of what may not run now.
    CannotHandle => "cannot_handle",
    /// Something failed inside. `context`: `flow`, `step`.
    InternalError => "internal_error",
    /// A message is too long. `context`: `most`.
    TooLong => "too_long",
    /// A message is empty.
    Empty => "empty",
    /// The user wants a person.
    Handoff => "handoff",
    /// Somebody says something while a person who was asked for has not come. `context`: `to`.
    HandedOver => "handed_over",
    /// A value is not accepted. `context`: `slot`, `value`, `message`, `ambiguous`.
    Validation => "validation",
    /// What was said is said again. `context`: `text`.
    Repeat => "repeat",
    /// The user says nothing.
    UserSilence => "user_silence",
    /// A question is answered from what is known. `context`: `question`, `answer`.
    Knowledge => "knowledge",
    /// The definition changed, and what was open is gone. `context`: `flow`.
    ChangedDefinition => "changed_definition",
    /// Everything begins anew. A no within it keeps everything.
    Restart => "restart",
    /// A flow has ended; does nothing unless it is overridden.
    Satisfaction => "satisfaction",
    /// Somebody outside has given the conversation back. `context`: `agent`.
    ExternalAgent => "external_agent",
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.flow())
    }
}

/// Where the repair flows are in a program.
#[derive(Debug, Clone)]
pub(crate) struct Patterns(Vec<Option<FlowId>>);

impl Patterns {
    pub(crate) fn of(program: &Program) -> Self {
        Self(Pattern::ALL.iter().map(|pattern| program.flow_named(pattern.flow())).collect())
    }

    pub(crate) fn flow(&self, pattern: Pattern) -> Option<FlowId> {
        self.0.get(pattern as usize).copied().flatten()
    }

    pub(crate) fn is_one(&self, flow: FlowId) -> bool {
        self.0.contains(&Some(flow))
    }
}
