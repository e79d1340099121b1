//! The log of conversations: what is written, what is lost, and what a full disk or a killed process leaves behind. The test
//! binary starts itself again: the parts with `child` in their name do nothing unless the variable below names a folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use ninefold_core::{Error, ErrorKind, SessionId, Timestamp};
use ninefold_store::{ConversationEntry, ConversationLog, ConversationOptions, read_conversation};

const FOLDER: &str = "NINEFOLD_STORE_TEST_CONVERSATIONS";

fn entry(conversation: Option<&str>, question: impl Into<String>) -> ConversationEntry {
    let error = Error::new(ErrorKind::Unavailable, "nobody is there");
    ConversationEntry::failed(Timestamp(7), conversation.map(SessionId::from), question.into(), &error)
}

fn questions(file: &Path) -> Vec<String> {
    read_conversation(file).unwrap().0.into_iter().map(|entry| entry.question).collect()
}

#[tokio::test]
async fn each_conversation_has_a_file_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let log = ConversationLog::open(folder.path().join("deep/down")).unwrap();
    log.write(entry(Some("anna"), "one"));
    log.write(entry(Some("ben"), "two"));
    log.write(entry(Some("anna"), "three\nlines\u{2028}long"));
    log.write(entry(None, "four"));
    log.flush().await;
    assert_eq!(questions(&log.file(Some(&"anna".into()))), ["one", "three\nlines\u{2028}long"]);
    assert_eq!(questions(&log.file(Some(&"ben".into()))), ["two"]);
    assert_eq!(questions(&log.file(None)), ["four"]);
    assert_eq!(log.lost(), 0);
    let line = fs::read_to_string(log.file(None)).unwrap();
    assert_eq!(line, "{\"at\":7,\"question\":\"four\",\"error\":\"nobody is there\"}\n");
}

#[tokio::test]
async fn what_is_queued_is_written_when_the_last_handle_goes() {
    let folder = tempfile::tempdir().unwrap();
    let log = ConversationLog::open(folder.path()).unwrap();
    let file = log.file(None);
    (0..50).for_each(|n| log.write(entry(None, n.to_string())));
    drop(log.clone());
    drop(log);
    // Nobody waited: the thread goes on by itself.
    while !read_conversation(&file).is_ok_and(|(entries, _)| entries.len() == 50) {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    assert_eq!(questions(&file).last().unwrap(), "49");
}

/// A pipe in the place of each file stops the thread that writes for as long as nobody reads.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn dropping_the_last_handle_waits_for_no_disk() {
    use std::io::BufRead as _;

    let folder = tempfile::tempdir().unwrap();
    let logs = (0..10).map(|n| ConversationLog::open(folder.path().join(n.to_string())).unwrap());
    let logs: Vec<_> = logs.collect();
    let pipes: Vec<_> = logs.iter().map(|log| log.file(None)).collect();
    if !Command::new("mkfifo").args(&pipes).status().is_ok_and(|status| status.success()) {
        println!("NOT TESTED: there is no mkfifo");
        return;
    }
    // More than a pipe holds.
    let long = format!("still there: {}", "word ".repeat(40_000));
    logs.iter().for_each(|log| log.write(entry(None, long.as_str())));
    let (done, dropped) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        drop(logs);
        let _ = done.send(());
    });
    let patience = std::time::Duration::from_secs(10);
    dropped.recv_timeout(patience).expect("a log that waited two seconds would make them twenty");
    for pipe in pipes {
        let mut line = String::new();
        std::io::BufReader::new(fs::File::open(pipe).unwrap()).read_line(&mut line).unwrap();
        assert_eq!(serde_json::from_str::<ConversationEntry>(&line).unwrap().question, long);
    }
}

#[tokio::test]
async fn keys_are_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let log = ConversationLog::open(folder.path()).unwrap();
    log.write(entry(None, "Why is sk-abcdefghijklmnopqrstuvwx refused?"));
    log.flush().await;
    assert_eq!(questions(&log.file(None)), ["Why is [hidden] refused?"]);
}

#[cfg(unix)]
#[tokio::test]
async fn files_are_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let log = ConversationLog::open(folder.path().join("log")).unwrap();
    fs::write(log.file(None), "").unwrap();
    fs::set_permissions(log.file(None), fs::Permissions::from_mode(0o644)).unwrap();
    log.write(entry(None, "one"));
    log.write(entry(Some("anna"), "two"));
    log.flush().await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&log.file(None)), 0o600, "made tighter");
    assert_eq!(mode(&log.file(Some(&"anna".into()))), 0o600);
    assert_eq!(mode(log.directory()), 0o700);
}

#[tokio::test]
async fn files_and_their_number_are_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let options = ConversationOptions { max_bytes: 2_000, max_conversations: 3, ..folder.path().into() };
    let log = ConversationLog::open(options).unwrap();
    for n in 0..100 {
        log.write(entry(Some("anna"), format!("question {n}")));
        log.flush().await;
    }
    let file = log.file(Some(&"anna".into()));
    let sizes = [&file, &file.with_extension("1.jsonl")].map(|file| fs::metadata(file).unwrap().len());
    assert!(sizes.iter().all(|size| *size <= 2_000), "{sizes:?}");
    assert_eq!(questions(&file).last().unwrap(), "question 99");
    for name in ["ben", "carl", "dora", "emil"] {
        log.write(entry(Some(name), "hello"));
        log.flush().await;
    }
    let kept = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let kept: Vec<PathBuf> = kept.filter(|path| !path.to_string_lossy().ends_with(".1.jsonl")).collect();
    assert_eq!(kept.len(), 3, "{kept:?}");
    assert!(!file.exists() && !file.with_extension("1.jsonl").exists(), "the one longest untouched is gone");
}

#[test]
fn a_folder_that_cannot_be_is_an_error_at_once() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let error = ConversationLog::open(folder.path().join("file")).err().expect("a file is no folder");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.hint_text().is_some() && error.message().contains("file"), "{error}");
}

/// A pipe in the place of the file stops the thread that writes for as long as nobody reads.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_queue_costs_entries_and_nobody_waits() {
    let folder = tempfile::tempdir().unwrap();
    let log = ConversationLog::open(ConversationOptions { queue: 4, ..folder.path().into() }).unwrap();
    let pipe = log.file(None);
    if !Command::new("mkfifo").arg(&pipe).status().is_ok_and(|status| status.success()) {
        println!("NOT TESTED: there is no mkfifo");
        return;
    }
    let long = "word ".repeat(40_000);
    (0..20).for_each(|_| log.write(entry(None, long.as_str())));
    let lost = log.lost();
    assert!((10..=16).contains(&lost), "one under way, four waiting, the others lost at once: {lost}");
    // Somebody reads: what waited is written, and the first of them tells of the loss.
    let content = std::thread::spawn(move || {
        use std::io::BufRead as _;
        let pipe = std::io::BufReader::new(fs::File::open(pipe).unwrap());
        pipe.lines().take(20 - lost as usize).map(Result::unwrap).collect::<Vec<_>>()
    });
    log.flush().await;
    let lines = content.join().unwrap();
    let told: u64 = lines.iter().map(|line| serde_json::from_str::<ConversationEntry>(line).unwrap().lost).sum();
    assert_eq!(told, lost);
}

/// Starts one of the tests below in a process of its own.
fn start(test: &str, folder: &Path, before: &str) -> Child {
    let this = std::env::current_exe().unwrap();
    Command::new("sh")
        .arg("-c")
        .arg(format!("{before} exec \"$0\" \"$@\""))
        .arg(&this)
        .args([&format!("conversations::{test}"), "--exact", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[tokio::test]
async fn child_writes_until_the_disk_is_full() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let log = ConversationLog::open(PathBuf::from(folder)).unwrap();
    for n in 0..2_000 {
        log.write(entry(None, format!("question {n} {}", "with many words ".repeat(40))));
        log.flush().await;
        if log.lost() >= 3 {
            println!("\nfull after {}", n - 2);
            return;
        }
    }
    panic!("the disk was never full");
}

/// What is in the folder after a child has met a full disk, and after there is room again.
async fn after_the_full_disk(folder: &Path, output: std::process::Output) {
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    let written: usize =
        said.lines().find_map(|line| line.strip_prefix("full after ")?.parse().ok()).expect("the disk was full");
    let log = ConversationLog::open(folder).unwrap();
    let (entries, torn) = read_conversation(&log.file(None)).unwrap();
    assert!(entries.len() == written && torn <= 1, "{} of {written} entries, {torn} torn", entries.len());
    log.write(entry(None, "there is room again"));
    log.flush().await;
    let (entries, still_torn) = read_conversation(&log.file(None)).unwrap();
    assert_eq!((entries.len(), still_torn), (written + 1, torn), "the torn line ends before the new one");
    assert_eq!(entries.last().unwrap().question, "there is room again");
    assert_eq!(log.lost(), 0);
}

#[tokio::test]
async fn a_file_that_may_not_grow_loses_entries_and_damages_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // No file may grow beyond 200 blocks of 512 bytes; without the trap the first write beyond would be a signal.
    let child = start("child_writes_until_the_disk_is_full", folder.path(), "trap '' XFSZ; ulimit -f 200;");
    after_the_full_disk(folder.path(), child.wait_with_output().unwrap()).await;
}

/// A file system of its own, of 256 KiB, taken away when dropped.
#[cfg(target_os = "linux")]
struct SmallDisk(tempfile::TempDir);

#[cfg(target_os = "linux")]
impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_disk_that_is_really_full_loses_entries_and_damages_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let options = ["-t", "tmpfs", "-o", "size=256k", "ninefold-test"];
    let mounted = Command::new("mount").args(options).arg(folder.path()).stderr(Stdio::null()).status();
    if !mounted.is_ok_and(|status| status.success()) {
        println!("NOT TESTED: no file system may be mounted here");
        return;
    }
    let disk = SmallDisk(folder);
    let filler = disk.0.path().join("filler");
    fs::write(&filler, vec![7; 64 * 1024]).unwrap();
    let output = start("child_writes_until_the_disk_is_full", disk.0.path(), "").wait_with_output().unwrap();
    fs::remove_file(filler).unwrap();
    after_the_full_disk(disk.0.path(), output).await;
}

#[tokio::test]
async fn child_writes_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let log =
        ConversationLog::open(ConversationOptions { max_bytes: u64::MAX, ..PathBuf::from(folder).into() }).unwrap();
    for n in 0..u64::MAX {
        log.write(entry(None, format!("question {n} {}", "with many words ".repeat(200))));
        if n % 10 == 0 {
            log.flush().await;
            println!("\nwritten {n}");
        }
    }
}

#[tokio::test]
async fn a_killed_process_leaves_whole_lines() {
    use std::io::{BufRead as _, BufReader};

    let folder = tempfile::tempdir().unwrap();
    let file = ConversationLog::open(folder.path()).unwrap().file(None);
    for round in 1..=5 {
        let mut child = start("child_writes_until_it_is_killed", folder.path(), "");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let written = (0..round * 3).filter_map(|_| lines.find_map(|line| line.strip_prefix("written ")?.parse().ok()));
        let acknowledged: usize = written.last().expect("it writes");
        child.kill().unwrap();
        child.wait().unwrap();
        let (entries, torn) = read_conversation(&file).unwrap();
        assert!(entries.len() > acknowledged, "round {round}: {} of {acknowledged}", entries.len());
        assert!(torn <= 1, "{torn}");
        // A line without an end, as a process killed within a write may leave it.
        let mut content = fs::read(&file).unwrap();
        let whole = content.iter().filter(|byte| **byte == b'\n').count();
        content.extend_from_slice(b"{\"question\":\"bro");
        fs::write(&file, content).unwrap();
        let log = ConversationLog::open(folder.path()).unwrap();
        log.write(entry(None, "after the crash"));
        log.flush().await;
        let (entries, _) = read_conversation(&file).unwrap();
        assert!(entries.len() >= whole && entries.last().unwrap().question == "after the crash");
        fs::remove_file(&file).unwrap();
    }
}
