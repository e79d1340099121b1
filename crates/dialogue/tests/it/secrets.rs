//! The values of sensitive slots: the user hears them, no model and no inspector does.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use ninefold_core::{Cx, Model, Result};
use ninefold_dialogue::{Dialogue, Knowledge, Known};
use ninefold_testkit::ScriptedModel;

use crate::made::{Lines, Made, told};

const ACCOUNT: &str = r#"
flows:
  unlock:
    description: Unlock the account
    triggers: [unlock my account]
    slots:
      card: {type: text, description: number of the card, prompt: Your card?, sensitive: true}
      born: {type: date, description: day of birth, prompt: When were you born?, sensitive: true}
      colour: {type: text, description: favourite colour, prompt: Your favourite colour?}
    steps:
      - collect: card
      - collect: born
      - say: "Card {{ card }}, born on {{ born | date }}, a {{ born | date('%A in the month of %B') }}."
      - collect: colour
      - say: "{{ card | upper }} is unlocked."
"#;

const MESSAGES: [&str; 9] = [
    "unlock my account",
    "4111 1111 1111 1111",
    "hm, I would rather not tell that, or should I after all",
    "15 March 1990",
    "is 4111-1111-1111-1111 really what I told you, and 1990-03-15",
    "again",
    "blue",
    "and what do you make of 4111111111111111 then",
    "tell me about zebras",
];

/// Nothing of these may be seen.
const UNSEEN: [&str; 4] = ["4111", "1990", "March", "Thursday"];

fn assert_unseen(text: &str) {
    for secret in UNSEEN {
        assert!(!text.contains(secret), "{secret} stands in {text}");
    }
}

async fn talked(dialogue: &Dialogue) -> String {
    let mut said = String::new();
    for message in MESSAGES {
        said += &dialogue.turn("user", message).await.unwrap().text();
        said += "\n";
    }
    said
}

#[tokio::test]
async fn no_prompt_to_a_model_holds_a_sensitive_value() {
    let made = Made::of(ACCOUNT);
    let model = Arc::new(ScriptedModel::new().answer("", "cannot"));
    let dialogue = made.builder().model(Arc::<ScriptedModel>::clone(&model) as Arc<dyn Model>).build().unwrap();
    let said = talked(&dialogue).await;
    assert!(
        said.contains("Card 4111 1111 1111 1111, born on 15 March 1990, a Thursday in the month of March."),
        "{said}"
    );
    let requests = model.requests();
    assert!(requests.len() >= 2, "rules were sure of all");
    let mut prompts = String::new();
    for request in &requests {
        for message in &request.messages {
            prompts += &message.text();
        }
    }
    assert_unseen(&prompts);
    assert!(prompts.contains("(hidden)") && prompts.contains("zebras"), "{prompts}");
    assert!(!prompts.contains("rather not tell"), "no model is asked while a sensitive slot is: {prompts}");
}

#[tokio::test]
async fn the_inspector_shows_no_sensitive_value_of_whatever_turn() {
    let made = Made::of(ACCOUNT);
    let dialogue = made.builder().build().unwrap();
    talked(&dialogue).await;
    // As it is kept here, and as it is read elsewhere.
    let elsewhere = made.builder().build().unwrap();
    for turn in 1..=MESSAGES.len() as u64 {
        let inspection = dialogue.inspect("user", turn).await.unwrap().unwrap();
        assert_eq!(Some(&inspection), elsewhere.inspect("user", turn).await.unwrap().as_ref(), "turn {turn}");
        assert_unseen(&inspection.to_string());
        assert_unseen(&serde_json::to_string(&inspection).unwrap());
    }
    let told = dialogue.inspect("user", 5).await.unwrap().unwrap();
    assert_eq!(told.heard.as_deref(), Some("is (hidden) really what I told you, and (hidden)"));
}

#[tokio::test]
async fn a_value_that_was_said_before_it_was_asked_for_is_hidden_afterwards() {
    let made = Made::of(ACCOUNT);
    let dialogue = made.builder().build().unwrap();
    dialogue.turn("user", "my number is 4111 1111 1111 1111").await.unwrap();
    talked(&dialogue).await;
    assert_unseen(&dialogue.inspect("user", 1).await.unwrap().unwrap().to_string());
}

/// Notes what it is asked.
struct Asks(Arc<Mutex<Vec<String>>>);

#[async_trait]
impl Knowledge for Asks {
    async fn answer(&self, question: &str, _: &Cx) -> Result<Known> {
        self.0.lock().unwrap().push(question.to_owned());
        Ok("It is.".into())
    }
}

#[tokio::test]
async fn a_question_to_knowledge_holds_no_sensitive_value() {
    let made = Made::of(ACCOUNT);
    let asked = Arc::new(Mutex::new(Vec::new()));
    let knowledge = Arc::new(Asks(Arc::clone(&asked)));
    let dialogue = made.builder().knowledge(knowledge).understand(Arc::new(Lines)).build().unwrap();
    let lines = ["start unlock", "set card \"4111 1111\"", "knowledge \"Is 41111111 safe?\""];
    assert!(told(&dialogue, &lines).await.text().contains("It is."));
    assert_eq!(*asked.lock().unwrap(), ["Is (hidden) safe?"]);
    assert_unseen(&dialogue.inspect("user", 3).await.unwrap().unwrap().to_string());
}

#[tokio::test]
async fn a_sensitive_value_that_is_refused_is_hidden_all_the_same() {
    let definition = r#"
flows:
  unlock:
    description: Unlock the account
    triggers: [unlock my account]
    slots:
      pin:
        type: integer
        prompt: Your PIN?
        sensitive: true
        validate: [{if: "value > 999999", say: "{{ value }} is too short."}]
    steps:
      - collect: pin
      - say: Unlocked.
"#;
    let made = Made::of(definition);
    let dialogue = made.builder().build().unwrap();
    dialogue.turn("user", "unlock my account").await.unwrap();
    let reply = dialogue.turn("user", "740195").await.unwrap();
    assert!(reply.text().contains("740195 is too short."), "{}", reply.text());
    assert_eq!(reply.said[0].shown(), "(hidden) is too short.");
    let inspection = dialogue.inspect("user", 2).await.unwrap().unwrap().to_string();
    assert!(!inspection.contains("740195"), "{inspection}");
}

#[tokio::test]
async fn what_a_host_gives_a_sensitive_slot_in_vain_is_not_seen_later() {
    let made = Made::of(ACCOUNT);
    let model = Arc::new(ScriptedModel::new().answer("", "cannot"));
    let dialogue = made.builder().model(Arc::<ScriptedModel>::clone(&model) as Arc<dyn Model>).build().unwrap();
    dialogue.turn("user", "unlock my account").await.unwrap();
    dialogue.turn("user", "5500").await.unwrap();
    let refused = dialogue.set("user", serde_json::json!({ "born": "the 4111th of never" })).await.unwrap();
    assert!(refused.text().contains("4111"), "{refused}");
    dialogue.turn("user", "again").await.unwrap();
    dialogue.turn("user", "cancel").await.unwrap();
    dialogue.turn("user", "tell me about zebras, would you").await.unwrap();
    for turn in 3..=6 {
        let seen = dialogue.inspect("user", turn).await.unwrap().unwrap().to_string();
        assert!(!seen.contains("4111"), "turn {turn}: {seen}");
    }
    let prompts = model.requests().into_iter().flat_map(|request| request.messages).map(|message| message.text());
    assert!(prompts.into_iter().all(|prompt| !prompt.contains("4111")));
}
