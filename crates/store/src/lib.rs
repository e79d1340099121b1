//! Memory and the journal of durable runs, in the process's memory or in one SQLite file; and the reading of files
//! into memory.
//!
//! In reading order:
//!
//! 1. [`memory`]: [`MemoryStore`], [`MemoryJournal`], [`MemorySessions`], [`MemoryCache`], [`MemoryLedger`] and [`MemoryUploads`];
//!    nothing survives the process;
//! 2. [`sqlite`]: [`Sqlite`], which is all of these in one file, on threads of its own;
//! 3. `rank`, `frequencies`, `activation`, `spread`, `fuse`, `mmr`: what both stores rank by, so that both find the
//!    same; `forget`: what both let go;
//! 4. [`flat`]: [`FlatIndex`], which finds the nearest of many vectors;
//! 5. [`semantic`]: [`Semantic`], a store around a store that embeds what goes in and what is looked for;
//! 6. `RedisCache` (feature `redis`), a second-level cache that several hosts share;
//! 7. [`ingest`]: [`Indexer`], which cuts files into chunks and keeps the store in step with them.

#![deny(clippy::print_stdout, clippy::print_stderr)]

mod activation;
pub mod flat;
mod forget;
mod frequencies;
mod fuse;
pub mod ingest;
pub mod memory;
mod memory_cache;
mod memory_journal;
mod memory_ledger;
mod memory_sessions;
mod memory_uploads;
mod mmr;
mod rank;
#[cfg(feature = "redis")]
mod redis;
pub mod semantic;
mod spread;
pub mod sqlite;

pub use flat::FlatIndex;
pub use ingest::{Indexer, Root, Summary};
pub use memory::MemoryStore;
pub use memory_cache::MemoryCache;
pub use memory_journal::MemoryJournal;
pub use memory_ledger::MemoryLedger;
pub use memory_sessions::MemorySessions;
pub use memory_uploads::MemoryUploads;
#[cfg(feature = "redis")]
pub use redis::RedisCache;
pub use semantic::{Backfilled, Semantic};
pub use sqlite::{Options, Sqlite, Synchronous};
