//! What a turn costs and how long it may take, however much a session holds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use ninefold_core::{
    ErrorKind, Result, Resumption, SessionEvent, SessionId, SessionSummary, Sessions, Timestamp, Turn as Written,
};
use ninefold_dialogue::{Call, Definition, Dialogue, DialogueBuilder, repair};
use ninefold_store::MemorySessions;
use ninefold_testkit::ManualClock;
use serde_json::{Value, json};

use crate::flights::FEBRUARY;
use crate::made::{Lines, told};

const NOTES: &str = r#"
slots:
  page: {type: text, internal: true}
actions:
  load: {inputs: {book: text}, outputs: {page: text}}
flows:
  notes:
    description: Take notes
    triggers: [take notes]
    slots:
      book: {type: text, prompt: Book?}
      note: {type: text, prompt: Note?, ask_always: true}
      count: {type: integer, default: 0, internal: true}
    steps:
      - collect: book
      - action: load
      - say: "It has {{ page | length }} letters."
      - while: "count < 100000"
        do:
          - collect: note
          - set: {count: "count + 1"}
          - say: "Noted {{ note }}."
"#;

/// Sessions in memory that count what is read, and that hang where they are told to.
#[derive(Default)]
struct Watched {
    inner: MemorySessions,
    read: AtomicUsize,
    hangs: AtomicBool,
}

impl Watched {
    async fn pass(&self) {
        if self.hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
    }

    fn read(&self) -> usize {
        self.read.swap(0, Ordering::SeqCst)
    }
}

#[async_trait]
impl Sessions for Watched {
    async fn append(&self, session: &SessionId, turn: Written) -> Result<u64> {
        self.pass().await;
        self.inner.append(session, turn).await
    }

    async fn resume(&self, session: &SessionId) -> Result<Option<Resumption>> {
        let resumption = self.inner.resume(session).await?;
        self.read.fetch_add(resumption.as_ref().map_or(0, |all| all.events.len()), Ordering::SeqCst);
        Ok(resumption)
    }

    async fn events(&self, session: &SessionId, from: u64, limit: usize) -> Result<Vec<SessionEvent>> {
        self.pass().await;
        let events = self.inner.events(session, from, limit).await?;
        self.read.fetch_add(events.len(), Ordering::SeqCst);
        Ok(events)
    }

    async fn list(&self, limit: usize) -> Result<Vec<SessionSummary>> {
        self.inner.list(limit).await
    }

    async fn remove(&self, session: &SessionId) -> Result<bool> {
        self.pass().await;
        self.inner.remove(session).await
    }

    async fn prune(&self, last_before: Timestamp) -> Result<u64> {
        self.inner.prune(last_before).await
    }
}

fn notes(sessions: &Arc<Watched>, letters: usize) -> Dialogue {
    builder(sessions, letters).build().unwrap()
}

fn builder(sessions: &Arc<Watched>, letters: usize) -> DialogueBuilder {
    let program = Definition::from_yaml("notes.yml", NOTES).over(repair::patterns()).compile(true);
    let program = program.unwrap_or_else(|diagnostics| panic!("{diagnostics}"));
    Dialogue::builder(program, Arc::clone(sessions) as Arc<dyn Sessions>)
        .clock(Arc::new(ManualClock::at(FEBRUARY)))
        .understand(Arc::new(Lines))
        .action("load", move |_: Value, _: Call| async move { Ok(json!({ "page": "x".repeat(letters) })) })
}

async fn bytes(sessions: &Watched, turn: u64) -> usize {
    sessions.events(&"user".into(), turn - 1, 1).await.unwrap()[0].event.len()
}

#[tokio::test]
async fn a_turn_writes_the_same_at_turn_10_and_at_turn_1000_however_much_the_session_holds() {
    let sessions = Arc::new(Watched::default());
    let dialogue = notes(&sessions, 100_000);
    told(&dialogue, &["start notes", "set book Emma"]).await;
    for turn in 3..=1_000 {
        // A correction makes the flow go through all of its steps again, of which some are left then.
        let line = if turn == 100 { "correct book Persuasion" } else { "set note a" };
        told(&dialogue, &[line]).await;
    }
    assert!(bytes(&sessions, 2).await > 100_000);
    let first = bytes(&sessions, 10).await;
    for turn in (3..=1_000).filter(|turn| *turn != 100) {
        let now = bytes(&sessions, turn).await;
        assert!(now <= first + 200 && now <= 1_024, "turn 10 wrote {first} bytes, turn {turn} {now}");
    }
    let last = bytes(&sessions, 1_000).await;
    assert!(last <= first + 16, "turn 10 wrote {first} bytes, turn 1,000 {last}");
}

#[tokio::test]
async fn inspecting_a_turn_reads_what_came_since_the_latest_snapshot_at_most() {
    let sessions = Arc::new(Watched::default());
    let dialogue = notes(&sessions, 10);
    let turns: u64 = 200;
    for turn in 1..=turns {
        told(&dialogue, &[if turn == 1 { "start notes" } else { "set note a" }]).await;
        sessions.read();
        assert_eq!(dialogue.inspect("user", turn).await.unwrap().unwrap().turn, turn);
        assert_eq!(sessions.read(), 1, "turn {turn}, which was taken here");
    }
    let elsewhere = notes(&sessions, 10);
    sessions.read();
    assert_eq!(elsewhere.inspect("user", turns).await.unwrap(), dialogue.inspect("user", turns).await.unwrap());
    let read = sessions.read();
    assert!(read <= 34, "{read} events were read");
}

#[tokio::test]
async fn an_action_that_returns_too_much_fails() {
    for (letters, fits) in [(200_000, true), (1_048_576, false)] {
        let sessions = Arc::new(Watched::default());
        let dialogue = notes(&sessions, letters);
        let reply = told(&dialogue, &["start notes", "set book Emma"]).await;
        assert_eq!(reply.failures.is_empty(), fits, "{:?}", reply.failures);
        assert_eq!(reply.text().contains("something went wrong"), !fits, "{}", reply.text());
        if !fits {
            assert!(reply.failures[0].message.contains("returned more than 262144 bytes"), "{:?}", reply.failures);
            assert!(bytes(&sessions, 2).await <= 1_500);
        }
    }
}

#[tokio::test]
async fn values_and_replies_that_grow_without_end_fail() {
    let growing = |steps: &str| {
        format!(
            "slots:\n  text: {{type: text, internal: true}}\nflows:\n  grow:\n    description: Grow\n    triggers: [grow]\n    \
             slots: {{n: {{type: integer, default: 0, internal: true}}}}\n    steps:\n      - set: {{text: \"'xxxxxxxxxx'\"}}\n      \
             - while: \"n < 60\"\n        do:\n          - set: {{n: \"n + 1\"}}\n{steps}"
        )
    };
    for (steps, why) in [
        ("          - set: {text: \"text + text\"}\n", "the value has more than 262144 bytes"),
        ("          - say: \"{% for a in range(9000) %}x{% endfor %}\"\n", "the turn says more than 262144 bytes"),
    ] {
        let made = crate::made::Made::of(&growing(steps));
        let dialogue = made.builder().understand(Arc::new(Lines)).build().unwrap();
        let reply = told(&dialogue, &["start grow"]).await;
        assert!(reply.failures[0].message.contains(why), "{:?}", reply.failures);
        assert!(reply.text().len() < 300_000);
        assert!(told(&dialogue, &["chitchat"]).await.failures.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_blocks_nobody_for_ever() {
    let sessions = Arc::new(Watched::default());
    let dialogue = notes(&sessions, 10);
    told(&dialogue, &["start notes"]).await;
    sessions.hangs.store(true, Ordering::SeqCst);
    let other = notes(&sessions, 10);
    // Its first turn finds nothing to be read, so that writing is what hangs.
    let hung = [
        other.turn("new", "start notes").await.err(),
        dialogue.turn("user", "set book Emma").await.err(),
        dialogue.inspect("user", 1).await.err(),
        dialogue.forget("user").await.err(),
    ];
    for error in hung {
        let error = error.unwrap();
        assert_eq!(error.kind(), ErrorKind::DeadlineExceeded, "{error}");
    }
    sessions.hangs.store(false, Ordering::SeqCst);
    let reply = told(&dialogue, &["set book Emma"]).await;
    assert_eq!((reply.turn, reply.text().as_str()), (2, "It has 10 letters.\nNote?"));
    assert_eq!(other.turn("new", "start notes").await.unwrap().turn, 1);
}
