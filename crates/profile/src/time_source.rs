//! The one clock of the profile.

use std::time::Instant;

/// Where time is read. A function pointer, so that tests on a paused clock can pass their own.
pub(crate) type TimeSource = fn() -> Instant;

/// The operating system's monotonic clock.
#[allow(clippy::disallowed_methods, reason = "the profile owns the one clock, and this is it")]
pub(crate) fn monotonic() -> Instant {
    Instant::now()
}
