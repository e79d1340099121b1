//! Sessions that go on elsewhere: in another dialogue, under another definition.

use std::sync::Arc;

use ninefold_core::Sessions;
use ninefold_dialogue::{Asked as Waits, Dialogue};
use ninefold_store::{MemorySessions, Sqlite};

use crate::flights::{Asked, builder, builder_of};

const FLIGHTS: &str = include_str!("../../../../examples/dialogue/flights.yml");

async fn open(folder: &tempfile::TempDir) -> Arc<dyn Sessions> {
    Arc::new(Sqlite::open(folder.path().join("sessions.db")).await.unwrap())
}

#[tokio::test]
async fn a_session_goes_on_in_another_dialogue_exactly_where_it_stood() {
    let messages = [
        "I want to book a flight",
        "Madrid",
        "Rome",
        "actually from Porto",
        "cancel",
        "book a flight from Madrid to Lisbon",
        "15 March 2024",
        "cancel my booking",
        "X7Q2",
        "yes",
        "thanks",
    ];
    let folder = tempfile::tempdir().unwrap();
    let (asked, asked_in_parts) = (Asked::default(), Asked::default());
    let whole = builder(Arc::new(MemorySessions::new()), &asked).build().unwrap();
    for message in messages {
        // A dialogue of its own for every turn, and a connection of its own.
        let part = builder(open(&folder).await, &asked_in_parts).build().unwrap();
        let (expected, reply) = (whole.turn("anna", message).await.unwrap(), part.turn("anna", message).await.unwrap());
        assert_eq!(expected, reply, "{message}");
    }
    let asked = asked.lock().unwrap();
    assert_eq!(asked.len(), 3, "{asked:?}");
    assert_eq!(*asked, *asked_in_parts.lock().unwrap(), "with the same keys");
}

#[tokio::test]
async fn a_definition_that_changes_under_a_live_session_closes_what_was_open_once() {
    type Changed = fn(&str) -> String;
    let changes: [(&str, Changed); 3] = [
        ("a step more", |text| {
            text.replace("      - collect: destination\n", "      - say: So.\n      - collect: destination\n")
        }),
        ("another name", |text| text.replace("book_flight", "find_flight")),
        ("a slot less", |text| text.replace("{held: \"held + 1\"}", "{held: \"held + 2\"}")),
    ];
    for (change, changed) in changes {
        let (folder, asked) = (tempfile::tempdir().unwrap(), Asked::default());
        let before = builder(open(&folder).await, &asked).build().unwrap();
        before.turn("anna", "I want to book a flight").await.unwrap();
        let stood = before.turn("anna", "Madrid").await.unwrap();
        assert_eq!(stood.asked, Some(Waits::Slot("destination".into())));
        before.turn("idle", "hello").await.unwrap();
        before.turn("ben", "I want to book a flight").await.unwrap();

        let text = changed(FLIGHTS);
        assert_ne!(text, FLIGHTS, "{change}");
        let reply = |session: &'static str, message: &'static str| {
            let (text, asked, folder) = (&text, &asked, &folder);
            async move {
                let after: Dialogue = builder_of(text, open(folder).await, asked).build().unwrap();
                after.turn(session, message).await.unwrap()
            }
        };
        let first = reply("anna", "Rome").await;
        let told = |text: &str| text.contains("Things have changed on my side");
        assert!(told(&first.text()), "{change}: {}", first.text());
        assert!(first.failures.is_empty() && first.asked.is_none() && first.flow.is_none(), "{change}: {first:?}");
        assert!(asked.lock().unwrap().is_empty(), "{change}");
        // It is told once, also to whoever resumes later.
        let second = reply("anna", "hello").await;
        assert!(!told(&second.text()), "{change}: {}", second.text());
        // It is told before anything else, and not again when that is done.
        let other = reply("ben", "I want to book a flight from Rome to Oslo").await.text();
        assert!(told(&other) && other.find("Things have changed") < other.find('?'), "{change}: {other}");
        assert!(!told(&reply("ben", "tomorrow").await.text()), "{change}");
        // Nothing was open here, so nothing is told.
        assert!(!told(&reply("idle", "hello").await.text()), "{change}");
    }
}

#[tokio::test]
async fn a_definition_that_is_the_same_changes_nothing() {
    let (folder, asked) = (tempfile::tempdir().unwrap(), Asked::default());
    builder(open(&folder).await, &asked).build().unwrap().turn("anna", "I want to book a flight").await.unwrap();
    let again = builder_of(FLIGHTS, open(&folder).await, &asked).build().unwrap();
    let reply = again.turn("anna", "Madrid").await.unwrap();
    assert_eq!(reply.asked, Some(Waits::Slot("destination".into())), "{}", reply.text());
}

#[tokio::test]
async fn forgotten_sessions_begin_anew_wherever_they_were_live() {
    let (sessions, asked) = (Arc::new(MemorySessions::new()), Asked::default());
    let one = builder(Arc::clone(&sessions) as Arc<dyn Sessions>, &asked).build().unwrap();
    let other = builder(sessions, &asked).build().unwrap();
    one.turn("anna", "I want to book a flight").await.unwrap();
    other.turn("anna", "Madrid").await.unwrap();
    assert!(one.forget("anna").await.unwrap());
    assert!(!one.forget("anna").await.unwrap());
    // The other one still has it in memory.
    let reply = other.turn("anna", "I want to book a flight").await.unwrap();
    assert_eq!((reply.turn, reply.asked), (1, Some(Waits::Slot("origin".into()))));
}

#[tokio::test]
async fn after_a_restart_global_slots_hold_their_defaults_also_elsewhere() {
    let (sessions, asked) = (Arc::new(MemorySessions::new()), Asked::default());
    let dialogue = builder(Arc::clone(&sessions) as Arc<dyn Sessions>, &asked).build().unwrap();
    dialogue.turn("anna", "book a flight from Madrid to Lisbon").await.unwrap();
    let booked = dialogue.turn("anna", "15 March 2024").await.unwrap();
    assert_eq!(booked.slots["held"], 1);
    let restarted = dialogue.turn("anna", "restart").await.unwrap();
    assert_eq!(restarted.slots["held"], 0, "{restarted:?}");
    let elsewhere = builder(sessions, &asked).build().unwrap();
    assert_eq!(elsewhere.turn("anna", "hello").await.unwrap().slots["held"], 0);
}
