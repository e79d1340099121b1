//! Definitions: what compiles, into what, and what is told of what does not.

mod examples;
mod mistakes;
mod pages;
mod robust;
mod schema;

use std::path::PathBuf;

use ninefold_dialogue::definition::Definition;

/// The definitions among the examples.
const EXAMPLES: [&str; 3] = ["flights", "transfer", "restaurant"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn example(name: &str) -> String {
    std::fs::read_to_string(root().join(format!("examples/dialogue/{name}.yml"))).unwrap()
}

fn read(text: &str) -> Definition {
    Definition::from_yaml("flows.yml", text)
}
