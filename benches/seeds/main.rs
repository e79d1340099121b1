//! Every row of the predecessors' reports in one table: what the report says, what its code really did, what ours does on the same work.
//!
//! ```text
//! cargo bench --bench seeds --features dialogue,code,llm-http [-- PART ...]
//! ```
//!
//! Parts are `pipeline`, `storage`, `parser` (a SOAR pipeline in Python), `dialogue` (a system of flows and slots), `persona` (an assistant
//! with layered memory), `suite` (a benchmark suite of a server) and `files` (a server of files and routing); all unless some are named. The
//! predecessors' figures stand beside the work that they are of, each with who says so; all of ours are measured when this runs. What does not
//! exist here is a row too, and counted as missing. Models answer at once, so that what is measured is ours.
//!
//! **lost** is a row in which ours is worse than what their code really does; where nobody measured their code, than what their report says.

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]
#![allow(clippy::panic, clippy::expect_used)]

#[path = "../../crates/dialogue/benches/scope/five.rs"]
#[allow(dead_code, reason = "the bench of scopes counts more")]
mod five;
#[path = "../../crates/store/benches/generated/mod.rs"]
mod generated;
#[path = "../machine/mod.rs"]
mod machine;
#[path = "../../crates/dialogue/benches/scope/made.rs"]
#[allow(dead_code, reason = "the bench of scopes reads data sets too")]
mod made;
#[path = "../../crates/llm/benches/provider/mod.rs"]
mod provider;
#[path = "../machine/python.rs"]
mod python;
#[path = "../../crates/store/benches/taught/mod.rs"]
mod taught;

mod dialogue;
mod files;
mod measure;
mod parser;
mod persona;
mod pipeline;
mod row;
mod seeds;
mod storage;
mod suite;

use self::seeds::Seeds;

/// A predecessor's report, or a part of it.
pub struct Part {
    pub name: &'static str,
    pub what: &'static str,
    measure: fn(&mut Seeds),
}

pub const PARTS: [Part; 7] = [
    Part { name: "pipeline", what: "questions, verification, assessment", measure: pipeline::measure },
    Part { name: "storage", what: "chunks in memory and in SQLite", measure: storage::measure },
    Part { name: "parser", what: "generated Python classes into chunks", measure: parser::measure },
    Part { name: "dialogue", what: "conversations by flows, without a model", measure: dialogue::measure },
    Part { name: "persona", what: "an assistant with memory, model at once", measure: persona::measure },
    Part { name: "suite", what: "the operations of a benchmark suite", measure: suite::measure },
    Part { name: "files", what: "uploads, routing, requests without inference", measure: files::measure },
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == measure::ALONE) {
        return alone(&arguments[1], arguments[2].parse().unwrap());
    }
    let quick = arguments.iter().any(|argument| argument == "--test");
    let named: Vec<String> = arguments.into_iter().filter(|argument| !argument.starts_with('-')).collect();
    for name in &named {
        let known = PARTS.map(|part| part.name);
        assert!(known.contains(&name.as_str()), "there is no part {name:?}; there are {}", known.join(", "));
    }
    machine::describe();
    let mut seeds = Seeds::new(quick, &named);
    for part in PARTS {
        if named.is_empty() || named.iter().any(|name| name == part.name) {
            seeds.part(part.name);
            (part.measure)(&mut seeds);
        }
    }
    // What was tried once, or in part, is no table.
    seeds.finish(!quick && named.is_empty());
}

/// What a process of its own is to do.
fn alone(what: &str, many: usize) {
    let figures = match what.split_once(' ').unwrap_or((what, "")) {
        ("storage", what) => storage::alone(what, many),
        ("dialogue", _) => dialogue::alone(many),
        ("persona", _) => persona::alone(many),
        ("files", _) => files::alone(many),
        _ => panic!("there is nothing to do alone by the name {what:?}"),
    };
    measure::say(&figures);
}
