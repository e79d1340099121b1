//! What is answered, and how it is shown.

use std::fs;

use serde_json::Value;

use crate::room::{Room, ended};

#[test]
fn an_answer_names_the_lines_it_rests_on_and_where_the_time_went() {
    let room = Room::new();
    let asked = room.run(["ask", "--index", "notes", "How is the boiler restarted?"]).expect(0);
    assert!(asked.out.contains("holding the green button"), "{asked:#?}");
    assert!(asked.out.contains("\n[1] notes/boiler.md:3\n"), "{asked:#?}");
    assert!(asked.out.contains("note: no model is configured"), "{asked:#?}");
    for column in ["phase", "wall", "share", "retrieve", "synthesize", "total"] {
        assert!(asked.out.contains(column), "{column}: {asked:#?}");
    }
    assert!(asked.err.starts_with("indexed 2 of 2 files (2 chunks), in "), "{asked:#?}");
    assert!(!asked.out.contains('\u{1b}') && !asked.err.contains('\u{1b}'), "{asked:#?}");
}

#[test]
fn what_is_unchanged_is_not_indexed_again() {
    let room = Room::new();
    room.run(["ask", "--index", "notes", "How is the boiler restarted?"]).expect(0);
    let again = room.run(["ask", "--index", "notes", "How is the boiler restarted?"]).expect(0);
    assert!(again.err.starts_with("indexed 0 of 2 files, 2 unchanged, in "), "{again:#?}");
    room.write("notes/garden.md", "The lilies bloom in June.\n");
    fs::remove_file(room.path("notes/boiler.md")).unwrap();
    let changed = room.run(["index", "notes"]).expect(0);
    assert!(changed.out.starts_with("indexed 1 of 1 file (1 chunk), 1 removed, in "), "{changed:#?}");
    room.run(["ask", "How is the boiler restarted?"]).expect(1);
}

#[test]
fn the_database_is_asked_without_indexing() {
    let room = Room::new();
    let indexed = room.run(["index", "notes"]).expect(0);
    assert_eq!(indexed.err, "");
    let asked = room.run(["ask", "When do the tulips bloom?"]).expect(0);
    assert!(asked.out.contains("notes/garden.md:3\n"), "{asked:#?}");
    assert_eq!(asked.err, "");
    let words = room.run(["ask", "When", "do", "the", "tulips", "bloom?"]).expect(0);
    assert!(words.out.contains("notes/garden.md:3\n"), "{words:#?}");
}

#[test]
fn only_what_is_named_is_searched() {
    let room = Room::new();
    room.run(["index", "notes"]).expect(0);
    let asked = room.run(["ask", "--index", "notes/garden.md", "How is the boiler restarted?"]).expect(1);
    assert!(!asked.out.contains("green button"), "{asked:#?}");
}

#[test]
fn quiet_is_the_answer_and_its_citations() {
    let room = Room::new();
    let asked = room.run(["ask", "--quiet", "--index", "notes", "When do the tulips bloom?"]).expect(0);
    assert_eq!(asked.err, "");
    let (text, citations) = asked.out.split_once("\n\n").unwrap();
    assert!(text.contains("The tulips bloom in April."), "{asked:#?}");
    assert_eq!(citations, "[1] notes/garden.md:3\n");
}

#[test]
fn verbose_tells_more() {
    let room = Room::new();
    room.write("notes/photo.png", b"\x89PNG\0\0");
    let asked = room.run(["ask", "-v", "--index", "notes", "When do the tulips bloom?"]).expect(0);
    assert!(asked.err.contains("  notes/photo.png: binary\n"), "{asked:#?}");
    assert!(asked.out.contains("note: held to be a simple question"), "{asked:#?}");
    assert!(asked.out.contains("\ncritical path: ") && asked.out.contains("├─ retrieve"), "{asked:#?}");
    let question = "Compare when the tulips bloom with how the boiler is restarted, and why?";
    let asked = room.run(["ask", "-v", question]).expect(0);
    assert!(asked.out.contains("\nagent ") && asked.out.contains("\noutside agents "), "{asked:#?}");
}

#[test]
fn json_is_one_object() {
    let room = Room::new();
    room.write("notes/photo.png", b"\x89PNG\0\0");
    let asked = room.run(["ask", "--json", "--index", "notes", "When do the tulips bloom?"]).expect(0);
    assert_eq!(asked.out.lines().count(), 1);
    let value: Value = serde_json::from_str(&asked.out).unwrap();
    assert!(value["answer"]["text"].as_str().unwrap().contains("April"));
    assert!(value["answer"]["citations"][0]["path"].as_str().unwrap().ends_with("notes/garden.md"));
    assert!(value["answer"].get("profile").is_none());
    assert!(value["profile"]["wall_ns"].as_u64().unwrap() > 0);
    assert!(value["profile"]["phases"].as_array().unwrap().iter().any(|phase| phase["name"] == "retrieve"));
    assert_eq!(value["indexed"]["indexed"], 2);
    assert_eq!(value["indexed"]["skipped"][0]["reason"], "binary");

    let asked = room.run(["ask", "--json", "When do the tulips bloom?"]).expect(0);
    let value: Value = serde_json::from_str(&asked.out).unwrap();
    assert_eq!(value["indexed"], Value::Null);
}

#[test]
fn a_question_from_standard_input() {
    let room = Room::new();
    let asked = room.run_with_input(&["ask", "--index", "notes", "-"], b"When do the\ntulips bloom?\n").expect(0);
    assert!(asked.out.contains("[1] notes/garden.md:3"), "{asked:#?}");
}

#[test]
fn no_question_is_taken_for_an_operator() {
    let room = Room::new();
    room.run(["index", "notes"]).expect(0);
    for question in [
        "\"tulips",
        "tulips AND NOT (roses OR",
        "tulips* NEAR/2 ^roses : {x}",
        "' OR 1=1; DROP TABLE chunk; --",
        "When do 🌷 tulips 👩‍👩‍👧 bloom?",
        "متى تزهر tulips؟",
        "מתי פורחים \u{202e}tulips?",
        "tulips\u{7}\u{1b}[2J\u{1}\r\n\tbloom",
        "tu\u{ad}lips \u{feff}bloom",
        "%s%n ${HOME} tulips \\ \\0",
    ] {
        let asked = room.run(["ask", question]);
        assert!(asked.code == 0 || asked.code == 1, "{question:?}: {asked:#?}");
        assert!(!asked.out.contains('\u{1b}') && !asked.err.contains("error"), "{question:?}: {asked:#?}");
    }
}

#[test]
fn nothing_to_search_for_is_said() {
    let room = Room::new();
    let asked = room.run(["ask", "--index", "notes", "?!… ()"]).expect(1);
    assert!(asked.out.contains("note: the question holds no word, number or symbol to search for"), "{asked:#?}");
    let asked = room.run(["ask", "Which zeppelins hibernate?"]).expect(1);
    assert!(asked.out.contains("note: nothing that this run may see matches the question"), "{asked:#?}");
}

#[test]
fn an_empty_database_says_what_to_do() {
    let room = Room::empty();
    let asked = room.run(["ask", "When do the tulips bloom?"]).expect(1);
    assert!(asked.err.contains("memory.db holds nothing yet; name what to search: ninefold ask --index"), "{asked:#?}");
}

#[test]
fn sources_cannot_steer_the_terminal() {
    let room = Room::empty();
    room.write("notes/trap.txt", "The tulips bloom \u{1b}]0;owned\u{7}\u{1b}[31min April.\n");
    let asked = room.run(["ask", "-i", "notes", "When do the tulips bloom?"]).expect(0);
    assert!(asked.out.contains("tulips bloom") && !asked.out.contains(['\u{1b}', '\u{7}']), "{asked:#?}");
}

#[test]
fn the_help_has_examples_and_exit_codes() {
    let room = Room::empty();
    for arguments in [
        &["--help"][..],
        &["ask", "--help"],
        &["resume", "--help"],
        &["index", "--help"],
        &["profile", "--help"],
        &["profile", "show", "--help"],
        &["profile", "diff", "--help"],
    ] {
        let help = room.run(arguments).expect(0);
        assert!(help.out.contains("Examples:") && help.out.contains("Exit codes:"), "{help:#?}");
        assert!(help.out.lines().all(|line| line.chars().count() <= 120), "{help:#?}");
    }
    assert!(ended(room.program().arg("--version")).expect(0).out.starts_with("ninefold "));
}

#[test]
fn the_database_is_in_the_data_directory_unless_named() {
    let room = Room::new();
    let mut command = room.program();
    command.env_remove("NINEFOLD_DB").env("XDG_DATA_HOME", room.path("data")).env("HOME", room.path("home"));
    ended(command.args(["index", "notes"])).expect(0);
    let place = if cfg!(target_os = "linux") { room.path("data/ninefold/ninefold.db") } else { return };
    assert!(place.is_file());
    let elsewhere = room.path("else/where.db");
    room.run(["index".as_ref(), "--db".as_ref(), elsewhere.as_os_str(), "notes".as_ref()]).expect(0);
    assert!(elsewhere.is_file());
}
