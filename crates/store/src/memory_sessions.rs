//! Sessions in the process's memory.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use ninefold_core::sessions::{Resumption, SessionEvent, SessionSummary, Snapshot, Turn, check, out_of_turn};
use ninefold_core::{Result, SessionId, Sessions, Timestamp};

/// Sessions in memory; they live as long as the value.
#[derive(Debug, Default)]
pub struct MemorySessions(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    sessions: HashMap<SessionId, Held>,
    /// How many sessions there ever were: decides between sessions whose latest turns are of the same time.
    begun: u64,
}

#[derive(Debug)]
struct Held {
    place: u64,
    events: Vec<SessionEvent>,
    snapshot: Option<Snapshot>,
    started: Timestamp,
    last: Timestamp,
}

impl MemorySessions {
    /// No sessions.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    // No change is left half made when a thread panics, so a poisoned lock is as good as another.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The events from a number on.
fn from(events: &[SessionEvent], number: u64) -> &[SessionEvent] {
    usize::try_from(number).ok().and_then(|number| events.get(number..)).unwrap_or_default()
}

#[async_trait]
impl Sessions for MemorySessions {
    async fn append(&self, session: &SessionId, turn: Turn) -> Result<u64> {
        check(session, &turn)?;
        let Turn { after, at, events, snapshot } = turn;
        let mut state = self.lock();
        let there = state.sessions.get(session).map_or(0, |held| held.events.len() as u64);
        if there != after {
            return Err(out_of_turn(session, after, there));
        }
        if there == 0 {
            state.begun += 1;
            let held = Held { place: state.begun, events: Vec::new(), snapshot: None, started: at, last: at };
            state.sessions.insert(session.clone(), held);
        }
        let Some(held) = state.sessions.get_mut(session) else { return Err(out_of_turn(session, after, 0)) };
        held.events.extend((there..).zip(events).map(|(number, event)| SessionEvent { number, at, event }));
        held.last = held.last.max(at);
        let covers = held.events.len() as u64;
        if let Some(state) = snapshot {
            held.snapshot = Some(Snapshot { covers, state });
        }
        Ok(covers)
    }

    async fn resume(&self, session: &SessionId) -> Result<Option<Resumption>> {
        let state = self.lock();
        Ok(state.sessions.get(session).map(|held| {
            let snapshot = held.snapshot.clone();
            let covered = snapshot.as_ref().map_or(0, |snapshot| snapshot.covers);
            Resumption { snapshot, events: from(&held.events, covered).to_vec() }
        }))
    }

    async fn events(&self, session: &SessionId, first: u64, limit: usize) -> Result<Vec<SessionEvent>> {
        let state = self.lock();
        let events = state.sessions.get(session).map(|held| from(&held.events, first)).unwrap_or_default();
        Ok(events.iter().take(limit).cloned().collect())
    }

    async fn list(&self, limit: usize) -> Result<Vec<SessionSummary>> {
        let state = self.lock();
        let mut all: Vec<(&SessionId, &Held)> = state.sessions.iter().collect();
        all.sort_unstable_by_key(|(_, held)| Reverse((held.last, held.place)));
        let summary = |(session, held): (&SessionId, &Held)| SessionSummary {
            session: session.clone(),
            events: held.events.len() as u64,
            started: held.started,
            last: held.last,
        };
        Ok(all.into_iter().take(limit).map(summary).collect())
    }

    async fn remove(&self, session: &SessionId) -> Result<bool> {
        Ok(self.lock().sessions.remove(session).is_some())
    }

    async fn prune(&self, last_before: Timestamp) -> Result<u64> {
        let mut state = self.lock();
        let before = state.sessions.len();
        state.sessions.retain(|_, held| held.last >= last_before);
        Ok((before - state.sessions.len()) as u64)
    }
}
