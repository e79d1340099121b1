//! Where spans that have ended wait for the thread that sends them, in batches of the size in which they are sent.
//!
//! Whoever ends a span takes one lock for as long as it takes to put it there. The thread is woken when a batch is full, not
//! by every span.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::counts::Counts;
use super::open::Open;

/// A batch has room for so many spans from the start, or for as many as it may hold if that is less.
const ROOM: usize = 512;
/// Emptied batches that are kept to be filled again.
const SPARE: usize = 4;
/// The shortest wait for a batch to fill up: without any, whoever waits would never let go of the lock.
pub(super) const SHORTEST: Duration = Duration::from_millis(1);

/// See the module.
#[derive(Debug)]
pub(super) struct Queue {
    counts: Counts,
    batch_size: usize,
    /// No more spans are taken. Set under the lock only, so that who holds it knows.
    closed: AtomicBool,
    batches: Mutex<Batches>,
    /// There is something to do for the thread.
    work: Condvar,
    /// The thread has done something that others wait for.
    done: Condvar,
}

#[derive(Debug, Default)]
struct Batches {
    filling: Vec<Open>,
    full: VecDeque<Vec<Open>>,
    spare: Vec<Vec<Open>>,
    /// How many batches were ever full, and how many of them are sent.
    filled: u64,
    sent: u64,
    /// How often it was asked to flush, and how often that is done; for the last time, so many batches have to be sent.
    asked: u64,
    answered: u64,
    until: u64,
    /// Nothing is to be sent any more, whatever waits.
    abandoned: bool,
    /// The thread has ended.
    over: bool,
}

/// What the thread is to do next.
#[derive(Debug)]
pub(super) enum Task {
    Send(Vec<Open>),
    /// See through what is sent, and say that it is [`flushed`](Queue::flushed) as often as this.
    Flush(u64),
    End,
}

impl Queue {
    pub(super) fn new(counts: Counts, batch_size: usize) -> Self {
        let batches = Mutex::new(Batches::default());
        let (work, done) = (Condvar::new(), Condvar::new());
        Self { counts, batch_size, closed: AtomicBool::new(false), batches, work, done }
    }

    pub(super) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Whether no more spans are taken.
    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Takes a span that has ended, if there is room.
    pub(super) fn push(&self, span: Open) {
        if self.is_closed() {
            return;
        }
        // What is counted is here when the lock is free again, or it could be forgotten in between.
        let mut batches = self.lock();
        if self.is_closed() {
            return;
        }
        if !span.is_begun {
            self.counts.begin();
        }
        if !self.counts.end() {
            return;
        }
        if batches.filling.capacity() == 0 {
            let spare = batches.spare.pop();
            batches.filling = spare.unwrap_or_else(|| Vec::with_capacity(self.batch_size.min(ROOM)));
        }
        batches.filling.push(span);
        if batches.filling.len() >= self.batch_size {
            batches.fill();
            drop(batches);
            self.work.notify_one();
        }
    }

    /// What is to be done next. Waits for it; at the latest after `interval`, which is at least [`SHORTEST`], what there is
    /// counts as a batch.
    pub(super) fn next(&self, interval: Duration) -> Task {
        let interval = interval.max(SHORTEST);
        let mut batches = self.lock();
        loop {
            if batches.abandoned {
                return Task::End;
            }
            if batches.asked > batches.answered && batches.sent >= batches.until {
                return Task::Flush(batches.asked);
            }
            if let Some(batch) = batches.full.pop_front() {
                return Task::Send(batch);
            }
            if self.is_closed() {
                batches.fill();
                if batches.full.is_empty() {
                    return Task::End;
                }
                continue;
            }
            let idle = |batches: &mut Batches| batches.is_idle() && !self.is_closed();
            let waited = self.work.wait_timeout_while(batches, interval, idle);
            let (woken, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            batches = woken;
            if timeout.timed_out() {
                batches.fill();
            }
        }
    }

    /// Notes that a batch is sent, and takes it back empty.
    pub(super) fn sent(&self, batch: Vec<Open>) {
        let mut batches = self.lock();
        batches.sent += 1;
        if batches.spare.len() < SPARE {
            batches.spare.push(batch);
        }
    }

    /// Notes that it was flushed as often as it was asked then.
    pub(super) fn flushed(&self, asked: u64) {
        self.lock().answered = asked;
        self.done.notify_all();
    }

    /// Notes that the thread has ended: no more spans are taken, and what is left here never will be sent.
    pub(super) fn over(&self) {
        let mut batches = self.lock();
        self.closed.store(true, Ordering::Relaxed);
        batches.over = true;
        self.drop_all(batches);
        self.done.notify_all();
    }

    /// Has what is here sent, and waits for it, or for the thread's end; says whether the time was enough.
    pub(super) fn flush(&self, limit: Duration) -> bool {
        let mut batches = self.lock();
        batches.fill();
        batches.asked += 1;
        batches.until = batches.filled;
        let asked = batches.asked;
        self.work.notify_one();
        let waits = |batches: &mut Batches| batches.answered < asked && !batches.over;
        let waited = self.done.wait_timeout_while(batches, limit, waits);
        let (_batches, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        !timeout.timed_out()
    }

    /// Takes no more spans, has those sent that are here, and waits until the thread ends. What is not sent then never will be.
    /// If it did not end in time, the error is how many spans were not acknowledged.
    pub(super) fn close(&self, limit: Duration) -> Result<(), u64> {
        let mut batches = self.lock();
        self.closed.store(true, Ordering::Relaxed);
        batches.fill();
        self.work.notify_one();
        let waited = self.done.wait_timeout_while(batches, limit, |batches| !batches.over);
        let (mut batches, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        batches.abandoned = true;
        let late = timeout.timed_out().then(|| self.counts.read().pending);
        self.drop_all(batches);
        late.map_or(Ok(()), Err)
    }

    /// Drops what waits, and counts it as dropped. The spans go when the lock is free again: what goes with them may be foreign.
    fn drop_all(&self, mut batches: MutexGuard<'_, Batches>) {
        batches.fill();
        let full = std::mem::take(&mut batches.full);
        let spare = std::mem::take(&mut batches.spare);
        self.counts.lose(full.iter().map(|batch| batch.len() as u64).sum());
        drop(batches);
        drop((full, spare));
    }

    fn lock(&self) -> MutexGuard<'_, Batches> {
        self.batches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Batches {
    /// Lets what there is be a batch.
    fn fill(&mut self) {
        if !self.filling.is_empty() {
            self.full.push_back(std::mem::take(&mut self.filling));
            self.filled += 1;
        }
    }

    fn is_idle(&self) -> bool {
        self.full.is_empty() && self.asked == self.answered && !self.abandoned
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
