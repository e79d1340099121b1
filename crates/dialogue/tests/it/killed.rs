//! Conversations whose process is killed (SIGKILL, a real process) before and after each of their writes and within each of their
//! actions, and that go on in another process with the message that was not acknowledged.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use ninefold_core::{
    Result, Resumption, SessionEvent, SessionId, SessionSummary, Sessions, Timestamp, Turn as Written,
};
use ninefold_dialogue::{Call, Definition, Dialogue, repair};
use ninefold_store::Sqlite;
use ninefold_testkit::ManualClock;
use serde_json::{Value, json};

use crate::flights::FEBRUARY;

const MESSAGES: [&str; 5] = ["I want to book a flight", "Madrid", "Rome", "15 March 2024", "thanks"];

/// Where a process stops: so many of these are let pass.
struct Stop {
    at: String,
    left: AtomicUsize,
}

impl Stop {
    fn here(&self, at: &str) {
        if self.at == at && self.left.fetch_sub(1, Ordering::SeqCst) == 0 {
            println!("\nwaiting to be killed");
            std::io::stdout().flush().unwrap();
            loop {
                std::thread::park();
            }
        }
    }
}

/// Sessions that stop before or after a write.
struct Stopping {
    inner: Sqlite,
    stop: Arc<Stop>,
}

#[async_trait]
impl Sessions for Stopping {
    async fn append(&self, session: &SessionId, turn: Written) -> Result<u64> {
        self.stop.here("before a write");
        let count = self.inner.append(session, turn).await?;
        self.stop.here("after a write");
        Ok(count)
    }

    async fn resume(&self, session: &SessionId) -> Result<Option<Resumption>> {
        self.inner.resume(session).await
    }

    async fn events(&self, session: &SessionId, from: u64, limit: usize) -> Result<Vec<SessionEvent>> {
        self.inner.events(session, from, limit).await
    }

    async fn list(&self, limit: usize) -> Result<Vec<SessionSummary>> {
        self.inner.list(limit).await
    }

    async fn remove(&self, session: &SessionId) -> Result<bool> {
        self.inner.remove(session).await
    }

    async fn prune(&self, last_before: Timestamp) -> Result<u64> {
        self.inner.prune(last_before).await
    }
}

/// Actions that write a line when they really run, with their key.
async fn dialogue(folder: &Path, stop: Arc<Stop>) -> Dialogue {
    let text = include_str!("../../../../examples/dialogue/flights.yml");
    let program = Definition::from_yaml("flights.yml", text).over(repair::patterns()).compile(true).unwrap();
    let work = |name: &'static str, outputs: Value| {
        let (log, stop) = (folder.join("log"), Arc::clone(&stop));
        move |_: Value, call: Call| {
            stop.here("before an action");
            let mut log = std::fs::OpenOptions::new().create(true).append(true).open(&log).unwrap();
            writeln!(log, "{name} {} {}", call.turn, call.key).unwrap();
            stop.here("after an action");
            let outputs = outputs.clone();
            async move { Ok(outputs) }
        }
    };
    let found = json!({ "flight": "IB 2621", "price": { "amount": "89.00", "currency": "EUR" } });
    let sessions = Stopping { inner: Sqlite::open(folder.join("sessions.db")).await.unwrap(), stop: Arc::clone(&stop) };
    Dialogue::builder(program, Arc::new(sessions))
        .clock(Arc::new(ManualClock::at(FEBRUARY)))
        .action("search_available_flights", work("search", found))
        .action("confirm_flight_booking", work("confirm", json!({ "reference": "X7Q2" })))
        .action("release_flight_booking", work("release", json!({ "released": true })))
        .build()
        .unwrap()
}

/// Not a test of its own: the process that is killed. Does nothing unless it is told where to stop.
#[tokio::test]
async fn child() {
    let Some(folder) = std::env::var_os("NINEFOLD_KILL_FOLDER").map(PathBuf::from) else { return };
    let left = std::env::var("NINEFOLD_KILL_AFTER").unwrap().parse().unwrap();
    let at = std::env::var("NINEFOLD_KILL_AT").unwrap();
    let dialogue = dialogue(&folder, Arc::new(Stop { at, left: AtomicUsize::new(left) })).await;
    for message in MESSAGES {
        let reply = dialogue.turn("anna", message).await.unwrap();
        println!("\nacknowledged {}", reply.turn);
    }
    panic!("the conversation ended before it was stopped");
}

/// Talks in a process of its own and kills that where it stops. Returns how many turns were acknowledged.
fn talk_and_kill(folder: &Path, at: &str, after: usize) -> usize {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::child", "--nocapture"])
        .env("NINEFOLD_KILL_FOLDER", folder)
        .env("NINEFOLD_KILL_AT", at)
        .env("NINEFOLD_KILL_AFTER", after.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut acknowledged = 0;
    let mut waiting = false;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        acknowledged += usize::from(line.starts_with("acknowledged"));
        waiting = line == "waiting to be killed";
        if waiting {
            break;
        }
    }
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert!(waiting, "the child ended by itself: {status}");
    acknowledged
}

#[tokio::test]
async fn a_conversation_killed_anywhere_loses_no_acknowledged_turn_and_repeats_no_acknowledged_action() {
    let never = || Arc::new(Stop { at: String::new(), left: AtomicUsize::new(0) });
    let (whole, mut expected) = (tempfile::tempdir().unwrap(), Vec::new());
    let uninterrupted = dialogue(whole.path(), never()).await;
    for message in MESSAGES {
        expected.push(uninterrupted.turn("anna", message).await.unwrap());
    }
    assert_eq!(expected[3].slots.get("held"), Some(&json!(1)), "{:?}", expected[3]);
    let log = |folder: &Path| std::fs::read_to_string(folder.join("log")).unwrap_or_default();
    let whole_log = log(whole.path());
    assert_eq!(whole_log.lines().count(), 2, "{whole_log}");

    let writes = (0..MESSAGES.len()).flat_map(|n| [("before a write", n), ("after a write", n)]);
    let actions = (0..2).flat_map(|n| [("before an action", n), ("after an action", n)]);
    for (at, after) in writes.chain(actions) {
        let case = format!("killed {at}, {after} let pass");
        let folder = tempfile::tempdir().unwrap();
        let acknowledged = talk_and_kill(folder.path(), at, after);
        let before = log(folder.path());
        let dialogue = dialogue(folder.path(), never()).await;
        // What was acknowledged is there; beyond it there is at most the turn that was being written.
        let mut there = 0;
        while let Some(inspection) = dialogue.inspect("anna", there as u64 + 1).await.unwrap() {
            assert_eq!(inspection.heard.as_deref(), Some(MESSAGES[there]), "{case}");
            there += 1;
        }
        let written = usize::from(at == "after a write");
        assert_eq!(there, acknowledged + written, "{case}");
        for (n, message) in MESSAGES.iter().enumerate().skip(there) {
            let reply = dialogue.turn("anna", message).await.unwrap();
            assert_eq!(reply, expected[n], "{case}, {message}");
        }
        // An action of a turn that was written ran once; one of a turn that was not is run again under its key.
        let lines = log(folder.path());
        let mut keys: Vec<&str> = lines.lines().collect();
        keys.sort_unstable();
        keys.dedup();
        let mut whole: Vec<&str> = whole_log.lines().collect();
        whole.sort_unstable();
        assert_eq!(keys, whole, "{case}: the same keys, and no other");
        if there > 3 {
            assert_eq!(lines, before, "{case}: nothing ran again");
            assert_eq!(lines, whole_log, "{case}");
        }
    }
}
