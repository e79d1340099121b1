//! Conversations that were handed to a person: every message is answered, and the host gives them back.

use std::sync::Arc;

use async_trait::async_trait;
use ninefold_core::{Cx, ErrorKind, Result, SessionId};
use ninefold_dialogue::understand::By;
use ninefold_dialogue::{Asked, Dialogue, ExternalAgent, ExternalReply};

use crate::made::{Lines, Made, told};

const FLOWS: &str = r#"
flows:
  order:
    description: Order something
    triggers: [order]
    slots:
      what: {type: text, prompt: What?}
      size: {type: text, prompt: Which size?}
    steps:
      - collect: what
      - collect: size
      - say: "Ordered: {{ what }}."
  complain:
    description: Complain
    triggers: [complain]
    steps:
      - handoff: desk
      - say: The desk is done.
"#;

fn scripted(made: &Made) -> Dialogue {
    made.builder().understand(Arc::new(Lines)).build().unwrap()
}

#[tokio::test]
async fn what_is_said_before_the_person_comes_is_answered() {
    let made = Made::of(FLOWS);
    let dialogue = scripted(&made);
    told(&dialogue, &["handoff"]).await;
    for message in ["cannot", "nothing of this is a command", "", "  "] {
        let reply = told(&dialogue, &[message]).await;
        assert!(reply.text().contains("person"), "{message:?}: {:?}", reply.text());
        assert_eq!(reply.handed_to.as_deref(), Some("person"), "{message:?}");
    }
    let reply = dialogue.silence("user").await.unwrap();
    assert!(reply.text().contains("person") && !reply.text().contains("still there"), "{}", reply.text());
    // What can be done is done.
    let reply = told(&dialogue, &["start order", "set what tea"]).await;
    assert_eq!(reply.text(), "Which size?");
    // The words can be one's own.
    let own = "  pattern_handed_over:\n    description: Somebody waits\n    steps: [{say: 'Waiting for {{ context.to }}.'}]\n";
    let made = Made::of(&format!("{FLOWS}{own}"));
    let reply = told(&scripted(&made), &["handoff", "cannot"]).await;
    assert_eq!(reply.text(), "Waiting for person.");
}

#[tokio::test]
async fn a_flow_that_was_open_goes_on_with_what_is_said_for_it() {
    let made = Made::of(FLOWS);
    let dialogue = scripted(&made);
    told(&dialogue, &["start order", "handoff"]).await;
    let reply = told(&dialogue, &["set what tea"]).await;
    assert_eq!((reply.text().as_str(), reply.handed_to.as_deref()), ("Which size?", Some("person")));
}

#[tokio::test]
async fn a_step_that_hands_over_without_words_is_not_silent() {
    let made = Made::of(FLOWS);
    let reply = told(&scripted(&made), &["start complain"]).await;
    assert!(reply.text().contains("person"), "{:?}", reply.text());
    assert_eq!(reply.handed_to.as_deref(), Some("desk"));
}

#[tokio::test]
async fn the_host_gives_a_conversation_back_once() {
    let made = Made::of(FLOWS);
    let dialogue = scripted(&made);
    let error = dialogue.hand_back("user").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    told(&dialogue, &["start order | set what tea", "handoff"]).await;
    // By another process, which reads the session.
    let reply = scripted(&made).hand_back("user").await.unwrap();
    assert_eq!(reply.text(), "You're back with me.\nWhich size?");
    assert_eq!((reply.turn, reply.handed_to, reply.asked), (3, None, Some(Asked::Slot("size".into()))));
    dialogue.hand_back("user").await.unwrap_err();
    let reply = told(&dialogue, &["set size small"]).await;
    assert!(reply.turn == 4 && reply.text().starts_with("Ordered: tea."), "{}: {}", reply.turn, reply.text());
    let turn = dialogue.inspect("user", 3).await.unwrap().unwrap();
    assert_eq!((turn.by, turn.heard.as_deref()), (By::Host, None));
    assert_eq!((turn.before.handed_to.as_deref(), turn.after.handed_to), (Some("person"), None));
}

struct Desk;

#[async_trait]
impl ExternalAgent for Desk {
    async fn message(&self, _: &SessionId, message: &str, _: &Cx) -> Result<ExternalReply> {
        Ok(ExternalReply { text: format!("The desk hears {message:?}."), done: false })
    }
}

#[tokio::test]
async fn a_conversation_comes_back_from_an_agent_outside() {
    let made = Made::of(FLOWS);
    let dialogue = made.builder().understand(Arc::new(Lines)).external("desk", Arc::new(Desk)).build().unwrap();
    let reply = told(&dialogue, &["start complain", "start order"]).await;
    assert_eq!(reply.text(), "The desk hears \"start order\".");
    let reply = dialogue.silence("user").await.unwrap();
    assert_eq!(reply.text(), "Are you still there?");
    let reply = dialogue.hand_back("user").await.unwrap();
    assert!(reply.text().starts_with("You're back with me.\nThe desk is done."), "{}", reply.text());
    let reply = told(&dialogue, &["start order"]).await;
    assert_eq!(reply.text(), "What?");
}
