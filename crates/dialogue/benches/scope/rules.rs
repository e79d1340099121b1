//! What rules alone make of the same turns.

use std::collections::BTreeMap;
use std::time::Instant;

use super::report::{Report, Target};
use super::{Asked, Gold, view_of};
use ninefold_dialogue::Command;
use ninefold_dialogue::normalize::{Locale, Normalizer, Prefer, Reading};
use ninefold_dialogue::program::Program;
use ninefold_dialogue::scope::{Index, Scope};
use ninefold_dialogue::secret::Secrets;
use ninefold_dialogue::understand::{Heard, Rules};

pub(crate) fn measure(program: &Program, index: &Index, asked: &[Asked], misses: bool, report: &mut Report) {
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
            println!("rules took {time} µs: {}", turn.message);
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
                println!("rules start {started:?}: {} | {}", turn.last_said, turn.message);
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
                        println!("rules {slot} = {found}, not {value}: {} | {}", turn.last_said, turn.message);
                    }
                }
                None => count("values missed"),
            }
        }
        for (slot, found) in given.iter().filter(|(slot, _)| !golds.contains(slot)) {
            count("values that nobody gave");
            if misses {
                println!("rules invent {slot} = {found}: {} | {}", turn.last_said, turn.message);
            }
        }
    }
    let count = |what: &str| counts.get(what).copied().unwrap_or_default();
    let mut share = |row: &str, part: &str, of: usize| report.share(row, "rules alone", count(part), of, Target::None);
    share("turns of which rules are sure", "turns of which rules are sure", asked.len());
    share("starts right", "starts right", count("starts"));
    share("starts among those asked about", "starts among those asked about", count("starts"));
    share("starts of another flow", "starts of another flow", count("starts"));
    share("turns with a start that nobody wanted", "starts that nobody wanted", asked.len());
    share("values right", "values right", count("values"));
    share("values wrong", "values wrong", count("values"));
    let invented = count("values that nobody gave") as f64;
    report.value("values that nobody gave", "rules alone", "values", invented, Target::None);
    report.times("rules on a turn", "", &times, Target::None);
}

/// Whether one holds the other, letters and digits compared.
fn alike(a: &str, b: &str) -> bool {
    let plain =
        |text: &str| -> String { text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect() };
    let (a, b) = (plain(a), plain(b));
    !a.is_empty() && !b.is_empty() && (a.contains(&b) || b.contains(&a))
}
