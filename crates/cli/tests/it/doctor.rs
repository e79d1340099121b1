//! What `ninefold doctor` says of sound, worn and damaged databases, and what it repairs.

use std::fs;

use rusqlite::Connection;
use serde_json::Value;

use crate::room::{Ended, Room};

/// What it says without what differs from machine to machine.
fn shown(room: &Room, ended: &Ended) -> String {
    let folder = fs::canonicalize(room.path(".")).unwrap();
    let text = ended
        .out
        .replace(folder.to_str().unwrap(), "[folder]")
        .replace(room.path("").to_str().unwrap().trim_end_matches('/'), "[folder]");
    let lines = text.lines().map(|line| match line.split_once("  ") {
        // As many pages as the layout has tables.
        Some(("size", _)) => "size       [size]",
        Some(("disk", _)) => "disk       [free]",
        Some(("features", _)) => "features   [features]",
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn indexed() -> Room {
    let room = Room::new();
    room.run(["index", "notes"]).expect(0);
    room
}

/// Enough to have pages of every kind and many of them.
fn large() -> Room {
    let room = Room::empty();
    for n in 0..30 {
        room.write(&format!("notes/{n}.md"), format!("# Part {n}\n\nwords about tulips and roses\n\n").repeat(200));
    }
    room.run(["index", "notes"]).expect(0);
    room
}

#[test]
fn a_sound_database() {
    let room = indexed();
    let before = fs::read(room.path("memory.db")).unwrap();
    let said = room.run(["doctor"]).expect(0);
    insta::assert_snapshot!("sound", shown(&room, &said));
    assert!(fs::read(room.path("memory.db")).unwrap() == before, "it changes nothing");
    assert!(!room.path("memory.db-wal").exists() && !room.path("memory.db-shm").exists(), "and leaves nothing behind");
    assert_eq!(room.run(["doctor", "--quiet"]).expect(0).out, "");
    let value: Value = serde_json::from_str(&room.run(["doctor", "--json"]).expect(0).out).unwrap();
    assert_eq!(value["database"]["counts"]["chunks"], 2);
    assert_eq!(value["database"]["complaints"].as_array().unwrap().len(), 0);
    assert_eq!(value["error"], Value::Null);
    assert_eq!(value["findings"].as_array().unwrap().len(), 0);
}

#[test]
fn no_database_yet() {
    let room = Room::new();
    let said = room.run(["doctor"]).expect(2);
    insta::assert_snapshot!("missing", shown(&room, &said));
    room.run(["doctor", "--repair"]).expect(2);
    assert!(!room.path("memory.db").exists(), "it makes none");
}

#[test]
fn what_belongs_to_others_is_left_alone() {
    let room = Room::new();
    for (name, what) in [("memory.db", "dear diary, ".repeat(1_000)), ("memory.db", "x".to_owned())] {
        room.write(name, &what);
        let said = room.run(["doctor", "--repair"]).expect(3);
        assert!(
            said.out.contains("\ndamage: the database ") && said.out.contains("\n  move the file away"),
            "{said:#?}"
        );
        assert_eq!(fs::read_to_string(room.path(name)).unwrap(), what);
    }
    fs::remove_file(room.path("memory.db")).unwrap();
    Connection::open(room.path("memory.db")).unwrap().execute_batch("CREATE TABLE users (name TEXT)").unwrap();
    let said = room.run(["doctor", "--repair"]).expect(3);
    insta::assert_snapshot!("of_another_program", shown(&room, &said));
}

#[test]
fn the_index_of_terms_is_made_anew_and_nothing_else_is_touched() {
    let room = indexed();
    let spoil = "INSERT INTO terms (terms) VALUES ('delete-all'); UPDATE label_sets SET terms = 7";
    Connection::open(room.path("memory.db")).unwrap().execute_batch(spoil).unwrap();
    let said = room.run(["doctor"]).expect(3);
    insta::assert_snapshot!("without_terms", shown(&room, &said));
    room.run(["doctor", "--quick"]).expect(0);
    let said = room.run(["doctor", "--repair"]).expect(0);
    assert!(said.out.contains("repaired   made the index of terms anew\n"), "{said:#?}");
    let asked = room.run(["ask", "-q", "When do the tulips bloom?"]).expect(0);
    assert!(asked.out.contains("The tulips bloom in April."), "{asked:#?}");
}

#[test]
fn free_pages_are_given_back() {
    let room = large();
    let connection = Connection::open(room.path("memory.db")).unwrap();
    connection
        .execute_batch("CREATE TABLE filler (x); INSERT INTO filler VALUES (zeroblob(4000000)); DROP TABLE filler")
        .unwrap();
    drop(connection);
    let said = room.run(["doctor"]).expect(1);
    assert!(said.out.contains("\nwarning: 4.0 MB of the file are free\n"), "{said:#?}");
    let said = room.run(["doctor", "--repair"]).expect(0);
    assert!(said.out.contains("repaired   gave free pages back\n") && said.out.contains(", 0 free pages"), "{said:#?}");
}

#[test]
fn damaged_pages_are_named_and_not_repaired() {
    let room = large();
    let whole = fs::read(room.path("memory.db")).unwrap();
    let mut noticed = 0;
    for page in (1..whole.len() / 4096).step_by(7) {
        for file in ["memory.db-wal", "memory.db-shm"] {
            let _ = fs::remove_file(room.path(file));
        }
        let mut bytes = whole.clone();
        bytes[page * 4096..page * 4096 + 64].fill(0xa5);
        room.write("memory.db", &bytes);
        let said = room.run(["doctor"]);
        assert!(said.code == 0 || said.code == 3, "{said:#?}");
        noticed += u32::from(said.code == 3);
        assert_eq!(said.code == 3, said.out.contains("\ndamage: "), "{said:#?}");
        assert!(!said.err.contains("panicked"), "{said:#?}");
    }
    assert!(noticed > 3, "{noticed}");
    // Cut in the middle.
    room.write("memory.db", &whole[..whole.len() / 2]);
    let said = room.run(["doctor", "--repair", "--json"]).expect(3);
    let value: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(value["findings"][0]["weight"], "damage");
    assert_eq!(value["repaired"].as_array().unwrap().len(), 0);
    assert!(fs::read(room.path("memory.db")).unwrap() == whole[..whole.len() / 2], "it stays as it is");
}

#[test]
fn a_log_left_behind_and_runs_that_did_not_finish() {
    let room = indexed();
    let connection = Connection::open(room.path("memory.db")).unwrap();
    connection
        .execute_batch("INSERT INTO runs (run, pipeline, definition, input, started) VALUES (zeroblob(16), 'soar', zeroblob(32), '\"\"', 1)")
        .unwrap();
    // Copied while it is open: the copy has a log.
    for (from, to) in [("memory.db", "copy.db"), ("memory.db-wal", "copy.db-wal")] {
        fs::copy(room.path(from), room.path(to)).unwrap();
    }
    let said = room.run(["doctor", "--db", "copy.db"]).expect(0);
    assert!(said.out.contains("\nruns       1, of which 1 did not finish\n"), "{said:#?}");
    assert!(said.out.contains("\nnote: 1 runs did not finish\n"), "{said:#?}");
    let said = room.run(["doctor", "--db", "copy.db", "--repair"]).expect(0);
    assert!(said.out.contains("repaired   folded the log into the file\n"), "{said:#?}");
    assert!(!room.path("copy.db-wal").exists());
}

#[test]
fn an_embedder_that_cannot_be_opened_is_a_warning() {
    let room = indexed();
    let said = room.run(["doctor", "--embedder", "on\u{1b}nx:model"]).expect(1);
    assert!(said.out.contains("\nembedder   unknown, cannot be opened\n"), "{said:#?}");
    assert!(
        said.out.contains("\nwarning: the embedder cannot be opened: ") && !said.out.contains('\u{1b}'),
        "{said:#?}"
    );
    let said = room.run(["doctor", "--json", "--embedder", "static:nowhere"]).expect(1);
    let value: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(value["embedder"]["kind"], "static");
    assert_eq!(value["embedder"]["model"], Value::Null);
    assert!(value["embedder"]["error"]["message"].is_string(), "{said:#?}");
    let none: Value = serde_json::from_str(&room.run(["doctor", "--json"]).expect(0).out).unwrap();
    assert_eq!(none["embedder"], Value::Null);
}

#[cfg(feature = "embed-http")]
#[test]
fn chunks_without_an_embedding_are_counted_and_no_server_is_asked() {
    let room = indexed();
    // Nobody listens there.
    let embedder = "http:http://me:hunter2@127.0.0.1:9/v1#small";
    let said = room.run(["doctor", "--embedder", embedder]).expect(0);
    assert!(said.out.contains("; 2 of 2 chunks have no embedding by it\n"), "{said:#?}");
    assert!(said.out.contains("\nnote: 2 of 2 chunks are found by words only\n"), "{said:#?}");
    assert!(!said.out.contains("hunter2"), "{said:#?}");
    let value: Value =
        serde_json::from_str(&room.run(["doctor", "--json", "--embedder", embedder]).expect(0).out).unwrap();
    let model = value["embedder"]["model"].as_str().unwrap();
    Connection::open(room.path("memory.db"))
        .unwrap()
        .execute_batch(&format!(
            "INSERT INTO models (name, dimensions) VALUES ('{model}', 1);
             INSERT INTO embeddings (chunk, model, vector) SELECT chunks.id, models.id, x'0000803f' FROM chunks, models"
        ))
        .unwrap();
    let said = room.run(["doctor", "--embedder", embedder]).expect(0);
    assert!(said.out.contains("; every chunk has an embedding by it\n"), "{said:#?}");
}
