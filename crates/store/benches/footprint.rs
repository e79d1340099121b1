//! What 10,000 chunks of code take in the process's memory, as the allocator counts it. `search` measures the times, without
//! an allocator that counts.

// A benchmark may panic.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

#[path = "../../../benches/machine/describe.rs"]
#[allow(unreachable_pub)]
mod describe;
#[allow(unreachable_pub)]
mod generated;

use std::alloc::System;

use ninefold_core::{Document, Store};
use ninefold_store::MemoryStore;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The workspace's folder of what is built.
const TARGET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target");

fn main() {
    describe::describe();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let all: Vec<Document> = generated::documents(10_000).collect();
    let region = Region::new(ALLOCATOR);
    let store = MemoryStore::new();
    runtime.block_on(store.put(all.clone())).unwrap();
    let change = region.change();
    let bytes = change.bytes_allocated - change.bytes_deallocated;
    println!("10,000 code chunks of five lines in the memory store: {:.2} MB", bytes as f64 / 1e6);
    std::fs::create_dir_all(TARGET).unwrap();
    let row = serde_json::json!({ "row": "10,000 code chunks in the memory store", "bytes": bytes });
    std::fs::write(format!("{TARGET}/footprint.json"), row.to_string()).unwrap();
}
