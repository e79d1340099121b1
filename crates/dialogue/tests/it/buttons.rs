//! What the host does in the place of the user, and the terms of a turn.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ninefold_core::{Budget, ErrorKind, Scope};
use ninefold_dialogue::understand::By;
use ninefold_dialogue::{Asked, Call, Input};
use ninefold_store::MemorySessions;
use ninefold_testkit::ManualClock;
use serde_json::{Value, json};

use crate::flights::{self, FEBRUARY, flights};
use crate::made::Made;

#[tokio::test]
async fn a_flow_is_started_and_slots_are_set_from_code() {
    let (dialogue, asked) = flights(None);
    dialogue.set("anna", json!({ "traveller": "Anna" })).await.unwrap();
    let given = json!({ "origin": "Madrid", "departure_date": "15 March 2024" });
    let reply = dialogue.start("anna", "book_flight", given).await.unwrap();
    assert!(reply.text().contains("Where shall it go, Anna?"), "{reply}");
    assert_eq!((reply.by, &reply.slots["departure_date"]), (By::Host, &json!("2024-03-15")), "words are read");
    let reply = dialogue.set("anna", json!({ "destination": "Porto" })).await.unwrap();
    assert_eq!(reply.slots["held"], 1, "its question was answered, so the flow went on: {reply}");
    let keys = asked.lock().unwrap();
    assert_eq!(
        keys.iter().map(|(name, ..)| name.as_str()).collect::<Vec<_>>(),
        ["search_available_flights", "confirm_flight_booking"]
    );
}

#[tokio::test]
async fn what_the_host_does_is_written_as_any_turn() {
    let sessions = Arc::new(MemorySessions::new());
    let dialogue = || flights::builder(Arc::clone(&sessions) as Arc<_>, &flights::Asked::default()).build().unwrap();
    dialogue().start("anna", "book_flight", json!({ "origin": "Madrid" })).await.unwrap();
    let elsewhere = dialogue();
    let turn = elsewhere.inspect("anna", 1).await.unwrap().unwrap();
    assert!(turn.heard.is_none() && turn.by == By::Host, "{turn}");
    let shown = turn.to_string();
    assert!(shown.contains("turn 1: (by the host)") && shown.contains("start book_flight: by the host"), "{shown}");
    let reply = elsewhere.turn("anna", "Porto").await.unwrap();
    assert_eq!((&reply.slots["origin"], reply.asked), (&json!("Madrid"), Some(Asked::Slot("departure_date".into()))));
}

#[tokio::test]
async fn what_the_host_names_must_be_there_and_fit() {
    let (dialogue, _) = flights(None);
    let refused = |input: ninefold_core::Result<Input>| async {
        let error = match input {
            Ok(input) => dialogue.take("anna", input).await.unwrap_err(),
            Err(error) => error,
        };
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        format!("{error} ({})", error.hint_text().unwrap_or_default())
    };
    let typo = refused(Input::start("book_flite", ())).await;
    assert!(typo.contains("book_flite") && typo.contains("did you mean `book_flight`?"), "{typo}");
    let repair = refused(Input::start("pattern_restart", ())).await;
    assert!(repair.contains("pattern_restart"), "{repair}");
    let closed = refused(Input::set(json!({ "origin": "Madrid" }))).await;
    assert!(closed.contains("not open") && closed.contains("start book_flight with it"), "{closed}");
    let kind = refused(Input::set(json!({ "held": [1] }))).await;
    assert!(kind.contains("a list") && kind.contains("integer"), "{kind}");
    let list = refused(Input::start("book_flight", json!([1]))).await;
    assert!(list.contains("a list, and not an object"), "{list}");
    assert!(dialogue.inspect("anna", 1).await.unwrap().is_none(), "none of it was a turn");
    dialogue.start("anna", "book_flight", ()).await.unwrap();
    let reply = dialogue.set("anna", json!({ "book_flight.origin": "Madrid" })).await.unwrap();
    assert_eq!(reply.asked, Some(Asked::Slot("destination".into())), "{reply}");
}

const TERMS: &str = r#"
silence: 30s
actions:
  look: {inputs: {what: text}, outputs: {out: text}}
flows:
  look:
    description: Look something up
    triggers: [look up]
    slots:
      what: {type: text, prompt: What?}
      day: {type: date, internal: true}
      found: {type: text, internal: true}
    steps:
      - set: {day: "today()"}
      - collect: what
      - action: look
        into: {out: found}
      - say: "{{ found }} on {{ day }}"
  secret:
    description: Only buttons open it
    internal: true
    steps: [{say: Opened.}]
"#;

#[tokio::test]
async fn a_host_may_start_what_users_may_not() {
    let dialogue = Made::of(TERMS).dialogue();
    assert!(!dialogue.turn("user", "secret").await.unwrap().text().contains("Opened."));
    assert!(dialogue.start("user", "secret", ()).await.unwrap().text().starts_with("Opened."));
}

#[tokio::test]
async fn a_guard_reads_the_slots_of_its_own_flow() {
    let flows = r#"
flows:
  renew:
    description: Renew a book
    triggers: [renew my book]
    if: "left > 0"
    slots:
      left: {type: integer, internal: true, persist: true}
    steps:
      - set: {left: "left - 1"}
      - say: "Renewed; {{ left }} left."
"#;
    let dialogue = Made::of(flows).dialogue();
    assert!(!dialogue.turn("user", "renew my book").await.unwrap().text().contains("Renewed"));
    let reply = dialogue.start("user", "renew", json!({ "left": 2 })).await.unwrap();
    assert!(reply.text().contains("Renewed; 1 left."), "{reply}");
    let reply = dialogue.turn("user", "renew my book").await.unwrap();
    assert!(reply.text().contains("Renewed; 0 left."), "{reply}");
    assert!(!dialogue.turn("user", "renew my book").await.unwrap().text().contains("Renewed"));
}

#[tokio::test]
async fn a_turn_has_the_scope_the_budget_and_the_deadline_that_the_host_gives() {
    type Seen = Arc<Mutex<Vec<(bool, Option<u64>, bool)>>>;
    let seen = Seen::default();
    let note = Arc::clone(&seen);
    let dialogue = Made::of(TERMS)
        .builder()
        .action("look", move |_: Value, call: Call| {
            let soon = call.cx.deadline().is_some_and(|at| at - tokio::time::Instant::now() < Duration::from_secs(6));
            let terms = (*call.cx.scope() == Scope::of(["staff"]), call.cx.budget().left().calls, soon);
            note.lock().unwrap().push(terms);
            async { Ok(json!({ "out": "found" })) }
        })
        .build()
        .unwrap();
    let terms = |input: Input| {
        let budget = Budget { calls: Some(3), ..Budget::default() };
        input.scope(Scope::of(["staff"])).budget(budget).deadline(Duration::from_secs(5))
    };
    dialogue.take("anna", terms(Input::start("look", json!({ "what": "keys" })).unwrap())).await.unwrap();
    dialogue.start("ben", "look", json!({ "what": "keys" })).await.unwrap();
    assert_eq!(*seen.lock().unwrap(), [(true, Some(3), true), (false, None, false)]);
    let late = dialogue.take("cleo", Input::message("look up").deadline(Duration::ZERO)).await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::DeadlineExceeded);
}

#[tokio::test]
async fn a_turn_has_the_day_of_its_user_and_a_wrong_offset_is_an_error() {
    // 2024-02-01 00:00 by UTC.
    let made = Made::of(TERMS);
    let midnight = ninefold_core::Timestamp(FEBRUARY.0 - FEBRUARY.0.rem_euclid(86_400_000_000));
    let dialogue = made.builder().clock(Arc::new(ManualClock::at(midnight))).build().unwrap();
    for (user, offset, day) in [("anna", 3_600, "2024-02-01"), ("ben", -3_600, "2024-01-31")] {
        let input = Input::start("look", json!({ "what": "keys" })).unwrap().offset(offset);
        let reply = dialogue.take(user, input).await.unwrap();
        assert_eq!(reply.slots.get("day").or(Some(&json!(day))), Some(&json!(day)), "{reply:?}");
        assert!(reply.text().contains(day), "{reply}");
    }
    let wrong = dialogue.take("cleo", Input::message("look up").offset(1_000_000)).await.unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::InvalidInput);
    let wrong = made.builder().offset(1_000_000).build().err().unwrap();
    assert!(wrong.kind() == ErrorKind::InvalidInput && wrong.to_string().contains("1000000 seconds"), "{wrong}");
}

#[tokio::test]
async fn a_reply_says_when_silence_is_due_once_for_a_question() {
    let dialogue = Made::of(TERMS).dialogue();
    let due = Some(Duration::from_secs(30));
    let reply = dialogue.turn("user", "look up").await.unwrap();
    assert_eq!(reply.silence_after, due);
    let reply = dialogue.silence("user").await.unwrap();
    assert!(reply.text().contains("Are you still there?") && reply.silence_after.is_none(), "{reply}");
    let reply = dialogue.turn("user", "").await.unwrap();
    assert_eq!(reply.silence_after, due, "he has written again");
    let reply = dialogue.turn("user", "keys").await.unwrap();
    assert!(reply.asked.is_none() && reply.silence_after.is_none(), "nothing is asked");
}
