//! Messages that rules read alone.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::made::Scene;
use crate::command::{CannotHandle, Command};
use crate::normalize::Locale;
use crate::understand::Rules;
use crate::understand::line::print;

/// The commands of a message, one a line, with `; ` between them.
fn read(scene: &Scene, message: &str) -> String {
    scene.hear(message, |heard| {
        let understood = Rules.read(heard);
        assert_eq!(understood.commands.len(), understood.why.len());
        assert!(understood.why.iter().all(|why| !why.is_empty()), "{understood:?}");
        understood.commands.iter().map(print).collect::<Vec<_>>().join("; ")
    })
}

#[track_caller]
fn all(scene: &Scene, cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .map(|(message, expected)| (message, *expected, read(scene, message)))
        .filter(|(_, expected, found)| expected != found)
        .map(|(message, expected, found)| format!("{message:?}\n  expected {expected}\n  found    {found}"))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn which_of_the_flows_that_were_asked_about() {
    all(
        &Scene::idle().choosing(&["book_flight", "transfer_money"]),
        &[
            ("the first", "start book_flight"),
            ("the second one please", "start transfer_money"),
            ("option 2", "start transfer_money"),
            ("one", "start book_flight"),
            ("the former", "start book_flight"),
            ("I mean the flight", "start book_flight"),
            ("money", "start transfer_money"),
            ("not the flight", "cannot"),
            ("both", "start book_flight; start transfer_money"),
            ("none of those", "no"),
            ("the third", "cannot"),
            ("yes", "yes"),
        ],
    );
    all(&Scene::idle(), &[("the first", "cannot"), ("both", "cannot")]);
}

#[test]
fn the_first_booking_conversation() {
    let text = "I want to book a flight from Madrid to Barcelona on March 15th, 2024";
    let expected = "start book_flight; set departure_date \"March 15th, 2024\"; set origin \"Madrid\"; set destination \"Barcelona\"";
    all(&Scene::idle(), &[(text, expected)]);
    all(
        &Scene::within("book_flight", &[], "origin"),
        &[
            ("The origin city is Madrid", "set origin \"Madrid\""),
            ("The destination is Barcelona", "set destination \"Barcelona\""),
            ("The departure date is March 15th, 2024", "set departure_date \"March 15th, 2024\""),
        ],
    );
}

#[test]
fn the_other_booking_conversations() {
    all(
        &Scene::idle(),
        &[
            (
                "I need to book a flight from Paris to London on April 20th, 2024",
                "start book_flight; set departure_date \"April 20th, 2024\"; set origin \"Paris\"; set destination \"London\"",
            ),
            (
                "Book a flight from New York to Los Angeles on May 10th, 2024",
                "start book_flight; set departure_date \"May 10th, 2024\"; set origin \"New York\"; set destination \"Los Angeles\"",
            ),
            ("I want to book a flight", "start book_flight"),
        ],
    );
    all(
        &Scene::within("book_flight", &[], "origin"),
        &[
            ("Origin: Paris", "set origin \"Paris\""),
            ("Destination: London", "set destination \"London\""),
            ("Date: April 20th, 2024", "set departure_date \"April 20th, 2024\""),
            ("My origin is New York", "set origin \"New York\""),
            ("My destination is Los Angeles", "set destination \"Los Angeles\""),
            ("I want to depart on May 10th, 2024", "set departure_date \"May 10th, 2024\""),
            ("I am departing from Madrid", "set origin \"Madrid\""),
            ("I want to go to Barcelona", "set destination \"Barcelona\""),
            ("I want to travel on March 15th, 2024", "set departure_date \"March 15th, 2024\""),
            ("From Madrid to Barcelona", "set origin \"Madrid\"; set destination \"Barcelona\""),
            ("Madrid", "set origin \"Madrid\""),
            ("madrid please", "set origin \"madrid\""),
            ("It's Madrid.", "set origin \"Madrid\""),
        ],
    );
}

#[test]
fn what_was_said_already_is_corrected() {
    let values = [("origin", "Madrid"), ("destination", "Barcelona"), ("departure_date", "March 15th")];
    let scene = Scene::within("book_flight", &values, "travellers");
    all(&scene, &[("My origin is Paris", "correct origin \"Paris\""), ("to Lisbon", "correct destination \"Lisbon\"")]);
    all(
        &scene,
        &[
            ("change the date to March 20th", "correct departure_date \"March 20th\""),
            ("Please change the destination to Lisbon", "correct destination \"Lisbon\""),
            ("not Madrid but Lisbon", "correct origin \"Lisbon\""),
            ("Lisbon instead of Barcelona", "correct destination \"Lisbon\""),
            ("No, not Barcelona but Porto", "correct destination \"Porto\""),
            ("clear the destination", "clear destination"),
            ("change the date", "clear departure_date"),
        ],
    );
    let scene = Scene::within("book_flight", &values[..2], "departure_date");
    all(
        &scene,
        &[
            ("No, I meant Lisbon", "correct destination \"Lisbon\""),
            ("actually Lisbon", "correct destination \"Lisbon\""),
        ],
    );
    let mut values = values.to_vec();
    values.push(("travellers", "2"));
    let scene = Scene::within("book_flight", &values, "").confirming();
    all(
        &scene,
        &[
            ("actually 3 people", "correct travellers \"3\""),
            ("No, make it 3 people", "correct travellers \"3\""),
            ("yes, but from Paris", "correct origin \"Paris\""),
            ("no", "no"),
            ("Yes, please.", "yes"),
            ("that's right", "yes"),
            ("No, thanks", "no"),
        ],
    );
}

#[test]
fn what_steers_a_conversation() {
    let scene = Scene::within("book_flight", &[("origin", "Madrid")], "destination");
    all(
        &scene,
        &[
            ("cancel", "cancel"),
            ("Please cancel my booking", "cancel"),
            ("never mind", "cancel"),
            ("don't cancel", ""),
            ("Could you repeat that, please?", "repeat"),
            ("start over", "restart"),
            ("I want to talk to a human", "handoff"),
            ("skip", "skip"),
            ("I don't know", "skip"),
            ("thanks", "chitchat"),
            ("Hello!", "chitchat"),
            ("Are dogs allowed on board?", "knowledge \"Are dogs allowed on board?\""),
        ],
    );
    all(
        &Scene::idle(),
        &[("I want to talk to a human", "handoff"), ("good morning", "chitchat"), ("cancel", "cancel")],
    );
    let scene = Scene::within("transfer_money", &[("amount", "5 EUR"), ("recipient", "Ann")], "express");
    all(&scene, &[("yes", "set express \"yes\""), ("cancel that", "cancel")]);
}

#[test]
fn other_languages_have_the_basics() {
    let scene = || Scene::within("book_flight", &[], "origin");
    all(
        &scene().in_locale(Locale::DeDe),
        &[
            ("Von Madrid nach Barcelona", "set origin \"Madrid\"; set destination \"Barcelona\""),
            ("abbrechen", "cancel"),
            ("wie bitte?", "repeat"),
        ],
    );
    all(
        &scene().in_locale(Locale::EsEs),
        &[("De Madrid a Barcelona", "set origin \"Madrid\"; set destination \"Barcelona\""), ("cancelar", "cancel")],
    );
    all(
        &scene().in_locale(Locale::FrFr),
        &[
            ("De Paris à Lyon", "set origin \"Paris\"; set destination \"Lyon\""),
            ("Annulez, s'il vous plaît", "cancel"),
        ],
    );
    let confirming = || Scene::within("book_flight", &[], "").confirming();
    all(&confirming().in_locale(Locale::DeDe), &[("Ja, genau", "yes"), ("nein danke", "no")]);
    all(&confirming().in_locale(Locale::EsEs), &[("Sí", "yes"), ("claro que sí", "yes")]);
    all(&confirming().in_locale(Locale::FrFr), &[("Oui, d'accord", "yes"), ("non merci", "no")]);
}

#[test]
fn flows_start_by_what_they_are_about() {
    all(
        &Scene::idle(),
        &[
            ("Send 50 euros to Bob", "start transfer_money; set amount \"50 euros\"; set recipient \"Bob\""),
            ("what's the balance of my savings account?", "start check_balance; set account \"savings\""),
            ("I don't want to book a flight", "cannot"),
            ("my cat is ill", "cannot out_of_scope"),
        ],
    );
    let scene = Scene::within("book_flight", &[("origin", "Madrid")], "destination");
    all(
        &scene,
        &[
            ("first check the balance of my account please", "start check_balance"),
            ("I need to transfer money to Ann", "start transfer_money; set recipient \"Ann\""),
        ],
    );
}

#[test]
fn a_guarded_or_internal_flow_is_never_started() {
    let mut scene = Scene::idle();
    for message in ["close my account for good", "rate the conversation about a flight"] {
        let found = read(&scene, message);
        assert!(!found.contains("start close_account") && !found.contains("pattern_feedback"), "{found}");
    }
    scene.names = super::made::Known(Some(("owner", true.into())));
    assert_eq!(read(&scene, "close my account for good"), "start close_account");
}

#[test]
fn bad_input_is_no_command() {
    let scene = Scene::within("book_flight", &[], "origin");
    for message in ["", "   ", "\u{0}\u{1}\u{202e}", "???", "🙂"] {
        assert_eq!(read(&scene, message), "cannot", "{message:?}");
    }
    let long = "from Madrid ".repeat(90_000);
    scene.hear(&long, |heard| assert!(Rules.read(heard).commands.len() <= 8));
    assert_eq!(read(&scene, "من مدريد"), "set origin \"من مدريد\"");
}

#[test]
fn an_unread_message_is_left_to_a_model() {
    Scene::idle().hear("my cat is ill", |heard| {
        let understood = Rules.read(heard);
        assert!(!understood.sure);
        assert_eq!(understood.commands, [Command::CannotHandle { reason: CannotHandle::OutOfScope }]);
    });
}

proptest! {
    #[test]
    fn whatever_is_said_stays_in_scope(message in "(?s).{0,80}|([a-zA-Z ,.?']|from |to |cancel |not |but |is |: |change |no, ){0,25}") {
        static SCENES: LazyLock<[Scene; 3]> = LazyLock::new(|| {
            let within = || Scene::within("book_flight", &[("origin", "Madrid")], "destination");
            [Scene::idle(), within(), within().confirming()]
        });
        for scene in SCENES.iter() {
            scene.hear(&message, |heard| {
                let understood = Rules.read(heard);
                for command in &understood.commands {
                    assert!(heard.scope.allows(command).is_ok(), "{command:?}");
                }
                assert_eq!(&understood, &Rules.read(heard));
            });
        }
    }
}
