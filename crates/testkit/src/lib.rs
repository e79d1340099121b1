//! What tests of Ninefold and of its users' pipelines need: a scripted model, a clock that stands still, and the
//! conformance suites that every store, journal, cache and keeper of sessions passes.

#![deny(clippy::print_stdout, clippy::print_stderr)]
// A test kit reports by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cache_suite;
mod clock;
mod decorator_suite;
mod embedder_suite;
mod faulty_model;
mod hybrid_suite;
mod journal_suite;
mod keeping_suite;
mod ledger_suite;
mod scripted_embedder;
mod scripted_model;
mod search_suite;
mod sessions_suite;
mod stepped_model;
mod store_suite;
mod uploads_suite;

pub use cache_suite::cache_suite;
pub use clock::ManualClock;
pub use decorator_suite::decorator_suite;
pub use embedder_suite::embedder_suite;
pub use faulty_model::{Faults, FaultyModel};
pub use journal_suite::journal_suite;
pub use ledger_suite::ledger_suite;
pub use scripted_embedder::ScriptedEmbedder;
pub use scripted_model::ScriptedModel;
pub use sessions_suite::sessions_suite;
pub use stepped_model::{Step, SteppedModel};
pub use store_suite::{embedding_store_suite, store_suite};
pub use uploads_suite::uploads_suite;
