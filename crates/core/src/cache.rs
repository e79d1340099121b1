//! The second-level cache: bytes under keys, kept beyond the process. What they mean is their writer's affair.

use async_trait::async_trait;

use crate::cache_key::Key;
use crate::clock::Timestamp;
use crate::error::Result;

/// A value to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheEntry {
    /// Under which key. It covers all that the value follows from.
    pub key: Key,
    /// The value.
    pub value: Vec<u8>,
    /// From when on it counts as absent; none: until it is evicted.
    pub expires: Option<Timestamp>,
}

/// How much of a space to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// The time now: what expired before goes.
    pub now: Timestamp,
    /// The most bytes of values to keep; what was read longest ago goes first.
    pub max_bytes: u64,
}

/// A cache beyond the process. Spaces keep writers apart: a key in one space says nothing about another. Every
/// implementation passes `ninefold_testkit::cache_suite`.
#[async_trait]
pub trait Cache: Send + Sync {
    /// The values under these keys, in their order; none for a key that is absent or expired at `now`.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` from the medium.
    async fn get(&self, space: &str, keys: &[Key], now: Timestamp) -> Result<Vec<Option<Vec<u8>>>>;

    /// Keeps values; each replaces what stood under its key.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` from the medium.
    async fn put(&self, space: &str, entries: Vec<CacheEntry>, now: Timestamp) -> Result<()>;

    /// Takes out what is expired, then what was read longest ago until the space fits; returns how many went.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` from the medium.
    async fn prune(&self, space: &str, retention: Retention) -> Result<u64>;
}
