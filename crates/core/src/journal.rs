//! Durable runs. Finished phases are appended to a journal; when the same code runs again for the same run, it gets
//! their outputs from there instead of doing the work a second time.
//!
//! An entry is found by its [`Position`]: the branch of the run and the ordinal of the phase in it. Phase name,
//! version and input key are stored with it and compared, so that changed code or input is refused, not replayed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::budget::Expense;
use crate::cache_key::Key;
use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind, Result};
use crate::id::RunId;

/// How much of a run survives its process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// Nothing is written.
    #[default]
    Off,
    /// The run is noted when it starts, its phases when it ends: one write each. A run killed between starts over
    /// when resumed, unless it asks a person: then what is asked is written at once, and what it has done with it.
    Run,
    /// Every phase is written before the next one starts. A run killed after phase k continues with phase k + 1.
    Phase,
}

/// What a run is, written when it starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The pipeline's name.
    pub pipeline: SmolStr,
    /// The key of everything that decides what the pipeline does: its phases' versions, its configuration.
    pub definition: Key,
    /// The run's input as JSON, from which it can be resumed.
    pub input: String,
    /// When it started.
    pub started: Timestamp,
}

/// Where in a run a phase stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// The branch: 0 for the trunk, otherwise a hash of how it was reached.
    pub branch: u64,
    /// The number of the phase in its branch, from 0.
    pub ordinal: u32,
}

/// One finished phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Where it stands.
    pub position: Position,
    /// Its name.
    pub phase: SmolStr,
    /// The key of its version, input and scope.
    pub key: Key,
    /// Its output as JSON, with what the run had spent by then.
    pub output: String,
    /// When it finished.
    pub at: Timestamp,
}

/// A run as the journal holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedRun {
    /// What it is.
    pub header: Header,
    /// Its finished phases.
    pub entries: Vec<Entry>,
    /// When it finished, if it did.
    pub finished: Option<Timestamp>,
}

/// The form of [`Entry::output`]: a value with what the run had spent when it was made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Kept<T> {
    /// What the run had spent; not written when that is nothing, as in a run without a model.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub spent: Expense,
    /// What was made.
    pub value: T,
}

fn is_nothing(spent: &Expense) -> bool {
    *spent == Expense::default()
}

/// Where durable runs are written. Every implementation passes `ninefold_testkit::journal_suite`.
#[async_trait]
pub trait Journal: Send + Sync {
    /// The run with this identity.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` from the medium.
    async fn load(&self, run: RunId) -> Result<Option<RecordedRun>>;

    /// Writes down that a run starts.
    ///
    /// # Errors
    /// `Conflict` when the run exists already; `Unavailable` or `Corrupt` from the medium.
    async fn begin(&self, run: RunId, header: Header) -> Result<()>;

    /// Writes down finished phases. When this returns, they survive the process.
    ///
    /// # Errors
    /// `Conflict` when a position is taken already (somebody else works on the run); `InvalidInput` when the run is unknown;
    /// `Unavailable` or `Corrupt` from the medium.
    async fn append(&self, run: RunId, entries: Vec<Entry>) -> Result<()>;

    /// Writes down that a run has finished.
    ///
    /// # Errors
    /// `NotFound` when the run is unknown; `Unavailable` or `Corrupt` from the medium.
    async fn finish(&self, run: RunId, at: Timestamp) -> Result<()>;

    /// The runs that started and did not finish, oldest first.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` from the medium.
    async fn unfinished(&self) -> Result<Vec<(RunId, Header)>>;

    /// The unfinished runs that have entries of a phase of one of these names, oldest first, each with those entries alone, in the
    /// order they were appended.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` from the medium.
    async fn unfinished_with(&self, phases: &[&str]) -> Result<Vec<(RunId, Header, Vec<Entry>)>>;

    /// Removes runs that finished before this time; returns how many.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` from the medium.
    async fn prune(&self, finished_before: Timestamp) -> Result<u64>;

    /// Removes runs that did not finish and to which nothing was written since this time: nobody will resume them.
    /// Returns how many.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` from the medium.
    async fn prune_unfinished(&self, idle_since: Timestamp) -> Result<u64>;
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a run says whose journal does not go along; what ends the run anyway stays as it is.
#[must_use]
pub fn not_durable(error: Error) -> Error {
    if error.ends_run() {
        return error;
    }
    let what = format!("the journal does not go along: {}", error.message());
    let hint = error.hint_text().unwrap_or("mend the journal and resume the run").to_owned();
    Error::new(ErrorKind::NotDurable, what).hint(hint).caused_by(error)
}

/// The journal as one run sees it: what was recorded before, and where new entries go.
pub struct RunLog {
    journal: Arc<dyn Journal>,
    run: RunId,
    durability: Durability,
    recorded: Mutex<HashMap<Position, Entry>>,
    pending: Mutex<Vec<Entry>>,
}

impl RunLog {
    /// The log of `run`, holding what was recorded before.
    #[must_use]
    pub fn new(journal: Arc<dyn Journal>, run: RunId, durability: Durability, recorded: Vec<Entry>) -> Self {
        let recorded = recorded.into_iter().map(|entry| (entry.position, entry)).collect();
        Self { journal, run, durability, recorded: Mutex::new(recorded), pending: Mutex::default() }
    }

    /// What was recorded at this position before.
    #[must_use]
    pub fn recorded(&self, position: Position) -> Option<Entry> {
        lock(&self.recorded).get(&position).cloned()
    }

    /// Writes an entry now ([`Durability::Phase`]) or keeps it for the end ([`Durability::Run`]).
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub async fn append(&self, entry: Entry) -> Result<()> {
        // A phase that is tried again asks a second time for what was done inside of it.
        let inside = (entry.position.branch != 0).then(|| entry.clone());
        self.write(entry).await?;
        if let Some(entry) = inside {
            lock(&self.recorded).insert(entry.position, entry);
        }
        Ok(())
    }

    async fn write(&self, entry: Entry) -> Result<()> {
        match self.durability {
            Durability::Off => Ok(()),
            Durability::Run => {
                lock(&self.pending).push(entry);
                Ok(())
            }
            Durability::Phase => self.journal.append(self.run, vec![entry]).await,
        }
    }

    /// Writes an entry now, and what was kept before it: somebody is about to be told of it, and may answer at once. Without what
    /// led to it, a run that is killed then might come to another place and not find its answer.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub async fn write_through(&self, entry: Entry) -> Result<()> {
        let mut entries = std::mem::take(&mut *lock(&self.pending));
        entries.push(entry.clone());
        self.journal.append(self.run, entries).await?;
        lock(&self.recorded).insert(entry.position, entry);
        Ok(())
    }

    /// Writes what was kept, for a run that goes on in another process: a person is asked.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub async fn park(&self) -> Result<()> {
        let pending = std::mem::take(&mut *lock(&self.pending));
        if pending.is_empty() { Ok(()) } else { self.journal.append(self.run, pending).await }
    }

    /// Writes what was kept and that the run has finished.
    ///
    /// # Errors
    /// As [`Journal::append`] and [`Journal::finish`].
    pub async fn finish(&self, at: Timestamp) -> Result<()> {
        self.park().await?;
        self.journal.finish(self.run, at).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_spent_is_written_when_it_is_something() {
        let spent = Expense { calls: 2, ..Expense::default() };
        let written = serde_json::to_string(&Kept { spent, value: 7 }).unwrap();
        assert_eq!(serde_json::from_str::<Kept<u32>>(&written).unwrap().spent, spent);
        let written = serde_json::to_string(&Kept { spent: Expense::default(), value: 7 }).unwrap();
        assert_eq!(written, r#"{"value":7}"#);
        assert_eq!(serde_json::from_str::<Kept<u32>>(&written).unwrap().spent, Expense::default());
    }
}
