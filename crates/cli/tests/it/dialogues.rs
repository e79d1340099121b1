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
    // From a pipe a message is a message: an action that is not in the answers fails, and that is said before anything.
    let talked = chat(&room, &[], "order something\ntea\norder something\n").expect(0);
    assert!(talked.err.starts_with("note: actions without an answer fail: order\nhint: "), "{talked:#?}");
    assert!(talked.out.contains("That did not work.\n") && talked.out.contains("(action order failed"), "{talked:#?}");
    assert!(talked.out.ends_with("What shall it be?\n"), "the message after it was heard: {talked:#?}");
}

#[test]
fn a_conversation_goes_on_after_a_turn_that_failed() {
    let room = room();
    let input = "/start order_nothing\n/set {what\norder something\ntea\n";
    let talked = chat(&room, &["--answers", "tests/answers.yml"], input).expect(2);
    assert!(talked.err.contains("error: there is no flow \"order_nothing\""), "{talked:#?}");
    assert!(talked.err.contains("error: the slots are no JSON"), "{talked:#?}");
    assert!(talked.out.starts_with("What shall it be?\ntea is number 7.\n"), "{talked:#?}");
}

#[test]
fn a_line_may_do_what_a_host_does_and_silence_is_reached() {
    let room = room();
    let answers = ["--answers", "tests/answers.yml"];
    let talked = chat(&room, &answers, "/start order_something {\"what\": \"tea\"}\n").expect(0);
    assert!(talked.out.starts_with("tea is number 7.\n"), "{talked:#?}");
    let talked = chat(&room, &answers, "order something\n/silence\n").expect(0);
    assert!(talked.out.contains("Are you still there?\n"), "{talked:#?}");
}

#[test]
fn memory_answers_with_its_places() {
    let room = room();
    room.write("notes/boiler.md", "The boiler is restarted by holding the green button for five seconds.\n");
    room.run(["index", "notes"]).expect(0);
    let question = "How is the boiler restarted?\n";
    let talked = chat(&room, &["--answers", "tests/answers.yml", "--knowledge"], question).expect(0);
    assert!(talked.out.contains("green button") && talked.out.contains("[1] notes/boiler.md:1\n"), "{talked:#?}");
    assert!(talked.out.contains("(note: no model is configured"), "{talked:#?}");
}

/// A person at a terminal, who answers when he is asked.
#[cfg(target_os = "linux")]
#[test]
fn at_a_terminal_an_action_is_asked_for_output_by_output() {
    use std::io::{Read, Write};

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    let room = room();
    room.write("flows.yml", format!("silence: 1s\n{FLOWS}"));
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let other = ptsname(&terminal, Vec::new()).unwrap();
    let side = || std::fs::File::options().read(true).write(true).open(other.to_str().unwrap()).unwrap();
    let mut command = room.program();
    command.args(["chat", "flows.yml"]).stdin(side()).stdout(side()).stderr(side());
    let mut child = command.spawn().unwrap();
    drop(command);
    let mut terminal = std::fs::File::from(terminal);
    let (mut shown, mut seen) = (String::new(), 0);
    // Waits for a text behind the one before, then writes.
    let mut answer = |wanted: &str, line: &str| {
        let mut bytes = [0; 4096];
        while !shown[seen..].contains(wanted) {
            let read = terminal.read(&mut bytes).unwrap_or(0);
            assert!(read > 0, "{wanted:?} is not in {shown:?}");
            shown.push_str(&String::from_utf8_lossy(&bytes[..read]));
        }
        seen += shown[seen..].find(wanted).unwrap() + wanted.len();
        terminal.write_all(line.as_bytes()).unwrap();
    };
    answer("> ", "order something\n");
    answer("What shall it be?", "");
    answer("(silence)", "");
    answer("Are you still there?", "tea\n");
    answer("action order is called with what \"tea\"", "");
    answer("number (integer): ", "many\n");
    answer("many is no integer", "");
    answer("number (integer): ", "twelve\n");
    answer("tea is number 12.", "order something\n");
    answer("What shall it be?", "milk\n");
    answer("number (integer): ", "\n");
    answer("That did not work.", "");
    answer("> ", "\u{4}");
    assert_eq!(child.wait().unwrap().code(), Some(0));
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
