//! The spans of a host's registry that a layer has recorded: which address each id stands for.
//!
//! The registry could keep that with the span, at the price of an allocation for each.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tracing::span::Id;

use crate::address::Address;
use crate::directory::Spread;

type Addresses = HashMap<u64, Address, BuildHasherDefault<Spread>>;

/// So many that threads recording at the same time seldom meet.
const SHARDS: usize = 16;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    shards: [Mutex<Addresses>; SHARDS],
    open: AtomicUsize,
}

impl Heard {
    /// Notes a span that was made.
    pub(crate) fn insert(&self, span: &Id, address: Address) {
        if self.shard(span).is_some_and(|mut shard| shard.insert(span.into_u64(), address).is_none()) {
            self.open.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The address of an open span.
    pub(crate) fn get(&self, span: &Id) -> Option<Address> {
        if self.is_empty() { None } else { self.shard(span)?.get(&span.into_u64()).copied() }
    }

    /// Strikes off a span that was closed.
    pub(crate) fn remove(&self, span: &Id) -> Option<Address> {
        if self.is_empty() {
            return None;
        }
        let address = self.shard(span)?.remove(&span.into_u64())?;
        self.open.fetch_sub(1, Ordering::Relaxed);
        Some(address)
    }

    /// A cheap way out for spans outside of recordings. Whoever may ask about a span has heard of its being made.
    fn is_empty(&self) -> bool {
        self.open.load(Ordering::Relaxed) == 0
    }

    fn shard(&self, span: &Id) -> Option<MutexGuard<'_, Addresses>> {
        let shard = usize::try_from(span.into_u64()).ok()? % SHARDS;
        Some(self.shards.get(shard)?.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
