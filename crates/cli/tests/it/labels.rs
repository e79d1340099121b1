//! Labelled files answer only questions that are granted their labels.

use crate::room::Room;

const QUESTION: &str = "How many days of parental leave are there?";

fn labelled() -> Room {
    let room = Room::new();
    std::fs::create_dir(room.path("hr")).unwrap();
    room.write("hr/leave.md", "# Leave\n\nThere are 40 days of parental leave.\n");
    room.run(["index", "--label", "hr", "hr"]).expect(0);
    room
}

#[test]
fn a_label_must_be_granted() {
    let room = labelled();
    let asked = room.run(["ask", QUESTION]).expect(1);
    assert!(!asked.out.contains("40 days"), "{asked:#?}");
    let asked = room.run(["ask", "--scope", "finance", QUESTION]).expect(1);
    assert!(!asked.out.contains("40 days"), "{asked:#?}");
    let asked = room.run(["ask", "--scope", "hr", QUESTION]).expect(0);
    assert!(asked.out.contains("40 days") && asked.out.contains("[1] hr/leave.md:3"), "{asked:#?}");
}

#[test]
fn asking_makes_nothing_public() {
    let room = labelled();
    let asked = room.run(["ask", "--index", "hr", QUESTION]).expect(1);
    assert!(asked.err.starts_with("indexed 0 of 1 file, 1 unchanged"), "{asked:#?}");
    room.write("hr/leave.md", "# Leave\n\nThere are 50 days of parental leave.\n");
    room.run(["ask", "--index", "hr", QUESTION]).expect(1);
    room.run(["ask", QUESTION]).expect(1);
    let asked = room.run(["ask", "--index", "hr", "--scope", "hr", QUESTION]).expect(0);
    assert!(asked.out.contains("50 days"), "{asked:#?}");
}

#[test]
fn the_nearest_labelled_folder_decides() {
    let room = labelled();
    room.run(["index", "notes"]).expect(0);
    let hidden = |room: &Room| room.run(["ask", QUESTION]).expect(1);
    let granted = |room: &Room| room.run(["ask", "--scope", "hr", QUESTION]).expect(0);
    room.run(["ask", "--index", ".", QUESTION]).expect(1);
    room.run(["index", "."]).expect(0);
    room.run(["index", "--public", "."]).expect(0);
    hidden(&room);
    assert!(granted(&room).out.contains("40 days"));
    room.write("hr/new.md", "# New\n\nParental leave days may be split.\n");
    let asked = room.run(["ask", "--index", "hr/new.md", "May parental leave days be split?"]).expect(1);
    assert!(!asked.out.contains("may be split"), "{asked:#?}");
    room.run(["ask", "When do the tulips bloom?"]).expect(0);
}

#[test]
fn labels_go_only_where_they_were_given() {
    let room = labelled();
    room.run(["index", "--public", "hr"]).expect(0);
    let asked = room.run(["ask", QUESTION]).expect(0);
    assert!(asked.out.contains("40 days"), "{asked:#?}");
    room.run(["index", "--label", "hr", "--public", "hr"]).expect(2);
}
