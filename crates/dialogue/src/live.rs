//! The sessions that are in use: each has one seat, at which its turns queue, and on which is kept where it stands.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use moka::sync::Cache;
use ninefold_core::{Error, ErrorKind, Key, Result, SessionId};
use smol_str::SmolStr;
use tokio::sync::MutexGuard;

use crate::engine::state::State;

/// Where a session stands.
#[derive(Debug, Default)]
pub(crate) struct Live {
    /// After its last turn.
    pub(crate) state: State,
    /// How many events it has.
    pub(crate) events: u64,
    /// The program under which its last turn was taken; none before the first.
    pub(crate) under: Option<Key>,
    /// The flow that was at the bottom then, which this program need not have.
    pub(crate) open: Option<SmolStr>,
    /// Where it stood before that turn, if the turn was taken here: for the inspector.
    pub(crate) last: Option<Box<Last>>,
}

/// The latest turn of a session, taken in this process.
#[derive(Debug)]
pub(crate) struct Last {
    /// Where the session stood before it.
    pub(crate) before: Live,
    /// The hash of the event that was written of it: another may have written since, or have removed the session.
    written: u64,
}

impl Last {
    /// A turn of which an event with this hash was written.
    pub(crate) fn of(mut before: Live, written: u64) -> Box<Self> {
        before.last = None;
        Box::new(Self { before, written })
    }

    /// Whether this is the event that was written of it.
    pub(crate) fn wrote(&self, event: &str) -> bool {
        self.written == hash(event)
    }
}

/// By what an event is known again in this process.
pub(crate) fn hash(event: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    event.hash(&mut hasher);
    hasher.finish()
}

/// The most turns of one session that wait for the one under way. Further ones are refused as `RateLimited`.
const MOST_WAITING: usize = 64;

/// One session's place: who holds it takes a turn.
#[derive(Default)]
pub(crate) struct Seat {
    place: tokio::sync::Mutex<Option<Live>>,
    waiting: AtomicUsize,
}

/// Somebody who waits for a seat.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Seat {
    /// The seat, if nobody has it.
    pub(crate) fn free(&self) -> Option<MutexGuard<'_, Option<Live>>> {
        self.place.try_lock().ok()
    }

    /// Waits for the seat, behind those who came before. `session` is whose it is.
    ///
    /// # Errors
    /// `RateLimited` when too many wait already.
    pub(crate) async fn taken(&self, session: &SessionId) -> Result<MutexGuard<'_, Option<Live>>> {
        let another = |waiting: usize| (waiting < MOST_WAITING).then_some(waiting + 1);
        if self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, another).is_err() {
            let what = format!("session {:?} is busy: {MOST_WAITING} turns wait for the one under way", session.0);
            return Err(Error::new(ErrorKind::RateLimited, what)
                .hint("take the message again when others of the session are answered; send fewer at once"));
        }
        let _waiting = Waiting(&self.waiting);
        Ok(self.place.lock().await)
    }
}

/// Work at a session that is no turn, within this time.
///
/// # Errors
/// Those of the work; `DeadlineExceeded`.
pub(crate) async fn within<T>(
    limit: Duration,
    what: &str,
    session: &SessionId,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
        let what = format!("session {:?} could not be {what} within {limit:?}", session.0);
        Err(Error::new(ErrorKind::DeadlineExceeded, what).hint(
            "a turn of it, or its store, takes longer: try again, see what its store waits for, or allow more time",
        ))
    })
}

/// The seats of all sessions. A bounded number is kept between turns; beyond it, a seat lasts as long as somebody holds it or waits
/// for it, so that there never are two for one session.
pub(crate) struct Seats {
    kept: Cache<SessionId, Arc<Seat>>,
    all: Mutex<All>,
}

struct All {
    seats: HashMap<SessionId, Weak<Seat>>,
    /// At so many, those that are gone are taken out.
    sweep_at: usize,
}

/// The fewest seats that are looked through.
const FEWEST: usize = 1_024;

impl Seats {
    pub(crate) fn new(kept: u64) -> Self {
        Self { kept: Cache::new(kept), all: Mutex::new(All { seats: HashMap::new(), sweep_at: FEWEST }) }
    }

    pub(crate) fn of(&self, session: &SessionId) -> Arc<Seat> {
        if let Some(seat) = self.kept.get(session) {
            return seat;
        }
        let seat = {
            // No change is left half made when a thread panics, so a poisoned lock is as good as another.
            let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
            if all.seats.len() >= all.sweep_at {
                all.seats.retain(|_, seat| seat.strong_count() > 0);
                all.sweep_at = (all.seats.len() * 2).max(FEWEST);
            }
            if let Some(seat) = all.seats.get(session).and_then(Weak::upgrade) {
                seat
            } else {
                let seat = Arc::new(Seat::default());
                all.seats.insert(session.clone(), Arc::downgrade(&seat));
                seat
            }
        };
        self.kept.insert(session.clone(), Arc::clone(&seat));
        seat
    }

    /// As though all sessions had been idle for long.
    #[cfg(test)]
    pub(crate) fn forget_all(&self) {
        self.kept.invalidate_all();
        self.kept.run_pending_tasks();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_has_one_seat_however_few_are_kept() {
        for kept in [0, 1, 100] {
            let seats = Seats::new(kept);
            let held = seats.of(&"anna".into());
            for n in 0..5_000 {
                seats.of(&format!("{n}").into());
            }
            seats.kept.run_pending_tasks();
            assert!(Arc::ptr_eq(&held, &seats.of(&"anna".into())), "{kept} kept");
            let all = seats.all.lock().unwrap().seats.len();
            assert!(all <= FEWEST * 2, "{all} seats are known of, {kept} are kept");
        }
    }
}
