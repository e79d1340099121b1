//! Whole conversations.

use std::fmt::Write as _;

use ninefold_dialogue::Dialogue;

use crate::flights::flights;

/// A conversation as it reads.
async fn talk(dialogue: &Dialogue, session: &str, messages: &[&str]) -> String {
    let mut text = String::new();
    for message in messages {
        let reply = dialogue.turn(session, message).await.unwrap();
        let _ = writeln!(text, "> {message}\n{}", reply.text());
        assert!(reply.failures.is_empty(), "{:?}", reply.failures);
    }
    text
}

#[tokio::test]
async fn a_flight_is_booked() {
    let (dialogue, asked) = flights(None);
    for messages in [
        [
            "I want to book a flight from Madrid to Barcelona on March 15th, 2024",
            "The origin city is Madrid",
            "The destination is Barcelona",
            "The departure date is March 15th, 2024",
        ],
        [
            "I need to book a flight from Paris to London on April 20th, 2024",
            "Origin: Paris",
            "Destination: London",
            "Date: April 20th, 2024",
        ],
        [
            "Book a flight from New York to Los Angeles on May 10th, 2024",
            "My origin is New York",
            "My destination is Los Angeles",
            "I want to depart on May 10th, 2024",
        ],
        [
            "I want to book a flight",
            "I am departing from Madrid",
            "I want to go to Barcelona",
            "I want to travel on March 15th, 2024",
        ],
    ] {
        println!("{}\n---", talk(&dialogue, messages[0], &messages).await);
    }
    println!(
        "{}\n---",
        talk(
            &dialogue,
            "x",
            &[
                "hello",
                "I want to book a flight",
                "Madrid",
                "what?",
                "Madrid",
                "Lisbon",
                "actually from Porto",
                "cancel",
                "cancel",
                "blah blah",
                "",
                "book a flight",
                "repeat",
                "speak to a human"
            ]
        )
        .await
    );
}
