//! Flows that call and link one another: who waits for whom, who ends with whom, and what may not run.

use std::sync::Arc;

use ninefold_dialogue::{Asked, Dialogue, Reply};

use crate::made::{Lines, Made, told};

fn scripted(made: &Made) -> Dialogue {
    made.builder().understand(Arc::new(Lines)).build().unwrap()
}

fn asks(reply: &Reply, slot: &str) {
    assert_eq!(reply.asked, Some(Asked::Slot(slot.into())), "{}", reply.text());
    assert!(reply.failures.is_empty(), "{:?}", reply.failures);
}

const SHOP: &str = r#"
slots:
  known: {type: boolean, internal: true, default: false}
actions:
  look_up: {inputs: {name: text}, outputs: {out: text}}
  pay: {inputs: {amount: integer}, outputs: {}}
flows:
  transfer:
    description: Transfer money
    triggers: [transfer]
    slots:
      amount: {type: integer, prompt: How much?}
      who: {type: text, internal: true}
    steps:
      - call: log_in
        into: {account: who}
      - collect: amount
      - action: pay
      - say: "Paid by {{ who }}."
  log_in:
    description: Log in
    internal: true
    slots:
      name: {type: text, prompt: Your name?}
      account: {type: text, internal: true}
    steps:
      - collect: name
      - action: look_up
        into: {out: account}
      - if: "name == 'new'"
        then: [{link: register}]
      - if: "name == 'back'"
        then: [{link: transfer}]
  register:
    description: Register
    triggers: [register]
    slots: {email: {type: text, prompt: Your address?}}
    steps:
      - collect: email
      - if: "email == 'again'"
        then: [{link: log_in}]
      - say: You are registered.
"#;

#[tokio::test]
async fn whoever_called_waits_for_what_the_called_flow_links_to() {
    let made = Made::of(SHOP);
    let dialogue = scripted(&made);
    let reply = told(&dialogue, &["start transfer", "set name new"]).await;
    asks(&reply, "email");
    let reply = told(&dialogue, &["set email a@b.c"]).await;
    assert!(reply.text().starts_with("You are registered."), "{}", reply.text());
    asks(&reply, "amount");
    // A correction in what was linked asks for nothing else again, and runs nothing again.
    made.called();
    let reply = told(&dialogue, &["set amount 5"]).await;
    assert_eq!(made.called(), "pay(5)");
    assert!(reply.text().starts_with("Paid by new."), "{}", reply.text());
}

#[tokio::test]
async fn a_correction_while_a_linked_flow_runs_keeps_its_place() {
    let made = Made::of(SHOP);
    let dialogue = scripted(&made);
    told(&dialogue, &["start transfer", "set name new"]).await;
    assert_eq!(made.called(), "look_up(new)");
    let reply = told(&dialogue, &["set amount 7"]).await;
    asks(&reply, "email");
    assert_eq!(made.called(), "", "what was looked up is known");
    told(&dialogue, &["set email a@b.c"]).await;
    assert_eq!(made.called(), "pay(7)");
}

#[tokio::test]
async fn flows_that_link_to_each_other_begin_again() {
    let made = Made::of(SHOP);
    let dialogue = scripted(&made);
    let reply = told(&dialogue, &["start transfer", "set name new", "set email again"]).await;
    asks(&reply, "name");
    let reply = told(&dialogue, &["set name ann"]).await;
    asks(&reply, "amount");
    told(&dialogue, &["cancel"]).await;
    // To the caller, which begins again too.
    let reply = told(&dialogue, &["start transfer", "set amount 3 | set name back"]).await;
    asks(&reply, "name");
    assert_eq!(reply.slots.get("amount"), None);
}

#[tokio::test]
async fn a_called_flow_is_cancelled_with_its_callers() {
    let made = Made::of(SHOP);
    let dialogue = scripted(&made);
    told(&dialogue, &["start transfer"]).await;
    let reply = told(&dialogue, &["cancel log_in"]).await;
    assert_eq!(reply.text(), "All right, I've stopped: transfer money.");
    assert_eq!((reply.flow, reply.asked), (None, None));
    told(&dialogue, &["start transfer", "set name new"]).await;
    let reply = told(&dialogue, &["cancel register"]).await;
    assert_eq!((reply.flow.as_deref(), reply.failures.len()), (None, 0), "{}", reply.text());
}

const GUARDED: &str = r#"
slots:
  member: {type: boolean, internal: true, default: false}
  name: {type: text, prompt: Your name?}
actions:
  spend: {inputs: {}, outputs: {}}
flows:
  lounge:
    description: Open the lounge
    if: member
    triggers: [lounge]
    slots: {seat: {type: text, prompt: Which seat?}}
    steps:
      - action: spend
      - collect: seat
      - say: The lounge is open.
  by_link:
    description: Go by a link
    triggers: [link]
    steps:
      - collect: name
      - if: "name == 'vip'"
        then: [{set: {member: true}}]
      - link: lounge
  by_call:
    description: Go by a call
    triggers: [call]
    steps:
      - call: lounge
      - say: Back again.
"#;

#[tokio::test]
async fn a_flow_whose_condition_does_not_hold_is_neither_linked_nor_called() {
    let made = Made::of(GUARDED);
    let dialogue = scripted(&made);
    for lines in [&["start by_link", "set name ann"][..], &["start by_call"]] {
        let reply = told(&dialogue, lines).await;
        assert_eq!(reply.text(), "I can't do that now: open the lounge.");
        assert_eq!((reply.flow.as_deref(), made.called().as_str()), (None, ""));
        assert!(reply.failures.is_empty(), "{:?}", reply.failures);
        let told = reply.trail.iter().any(|step| step.what.contains("lounge may not run now"));
        assert!(told, "{:?}", reply.trail);
    }
    // Nor does its caller offer what it asks for.
    dialogue.turn("other", "start by_link").await.unwrap();
    let reply = dialogue.turn("other", "set seat 3").await.unwrap();
    assert_eq!(reply.slots.get("seat"), None);
}

#[tokio::test]
async fn a_flow_whose_condition_holds_by_then_runs() {
    let made = Made::of(GUARDED);
    let dialogue = scripted(&made);
    let reply = told(&dialogue, &["start by_link", "set name vip"]).await;
    asks(&reply, "seat");
    assert_eq!(made.called(), "spend()");
}

#[tokio::test]
async fn a_survey_linked_when_all_is_done_is_held_once() {
    for pattern in ["pattern_completed", "pattern_satisfaction"] {
        for step in ["link: survey", "call: survey"] {
            let made = Made::of(&format!(
                r#"
flows:
  greet:
    description: Greet
    triggers: [greet]
    steps: [{{say: Hello.}}]
  survey:
    description: Ask how it was
    internal: true
    slots: {{mark: {{type: text, prompt: How was it?}}}}
    steps: [{{collect: mark}}, {{say: Thank you.}}]
  {pattern}:
    description: All is done
    steps: [{{say: That was it.}}, {{{step}}}]
"#
            ));
            let dialogue = scripted(&made);
            let reply = told(&dialogue, &["start greet"]).await;
            assert_eq!(reply.asked, Some(Asked::Slot("mark".into())), "{pattern}, {step}");
            let reply = told(&dialogue, &["set mark good"]).await;
            assert!(reply.text().starts_with("Thank you."), "{pattern}, {step}: {}", reply.text());
            assert_eq!((reply.flow.as_deref(), reply.asked.as_ref()), (None, None), "{pattern}, {step}");
            assert!(!reply.text().contains("That was it."), "{pattern}, {step}: {}", reply.text());
            // It is given up like any other.
            told(&dialogue, &["start greet"]).await;
            let reply = told(&dialogue, &["cancel"]).await;
            assert!(reply.text().contains("stopped: ask how it was"), "{pattern}, {step}: {}", reply.text());
            assert_ne!(reply.flow.as_deref(), Some("survey"), "{pattern}, {step}");
        }
    }
}

#[tokio::test]
async fn everything_begins_anew_before_what_a_restart_links_to() {
    let made = Made::of(&format!(
        "{SHOP}  pattern_restart:\n    description: Everything begins anew\n    steps: [{{say: Anew.}}, {{link: register}}]\n"
    ));
    let dialogue = scripted(&made);
    told(&dialogue, &["start transfer | set amount 5"]).await;
    let reply = told(&dialogue, &["restart"]).await;
    asks(&reply, "email");
    assert_eq!(reply.slots.get("amount"), None);
    let reply = told(&dialogue, &["set email a@b.c"]).await;
    assert_eq!(reply.flow, None, "{}", reply.text());
}
