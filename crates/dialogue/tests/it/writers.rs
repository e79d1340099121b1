//! Several who write: in one session, in one process and in two.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use ninefold_core::{ErrorKind, Sessions};
use ninefold_dialogue::{Call, Definition, Dialogue, repair};
use ninefold_store::{MemorySessions, Sqlite};
use serde_json::{Value, json};

/// Counts, slowly, what is said in a session.
const COUNTING: &str = "
slots:
  count: {type: integer, default: 0, internal: true}
actions:
  pause: {description: Takes its time, inputs: {count: integer}, outputs: {}}
flows:
  more:
    description: One more
    triggers: [one more]
    steps:
      - set: {count: \"count + 1\"}
      - say: \"{{ count }}.\"
  slow:
    description: One more, after a while
    triggers: [slowly one more please]
    steps:
      - action: pause
      - set: {count: \"count + 1\"}
      - say: \"{{ count }}.\"
  pattern_completed:
    description: Nothing
    steps: [end]
";

fn counting(sessions: Arc<dyn Sessions>, live: u64) -> Dialogue {
    let program = Definition::from_yaml("counting.yml", COUNTING).over(repair::patterns()).compile(true).unwrap();
    let pause = |_: Value, _: Call| async {
        tokio::time::sleep(Duration::from_millis(5)).await;
        Ok(json!({}))
    };
    Dialogue::builder(program, sessions).live_sessions(live).action("pause", pause).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn messages_of_one_session_queue_and_none_is_lost() {
    // However few sessions are kept between turns.
    for live in [0, 100] {
        let dialogue = counting(Arc::new(MemorySessions::new()), live);
        let turns = (0..40).map(|n| {
            let dialogue = dialogue.clone();
            let session = if n % 2 == 0 { "anna" } else { "ben" };
            async move { dialogue.turn(session, "slowly one more please").await.unwrap() }
        });
        let replies = join_all(turns).await;
        for session in ["anna", "ben"] {
            let of = replies.iter().filter(|reply| reply.session.0 == session);
            let said: Vec<String> = of.map(ninefold_dialogue::Reply::text).collect();
            // In the order in which they came.
            assert_eq!(said, (1..=20).map(|n| format!("{n}.")).collect::<Vec<_>>(), "{live} live");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn of_too_many_messages_at_once_in_one_session_some_are_refused_and_told_so() {
    let dialogue = counting(Arc::new(MemorySessions::new()), 100);
    let turns = (0..70).map(|_| dialogue.turn("anna", "slowly one more please"));
    let (taken, refused): (Vec<_>, Vec<_>) = join_all(turns).await.into_iter().partition(Result::is_ok);
    // One under way and 64 that wait for it.
    assert_eq!((taken.len(), refused.len()), (65, 5));
    for refused in refused {
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RateLimited, "{error}");
        assert!(error.to_string().contains("session \"anna\" is busy"), "{error}");
    }
    assert_eq!(dialogue.turn("anna", "one more").await.unwrap().text(), "66.");
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_is_dropped_leaves_its_session_as_it_was_and_the_next_goes_on() {
    let dialogue = counting(Arc::new(MemorySessions::new()), 100);
    dialogue.turn("anna", "one more").await.unwrap();
    let dropped = tokio::time::timeout(Duration::from_millis(1), dialogue.turn("anna", "slowly one more please")).await;
    assert!(dropped.is_err());
    let reply = dialogue.turn("anna", "one more").await.unwrap();
    assert_eq!((reply.turn, reply.text().as_str()), (2, "2."));
}

#[tokio::test]
async fn a_thousand_sessions_at_once_get_their_own_answers() {
    let dialogue = counting(Arc::new(MemorySessions::new()), 100);
    let talks = (0..1_000_usize).map(|n| {
        let dialogue = dialogue.clone();
        async move {
            let mut last = String::new();
            for _ in 0..=n % 7 {
                last = dialogue.turn(format!("user {n}"), "one more").await.unwrap().text();
            }
            (n, last)
        }
    });
    for (n, last) in join_all(talks).await {
        assert_eq!(last, format!("{}.", n % 7 + 1), "user {n}");
    }
}

/// Not a test of its own: one of the processes that write at the same time. Does nothing unless it is told where.
#[tokio::test]
async fn child() {
    let Some(path) = std::env::var_os("NINEFOLD_WRITERS_DATABASE") else { return };
    let dialogue = counting(Arc::new(Sqlite::open(path).await.unwrap()), 100);
    let mut taken = 0;
    while taken < 50 {
        match dialogue.turn("anna", "one more").await {
            Ok(_) => taken += 1,
            // Told so, and taken again: nothing is lost.
            Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict, "{error}"),
        }
    }
}

#[tokio::test]
async fn two_processes_on_one_database_lose_no_turn() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sessions.db");
    let children: Vec<_> = (0..2)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "writers::child", "--nocapture"])
                .env("NINEFOLD_WRITERS_DATABASE", &path)
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let dialogue = counting(Arc::new(Sqlite::open(path).await.unwrap()), 100);
    let reply = dialogue.turn("anna", "one more").await.unwrap();
    assert_eq!((reply.turn, reply.text().as_str()), (101, "101."));
}
