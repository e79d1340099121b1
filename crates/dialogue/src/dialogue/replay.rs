//! What follows from the events of a session, whole or behind a snapshot, is where the session stands.

use std::sync::Arc;

use ninefold_core::Timestamp;
use ninefold_store::MemorySessions;
use ninefold_testkit::ManualClock;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::action::Call;
use crate::command::Command;
use crate::definition::Definition;
use crate::repair;
use crate::understand::Scripted;

/// Everything a user may ask for, at any time.
fn script() -> Vec<(&'static str, Vec<Command>)> {
    let start = |flow: &str| Command::Start { flow: flow.into() };
    let set = |slot: &str, value: &str| Command::Set { slot: slot.into(), value: value.into() };
    let correct = |slot: &str, value: &str| Command::Correct { slot: slot.into(), value: value.into() };
    vec![
        ("book", vec![start("book_flight")]),
        ("book from Madrid", vec![start("book_flight"), set("origin", "Madrid")]),
        ("Madrid", vec![set("origin", "Madrid")]),
        ("Rome", vec![set("destination", "Rome")]),
        ("Madrid to Madrid", vec![set("origin", "Madrid"), set("destination", "Madrid")]),
        ("all", vec![set("origin", "Oslo"), set("destination", "Rome"), set("departure_date", "2024-03-15")]),
        ("15 March", vec![set("departure_date", "15 March 2024")]),
        ("yesterday", vec![set("departure_date", "yesterday")]),
        ("from Porto", vec![correct("origin", "Porto")]),
        ("another day", vec![Command::Clear { slot: "departure_date".into() }]),
        ("release", vec![start("cancel_booking")]),
        ("release X7Q2", vec![start("cancel_booking"), set("reference", "X7Q2")]),
        ("X7Q2", vec![set("reference", "X7Q2")]),
        ("cancel", vec![Command::Cancel { flow: None }]),
        ("yes", vec![Command::Affirm]),
        ("no", vec![Command::Deny]),
        ("yes and no", vec![Command::Affirm, Command::Deny]),
        ("which", vec![Command::Clarify { flows: vec!["book_flight".into(), "cancel_booking".into()] }]),
        ("skip", vec![Command::Skip]),
        ("again", vec![Command::Repeat]),
        ("nice day", vec![Command::ChitChat]),
        ("why", vec![Command::Knowledge { question: "why".into() }]),
        ("person", vec![Command::Handoff]),
        ("restart", vec![Command::Restart]),
        ("nothing", vec![]),
        ("", vec![]),
    ]
}

fn dialogue(sessions: Arc<MemorySessions>, live: u64) -> Dialogue {
    let text = include_str!("../../../../examples/dialogue/flights.yml");
    let program = Definition::from_yaml("flights.yml", text).over(repair::patterns()).compile(true).unwrap();
    let scripted = script().into_iter().fold(Scripted::new(), |scripted, (message, all)| scripted.on(message, all));
    let found = |inputs: Value, call: Call| async move {
        let broken = inputs["origin"] == "Oslo" && call.turn.is_multiple_of(3);
        if broken {
            return Err(Error::new(ErrorKind::Permanent, "no airline answers"));
        }
        Ok(json!({ "flight": "IB 2621", "price": { "amount": "89.00", "currency": "EUR" } }))
    };
    Dialogue::builder(program, sessions)
        // 2024-02-01, a Thursday.
        .clock(Arc::new(ManualClock::at(Timestamp(1_706_745_600_000_000))))
        .understand(Arc::new(scripted))
        .live_sessions(live)
        .action("search_available_flights", found)
        .action("confirm_flight_booking", |_: Value, call: Call| async move {
            Ok(json!({ "reference": format!("R{}", call.turn) }))
        })
        .action("release_flight_booking", |_: Value, _: Call| async { Ok(json!({ "released": true })) })
        .build()
        .unwrap()
}

async fn next(dialogue: &Dialogue, message: usize) -> Reply {
    let script = script();
    match script.get(message) {
        Some((message, _)) => dialogue.turn("anna", message).await.unwrap(),
        None => dialogue.silence("anna").await.unwrap(),
    }
}

/// Conversations long enough for snapshots, which come back to what they are about.
fn messages() -> impl Strategy<Value = Vec<usize>> {
    let any = 0..=script().len();
    let on = prop_oneof![Just(0_usize), Just(2), Just(3), Just(5), Just(6), Just(8), Just(14)];
    prop::collection::vec(prop_oneof![2 => on, 3 => any], 1..48)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn any_prefix_replayed_is_the_state_that_was_live(messages in messages()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let sessions = Arc::new(MemorySessions::new());
            let live = dialogue(Arc::clone(&sessions), 100);
            // Keeps nothing: every turn of it is resumed.
            let other_sessions = Arc::new(MemorySessions::new());
            let resuming = dialogue(Arc::clone(&other_sessions), 0);
            let id: SessionId = "anna".into();
            for (n, message) in messages.iter().enumerate() {
                let reply = next(&live, *message).await;
                resuming.inner.seats.forget_all();
                prop_assert_eq!(&reply, &next(&resuming, *message).await);
                let seat = live.inner.seats.of(&id);
                let seat = seat.free().unwrap();
                let state = &seat.as_ref().unwrap().state;
                let replayed = live.inner.before(&id, n as u64 + 1).await.unwrap();
                prop_assert_eq!(&replayed.state, state, "by all events, after {:?}", script().get(*message));
                let resumed = live.inner.resumed(&id).await.unwrap();
                prop_assert_eq!(&resumed.state, state, "by the snapshot, after {:?}", script().get(*message));
                prop_assert_eq!(&live.inner.start(&resumed, None), state);
            }
            Ok(())
        })?;
    }
}
