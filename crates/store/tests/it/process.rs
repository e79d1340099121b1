//! Several processes, killed processes, full disks. The test binary starts itself again: the parts with `child` in
//! their name do nothing unless the variable below tells them which file to work on.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use ninefold_core::journal::{Entry, Header, Journal, Position};
use ninefold_core::{ErrorKind, Key, RunId, Search, Store, Timestamp};
use ninefold_store::Sqlite;

use crate::open::document;

const FILE: &str = "NINEFOLD_STORE_TEST_FILE";
const NUMBER: &str = "NINEFOLD_STORE_TEST_NUMBER";

/// Starts one of the tests below in a process of its own.
fn start(test: &str, file: &Path, number: u32, shell: Option<&str>) -> Child {
    let this = std::env::current_exe().unwrap();
    let mut command = match shell {
        None => Command::new(&this),
        Some(before) => {
            let mut command = Command::new("sh");
            command.arg("-c").arg(format!("{before}; exec \"$0\" \"$@\"")).arg(&this);
            command
        }
    };
    command
        .args([&format!("process::{test}"), "--exact", "--nocapture", "--test-threads=1"])
        .env(FILE, file)
        .env(NUMBER, number.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What a child was started for; nothing when this is the ordinary test run.
fn told() -> Option<(std::path::PathBuf, u32)> {
    Some((std::env::var_os(FILE)?.into(), std::env::var(NUMBER).ok()?.parse().ok()?))
}

fn integrity(file: &Path) -> String {
    let connection = rusqlite::Connection::open(file).unwrap();
    connection.execute_batch("INSERT INTO terms (terms) VALUES ('integrity-check')").unwrap();
    connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap()
}

fn header() -> Header {
    Header { pipeline: "p".into(), definition: Key::of_bytes(b""), input: "null".into(), started: Timestamp(0) }
}

fn entry(ordinal: u32) -> Entry {
    Entry {
        position: Position { branch: 0, ordinal },
        phase: "assess".into(),
        key: Key::of_bytes(b""),
        output: format!("\"{ordinal}\""),
        at: Timestamp(0),
    }
}

#[tokio::test]
async fn child_puts_fifty() {
    let Some((file, number)) = told() else { return };
    let store = Sqlite::open(&file).await.unwrap();
    for n in 0..50 {
        store.put(vec![document(&format!("/{number}/{n}.txt"), &format!("needle {number} {n}"))]).await.unwrap();
    }
}

#[tokio::test]
async fn processes_write_one_file_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("memory.db");
    // The file is not there yet: both also make it at once.
    let children: Vec<Child> = (0..2).map(|number| start("child_puts_fifty", &file, number, None)).collect();
    for child in children {
        assert!(child.wait_with_output().unwrap().status.success());
    }
    let store = Sqlite::open(&file).await.unwrap();
    assert_eq!(store.sources("").await.unwrap().len(), 100);
    assert_eq!(store.search(&Search::new("needle")).await.unwrap().matched, 100);
    assert_eq!(integrity(&file), "ok");
}

#[tokio::test]
async fn child_writes_until_killed() {
    let Some((file, _)) = told() else { return };
    let store = Sqlite::open(&file).await.unwrap();
    store.begin(RunId(1), header()).await.unwrap();
    for n in 0.. {
        store.put(vec![document(&format!("/{n}.txt"), &format!("needle {n}\n\n").repeat(300))]).await.unwrap();
        store.append(RunId(1), vec![entry(n)]).await.unwrap();
        println!("\nacknowledged {n}");
    }
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    for kill_after in [1, 7, 40] {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("memory.db");
        let mut child = start("child_writes_until_killed", &file, 0, None);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut acknowledged = None;
        for line in lines.by_ref() {
            if let Some(n) = line.unwrap().strip_prefix("acknowledged ") {
                acknowledged = Some(n.parse::<u32>().unwrap());
                if acknowledged >= Some(kill_after) {
                    break;
                }
            }
        }
        // SIGKILL: nothing of the process runs any more.
        child.kill().unwrap();
        child.wait().unwrap();
        let rest = lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("acknowledged ")?.parse().ok());
        let acknowledged = rest.last().or(acknowledged).expect("the child wrote something");
        let store = Sqlite::open(&file).await.unwrap();
        let sources = store.sources("").await.unwrap().len() as u32;
        assert!(sources == acknowledged + 1 || sources == acknowledged + 2, "{sources} after {acknowledged}");
        let entries = store.load(RunId(1)).await.unwrap().expect("the run").entries;
        assert!(entries.len() as u32 > acknowledged && entries.len() as u32 <= sources);
        let whole = document("/0.txt", &"needle 0\n\n".repeat(300)).chunks.len() as u64;
        let matched = store.search(&Search::new("needle")).await.unwrap().matched;
        assert!(matched >= whole * u64::from(sources), "no file is there in part: {matched}");
        assert_eq!(integrity(&file), "ok");
    }
}

#[tokio::test]
async fn child_fills_the_disk() {
    let Some((file, _)) = told() else { return };
    let store = Sqlite::open(&file).await.unwrap();
    store.begin(RunId(1), header()).await.unwrap();
    for n in 0..10_000 {
        let text = format!("needle {n} with words that need room\n\n").repeat(500);
        if let Err(error) = store.put(vec![document(&format!("/{n}.txt"), &text)]).await {
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
            assert!(error.to_string().contains("memory.db") && error.hint_text().is_some(), "{error}");
            assert!(n > 0, "some room was there");
            assert_eq!(store.sources("").await.unwrap().len(), n, "what was acknowledged is there, and nothing else");
            println!("\nfull after {n}");
            return;
        }
    }
    panic!("the disk was never full");
}

#[tokio::test]
async fn a_full_disk_is_an_error_and_damages_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("memory.db");
    // No file may grow beyond 2,000 blocks of 512 bytes; without the trap the first write beyond would be a signal.
    let child = start("child_fills_the_disk", &file, 0, Some("trap '' XFSZ; ulimit -f 2000"));
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    let written: usize =
        said.lines().find_map(|line| line.strip_prefix("full after ")?.parse().ok()).expect("the disk was full");
    assert_eq!(integrity(&file), "ok");
    let store = Sqlite::open(&file).await.unwrap();
    assert_eq!(store.sources("").await.unwrap().len(), written);
    store.put(vec![document("/more.txt", "there is room again")]).await.unwrap();
}

/// A file system of its own, of one megabyte, taken away when dropped. None where that cannot be had.
#[cfg(target_os = "linux")]
struct SmallDisk(tempfile::TempDir);

#[cfg(target_os = "linux")]
impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let options = ["-t", "tmpfs", "-o", "size=1m", "ninefold-test"];
        let mounted = Command::new("mount").args(options).arg(folder.path()).stderr(Stdio::null()).status();
        mounted.is_ok_and(|status| status.success()).then(|| Self(folder))
    }
}

#[cfg(target_os = "linux")]
impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_disk_that_is_really_full_is_an_error_and_damages_nothing() {
    let Some(disk) = SmallDisk::mount() else {
        println!("NOT TESTED: no file system may be mounted here");
        return;
    };
    let file = disk.0.path().join("memory.db");
    let filler = disk.0.path().join("filler");
    std::fs::write(&filler, vec![7; 200_000]).unwrap();
    let output = start("child_fills_the_disk", &file, 0, None).wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    let written: usize =
        said.lines().find_map(|line| line.strip_prefix("full after ")?.parse().ok()).expect("the disk was full");
    std::fs::remove_file(filler).unwrap();
    let store = Sqlite::open(&file).await.unwrap();
    assert_eq!(store.sources("").await.unwrap().len(), written, "all that was acknowledged is there");
    store.put(vec![document("/more.txt", "there is room again")]).await.unwrap();
    store.close().await;
    assert_eq!(integrity(&file), "ok");
}
