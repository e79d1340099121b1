//! Sessions: what happened in a dialogue, turn by turn. Events are only ever appended; what follows from them can be
//! kept as a snapshot, so that a turn costs the same however many came before it: one read of the snapshot and the few
//! events behind it, one write of the new ones.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind, Result};
use crate::id::SessionId;

/// The most bytes of a session's name.
pub const MAX_NAME: usize = 1_024;

/// What is appended to a session in one step: the events of a turn, and a new snapshot now and then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// How many events the writer knows of. When the session has another number, somebody else was faster.
    pub after: u64,
    /// When it happened.
    pub at: Timestamp,
    /// The events in their order, each in a form that is its writer's affair.
    pub events: Vec<String>,
    /// What follows from all events up to and with these; replaces the snapshot before.
    pub snapshot: Option<String>,
}

/// An event of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionEvent {
    /// Its number in the session, from 0, without gaps.
    pub number: u64,
    /// When the turn happened that it belongs to.
    pub at: Timestamp,
    /// What its writer wrote.
    pub event: String,
}

/// What followed from the first events of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// From how many events it follows.
    pub covers: u64,
    /// What its writer wrote.
    pub state: String,
}

/// What is needed to go on with a session: its latest snapshot and the events behind it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resumption {
    /// The latest snapshot; none when none was ever written.
    pub snapshot: Option<Snapshot>,
    /// The events that the snapshot does not cover, in their order; without a snapshot, all.
    pub events: Vec<SessionEvent>,
}

impl Resumption {
    /// How many events the session has: what the next [`Turn`] comes after.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.snapshot.as_ref().map_or(0, |snapshot| snapshot.covers) + self.events.len() as u64
    }
}

/// A session in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionSummary {
    /// Which it is.
    pub session: SessionId,
    /// How many events it has.
    pub events: u64,
    /// When its first turn happened.
    pub started: Timestamp,
    /// The latest time of a turn.
    pub last: Timestamp,
}

/// Where sessions are written. Sessions are strictly apart: names are compared byte by byte, and no call sees or changes
/// another session than the one it names. Every implementation passes `ninefold_testkit::sessions_suite`.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Appends a turn: all its events and its snapshot, or nothing. The first turn makes the session. When this returns,
    /// the turn survives the process. Returns how many events the session has now.
    ///
    /// # Errors
    /// `Conflict` when the session does not have [`Turn::after`] events (of several who append after the same event
    /// one succeeds; the others resume the session and think again); `InvalidInput` when the turn has no events, or when
    /// the name is empty or longer than [`MAX_NAME`]; `TooLong` for an event or a snapshot that the medium cannot hold;
    /// `Unavailable`, `Transient` or `Corrupt` from the medium.
    async fn append(&self, session: &SessionId, turn: Turn) -> Result<u64>;

    /// What is needed to go on with a session; none when there is no such session.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` from the medium.
    async fn resume(&self, session: &SessionId) -> Result<Option<Resumption>>;

    /// Up to `limit` events from number `from` on, in their order; none of a session that is not there.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` from the medium.
    async fn events(&self, session: &SessionId, from: u64, limit: usize) -> Result<Vec<SessionEvent>>;

    /// Up to `limit` sessions, those with the latest turn first.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` from the medium.
    async fn list(&self, limit: usize) -> Result<Vec<SessionSummary>>;

    /// Removes a session with all its events; returns whether it was there.
    ///
    /// # Errors
    /// `Unavailable`, `Transient` or `Corrupt` from the medium.
    async fn remove(&self, session: &SessionId) -> Result<bool>;

    /// Removes the sessions whose latest turn is older than this time; returns how many.
    ///
    /// # Errors
    /// `Unavailable`, `Transient` or `Corrupt` from the medium.
    async fn prune(&self, last_before: Timestamp) -> Result<u64>;
}

/// Refuses a turn that no session takes.
///
/// # Errors
/// `InvalidInput` for a turn without events, or a name that is empty or too long.
pub fn check(session: &SessionId, turn: &Turn) -> Result<()> {
    let bytes = session.0.len();
    if bytes == 0 || bytes > MAX_NAME {
        let what = format!("the name of a session has {bytes} bytes; it must have from 1 to {MAX_NAME}");
        return Err(Error::new(ErrorKind::InvalidInput, what).hint("give the session a short name that is its own"));
    }
    if turn.events.is_empty() {
        let what = format!("a turn of session {:?} has no events", session.0);
        return Err(Error::new(ErrorKind::InvalidInput, what).hint("append a turn when something has happened"));
    }
    Ok(())
}

/// The error for a turn that comes after other events than the session has.
#[must_use]
pub fn out_of_turn(session: &SessionId, after: u64, there: u64) -> Error {
    let what = format!("session {:?} has {there} events, and not the {after} that a turn was to follow", session.0);
    Error::new(ErrorKind::Conflict, what)
        .hint("somebody else appended to it: resume the session and take the turn again")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_has_a_session_and_events() {
        let turn = |events: &[&str]| Turn {
            after: 0,
            at: Timestamp(0),
            events: events.iter().map(|&event| event.to_owned()).collect(),
            snapshot: None,
        };
        assert!(check(&"ü".into(), &turn(&["said"])).is_ok());
        assert!(check(&"x".repeat(MAX_NAME).into(), &turn(&[""])).is_ok());
        for (name, turn) in
            [(String::new(), turn(&["said"])), ("x".repeat(MAX_NAME + 1), turn(&["said"])), ("x".into(), turn(&[]))]
        {
            assert_eq!(check(&name.into(), &turn).unwrap_err().kind(), ErrorKind::InvalidInput);
        }
    }

    #[test]
    fn names_with_control_characters_are_shown_harmlessly() {
        let error = out_of_turn(&"a\n\u{1b}[31m".into(), 1, 2);
        assert_eq!(
            error.message(),
            "session \"a\\n\\u{1b}[31m\" has 2 events, and not the 1 that a turn was to follow"
        );
    }
}
