//! Code of the host that fails, panics or never answers: the conversation goes on.

use std::sync::Arc;

use async_trait::async_trait;
use ninefold_core::{Cx, Error, ErrorKind, Result, SessionId};
use ninefold_dialogue::normalize::{Normalized, Read};
use ninefold_dialogue::understand::{Heard, Rules, Understand, Understood};
use ninefold_dialogue::{Asked, ExternalAgent, ExternalReply, Knowledge, Known, Reply};

use crate::made::{Lines, Made, told};

const DESK: &str = r#"
flows:
  talk:
    description: Talk to the desk
    triggers: [talk to the desk]
    steps:
      - handoff: desk
      - say: That was the desk.
  order:
    description: Order something
    triggers: [order something]
    slots:
      code: {type: custom, reader: code, prompt: Code?}
    steps:
      - collect: code
      - say: "Here is {{ code }}."
"#;

/// How something fails.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fails {
    Error,
    Panic,
    Never,
    TooMuch,
}

const ALL: [Fails; 4] = [Fails::Error, Fails::Panic, Fails::Never, Fails::TooMuch];

impl Fails {
    async fn now(self) -> Result<String> {
        match self {
            Self::Error => Err(Error::new(ErrorKind::Unavailable, "nobody is there")),
            Self::Panic => panic!("as it was asked to"),
            Self::Never => std::future::pending().await,
            Self::TooMuch => Ok("blah ".repeat(1_000_000)),
        }
    }
}

#[async_trait]
impl ExternalAgent for Fails {
    async fn message(&self, _: &SessionId, _: &str, _: &Cx) -> Result<ExternalReply> {
        Ok(ExternalReply { text: self.now().await?, done: false })
    }
}

#[async_trait]
impl Knowledge for Fails {
    async fn answer(&self, _: &str, _: &Cx) -> Result<Known> {
        self.now().await.map(Known::from)
    }
}

/// Rules, but for one message.
struct Understands(Fails);

#[async_trait]
impl Understand for Understands {
    async fn understand(&self, heard: &Heard<'_>, cx: &Cx) -> Result<Understood> {
        if heard.view.message == "fail" {
            self.0.now().await?;
        }
        Rules.understand(heard, cx).await
    }
}

fn code(text: &str) -> Read {
    assert_ne!(text, "boom", "the reader does not like it");
    Read::One(Normalized { original: text.to_owned(), value: text.into(), how: "as it is".into() })
}

fn made() -> (Made, ninefold_dialogue::DialogueBuilder) {
    let made = Made::of(DESK);
    let builder = made.builder().reader("code", |text, _| code(text));
    (made, builder)
}

fn tells_of_it(reply: &Reply, what: &str) {
    assert!(reply.text().contains("something went wrong"), "{what}: {}", reply.text());
    assert_eq!(reply.failures.len(), 1, "{what}: {:?}", reply.failures);
    assert!(reply.failures[0].message.len() < 1_000, "{what}");
}

#[tokio::test(start_paused = true)]
async fn an_agent_outside_that_fails_gives_the_conversation_back() {
    for fails in ALL {
        let what = format!("{fails:?}");
        let (_made, builder) = made();
        let dialogue = builder.external("desk", Arc::new(fails)).build().unwrap();
        let reply = dialogue.turn("user", "talk to the desk").await.unwrap();
        assert_eq!(reply.handed_to.as_deref(), Some("desk"), "{what}");
        let reply = dialogue.turn("user", "hello").await.unwrap();
        tells_of_it(&reply, &what);
        assert!(reply.text().contains("You're back with me.\nThat was the desk."), "{what}: {}", reply.text());
        assert_eq!(reply.handed_to, None, "{what}");
        let reply = dialogue.turn("user", "order something").await.unwrap();
        assert_eq!((reply.text().as_str(), reply.failures.len()), ("Code?", 0), "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn knowledge_that_fails_is_told_and_the_question_is_put_again() {
    for fails in ALL {
        let what = format!("{fails:?}");
        let (_made, builder) = made();
        let dialogue = builder.knowledge(Arc::new(fails)).understand(Arc::new(Lines)).build().unwrap();
        let reply = told(&dialogue, &["start order", "knowledge \"why?\""]).await;
        tells_of_it(&reply, &what);
        assert_eq!(reply.asked, Some(Asked::Slot("code".into())), "{what}: {}", reply.text());
    }
}

#[tokio::test]
async fn understanding_that_fails_is_told_and_the_question_is_put_again() {
    for fails in [Fails::Error, Fails::Panic] {
        let what = format!("{fails:?}");
        let (_made, builder) = made();
        let dialogue = builder.understand(Arc::new(Understands(fails))).build().unwrap();
        tells_of_it(&dialogue.turn("user", "fail").await.unwrap(), &what);
        dialogue.turn("user", "order something").await.unwrap();
        let reply = dialogue.turn("user", "fail").await.unwrap();
        tells_of_it(&reply, &what);
        assert!(reply.text().ends_with("Code?"), "{what}: {}", reply.text());
        let reply = dialogue.turn("user", "X7Q2").await.unwrap();
        assert!(reply.text().starts_with("Here is X7Q2."), "{what}: {}", reply.text());
    }
}

#[tokio::test]
async fn a_reader_that_panics_is_told_and_the_question_is_put_again() {
    for understand in [Arc::new(Rules) as Arc<dyn Understand>, Arc::new(Lines)] {
        let (_made, builder) = made();
        let dialogue = builder.understand(understand).build().unwrap();
        let (start, boom, good) = ("order something", "boom", "X7Q2");
        let lines = dialogue.turn("user", start).await.unwrap().asked.is_none();
        let say = |said: &str| if lines { format!("set code {said}") } else { said.to_owned() };
        if lines {
            dialogue.turn("user", "start order").await.unwrap();
        }
        for _ in 0..2 {
            let reply = dialogue.turn("user", &say(boom)).await.unwrap();
            tells_of_it(&reply, "reader");
            assert!(reply.failures[0].message.contains("reader of slot code panicked"), "{:?}", reply.failures);
            assert!(reply.text().ends_with("Code?"), "{}", reply.text());
        }
        let reply = dialogue.turn("user", &say(good)).await.unwrap();
        assert!(reply.text().starts_with("Here is X7Q2."), "{}", reply.text());
    }
}
