//! What rules alone make of the same turns.

use std::collections::BTreeMap;
use std::time::Instant;

use ninefold_dialogue::Command;
use ninefold_dialogue::normalize::{Locale, Normalizer, Prefer, Reading};
use ninefold_dialogue::program::Program;
use ninefold_dialogue::scope::{Index, Scope};
use ninefold_dialogue::secret::Secrets;
use ninefold_dialogue::understand::{Heard, Rules};
use serde_json::{Value, json};

use super::{Asked, Gold, view_of};

pub(crate) fn measure(program: &Program, index: &Index, asked: &[Asked], misses: bool) -> Value {
    let normalizer = Normalizer::default();
    // The day of the data.
    let reading = Reading { locale: Locale::EnUs, now: "2019-03-01T09:00:00".parse().unwrap(), prefer: Prefer::Future };
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut times = Vec::new();
    for turn in asked {
        let view = view_of(turn);
        let scope = Scope::of(program, index, &view);
        let heard = Heard {
            view,
            scope: &scope,
            program,
            index,
            values: &turn.values,
            last_set: None,
            normalizer: &normalizer,
            reading: &reading,
            secrets: &Secrets::default(),
        };
        let start = Instant::now();
        let understood = Rules.read(&heard);
        let time = start.elapsed().as_nanos() as f64 / 1e3;
        times.push(time);
        if misses && time > 2_000.0 {
            eprintln!("rules took {time} µs: {}", turn.message);
        }
        let mut count = |what| *counts.entry(what).or_default() += 1;
        if understood.sure {
            count("turns of which rules are sure");
        }
        let started: Vec<&str> = understood
            .commands
            .iter()
            .filter_map(|command| match command {
                Command::Start { flow } => Some(flow.as_str()),
                _ => None,
            })
            .collect();
        let clarified: Vec<&str> = understood
            .commands
            .iter()
            .flat_map(|command| match command {
                Command::Clarify { flows } => flows.iter().map(AsRef::as_ref).collect(),
                _ => vec![],
            })
            .collect();
        let name = |gold: &Gold| match gold {
            Gold::Start(flow) => Some(program.flow(*flow).unwrap().name.clone()),
            Gold::Provide(..) => None,
        };
        let wanted: Vec<_> = turn.gold.iter().filter_map(name).collect();
        for flow in &wanted {
            count("starts");
            if started.contains(&flow.as_str()) {
                count("starts right");
            } else if clarified.contains(&flow.as_str()) {
                count("starts among those asked about");
            } else if started.is_empty() {
                count("starts missed");
            } else {
                count("starts of another flow");
            }
        }
        if wanted.is_empty() && !started.is_empty() {
            count("starts that nobody wanted");
            if misses {
                eprintln!("rules start {started:?}: {} | {}", turn.last_said, turn.message);
            }
        }
        let given: Vec<(&str, &str)> = understood
            .commands
            .iter()
            .filter_map(|command| match command {
                Command::Set { slot, value } | Command::Correct { slot, value } => {
                    Some((slot.as_str(), value.as_str()))
                }
                _ => None,
            })
            .collect();
        let mut golds = Vec::new();
        for gold in &turn.gold {
            let Gold::Provide(slots, value) = gold else { continue };
            let slot = slots.first().map_or("", |slot| program.slot(*slot).unwrap().name.as_str());
            golds.push(slot);
            count("values");
            match given.iter().find(|(known, _)| *known == slot) {
                Some((_, found)) if alike(found, value) => count("values right"),
                Some((_, found)) => {
                    count("values wrong");
                    if misses {
                        eprintln!("rules {slot} = {found}, not {value}: {} | {}", turn.last_said, turn.message);
                    }
                }
                None => count("values missed"),
            }
        }
        for (slot, found) in given.iter().filter(|(slot, _)| !golds.contains(slot)) {
            count("values that nobody gave");
            if misses {
                eprintln!("rules invent {slot} = {found}: {} | {}", turn.last_said, turn.message);
            }
        }
    }
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied().unwrap_or(0.0);
    json!({"counts": counts, "p50_us": at(0.5), "p95_us": at(0.95), "p99_us": at(0.99)})
}

/// Whether one holds the other, letters and digits compared.
fn alike(a: &str, b: &str) -> bool {
    let plain =
        |text: &str| -> String { text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect() };
    let (a, b) = (plain(a), plain(b));
    !a.is_empty() && !b.is_empty() && (a.contains(&b) || b.contains(&a))
}
