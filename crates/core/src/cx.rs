//! What a run carries through its phases, handed down explicitly.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::budget::{BudgetMeter, Estimate, Usage};
use crate::clock::{Clock, Timestamp};
use crate::error::{Error, ErrorKind, Result};
use crate::event::{Event, Teller};
use crate::id::{RunId, SessionId};
use crate::journal::{Position, RunLog};
use crate::scope::Scope;

/// A run's context. Cloning is cheap and shares the run.
#[derive(Clone)]
pub struct Cx {
    run: Arc<RunState>,
    branch: Option<Arc<Branch>>,
    /// Whether the run's end is none of this work's.
    endless: bool,
    /// Where its events go, if anybody reads them.
    teller: Option<Teller>,
}

/// What [`Cx::new`] needs to know of a run.
pub struct RunState {
    /// Its identity.
    pub id: RunId,
    /// Whose conversation it belongs to.
    pub session: Option<SessionId>,
    /// What it may see and do.
    pub scope: Scope,
    /// What it may spend and has spent.
    pub budget: BudgetMeter,
    /// When it must be done.
    pub deadline: Option<Instant>,
    /// How its host stops it, if not by dropping it.
    pub cancel: Option<CancellationToken>,
    /// Where wall time comes from.
    pub clock: Arc<dyn Clock>,
    /// Its journal, if it is durable.
    pub log: Option<RunLog>,
    /// Whether its spans may hold content.
    pub content: bool,
}

/// What is set aside for one model call under way.
pub struct Reservation {
    run: Arc<RunState>,
    estimate: Estimate,
}

impl Reservation {
    /// Replaces the reservation by what the call really used.
    pub fn settle(mut self, used: Usage) {
        self.run.budget.settle(std::mem::take(&mut self.estimate), used);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.run.budget.settle(self.estimate, Usage::default());
    }
}

/// A strand of the run in which phases follow each other; gives them their ordinals.
struct Branch {
    path: u64,
    next: AtomicU32,
}

impl Cx {
    /// The context of a run, at its trunk.
    #[must_use]
    pub fn new(run: RunState) -> Self {
        let branch = run.log.is_some().then(|| Arc::new(Branch { path: 0, next: AtomicU32::new(0) }));
        Self { run: Arc::new(run), branch, endless: false, teller: None }
    }

    /// The same context, whose events are told there.
    #[must_use]
    pub fn telling(self, teller: Option<Teller>) -> Self {
        Self { teller, ..self }
    }

    /// Whether anybody reads the run's events.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        self.teller.is_some()
    }

    /// Tells the reader of the run's events, if there is one, and waits while he has no room. Phases and agents are announced by
    /// what surrounds them; this is for what they alone know.
    pub async fn tell(&self, event: impl FnOnce() -> Event) {
        if let Some(teller) = &self.teller {
            // Boxed, so that nobody carries the size of a wait that hardly ever is.
            Box::pin(teller.tell(event())).await;
        }
    }

    /// The run's identity.
    #[must_use]
    pub fn run_id(&self) -> RunId {
        self.run.id
    }

    /// Whose conversation the run belongs to.
    #[must_use]
    pub fn session(&self) -> Option<&SessionId> {
        self.run.session.as_ref()
    }

    /// What the run may see and do.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.run.scope
    }

    /// What the run may spend and has spent.
    #[must_use]
    pub fn budget(&self) -> &BudgetMeter {
        &self.run.budget
    }

    /// When the run must be done.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.run.deadline.filter(|_| !self.endless)
    }

    /// Sets aside what a model call may use. The reservation is given back when dropped unsettled; the call itself
    /// stays counted.
    ///
    /// # Errors
    /// As [`BudgetMeter::reserve`].
    pub fn reserve(&self, estimate: impl Into<Estimate>) -> Result<Reservation> {
        let estimate = estimate.into();
        self.run.budget.reserve(estimate)?;
        Ok(Reservation { run: Arc::clone(&self.run), estimate })
    }

    /// How the run's host stops it, if not by dropping it.
    #[must_use]
    pub fn cancellation(&self) -> Option<&CancellationToken> {
        self.run.cancel.as_ref().filter(|_| !self.endless)
    }

    /// The same run without its deadline and cancellation, for work that others wait for as well: whoever waits for it keeps to his
    /// own, and whoever does it bounds it. It tells nothing: those who wait are not to wait for a reader of this run's events.
    #[must_use]
    pub fn without_end(&self) -> Self {
        Self { endless: true, teller: None, ..self.clone() }
    }

    /// The wall time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.run.clock.now()
    }

    /// The run's journal, if it is durable.
    #[must_use]
    pub fn log(&self) -> Option<&RunLog> {
        self.run.log.as_ref()
    }

    /// Whether the run's spans may hold content: questions, messages, answers, arguments.
    #[must_use]
    pub fn shows_content(&self) -> bool {
        self.run.content
    }

    /// Whether the run may go on.
    ///
    /// # Errors
    /// `Cancelled` or `DeadlineExceeded`.
    pub fn check(&self) -> Result<()> {
        if self.cancellation().is_some_and(CancellationToken::is_cancelled) {
            return Err(cancelled());
        }
        match self.deadline() {
            Some(deadline) if Instant::now() >= deadline => Err(deadline_exceeded()),
            _ => Ok(()),
        }
    }

    /// Does work within the bounds of the run: its cancellation and its deadline. A phase has this around it already.
    ///
    /// # Errors
    /// Those of the work; `Cancelled`, `DeadlineExceeded`.
    pub async fn within_bounds<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.check()?;
        let timed = async {
            match self.deadline() {
                Some(deadline) => {
                    tokio::time::timeout_at(deadline, work).await.unwrap_or_else(|_| Err(deadline_exceeded()))
                }
                None => work.await,
            }
        };
        match self.cancellation() {
            Some(token) => token.run_until_cancelled(timed).await.unwrap_or_else(|| Err(cancelled())),
            None => timed.await,
        }
    }

    /// The context of a parallel branch. Every branch of a join takes its own, named differently from its siblings', so
    /// that its phases keep their places in the journal whichever branch is faster.
    #[must_use]
    pub fn branch(&self, name: &str) -> Self {
        self.descend(|| {
            name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
                // FNV-1a: stable over builds and machines, which the journal needs.
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            })
        })
    }

    /// Takes the next place in the journal; `None` when the run is not durable.
    #[must_use]
    pub fn take_position(&self) -> Option<Position> {
        let branch = self.branch.as_ref()?;
        Some(Position { branch: branch.path, ordinal: branch.next.fetch_add(1, Ordering::Relaxed) })
    }

    /// The context inside the phase at this place: its phases are numbered apart from those around it.
    #[must_use]
    pub fn inside(&self, position: Position) -> Self {
        self.descend(|| u64::from(position.ordinal) + 1)
    }

    fn descend(&self, step: impl FnOnce() -> u64) -> Self {
        let branch = self
            .branch
            .as_ref()
            .map(|branch| Arc::new(Branch { path: mix(branch.path, step()), next: AtomicU32::new(0) }));
        Self { run: Arc::clone(&self.run), branch, endless: self.endless, teller: self.teller.clone() }
    }
}

/// The finalizer of SplitMix64 over both words; stable over builds and machines.
fn mix(path: u64, step: u64) -> u64 {
    let mut z = path.rotate_left(29) ^ step.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The error of a run that its host stopped.
#[must_use]
pub fn cancelled() -> Error {
    Error::new(ErrorKind::Cancelled, "the run was cancelled by its host")
}

/// The error of a run whose time is over.
#[must_use]
pub fn deadline_exceeded() -> Error {
    Error::new(ErrorKind::DeadlineExceeded, "the run's deadline passed").hint("allow more time, or ask for less")
}
