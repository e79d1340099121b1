//! No text makes the compiler panic, hang, or accept what it cannot run.

use ninefold_dialogue::definition::Definition;
use ninefold_dialogue::program::{Op, Program};
use proptest::prelude::*;

use super::{EXAMPLES, example, read};

/// Every jump leads to a step, and the last step ends.
fn sound(program: &Program) -> bool {
    program.flows.iter().all(|flow| {
        let inside = |to: &u16| usize::from(*to) < flow.ops.len();
        let jumps = flow.ops.iter().all(|op| match op {
            Op::Jump(to) | Op::JumpUnless { to, .. } | Op::Confirm { denied: to, .. } => inside(to),
            Op::Action { failed, .. } => failed.as_ref().is_none_or(inside),
            _ => true,
        });
        jumps && matches!(flow.ops.last(), Some(Op::End)) && flow.places.len() == flow.ops.len()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn an_example_that_lost_or_doubled_lines_is_told_of_or_runs(which in 0usize..3, lines in prop::collection::vec((0usize..200, 0usize..200), 1..6)) {
        let text = example(EXAMPLES[which]);
        let mut all: Vec<&str> = text.lines().collect();
        for (from, to) in lines {
            let (from, to) = (from % all.len(), to % all.len());
            let line = all.remove(from);
            if to % 3 > 0 {
                all.insert(to.min(all.len()), line);
            }
        }
        if let Ok(program) = read(&all.join("\n")).compile(false) {
            prop_assert!(sound(&program));
        }
    }

    #[test]
    fn an_example_with_letters_changed_is_told_of_or_runs(which in 0usize..3, at in 0usize..4_000, with in "[\\PC\n]{0,3}") {
        let mut letters: Vec<char> = example(EXAMPLES[which]).chars().collect();
        let at = at % letters.len();
        letters.splice(at..(at + 2).min(letters.len()), with.chars());
        let text: String = letters.into_iter().collect();
        if let Ok(program) = read(&text).compile(false) {
            prop_assert!(sound(&program));
        }
    }

    #[test]
    fn any_text_is_told_of(text in "[-a-z:{}\\[\\]&*!|>'\"#%@, \n]{0,80}") {
        let wrong = read(&text).check();
        prop_assert!(wrong.has_errors());
    }
}

#[test]
fn a_definition_of_many_flows_is_compiled() {
    let mut text = "flows:\n".to_owned();
    for n in 0..400 {
        text += &format!(
            "  flow_{n}:\n    triggers: [start number {n}]\n    slots: {{a: {{type: text, prompt: What?}}}}\n    steps:\n      - collect: a\n      - say: \"{{{{ a }}}}\"\n"
        );
    }
    assert_eq!(Definition::from_yaml("many.yml", &text).compile(false).unwrap().flows.len(), 400);
}
