//! What runs have taught: both memories pass the suite, and what is in the file is there for every process and after any end.

use std::process::{Command, Stdio};

use ninefold_core::experience::{MAX_PATTERNS, START, learned};
use ninefold_core::{
    AgentCard, AgentKey, ChunkId, Complexity, ErrorKind, Experience, Features, Pattern, Plan, Scope, Situation,
    Subgoal, Timestamp, Unlearning,
};
use ninefold_store::sqlite::{Check, inspect};
use ninefold_store::{MemoryExperience, Sqlite};
use ninefold_testkit::experience_suite;
use rusqlite::Connection;

/// Tells the child below which file to work on.
const FILE: &str = "NINEFOLD_STORE_TEST_EXPERIENCE";

fn agent() -> AgentKey {
    AgentKey::of(&AgentCard::new("files", "Reads files")).unwrap()
}

fn situation(n: usize) -> Situation {
    Situation {
        features: Features::of(&format!("Compare phase {n} with the journal")).unwrap(),
        scope: Scope::public(),
        within: Vec::new(),
        complexity: Complexity::Complex,
        agents: vec![agent()],
    }
}

fn pattern(n: usize) -> Pattern {
    let plan = Plan::try_from(vec![Subgoal::new("a", format!("compare phase {n}"))]).unwrap();
    Pattern::new(situation(n), plan, vec![agent()], vec![ChunkId(n as u64)], Timestamp(n as i64))
}

#[tokio::test]
async fn memory_keeps_experience() {
    experience_suite(|| async { MemoryExperience::new() }).await;
}

#[tokio::test]
async fn sqlite_keeps_experience() {
    let directory = tempfile::tempdir().unwrap();
    let number = std::cell::Cell::new(0);
    experience_suite(|| {
        number.set(number.get() + 1);
        let path = directory.path().join(format!("{}.db", number.get()));
        async move { Sqlite::open(path).await.unwrap() }
    })
    .await;
}

#[tokio::test]
async fn what_was_learned_outlives_the_process() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("e.db");
    let open = || Sqlite::open(&path);
    let first = open().await.unwrap();
    first.learn(pattern(1)).await.unwrap();
    first.reward(&[(agent(), 1.0)], Timestamp(1)).await.unwrap();
    first.close().await;
    let second = open().await.unwrap();
    assert_eq!(second.recall(&situation(1)).await.unwrap(), [pattern(1)]);
    assert_eq!(second.utilities(&[agent()]).await.unwrap(), [Some(learned(START, 1.0))]);
    assert_eq!(second.integrity_check(Check::Full).await.unwrap(), [] as [String; 0]);
    second.close().await;
    assert_eq!(inspect(&path, Check::Quick).unwrap().counts.patterns, Some(1));
}

/// Learns what the others learn, too, and judges it.
#[tokio::test]
async fn child_learns() {
    let Some(file) = std::env::var_os(FILE) else { return };
    let experience = Sqlite::open(file).await.unwrap();
    for n in 0..20 {
        experience.learn(pattern(n)).await.unwrap();
        experience.judge(pattern(n).key().unwrap(), 1.0, Timestamp(50)).await.unwrap();
        experience.reward(&[(agent(), 1.0)], Timestamp(50)).await.unwrap();
    }
    experience.close().await;
}

#[tokio::test]
async fn processes_that_learn_at_once_lose_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("e.db");
    Sqlite::open(&path).await.unwrap().close().await;
    let children: Vec<_> = (0..4)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["experience::child_learns", "--exact", "--nocapture"])
                .env(FILE, &path)
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let experience = Sqlite::open(&path).await.unwrap();
    let learned = experience.learned().await.unwrap();
    // Of each question, one learned and three learned again, and four judged.
    assert_eq!((learned.patterns, learned.successes, learned.failures, learned.agents), (20, 160, 0, 1));
}

#[tokio::test]
async fn what_is_kept_is_bounded_and_the_least_useful_goes_first() {
    let directory = tempfile::tempdir().unwrap();
    let experience = Sqlite::open(directory.path().join("e.db")).await.unwrap();
    experience.learn(pattern(0)).await.unwrap();
    experience.judge(pattern(0).key().unwrap(), 1.0, Timestamp(0)).await.unwrap();
    let learn = (1..MAX_PATTERNS).map(|n| experience.learn(pattern(n)));
    futures_util::future::try_join_all(learn).await.unwrap();
    experience.learn(pattern(MAX_PATTERNS)).await.unwrap();
    experience.learn(pattern(MAX_PATTERNS + 1)).await.unwrap();
    assert_eq!(experience.learned().await.unwrap().patterns, MAX_PATTERNS as u64);
    for (n, kept) in [(0, true), (1, false), (2, false), (3, true), (MAX_PATTERNS + 1, true)] {
        assert_eq!(!experience.recall(&situation(n)).await.unwrap().is_empty(), kept, "{n}");
    }
    let unlearning = Unlearning { unused_since: Timestamp(i64::MAX), dry_run: false };
    assert_eq!(experience.unlearn(unlearning).await.unwrap(), MAX_PATTERNS as u64);
    assert_eq!(experience.integrity_check(Check::Full).await.unwrap(), [] as [String; 0], "nothing is left behind");
}

#[tokio::test]
async fn a_pattern_that_was_tampered_with_is_an_error_that_says_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("e.db");
    let experience = Sqlite::open(&path).await.unwrap();
    experience.learn(pattern(1)).await.unwrap();
    let cyclic = r#"replace(body, '"depends_on":[]', '"depends_on":["a"]')"#;
    let change = format!("UPDATE pattern_bodies SET body = {cyclic}");
    Connection::open(&path).unwrap().execute(&change, []).unwrap();
    let error = experience.recall(&situation(1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.message().contains("subgoals wait for each other"), "{error}");
    assert!(error.hint_text().is_some());
    experience.learn(pattern(1)).await.expect("learning anew mends it");
    assert_eq!(experience.recall(&situation(1)).await.unwrap().len(), 1);
}
