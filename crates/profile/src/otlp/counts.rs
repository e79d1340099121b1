//! What became of every span that ended.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::delivery::Delivery;

/// Shared by the processor, which sees spans end, the exporter, which sees them leave, and the guard.
#[derive(Debug)]
pub(super) struct Counts {
    capacity: u64,
    begun: AtomicU64,
    ended: AtomicU64,
    /// Spans waiting for the exporter's thread.
    queued: AtomicU64,
    delivered: AtomicU64,
    failed: AtomicU64,
    dropped: AtomicU64,
    /// Spans of the batch on its way that the receiver said it does not take.
    rejected: AtomicU64,
    /// Why the last request did not reach the receiver.
    cause: Mutex<Option<String>>,
    last_error: Mutex<Option<String>>,
}

impl Counts {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity: capacity as u64,
            begun: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            queued: AtomicU64::new(0),
            delivered: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            rejected: AtomicU64::new(0),
            cause: Mutex::new(None),
            last_error: Mutex::new(None),
        }
    }

    pub(super) fn begin(&self) {
        self.begun.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a span that ended; says whether there is room for it in the queue.
    pub(super) fn end(&self) -> bool {
        self.ended.fetch_add(1, Ordering::Relaxed);
        if self.queued.fetch_add(1, Ordering::Relaxed) < self.capacity {
            return true;
        }
        self.queued.fetch_sub(1, Ordering::Relaxed);
        self.dropped.fetch_add(1, Ordering::Relaxed);
        false
    }

    /// Counts spans that waited in the queue and will not be sent.
    pub(super) fn lose(&self, spans: u64) {
        self.queued.fetch_sub(spans, Ordering::Relaxed);
        self.dropped.fetch_add(spans, Ordering::Relaxed);
    }

    /// Counts spans that left the queue.
    pub(super) fn take(&self, spans: u64) {
        self.queued.fetch_sub(spans, Ordering::Relaxed);
        self.rejected.store(0, Ordering::Relaxed);
    }

    /// Notes that the receiver of the batch on its way does not take all of it.
    pub(super) fn reject(&self, spans: i64, why: &str) {
        let spans = u64::try_from(spans).unwrap_or(0);
        self.rejected.store(spans, Ordering::Relaxed);
        if spans > 0 {
            self.note(format!("the receiver rejected {spans} spans: {why}"));
        }
    }

    /// Counts a batch that the receiver acknowledged.
    pub(super) fn deliver(&self, spans: u64) {
        lock(&self.cause).take();
        let rejected = self.rejected.swap(0, Ordering::Relaxed).min(spans);
        self.delivered.fetch_add(spans - rejected, Ordering::Relaxed);
        self.failed.fetch_add(rejected, Ordering::Relaxed);
    }

    /// Counts a batch that did not arrive, as far as anyone can tell.
    pub(super) fn fail(&self, spans: u64, why: &str) {
        let cause = lock(&self.cause).take();
        self.note(cause.map_or_else(|| why.to_owned(), |cause| format!("{why}: {cause}")));
        self.failed.fetch_add(spans, Ordering::Relaxed);
    }

    /// Notes why a request did not reach the receiver. It may be tried again.
    pub(super) fn cause(&self, why: String) {
        *lock(&self.cause) = Some(why);
    }

    pub(super) fn note(&self, why: String) {
        *lock(&self.last_error) = Some(why);
    }

    /// What is known now. Read from the end of a span's way to its beginning, so that nothing is counted there and not
    /// yet here.
    pub(super) fn read(&self) -> Delivery {
        let delivered = self.delivered.load(Ordering::Acquire);
        let failed = self.failed.load(Ordering::Acquire);
        let dropped = self.dropped.load(Ordering::Acquire);
        let ended = self.ended.load(Ordering::Acquire);
        let begun = self.begun.load(Ordering::Acquire);
        Delivery {
            ended,
            delivered,
            failed,
            dropped,
            pending: ended.saturating_sub(delivered + failed + dropped),
            open: begun.saturating_sub(ended),
            last_error: lock(&self.last_error).clone(),
        }
    }
}

fn lock(text: &Mutex<Option<String>>) -> MutexGuard<'_, Option<String>> {
    text.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_span_is_somewhere() {
        let counts = Counts::new(3);
        let taken = (0..5)
            .filter(|_| {
                counts.begin();
                counts.end()
            })
            .count();
        counts.begin();
        assert_eq!(taken, 3);
        counts.take(2);
        counts.reject(1, "too old");
        counts.deliver(2);
        let Delivery { ended, delivered, failed, dropped, pending, open, last_error } = counts.read();
        assert_eq!((ended, delivered, failed, dropped, pending, open), (5, 1, 1, 2, 1, 1));
        assert!(last_error.unwrap().contains("rejected 1 spans: too old"));
        assert!(counts.end(), "the queue has room again");
    }

    #[test]
    fn a_receiver_cannot_reject_more_than_it_was_sent() {
        let counts = Counts::new(3);
        counts.end();
        counts.take(1);
        counts.reject(i64::MAX, "");
        counts.deliver(1);
        counts.reject(-4, "");
        assert_eq!((counts.read().delivered, counts.read().failed), (0, 1));
    }
}
