//! One computation for equal inputs. The key covers every typed field of the input, the phase's name, version and
//! identity, and the scope. Errors are never kept. Equal inputs at the same time share one computation; when the run
//! that computes is dropped, another one takes over.

use std::any::Any;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use moka::future::Cache;
use ninefold_core::{Error, ErrorKind, Key, Result, span};
use tokio::time::Instant;

use super::trace::{Outcome, traced};

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
        let called = Instant::now();
        let entry = loop {
            let leads = AtomicBool::new(false);
            let led = async {
                leads.store(true, Ordering::Relaxed);
                let started = Instant::now();
                let output = compute.as_mut().await.map(self.share);
                output.map(|output| Computed { output, took: started.elapsed() })
            };
            let mut entry = pin!(self.cache.entries.entry(key).or_try_insert_with(led));
            let entry = match poll_once(entry.as_mut()).await {
                Poll::Ready(entry) => entry.map_err(|error| (*error).clone()),
                Poll::Pending if leads.load(Ordering::Relaxed) => entry.await.map_err(|error| (*error).clone()),
                Poll::Pending => traced(span::queue(), async { entry.await.map_err(|error| (*error).clone()) }).await,
            };
            match entry {
                Ok(entry) => break entry,
                // The run that computed is over or out of money, which is nothing to this one.
                Err(error)
                    if !leads.load(Ordering::Relaxed)
                        && (error.ends_run() || error.kind() == ErrorKind::OverBudget) => {}
                Err(error) => return Err(error),
            }
        };
        let fresh = entry.is_fresh();
        let value = (self.copy)(&entry.value().output).ok_or_else(|| {
            Error::new(ErrorKind::Permanent, "the cache holds a value of another type under this phase's key")
                .hint("two phases with one name, version and input type share a cache; rename one")
        })?;
        // Who waited for another run's computation was spared only what was not waited for.
        let spared = || entry.value().took.saturating_sub(called.elapsed());
        Ok(if fresh { Outcome::computed(value) } else { Outcome::cached(value, spared()) })
    }
}

/// Whether the future is done when it is polled once.
pub(crate) async fn poll_once<F: Future + ?Sized>(mut future: Pin<&mut F>) -> Poll<F::Output> {
    std::future::poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await
}
