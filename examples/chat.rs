//! Books a flight in a conversation. By rules alone, without a network; with a model for what rules are unsure of where
//! `NINEFOLD_MODEL` names one, as `ollama/llama3.2`, and the program was built with `--features llm-http`.
//!
//! ```sh
//! cargo run --example chat --features dialogue                # talk to it
//! cargo run --example chat --features dialogue < /dev/null    # a conversation of its own
//! ```

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use ninefold::dialogue::Call;
use ninefold::{Dialogue, Event};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Wanted {
    origin: String,
    destination: String,
}

#[derive(Serialize)]
struct Money {
    amount: String,
    currency: String,
}

#[derive(Serialize)]
struct Offer {
    flight: String,
    price: Money,
}

#[derive(Serialize)]
struct Held {
    reference: String,
}

#[derive(Serialize)]
struct Released {
    released: bool,
}

const CONVERSATION: [&str; 4] = ["I want to book a flight", "Madrid", "Barcelona", "tomorrow"];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let flows = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/dialogue/flights.yml");
    #[allow(unused_mut, reason = "a build without models changes nothing")]
    let mut builder = Dialogue::builder(flows)
        .action("search_available_flights", |wanted: Wanted, _: Call| async move {
            // The same two cities have the same flight.
            let number = (wanted.origin.len() * 100 + wanted.destination.len() * 7) % 1_000;
            let price = Money { amount: format!("{}.00", 40 + number % 90), currency: "EUR".into() };
            Ok(Offer { flight: format!("NF {number:03}"), price })
        })
        // Whoever holds seats gets the key, so that no seat is held twice for one call.
        .action("confirm_flight_booking", |_: serde_json::Value, call: Call| async move {
            Ok(Held { reference: call.key.chars().take(6).collect::<String>().to_uppercase() })
        })
        .action(
            "release_flight_booking",
            |_: serde_json::Value, _: Call| async move { Ok(Released { released: true }) },
        );
    if let Ok(name) = std::env::var("NINEFOLD_MODEL") {
        #[cfg(feature = "llm-http")]
        {
            builder = builder.model(ninefold::open_model(&name)?);
        }
        #[cfg(not(feature = "llm-http"))]
        println!("(to ask {name}, build with --features llm-http; rules alone understand)");
    }
    let dialogue = builder.build().await?;

    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        print!("> ");
        std::io::stdout().flush()?;
    }
    let mut heard = false;
    for message in stdin.lock().lines() {
        heard = true;
        turn(&dialogue, &message?).await?;
        print!("> ");
        std::io::stdout().flush()?;
    }
    if !heard {
        for message in CONVERSATION {
            println!("> {message}");
            turn(&dialogue, message).await?;
        }
    }
    if let Some(last) = dialogue.inspect("you", CONVERSATION.len() as u64).await? {
        println!("{last}");
    }
    Ok(())
}

/// Says each text when it is there, and where the time went.
async fn turn(dialogue: &Dialogue, message: &str) -> Result<(), Box<dyn std::error::Error>> {
    let mut events = dialogue.stream("you", message);
    while let Some(event) = events.next().await {
        match event? {
            Event::Text(text) => println!("{text}"),
            Event::Answered(reply) => println!("{}", reply.profile.table()),
            _ => {}
        }
    }
    Ok(())
}
