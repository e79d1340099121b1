//! Several commands in one message: what is done first, and what then.

use std::sync::Arc;

use ninefold_dialogue::{Asked, Dialogue};

use crate::made::{Lines, Made, told};

fn scripted(made: &Made) -> Dialogue {
    made.builder().understand(Arc::new(Lines)).build().unwrap()
}

const FLOWS: &str = r#"
actions:
  pay: {inputs: {}, outputs: {}}
flows:
  transfer:
    description: Transfer money
    triggers: [transfer]
    slots: {note: {type: text, prompt: What for?}}
    steps:
      - confirm: Shall I pay?
        no: [{say: Nothing is paid.}, end]
      - action: pay
      - say: Paid.
  booking:
    description: Book a table
    triggers: [book a table]
    slots:
      place: {type: text, prompt: Where?}
      guests: {type: integer, prompt: How many?}
    steps:
      - collect: place
      - collect: guests
      - say: "A table for {{ guests }} at {{ place }}."
  weather:
    description: Tell the weather
    triggers: [weather]
    slots: {city: {type: text, prompt: Which city?}}
    steps:
      - collect: city
      - say: "Rain in {{ city }}."
"#;

#[tokio::test]
async fn a_yes_counts_before_the_flow_that_is_started_with_it() {
    for message in ["yes | start booking | set guests 4", "start booking | yes | set guests 4"] {
        let made = Made::of(FLOWS);
        let dialogue = scripted(&made);
        told(&dialogue, &["start transfer"]).await;
        let reply = told(&dialogue, &[message]).await;
        assert_eq!(made.called(), if message.starts_with("yes") { "pay()" } else { "" }, "{message}");
        assert_eq!(reply.asked, Some(Asked::Slot("place".into())), "{message}");
        assert!(!reply.text().contains("other words"), "{message}: {}", reply.text());
        let reply = told(&dialogue, &["set place Ritz"]).await;
        assert!(reply.text().starts_with("A table for 4 at Ritz."), "{message}: {}", reply.text());
        // The yes to what was started before it is kept.
        assert_eq!(made.called(), if message.starts_with("yes") { "" } else { "pay()" }, "{message}");
        assert_eq!(reply.flow, None, "{message}: {}", reply.text());
    }
}

#[tokio::test]
async fn a_no_counts_before_the_flow_that_is_started_with_it() {
    let made = Made::of(FLOWS);
    let dialogue = scripted(&made);
    let reply = told(&dialogue, &["start transfer", "no | start booking"]).await;
    assert_eq!(reply.text(), "Nothing is paid.\nWhere?");
    assert_eq!(made.called(), "");
}

#[tokio::test]
async fn a_flow_that_is_started_with_a_restart_begins_after_it() {
    let made = Made::of(FLOWS);
    let dialogue = scripted(&made);
    told(&dialogue, &["start booking | set place Ritz", "start transfer"]).await;
    let reply = told(&dialogue, &["restart | start weather"]).await;
    assert_eq!(reply.text(), "All right, let's begin anew.\nWhich city?");
    let reply = told(&dialogue, &["set city Rome"]).await;
    assert_eq!(reply.flow, None, "nothing of before goes on: {}", reply.text());
    // Also one that was open, with values.
    told(&dialogue, &["start booking | set place Ritz"]).await;
    let reply = told(&dialogue, &["restart | start booking | set guests 3"]).await;
    assert_eq!(reply.asked, Some(Asked::Slot("place".into())), "{}", reply.text());
    assert_eq!(reply.slots.get("guests"), Some(&3.into()));
    // A yes before it still counts.
    let reply = told(&dialogue, &["restart", "start transfer", "yes | restart | start weather"]).await;
    assert_eq!(made.called(), "pay()");
    assert_eq!(reply.asked, Some(Asked::Slot("city".into())), "{}", reply.text());
}

#[tokio::test]
async fn a_restart_that_is_denied_starts_nothing() {
    let made = Made::of(&format!(
        "{FLOWS}  pattern_restart:\n    description: Everything begins anew\n    steps: [{{confirm: Everything?}}]\n"
    ));
    let dialogue = scripted(&made);
    let reply = told(&dialogue, &["start booking", "restart | start weather"]).await;
    assert_eq!((reply.text().as_str(), reply.asked), ("Everything?", Some(Asked::Confirmation)));
    let reply = told(&dialogue, &["no"]).await;
    assert_eq!(reply.asked, Some(Asked::Slot("place".into())), "{}", reply.text());
}

#[tokio::test]
async fn flows_that_are_started_together_take_their_turns() {
    let made = Made::of(FLOWS);
    let dialogue = scripted(&made);
    let reply = told(&dialogue, &["start booking | start weather | start transfer"]).await;
    assert_eq!(reply.asked, Some(Asked::Slot("place".into())));
    let reply = told(&dialogue, &["set place Ritz | set guests 2"]).await;
    assert_eq!(reply.asked, Some(Asked::Slot("city".into())), "{}", reply.text());
    let reply = told(&dialogue, &["set city Rome"]).await;
    assert_eq!(reply.asked, Some(Asked::Confirmation), "{}", reply.text());
}

#[tokio::test]
async fn a_yes_to_nothing_beside_a_start_is_passed_over() {
    let made = Made::of(FLOWS);
    let reply = told(&scripted(&made), &["yes | start booking"]).await;
    assert_eq!(reply.text(), "Where?");
}
