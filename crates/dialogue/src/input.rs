//! What a turn is taken for, what the user says or what the host does, and on which terms.

use std::time::Duration;

use ninefold_core::{Budget, Error, ErrorKind, Result, Scope as Grants};
use serde::Serialize;
use serde_json::{Map, Value};
use smol_str::SmolStr;

use crate::action::fields;

/// What a turn is taken for, and on which terms: public scope, no budget, the deadline and the offset of the dialogue, unless set.
/// A plain string is a message on default terms.
///
/// ```
/// use ninefold_core::{Budget, Scope};
/// use ninefold_dialogue::Input;
/// use serde_json::json;
///
/// # fn main() -> ninefold_core::Result<()> {
/// let budget = Budget { calls: Some(2), ..Budget::default() };
/// let message = Input::message("When does the library open?").scope(Scope::of(["staff"])).budget(budget);
/// let button = Input::start("book_flight", json!({ "origin": "Madrid" }))?;
/// # let _ = (message, button);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    pub(crate) what: What,
    pub(crate) scope: Grants,
    pub(crate) budget: Budget,
    pub(crate) deadline: Option<Duration>,
    pub(crate) offset: Option<i32>,
}

/// What happens in a turn.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum What {
    /// The user says this.
    Message(String),
    /// The user says nothing, for longer than the host waits.
    Silence,
    /// The host does something.
    Host(Deed),
    /// Whoever has taken over gives the conversation back, says the host.
    Back,
}

/// What a host does in the place of a user.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Deed {
    /// The flow that is started.
    pub(crate) start: Option<SmolStr>,
    /// The slots that get a value, or lose it.
    pub(crate) slots: Map<String, Value>,
}

impl Input {
    fn of(what: What) -> Self {
        Self { what, scope: Grants::public(), budget: Budget::default(), deadline: None, offset: None }
    }

    /// What the user says.
    #[must_use]
    pub fn message(text: impl Into<String>) -> Self {
        Self::of(What::Message(text.into()))
    }

    /// That the user has been silent.
    #[must_use]
    pub fn silence() -> Self {
        Self::of(What::Silence)
    }

    /// That whoever has taken over gives the conversation back.
    #[must_use]
    pub fn hand_back() -> Self {
        Self::of(What::Back)
    }

    /// Starts a flow, as by a button, also one that users cannot start by themselves. `slots` get their values before its first
    /// step, as with [`Input::set`]; `()` for none.
    ///
    /// # Errors
    /// `InvalidInput` when `slots` have no names, as a list.
    pub fn start(flow: impl Into<SmolStr>, slots: impl Serialize) -> Result<Self> {
        let start = Some(flow.into());
        Ok(Self::of(What::Host(Deed { start, slots: fields(&"the host", slots)? })))
    }

    /// Gives slots values: the fields of a type of serde. A value is in the canonical form of its slot's kind, or it is words,
    /// which are read as the user's; null takes the slot's value away. A name is looked for in the flow that is started, in those that
    /// are open, and among the global slots; `FLOW.SLOT` says which, where several have
    /// one of that name.
    ///
    /// # Errors
    /// `InvalidInput` when `slots` have no names, as a list.
    pub fn set(slots: impl Serialize) -> Result<Self> {
        Ok(Self::of(What::Host(Deed { start: None, slots: fields(&"the host", slots)? })))
    }

    /// Sets what the turn may see and do: its knowledge, its model, its actions ([`Call::cx`](crate::Call)).
    #[must_use]
    pub fn scope(mut self, scope: Grants) -> Self {
        self.scope = scope;
        self
    }

    /// Sets what the turn may spend on models.
    #[must_use]
    pub fn budget(mut self, budget: Budget) -> Self {
        self.budget = budget;
        self
    }

    /// Sets how long the turn may take, in the place of what [`DialogueBuilder::deadline`](crate::DialogueBuilder::deadline) says.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Sets how far this user's clock is from UTC now, in seconds, in the place of what
    /// [`DialogueBuilder::offset`](crate::DialogueBuilder::offset) says.
    #[must_use]
    pub fn offset(mut self, seconds: i32) -> Self {
        self.offset = Some(seconds);
        self
    }

    /// The message, if it is one.
    pub(crate) fn said(&self) -> Option<&str> {
        match &self.what {
            What::Message(message) => Some(message),
            What::Silence | What::Host(_) | What::Back => None,
        }
    }
}

impl<T: Into<String>> From<T> for Input {
    fn from(text: T) -> Self {
        Self::message(text)
    }
}

/// An offset from UTC.
///
/// # Errors
/// `InvalidInput` for one that no clock has.
pub(crate) fn offset(seconds: i32) -> Result<jiff::tz::Offset> {
    jiff::tz::Offset::from_seconds(seconds).map_err(|error| {
        Error::new(ErrorKind::InvalidInput, format!("no clock is {seconds} seconds from UTC"))
            .hint("give the offset in seconds, east of UTC positive: 3600 for UTC+1")
            .caused_by(error)
    })
}
