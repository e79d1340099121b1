//! Nine phases that do nothing: with and without a profile, and with each phase in a journal.

use std::hint::black_box;
use std::sync::Arc;

use ninefold::store::MemoryJournal;
use ninefold::{Durability, Journal, Run, profile};

use crate::Operation;
use crate::machine::{self, nine};

pub const OPERATIONS: &[Operation] = &[
    Operation { name: "nine no-op phases, profile off", rounds: 4_000, work: off },
    Operation { name: "nine no-op phases, profile on", rounds: 2_000, work: on },
    Operation { name: "nine no-op phases, each with key and journal entry", rounds: 200, work: journaled },
];

fn off(rounds: u32) {
    let steps = nine::nine();
    machine::runtime().block_on(async {
        let mut carried = nine::state();
        for _ in 0..rounds {
            carried = nine::run(&steps, black_box(carried)).await.unwrap();
        }
        black_box(carried);
    });
}

fn on(rounds: u32) {
    let steps = nine::nine();
    machine::runtime().block_on(async {
        let mut carried = nine::state();
        for _ in 0..rounds {
            let recorded = profile::record(nine::run(&steps, black_box(carried))).await;
            assert!(recorded.profile.is_available());
            carried = recorded.output.unwrap();
        }
        black_box(carried);
    });
}

fn journaled(rounds: u32) {
    let steps = nine::nine();
    let journal: Arc<dyn Journal> = Arc::new(MemoryJournal::new());
    machine::runtime().block_on(async {
        let mut carried = nine::state();
        for _ in 0..rounds {
            let run = Run::new("nine").journal(Arc::clone(&journal), Durability::Phase);
            carried = nine::through(run, &steps, black_box(carried)).await.unwrap();
        }
        black_box(carried);
    });
}
