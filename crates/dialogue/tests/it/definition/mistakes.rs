//! Everything that can be wrong is told at once, with its place and what to do.

use ninefold_dialogue::definition::{Definition, Flow, Severity, Slot, Step};
use ninefold_dialogue::Kind;

use super::read;

#[test]
fn every_kind_of_mistake_is_told_with_its_line_and_cure() {
    let wrong = Definition::from_yaml("mistakes.yml", include_str!("mistakes.yml")).compile(false).unwrap_err();
    insta::assert_snapshot!(wrong, @"");
}

#[test]
fn what_is_no_yaml_is_told_with_its_line() {
    let told = |text: &str| read(text).compile(false).unwrap_err().to_string();
    insta::assert_snapshot!(
        ["", "flows: [", "a: b: c", "flows:\n  x:\n   y: 1\n  z: \"open\n", "- a\n- b", "just a text", "flows: {a: {steps: [{say: *gone}]}}"]
            .map(told)
            .join("\n"),
        @""
    );
}

#[test]
fn a_flow_built_in_rust_is_checked_alike() {
    let built = Definition::new().flow(
        Flow::new("pay")
            .trigger("pay")
            .slot(Slot::new("amount", Kind::Money).prompt("How much?").validate("value > 'a'", "No."))
            .step(Step::collect("amuont"))
            .step(Step::go("again")),
    );
    insta::assert_snapshot!(built.compile(false).unwrap_err(), @"");
}

#[test]
fn warnings_alone_keep_nothing_from_running() {
    let definition = read("responses: {bye: Bye.}\nflows: {go: {triggers: [go], steps: [{say: Gone.}]}}\n");
    assert!(definition.compile(false).is_ok());
    let severities: Vec<_> = definition.check().list().iter().map(|diagnostic| diagnostic.severity).collect();
    assert_eq!(severities, [Severity::Warning]);
}
