//! The one error of the house: what happened, in which phase, and what to do about it.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What class of failure happened. It decides what a caller can do: retry, shorten, wait, ask for rights, give up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// It may work when tried again: a reset connection, a busy database, an overloaded server.
    Transient,
    /// A server takes no more calls for now; [`Error::retry_after`] says for how long, if it does.
    RateLimited,
    /// It will fail the same way again.
    Permanent,
    /// A provider or a model declines for what is asked.
    Refused,
    /// The input is larger than the limit in force.
    TooLong,
    /// The input is empty or not of the required form.
    InvalidInput,
    /// Somebody else was faster: what this was to follow is no longer the latest. It is no fault of the caller, and the same
    /// call fails again: read what there is now, and decide anew.
    Conflict,
    /// The run was cancelled by its host.
    Cancelled,
    /// The run's or the phase's deadline passed.
    DeadlineExceeded,
    /// The run waits for a person: no failure. [`Suspension`](crate::Suspension) is the cause of the error and has the question.
    Suspended,
    /// A limit of the run's budget (calls, tokens, money) is used up.
    OverBudget,
    /// The run's scope does not allow it.
    OutOfScope,
    /// A model's reply was empty or not of the form asked for.
    MalformedReply,
    /// Code of a phase or an agent panicked.
    Panicked,
    /// The journal holds a run of another pipeline or another input; replaying it would be wrong.
    ReplayRefused,
    /// What a durable run has done could not be written to its journal. The journal's own error is the source of this one:
    /// a `Conflict` when somebody else works on the run.
    NotDurable,
    /// A file or database is missing, locked, read-only, full or not permitted.
    Unavailable,
    /// A file or database is damaged or of an unknown version.
    Corrupt,
    /// The thing asked for does not exist.
    NotFound,
}

impl ErrorKind {
    /// The name as it stands in spans (`error.type`) and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::RateLimited => "rate_limited",
            Self::Permanent => "permanent",
            Self::Refused => "refused",
            Self::TooLong => "too_long",
            Self::InvalidInput => "invalid_input",
            Self::Conflict => "conflict",
            Self::Cancelled => "cancelled",
            Self::DeadlineExceeded => "deadline_exceeded",
            Self::Suspended => "suspended",
            Self::OverBudget => "over_budget",
            Self::OutOfScope => "out_of_scope",
            Self::MalformedReply => "malformed_reply",
            Self::Panicked => "panicked",
            Self::ReplayRefused => "replay_refused",
            Self::NotDurable => "not_durable",
            Self::Unavailable => "unavailable",
            Self::Corrupt => "corrupt",
            Self::NotFound => "not_found",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whose doing a failure is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fault {
    /// That of whoever was at work.
    #[default]
    Own,
    /// Nobody's: the work was not begun.
    NotStarted,
    /// The run's: it does not allow more time, calls, tokens or money. The same work may succeed in another run.
    Run,
}

impl Fault {
    /// Whether it is that of whoever was at work.
    #[must_use]
    pub fn is_own(&self) -> bool {
        *self == Self::Own
    }
}

/// A failure with its class, its place and its cure. Cheap to move and to clone, so that callers who share one
/// computation can share its failure.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    phase: Option<SmolStr>,
    hint: Option<String>,
    status: Option<u16>,
    retry_after: Option<Duration>,
    attempts: Option<u32>,
    ends_run: bool,
    fault: Fault,
    wire: Option<Box<Wire>>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// What a server said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wire {
    /// Which server: a provider's name.
    pub provider: SmolStr,
    /// What it calls the request; empty when it does not say. Its operators ask for it.
    pub request_id: SmolStr,
    /// The beginning of its answer, without what looks like a secret; empty when there was none.
    pub excerpt: String,
}

impl Error {
    /// An error of `kind`; `message` says what happened and to what.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            kind,
            message: message.into(),
            phase: None,
            hint: None,
            status: None,
            retry_after: None,
            attempts: None,
            ends_run: false,
            fault: Fault::Own,
            wire: None,
            source: None,
        }))
    }

    fn edit(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// Adds what the reader can do about it.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        self.edit(|e| e.hint = Some(hint.into()))
    }

    /// Names the phase it happened in; the innermost name stays.
    #[must_use]
    pub fn in_phase(self, phase: &str) -> Self {
        if self.0.phase.is_some() { self } else { self.edit(|e| e.phase = Some(phase.into())) }
    }

    /// Adds the error that caused this one.
    #[must_use]
    pub fn caused_by(self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.edit(|e| e.source = Some(Arc::new(source)))
    }

    /// Adds the status a server answered with.
    #[must_use]
    pub fn with_status(self, status: u16) -> Self {
        self.edit(|e| e.status = Some(status))
    }

    /// Adds the wait a server asked for before the next try.
    #[must_use]
    pub fn with_retry_after(self, wait: Duration) -> Self {
        self.edit(|e| e.retry_after = Some(wait))
    }

    /// Notes that somebody who tries again has given up after so many attempts. Whoever stands further from the call does
    /// not try again then, so that retries do not multiply.
    #[must_use]
    pub fn given_up(self, attempts: u32) -> Self {
        self.edit(|e| e.attempts = Some(attempts))
    }

    /// Notes that the run is to end with it, whatever it is: nobody is to do with less.
    #[must_use]
    pub fn ending_run(self) -> Self {
        self.edit(|e| e.ends_run = true)
    }

    /// Notes whose doing it is.
    #[must_use]
    pub fn with_fault(self, fault: Fault) -> Self {
        self.edit(|e| e.fault = fault)
    }

    /// Whose doing it is: that of whoever was at work, unless something else was noted.
    #[must_use]
    pub fn fault(&self) -> Fault {
        self.0.fault
    }

    /// The same outside of the run that it ended: one that stands around it, whose agent that run was, need not end with it, and
    /// bounds that were that run's are its own doing.
    #[must_use]
    pub fn outside_run(self) -> Self {
        if !self.0.ends_run && self.0.fault == Fault::Own {
            return self;
        }
        self.edit(|e| (e.ends_run, e.fault) = (false, Fault::Own))
    }

    /// Adds what a server said.
    #[must_use]
    pub fn with_wire(self, wire: Wire) -> Self {
        self.edit(|e| e.wire = Some(Box::new(wire)))
    }

    /// What a server said, if one did.
    #[must_use]
    pub fn wire(&self) -> Option<&Wire> {
        self.0.wire.as_deref()
    }

    /// The class of the failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What happened, without phase and hint.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The phase it happened in, if it happened in one.
    #[must_use]
    pub fn phase(&self) -> Option<&str> {
        self.0.phase.as_deref()
    }

    /// What the reader can do about it, if anything is known to help.
    #[must_use]
    pub fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The status a server answered with.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The wait a server asked for before the next try.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// After how many attempts it was given up; none when nobody has decided yet whether to try again.
    #[must_use]
    pub fn attempts(&self) -> Option<u32> {
        self.0.attempts
    }

    /// Whether the same call may succeed when made again.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Transient | ErrorKind::RateLimited)
    }

    /// Whether the run as a whole must stop: its time or its host's patience is over, its journal does not go along, or it waits
    /// for a person, so doing with less is not an option.
    #[must_use]
    pub fn ends_run(&self) -> bool {
        self.stops_run() || matches!(self.0.kind, ErrorKind::Cancelled | ErrorKind::DeadlineExceeded)
    }

    /// Whether it ends the run wherever it is met: even inside of an agent, whose own deadline does not.
    #[must_use]
    pub fn stops_run(&self) -> bool {
        self.0.ends_run || self.breaks_journal() || self.is_suspension()
    }

    /// Whether it is no failure, but the run waits for a person.
    #[must_use]
    pub fn is_suspension(&self) -> bool {
        self.0.kind == ErrorKind::Suspended
    }

    /// Whether it is the journal that does not go along.
    #[must_use]
    pub fn breaks_journal(&self) -> bool {
        matches!(self.0.kind, ErrorKind::ReplayRefused | ErrorKind::NotDurable)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(phase) = &self.0.phase {
            write!(f, "{phase}: ")?;
        }
        f.write_str(&self.0.message)?;
        if let Some(hint) = &self.0.hint {
            write!(f, "; {hint}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Error");
        out.field("kind", &self.0.kind).field("message", &self.0.message).field("phase", &self.0.phase);
        if let Some(source) = &self.0.source {
            out.field("source", &format_args!("{source}"));
        }
        out.finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_says_where_what_and_cure() {
        let error = Error::new(ErrorKind::TooLong, "the question has 70000 bytes, the limit is 65536")
            .hint("ask a shorter question")
            .in_phase("normalize")
            .in_phase("outer");
        assert_eq!(
            error.to_string(),
            "normalize: the question has 70000 bytes, the limit is 65536; ask a shorter question"
        );
    }

    #[test]
    fn clones_share_but_edits_do_not_leak() {
        let first = Error::new(ErrorKind::Transient, "reset");
        let second = first.clone().hint("try again").with_status(503).with_retry_after(Duration::from_secs(2));
        assert_eq!(first.hint_text(), None);
        assert_eq!(second.status(), Some(503));
        assert_eq!(second.retry_after(), Some(Duration::from_secs(2)));
    }

    #[test]
    fn what_ended_a_run_ends_no_other_one() {
        let inside = Error::new(ErrorKind::OverBudget, "spent").with_fault(Fault::Run).ending_run();
        let outside = inside.clone().outside_run();
        assert_eq!((inside.stops_run(), inside.fault()), (true, Fault::Run));
        assert_eq!((outside.stops_run(), outside.fault(), outside.message()), (false, Fault::Own, "spent"));
    }
}
