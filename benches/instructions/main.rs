//! How many instructions the hottest operations take, held against a committed baseline. Times drift by a fifth with the hour and
//! the machine; instructions under `valgrind --tool=callgrind` do not, so that a change of 3 % can be seen at all.
//!
//! ```text
//! cargo bench --bench instructions --features dialogue                      # compares; fails above the bound
//! cargo bench --bench instructions --features dialogue -- --write           # writes the baseline anew
//! cargo bench --bench instructions --features dialogue -- simple complex    # only operations with these words in their names
//! ```
//!
//! The program runs itself under valgrind, once for so many rounds of an operation and once for twice as many; the difference is
//! that many rounds alone, so that neither starting nor setting up counts. What is counted depends on the compiler,
//! the C library and the kind of processor, which the baseline names: with another one it is shown but fails nothing, and it says
//! so. What callgrind saw is kept in `target/tmp/instructions`; `callgrind_annotate --inclusive=yes FILE` tells which functions it
//! was.

// A benchmark starts programs, and may panic.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod baseline;
mod count;
mod memory;
mod phases;
mod questions;
mod routing;
mod turns;

#[path = "../machine/mod.rs"]
mod machine;

use std::process::ExitCode;

use baseline::{Baseline, Conditions};

/// Something that is counted.
pub struct Operation {
    /// Its name in the baseline.
    pub name: &'static str,
    /// How often it is done at first; the second time it is done twice as often.
    pub rounds: u32,
    /// Sets up, and does it so often.
    pub work: fn(u32),
}

const OPERATIONS: [&[Operation]; 5] =
    [phases::OPERATIONS, questions::OPERATIONS, turns::OPERATIONS, memory::OPERATIONS, routing::OPERATIONS];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let operations = || OPERATIONS.into_iter().flatten();
    if let [run, name, rounds] = arguments.as_slice()
        && run == count::RUN
    {
        let operation = operations().find(|operation| operation.name == name).unwrap();
        (operation.work)(rounds.parse().unwrap());
        return ExitCode::SUCCESS;
    }
    machine::describe();
    // Without measuring and without valgrind: whether they run.
    if arguments.iter().any(|argument| argument == "--test") {
        operations().for_each(|operation| (operation.work)(2));
        println!("{} operations run", operations().count());
        return ExitCode::SUCCESS;
    }
    let words: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word.as_str()));
    let wanted: Vec<&Operation> = operations().filter(|operation| wanted(operation.name)).collect();
    let (conditions, counts) = match (Conditions::here(), count::all(&wanted)) {
        (Ok(conditions), Ok(counts)) => (conditions, counts),
        (Err(error), _) | (_, Err(error)) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    if arguments.iter().any(|argument| argument == "--write") {
        return baseline::write(conditions, counts, words.is_empty());
    }
    match Baseline::read() {
        Ok(baseline) => baseline.compare(&conditions, &counts, words.is_empty()),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
