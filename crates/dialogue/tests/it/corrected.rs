//! What the user says after an action ran counts until the action runs anew, and what was said for an interrupted flow may be
//! corrected before it goes on.

use std::sync::Arc;

use ninefold_dialogue::Asked;
use proptest::prelude::*;

use crate::made::{Lines, Made, told};

fn scripted(made: &Made) -> ninefold_dialogue::Dialogue {
    made.builder().understand(Arc::new(Lines)).build().unwrap()
}

const VISIT: &str = r#"
slots:
  guest: {type: text, prompt: Guest?}
  street: {type: text, prompt: Street?}
  note: {type: text, prompt: Note?}
  city: {type: text, prompt: City?}
actions:
  find_street: {inputs: {guest: text}, outputs: {out: text}}
  find_city: {inputs: {street: text}, outputs: {out: text}}
flows:
  visit:
    description: Visit somebody
    triggers: [visit somebody]
    steps:
      - collect: guest
      - action: find_street
        into: {out: street}
      - say: "Street {{ street }}."
      - action: find_city
        into: {out: city}
      - say: "City {{ city }}."
      - collect: note
      - collect: street
      - collect: city
      - confirm: "{{ guest }}, {{ street }}, {{ city }}?"
"#;

#[tokio::test]
async fn what_the_user_says_after_an_action_stands_until_the_action_runs_again() {
    let made = Made::of(VISIT);
    let dialogue = scripted(&made);
    let reply = told(&dialogue, &["start visit | set guest Ann"]).await;
    assert_eq!(
        (reply.text().as_str(), made.called().as_str()),
        ("Street Ann.\nCity Ann.\nNote?", "find_street(Ann); find_city(Ann)")
    );
    // The street is another than was found: the city depends on it, the street's own action does not.
    let reply = told(&dialogue, &["correct street Elm"]).await;
    assert_eq!(reply.text(), "Street: Elm.\nStreet Elm.\nCity Elm.\nNote?");
    assert_eq!(made.called(), "find_city(Elm)");
    let reply = told(&dialogue, &["correct city Rome"]).await;
    assert_eq!((reply.text().as_str(), made.called().as_str()), ("City: Rome.\nCity Rome.\nNote?", ""));
    // Something else leaves both as they were said, also in another process.
    let elsewhere = scripted(&made);
    let reply = told(&elsewhere, &["set note tea"]).await;
    assert_eq!((reply.text().as_str(), made.called().as_str()), ("Ann, Elm, Rome?", ""));
    let reply = told(&elsewhere, &["correct note milk"]).await;
    assert_eq!((reply.text().as_str(), made.called().as_str()), ("Note: milk.\nAnn, Elm, Rome?", ""));
    // Another guest lives elsewhere: the actions run anew, and what they find counts.
    let reply = told(&elsewhere, &["correct guest Ben"]).await;
    assert!(reply.text().ends_with("Ben, Ben, Ben?"), "{}", reply.text());
    assert_eq!(made.called(), "find_street(Ben); find_city(Ben)");
}

#[tokio::test]
async fn what_the_user_takes_back_is_not_given_again_by_an_action_that_ran_before() {
    let made = Made::of(VISIT);
    let dialogue = scripted(&made);
    told(&dialogue, &["start visit | set guest Ann", "set note tea"]).await;
    made.called();
    let reply = told(&dialogue, &["clear city"]).await;
    assert_eq!((reply.asked, made.called().as_str()), (Some(Asked::Slot("city".into())), ""));
    let reply = told(&dialogue, &["set city Rome"]).await;
    assert_eq!((reply.text().as_str(), made.called().as_str()), ("Ann, Ann, Rome?", ""));
}

#[tokio::test]
async fn a_value_that_an_action_reads_and_writes_is_read_again_when_it_is_corrected() {
    let made = Made::of(
        r#"
slots:
  street: {type: text, prompt: Street?}
  note: {type: text, prompt: Note?}
actions:
  spell: {inputs: {street: text}, outputs: {out: text}}
flows:
  visit:
    description: Visit somebody
    triggers: [visit somebody]
    steps:
      - collect: street
      - action: spell
        into: {out: street}
      - collect: note
      - say: "{{ street }}."
"#,
    );
    let dialogue = scripted(&made);
    told(&dialogue, &["start visit | set street elm", "correct street oak"]).await;
    assert_eq!(made.called(), "spell(elm); spell(oak)");
}

/// What a visit comes to by the plain rule: an action runs when what it reads is another than when it ran last, and what it gives
/// holds until somebody says something else.
#[derive(Debug, Default)]
struct Plain {
    guest: String,
    street: String,
    city: String,
    read: Option<(String, String)>,
}

impl Plain {
    /// Says something of a slot, and gives the calls that follow.
    fn say(&mut self, slot: &str, value: &str) -> String {
        match slot {
            "guest" => self.guest = value.to_owned(),
            "street" => self.street = value.to_owned(),
            _ => self.city = value.to_owned(),
        }
        let (guest, street) = self.read.clone().unzip();
        let mut calls = Vec::new();
        if guest.as_ref() != Some(&self.guest) {
            calls.push(format!("find_street({})", self.guest));
            self.street.clone_from(&self.guest);
        }
        if street.as_ref() != Some(&self.street) {
            calls.push(format!("find_city({})", self.street));
            self.city.clone_from(&self.street);
        }
        self.read = Some((self.guest.clone(), self.street.clone()));
        calls.join("; ")
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_corrections_come_to_what_the_plain_rule_says(
        noted in 0_usize..6,
        corrections in prop::collection::vec((0_usize..3, 0_usize..4), 1..8),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let (made, mut plain) = (Made::of(VISIT), Plain::default());
            let dialogue = scripted(&made);
            told(&dialogue, &["start visit | set guest Ann"]).await;
            assert_eq!(made.called(), plain.say("guest", "Ann"));
            for (n, (slot, value)) in corrections.iter().enumerate() {
                if n == noted {
                    told(&dialogue, &["set note tea"]).await;
                }
                let (slot, value) = (["guest", "street", "city"][*slot], ["Ann", "Ben", "Cid", "Dan"][*value]);
                let reply = told(&dialogue, &[&format!("correct {slot} {value}")]).await;
                assert_eq!(made.called(), plain.say(slot, value), "{corrections:?}, the {n}th");
                for (slot, value) in [("guest", &plain.guest), ("street", &plain.street), ("city", &plain.city)] {
                    assert_eq!(reply.slots.get(slot), Some(&value.as_str().into()), "{corrections:?}, the {n}th");
                }
            }
        });
    }
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
