//! What the program may not read or write. Root may everything, so for root it runs as a user without rights.

#![cfg(unix)]

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Command;

use crate::room::{Ended, Room, ended};

/// The user and group that own nothing.
const NOBODY: &str = "65534";

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Runs the program without root's rights. `None` where that cannot be had.
fn without_rights(room: &Room, database: &str, arguments: &[&str]) -> Option<Ended> {
    let program = room.path("ninefold");
    // By a process of its own: what this one has open for writing, whatever another test starts at that moment has open
    // as well, and a program that is open for writing cannot be run ("Text file busy").
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_ninefold")).arg(&program).status().unwrap();
    assert!(copied.success());
    allow(&program, 0o755);
    let root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    let mut command = Command::new(&program);
    if root {
        if Command::new("setpriv").arg("--version").output().is_err() {
            println!("NOT TESTED: root without setpriv (util-linux) cannot give up its rights");
            return None;
        }
        command = Command::new("setpriv");
        command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]).arg(&program);
    }
    command.current_dir(room.path(".")).env("NINEFOLD_DB", room.path(database)).args(arguments);
    Some(ended(&mut command))
}

/// A room that others may enter, with a folder in which anybody may write.
fn open_room() -> Room {
    let room = Room::new();
    allow(&room.path("."), 0o755);
    fs::create_dir(room.path("anyone")).unwrap();
    allow(&room.path("anyone"), 0o777);
    room
}

#[test]
fn an_unreadable_file_is_skipped_with_its_reason_and_kept_if_it_was_known() {
    let room = open_room();
    let index = &["index", "-v", "notes"][..];
    let Some(first) = without_rights(&room, "anyone/memory.db", index) else { return };
    first.expect(0);
    allow(&room.path("notes/garden.md"), 0o000);
    let second = without_rights(&room, "anyone/memory.db", index).unwrap().expect(0);
    assert!(second.out.contains("notes/garden.md: unreadable: Permission denied"), "{second:#?}");
    let asked =
        without_rights(&room, "anyone/memory.db", &["ask", "-q", "When do the tulips bloom?"]).unwrap().expect(0);
    assert!(asked.out.contains("The tulips bloom in April."), "{asked:#?}");
}

#[test]
fn a_database_that_may_not_be_written_is_an_error_that_names_it() {
    let room = open_room();
    fs::create_dir(room.path("locked")).unwrap();
    allow(&room.path("locked"), 0o555);
    let Some(refused) = without_rights(&room, "locked/memory.db", &["ask", "-i", "notes", "When do the tulips bloom?"])
    else {
        return;
    };
    let refused = refused.expect(3);
    assert!(refused.err.contains("locked/memory.db") && refused.err.contains("hint: "), "{refused:#?}");
    assert!(!room.path("locked/memory.db").exists());
    allow(&room.path("locked"), 0o755);
}

#[test]
fn a_profile_that_may_not_be_written_is_refused_before_the_run() {
    let room = open_room();
    for (folder, mode) in [("locked", 0o755), ("open", 0o777)] {
        fs::create_dir(room.path(folder)).unwrap();
        allow(&room.path(folder), mode);
    }
    room.write("open/run.json", "not theirs");
    allow(&room.path("open/run.json"), 0o444);
    for place in ["locked/run.json", "open/run.json"] {
        let more = ["ask", "-i", "notes", "--profile", "json", "--profile-out", place, "When do the tulips bloom?"];
        allow(&room.path("locked"), 0o555);
        let Some(refused) = without_rights(&room, "anyone/memory.db", &more) else { return };
        let refused = refused.expect(3);
        let what = format!("error: the profile cannot be written to {place}: Permission denied");
        assert!(refused.err.starts_with(&what) && refused.err.contains("\nhint: "), "{refused:#?}");
        assert!(!room.path("anyone/memory.db").exists(), "{place}");
    }
    assert_eq!(fs::read_to_string(room.path("open/run.json")).unwrap(), "not theirs");
    allow(&room.path("locked"), 0o755);
}

#[test]
fn a_database_that_may_only_be_read_is_looked_at_and_nothing_else() {
    let room = open_room();
    let Some(indexed) = without_rights(&room, "anyone/memory.db", &["index", "notes"]) else { return };
    indexed.expect(0);
    allow(&room.path("anyone/memory.db"), 0o444);
    allow(&room.path("anyone"), 0o555);
    let looked = without_rights(&room, "anyone/memory.db", &["doctor"]).unwrap().expect(0);
    assert!(looked.out.contains("\nintegrity  sound\n"), "{looked:#?}");
    let refused = without_rights(&room, "anyone/memory.db", &["index", "notes"]).unwrap().expect(3);
    assert!(refused.err.contains("anyone/memory.db") && refused.err.contains("hint: "), "{refused:#?}");
    allow(&room.path("anyone"), 0o777);
}
