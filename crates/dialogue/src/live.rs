//! The sessions that are in use: each has one seat, at which its turns queue, and on which is kept where it stands.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use moka::sync::Cache;
use ninefold_core::{Key, SessionId};
use smol_str::SmolStr;

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
}

/// One session's place: who holds it takes a turn.
pub(crate) type Seat = tokio::sync::Mutex<Option<Live>>;

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
