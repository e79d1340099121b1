//! How the stores, the journals and the indexer behave, from outside.

// Functions that tests share report by panicking too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod agree;
mod clock;
mod conformance;
mod damage;
mod index;
mod kept;
mod kills;
mod ledger;
mod maintenance;
mod migrations;
mod open;
mod process;
#[cfg(feature = "redis")]
mod redis;
mod renames;
mod rights;
mod semantic;
mod threads;
#[cfg(feature = "watch")]
mod watch;
