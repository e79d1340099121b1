//! What went wrong in the system that this one succeeds, each as one test.

use std::sync::Arc;
use std::time::Duration;

use ninefold_dialogue::definition::Severity;
use ninefold_dialogue::expression::Expression;
use ninefold_dialogue::kind::Kind;
use ninefold_dialogue::normalize::{Locale, Normalizer, Prefer, Read, Reading};
use ninefold_dialogue::{Asked, Call, Definition};
use serde_json::{Value, json};

use crate::made::{Lines, Made, told};

const PAY: &str = r#"
slots:
  paid: {type: text, internal: true}
actions:
  pay: {inputs: {account: text, amount: integer}, outputs: {out: text}}
flows:
  pay:
    description: Pay somebody
    triggers: [pay somebody]
    slots:
      account: {type: text, prompt: To which account?}
      amount:
        type: integer
        prompt: How much?
        validate: [{if: "value > 0", say: More than nothing. How much?}]
      note: {type: text, prompt: What for?}
    steps:
      - collect: account
      - collect: amount
      - collect: note
      - action: pay
        into: {out: paid}
      - say: Paid.
  look:
    description: Look at the account
    triggers: [look at the account]
    steps: [{say: It is full.}]
"#;

#[tokio::test]
async fn a_validator_is_not_bypassed() {
    let made = Made::of(PAY);
    let dialogue = made.dialogue();
    dialogue.turn("user", "pay somebody").await.unwrap();
    dialogue.turn("user", "DE89").await.unwrap();
    let reply = dialogue.turn("user", "-5").await.unwrap();
    assert_eq!(reply.text(), "More than nothing. How much?");
    assert_eq!(reply.asked, Some(Asked::Slot("amount".into())));
    assert_eq!(reply.slots.get("amount"), None);
    // Nor by a model, nor at the start, nor as a correction.
    let dialogue = made.builder().understand(Arc::new(Lines)).build().unwrap();
    told(&dialogue, &["start pay | set account DE89 | set amount -5", "set note rent"]).await;
    let reply = told(&dialogue, &["correct amount -7"]).await;
    assert_eq!(reply.slots.get("amount"), None);
    assert_eq!(made.called(), "");
}

#[tokio::test]
async fn a_correction_outside_a_confirmation_is_taken() {
    let made = Made::of(PAY);
    let dialogue = made.dialogue();
    for message in ["pay somebody", "DE89", "5"] {
        dialogue.turn("user", message).await.unwrap();
    }
    let reply = dialogue.turn("user", "the account is ES91").await.unwrap();
    assert_eq!(reply.slots.get("account"), Some(&json!("ES91")));
    dialogue.turn("user", "rent").await.unwrap();
    assert_eq!(made.called(), "pay(ES91, 5)");
}

#[tokio::test]
async fn clarify_hand_off_and_chit_chat_do_something() {
    let made = Made::of(PAY);
    let dialogue = made.builder().understand(Arc::new(Lines)).build().unwrap();
    let reply = told(&dialogue, &["clarify pay look"]).await;
    assert_eq!(reply.text(), "Did you mean: pay somebody, or look at the account?");
    let reply = told(&dialogue, &["chitchat"]).await;
    assert!(reply.text().contains("help"), "{}", reply.text());
    let reply = told(&dialogue, &["handoff"]).await;
    assert_eq!(reply.handed_to.as_deref(), Some("person"));
    assert_eq!(reply.text(), "I'll hand you over to a person.");
}

#[tokio::test]
async fn cancelling_with_nothing_active_is_answered() {
    let made = Made::of(PAY);
    let reply = made.dialogue().turn("user", "cancel").await.unwrap();
    assert_eq!((reply.text().as_str(), reply.failures.len()), ("There is nothing to cancel.", 0));
}

#[test]
fn and_binds_stronger_than_or() {
    let expression = Expression::parse("a or b and c").unwrap();
    assert_eq!(expression, Expression::parse("a or (b and c)").unwrap());
    assert_ne!(expression, Expression::parse("(a or b) and c").unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_share_no_buffer() {
    let made = Made::of(PAY);
    let dialogue = made.dialogue();
    let users = (0..50).map(|user| {
        let dialogue = dialogue.clone();
        tokio::spawn(async move {
            let session = format!("user {user}");
            let account = format!("DE{user}");
            for message in ["pay somebody", &account, &user.to_string().replace('0', "1"), "rent"] {
                tokio::task::yield_now().await;
                let reply = dialogue.turn(session.as_str(), message).await.unwrap();
                assert_eq!(reply.session.0, session);
                if let Some(account_of) = reply.slots.get("account") {
                    assert_eq!(account_of, &json!(account));
                }
            }
        })
    });
    for user in users.collect::<Vec<_>>() {
        user.await.unwrap();
    }
    let called = made.called();
    assert_eq!(called.matches("pay(").count(), 50, "{called}");
    for user in 0..50 {
        assert_eq!(called.matches(&format!("pay(DE{user},")).count(), 1, "{called}");
    }
}

#[tokio::test]
async fn no_action_runs_with_a_slot_missing() {
    let definition = r#"
slots:
  where: {type: text, prompt: Where?, optional: true}
actions:
  go: {inputs: {where: text}}
flows:
  go:
    description: Go somewhere
    triggers: [go somewhere]
    steps:
      - collect: where
      - action: go
      - say: Gone.
"#;
    let made = Made::of(definition);
    let dialogue = made.dialogue();
    let reply = dialogue.turn("user", "go somewhere").await.unwrap();
    assert_eq!((reply.text().as_str(), made.called().as_str()), ("Where?", ""));
    let reply = dialogue.turn("user", "skip").await.unwrap();
    assert_eq!(made.called(), "");
    assert!(!reply.text().contains("Gone."), "{}", reply.text());
    assert!(reply.failures.iter().any(|failure| failure.message.contains("input where has no value")), "{reply:?}");
}

#[tokio::test]
async fn a_failed_validation_stops_the_flow() {
    let made = Made::of(PAY);
    let dialogue = made.builder().understand(Arc::new(Lines)).build().unwrap();
    let reply = told(&dialogue, &["start pay | set account DE89 | set note rent | set amount 0"]).await;
    assert_eq!(reply.asked, Some(Asked::Slot("amount".into())));
    assert_eq!(made.called(), "");
    told(&dialogue, &["set amount 3"]).await;
    assert_eq!(made.called(), "pay(DE89, 3)");
}

#[test]
fn unknown_configuration_keys_are_errors() {
    let text = PAY.replace("prompt: How much?", "promt: How much?");
    let diagnostics = Definition::from_yaml("pay.yml", &text).check();
    let found = diagnostics.list().iter().find(|diagnostic| diagnostic.message.contains("promt")).unwrap();
    assert_eq!(found.severity, Severity::Error);
    assert_eq!((found.place.to_string().as_str(), found.hint.as_str()), ("pay.yml:14", "did you mean `prompt`?"));
}

#[test]
fn each_spelling_is_normalized_for_itself() {
    let normalizer = Normalizer::builder().build();
    let now = jiff::civil::date(2024, 2, 1).at(9, 0, 0, 0);
    let reading = Reading { locale: Locale::EnUs, now, prefer: Prefer::Future };
    for spelling in ["madrid", "MADRID", "Madrid"] {
        let read = normalizer.read(&Kind::Text, spelling, &reading);
        assert!(matches!(&*read, Read::One(one) if one.value == json!(spelling)), "{spelling}: {read:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_failed_has_no_first_text() {
    let definition = PAY.replace("outputs: {out: text}}", "outputs: {out: text}, timeout: 10m}");
    let made = Made::of(&definition);
    let hang = |_: Value, _: Call| async { std::future::pending::<ninefold_core::Result<Value>>().await };
    let dialogue = made.builder().action("pay", hang).deadline(Duration::from_secs(5)).build().unwrap();
    for message in ["pay somebody", "DE89", "5"] {
        dialogue.turn("user", message).await.unwrap();
    }
    // The turn fails as a whole: nothing of it is written down or counts as said.
    dialogue.turn("user", "rent").await.unwrap_err();
    let reply = made.dialogue().turn("user", "repeat").await.unwrap();
    assert_eq!((reply.turn, reply.asked), (4, Some(Asked::Slot("note".into()))));
}
