//! The forms of an answer on the command line, and the log of conversations.

use std::fs;

use serde_json::Value;

use crate::room::{Room, ended};

const QUESTION: &str = "When do the tulips bloom?";

#[test]
fn the_text_is_the_same_in_all_forms() {
    let room = Room::new();
    room.run(["index", "notes"]).expect(0);
    let of = |form: &[&str]| room.run([&["ask"], form, &[QUESTION]].concat()).expect(0).out;
    let (quiet, normal, verbose, json) = (of(&["--quiet"]), of(&[]), of(&["--verbose"]), of(&["--json"]));
    let value: Value = serde_json::from_str(&json).unwrap();
    let text = value["answer"]["text"].as_str().unwrap();
    assert_eq!(quiet, format!("{text}\n\n[1] notes/garden.md:3\n"));
    assert!(normal.starts_with(&quiet) && normal.contains("\nnote: no model is configured"), "{normal}");
    assert!(!normal.contains("held to be") && !normal.contains("confidence"), "{normal}");
    assert!(verbose.starts_with(&quiet), "{verbose}");
    assert!(verbose.contains("note: held to be a simple question by rules ("), "{verbose}");
    assert!(verbose.contains("\nnote: confidence "), "{verbose}");
    assert_eq!(value["answer"]["degradations"][0]["kind"], "extractive");
}

#[test]
fn a_conversation_is_written_down_where_it_is_asked_for() {
    let room = Room::new();
    room.run(["index", "notes"]).expect(0);
    room.run(["ask", QUESTION]).expect(0);
    assert!(!room.path("log").exists(), "off unless asked for");
    room.run(["ask", "--conversations", "log", QUESTION]).expect(0);
    ended(room.program().env("NINEFOLD_CONVERSATIONS", "log").args(["ask", "Which zeppelins hibernate?"])).expect(1);
    let written = fs::read_to_string(room.path("log/no-conversation.jsonl")).unwrap();
    let lines: Vec<Value> = written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2, "{written}");
    assert_eq!(lines[0]["question"], QUESTION);
    assert!(lines[0]["answer"].as_str().unwrap().contains("April"), "{written}");
    assert!(lines[0]["marks"][0].as_str().unwrap().ends_with("garden.md:3"), "{written}");
    assert!(lines[1]["notes"].to_string().contains("nothing that this run may see"), "{written}");
    let refused = room.run(["ask", "--conversations", "notes/garden.md", QUESTION]).expect(3);
    assert!(refused.err.contains("conversations cannot be logged there"), "{refused:#?}");
}
