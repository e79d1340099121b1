//! "Did you mean A or B?": what is said next is understood as an answer to it.

use std::sync::Arc;

use ninefold_dialogue::understand::{Heard, Rules, Understand, Understood};
use ninefold_dialogue::{Asked, Dialogue, Reply};

use crate::made::{Lines, Made, told};

const FLOWS: &str = r#"
flows:
  order:
    description: Order something
    triggers: [order]
    slots: {what: {type: text, prompt: What?}}
    steps: [{collect: what}, {say: "Ordered: {{ what }}."}]
  account:
    description: Look at the account
    triggers: [look at the account]
    steps: [{say: It is full.}]
  transfer:
    description: Transfer money
    triggers: [transfer money]
    slots: {amount: {type: integer, prompt: How much?}}
    steps: [{collect: amount}, {say: Done.}]
"#;

/// Lines behind a colon, and rules otherwise.
struct Both;

#[async_trait::async_trait]
impl Understand for Both {
    async fn understand(&self, heard: &Heard<'_>, cx: &ninefold_core::Cx) -> ninefold_core::Result<Understood> {
        match heard.view.message.strip_prefix(':') {
            Some(lines) => {
                let heard = Heard { view: ninefold_dialogue::scope::View { message: lines, ..heard.view }, ..*heard };
                Lines.understand(&heard, cx).await
            }
            None => Rules.understand(heard, cx).await,
        }
    }
}

fn dialogue(made: &Made) -> Dialogue {
    made.builder().understand(Arc::new(Both)).build().unwrap()
}

const WHICH: &str = "Did you mean: look at the account, or transfer money?";

fn asks_which(reply: &Reply) {
    assert!(reply.text().ends_with(WHICH), "{}", reply.text());
    assert_eq!(reply.asked, Some(Asked::Flow(vec!["account".into(), "transfer".into()])));
}

#[tokio::test]
async fn a_choice_is_made_by_place_and_by_name() {
    for (said, starts) in [
        ("the first", "account"),
        ("first one", "account"),
        ("2", "transfer"),
        ("the second one, please", "transfer"),
        ("number two", "transfer"),
        ("the last one", "transfer"),
        ("the latter", "transfer"),
        ("I meant the account", "account"),
        ("the transfer", "transfer"),
        ("Yes, the second.", "transfer"),
        ("das zweite", "transfer"),
    ] {
        let made = Made::of(FLOWS);
        let reply = told(&dialogue(&made), &[":clarify account transfer", said]).await;
        match starts {
            "account" => assert!(reply.text().starts_with("It is full."), "{said}: {}", reply.text()),
            _ => assert_eq!(reply.text(), "How much?", "{said}"),
        }
    }
    let made = Made::of(FLOWS);
    let reply = told(&dialogue(&made), &[":clarify transfer account", "both"]).await;
    assert_eq!(reply.text(), "How much?");
    let reply = told(&dialogue(&made), &["5"]).await;
    assert!(reply.text().starts_with("Done.\nIt is full."), "{}", reply.text());
}

#[tokio::test]
async fn a_yes_is_enough_for_one_and_not_for_two() {
    let made = Made::of(FLOWS);
    let reply = told(&dialogue(&made), &[":clarify transfer", "yes"]).await;
    assert_eq!(reply.text(), "How much?");
    let made = Made::of(FLOWS);
    let dialogue = dialogue(&made);
    asks_which(&told(&dialogue, &[":clarify account transfer", "yes"]).await);
    // By another process.
    asks_which(&told(&self::dialogue(&made), &["yes"]).await);
    let reply = told(&dialogue, &["yes"]).await;
    assert!(reply.text().contains("ask for a person"), "{}", reply.text());
}

#[tokio::test]
async fn what_is_beside_the_choice_leaves_it_open() {
    let made = Made::of(FLOWS);
    let dialogue = dialogue(&made);
    told(&dialogue, &[":clarify account transfer"]).await;
    for beside in ["how are you?", "", "what?"] {
        asks_which(&told(&dialogue, &[beside]).await);
    }
    asks_which(&dialogue.silence("user").await.unwrap());
    let reply = told(&dialogue, &["the second"]).await;
    assert_eq!(reply.text(), "How much?");
}

#[tokio::test]
async fn none_of_them_goes_back_to_what_was_open() {
    for (said, text) in
        [("neither", "Could you say that in other words?\nWhat?"), ("no", "Could you say that in other words?\nWhat?")]
    {
        let made = Made::of(FLOWS);
        let dialogue = dialogue(&made);
        // While it is asked which is meant, nothing else is asked.
        asks_which(&told(&dialogue, &["order", ":clarify account transfer"]).await);
        let reply = told(&dialogue, &[said]).await;
        assert_eq!(reply.text(), text);
        // The choice is over.
        let reply = told(&dialogue, &["second"]).await;
        assert!(reply.text().starts_with("Ordered: second."), "{}", reply.text());
    }
}

#[tokio::test]
async fn something_else_is_done_instead() {
    let made = Made::of(FLOWS);
    let dialogue = dialogue(&made);
    let reply = told(&dialogue, &["order", ":clarify account transfer", ":set what tea"]).await;
    assert!(reply.text().starts_with("Ordered: tea."), "{}", reply.text());
    let reply = told(&dialogue, &[":clarify account transfer", "order"]).await;
    assert_eq!(reply.text(), "What?");
}
