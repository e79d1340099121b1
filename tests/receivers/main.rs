//! What receivers made by others have of fifty runs, against what the runs' own profiles say.
//!
//! `.ci/receivers cargo test --features otlp-grpc --test receivers -- --ignored` starts the receivers and says where they
//! are. Asked to run without them, these tests fail.

// Clippy hears the first one on the whole crate only.
#![allow(clippy::disallowed_methods, reason = "they wait for other processes")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "all of it is test code"
)]

mod fetch;
mod jaeger;
mod killed;
#[cfg(feature = "llm-http")]
mod model;
mod phoenix;
mod runs;
mod seen;

/// Where a receiver is.
fn address(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set; run this with `.ci/receivers`"))
}
