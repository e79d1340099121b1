//! After a correction exactly the later steps are done again that depended on the corrected value.

use std::sync::Arc;

use crate::made::{Lines, Made, told};

const TRIP: &str = r#"
slots:
  from: {type: text, prompt: From?}
  to: {type: text, prompt: To?}
  day: {type: text, prompt: Day?}
  meal: {type: text, prompt: Meal?}
  route: {type: text, internal: true}
  price: {type: text, internal: true}
  weather: {type: text, internal: true}
actions:
  find_route: {inputs: {from: text, to: text}, outputs: {out: text}}
  find_price: {inputs: {route: text, day: text}, outputs: {out: text}}
  find_weather: {inputs: {day: text}, outputs: {out: text}}
flows:
  trip:
    description: Plan a trip
    triggers: [plan a trip]
    steps:
      - collect: from
      - collect: to
      - action: find_route
        into: {out: route}
      - say: "Route {{ route }}."
      - collect: day
      - action: find_weather
        into: {out: weather}
      - say: "Weather {{ weather }}."
      - action: find_price
        into: {out: price}
      - confirm: "Pay {{ price }}?"
      - say: Paid.
      - collect: meal
      - say: "You eat {{ meal }} for {{ price }}."
"#;

fn scripted(made: &Made) -> ninefold_dialogue::Dialogue {
    made.builder().understand(Arc::new(Lines)).build().unwrap()
}

#[tokio::test]
async fn only_what_read_the_corrected_value_is_done_again() {
    let made = Made::of(TRIP);
    let dialogue = scripted(&made);
    let reply = told(&dialogue, &["start trip | set from A | set to B", "set day Monday"]).await;
    assert_eq!(reply.text(), "Weather Monday.\nPay A+B+Monday?".replace("A+B+Monday", "Monday+A+B"));
    assert_eq!(made.called(), "find_route(A, B); find_weather(Monday); find_price(Monday, A+B)");
    // The day: no new route, and its text is not said again.
    let reply = told(&dialogue, &["correct day Friday"]).await;
    assert_eq!(made.called(), "find_weather(Friday); find_price(Friday, A+B)");
    assert_eq!(reply.text(), "Day: Friday.\nWeather Friday.\nPay Friday+A+B?");
    // The destination: no new weather.
    let reply = told(&dialogue, &["correct to C"]).await;
    assert_eq!(made.called(), "find_route(A, C); find_price(Friday, A+C)");
    assert_eq!(reply.text(), "To: C.\nRoute A+C.\nPay Friday+A+C?");
}

#[tokio::test]
async fn a_confirmation_is_asked_again_only_when_it_says_something_else() {
    let made = Made::of(TRIP);
    let dialogue = scripted(&made);
    told(&dialogue, &["start trip | set from A | set to B", "set day Monday", "yes"]).await;
    made.called();
    // The same value in other words changes nothing.
    let reply = told(&dialogue, &["correct day Monday"]).await;
    assert_eq!((reply.text().as_str(), made.called().as_str()), ("Meal?", ""));
    let reply = told(&dialogue, &["correct day Friday"]).await;
    assert_eq!(reply.text(), "Day: Friday.\nWeather Friday.\nPay Friday+A+B?");
    let reply = told(&dialogue, &["yes", "set meal soup"]).await;
    assert!(reply.text().starts_with("You eat soup for Friday+A+B."), "{}", reply.text());
}

#[tokio::test]
async fn a_value_that_was_cleared_is_asked_for_again() {
    let made = Made::of(TRIP);
    let dialogue = scripted(&made);
    told(&dialogue, &["start trip | set from A | set to B"]).await;
    made.called();
    let reply = told(&dialogue, &["clear to"]).await;
    assert_eq!((reply.text().as_str(), made.called().as_str()), ("To?", ""));
    let reply = told(&dialogue, &["set to B"]).await;
    assert_eq!((reply.text().as_str(), made.called().as_str()), ("Day?", ""));
}

const LOOP: &str = r#"
slots:
  name: {type: text, prompt: Name?}
  item: {type: text, prompt: Item?}
  count: {type: integer, internal: true, default: 0}
  done: {type: text, internal: true}
  more: {type: boolean, prompt: More?}
actions:
  add: {inputs: {name: text, item: text}, outputs: {out: text}}
flows:
  shop:
    description: Buy things
    triggers: [buy things]
    steps:
      - collect: name
      - while: "count < 3"
        do:
          - clear: item
          - collect: item
          - say: "{{ item }} it is."
          - action: add
            into: {out: done}
          - set: {count: "count + 1"}
      - confirm: "All for {{ name }}?"
"#;

#[tokio::test]
async fn in_a_loop_the_other_rounds_stay() {
    let made = Made::of(LOOP);
    let dialogue = scripted(&made);
    told(&dialogue, &["start shop | set name Ann", "set item apple", "set item bread"]).await;
    assert_eq!(made.called(), "add(apple, Ann); add(bread, Ann)");
    // In the third round the second one's item is corrected: it had its round last.
    let reply = told(&dialogue, &["set item cake"]).await;
    assert_eq!((reply.text().as_str(), made.called().as_str()), ("cake it is.\nAll for Ann?", "add(cake, Ann)"));
    let reply = told(&dialogue, &["correct item candy"]).await;
    assert_eq!(made.called(), "add(candy, Ann)");
    assert_eq!(reply.text(), "Item: candy.\ncandy it is.\nAll for Ann?");
    // What all rounds read is done again in all of them.
    told(&dialogue, &["correct name Ben"]).await;
    assert_eq!(made.called(), "add(apple, Ben); add(bread, Ben); add(candy, Ben)");
}

const CALLED: &str = r#"
slots:
  city: {type: text, prompt: City?}
  guest: {type: text, prompt: Guest?}
  known: {type: text, internal: true}
  table: {type: text, internal: true}
  nights: {type: text, prompt: Nights?}
actions:
  look_up: {inputs: {guest: text}, outputs: {out: text}}
  greet: {inputs: {}, outputs: {}}
  book: {inputs: {city: text, known: text}, outputs: {out: text}}
flows:
  stay:
    description: Book a stay
    triggers: [book a stay]
    steps:
      - collect: city
      - call: who
        into: {found: known}
      - action: book
        into: {out: table}
      - collect: nights
      - say: Good night.
  who:
    description: Find out who it is
    internal: true
    slots:
      found: {type: text, internal: true}
      pet: {type: text, prompt: Pet?}
    steps:
      - action: greet
      - collect: guest
      - action: look_up
        into: {out: found}
      - say: "Welcome {{ guest }}."
      - collect: pet
"#;

#[tokio::test]
async fn in_a_called_flow_only_what_depends_is_done_again() {
    let made = Made::of(CALLED);
    let dialogue = scripted(&made);
    told(&dialogue, &["start stay | set city Rome", "set guest Ann", "set pet cat"]).await;
    assert_eq!(made.called(), "greet(); look_up(Ann); book(Rome, Ann)");
    // A value that only the caller reads.
    let reply = told(&dialogue, &["correct city Oslo"]).await;
    assert_eq!((reply.text().as_str(), made.called().as_str()), ("City: Oslo.\nNights?", "book(Oslo, Ann)"));
    // One that was collected in the called flow, after that has ended.
    let reply = told(&dialogue, &["correct guest Ben"]).await;
    assert_eq!(made.called(), "look_up(Ben); book(Oslo, Ben)");
    assert_eq!(reply.text(), "Guest: Ben.\nWelcome Ben.\nNights?");
}

#[tokio::test]
async fn while_a_called_flow_is_open_its_caller_is_corrected_at_once() {
    let made = Made::of(CALLED);
    let dialogue = scripted(&made);
    told(&dialogue, &["start stay | set city Rome", "set guest Ann"]).await;
    assert_eq!(made.called(), "greet(); look_up(Ann)");
    let reply = told(&dialogue, &["correct city Oslo"]).await;
    assert_eq!((reply.text().as_str(), made.called().as_str()), ("City: Oslo.\nPet?", ""));
    let reply = told(&dialogue, &["set pet dog"]).await;
    assert_eq!((reply.text().as_str(), made.called().as_str()), ("Nights?", "book(Oslo, Ann)"));
}

#[tokio::test]
async fn a_correction_survives_a_restart_of_the_program() {
    let made = Made::of(CALLED);
    told(&scripted(&made), &["start stay | set city Rome", "set guest Ann", "set pet cat"]).await;
    made.called();
    let reply = told(&scripted(&made), &["correct guest Ben"]).await;
    assert_eq!(made.called(), "look_up(Ben); book(Rome, Ben)");
    assert_eq!(reply.text(), "Guest: Ben.\nWelcome Ben.\nNights?");
}

#[tokio::test]
async fn an_action_that_failed_is_not_run_again_by_a_correction_of_something_else() {
    let made = Made::of(
        r#"
slots:
  amount: {type: text, prompt: Amount?}
  phone: {type: text, prompt: Phone?}
  note: {type: text, prompt: Note?}
actions:
  charge: {inputs: {amount: text}, outputs: {receipt: integer}, attempts: 1}
flows:
  pay:
    description: Pay
    triggers: [pay]
    steps:
      - collect: note
      - collect: amount
      - action: charge
        on_failure:
          - collect: phone
          - say: "We call {{ phone }}."
          - end
      - say: Paid.
"#,
    );
    // What it returns has no receipt, so it fails.
    let dialogue = scripted(&made);
    let reply = told(&dialogue, &["start pay | set note rent", "set amount 50"]).await;
    assert_eq!((reply.text().as_str(), made.called().as_str()), ("Phone?", "charge(50)"));
    let reply = told(&dialogue, &["correct note gift"]).await;
    assert_eq!(made.called(), "", "it may have been charged");
    assert!(reply.text().ends_with("Phone?"), "{}", reply.text());
    told(&dialogue, &["correct amount 60"]).await;
    assert_eq!(made.called(), "charge(60)", "another amount is another charge");
}
