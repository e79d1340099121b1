//! What the inspector says of a turn.

use std::sync::Arc;

use ninefold_dialogue::{Definition, Dialogue, repair};
use ninefold_store::MemorySessions;
use ninefold_testkit::ManualClock;

use crate::flights::{Asked, FEBRUARY, builder, flights};

async fn inspected(dialogue: &Dialogue, messages: &[&str]) -> Vec<String> {
    let mut inspections = Vec::new();
    for (n, message) in messages.iter().enumerate() {
        dialogue.turn("anna", message).await.unwrap();
        inspections.push(dialogue.inspect("anna", n as u64 + 1).await.unwrap().unwrap().to_string());
    }
    inspections
}

#[tokio::test]
async fn a_turn_reads_from_what_was_heard_to_where_it_led() {
    let (dialogue, _) = flights(None);
    let messages = ["I want to book a flight from Madrid to Rome", "15 March", "cancel my booking", ""];
    let inspections = inspected(&dialogue, &messages).await;
    insta::assert_snapshot!(inspections[0], @r#"
    turn 1: "I want to book a flight from Madrid to Rome"
      before     no flow is open
      flows      book_flight (matches: book, flight)
      slots      origin (slot of book_flight)
                 destination (slot of book_flight)
                 departure_date (slot of book_flight)
      actions    search_available_flights, confirm_flight_booking
      by rules   start book_flight: a trigger of it
                 set origin "Madrid": behind “from”
                 set destination "Rome": behind “to”
      values     book_flight.destination: "Rome" → "Rome" (text)
                 book_flight.origin: "Madrid" → "Madrid" (text)
                 held = 0
      steps      book_flight 0: collect origin
                 book_flight 1: collect destination
                 book_flight 2: ask departure_date
      says       Which day do you want to leave? (book_flight)
      after      book_flight, waits for departure_date
    "#);
    insta::assert_snapshot!(inspections[1], @r#"
    turn 2: "15 March"
      before     book_flight, waits for departure_date
      slots      departure_date (asked)
                 origin (correctable, filled)
                 destination (correctable, filled)
      actions    search_available_flights, confirm_flight_booking
      by rules   set departure_date "15 March": a date, as asked
      values     book_flight.departure_date: "15 March" → "2024-03-15" (day of the year)
                 book_flight.destination emptied
                 book_flight.origin emptied
                 held = 1
      steps      book_flight 2: collect departure_date
                 book_flight 3: action search_available_flights
                 book_flight 13: action confirm_flight_booking
                 book_flight 18: set
                 book_flight 19: say
                 pattern_completed 0: say
      says       I hold flight IB 2621 from Madrid to Rome on 15 March 2024 for 89.00 EUR. Your reference is X7Q2. (book_flight)
                 Is there anything else I can do for you? (pattern_completed)
      after      no flow is open
    "#);
    insta::assert_snapshot!(inspections[3], @r#"
    turn 4: ""
      before     cancel_booking, waits for reference
      steps      pattern_empty 0: say
                 cancel_booking 0: ask reference
      says       I didn't get anything. Could you say it again? (pattern_empty)
                 What is the reference of your booking? (cancel_booking)
      after      cancel_booking, waits for reference
    "#);
}

#[tokio::test]
async fn an_inspection_is_the_same_later_and_elsewhere() {
    let (sessions, asked) = (Arc::new(MemorySessions::new()), Asked::default());
    let dialogue = builder(Arc::clone(&sessions) as _, &asked).build().unwrap();
    let messages = ["I want to book a flight", "Madrid", "Rome", "actually from Porto", "15 March", "thanks"];
    let mut scopes = Vec::new();
    for message in messages {
        scopes.push(dialogue.turn("anna", message).await.unwrap().scope);
    }
    let elsewhere = builder(sessions, &asked).build().unwrap();
    for (turn, scope) in (1..).zip(scopes) {
        let inspection = dialogue.inspect("anna", turn).await.unwrap().unwrap();
        assert_eq!(inspection.scope, scope, "turn {turn}: what was recomputed is what there was");
        assert_eq!(Some(inspection), elsewhere.inspect("anna", turn).await.unwrap());
    }
    assert!(dialogue.inspect("anna", 0).await.unwrap().is_none());
    assert!(dialogue.inspect("anna", 7).await.unwrap().is_none());
    assert!(dialogue.inspect("ben", 1).await.unwrap().is_none());
}

#[tokio::test]
async fn an_inspection_is_json() {
    let (dialogue, _) = flights(None);
    dialogue.turn("anna", "I want to book a flight from Madrid").await.unwrap();
    let inspection = dialogue.inspect("anna", 1).await.unwrap().unwrap();
    let json = serde_json::to_value(&inspection).unwrap();
    assert_eq!(json["commands"][0]["command"], "start");
    assert_eq!(json["values"][0]["slot"], "origin");
    assert_eq!(json["values"][0]["value"], "Madrid");
    assert_eq!(json["after"]["asked"]["slot"], "destination");
    assert_eq!(json["after"]["open"][0], "book_flight");
    assert!(json["scope"]["flows"][0]["reason"].is_object() || json["scope"]["flows"][0]["reason"].is_string());
}

#[tokio::test]
async fn sensitive_values_are_hidden() {
    let text = "
flows:
  unlock:
    description: Unlock the account
    triggers: [unlock my account]
    slots:
      pin: {type: integer, description: the PIN, prompt: Your PIN?, sensitive: true}
    steps:
      - collect: pin
      - say: \"{{ pin }} it is.\"
";
    let program = Definition::from_yaml("unlock.yml", text).over(repair::patterns()).compile(true).unwrap();
    let clock = Arc::new(ManualClock::at(FEBRUARY));
    let dialogue = Dialogue::builder(program, Arc::new(MemorySessions::new())).clock(clock).build().unwrap();
    for inspection in inspected(&dialogue, &["unlock my account", "my pin is 740195"]).await {
        assert!(!inspection.contains("740195"), "{inspection}");
    }
    let inspection = dialogue.inspect("anna", 2).await.unwrap().unwrap();
    assert!(inspection.to_string().contains("(hidden)"), "{inspection}");
    assert!(!serde_json::to_string(&inspection).unwrap().contains("740195"));
}

#[tokio::test]
async fn of_a_message_that_is_too_long_the_beginning_is_kept() {
    let (dialogue, _) = flights(None);
    let longest = dialogue.program().settings.longest_message;
    dialogue.turn("anna", &"é".repeat(1_000_000)).await.unwrap();
    let inspection = dialogue.inspect("anna", 1).await.unwrap().unwrap();
    let heard = inspection.heard.unwrap();
    assert_eq!(heard.chars().count(), longest + 1);
    assert!(heard.ends_with('…') && inspection.scope.is_none());
}
