//! The one clock of the profile; and, where runs are exported, the wall clock that says when they started.

use std::time::Instant;

/// Where time is read. A function pointer, so that tests on a paused clock can pass their own.
pub(crate) type TimeSource = fn() -> Instant;

/// The operating system's monotonic clock.
#[allow(clippy::disallowed_methods, reason = "the profile owns the one clock, and this is it")]
pub(crate) fn monotonic() -> Instant {
    Instant::now()
}

/// The wall clock.
#[cfg(feature = "otlp")]
#[allow(clippy::disallowed_methods, reason = "receivers place runs in wall time; durations are the monotonic clock's")]
pub(crate) fn wall() -> std::time::SystemTime {
    std::time::SystemTime::now()
}
