//! Where parts of a turn meet: what one of them begins is not lost, done twice, or taken for another's by the next.

use std::sync::Arc;
use std::time::Duration;

use ninefold_core::{Error, ErrorKind};
use ninefold_dialogue::understand::Rules;
use ninefold_dialogue::{Asked, Call};
use serde_json::{Value, json};

use crate::made::{Lines, Made, told};

fn scripted(made: &Made) -> ninefold_dialogue::Dialogue {
    made.builder().understand(Arc::new(Lines)).build().unwrap()
}

const TABLE: &str = r#"
actions:
  book: {inputs: {guests: integer}, outputs: {out: text}}
flows:
  table:
    description: Book a table
    triggers: [book a table]
    slots:
      guests: {type: integer, prompt: For how many?}
      day: {type: text, description: the day, prompt: On which day?}
      number: {type: text, internal: true}
    steps: [{collect: guests}, {collect: day}, {action: book, into: {out: number}}, {say: Booked.}]
"#;

#[tokio::test]
async fn what_is_new_is_not_done_already() {
    let dialogue = Made::of(TABLE).builder().understand(Arc::new(Rules)).build().unwrap();
    let reply = told(&dialogue, &["book a table", "4", "Friday"]).await;
    assert!(reply.text().contains("Booked."), "{reply}");
    let again = dialogue.turn("user", "the day is Friday").await.unwrap().text();
    let other = dialogue.turn("user", "a taxi at 14:30 for 4").await.unwrap().text();
    let part = dialogue.turn("user", "fix the telly at 14:30").await.unwrap().text();
    assert_ne!(again, other);
    assert_eq!(other, part, "neither has to do with it");
}

#[tokio::test]
async fn a_question_is_asked_though_the_one_before_it_was_repeated() {
    let dialogue = scripted(&Made::of(TABLE));
    let reply = told(&dialogue, &["start table", "set guests 4 | repeat"]).await;
    assert!(reply.text().ends_with("On which day?"), "{reply}");
    assert_eq!(reply.asked, Some(Asked::Slot("day".into())));
}

#[tokio::test(start_paused = true)]
async fn who_asks_for_more_time_than_there_is_comes_to_the_way_of_failures() {
    let flows = TABLE.replace("into: {out: number}}", "into: {out: number}, on_failure: [{say: Not now.}, end]}");
    let busy = |_: Value, _: Call| async {
        Err::<Value, _>(Error::new(ErrorKind::RateLimited, "busy").with_retry_after(Duration::from_secs(300)))
    };
    let dialogue = Made::of(&flows).builder().action("book", busy).understand(Arc::new(Lines)).build().unwrap();
    let reply = told(&dialogue, &["start table | set guests 4 | set day \"Friday\""]).await;
    assert!(reply.text().contains("Not now."), "{reply}");
}

#[tokio::test]
async fn what_the_host_sets_leaves_the_choice_open() {
    let made = Made::of(
        r#"
slots: {name: {type: text}}
flows:
  account: {description: Look at the account, triggers: [account], steps: [{say: It is full.}]}
  transfer: {description: Transfer money, triggers: [transfer], steps: [{say: Done.}]}
"#,
    );
    let dialogue = made.builder().understand(Arc::new(Lines)).build().unwrap();
    let asked = told(&dialogue, &["clarify account transfer"]).await;
    let reply = dialogue.set("user", json!({ "name": "Anna" })).await.unwrap();
    assert_eq!((&reply.asked, reply.text()), (&asked.asked, asked.text()));
}

#[tokio::test]
async fn a_call_gives_no_more_than_a_step_may() {
    let made = Made::of(
        r#"
flows:
  grow:
    description: Grow
    triggers: [grow]
    slots: {text: {type: text, internal: true, default: "'0123456789'"}, n: {type: integer, internal: true, default: "0"}}
    steps:
      - while: "n < 60"
        do:
          - set: {n: "n + 1"}
          - call: twice
            with: {given: "text + text"}
            into: {given: text}
      - say: Grown.
  twice:
    description: Give it back
    internal: true
    slots: {given: {type: text, internal: true}}
    steps: [{say: "."}]
"#,
    );
    let reply = told(&scripted(&made), &["start grow"]).await;
    assert!(reply.failures.iter().any(|failure| failure.message.contains("262144 bytes")), "{reply:?}");
}

#[tokio::test]
async fn a_called_flow_that_remembers_no_more_is_not_called_again() {
    let made = Made::of(
        r#"
actions:
  note: {inputs: {n: integer}, outputs: {out: text}}
flows:
  outer:
    description: Call the inner one
    triggers: [outer]
    steps: [{call: inner}, {say: Done.}]
  inner:
    description: Note much
    internal: true
    slots:
      n: {type: integer, internal: true, default: "0"}
      first: {type: text, prompt: First?}
      second: {type: text, prompt: Second?}
    steps:
      - while: "n < 150"
        do:
          - set: {n: "n + 1"}
          - action: note
      - collect: first
      - collect: second
      - say: "{{ first }}, {{ second }}."
"#,
    );
    let dialogue = scripted(&made);
    told(&dialogue, &["start outer", "set first \"a\""]).await;
    assert_eq!(made.called().matches("note(").count(), 150);
    let reply = told(&dialogue, &["correct first \"b\"", "set second \"c\""]).await;
    assert!(reply.text().starts_with("b, c.\nDone."), "{reply}");
    assert_eq!(made.called(), "");
}
