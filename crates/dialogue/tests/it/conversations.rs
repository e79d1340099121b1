//! The conversations of the examples, as their files expect them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use ninefold_dialogue::program::Program;
use ninefold_dialogue::script::Tests;
use ninefold_dialogue::{Definition, repair};
use ninefold_store::MemorySessions;

fn example(name: &str) -> (Program, Tests) {
    let examples = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/dialogue"));
    let definition = Definition::from_files([examples.join(format!("{name}.yml"))]).over(repair::patterns());
    let program = definition.compile(true).unwrap_or_else(|diagnostics| panic!("{diagnostics}"));
    let tests = Tests::from_paths([examples.join("tests").join(name)]);
    (program, tests.unwrap_or_else(|diagnostics| panic!("{diagnostics}")))
}

async fn all_met(name: &str) {
    let (program, tests) = example(name);
    let mut missed = Vec::new();
    for conversation in &tests.conversations {
        let outcome = conversation.run(&program, Arc::new(MemorySessions::new())).await.unwrap();
        if !outcome.is_met() {
            missed.push(outcome.to_string());
        }
    }
    let all = tests.conversations.len();
    assert!(missed.is_empty(), "{} of {all} conversations missed:\n\n{}", missed.len(), missed.join("\n\n"));
}

#[tokio::test]
async fn flights() {
    all_met("flights").await;
}

#[tokio::test]
async fn transfer() {
    all_met("transfer").await;
}

#[tokio::test]
async fn restaurant() {
    all_met("restaurant").await;
}

#[test]
fn there_are_enough_of_each_category() {
    let mut by_category: BTreeMap<String, usize> = BTreeMap::new();
    for name in ["flights", "transfer", "restaurant"] {
        for conversation in example(name).1.conversations {
            *by_category.entry(conversation.category).or_default() += 1;
        }
    }
    for category in [
        "happy path",
        "correction",
        "digression",
        "cancellation",
        "clarification",
        "negation",
        "repetition",
        "skip",
        "validation",
        "knowledge",
        "chit-chat",
        "hand-off",
        "silence",
        "restart",
        "isolation",
        "rules",
    ] {
        assert!(by_category.get(category).is_some_and(|count| *count >= 3), "{category}: {by_category:#?}");
    }
    assert!(by_category.values().sum::<usize>() >= 80, "{by_category:#?}");
}
