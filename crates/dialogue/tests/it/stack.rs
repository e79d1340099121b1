//! The stack of open flows when repair flows do more than say something.

use std::sync::Arc;

use ninefold_dialogue::Dialogue;

use crate::made::{Lines, Made, told};

fn scripted(made: &Made) -> Dialogue {
    made.builder().understand(Arc::new(Lines)).build().unwrap()
}

const FLOWS: &str = r#"
slots:
  right: {type: boolean, prompt: Is it right?, ask_always: true}
  tries: {type: integer, internal: true, default: 0}
  mood: {type: text, prompt: How are you?}
actions:
  pay: {inputs: {}, outputs: {}}
flows:
  transfer:
    description: Transfer money
    triggers: [transfer]
    steps:
      - confirm: Shall I pay?
      - action: pay
      - say: Paid.
  booking:
    description: Book a table
    triggers: [book]
    steps:
      - confirm: Shall I book?
      - say: Booked.
  quiz:
    description: Ask until it is right
    triggers: [quiz]
    steps:
      - while: "(right is null or not right) and tries < 3"
        do:
          - collect: right
          - set: {tries: "tries + 1"}
      - say: "After {{ tries }}."
  small_talk:
    description: Talk about the user
    internal: true
    steps:
      - collect: mood
      - clear: mood
      - say: Good.
  pattern_chitchat:
    description: Small talk
    steps:
      - call: small_talk
"#;

#[tokio::test]
async fn small_talk_that_calls_a_flow_twice_leaves_the_confirmation_open() {
    let made = Made::of(FLOWS);
    let dialogue = scripted(&made);
    let reply = told(&dialogue, &["start transfer", "chitchat", "chitchat"]).await;
    assert_eq!(reply.text(), "How are you?");
    let reply = told(&dialogue, &["set mood fine"]).await;
    assert!(reply.text().ends_with("Shall I pay?"), "{}", reply.text());
    assert_eq!(made.called(), "", "nobody said yes");
    assert!(reply.failures.is_empty(), "{:?}", reply.failures);
}

#[tokio::test]
async fn two_flows_are_cancelled_by_one_message() {
    let made = Made::of(FLOWS);
    let dialogue = scripted(&made);
    let reply = told(&dialogue, &["start transfer", "start booking", "cancel transfer | cancel booking"]).await;
    assert_eq!(reply.flow, None, "{}", reply.text());
    assert!(reply.text().contains("transfer money") && reply.text().contains("book a table"), "{}", reply.text());
}

#[tokio::test]
async fn one_answer_answers_one_question() {
    let made = Made::of(FLOWS);
    let dialogue = scripted(&made);
    for said in ["start quiz", "no", "no"] {
        let reply = told(&dialogue, &[said]).await;
        assert!(reply.text().ends_with("Is it right?"), "{said}: {}", reply.text());
    }
    let reply = told(&dialogue, &["yes"]).await;
    assert!(reply.text().starts_with("After 3."), "{}", reply.text());
}

#[tokio::test]
async fn a_flow_that_tells_of_failures_and_fails_ends() {
    let made = Made::of(
        r#"
slots:
  x: {type: integer, prompt: X?}
flows:
  broken:
    description: Fail
    triggers: [fail]
    steps:
      - collect: x
      - set: {x: "x / 0"}
  notify:
    description: Fail as well
    internal: true
    steps:
      - set: {x: "1 / 0"}
      - say: "{{ x }}"
  pattern_internal_error:
    description: Call somebody
    steps:
      - call: notify
"#,
    );
    let dialogue = scripted(&made);
    let reply = told(&dialogue, &["start broken | set x 3"]).await;
    assert_eq!((reply.failures.len(), reply.flow.as_deref()), (2, None), "{:?}", reply.failures);
    assert!(!reply.text().is_empty());
}

#[tokio::test]
async fn a_yes_beside_a_change_is_no_yes_to_it_and_what_is_paid_is_what_was_confirmed() {
    let made = Made::of(
        r#"
slots:
  amount: {type: text, prompt: Amount?}
  account: {type: text, prompt: Account?}
actions:
  pay: {inputs: {amount: text, account: text}, outputs: {}}
flows:
  transfer:
    description: Transfer money
    triggers: [transfer]
    steps:
      - collect: amount
      - collect: account
      - confirm: "Pay {{ amount }}?"
      - action: pay
      - say: Paid.
"#,
    );
    let dialogue = scripted(&made);
    told(&dialogue, &["start transfer | set amount 50 | set account A1"]).await;
    let reply = told(&dialogue, &["yes | correct account B2"]).await;
    assert!(reply.text().ends_with("Pay 50?"), "{}", reply.text());
    assert_eq!(made.called(), "");
    told(&dialogue, &["yes"]).await;
    assert_eq!(made.called(), "pay(B2, 50)");
}
