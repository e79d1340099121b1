//! The journal in the process's memory: for tests, and for hosts that resume within one process.

use std::collections::{HashMap, HashSet};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use async_trait::async_trait;
use ninefold_core::journal::{Entry, Header, Journal, Position, RecordedRun};
use ninefold_core::{Error, ErrorKind, Result, RunId, Timestamp};

/// A journal in memory; it lives as long as the value.
#[derive(Debug, Default)]
pub struct MemoryJournal(RwLock<State>);

#[derive(Debug, Default)]
struct State {
    runs: HashMap<RunId, Record>,
    /// How many runs ever began: decides between runs that started at the same time.
    begun: u64,
}

#[derive(Debug)]
struct Record {
    number: u64,
    run: RecordedRun,
    taken: HashSet<Position>,
}

impl MemoryJournal {
    /// An empty journal.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    // No change is left half made when a thread panics, so a poisoned lock is as good as another.
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The error for a run that began already.
pub(crate) fn begun_already(run: RunId) -> Error {
    Error::new(ErrorKind::Conflict, format!("run {run} is in the journal already"))
        .hint("resume it, or begin a run with another id")
}

/// The error for a position that is taken.
pub(crate) fn position_taken(run: RunId, entry: &Entry) -> Error {
    let Position { branch, ordinal } = entry.position;
    Error::new(
        ErrorKind::Conflict,
        format!("run {run} has finished phase {ordinal} of branch {branch:x} already: somebody else works on the run"),
    )
    .hint("let one process at a time resume a run")
}

/// The error for entries of a run that never began.
pub(crate) fn never_began(run: RunId) -> Error {
    Error::new(ErrorKind::InvalidInput, format!("run {run} is not in the journal, so nothing can be appended to it"))
        .hint("begin the run first; it may have been pruned")
}

/// The error for the end of a run that never began.
pub(crate) fn not_found(run: RunId) -> Error {
    Error::new(ErrorKind::NotFound, format!("run {run} is not in the journal"))
        .hint("begin the run first; it may have been pruned")
}

#[async_trait]
impl Journal for MemoryJournal {
    async fn load(&self, run: RunId) -> Result<Option<RecordedRun>> {
        Ok(self.read().runs.get(&run).map(|record| record.run.clone()))
    }

    async fn begin(&self, run: RunId, header: Header) -> Result<()> {
        let mut state = self.write();
        if state.runs.contains_key(&run) {
            return Err(begun_already(run));
        }
        state.begun += 1;
        let recorded = RecordedRun { header, entries: Vec::new(), finished: None };
        let record = Record { number: state.begun, run: recorded, taken: HashSet::new() };
        state.runs.insert(run, record);
        Ok(())
    }

    async fn append(&self, run: RunId, entries: Vec<Entry>) -> Result<()> {
        let mut state = self.write();
        let record = state.runs.get_mut(&run).ok_or_else(|| never_began(run))?;
        for (n, entry) in entries.iter().enumerate() {
            if !record.taken.insert(entry.position) {
                let undone: Vec<Position> = entries.iter().take(n).map(|entry| entry.position).collect();
                undone.iter().for_each(|position| {
                    record.taken.remove(position);
                });
                return Err(position_taken(run, entry));
            }
        }
        record.run.entries.extend(entries);
        Ok(())
    }

    async fn finish(&self, run: RunId, at: Timestamp) -> Result<()> {
        let mut state = self.write();
        let record = state.runs.get_mut(&run).ok_or_else(|| not_found(run))?;
        record.run.finished.get_or_insert(at);
        Ok(())
    }

    async fn unfinished(&self) -> Result<Vec<(RunId, Header)>> {
        let state = self.read();
        let mut open: Vec<_> = state.runs.iter().filter(|(_, record)| record.run.finished.is_none()).collect();
        open.sort_unstable_by_key(|(_, record)| (record.run.header.started, record.number));
        Ok(open.into_iter().map(|(run, record)| (*run, record.run.header.clone())).collect())
    }

    async fn unfinished_with(&self, phases: &[&str]) -> Result<Vec<(RunId, Header, Vec<Entry>)>> {
        let state = self.read();
        let mut with = Vec::new();
        for (id, Record { run, number, .. }) in state.runs.iter().filter(|(_, record)| record.run.finished.is_none()) {
            let entries: Vec<_> =
                run.entries.iter().filter(|entry| phases.contains(&entry.phase.as_str())).cloned().collect();
            if !entries.is_empty() {
                with.push((*number, (*id, run.header.clone(), entries)));
            }
        }
        with.sort_unstable_by_key(|(number, (_, header, _))| (header.started, *number));
        Ok(with.into_iter().map(|(_, run)| run).collect())
    }

    async fn prune(&self, finished_before: Timestamp) -> Result<u64> {
        let mut state = self.write();
        let before = state.runs.len();
        state.runs.retain(|_, record| record.run.finished.is_none_or(|finished| finished >= finished_before));
        Ok((before - state.runs.len()) as u64)
    }

    async fn prune_unfinished(&self, idle_since: Timestamp) -> Result<u64> {
        let mut state = self.write();
        let before = state.runs.len();
        state.runs.retain(|_, Record { run, .. }| {
            let last = run.entries.iter().map(|entry| entry.at).max().unwrap_or(run.header.started);
            run.finished.is_some() || last.max(run.header.started) >= idle_since
        });
        Ok((before - state.runs.len()) as u64)
    }
}
