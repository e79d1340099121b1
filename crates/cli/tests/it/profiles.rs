//! Profiles that are kept: in every form, of runs that failed too, whole or not at all; and read back.

use std::fs;

use rusqlite::Connection;
use serde_json::Value;

use crate::room::{Ended, Room, contents, ended};

const QUESTION: &str = "When do the tulips bloom?";

/// A room whose notes are indexed.
fn indexed() -> Room {
    let room = Room::new();
    room.run(["index", "notes"]).expect(0);
    room
}

fn ask(room: &Room, more: &[&str]) -> Ended {
    room.run([&["ask", QUESTION], more].concat())
}

fn kept(room: &Room, name: &str) -> String {
    fs::read_to_string(room.path(name)).unwrap()
}

/// Every name in the room's folder, so that nothing is left over unseen.
fn names(room: &Room) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(room.path(".")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| !name.starts_with("memory.db"));
    names.sort();
    names
}

#[test]
fn the_profile_goes_to_a_file_and_the_answer_stays() {
    let room = indexed();
    for (form, begin) in [
        ("table", "phase  "),
        ("tree", "invoke_agent soar "),
        ("perfetto", "{\"displayTimeUnit\":\"ns\""),
        ("folded", "invoke_agent soar;"),
        ("json", "{"),
    ] {
        let asked = ask(&room, &["--profile", form, "--profile-out", form]).expect(0);
        assert!(asked.out.starts_with("The tulips bloom in April.") && asked.err.is_empty(), "{asked:#?}");
        assert!(kept(&room, form).starts_with(begin) && kept(&room, form).ends_with('\n'), "{}", kept(&room, form));
    }
    assert_eq!(names(&room), ["folded", "json", "notes", "perfetto", "table", "tree"]);
    let trace: Value = serde_json::from_str(&kept(&room, "perfetto")).unwrap();
    assert!(trace["traceEvents"].as_array().unwrap().iter().any(|event| event["name"] == "retrieve"));
}

#[test]
fn without_a_file_the_profile_is_the_output_and_the_answer_is_beside_it() {
    let room = indexed();
    for more in [&["--profile", "folded"][..], &["--profile", "folded", "--profile-out", "-"]] {
        let asked = ask(&room, more).expect(0);
        assert!(asked.out.lines().all(|line| line.starts_with("invoke_agent soar;")), "{asked:#?}");
        assert!(asked.err.starts_with("The tulips bloom in April."), "{asked:#?}");
    }
}

#[test]
fn a_profile_beside_itself_is_not_put_over_the_answer() {
    let room = indexed();
    let out = fs::File::create(room.path("both.txt")).unwrap();
    let mut asking = room.program();
    asking.args(["ask", QUESTION, "--profile", "folded", "--profile-out", "both.txt"]).stdout(out);
    let asked = ended(&mut asking);
    assert!(asked.code == 0 && asked.err.starts_with("The tulips bloom in April."), "{asked:#?}");
    assert!(kept(&room, "both.txt").starts_with("invoke_agent soar;"));
}

#[test]
fn json_has_the_answer_on_standard_output_and_any_profile_in_the_file() {
    let room = indexed();
    let asked = ask(&room, &["--json", "--profile", "json", "--profile-out", "run.json"]).expect(0);
    let answer: Value = serde_json::from_str(&asked.out).unwrap();
    let profile: Value = serde_json::from_str(&kept(&room, "run.json")).unwrap();
    assert_eq!(answer["profile"], profile);
    let refused = ask(&room, &["--json", "--profile", "json"]).expect(2);
    assert!(refused.err.contains("would both go to standard output\nhint: "), "{refused:#?}");
}

#[test]
fn a_run_that_found_nothing_has_its_profile() {
    let room = indexed();
    room.run(["ask", "Which zeppelins hibernate?", "--profile", "json", "--profile-out", "run.json"]).expect(1);
    assert!(kept(&room, "run.json").contains("retrieve"));
}

/// Makes runs on the room's database fail in the phase `retrieve`.
fn damage(room: &Room) {
    Connection::open(room.path("memory.db")).unwrap().execute_batch("DROP TABLE texts").unwrap();
}

#[test]
fn a_run_that_failed_has_its_profile() {
    let room = indexed();
    damage(&room);
    let failed = ask(&room, &["--profile", "json", "--profile-out", "run.json"]).expect(3);
    assert!(failed.err.contains("(in phase retrieve)") && failed.out.is_empty(), "{failed:#?}");
    let profile: Value = serde_json::from_str(&kept(&room, "run.json")).unwrap();
    assert_eq!(profile["total"]["failed"], 1, "{profile:#}");
    let failed = ask(&room, &["--profile", "folded"]).expect(3);
    assert!(failed.out.starts_with("invoke_agent soar;"), "{failed:#?}");
    let failed = ask(&room, &["-v"]).expect(3);
    assert!(failed.err.contains("critical path: ") && failed.err.contains("└─ "), "{failed:#?}");
}

#[test]
fn a_run_that_did_not_begin_leaves_what_was_there() {
    let room = indexed();
    room.write("run.json", "of an earlier run");
    let late = ask(&room, &["--deadline", "0s", "--profile", "json", "--profile-out", "run.json"]).expect(3);
    assert!(late.err.contains("the deadline of 0 ns passed"), "{late:#?}");
    assert_eq!(kept(&room, "run.json"), "of an earlier run");
    assert_eq!(names(&room), ["notes", "run.json"]);
}

#[test]
fn what_is_no_place_for_a_file_is_refused_before_anything_is_done() {
    let room = Room::new();
    for (place, why) in [
        ("notes", "error: the path notes is a folder\nhint: "),
        ("nowhere/run.json", "error: the folder of nowhere/run.json does not exist\nhint: "),
        ("notes/garden.md/run.json", "error: the folder of notes/garden.md/run.json does not exist\nhint: "),
    ] {
        let refused = ask(&room, &["-i", "notes", "--profile", "json", "--profile-out", place]).expect(2);
        assert!(refused.err.starts_with(why) && refused.out.is_empty(), "{refused:#?}");
    }
    ask(&room, &["--profile-out", "run.json"]).expect(2);
    ask(&room, &["--profile", "poem"]).expect(2);
    assert_eq!(names(&room), ["notes"]);
    assert!(!room.path("memory.db").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_below_the_profile() {
    let room = indexed();
    let full = ask(&room, &["--profile", "json", "--profile-out", "/dev/full"]).expect(3);
    assert!(full.out.starts_with("The tulips bloom in April."), "{full:#?}");
    assert!(full.err.starts_with("error: the profile cannot be written to /dev/full: "), "{full:#?}");
    assert!(full.err.contains("\nhint: "), "{full:#?}");
    ask(&room, &["--profile", "json", "--profile-out", "/dev/null"]).expect(0);
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
    damage(&room);
    let failed = ask(&room, &["--profile", "json", "--profile-out", "/dev/full"]).expect(3);
    assert!(failed.err.starts_with("warning: the profile cannot be written to /dev/full: "), "{failed:#?}");
    assert!(failed.err.contains("\nerror: the database "), "{failed:#?}");
}

#[test]
fn a_profile_is_shown_in_every_form() {
    let room = indexed();
    ask(&room, &["--profile", "json", "--profile-out", "run.json"]).expect(0);
    let shown = |form: &str| room.run(["profile", "show", "--as", form, "run.json"]).expect(0);
    let table = room.run(["profile", "show", "run.json"]).expect(0);
    assert!(table.out.starts_with("phase ") && table.out.contains("\ncritical path: "), "{table:#?}");
    assert!(!table.out.contains('\u{1b}'), "{table:#?}");
    assert_eq!(shown("table").out, table.out);
    assert!(shown("tree").out.contains("├─ retrieve"));
    assert!(shown("perfetto").out.contains("\"thread_name\""));
    assert_eq!(shown("json").out, kept(&room, "run.json"));
    let profile: Value = serde_json::from_str(&kept(&room, "run.json")).unwrap();
    let folded = shown("folded").out;
    let sum: u64 = folded.lines().map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap()).sum();
    assert_eq!(profile["wall_ns"], sum);
    // None of it needs a database.
    let without = ended(room.program().env("NINEFOLD_DB", "/dev/null/none").args(["profile", "show", "run.json"]));
    assert_eq!(without.expect(0).out, table.out);
}

#[test]
fn what_ask_prints_as_json_can_be_shown() {
    let room = indexed();
    let asked = ask(&room, &["--json"]).expect(0);
    let shown = room.run_with_input(&["profile", "show", "--as", "tree", "-"], asked.out.as_bytes()).expect(0);
    assert!(shown.out.starts_with("invoke_agent soar "), "{shown:#?}");
}

#[test]
fn what_is_no_profile_is_refused() {
    let room = indexed();
    ask(&room, &["--profile", "json", "--profile-out", "run.json"]).expect(0);
    room.write("two.jsonl", kept(&room, "run.json").repeat(2));
    room.write("none.json", "{\"profile\":null}");
    let show = |file: &str| room.run(["profile", "show", file]).expect(2).err;
    assert!(show("two.jsonl").starts_with("error: two.jsonl holds 2 profiles; one can be shown\nhint: "));
    assert!(show("none.json").starts_with("error: there is no profile in none.json\nhint: "));
    assert!(show("notes/garden.md").starts_with("error: document 1 in notes/garden.md is no profile: "));
    assert!(show("gone.json").starts_with("error: the path gone.json does not exist\nhint: "));
    room.run(["profile", "show"]).expect(2);
    room.run(["profile", "show", "--as", "poem", "run.json"]).expect(2);
    let refused = room.run(["profile", "diff", "run.json", "gone.json"]).expect(2);
    assert!(refused.err.starts_with("error: the path gone.json does not exist\nhint: "), "{refused:#?}");
    let before = contents(&room.path("."));
    room.run_with_input(&["profile", "show", "-"], b"\x00\xff").expect(2);
    assert_eq!(contents(&room.path(".")).len(), before.len());
}

#[test]
fn names_in_a_profile_cannot_steer_the_terminal() {
    let room = indexed();
    ask(&room, &["--profile", "json", "--profile-out", "run.json"]).expect(0);
    let mut profile: Value = serde_json::from_str(&kept(&room, "run.json")).unwrap();
    for span in profile["spans"].as_array_mut().unwrap() {
        span["label"] = "\u{1b}]0;owned\u{7}\n;\u{9b}31m".into();
        span["error_type"] = "\u{1b}[2J".into();
    }
    room.write("trap.json", profile.to_string());
    for form in ["table", "tree", "folded", "perfetto"] {
        let shown = room.run(["profile", "show", "--as", form, "trap.json"]).expect(0);
        assert!(!shown.out.contains(['\u{1b}', '\u{7}', '\u{9b}']), "{form}: {shown:#?}");
    }
}

#[test]
fn sets_of_runs_are_compared() {
    let room = indexed();
    for set in ["before", "after"] {
        fs::create_dir(room.path(set)).unwrap();
        for n in 0..3 {
            ask(&room, &["--profile", "json", "--profile-out", &format!("{set}/{n}.json")]).expect(0);
        }
    }
    let all: String = (0..3).map(|n| kept(&room, &format!("after/{n}.json"))).collect();
    room.write("after.jsonl", all);
    let folders = room.run(["profile", "diff", "before", "after"]).expect(0);
    assert!(folders.out.contains("retrieve"), "{folders:#?}");
    assert_eq!(room.run(["profile", "diff", "before", "after.jsonl"]).expect(0).out, folders.out);
}
