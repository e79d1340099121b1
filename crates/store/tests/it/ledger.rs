//! The ledgers pass their suite, and a killed process neither loses nor doubles what it charged.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use ninefold_core::{Amount, Ceiling, ChargeId, Cost, Ledger, Limits, Timestamp};
use ninefold_store::{MemoryLedger, Sqlite};
use ninefold_testkit::ledger_suite;

const FILE: &str = "NINEFOLD_STORE_TEST_LEDGER";
const ESTIMATE: Amount = Amount { calls: 1, tokens: 10, cost: Cost(3) };
const USED: Amount = Amount { calls: 1, tokens: 7, cost: Cost(2) };

fn day() -> Ceiling {
    Ceiling { account: "day".into(), limits: Limits::default() }
}

#[tokio::test]
async fn memory_is_a_ledger() {
    ledger_suite(|| async { MemoryLedger::new() }).await;
}

#[tokio::test]
async fn sqlite_is_a_ledger() {
    let directory = tempfile::tempdir().unwrap();
    let number = std::cell::Cell::new(0);
    ledger_suite(|| {
        number.set(number.get() + 1);
        let path = directory.path().join(format!("{}.db", number.get()));
        async move { Sqlite::open(path).await.unwrap() }
    })
    .await;
}

/// What a child does: charges and settles, and says so, until it is killed.
#[tokio::test]
async fn child_charges() {
    let Some(file) = std::env::var_os(FILE) else { return };
    let ledger = Sqlite::open(file).await.unwrap();
    for _ in 0..1_000_000 {
        let id = ChargeId::random();
        ledger.reserve(id, &[day()], ESTIMATE, Timestamp(0)).await.unwrap();
        println!("reserved");
        ledger.settle(id, USED, Timestamp(0)).await.unwrap();
        println!("settled");
    }
}

#[tokio::test]
async fn a_killed_process_neither_loses_nor_doubles() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ledger.db");
    let (mut reserved, mut settled) = (0, 0);
    for round in 1..=8_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["ledger::child_charges", "--exact", "--nocapture", "--test-threads=1"])
            .env(FILE, &file)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut heard = |line: String| {
            reserved += u64::from(line.ends_with("reserved"));
            settled += u64::from(line.ends_with("settled"));
        };
        // Killed after another number of lines each round, at whatever it does then.
        lines.by_ref().filter(|line| line.ends_with("ed")).take(20 + 13 * round as usize).for_each(&mut heard);
        child.kill().unwrap();
        child.wait().unwrap();
        lines.filter(|line| line.ends_with("ed")).for_each(&mut heard);

        let ledger = Sqlite::open(&file).await.unwrap();
        let balance = ledger.balance("day").await.unwrap();
        ledger.close().await;
        let (open, done) = (balance.reserved.calls, balance.settled.calls);
        // What was acknowledged is there; beside it at most the one write of each round that was not heard of.
        assert!((reserved..=reserved + round).contains(&(open + done)), "{balance:?}, {reserved} heard, round {round}");
        assert!((settled..=settled + round).contains(&done), "{balance:?}, {settled} heard, round {round}");
        assert_eq!(balance.reserved, Amount { calls: open, tokens: 10 * open, cost: Cost(3 * open) });
        assert_eq!(balance.settled, Amount { calls: done, tokens: 7 * done, cost: Cost(2 * done) });
    }
    assert!(reserved > 100, "{reserved}");
}
