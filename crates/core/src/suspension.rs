//! Runs that wait for a person. A phase, an agent or a tool asks by [`Cx::ask`]; the run is parked in its journal and
//! ends as [`ErrorKind::Suspended`], whoever is asked takes his time, [`supply`] writes down what he says, and the run is resumed,
//! in any process: what had finished is replayed, and the same call of `ask` returns the answer.
//!
//! A question stands in the journal as an entry of its own branch, with ordinal 0; its answer has ordinal 1. The branch follows from
//! where in the run it was asked, so that it is the same whenever the run gets there.

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::budget::Expense;
use crate::cache_key::Key;
use crate::clock::Timestamp;
use crate::cx::Cx;
use crate::error::{Error, ErrorKind, Result};
use crate::event::Event;
use crate::id::RunId;
use crate::inquiry::{Inquiry, InquiryId, Supplied};
use crate::inside::inside;
use crate::journal::{Entry, Header, Journal, Kept, Position, RecordedRun, RunLog, not_durable};
use crate::span;

/// What stands in the journal as the phase of a question, and of its answer.
const ASKED: &str = "? a person is asked";
const ANSWERED: &str = "! a person has answered";

/// A question that a run waits for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OpenInquiry {
    /// Which.
    pub id: InquiryId,
    /// What is asked.
    #[serde(flatten)]
    pub inquiry: Inquiry,
    /// When it was asked first.
    pub asked: Timestamp,
}

/// The cause of an error of kind `Suspended`: which run waits, and for what. Of several questions it is one; [`open`] has all.
#[derive(Debug, Clone, PartialEq)]
pub struct Suspension {
    /// The run.
    pub run: RunId,
    /// What it waits for.
    pub waits_for: OpenInquiry,
}

impl Suspension {
    /// What a run waits for that ended with this error; none when the error is another one.
    #[must_use]
    pub fn of(error: &Error) -> Option<&Self> {
        StdError::source(error)?.downcast_ref()
    }

    fn error(self) -> Error {
        let what = format!("the run waits for a person: {}", self.waits_for.inquiry.text);
        let hint = format!("answer question {} of run {} and resume it", self.waits_for.id, self.run);
        Error::new(ErrorKind::Suspended, what).hint(hint).caused_by(self)
    }
}

impl fmt::Display for Suspension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run {} waits for question {}", self.run, self.waits_for.id)
    }
}

impl StdError for Suspension {}

impl Cx {
    /// Asks a person. The answer is that of the journal, if it is there; otherwise the question is written there and the run ends,
    /// to be resumed when it was answered: hand the error on. The question's place is taken when this is called, so parallel
    /// branches ask from a [`Cx::branch`] each.
    ///
    /// # Errors
    /// `Suspended` while there is no answer; `Permanent` when the run has no journal; `ReplayRefused` when something else was
    /// asked at this place; `NotDurable`, `Cancelled`, `DeadlineExceeded` from writing it down.
    pub fn ask(&self, inquiry: Inquiry) -> impl Future<Output = Result<Supplied>> + Send + '_ {
        let place = self.take_position().map(|position| self.inside(position));
        async move {
            let position = place.as_ref().and_then(Self::take_position);
            let Some((position, log)) = position.zip(self.log()) else {
                let what = format!("a person is to be asked, and the run has no journal to wait in: {}", inquiry.text);
                return Err(Error::new(ErrorKind::Permanent, what).hint("build the pipeline with a journal"));
            };
            self.asked(inquiry, position, log).await
        }
    }

    /// Asks a person for yes or no; see [`Cx::ask`].
    ///
    /// # Errors
    /// As [`Cx::ask`].
    pub async fn ask_approval(&self, text: impl Into<String> + Send) -> Result<bool> {
        Ok(self.ask(Inquiry::approval(text)).await? == Supplied::Approval(true))
    }

    /// Asks a person for a text; see [`Cx::ask`].
    ///
    /// # Errors
    /// As [`Cx::ask`].
    pub async fn ask_text(&self, text: impl Into<String> + Send) -> Result<String> {
        match self.ask(Inquiry::text(text)).await? {
            Supplied::Text(text) => Ok(text),
            Supplied::Approval(_) => Err(unreadable(ANSWERED)),
        }
    }

    async fn asked(&self, inquiry: Inquiry, position: Position, log: &RunLog) -> Result<Supplied> {
        let key = Key::of(&inquiry)?;
        let asked = match log.recorded(position) {
            Some(entry) if entry.phase != ASKED || entry.key != key => {
                let what = format!("the run asked a person something else at this place before: {}", inquiry.text);
                return Err(Error::new(ErrorKind::ReplayRefused, what)
                    .hint("finish the run with the code that started it, or start a new run"));
            }
            Some(entry) => {
                if let Some(entry) = log.recorded(answer_of(position)) {
                    let supplied = read::<Supplied>(&entry).ok_or_else(|| unreadable(ANSWERED))?;
                    inquiry.wanted.check(&supplied).map_err(|_| unreadable(ANSWERED))?;
                    return Ok(supplied);
                }
                entry.at
            }
            None => {
                let at = self.now();
                let output = written(&Kept { spent: self.budget().spent(), value: &inquiry })?;
                let entry = Entry { position, phase: SmolStr::new_static(ASKED), key, output, at };
                inside(span::journal(), self.within_bounds(log.write_through(entry))).await.map_err(not_durable)?;
                at
            }
        };
        let waits_for = OpenInquiry { id: InquiryId(position.branch), inquiry, asked };
        self.tell(|| Event::Asked(waits_for.clone())).await;
        Err(Suspension { run: self.run_id(), waits_for }.error())
    }
}

/// Where the answer to the question at this place stands.
fn answer_of(asked: Position) -> Position {
    Position { ordinal: asked.ordinal.saturating_add(1), ..asked }
}

fn written<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| {
        Error::new(ErrorKind::InvalidInput, "a question to a person cannot be written down").caused_by(error)
    })
}

fn read<T: for<'de> Deserialize<'de>>(entry: &Entry) -> Option<T> {
    serde_json::from_str::<Kept<T>>(&entry.output).ok().map(|kept| kept.value)
}

fn unreadable(what: &str) -> Error {
    Error::new(ErrorKind::ReplayRefused, format!("what the journal has of a question cannot be read ({what:?})"))
        .hint("start a new run")
}

/// What a run waits for, in the order of asking: several questions when branches of it ask at the same time. Nothing when it has
/// finished.
#[must_use]
pub fn open(run: &RecordedRun) -> Vec<OpenInquiry> {
    if run.finished.is_some() {
        return Vec::new();
    }
    unanswered(&run.entries)
}

fn unanswered(entries: &[Entry]) -> Vec<OpenInquiry> {
    let answered = |asked: &Entry| entries.iter().any(|entry| entry.position == answer_of(asked.position));
    let asked = entries.iter().filter(|entry| entry.phase == ASKED && !answered(entry));
    let open = |entry: &Entry| {
        Some(OpenInquiry { id: InquiryId(entry.position.branch), inquiry: read(entry)?, asked: entry.at })
    };
    asked.filter_map(open).collect()
}

/// The runs of a journal that wait for a person, oldest first, each with what it waits for. Of the runs nothing is read but
/// what they ask.
///
/// # Errors
/// What the journal says.
pub async fn suspended(journal: &dyn Journal) -> Result<Vec<(RunId, Header, Vec<OpenInquiry>)>> {
    let runs = journal.unfinished_with(&[ASKED, ANSWERED]).await?.into_iter();
    let waiting = runs.map(|(run, header, entries)| (run, header, unanswered(&entries)));
    Ok(waiting.filter(|(_, _, open)| !open.is_empty()).collect())
}

/// Writes down what a person answers. The same answer again changes nothing.
///
/// # Errors
/// `NotFound` when the journal has no such run or the run no such question; `InvalidInput` or `TooLong` for an answer that is not of the kind
/// that is wanted; `Conflict` when the question was answered otherwise, or the run has finished; what the journal says.
pub async fn supply(
    journal: &dyn Journal,
    run: RunId,
    id: InquiryId,
    supplied: impl Into<Supplied>,
    at: Timestamp,
) -> Result<()> {
    let supplied = supplied.into();
    let recorded = journal.load(run).await?.ok_or_else(|| {
        Error::new(ErrorKind::NotFound, format!("the journal knows no run {run}")).hint("it may have been pruned")
    })?;
    let of = |position: Position| recorded.entries.iter().find(|entry| entry.position == position);
    let position = Position { branch: id.0, ordinal: 0 };
    let inquiry = of(position).filter(|entry| entry.phase == ASKED).and_then(read::<Inquiry>);
    let Some(inquiry) = inquiry else {
        let open: Vec<String> = open(&recorded).iter().map(|open| open.id.to_string()).collect();
        let hint = if open.is_empty() {
            "the run waits for nothing".to_owned()
        } else {
            format!("the run waits for {}", open.join(", "))
        };
        return Err(Error::new(ErrorKind::NotFound, format!("run {run} has no question {id}")).hint(hint));
    };
    inquiry.wanted.check(&supplied)?;
    if let Some(entry) = of(answer_of(position)) {
        return same(entry, &supplied, run, id);
    }
    if recorded.finished.is_some() {
        return Err(Error::new(ErrorKind::Conflict, format!("run {run} has finished without question {id}")));
    }
    let output = written(&Kept { spent: Expense::default(), value: &supplied })?;
    let phase = SmolStr::new_static(ANSWERED);
    let entry = Entry { position: answer_of(position), phase, key: Key::of(&supplied)?, output, at };
    match journal.append(run, vec![entry]).await {
        // Somebody was faster.
        Err(error) if error.kind() == ErrorKind::Conflict => {
            let recorded = journal.load(run).await?.map(|recorded| recorded.entries).unwrap_or_default();
            let there = recorded.iter().find(|entry| entry.position == answer_of(position));
            there.map_or(Err(error), |entry| same(entry, &supplied, run, id))
        }
        other => other,
    }
}

fn same(entry: &Entry, supplied: &Supplied, run: RunId, id: InquiryId) -> Result<()> {
    if read::<Supplied>(entry).as_ref() == Some(supplied) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Conflict, format!("question {id} of run {run} was answered otherwise already"))
        .hint("resume the run; what was answered stays"))
}
