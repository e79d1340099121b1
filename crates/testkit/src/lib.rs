//! What tests of Ninefold and of its users' pipelines need: a scripted model, a clock that stands still, and the
//! conformance suites that every store, journal, cache and keeper of sessions passes.

#![deny(clippy::print_stdout, clippy::print_stderr)]
// A test kit reports by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cache_suite;
mod clock;
mod embedder_suite;
mod hybrid_suite;
mod journal_suite;
mod keeping_suite;
mod scripted_embedder;
mod scripted_model;
mod search_suite;
mod sessions_suite;
mod store_suite;
mod uploads_suite;

pub use cache_suite::cache_suite;
pub use clock::ManualClock;
pub use embedder_suite::embedder_suite;
pub use journal_suite::journal_suite;
pub use scripted_embedder::ScriptedEmbedder;
pub use scripted_model::ScriptedModel;
pub use sessions_suite::sessions_suite;
pub use store_suite::{embedding_store_suite, store_suite};
pub use uploads_suite::uploads_suite;
