//! What the user says after an action ran counts until the action runs anew, and what was said for an interrupted flow may be
//! corrected before it goes on.

use std::sync::Arc;

use ninefold_dialogue::Asked;
use proptest::prelude::*;

use crate::made::{Lines, Made, told};

fn scripted(made: &Made) -> ninefold_dialogue::Dialogue {
    made.builder().understand(Arc::new(Lines)).build().unwrap()
}

const DESK: &str = r#"
flows:
  trip:
    description: Plan a trip
    triggers: [plan a trip]
    slots:
      from: {type: text, description: City of departure, prompt: From?}
      day: {type: date, description: Day of departure, prompt: Day?}
      price: {type: text, internal: true}
      weather: {type: text, internal: true}
      meal: {type: text, prompt: Meal?}
    steps:
      - collect: from
      - action: find_price
        into: {out: price}
      - collect: day
      - action: find_weather
        into: {out: weather}
      - say: "{{ weather }} for {{ price }}."
      - collect: meal
      - say: "{{ meal }} from {{ from }}."
  table:
    description: Reserve a table
    triggers: [reserve a table]
    slots:
      guests: {type: integer, description: Number of guests, prompt: How many?}
      place: {type: text, description: Name of the restaurant, prompt: Where?}
    steps:
      - collect: guests
      - collect: place
      - say: "A table at {{ place }}."
actions:
  find_price: {inputs: {from: text}, outputs: {out: text}}
  find_weather: {inputs: {day: date}, outputs: {out: text}}
"#;

#[tokio::test]
async fn what_was_said_for_an_interrupted_flow_is_corrected_and_redone_when_it_goes_on() {
    let made = Made::of(DESK);
    let dialogue = made.dialogue();
    for message in ["plan a trip", "Madrid", "2024-03-15", "reserve a table"] {
        dialogue.turn("user", message).await.unwrap();
    }
    assert_eq!(made.called(), "find_price(Madrid); find_weather(2024-03-15)");
    let reply = dialogue.turn("user", "change the day of my trip to 2024-03-16").await.unwrap();
    assert_eq!((reply.flow.as_deref(), reply.asked), (Some("table"), Some(Asked::Slot("guests".into()))));
    let reply = dialogue.turn("user", "not Madrid but Porto").await.unwrap();
    assert_eq!((reply.flow.as_deref(), made.called().as_str()), (Some("table"), ""), "{}", reply.text());
    dialogue.turn("user", "4").await.unwrap();
    let reply = dialogue.turn("user", "Luigi").await.unwrap();
    assert_eq!(made.called(), "find_price(Porto); find_weather(2024-03-16)");
    assert!(reply.text().ends_with("2024-03-16 for Porto.\nMeal?"), "{}", reply.text());
    // Nothing of it is offered to who does not name it.
    let scope = dialogue.inspect("user", 7).await.unwrap().unwrap().scope.unwrap();
    assert!(scope.names().all(|name| name != "from" && name != "day"), "{scope:?}");
    assert!(scope.slot("day").is_some_and(|slot| slot.filled), "{scope:?}");
}

#[tokio::test]
async fn whoever_understands_may_correct_an_interrupted_flow_at_any_time() {
    let made = Made::of(DESK);
    let dialogue = scripted(&made);
    told(&dialogue, &["start trip | set from Madrid", "set day 2024-03-15", "start table"]).await;
    made.called();
    let reply = told(&dialogue, &["correct from Porto"]).await;
    assert_eq!(reply.text(), "From: Porto.\nHow many?");
    let reply = told(&dialogue, &["set guests 4", "set place Luigi"]).await;
    assert_eq!(made.called(), "find_price(Porto)", "the day is the same");
    assert!(reply.text().ends_with("2024-03-15 for Porto.\nMeal?"), "{}", reply.text());
    // What is empty there is asked for when it goes on, and not before.
    told(&dialogue, &["start table"]).await;
    let reply = told(&dialogue, &["set meal soup"]).await;
    assert_eq!(reply.asked, Some(Asked::Slot("guests".into())), "{}", reply.text());
}
