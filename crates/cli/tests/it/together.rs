//! Several processes on one database.

use std::process::{Child, Stdio};

use crate::room::Room;

fn start(room: &Room, arguments: &[&str]) -> Child {
    room.program().args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn processes_that_index_and_ask_at_once_all_succeed() {
    let room = Room::new();
    for n in 0..100 {
        room.write(&format!("notes/{n}.md"), format!("# Note {n}\n\nNote {n} is about tulips and about {n} roses.\n"));
    }
    let running: Vec<Child> = (0..4)
        .map(|n| match n % 2 {
            0 => start(&room, &["ask", "--index", "notes", "When do the tulips bloom?"]),
            _ => start(&room, &["index", "notes"]),
        })
        .collect();
    for child in running {
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:#?}");
    }
    let asked = room.run(["ask", "-i", "notes", "When do the tulips bloom?"]).expect(0);
    assert!(asked.err.starts_with("indexed 0 of 102 files, 102 unchanged"), "{asked:#?}");
    assert!(asked.out.contains("notes/garden.md:3"), "{asked:#?}");
}
