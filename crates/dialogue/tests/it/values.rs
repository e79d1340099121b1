//! Which values slots hold: those that were said, that fit, and that are not left from what is over.

use std::sync::Arc;

use ninefold_core::Sessions;
use ninefold_dialogue::understand::{ByModel, Understand};
use ninefold_dialogue::{Asked, Call, Definition, Dialogue, Reply, repair};
use ninefold_store::MemorySessions;
use ninefold_testkit::{ManualClock, ScriptedModel};
use serde_json::{Value, json};

use crate::flights::{FEBRUARY, flights};
use crate::made::{Lines, Made, told};

fn scripted(made: &Made) -> Dialogue {
    made.builder().understand(Arc::new(Lines)).build().unwrap()
}

#[tokio::test]
async fn what_a_model_makes_up_is_not_booked() {
    let answer =
        "start book_flight\nset origin \"Madrid\"\nset destination \"Rome\"\nset departure_date \"2024-03-15\"";
    let model: Arc<dyn Understand> = Arc::new(ByModel::new(Arc::new(ScriptedModel::new().answer("", answer))));
    let (dialogue, asked) = flights(Some(model));
    let reply = dialogue.turn("anna", "I want to fly from Madrid to Rome some day").await.unwrap();
    assert_eq!(reply.asked, Some(Asked::Slot("departure_date".into())), "{}", reply.text());
    assert!(asked.lock().unwrap().is_empty(), "nobody named a day");
    let inspection = dialogue.inspect("anna", 1).await.unwrap().unwrap();
    assert_eq!(inspection.refused, ["the value for departure_date was not said"]);
}
