//! Finds trees by their numbers, for threads that hold no more of a span than its id.
//!
//! A tree stands in it from its first span until it is finished and all of those made by the private subscriber are closed.
//! Threads at work on a tree know it anyway and seldom ask.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::address::Address;
use crate::run_tree::{Closed, RunTree};

type Trees = HashMap<u64, Arc<RunTree>, BuildHasherDefault<Spread>>;

/// So many that threads recording at the same time seldom meet. Trees that follow each other are in different ones.
static SHARDS: [Mutex<Trees>; 16] = [const { Mutex::new(HashMap::with_hasher(BuildHasherDefault::new())) }; 16];

/// Enters a tree.
pub(crate) fn insert(tree: &Arc<RunTree>) {
    if let Some(mut trees) = shard(tree.number()) {
        trees.insert(tree.number(), Arc::clone(tree));
    }
}

/// Strikes a tree off. It may be the last that holds it.
pub(crate) fn remove(number: u64) {
    // The lock is free again before the tree is dropped.
    let _tree = shard(number).and_then(|mut trees| trees.remove(&number));
}

/// The tree with this number.
pub(crate) fn find(number: u64) -> Option<Arc<RunTree>> {
    shard(number)?.get(&number).cloned()
}

/// Holds a span, wherever it is; says whether it was still held by others.
pub(crate) fn hold(span: Address) -> bool {
    find(span.number()).is_some_and(|tree| tree.hold(span))
}

/// Lets go of a span, wherever it is, and of those that it held; says whether that closed it.
pub(crate) fn release(span: Address) -> bool {
    let Some(closed) = find(span.number()).and_then(|tree| tree.release(span, None)) else { return false };
    release_parent(closed);
    true
}

/// Lets go of the parent of a span that was closed, if that is in another tree.
pub(crate) fn release_parent(mut closed: Closed) {
    while let Some(parent) = closed.parent_elsewhere
        && let Some(next) = find(parent.number()).and_then(|tree| tree.release(parent, None))
    {
        closed = next;
    }
}

fn shard(number: u64) -> Option<MutexGuard<'static, Trees>> {
    let shard = usize::try_from(number).ok()? % SHARDS.len();
    Some(SHARDS.get(shard)?.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Hashes numbers that follow each other at equal distances.
#[derive(Default)]
pub(crate) struct Spread(u64);

impl Hasher for Spread {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, number: u64) {
        let product = (self.0 ^ number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 = product ^ product >> 32;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Weak;
    use std::task::{Context, Poll, Waker};

    use ninefold_core::span;
    use tracing::Span;

    use super::*;
    use crate::{here, record};

    fn run<F: Future>(future: F) -> F::Output {
        let Poll::Ready(output) = pin!(future).poll(&mut Context::from_waker(Waker::noop())) else {
            panic!("it waits");
        };
        output
    }

    /// The tree of the recording that is being polled.
    fn polled() -> Arc<RunTree> {
        here::innermost().unwrap().tree
    }

    fn is_listed(tree: &Arc<RunTree>) -> bool {
        find(tree.number()).is_some_and(|found| Arc::ptr_eq(&found, tree))
    }

    #[test]
    fn a_tree_is_listed_from_its_first_span_to_its_end() {
        let tree = run(record(async {
            assert!(!is_listed(&polled()));
            let _first = span::phase("first");
            assert!(is_listed(&polled()));
            polled()
        }));
        assert!(!is_listed(&tree.output));
        assert_eq!(Arc::strong_count(&tree.output), 1);
    }

    #[test]
    fn spans_held_after_the_end_keep_their_tree() {
        let (tree, held) = run(record(async {
            let parent = span::phase("parent");
            (polled(), parent.in_scope(|| [span::agent("left"), span::agent("behind")]))
        }))
        .output;
        let [left, behind] = held;
        drop(left);
        let clone = behind.clone();
        drop(behind);
        assert!(is_listed(&tree));
        let dropped = Arc::downgrade(&tree);
        drop(tree);
        assert!(dropped.upgrade().is_some());
        std::thread::spawn(move || drop(clone)).join().unwrap();
        assert!(dropped.upgrade().is_none());
    }

    #[test]
    fn a_span_holds_one_of_an_enclosing_recording() {
        let (outer, inner) = run(record(async {
            let around = span::phase("around");
            let inner = around.in_scope(|| run(record(async { (polled(), span::agent("within")) })));
            (polled(), inner.output)
        }))
        .output;
        let (inner, within) = inner;
        assert!(is_listed(&outer) && is_listed(&inner));
        drop(within);
        assert!(!is_listed(&outer) && !is_listed(&inner));
    }

    #[test]
    fn a_recording_that_is_dropped_leaves_nothing() {
        let mut recording = Box::pin(record(async {
            let _span = span::phase("endless");
            std::future::poll_fn(|_| Poll::<()>::Pending).await;
        }));
        assert!(recording.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        let span = run(record(async {
            let span = span::phase("of another run");
            drop(recording);
            Span::id(&span).map(|id| Address::of(&id).number())
        }));
        assert!(span.output.is_some_and(|number| find(number).is_none()));
    }

    #[test]
    fn a_hundred_thousand_recordings_leave_nothing() {
        let one = |n: usize| {
            run(record(async move {
                let _kept = span::phase("kept");
                span::phase("phase").in_scope(|| drop(span::agent("agent")));
                let inner =
                    || run(record(async { span::agent("inner").in_scope(|| Arc::downgrade(&polled())) })).output;
                [n.is_multiple_of(10).then(inner), Some(Arc::downgrade(&polled()))]
            }))
        };
        let record_some = move || {
            let trees: Vec<_> = (0..25_000).flat_map(|n| one(n).output).flatten().collect();
            trees.iter().filter(|tree| Weak::strong_count(tree) > 0).count()
        };
        let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(record_some)).collect();
        assert_eq!(threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>(), 0);
    }
}
