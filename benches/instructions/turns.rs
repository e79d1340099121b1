//! A turn of a dialogue, and the scope of one among many flows.

use std::fmt::Write as _;
use std::hint::black_box;

use ninefold::dialogue::Definition;
use ninefold::dialogue::program::FlowId;
use ninefold::dialogue::scope::{Guards, Index, Scope, View};

use crate::machine::flights::{BOOKING, flights};
use crate::{Operation, machine};

pub const OPERATIONS: &[Operation] = &[
    Operation { name: "dialogue turn in memory, mean of a booking of 4", rounds: 200, work: turn },
    Operation { name: "scope of a turn among 38 flows", rounds: 300, work: scope },
];

/// Whole bookings: the rounds are turns.
fn turn(rounds: u32) {
    machine::runtime().block_on(async {
        let dialogue = flights(None).await;
        for n in 0..rounds as usize {
            let reply = dialogue.turn(format!("user {}", n / BOOKING.len()), BOOKING[n % BOOKING.len()]).await.unwrap();
            assert!(reply.failures.is_empty() && reply.profile.is_available());
        }
    });
}

const VERBS: [&str; 2] = ["book", "cancel"];
const THINGS: [&str; 19] = [
    "flight", "hotel", "table", "taxi", "concert", "train", "bus", "doctor", "dentist", "haircut", "film", "museum",
    "house", "car", "boat", "course", "massage", "tour", "parcel",
];

struct Open;

impl Guards for Open {
    fn hold(&self, _: FlowId, _: &ninefold::dialogue::expression::Expression) -> bool {
        true
    }
}

fn scope(rounds: u32) {
    let mut text = String::from("flows:\n");
    for thing in THINGS {
        for verb in VERBS {
            writeln!(
                text,
                "  {verb}_{thing}:\n    description: {verb} a {thing} for the user\n    slots:\n      {thing}_name: {{type: text, \
                 description: the name of the {thing}, prompt: Which {thing}?}}\n      {thing}_date: {{type: date, description: the \
                 day of the {thing}, prompt: Which day?}}\n    steps:\n      - collect: {thing}_name\n      - collect: {thing}_date"
            )
            .unwrap();
        }
    }
    let program = Definition::from_yaml("many.yml", &text).compile(false).unwrap();
    let index = Index::new(&program);
    let flow = |name: &str| program.flow_named(name).unwrap();
    let idle = View {
        message: "I would like to see a concert in the evening, please",
        last_said: "",
        active: None,
        stack: &[],
        ended: None,
        asked: None,
        confirming: false,
        choices: &[],
        filled: &[],
        guards: &Open,
    };
    let within = View {
        message: "on the 15th of March, and I need a taxi there",
        last_said: "Which day?",
        active: Some(flow("book_train")),
        ..idle
    };
    for view in [idle, within].iter().cycle().take(rounds as usize) {
        let scope = Scope::of(&program, &index, black_box(view));
        assert!(!scope.flows.is_empty() && !scope.slots.is_empty());
        black_box(scope);
    }
}
