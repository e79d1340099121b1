//! What a scope costs and what it misses: recall of the intended commands, and tokens of the names offered.
//!
//! ```text
//! cargo bench -p ninefold-dialogue --bench scope -- --data DIR --split dev
//! ```
//!
//! Reads `sgd/flows-SPLIT.jsonl` and `sgd/turns-SPLIT.jsonl` below DIR; the five cases are the predecessor's own, written here. With
//! `--misses` each command that is missed is printed.
//!
//! **How names are counted.** What a turn is offered are the names of flows that can be started and of slots that can be given, as a
//! model reads them: plain names, each once, joined by a comma and a blank; tokens are characters by four. The commands without a
//! name (yes, cancel, repeat, ...) are the same in every turn and not counted, save in the five cases, whose own list of such
//! commands (cancel, help, restart) is counted as it was there. `tokens_prefixed` counts as the reference did: `start_` before flows and
//! `provide_` before slots, and a slot once for each flow that has it.
//!
//! **What is counted as found.** `start X`: the flow X is offered. `provide S` of a service: a slot S that belongs to a flow of
//! this service is offered; a slot of that name of another service does not count.
//!
//! The rows of rules say what rules alone make of the same turns: a start is right when just that flow is started, a value when a slot of
//! that name gets the words of the data, or some of them.
//!
//! **How the data become a program.** A flow's name and description are those of the data, its slots those of the intent, with
//! their descriptions; a slot with values is a category, one whose name or description speaks of a date, a time or a number is of that kind,
//! any other a text. Nothing is added: no triggers, no synonyms. The data do not say when a flow has ended; it is taken as active until
//! another starts, and as possibly ended when all its required slots have values. What was asked is not in the data and not used.

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

#[allow(dead_code)]
#[path = "../../../../benches/machine/data.rs"]
mod data;
#[path = "../../../../benches/machine/describe.rs"]
mod describe;
mod five;
mod made;
#[allow(dead_code)]
#[path = "../../../../benches/machine/report.rs"]
mod report;
mod rules;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Instant;

use ninefold_dialogue::program::{FlowId, Program, SlotId};
use ninefold_dialogue::scope::{Bounds, Index, Scope, View};
use serde_json::{Value, json};

use data::Data;
use report::{Report, Target};

use five::{count, prefixed_names, view};

fn main() {
    let data = Data::from_arguments();
    let misses = std::env::args().any(|argument| argument == "--misses");
    let Some(flows) = data.lines(&format!("sgd/flows-{}.jsonl", data.split)) else { return };
    let Some(turns) = data.lines(&format!("sgd/turns-{}.jsonl", data.split)) else { return };
    describe::describe();
    let mut report = Report::new("scope", "cargo bench -p ninefold-dialogue --bench scope");
    report.read_from(&data.split, data.files());
    let program = made::program(&flows);
    let built = Instant::now();
    let index = Index::new(&program);
    let built = built.elapsed().as_secs_f64() * 1e6;
    let asked: Vec<Asked> = turns.iter().map(|turn| asked(&program, &flows, turn)).collect();
    measure(&program, &index, &asked, misses, &mut report);
    curve(&program, &index, &asked, &mut report);
    let of = format!("scope of a turn, {} flows", program.flows.len());
    report.times(&of, "", &times(&program, &index, &asked), Target::Most(60.0));
    report.value("index of the flows made", "", "µs", built, Target::None);
    rules::measure(&program, &index, &asked, misses, &mut report);
    five_cases(&mut report);
    report.print();
}

fn five_cases(report: &mut Report) {
    let cases = five::cases(&made::flights());
    let mean = |of: fn(&five::Case) -> usize| cases.iter().map(of).sum::<usize>() as f64 / cases.len() as f64;
    let (plain, prefixed) = (mean(|case| case.tokens), mean(|case| case.prefixed));
    let present = cases.iter().filter(|case| case.present).count();
    report.value("tokens of the predecessor's five cases, mean", "", "tokens", plain, Target::Most(18.0));
    report.value("tokens of the five cases, mean", "with prefixes", "tokens", prefixed, Target::None);
    report.value(
        "of the five cases, those whose commands are all offered",
        "",
        "cases",
        present as f64,
        Target::Least(5.0),
    );
    let row = |case: &five::Case| {
        json!({
            "message": case.message, "offered": case.offered, "tokens": case.tokens,
            "tokens_prefixed": case.prefixed, "commands": case.commands, "intended_present": case.present,
        })
    };
    report.detail("five_cases", cases.iter().map(row).collect());
}

/// A user's turn of the data.
struct Asked {
    message: String,
    last_said: String,
    active: Option<FlowId>,
    ended: Option<FlowId>,
    filled: Vec<SlotId>,
    values: Vec<(SlotId, String)>,
    gold: Vec<Gold>,
}

enum Gold {
    Start(FlowId),
    /// Any of these slots, with this value.
    Provide(Vec<SlotId>, String),
}

/// What is found, and with how many tokens, when so many of the best flows are offered.
fn curve(program: &Program, index: &Index, asked: &[Asked], report: &mut Report) {
    let curve = (1..=5).map(|k| {
        let (slots_idle, slots_active) = (k.min(3), k.min(2));
        let bounds = Bounds { flows_idle: k, flows_active: k, slots_idle, slots_active, ..Bounds::default() };
        let offered = Offered::of(program, index, asked, &bounds, false);
        let [found, all] = offered.found["all"];
        let mean = |sum: usize| sum as f64 / asked.len().max(1) as f64;
        json!({"flows": k, "found": found, "commands": all, "tokens": mean(offered.tokens), "tokens_prefixed": mean(offered.prefixed)})
    });
    report.detail("curve_of_ranked_flows", curve.collect());
}

fn asked(program: &Program, flows: &[Value], turn: &Value) -> Asked {
    let text = |name: &str| turn[name].as_str().unwrap_or_default().to_owned();
    let active = turn["active_flow"].as_str().map(|name| program.flow_named(name).unwrap());
    let row = active.map(|flow| &flows[usize::from(flow.0)]);
    let has = |slot: &Value| turn["filled"].get(slot["name"].as_str().unwrap()).is_some();
    let slots = |row: &Value| row["slots"].as_array().unwrap().clone();
    let complete = row.is_some_and(|row| slots(row).iter().filter(|slot| slot["required"] == true).all(has));
    let filled = row.map_or_else(Vec::new, |row| {
        slots(row)
            .iter()
            .filter(|slot| has(slot))
            .map(|slot| program.slot_named(active, slot["name"].as_str().unwrap()).unwrap())
            .collect()
    });
    let said = |slot: &SlotId| {
        turn["filled"][program.slot(*slot).unwrap().name.as_str()].as_str().unwrap_or_default().to_owned()
    };
    let values = filled.iter().map(|slot| (*slot, said(slot))).collect();
    let gold = turn["gold"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|gold| {
            if let Some(start) = gold["start"].as_str() {
                return Some(Gold::Start(program.flow_named(start).unwrap()));
            }
            let slot = gold["provide"].as_str()?;
            let of_service = flows.iter().filter(|flow| flow["service"] == gold["service"]);
            let flow = |row: &Value| program.flow_named(row["flow"].as_str().unwrap());
            let value = gold["value"].as_str().unwrap_or_default().to_owned();
            Some(Gold::Provide(of_service.filter_map(|row| program.slot_named(flow(row), slot)).collect(), value))
        })
        .collect();
    Asked {
        message: text("user"),
        last_said: text("system"),
        active,
        ended: active.filter(|_| complete),
        filled,
        values,
        gold,
    }
}

fn view_of(asked: &Asked) -> View<'_> {
    View {
        message: &asked.message,
        last_said: &asked.last_said,
        active: asked.active,
        ended: asked.ended,
        filled: &asked.filled,
        ..view()
    }
}

/// What turns were offered, in all.
#[derive(Default)]
struct Offered {
    tokens: usize,
    prefixed: usize,
    most: usize,
    names: usize,
    /// By kind of command: how many are offered, and how many there are.
    found: BTreeMap<&'static str, [usize; 2]>,
}

impl Offered {
    fn of(program: &Program, index: &Index, asked: &[Asked], bounds: &Bounds, misses: bool) -> Self {
        let mut all = Self { found: [("all", [0, 0])].into(), ..Self::default() };
        for turn in asked {
            let scope = Scope::within(program, index, &view_of(turn), bounds);
            let counted = count(scope.names().map(Cow::Borrowed));
            (all.tokens, all.most) = (all.tokens + counted, all.most.max(counted));
            all.prefixed += count(prefixed_names(program, &scope).into_iter());
            all.names += scope.names().count();
            for gold in &turn.gold {
                let (kind, hit) = match gold {
                    Gold::Start(flow) => ("start", scope.flows.iter().any(|offered| offered.id == *flow)),
                    Gold::Provide(slots, _) => {
                        ("provide", scope.slots.iter().any(|offered| offered.ids.iter().any(|id| slots.contains(id))))
                    }
                };
                if misses && !hit {
                    println!("{kind} {}: {} | {}", name(program, gold), turn.last_said, turn.message);
                }
                let open = if turn.active.is_some() { "a flow is open" } else { "no flow is open" };
                for kind in ["all", kind, open] {
                    let [found, of] = all.found.entry(kind).or_default();
                    (*found, *of) = (*found + usize::from(hit), *of + 1);
                }
            }
        }
        all
    }
}

fn name<'a>(program: &'a Program, gold: &Gold) -> &'a str {
    match gold {
        Gold::Start(flow) => program.flow(*flow).unwrap().name.as_str(),
        Gold::Provide(slots, _) => slots.first().map_or("?", |slot| program.slot(*slot).unwrap().name.as_str()),
    }
}

fn measure(program: &Program, index: &Index, asked: &[Asked], misses: bool, report: &mut Report) {
    let offered = Offered::of(program, index, asked, &Bounds::default(), misses);
    for (kind, [found, of]) in &offered.found {
        let target = if *kind == "all" { Target::Least(97.0) } else { Target::None };
        report.share("commands in scope", kind, *found, *of, target);
    }
    let turns = asked.len();
    let mean = |sum: usize| sum as f64 / turns.max(1) as f64;
    report.value(&format!("tokens of a turn, mean of {turns}"), "", "tokens", mean(offered.tokens), Target::Most(90.0));
    report.value("tokens of a turn, mean", "with prefixes", "tokens", mean(offered.prefixed), Target::None);
    report.value("tokens of a turn, most", "", "tokens", offered.most as f64, Target::None);
    report.value("names offered in a turn, mean", "", "names", mean(offered.names), Target::None);
}

/// The microseconds of each scope, twice, after a round that is not counted.
fn times(program: &Program, index: &Index, asked: &[Asked]) -> Vec<f64> {
    let mut times = Vec::with_capacity(2 * asked.len());
    for round in 0..3 {
        for turn in asked {
            let view = view_of(turn);
            let start = Instant::now();
            std::hint::black_box(Scope::of(program, index, std::hint::black_box(&view)));
            if round > 0 {
                times.push(start.elapsed().as_nanos() as f64 / 1e3);
            }
        }
    }
    times
}
