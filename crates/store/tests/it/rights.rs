//! Files and folders that may not be written, through the library. Root may everything, so for root the test runs itself
//! as a user without rights.

#![cfg(unix)]

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Command;

use ninefold_core::{ErrorKind, Store};
use ninefold_store::Sqlite;
use ninefold_store::sqlite::{Check, inspect};

use crate::open::document;

const FILE: &str = "NINEFOLD_STORE_TEST_RIGHTS";

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// What may not be written is refused by name, and can still be looked at.
#[tokio::test]
async fn child_may_not_write() {
    let Some(file) = std::env::var_os(FILE) else { return };
    let refused = match Sqlite::open(&file).await {
        Err(refused) => refused,
        Ok(store) => store.put(vec![document("/b.txt", "more")]).await.expect_err("nothing may be written"),
    };
    assert_eq!(refused.kind(), ErrorKind::Unavailable, "{refused}");
    assert!(refused.message().contains("memory.db") && refused.hint_text().is_some(), "{refused}");
    let seen = inspect(Path::new(&file), Check::Full);
    if Path::new(&file).exists() {
        let seen = seen.unwrap();
        assert_eq!((seen.counts.sources, seen.complaints), (Some(1), Vec::new()));
    } else {
        assert_eq!(seen.unwrap_err().kind(), ErrorKind::NotFound);
    }
    println!("\nrefused");
}

/// Runs the test above; whether it could be run.
fn refuses(folder: &Path, file: &Path) -> bool {
    let this = std::env::current_exe().unwrap();
    let arguments = ["rights::child_may_not_write", "--exact", "--nocapture", "--test-threads=1"];
    let mut command = Command::new(&this);
    if fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0) {
        // Where the user without rights finds it. By a process of its own: what this one has open for writing, no other
        // test's process could run meanwhile.
        let program = folder.join("program");
        if !Command::new("cp").arg(&this).arg(&program).status().unwrap().success() {
            panic!("the program could not be copied");
        }
        let without =
            Command::new("setpriv").args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "true"]).output();
        if !without.is_ok_and(|ended| ended.status.success()) {
            println!("NOT TESTED: root without setpriv (util-linux) cannot give up its rights");
            return false;
        }
        command = Command::new("setpriv");
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]).arg(program);
    }
    let ended = command.args(arguments).env(FILE, file).output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success() && said.contains("refused"), "{said} {}", String::from_utf8_lossy(&ended.stderr));
    true
}

#[tokio::test]
async fn what_may_not_be_written_is_refused_by_name_and_can_be_looked_at() {
    let room = tempfile::tempdir().unwrap();
    allow(room.path(), 0o755);
    let folder = room.path().join("data");
    fs::create_dir(&folder).unwrap();
    let file = folder.join("memory.db");
    let store = Sqlite::open(&file).await.unwrap();
    store.put(vec![document("/a.txt", "kept")]).await.unwrap();
    store.close().await;
    let before = fs::read(&file).unwrap();
    // The file, the folder, both; and a folder in which there is none yet.
    for (of_file, of_folder) in [(0o444, 0o777), (0o666, 0o555), (0o444, 0o555)] {
        allow(&file, of_file);
        allow(&folder, of_folder);
        if !refuses(room.path(), &file) {
            return;
        }
        assert!(fs::read(&file).unwrap() == before, "nothing was changed");
    }
    let empty = room.path().join("empty");
    fs::create_dir(&empty).unwrap();
    allow(&empty, 0o555);
    assert!(refuses(room.path(), &empty.join("memory.db")));
    assert_eq!(fs::read_dir(&empty).unwrap().count(), 0);
}
