//! What 10,000 chunks of code take in the process's memory, as the allocator counts it. `search` measures the times, without
//! an allocator that counts.

// A benchmark may panic.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

#[allow(unreachable_pub)]
mod generated;
#[path = "../../../benches/machine/crates.rs"]
mod machine;

use std::alloc::System;

use machine::{Report, Target};
use ninefold_core::{Document, Store};
use ninefold_store::MemoryStore;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() {
    machine::describe();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let all: Vec<Document> = generated::documents(10_000).collect();
    let region = Region::new(ALLOCATOR);
    let store = MemoryStore::new();
    runtime.block_on(store.put(all.clone())).unwrap();
    let change = region.change();
    let bytes = change.bytes_allocated - change.bytes_deallocated;
    let mut report = Report::new("footprint", "cargo bench -p ninefold-store --bench footprint");
    report.value("10,000 chunks of code of five lines", "memory store", "MB", bytes as f64 / 1e6, Target::Most(8.0));
    report.write();
}
