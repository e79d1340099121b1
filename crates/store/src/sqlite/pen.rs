//! The connection that writes, and who has it. Mostly it is the writer's thread. A short write is done where its caller is, when
//! nobody else has the pen and no fsync comes with it: to a thread and back takes longer than the write. Where several callers
//! write, each puts his write down, lets the others of his runtime do so as well, and one of them writes what lies there in
//! one transaction.
//!
//! What a caller does by himself is bounded: [`TOGETHER`] writes of [`BRIEF`] bytes at most, [`BYTES`] in all, of
//! which the last begins within [`LONGEST`]; he waits for no lock and for no other process, and leaves the first write after the
//! log was folded, by whomever, to the thread. What does not fit that goes to the thread, with all that came after it.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use ninefold_core::Result;
use rusqlite::Connection;

use super::Synchronous;
use super::failure::Fault;
use super::log::Log;
use super::task::{Work, panicked};
use super::writer;

/// The most bytes of a write that a caller does himself.
pub(super) const BRIEF: usize = 16 * 1024;
/// The most writes that a caller puts into one transaction, for others and himself.
const TOGETHER: usize = 64;
/// The most bytes of them; 64 entries of a journal of 1 KiB each take about a fifth of a millisecond.
const BYTES: usize = 64 * 1024;
/// After so long a caller adds no more writes to the transaction under way, and does no other.
pub(super) const LONGEST: Duration = Duration::from_millis(1);
/// How many transactions a caller does before the thread takes over.
const ROUNDS: usize = 2;
/// How often a caller lets others put their writes down before he writes what is there.
pub(super) const TURNS: usize = 4;
/// How many short writes may wait.
const WAITING: usize = 1024;
/// That nobody wrote last.
const NOBODY: u64 = 0;

/// Who writes: the run, the session. Not 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hand(u64);

impl Hand {
    /// The hand of somebody with this identity.
    pub(super) fn of(identity: u128) -> Self {
        Self((identity as u64 ^ (identity >> 64) as u64).max(NOBODY + 1))
    }
}

/// The connection with its log.
pub(super) struct Held {
    pub(super) connection: Connection,
    pub(super) log: Log,
}

/// See the module.
pub(super) struct Pen {
    /// None once the file is closed.
    held: Mutex<Option<Held>>,
    /// Whether the thread waits for it: then no caller takes it.
    wanted: AtomicBool,
    /// Whether callers may write at all.
    lent: bool,
    waiting: Mutex<Waiting>,
    /// Whose write was the last one.
    last: AtomicU64,
    /// How many writes the last transactions of short ones had, the last one most of all.
    crowd: AtomicUsize,
}

/// Short writes in the order in which they came.
#[derive(Default)]
struct Waiting {
    writes: VecDeque<(usize, Box<dyn Work>)>,
    closed: bool,
}

/// What is left to do for a caller who wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[must_use]
pub(super) enum Left {
    Nothing,
    /// The thread is to be told that there is work.
    ForTheThread,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pen {
    /// A pen that callers may take unless each commit comes with an fsync.
    pub(super) fn new(connection: Connection, log: Log, synchronous: Synchronous) -> Self {
        Self {
            held: Mutex::new(Some(Held { connection, log })),
            wanted: AtomicBool::new(false),
            lent: synchronous == Synchronous::Normal,
            waiting: Mutex::default(),
            last: AtomicU64::new(NOBODY),
            crowd: AtomicUsize::new(0),
        }
    }

    /// For the thread, which waits for callers as long as they take. It then does what waits ([`Pen::waiting`]).
    pub(super) fn take(&self) -> MutexGuard<'_, Option<Held>> {
        self.wanted.store(true, Ordering::Release);
        let held = locked(&self.held);
        self.wanted.store(false, Ordering::Release);
        held
    }

    fn try_take(&self) -> Option<MutexGuard<'_, Option<Held>>> {
        if self.wanted.load(Ordering::Acquire) {
            return None;
        }
        match self.held.try_lock() {
            Ok(held) => Some(held),
            Err(TryLockError::Poisoned(held)) => Some(held.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// The short writes that wait, for the thread, which has the pen.
    pub(super) fn waiting(&self, jobs: &mut Vec<Box<dyn Work>>) {
        let writes = std::mem::take(&mut locked(&self.waiting).writes);
        if !writes.is_empty() {
            self.note(writes.len());
        }
        jobs.extend(writes.into_iter().map(|(_, job)| job).filter(|job| !job.abandoned()));
    }

    /// Takes no more short writes; those that wait are for the thread.
    pub(super) fn close(&self) {
        locked(&self.waiting).closed = true;
    }

    /// Ends all writing, at the end of the thread: the connection is closed, and whoever still waits hears that it has stopped.
    pub(super) fn end(&self) {
        self.close();
        // Callers put writes back only while they have the pen: none comes after this.
        *self.take() = None;
        let writes = std::mem::take(&mut locked(&self.waiting).writes);
        // Not under the lock: it wakes those who wait.
        drop(writes);
    }

    /// Whether short writes wait.
    pub(super) fn is_waited_for(&self) -> bool {
        !locked(&self.waiting).writes.is_empty()
    }

    /// Whether callers may write, and this one is the only one who does, as far as can be seen.
    pub(super) fn is_alone(&self, hand: Hand) -> bool {
        let last = self.last.load(Ordering::Relaxed);
        self.lent && (last == hand.0 || last == NOBODY) && self.crowd.load(Ordering::Relaxed) <= 1
    }

    /// Forgets who wrote last, as he does not go on.
    pub(super) fn leave(&self, hand: Hand) {
        let _ = self.last.compare_exchange(hand.0, NOBODY, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Does a write here and now, if nobody else writes or waits and the file is not held by another process.
    pub(super) fn write<T>(
        &self,
        path: &Path,
        hand: Hand,
        work: impl Fn(&Connection) -> Result<T, Fault>,
    ) -> (Option<Result<T>>, Left) {
        let mut left = Left::Nothing;
        let outcome = {
            let Some(mut held) = self.try_take() else { return (None, left) };
            let Some(Held { connection, log }) = held.as_mut().filter(|held| held.log.is_going()) else {
                return (None, left);
            };
            if self.is_waited_for() {
                return (None, left);
            }
            let run = || {
                catch_unwind(AssertUnwindSafe(|| work(connection).map_err(|fault| fault.at(path))))
                    .unwrap_or_else(|_| Err(panicked(path)))
            };
            let outcome = writer::alone(connection, log, path, run);
            if outcome.is_some() && log.noted() {
                left = Left::ForTheThread;
            }
            outcome
        };
        self.last.store(hand.0, Ordering::Relaxed);
        // Whoever came meanwhile found the pen taken.
        if self.is_waited_for() {
            left = left.max(self.lead());
        }
        (outcome, left)
    }

    /// Puts a write down for whoever has the pen next. None is left: it was not taken when it is given back.
    pub(super) fn put_down(&self, hand: Hand, bytes: usize, job: Box<dyn Work>) -> Option<Box<dyn Work>> {
        if !self.lent {
            return Some(job);
        }
        let mut waiting = locked(&self.waiting);
        if waiting.closed || waiting.writes.len() >= WAITING {
            return Some(job);
        }
        waiting.writes.push_back((bytes, job));
        self.last.store(hand.0, Ordering::Relaxed);
        None
    }

    /// Does what waits, unless somebody has the pen: then he does.
    pub(super) fn lead(&self) -> Left {
        let mut left = Left::Nothing;
        // Looked at without the pen: what is put down while somebody has it, he finds after he has laid it down.
        for _ in 0..ROUNDS {
            if !self.is_waited_for() {
                return left;
            }
            let Some(mut held) = self.try_take() else { return left };
            let Some(Held { connection, log }) = held.as_mut().filter(|held| held.log.is_going()) else {
                return Left::ForTheThread;
            };
            let group = self.group();
            if group.is_empty() {
                break;
            }
            self.note(group.len());
            let mut done = match writer::together(connection, log, group) {
                Ok(done) => done,
                Err(group) => {
                    self.put_back(group);
                    break;
                }
            };
            if log.noted() {
                left = Left::ForTheThread;
            }
            let rest = done.rest();
            let late = !rest.is_empty();
            if late {
                self.put_back(rest);
            }
            drop(held);
            done.answer();
            if late {
                break;
            }
        }
        if self.is_waited_for() { Left::ForTheThread } else { left }
    }

    /// Notes that so many were written together. Of many who write, one may come alone: the others are not forgotten at once.
    fn note(&self, together: usize) {
        let before = self.crowd.load(Ordering::Relaxed);
        self.crowd.store(together.max(before * 3 / 4), Ordering::Relaxed);
    }

    /// Whether about as many wait as were written together before, or none any more: then there is nothing to wait for.
    pub(super) fn is_gathered(&self) -> bool {
        let waiting = locked(&self.waiting).writes.len();
        waiting == 0 || waiting * 2 >= self.crowd.load(Ordering::Relaxed)
    }

    /// The first of what waits, as much as a caller may do.
    fn group(&self) -> Vec<Box<dyn Work>> {
        let mut waiting = locked(&self.waiting);
        let (mut jobs, mut room) = (Vec::with_capacity(waiting.writes.len().min(TOGETHER)), BYTES);
        while jobs.len() < TOGETHER
            && let Some((bytes, job)) = waiting.writes.pop_front_if(|(bytes, _)| *bytes <= BRIEF.min(room))
        {
            room -= bytes;
            if !job.abandoned() {
                jobs.push(job);
            }
        }
        jobs
    }

    fn put_back(&self, group: Vec<Box<dyn Work>>) {
        let mut waiting = locked(&self.waiting);
        // Their bytes were short enough, and are not counted again: the thread comes now.
        for job in group.into_iter().rev() {
            waiting.writes.push_front((0, job));
        }
    }
}

#[cfg(test)]
mod tests;
