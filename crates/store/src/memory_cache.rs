//! The second-level cache in the process's memory: for tests, and for hosts without a database.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use ninefold_core::{Cache, CacheEntry, Key, Result, Retention, Timestamp};

/// A cache in memory; it lives as long as the value. It is bounded by whoever prunes it.
#[derive(Debug, Default)]
pub struct MemoryCache(Mutex<HashMap<String, Space>>);

#[derive(Debug, Default)]
struct Space {
    values: HashMap<Key, Held>,
    /// Counts puts and reads: decides between values that were read at the same time.
    step: u64,
}

#[derive(Debug)]
struct Held {
    value: Vec<u8>,
    expires: Option<Timestamp>,
    read: (Timestamp, u64),
}

impl Held {
    fn expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

impl MemoryCache {
    /// An empty cache.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    // No change is left half made when a thread panics, so a poisoned lock is as good as another.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Space>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Cache for MemoryCache {
    async fn get(&self, space: &str, keys: &[Key], now: Timestamp) -> Result<Vec<Option<Vec<u8>>>> {
        let mut spaces = self.lock();
        let Some(Space { values, step }) = spaces.get_mut(space) else { return Ok(vec![None; keys.len()]) };
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            let held = values.get_mut(key).filter(|held| !held.expired(now));
            found.push(held.map(|held| {
                *step += 1;
                held.read = (held.read.0.max(now), *step);
                held.value.clone()
            }));
        }
        Ok(found)
    }

    async fn put(&self, space: &str, entries: Vec<CacheEntry>, now: Timestamp) -> Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let mut spaces = self.lock();
        let Space { values, step } = spaces.entry(space.to_owned()).or_default();
        for CacheEntry { key, value, expires } in entries {
            *step += 1;
            values.insert(key, Held { value, expires, read: (now, *step) });
        }
        Ok(())
    }

    async fn prune(&self, space: &str, Retention { now, max_bytes }: Retention) -> Result<u64> {
        let mut spaces = self.lock();
        let Some(Space { values, .. }) = spaces.get_mut(space) else { return Ok(0) };
        let before = values.len();
        values.retain(|_, held| !held.expired(now));
        let mut oldest: Vec<(Key, u64, (Timestamp, u64))> =
            values.iter().map(|(key, held)| (*key, held.value.len() as u64, held.read)).collect();
        oldest.sort_unstable_by_key(|&(_, _, read)| read);
        let mut bytes: u64 = oldest.iter().map(|(_, bytes, _)| bytes).sum();
        for (key, size, _) in oldest {
            if bytes <= max_bytes {
                break;
            }
            bytes -= size;
            values.remove(&key);
        }
        let gone = before - values.len();
        if values.is_empty() {
            spaces.remove(space);
        }
        Ok(gone as u64)
    }
}
