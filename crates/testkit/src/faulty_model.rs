//! A model that fails by chance, repeatably.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream;
use ninefold_core::{Completion, Cx, Delta, Error, ErrorKind, Model, ModelId, ModelRequest, Reply, Result, Usage};

/// How often a [`FaultyModel`] fails, as shares of its calls, and how long it takes.
#[derive(Debug, Clone, Copy)]
pub struct Faults {
    /// Connections reset before the reply begins.
    pub resets: f64,
    /// Rate limits (429) with a wait of [`Faults::retry_after`].
    pub rate_limits: f64,
    /// Errors of the server (500).
    pub server_errors: f64,
    /// Replies that break off before their first word.
    pub breaks: f64,
    /// Replies that take ten times as long as others to begin.
    pub slow: f64,
    /// What a rate limit asks for.
    pub retry_after: Duration,
    /// How long the others take to begin, give or take a fifth.
    pub takes: Duration,
}

impl Default for Faults {
    /// None, and 100 ms.
    fn default() -> Self {
        Self {
            resets: 0.0,
            rate_limits: 0.0,
            server_errors: 0.0,
            breaks: 0.0,
            slow: 0.0,
            retry_after: Duration::from_millis(500),
            takes: Duration::from_millis(100),
        }
    }
}

/// A model that answers `ok`, 10 tokens read and 5 written, or fails as a seeded die says.
pub struct FaultyModel {
    id: ModelId,
    faults: Faults,
    random: Mutex<fastrand::Rng>,
    calls: AtomicU64,
    answers: AtomicU64,
}

impl FaultyModel {
    /// A model with these faults, the same for the same seed.
    #[must_use]
    pub fn new(faults: Faults, seed: u64) -> Self {
        Self {
            id: ModelId::new("faulty", "model"),
            faults,
            random: Mutex::new(fastrand::Rng::with_seed(seed)),
            calls: AtomicU64::new(0),
            answers: AtomicU64::new(0),
        }
    }

    /// How often it was called.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }

    /// How many of its calls it began to answer.
    #[must_use]
    pub fn answers(&self) -> u64 {
        self.answers.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Model for FaultyModel {
    fn id(&self) -> &ModelId {
        &self.id
    }

    async fn send(&self, _: ModelRequest, _: &Cx) -> Result<Reply> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let (fate, slow, spread) = {
            let mut random = self.random.lock().expect("no test panicked while asking");
            (random.f64(), random.f64() < self.faults.slow, 0.8 + 0.4 * random.f64())
        };
        let Faults { resets, rate_limits, server_errors, breaks, retry_after, takes, .. } = self.faults;
        let takes = takes.mul_f64(spread) * if slow { 10 } else { 1 };
        if !takes.is_zero() {
            tokio::time::sleep(takes).await;
        }
        let mut share = resets;
        if fate < share {
            return Err(Error::new(ErrorKind::Transient, "the connection was reset"));
        }
        share += rate_limits;
        if fate < share {
            let error = Error::new(ErrorKind::RateLimited, "too many requests").with_status(429);
            return Err(error.with_retry_after(retry_after));
        }
        share += server_errors;
        if fate < share {
            return Err(Error::new(ErrorKind::Transient, "the server failed").with_status(500));
        }
        share += breaks;
        if fate < share {
            let begin = Delta::Begin { id: "broken".into(), model: "model".into() };
            return Ok(Reply::stream(stream::iter([Ok(begin)])));
        }
        self.answers.fetch_add(1, Ordering::SeqCst);
        Ok(Reply::whole(Completion { usage: Usage::tokens(10, 5), ..Completion::text("ok") }))
    }
}
