//! Programs made of the data's flows, and of the predecessor's example.

use std::sync::Arc;
use std::time::Duration;

use ninefold_core::Key;
use ninefold_dialogue::normalize::{Locale, Prefer};
use ninefold_dialogue::program::{Action, ActionId, Flow, FlowId, Op, Place, Program, Settings, Slot, SlotId};
use ninefold_dialogue::response::Response;
use ninefold_dialogue::{Choice, Kind};
use serde_json::{Value, json};

/// A flow that books flights, with two actions that only it runs.
pub(crate) fn flights() -> Program {
    let slot = |name: &str, description: &str| json!({"name": name, "description": description, "values": []});
    let mut program = program(&[json!({
        "flow": "book_flight", "description": "Book a flight",
        "slots": [slot("origin", "City of departure"), slot("destination", "City of arrival"), slot("departure_date", "Date of departure")],
    })]);
    for (at, name) in (0..).zip(["search_available_flights", "confirm_flight_booking"]) {
        program.actions.push(Action {
            name: name.into(),
            description: String::new(),
            inputs: vec![],
            outputs: vec![],
            timeout: Duration::from_secs(10),
            attempts: 1,
            place: Place::default(),
        });
        let op = Op::Action { action: ActionId(at), inputs: vec![], outputs: vec![], failed: None };
        let end = program.flows[0].ops.len() - 1;
        program.flows[0].ops.insert(end, op);
    }
    program
}

/// A program of flows that collect their slots.
pub(crate) fn program(rows: &[Value]) -> Program {
    let (mut slots, mut flows) = (Vec::new(), Vec::new());
    for (at, row) in (0..).zip(rows) {
        let first = slots.len();
        slots.extend(row["slots"].as_array().unwrap().iter().map(|row| slot(FlowId(at), row)));
        let own: Vec<SlotId> = (first..slots.len()).map(|at| SlotId(u16::try_from(at).unwrap())).collect();
        let mut ops: Vec<Op> = own.iter().map(|slot| Op::Collect { slot: *slot, prompt: None }).collect();
        ops.push(Op::End);
        flows.push(Flow {
            name: row["flow"].as_str().unwrap().into(),
            description: row["description"].as_str().unwrap().to_owned(),
            triggers: vec![],
            guard: None,
            internal: false,
            collects: own.clone(),
            reaches: own.clone(),
            slots: own,
            places: vec![Place::default(); ops.len()],
            ops,
            names: vec![],
            place: Place::default(),
        });
    }
    let settings = Settings {
        locale: Locale::EnUs,
        prefer: Prefer::Future,
        longest_message: 10_000,
        most_reprompts: 3,
        deepest_stack: 8,
        most_steps: 1_000,
        silence: None,
    };
    Program { settings, slots, flows, actions: vec![], key: Key::of_bytes(b"benchmark") }
}

fn slot(flow: FlowId, row: &Value) -> Slot {
    let (name, description) = (row["name"].as_str().unwrap(), row["description"].as_str().unwrap());
    let values: Vec<Choice> = row["values"]
        .as_array()
        .unwrap()
        .iter()
        .map(|value| Choice { value: value.as_str().unwrap().into(), synonyms: vec![] })
        .collect();
    let speaks_of = |word: &str| {
        format!("{name} {description}").to_lowercase().split(|c: char| !c.is_alphanumeric()).any(|said| said == word)
    };
    let kind = if !values.is_empty() {
        Kind::Category { options: values }
    } else if speaks_of("date") {
        Kind::Date
    } else if speaks_of("time") {
        Kind::Time
    } else if speaks_of("number") {
        Kind::Integer
    } else {
        Kind::Text
    };
    Slot {
        name: name.into(),
        flow: Some(flow),
        kind,
        description: description.to_owned(),
        prompt: Arc::new(Response::text(description).unwrap()),
        no_match: None,
        no_input: None,
        invalid: None,
        validators: vec![],
        default: None,
        optional: row["required"] == false,
        persistent: false,
        ask_always: false,
        internal: false,
        sensitive: false,
        place: Place::default(),
    }
}
