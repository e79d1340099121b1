//! How the program ends when something is wrong: the exit code, what happened, what to do.

use std::fs;
use std::process::Stdio;

use serde_json::Value;

use crate::room::{Room, contents, ended};

#[test]
fn an_empty_question_is_bad_input_and_nothing_is_indexed_for_it() {
    let room = Room::new();
    for question in ["", "   ", "\u{200b}\n"] {
        let asked = room.run(["ask", "--index", "notes", question]).expect(2);
        assert_eq!(asked.err, "error: the question is empty\nhint: ask something\n");
        assert_eq!(asked.out, "");
    }
    assert!(!room.path("memory.db").exists());
    room.run_with_input(&["ask", "-"], b"").expect(2);
}

#[test]
fn a_megabyte_is_no_question() {
    let room = Room::new();
    let megabyte = "why ".repeat(1 << 18);
    let asked = room.run_with_input(&["ask", "-i", "notes", "-"], megabyte.as_bytes()).expect(2);
    assert!(asked.err.contains("has more than 65536 bytes") && asked.err.contains("hint: "), "{asked:#?}");
    let asked = room.run(["ask", "-i", "notes", &megabyte[..100_000]]).expect(2);
    assert!(asked.err.starts_with("error: the question has 100000 bytes, the limit is 65536\n"), "{asked:#?}");
}

#[test]
fn bad_usage() {
    let room = Room::new();
    for arguments in [
        &[][..],
        &["ask"],
        &["index"],
        &["dance"],
        &["ask", "--deadline", "soon", "Why?"],
        &["ask", "-q", "-v", "Why?"],
        &["profile"],
        &["profile", "diff", "one.json"],
    ] {
        let refused = room.run(arguments).expect(2);
        assert!(!refused.err.is_empty() && refused.out.is_empty(), "{refused:#?}");
    }
}

#[test]
fn a_path_that_does_not_exist() {
    let room = Room::new();
    for arguments in [&["index", "nowhere"][..], &["ask", "--index", "notes/garden.md/below", "Why?"]] {
        let refused = room.run(arguments).expect(2);
        assert!(refused.err.contains("does not exist\nhint: "), "{refused:#?}");
    }
    assert!(!room.path("memory.db").exists());
}

#[cfg(unix)]
#[test]
fn arguments_that_are_not_utf8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let room = Room::new();
    let strange = OsStr::from_bytes(b"wh\xff\xfe?");
    let refused = room.run([OsStr::new("ask"), strange]).expect(2);
    assert!(refused.err.contains("invalid UTF-8"), "{refused:#?}");
    let refused = room.run([OsStr::new("index"), strange]).expect(2);
    assert!(refused.err.contains("is not UTF-8"), "{refused:#?}");
    let refused = room.run_with_input(&["ask", "-"], b"wh\xff\xfe?").expect(2);
    assert!(refused.err.contains("is not UTF-8 text"), "{refused:#?}");
}

#[test]
fn a_database_where_none_can_be() {
    let room = Room::new();
    let place = room.path("notes/garden.md/memory.db");
    let refused = ended(room.program().env("NINEFOLD_DB", &place).args(["ask", "Why?"])).expect(3);
    assert!(refused.err.starts_with("error: the database ") && refused.err.contains("\nhint: "), "{refused:#?}");
    let refused = ended(room.program().env("NINEFOLD_DB", room.path("notes")).args(["index", "notes"])).expect(3);
    assert!(refused.err.contains("\nhint: "), "{refused:#?}");
}

#[test]
fn a_damaged_database_stays_as_it_is() {
    let room = Room::new();
    let garbage = "this is no database, whatever its name says. ".repeat(200);
    fs::create_dir(room.path("store")).unwrap();
    room.write("store/memory.db", &garbage);
    for arguments in [&["ask", "Why?"][..], &["index", "notes"]] {
        let refused = ended(room.program().env("NINEFOLD_DB", room.path("store/memory.db")).args(arguments)).expect(3);
        assert!(refused.err.contains("is not a database") && refused.err.contains("\nhint: "), "{refused:#?}");
        assert_eq!(contents(&room.path("store")), [(room.path("store/memory.db"), garbage.clone().into_bytes())]);
    }
}

#[test]
fn a_damaged_page_is_noticed() {
    let room = Room::new();
    // Enough for SQLite to move pages from its log into the file.
    for n in 0..60 {
        let paragraphs: String =
            (0..400).map(|line| format!("{n}.{line}: words about tulips.\n\n").repeat(4)).collect();
        room.write(&format!("notes/{n}.md"), paragraphs);
    }
    room.run(["index", "notes"]).expect(0);
    let mut bytes = fs::read(room.path("memory.db")).unwrap();
    assert!(bytes.len() > 1 << 20, "{}", bytes.len());
    bytes[4096..].fill(0xa5);
    room.write("memory.db", bytes);
    for name in ["memory.db-wal", "memory.db-shm"] {
        let _ = fs::remove_file(room.path(name));
    }
    let refused = room.run(["ask", "What about tulips?"]).expect(3);
    assert!(refused.err.starts_with("error: the database "), "{refused:#?}");
    // A run that had begun has its account, and none does when asked to be quiet.
    assert_eq!(refused.err.contains("(in phase "), refused.err.contains("100.0 %"), "{refused:#?}");
    assert!(!room.run(["ask", "-q", "What about tulips?"]).expect(3).err.contains("100.0 %"));
}

#[test]
fn files_that_are_no_text_are_skipped_with_the_reason() {
    let room = Room::new();
    room.write("notes/photo.png", b"\x89PNG\0\0");
    room.write("notes/latin1.txt", b"caf\xe9 au lait");
    room.write("notes/huge.txt", "tulips\n".repeat(400_000));
    let indexed = room.run(["index", "notes"]).expect(0);
    assert!(indexed.out.contains("indexed 2 of 5 files (2 chunks), 3 skipped"), "{indexed:#?}");
    assert!(
        indexed.out.contains("skipped 1 binary, 1 not UTF-8 text, 1 too large; --verbose lists them"),
        "{indexed:#?}"
    );
    let indexed = room.run(["index", "--verbose", "notes"]).expect(0);
    for line in
        ["  notes/photo.png: binary\n", "  notes/latin1.txt: not UTF-8 text\n", "  notes/huge.txt: 2800000 bytes"]
    {
        assert!(indexed.out.contains(line), "{line}: {indexed:#?}");
    }
    assert_eq!(room.run(["index", "--quiet", "notes"]).expect(0).out, "");
}

#[cfg(unix)]
#[test]
fn a_link_to_nowhere_disturbs_nothing() {
    let room = Room::new();
    std::os::unix::fs::symlink(room.path("gone.md"), room.path("notes/link.md")).unwrap();
    let asked = room.run(["ask", "-i", "notes", "When do the tulips bloom?"]).expect(0);
    assert!(asked.out.contains("notes/garden.md:3"), "{asked:#?}");
    let refused = room.run(["ask", "-i", "notes/link.md", "When do the tulips bloom?"]).expect(2);
    assert!(refused.err.contains("the path notes/link.md does not exist"), "{refused:#?}");
}

#[test]
fn no_time_at_all() {
    let room = Room::new();
    room.run(["index", "notes"]).expect(0);
    for more in [&[][..], &["--index", "notes"]] {
        let late = room.run([&["ask", "--deadline", "0s", "Why?"], more].concat()).expect(3);
        assert!(late.err.starts_with("error: the deadline of 0 ns passed while "), "{late:#?}");
        assert!(late.err.contains("\nhint: allow more time"), "{late:#?}");
    }
    room.run(["ask", "--deadline", "30s", "When do the tulips bloom?"]).expect(0);
}

#[test]
fn a_failure_in_json() {
    let room = Room::new();
    let late = room.run(["ask", "--json", "--deadline", "0s", "Why?"]).expect(3);
    let value: Value = serde_json::from_str(&late.out).unwrap();
    assert_eq!(value["error"]["kind"], "deadline_exceeded");
    assert!(value["error"]["hint"].is_string());
    assert!(late.err.starts_with("error: "), "{late:#?}");
}

#[test]
fn a_reader_that_is_gone_is_no_failure() {
    let room = Room::new();
    room.run(["index", "notes"]).expect(0);
    for arguments in [&["ask", "When do the tulips bloom?"][..], &["--help"], &["index", "notes"]] {
        let mut child = room.program().args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), &*said), (Some(0), ""), "{arguments:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_below_the_output() {
    let room = Room::new();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let refused = ended(room.program().args(["ask", "-i", "notes", "Why tulips?"]).stdout(full)).expect(3);
    assert!(refused.err.contains("error: standard output cannot be written"), "{refused:#?}");
}
