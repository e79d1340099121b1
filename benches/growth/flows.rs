//! Flows of a conversation: the scope of one turn, which looks for flows that the message may mean; and the index of them, made once.

#[path = "../../crates/dialogue/benches/scope/made.rs"]
#[allow(dead_code)]
mod made;

use std::borrow::Cow;
use std::hint::black_box;
use std::time::Instant;

use ninefold_dialogue::expression::Names;
use ninefold_dialogue::scope::{Index, Scope, View};
use serde_json::{Value, json};

use crate::Extent;
use crate::subject::Subject;

const VERBS: [&str; 10] = ["book", "cancel", "find", "change", "pay", "rate", "send", "renew", "report", "compare"];
const NOUNS: [&str; 10] =
    ["flight", "hotel", "table", "doctor", "invoice", "parcel", "ticket", "policy", "car", "course"];
const PLACES: [&str; 10] =
    ["home", "abroad", "office", "school", "airport", "harbour", "village", "museum", "clinic", "garage"];

/// Nothing has a value that a guard could read.
struct Nothing;

impl Names for Nothing {
    fn value(&self, _: &str) -> Option<Cow<'_, Value>> {
        None
    }
}

pub fn measure(extent: Extent) -> Subject {
    let mut subject =
        Subject::new("flows", "The scope of a turn, among so many flows with three slots each", "flows", "µs");
    let counts: &[usize] = extent.pick(&[1, 10], &[1, 10, 100, 1_000], &[1, 3, 10, 30, 100, 300, 1_000]);
    for &count in counts {
        let rows: Vec<Value> = (0..count).map(flow).collect();
        let program = made::program(&rows);
        let mut built = Vec::new();
        for _ in 0..extent.pick(2, 20, 20) {
            let start = Instant::now();
            black_box(Index::new(&program));
            built.push(start.elapsed().as_secs_f64() * 1e6);
        }
        let index = Index::new(&program);
        let mut samples = Vec::new();
        for n in 0..extent.pick(2, 200, 400) {
            let at = n * 7 % count;
            let [verb, noun, place] = words(at);
            let message = format!("Hello, could you {verb} a {noun} {place} for me next Monday, please?");
            let view = view(&message);
            let start = Instant::now();
            let scope = Scope::of(&program, &index, black_box(&view));
            samples.push(start.elapsed().as_secs_f64() * 1e6);
            let name = rows[at]["flow"].as_str().unwrap();
            assert!(
                scope.flows.iter().any(|flow| flow.name == name),
                "{name} is not among {:?}",
                scope.names().collect::<Vec<_>>()
            );
        }
        subject.add("the scope of a turn", count, &samples);
        subject.add("the index, made once", count, &built);
    }
    subject
}

fn words(n: usize) -> [&'static str; 3] {
    [VERBS[n % 10], NOUNS[n / 10 % 10], PLACES[n / 100 % 10]]
}

fn flow(n: usize) -> Value {
    let [verb, noun, place] = words(n);
    let slot = |name: String, description: String| json!({"name": name, "description": description, "values": []});
    json!({
        "flow": format!("{verb}_{noun}_{place}"), "description": format!("{verb} a {noun} {place}"),
        "slots": [
            slot(format!("{noun}_{n}"), format!("Which {noun} it is")),
            slot(format!("day_{n}"), format!("Date of the {noun}")),
            slot(format!("guests_{n}"), format!("Number of people for the {noun}")),
        ],
    })
}

fn view(message: &str) -> View<'_> {
    View {
        message,
        last_said: "",
        active: None,
        stack: &[],
        ended: None,
        asked: None,
        confirming: false,
        choices: &[],
        filled: &[],
        guards: &Nothing,
    }
}
