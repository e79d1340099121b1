//! Which values slots hold: those that were said, that fit, and that are not left from what is over.

use std::sync::Arc;

use ninefold_core::Sessions;
use ninefold_dialogue::understand::{ByModel, Understand};
use ninefold_dialogue::{Asked, Call, Definition, Dialogue, Reply, repair};
use ninefold_store::MemorySessions;
use ninefold_testkit::{ManualClock, ScriptedModel};
use serde_json::{Value, json};

use crate::flights::{FEBRUARY, flights};
use crate::made::{Lines, Made, told};

fn scripted(made: &Made) -> Dialogue {
    made.builder().understand(Arc::new(Lines)).build().unwrap()
}

#[tokio::test]
async fn what_a_model_makes_up_is_not_booked() {
    let answer =
        "start book_flight\nset origin \"Madrid\"\nset destination \"Rome\"\nset departure_date \"2024-03-15\"";
    let model: Arc<dyn Understand> = Arc::new(ByModel::new(Arc::new(ScriptedModel::new().answer("", answer))));
    let (dialogue, asked) = flights(Some(model));
    let reply = dialogue.turn("anna", "I want to fly from Madrid to Rome some day").await.unwrap();
    assert_eq!(reply.asked, Some(Asked::Slot("departure_date".into())), "{}", reply.text());
    assert!(asked.lock().unwrap().is_empty(), "nobody named a day");
    let inspection = dialogue.inspect("anna", 1).await.unwrap().unwrap();
    assert_eq!(inspection.refused, ["the value for departure_date was not said"]);
}

const PAY: &str = r#"
slots:
  limit: {type: integer, internal: true}
actions:
  look_up: {inputs: {account: text}, outputs: {out: integer}}
  pay: {inputs: {amount: integer}, outputs: {}}
flows:
  pay:
    description: Pay somebody
    triggers: [pay somebody]
    slots:
      amount:
        type: integer
        prompt: How much?
        validate:
          - {if: "value > 0", say: More than nothing. How much?}
          - {if: "value <= limit", say: "At most {{ limit }}. How much?"}
      account: {type: text, prompt: From which account?}
      least: {type: integer, internal: true, default: 2}
      tip: {type: integer, prompt: Tip?, validate: [{if: "value >= least", say: "At least {{ least }}. Tip?"}]}
    steps:
      - collect: amount
      - collect: account
      - action: look_up
        into: {out: limit}
      - collect: tip
      - action: pay
      - say: Paid.
"#;

#[tokio::test]
async fn a_condition_of_a_slot_without_a_value_is_judged_as_soon_as_it_has_one() {
    let made = Made::of(PAY);
    let limited = |_: Value, _: Call| async { Ok(json!({ "out": 50 })) };
    let dialogue = made.builder().understand(Arc::new(Lines)).action("look_up", limited).build().unwrap();
    let reply = told(&dialogue, &["start pay", "set amount -5"]).await;
    assert_eq!(reply.text(), "More than nothing. How much?", "what can be told is told at once");
    let reply = told(&dialogue, &["set amount 80"]).await;
    assert_eq!(reply.text(), "From which account?", "there is no limit yet");
    let reply = told(&dialogue, &["set account A1"]).await;
    assert_eq!(reply.text(), "At most 50. How much?");
    assert_eq!(reply.asked, Some(Asked::Slot("amount".into())));
    let reply = told(&dialogue, &["set amount 70"]).await;
    assert_eq!(reply.text(), "At most 50. How much?", "again");
    let reply = told(&dialogue, &["set amount 40"]).await;
    assert_eq!((reply.text().as_str(), reply.slots.get("amount")), ("Tip?", Some(&json!(40))));
    told(&dialogue, &["set tip 2"]).await;
    assert_eq!(made.called(), "pay(40)");
}

#[tokio::test]
async fn what_is_said_with_a_start_is_judged_by_the_defaults_of_the_flow() {
    let made = Made::of(PAY);
    let reply = told(&scripted(&made), &["start pay | set amount 5 | set tip 1"]).await;
    assert_eq!(reply.slots.get("tip"), None, "{reply:?}");
    assert!(reply.text().contains("At least 2."), "{}", reply.text());
}

const BY_TURNS: &str = r#"
actions:
  charge: {inputs: {account: text}, outputs: {}}
  call_back: {inputs: {}, outputs: {}}
  page: {inputs: {}, outputs: {}}
flows:
  buy:
    description: Buy something
    triggers: [buy something]
    slots:
      account: {type: text, prompt: Account?}
    steps:
      - collect: account
      - confirm: Sure?
      - action: charge
      - say: Bought.
  page:
    description: Page somebody
    internal: true
    steps:
      - action: page
  pattern_user_silence:
    description: The user says nothing
    steps:
      - action: call_back
      - say: Are you there?
  pattern_empty:
    description: A message is empty
    steps:
      - call: page
      - say: Hm?
"#;

#[tokio::test]
async fn flows_of_repair_and_flows_that_are_open_run_their_actions_in_turns_of_any_kind() {
    let made = Made::of(BY_TURNS);
    let dialogue = scripted(&made);
    told(&dialogue, &["start buy | set account A1"]).await;
    let ran = |reply: Reply, called: &str| {
        assert!(reply.failures.is_empty(), "{:?}", reply.failures);
        assert_eq!(made.called(), called);
    };
    ran(dialogue.silence("user").await.unwrap(), "call_back()");
    ran(dialogue.turn("user", " ").await.unwrap(), "page()");
    ran(told(&dialogue, &["yes"]).await, "charge(A1)");
}

const DINNER: &str = r#"
slots:
  guest: {type: text, prompt: Guest?}
flows:
  dinner:
    description: Book a dinner
    triggers: [book a dinner]
    slots:
      party: {type: boolean, prompt: A party?}
    steps:
      - collect: guest
      - collect: party
      - if: party
        then: [{call: music}]
        else: [{say: Quiet then.}]
  music:
    description: Order music
    triggers: [order music]
    slots:
      band: {type: text, prompt: Which band?}
      volume: {type: text, prompt: How loud?, persist: true}
    steps:
      - collect: band
      - collect: volume
      - say: "{{ band }}, {{ volume }}."
  move:
    description: Move to another day
    triggers: [move to another day]
    slots:
      day: {type: text, prompt: Day?}
    steps:
      - collect: day
      - link: music
"#;

#[tokio::test]
async fn values_of_a_flow_that_was_never_opened_do_not_fill_a_later_one() {
    let made = Made::of(DINNER);
    let dialogue = scripted(&made);
    let reply =
        told(&dialogue, &["start dinner | set band Abba | set volume low", "set guest Ann", "set party no"]).await;
    assert!(reply.text().starts_with("Quiet then."), "{}", reply.text());
    // What is global or stays between flows stays.
    assert_eq!(reply.slots.get("guest"), Some(&json!("Ann")), "{:?}", reply.slots);
    let reply = told(&dialogue, &["start music"]).await;
    assert_eq!(reply.text(), "Which band?");
    let reply = told(&dialogue, &["set band Queen"]).await;
    assert!(reply.text().starts_with("Queen, low."), "{}", reply.text());
}

#[tokio::test]
async fn what_was_said_for_a_flow_that_is_linked_reaches_it() {
    let made = Made::of(DINNER);
    let dialogue = scripted(&made);
    let reply = told(&dialogue, &["start move | set band Abba", "set day Friday"]).await;
    assert_eq!(reply.text(), "How loud?");
    let reply = told(&dialogue, &["set volume low"]).await;
    assert!(reply.text().starts_with("Abba, low."), "{}", reply.text());
}

#[tokio::test]
async fn what_was_said_for_a_cancelled_flow_is_forgotten_with_what_it_leads_to() {
    let made = Made::of(DINNER);
    let dialogue = scripted(&made);
    told(&dialogue, &["start dinner | set band Abba", "cancel"]).await;
    let reply = told(&dialogue, &["start music"]).await;
    assert_eq!(reply.text(), "Which band?");
}

const NOTE: &str = r#"
slots:
  when: {type: text, prompt: When?}
  mail: {type: text, prompt: Mail?}
  colour: {type: category, prompt: Colour?, options: [red, green]}
  span: {type: number_range, prompt: Span?}
  name: {type: text, prompt: Name?}
flows:
  note:
    description: Make a note
    triggers: [make a note]
    slots:
      title: {type: text, prompt: Title?}
      kept: {type: text, prompt: Kept?, persist: true}
    steps:
      - collect: title
      - collect: kept
      - collect: when
      - collect: mail
      - collect: colour
      - collect: span
      - collect: name
      - confirm: Right?
"#;

#[tokio::test]
async fn under_a_changed_definition_only_values_that_still_fit_stay() {
    let sessions: Arc<dyn Sessions> = Arc::new(MemorySessions::new());
    let dialogue = |text: &str| {
        let program = Definition::from_yaml("note.yml", text).over(repair::patterns()).compile(true).unwrap();
        let clock = Arc::new(ManualClock::at(FEBRUARY));
        Dialogue::builder(program, Arc::clone(&sessions)).clock(clock).understand(Arc::new(Lines)).build().unwrap()
    };
    told(
        &dialogue(NOTE),
        &[
            "start note | set title Tea | set kept Pot | set when soon | set mail nowhere | set name Ann",
            "set colour green | set span \"2 to 4\"",
        ],
    )
    .await;
    let changed = NOTE
        .replace("when: {type: text", "when: {type: date")
        .replace("mail: {type: text", "mail: {type: email")
        .replace("[red, green]", "[red, blue]")
        .replace("type: number_range", "type: date_range");
    let after = dialogue(&changed);
    let reply = told(&after, &["chitchat"]).await;
    let slots: Vec<(&str, &Value)> = reply.slots.iter().map(|(name, value)| (name.as_str(), value)).collect();
    assert_eq!(slots, [("kept", &json!("Pot")), ("name", &json!("Ann"))], "what fits and outlives flows stays");
    let inspection = after.inspect("user", 3).await.unwrap().unwrap();
    let dropped = |name: &str, kind: &str| {
        format!("the value of {name} was dropped: it does not fit the changed definition ({kind})")
    };
    assert_eq!(
        inspection.refused,
        [
            dropped("when", "date"),
            dropped("mail", "email"),
            dropped("colour", "category"),
            dropped("span", "date_range")
        ]
    );
    // Of the flow that was open only what stays between flows is left, and what was dropped is asked for anew, here and elsewhere.
    let reply = told(&dialogue(&changed), &["start note"]).await;
    assert_eq!(reply.text(), "Title?");
    let reply = told(&dialogue(&changed), &["set title Milk"]).await;
    assert_eq!(reply.asked, Some(Asked::Slot("when".into())), "{}", reply.text());
    assert!(after.inspect("user", 4).await.unwrap().unwrap().refused.is_empty(), "told once");
}
