//! One upload at a time for each key. Whoever waits while it fails, fails with it; whoever comes later tries anew.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use ninefold_core::Error;
use ninefold_core::uploads::UploadKey;

/// The failure of an upload that others wait for.
type Turn = tokio::sync::Mutex<Option<Error>>;

/// The uploads under way.
#[derive(Default)]
pub(super) struct Flights(Mutex<HashMap<UploadKey, Weak<Turn>>>);

/// A place among those who want the same file uploaded.
pub(super) struct Flight<'a> {
    flights: &'a Flights,
    key: UploadKey,
    turn: Arc<Turn>,
}

impl Flights {
    // No change is left half made when a thread panics, so a poisoned lock is as good as another.
    fn lock(&self) -> MutexGuard<'_, HashMap<UploadKey, Weak<Turn>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place.
    pub(super) fn join(&self, key: &UploadKey) -> Flight<'_> {
        let mut flights = self.lock();
        let turn = flights.get(key).and_then(Weak::upgrade).unwrap_or_else(|| {
            let turn = Arc::new(Turn::default());
            flights.insert(key.clone(), Arc::downgrade(&turn));
            turn
        });
        Flight { flights: self, key: key.clone(), turn }
    }
}

impl Flight<'_> {
    /// Waits for the one before; his error, if he failed. A place that is given up lets the next one go on.
    pub(super) async fn turn(&self) -> tokio::sync::MutexGuard<'_, Option<Error>> {
        self.turn.lock().await
    }

    /// Whoever comes from now on begins anew.
    pub(super) fn shut(&self) {
        let mut flights = self.flights.lock();
        if flights.get(&self.key).is_some_and(|turn| std::ptr::eq(turn.as_ptr(), Arc::as_ptr(&self.turn))) {
            flights.remove(&self.key);
        }
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        // The last one; nobody joins while the map is locked.
        let mut flights = self.flights.lock();
        if Arc::strong_count(&self.turn) == 1
            && flights.get(&self.key).is_some_and(|turn| std::ptr::eq(turn.as_ptr(), Arc::as_ptr(&self.turn)))
        {
            flights.remove(&self.key);
        }
    }
}
