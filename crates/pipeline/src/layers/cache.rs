//! One computation for equal inputs. The key covers every typed field of the input, the phase's name, version and
//! identity, and the scope. Errors are never kept. Equal inputs at the same time share one computation; when the run
//! that computes is dropped, another one takes over.

use std::any::Any;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use ninefold_core::{Error, ErrorKind, Key, Result};
use tokio::time::Instant;

use super::trace::Outcome;

type Shared = Arc<dyn Any + Send + Sync>;

/// An output, and how long it took to compute.
#[derive(Clone)]
struct Computed {
    output: Shared,
    took: Duration,
}

/// A bounded cache of phase outputs. One cache can serve any number of phases; cloning shares it.
#[derive(Clone)]
pub struct PhaseCache {
    entries: Cache<Key, Computed>,
}

impl PhaseCache {
    /// A cache of at most `capacity` outputs, each kept for at most `time_to_live`.
    #[must_use]
    pub fn new(capacity: u64, time_to_live: Duration) -> Self {
        Self { entries: Cache::builder().max_capacity(capacity).time_to_live(time_to_live).build() }
    }
}

/// A phase's access to its cache, with the output's type.
pub(super) struct CacheLayer<Out> {
    cache: PhaseCache,
    share: fn(Out) -> Shared,
    copy: fn(&Shared) -> Option<Out>,
}

impl<Out: Clone + Send + Sync + 'static> CacheLayer<Out> {
    pub(super) fn new(cache: &PhaseCache) -> Self {
        Self {
            cache: cache.clone(),
            share: |value| Arc::new(value),
            copy: |shared| shared.downcast_ref::<Out>().cloned(),
        }
    }
}

impl<Out> CacheLayer<Out> {
    pub(super) async fn get(&self, key: Key, compute: impl Future<Output = Result<Out>>) -> Result<Outcome<Out>> {
        let mut compute = pin!(compute);
        let entry = loop {
            let mut own = false;
            let led = async {
                own = true;
                let started = Instant::now();
                let output = compute.as_mut().await.map(self.share);
                output.map(|output| Computed { output, took: started.elapsed() })
            };
            match self.cache.entries.entry(key).or_try_insert_with(led).await {
                Ok(entry) => break entry,
                // The run that computed is over or out of money, which is nothing to this one.
                Err(error) if !own && (error.ends_run() || error.kind() == ErrorKind::OverBudget) => {}
                Err(error) => return Err((*error).clone()),
            }
        };
        let fresh = entry.is_fresh();
        let value = (self.copy)(&entry.value().output).ok_or_else(|| {
            Error::new(ErrorKind::Permanent, "the cache holds a value of another type under this phase's key")
                .hint("two phases with one name, version and input type share a cache; rename one")
        })?;
        Ok(if fresh { Outcome::computed(value) } else { Outcome::cached(value, entry.value().took) })
    }
}
