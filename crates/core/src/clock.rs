//! Wall time, injected. Deadlines and waits use the tokio timer, which tests pause; what is written down
//! (journal, access times) uses a [`Clock`], which tests set.

use serde::{Deserialize, Serialize};

/// A point of wall time: microseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This many seconds earlier; stops at the epoch's lower bound instead of wrapping.
    #[must_use]
    pub fn minus_seconds(self, seconds: u64) -> Self {
        let micros = i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000_000);
        Self(self.0.saturating_sub(micros))
    }
}

/// A source of wall time.
pub trait Clock: Send + Sync {
    /// The time now. It may go backwards when the system's clock is set; nothing may rely on its order.
    fn now(&self) -> Timestamp;
}
