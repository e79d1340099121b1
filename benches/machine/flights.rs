//! The example of flights, whose actions answer at once, on a day that stays.

use std::path::Path;
use std::sync::Arc;

use ninefold::core::Clock;
use ninefold::dialogue::Call;
use ninefold::{Dialogue, DialogueBuilder, Timestamp};
use serde_json::{Value, json};

/// A whole booking: a flow starts, three slots are read by rules, two actions run.
pub const BOOKING: [&str; 4] = ["I want to book a flight", "Madrid", "Barcelona", "15 March 2024"];

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        // 2024-02-01.
        Timestamp(1_706_745_600_000_000)
    }
}

/// The example of flights with actions that answer at once.
pub async fn flights(database: Option<&Path>) -> Dialogue {
    builder(database).build().await.unwrap()
}

/// The same, to be given more.
pub fn builder(database: Option<&Path>) -> DialogueBuilder {
    let flows = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/dialogue/flights.yml");
    let found = |inputs: Value, _: Call| async move {
        let flight = format!("{} {}", inputs["origin"].as_str().unwrap(), inputs["destination"].as_str().unwrap());
        Ok(json!({ "flight": flight, "price": { "amount": "89.00", "currency": "EUR" } }))
    };
    let builder = Dialogue::builder(flows)
        .clock(Arc::new(Fixed))
        .action("search_available_flights", found)
        .action("confirm_flight_booking", |_: Value, _: Call| async { Ok(json!({ "reference": "X7Q2" })) })
        .action("release_flight_booking", |_: Value, _: Call| async { Ok(json!({ "released": true })) });
    match database {
        Some(path) => builder.database(path),
        None => builder,
    }
}
