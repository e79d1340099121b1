//! Questions that nobody answers are put again a bounded number of times, however they are not answered.

use std::sync::Arc;

use ninefold_dialogue::{Asked, Dialogue, Reply};

use crate::made::{Lines, Made, told};

const FLOWS: &str = r#"
most_reprompts: 1
actions:
  pay: {inputs: {}, outputs: {}}
flows:
  pay:
    description: Pay somebody
    triggers: [pay]
    slots:
      amount: {type: integer, prompt: How much?, reprompt: {no_input: Still there? How much?}}
    steps:
      - collect: amount
      - confirm: Shall I pay?
      - action: pay
      - say: Paid.
"#;

const STUCK: &str = "I still haven't got that. You can say it in other words, ask for a person, or cancel.";

fn scripted(made: &Made) -> Dialogue {
    made.builder().understand(Arc::new(Lines)).build().unwrap()
}

async fn not_answered(dialogue: &Dialogue, how: &str) -> Reply {
    if how == "silence" { dialogue.silence("user").await.unwrap() } else { told(dialogue, &[how]).await }
}

#[tokio::test]
async fn whatever_is_no_answer_is_bounded() {
    let long = "ha ".repeat(4_000);
    for open in [&["start pay"][..], &["start pay | set amount 5"]] {
        for how in ["silence", "", "cannot", "cannot model_failed", "yes | no", long.as_str()] {
            let made = Made::of(FLOWS);
            let dialogue = scripted(&made);
            let asked = told(&dialogue, open).await.asked;
            for round in 0..3 {
                let reply = not_answered(&dialogue, how).await;
                assert!(!reply.text().contains(STUCK), "{how}, {round}: {}", reply.text());
                assert_eq!(reply.asked, asked, "{how}, {round}");
                let reply = not_answered(&dialogue, how).await;
                let question = if asked == Some(Asked::Confirmation) { "Shall I pay?" } else { "How much?" };
                assert_eq!(reply.text(), format!("{STUCK}\n{question}"), "{how}, {round}");
                assert_eq!(reply.asked, asked, "{how}, {round}");
            }
            assert_eq!(made.called(), "");
        }
    }
}

#[tokio::test]
async fn an_answer_begins_the_count_anew() {
    let made = Made::of(FLOWS);
    let dialogue = scripted(&made);
    told(&dialogue, &["start pay", "cannot", "set amount 5"]).await;
    let reply = not_answered(&dialogue, "silence").await;
    assert_eq!(reply.text(), "Are you still there?\nShall I pay?");
    told(&dialogue, &["yes"]).await;
    assert_eq!(made.called(), "pay()");
}
