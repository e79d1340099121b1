//! The spans of a host's registry that a layer has recorded: which address each id stands for.
//!
//! The registry could keep that with the span, at the price of an allocation for each.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use tracing::span::Id;

use crate::address::Address;
use crate::directory::{self, Spread};

type Addresses = HashMap<u64, Address, BuildHasherDefault<Spread>>;

/// So many that threads recording at the same time seldom meet.
const SHARDS: usize = 16;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    shards: [Shard; SHARDS],
}

#[derive(Debug, Default)]
struct Shard {
    addresses: Mutex<Addresses>,
    /// How many there are: a cheap way out for spans outside of recordings. Whoever may ask about a span has heard of
    /// its being made.
    len: AtomicUsize,
}

impl Heard {
    /// Notes a span that was made.
    pub(crate) fn insert(&self, span: &Id, address: Address) {
        self.with(span, |addresses| addresses.insert(span.into_u64(), address), true);
    }

    /// The address of an open span.
    pub(crate) fn get(&self, span: &Id) -> Option<Address> {
        self.with(span, |addresses| addresses.get(&span.into_u64()).copied(), false)
    }

    /// Strikes off a span that was closed.
    pub(crate) fn remove(&self, span: &Id) -> Option<Address> {
        self.with(span, |addresses| addresses.remove(&span.into_u64()), false)
    }

    fn with<T>(&self, span: &Id, act: impl FnOnce(&mut Addresses) -> Option<T>, adds: bool) -> Option<T> {
        let shard = self.shards.get(usize::try_from(span.into_u64()).ok()? % SHARDS)?;
        if !adds && shard.len.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let mut addresses = shard.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        let found = act(&mut addresses);
        shard.len.store(addresses.len(), Ordering::Relaxed);
        found
    }
}

/// With its layer gone, as behind a `reload`, no one hears of the end of these spans.
impl Drop for Heard {
    fn drop(&mut self) {
        for shard in &mut self.shards {
            let addresses = shard.addresses.get_mut().unwrap_or_else(PoisonError::into_inner);
            for (_, span) in addresses.drain() {
                if let Some(tree) = directory::find(span.number()) {
                    tree.close_heard(span.position(), None);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Arc;
    use std::task::{Context, Poll, Waker};

    use ninefold_core::span;
    use tracing::subscriber::set_default;
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::{registry, reload};

    use crate::{here, layer, record};

    #[test]
    fn a_layer_that_goes_leaves_no_tree_behind() {
        let (reloadable, handle) = reload::Layer::new(Some(layer()));
        let _host = set_default(registry().with(reloadable));
        let mut recording = pin!(record(async {
            let span = span::phase("open");
            handle.reload(None).unwrap();
            drop(span);
            Arc::downgrade(&here::innermost().unwrap().tree)
        }));
        let Poll::Ready(recorded) = recording.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
            panic!("it waits");
        };
        assert!(recorded.output.upgrade().is_none());
        assert_eq!(recorded.profile.spans(), 1);
    }
}
