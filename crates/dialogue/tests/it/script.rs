//! Conversation tests themselves: what is wrong with a file, and what is shown of a turn that did not go as expected.

use std::sync::Arc;

use ninefold_dialogue::script::Tests;
use ninefold_dialogue::{Definition, repair};
use ninefold_store::MemorySessions;

const FLOWS: &str = r"
flows:
  greet:
    description: Greet the user
    triggers: [hello]
    slots: {name: {type: text, prompt: Who are you?}}
    steps: [{collect: name}, {say: 'Hello {{ name }}.'}]
";

#[tokio::test]
async fn what_was_expected_is_shown_beside_what_was_there() {
    let program = Definition::from_yaml("flows.yml", FLOWS).over(repair::patterns()).compile(true).unwrap();
    let tests = "conversations:\n- name: a name\n  category: happy path\n  turns:\n  - user: hello\n    asked: name\n  - user: Ann\n    reply: [Hello Ben.]\n    flow: greet\n";
    let tests = Tests::from_yaml("greet.yml", tests).unwrap();
    let outcome = tests.conversations[0].run(&program, Arc::new(MemorySessions::new())).await.unwrap();
    let shown = outcome.to_string();
    for line in [
        "MISSED a name (happy path), greet.yml:2",
        "        user │ hello",
        "    dialogue │ Who are you?",
        "        user │ Ann",
        "    dialogue │ Hello Ann.",
        "  greet.yml:7: the reply should contain \"Hello Ben.\", and is \"Hello Ann.",
        "  greet.yml:7: the flow should be greet, and is none",
    ] {
        assert!(shown.lines().any(|shown| shown.starts_with(line)), "{line:?} is missing in\n{shown}");
    }
    assert_eq!((outcome.turns, outcome.missed.len()), (2, 1));
}

#[test]
fn everything_that_is_wrong_with_a_file_is_told_with_its_line() {
    let wrong = "category: x\nconversation: []\nconversations:\n- name: a\n  turns:\n  - user: hello\n    silence: true\n  - user: hello\n    replay: [x]\n    understood: [begin greet]\n- turns: []\n- name: b\n  actions: {order: {fails: often}}\n  turns: []\n";
    let diagnostics = Tests::from_yaml("wrong.yml", wrong).unwrap_err().to_string();
    for part in [
        "wrong.yml:2: error: the file has no key `conversation`\n  → did you mean `conversations`?",
        "wrong.yml:6: error: a turn is 2 things",
        "wrong.yml:9: error: a turn has no key `replay`\n  → did you mean `reply`?",
        "wrong.yml:10: error: `begin greet` is no command",
        "wrong.yml:11: error: a conversation has no name",
        "wrong.yml:13: error: there is no failure of kind `often`",
        "wrong.yml:12: error: conversation \"b\" has no turns",
    ] {
        assert!(diagnostics.contains(part), "{part:?} is missing in\n{diagnostics}");
    }
    assert!(Tests::from_yaml("broken.yml", "a: [").is_err());
    assert!(Tests::from_paths(["/there/is/nothing"]).is_err());
}
