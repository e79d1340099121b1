//! What a scope costs and what it misses: recall of the intended commands, and tokens of the names offered.
//!
//! ```text
//! cargo bench -p ninefold-dialogue --bench scope -- --data DIR --split dev
//! ```
//!
//! Prints one JSON object. `five_cases` are the predecessor's own cases, written here; `turns` reads `sgd/flows-SPLIT.jsonl` and
//! `sgd/turns-SPLIT.jsonl` below DIR (`../shared/data` unless said otherwise) and is missing, with a word why, where they are.
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
//! `rules` says what rules alone make of the same turns: `start` is right when just that flow is started, `provide` when a slot of that name
//! gets the words of the data, or some of them, and `no model needed` is the share of turns of which rules are sure.
//!
//! **How the data become a program.** A flow's name and description are those of the data, its slots those of the intent, with
//! their descriptions; a slot with values is a category, one whose name or description speaks of a date, a time or a number is of that kind,
//! any other a text. Nothing is added: no triggers, no synonyms. The data do not say when a flow has ended; it is taken as active until
//! another starts, and as possibly ended when all its required slots have values. What was asked is not in the data and not used.

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods, clippy::print_stdout)]

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::Instant;

use ninefold_dialogue::program::{FlowId, Program, SlotId};
use ninefold_dialogue::scope::{Bounds, Index, Scope, View};
use serde_json::{Value, json};

mod five;
mod made;
mod rules;

use five::{count, prefixed_names, view};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value =
        |name: &str| arguments.iter().position(|argument| argument == name).and_then(|at| arguments.get(at + 1));
    let data = value("--data")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let split = value("--split").map_or("dev", String::as_str);
    let misses = arguments.iter().any(|argument| argument == "--misses");
    let report = json!({
        "benchmark": "scope",
        "version": env!("CARGO_PKG_VERSION"),
        "machine": format!("{} {}, {} cores", std::env::consts::OS, std::env::consts::ARCH,
            std::thread::available_parallelism().map_or(1, usize::from)),
        "five_cases": five_cases(),
        "turns": turns(&data.join("sgd"), split, misses),
    });
    println!("{}", serde_json::to_string_pretty(&report).unwrap());
}

fn five_cases() -> Value {
    let cases = five::cases(&made::flights());
    let mean = |of: fn(&five::Case) -> usize| cases.iter().map(of).sum::<usize>() as f64 / cases.len() as f64;
    let present = cases.iter().filter(|case| case.present).count();
    let rows: Vec<Value> = cases.iter().map(|case| json!({
        "message": case.message, "offered": case.offered, "tokens": case.tokens, "tokens_prefixed": case.prefixed, "commands": case.commands,
        "intended_present": case.present,
    })).collect();
    json!({
        "tokens_mean": mean(|case| case.tokens), "tokens_prefixed_mean": mean(|case| case.prefixed),
        "intended_present": present, "of": cases.len(), "target": "tokens_mean at most 18, all present", "cases": rows,
    })
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

fn turns(folder: &Path, split: &str, misses: bool) -> Value {
    let (flows, turns) = (folder.join(format!("flows-{split}.jsonl")), folder.join(format!("turns-{split}.jsonl")));
    let (Some(flows), Some(turns)) = (made::rows(&flows), made::rows(&turns)) else {
        return json!({"missing": format!("no data: {} and {} are needed, name their folder's parent with --data DIR", flows.display(), turns.display())});
    };
    let program = made::program(&flows);
    let built = Instant::now();
    let index = Index::new(&program);
    let built = built.elapsed();
    let asked: Vec<Asked> = turns.iter().map(|turn| asked(&program, &flows, turn)).collect();
    let bounds = |k: usize| Bounds {
        flows_idle: k,
        flows_active: k,
        slots_idle: k.min(3),
        slots_active: k.min(2),
        ..Bounds::default()
    };
    let default = measure(&program, &index, &asked, &Bounds::default(), misses);
    let curve: Vec<Value> = (1..=5).map(|k| {
        let row = measure(&program, &index, &asked, &bounds(k), false);
        json!({"k": k, "recall": row["recall"], "tokens_mean": row["tokens_mean"], "tokens_prefixed_mean": row["tokens_prefixed_mean"]})
    }).collect();
    json!({
        "split": split, "flows": program.flows.len(), "turns": asked.len(), "target": "recall at least 0.97, tokens_mean at most 90",
        "default": default, "curve_of_ranked_flows": curve, "index_built_us": built.as_micros(), "time": time(&program, &index, &asked),
        "rules": rules::measure(&program, &index, &asked, misses),
    })
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

fn measure(program: &Program, index: &Index, asked: &[Asked], bounds: &Bounds, misses: bool) -> Value {
    let (mut tokens, mut prefixed, mut most, mut chars) = (0, 0, 0, 0);
    let mut found: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    for turn in asked {
        let scope = Scope::within(program, index, &view_of(turn), bounds);
        let counted = count(scope.names().map(Cow::Borrowed));
        (tokens, most) = (tokens + counted, most.max(counted));
        prefixed += count(prefixed_names(program, &scope).into_iter());
        chars += scope.names().count();
        for gold in &turn.gold {
            let (kind, hit) = match gold {
                Gold::Start(flow) => ("start", scope.flows.iter().any(|offered| offered.id == *flow)),
                Gold::Provide(slots, _) => {
                    ("provide", scope.slots.iter().any(|offered| offered.ids.iter().any(|id| slots.contains(id))))
                }
            };
            if misses && !hit {
                let name = match gold {
                    Gold::Start(flow) => program.flow(*flow).unwrap().name.as_str(),
                    Gold::Provide(slots, _) => {
                        slots.first().map_or("?", |slot| program.slot(*slot).unwrap().name.as_str())
                    }
                };
                eprintln!("{kind} {name}: {} | {}", turn.last_said, turn.message);
            }
            let row = found.entry(kind).or_default();
            *row = [row[0] + usize::from(hit), row[1] + 1];
            let row = found.entry(if turn.active.is_some() { "flow active" } else { "no flow active" }).or_default();
            *row = [row[0] + usize::from(hit), row[1] + 1];
        }
    }
    let share = |[hit, all]: [usize; 2]| (hit as f64 / all.max(1) as f64 * 1e4).round() / 1e4;
    let all = ["start", "provide"]
        .iter()
        .filter_map(|kind| found.get(kind))
        .fold([0, 0], |sum, row| [sum[0] + row[0], sum[1] + row[1]]);
    let mean = |sum: usize| (sum as f64 / asked.len().max(1) as f64 * 10.0).round() / 10.0;
    let by: HashMap<&str, Value> =
        found.iter().map(|(kind, row)| (*kind, json!({"recall": share(*row), "of": row[1]}))).collect();
    json!({
        "recall": share(all), "gold_commands": all[1], "by": by, "tokens_mean": mean(tokens), "tokens_most": most,
        "tokens_prefixed_mean": mean(prefixed), "names_mean": mean(chars),
    })
}

fn time(program: &Program, index: &Index, asked: &[Asked]) -> Value {
    let mut times: Vec<u64> = Vec::new();
    for round in 0..3 {
        for turn in asked {
            let view = view_of(turn);
            let start = Instant::now();
            std::hint::black_box(Scope::of(program, index, std::hint::black_box(&view)));
            if round > 0 {
                times.push(u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX));
            }
        }
    }
    times.sort_unstable();
    let at = |share: f64| times.get(((times.len() as f64 - 1.0) * share) as usize).map_or(0.0, |ns| *ns as f64 / 1e3);
    json!({"p50_us": at(0.5), "p95_us": at(0.95), "p99_us": at(0.99), "target": "at most 60 µs over 38 flows"})
}
