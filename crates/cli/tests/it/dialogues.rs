//! Dialogues: checked, tested, and talked to.

use std::path::Path;

use crate::room::{Ended, Room};

const FLOWS: &str = r#"
actions:
  order: {inputs: {what: text}, outputs: {number: integer}}
flows:
  order_something:
    description: Order something
    triggers: [order something]
    slots:
      what: {type: text, prompt: What shall it be?}
      number: {type: integer, internal: true}
    steps:
      - collect: what
      - action: order
        on_failure: [{say: That did not work.}, end]
      - say: "{{ what }} is number {{ number }}."
"#;

const ANSWERS: &str = "actions: {order: {returns: {number: 7}}}\n";

fn room() -> Room {
    let room = Room::empty();
    room.write("flows.yml", FLOWS);
    std::fs::create_dir(room.path("tests")).unwrap();
    room.write("tests/answers.yml", ANSWERS);
    room
}

fn chat(room: &Room, arguments: &[&str], input: &str) -> Ended {
    let all: Vec<&str> = ["chat", "flows.yml"].iter().chain(arguments).copied().collect();
    room.run_with_input(&all, input.as_bytes())
}

#[test]
fn flows_are_checked() {
    let room = room();
    let checked = room.run(["check", "flows.yml"]).expect(0);
    assert_eq!(checked.out, "1 flow, 0 errors, 0 warnings\n");
    room.write("flows.yml", FLOWS.replace("prompt:", "promt:").replace("collect: what", "collect: that"));
    let checked = room.run(["check", "flows.yml"]).expect(2);
    assert!(checked.out.contains("flows.yml:9: error: "), "{checked:#?}");
    assert!(checked.out.contains("hint: did you mean `prompt`?"), "{checked:#?}");
    let json = room.run(["check", "--json", "flows.yml"]).expect(2);
    assert!(json.out.starts_with("{\"diagnostics\":[") && json.out.contains("\"line\":9"), "{json:#?}");
    room.run(["check", "nowhere.yml"]).expect(2);
    room.run(["check"]).expect(2);
    let schema = room.run(["check", "--schema"]).expect(0);
    assert!(schema.out.starts_with('{') && schema.out.contains("\"triggers\""), "{schema:#?}");
}

#[test]
fn conversations_are_held_and_missed_ones_are_shown() {
    let room = room();
    let tests = "category: happy path\nconversations:\n  - name: tea\n    turns:\n      - user: order something\n        asked: what\n      - user: tea\n        reply: [tea is number 7.]\n";
    room.write("tests/tea.yml", tests);
    let tested = room.run(["test", "flows.yml", "tests"]).expect(0);
    assert_eq!(tested.out, "1 of 1 conversations went as expected, in 2 turns\n");
    room.write("tests/tea.yml", tests.replace("number 7", "number 8"));
    let tested = room.run(["test", "flows.yml", "tests"]).expect(1);
    assert!(tested.out.contains("tests/tea.yml:7: the reply should contain \"tea is number 8.\""), "{tested:#?}");
    assert!(tested.out.ends_with("0 of 1 conversations went as expected, in 2 turns\n"), "{tested:#?}");
    room.write("tests/tea.yml", tests.replace("asked:", "askt:"));
    let tested = room.run(["test", "flows.yml", "tests"]).expect(2);
    assert!(tested.err.contains("tests/tea.yml:6: error: a turn has no key `askt`"), "{tested:#?}");
}

#[test]
fn one_talks_line_by_line() {
    let room = room();
    let talked = chat(&room, &["--answers", "tests/answers.yml"], "order something\ntea\n").expect(0);
    assert!(talked.out.starts_with("What shall it be?\ntea is number 7.\n"), "{talked:#?}");
    // An action that is not in the answers is asked for.
    let talked = chat(&room, &[], "order something\ntea\n{\"number\": 3}\n").expect(0);
    assert!(talked.out.contains("tea is number 3.") && talked.err.contains("order({\"what\":\"tea\"})"), "{talked:#?}");
    let talked = chat(&room, &[], "order something\ntea\n").expect(0);
    assert!(talked.out.contains("That did not work."), "{talked:#?}");
}

#[test]
fn a_conversation_goes_on_in_its_database_and_can_be_looked_into() {
    let room = room();
    let database = room.path("talk.db");
    let database: &Path = &database;
    let arguments = ["--db", database.to_str().unwrap(), "--answers", "tests/answers.yml"];
    chat(&room, &arguments, "order something\n").expect(0);
    let talked = chat(&room, &[&arguments[..], &["--inspect"]].concat(), "tea\n").expect(0);
    assert!(talked.out.starts_with("tea is number 7."), "{talked:#?}");
    assert!(talked.out.contains("turn 2") && talked.out.contains("collect"), "{talked:#?}");
    let other = chat(&room, &[&arguments[..], &["--session", "other"]].concat(), "tea\n").expect(0);
    assert!(!other.out.contains("number 7"), "{other:#?}");
}
