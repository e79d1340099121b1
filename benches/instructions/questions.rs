//! Questions with a model and agents that answer at once, and the assessment alone.

use std::hint::black_box;

use ninefold::pipeline::phases::assess::by_rules;

use crate::{Operation, machine};

pub const OPERATIONS: &[Operation] = &[
    Operation { name: "simple question, scripted model", rounds: 300, work: simple },
    Operation { name: "complex question, 3 subgoals, scripted model", rounds: 100, work: complex },
    Operation { name: "assess a question by rules", rounds: 1_000, work: assess },
];

fn simple(rounds: u32) {
    answer(machine::SIMPLE, rounds);
}

fn complex(rounds: u32) {
    answer(machine::COMPLEX, rounds);
}

fn answer(question: &str, rounds: u32) {
    machine::runtime().block_on(async {
        let soar = machine::scripted_soar().await;
        for _ in 0..rounds {
            let answer = soar.answer(black_box(question)).await.unwrap();
            assert!(answer.degradations.is_empty() && answer.profile.is_available());
        }
    });
}

fn assess(rounds: u32) {
    for _ in 0..rounds {
        black_box(by_rules(black_box(machine::SIMPLE)));
        black_box(by_rules(black_box(machine::COMPLEX)));
    }
}
