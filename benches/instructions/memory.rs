//! A search by words in memory.

use std::hint::black_box;

use ninefold::store::MemoryStore;
use ninefold::{Search, Store};

use crate::{Operation, machine};

#[path = "../../crates/store/benches/generated/mod.rs"]
mod generated;

pub const OPERATIONS: &[Operation] =
    &[Operation { name: "search a memory of 1,000 chunks by words", rounds: 300, work: search }];

const ASKED: [&str; 3] = ["parse the session of a token", "where is the message queue closed?", "validate_invoice_767"];

fn search(rounds: u32) {
    machine::runtime().block_on(async {
        let store = MemoryStore::new();
        store.put(generated::documents(1_000).collect()).await.unwrap();
        let searches = ASKED.map(Search::new);
        for search in searches.iter().cycle().take(rounds as usize) {
            let found = store.search(black_box(search)).await.unwrap();
            assert!(!found.passages.is_empty());
        }
    });
}
