//! The example of flights, with actions that note what they were asked.

use std::sync::{Arc, Mutex};

use ninefold_core::{Sessions, Timestamp};
use ninefold_dialogue::understand::Understand;
use ninefold_dialogue::{Call, Definition, Dialogue, DialogueBuilder, repair};
use ninefold_store::MemorySessions;
use ninefold_testkit::ManualClock;
use serde_json::{Value, json};

/// 2024-02-01, a Thursday.
pub(crate) const FEBRUARY: Timestamp = Timestamp(1_706_745_600_000_000);

/// What actions were asked, in their order.
pub(crate) type Asked = Arc<Mutex<Vec<(String, Value, String)>>>;

pub(crate) fn builder(sessions: Arc<dyn Sessions>, asked: &Asked) -> DialogueBuilder {
    builder_of(include_str!("../../../../examples/dialogue/flights.yml"), sessions, asked)
}

/// The same by a definition that may differ.
pub(crate) fn builder_of(text: &str, sessions: Arc<dyn Sessions>, asked: &Asked) -> DialogueBuilder {
    let program = Definition::from_yaml("flights.yml", text).over(repair::patterns()).compile(true).unwrap();
    let note = |name: &'static str, asked: &Asked, answer: Value| {
        let asked = Arc::clone(asked);
        move |inputs: Value, call: Call| {
            asked.lock().unwrap().push((name.to_owned(), inputs, call.key));
            let answer = answer.clone();
            async move { Ok(answer) }
        }
    };
    let found = json!({ "flight": "IB 2621", "price": { "amount": "89.00", "currency": "EUR" } });
    Dialogue::builder(program, sessions)
        .clock(Arc::new(ManualClock::at(FEBRUARY)))
        .action("search_available_flights", note("search_available_flights", asked, found))
        .action("confirm_flight_booking", note("confirm_flight_booking", asked, json!({ "reference": "X7Q2" })))
        .action("release_flight_booking", note("release_flight_booking", asked, json!({ "released": true })))
}

pub(crate) fn flights(understand: Option<Arc<dyn Understand>>) -> (Dialogue, Asked) {
    let asked = Asked::default();
    let mut builder = builder(Arc::new(MemorySessions::new()), &asked);
    if let Some(understand) = understand {
        builder = builder.understand(understand);
    }
    (builder.build().unwrap(), asked)
}
