//! How often an utterance goes to the right agent when agents are described by examples alone. It reads labelled utterances from a
//! folder: `clinc150/{train,SPLIT,oos_SPLIT}.jsonl` and `banking77/train.jsonl`, an object `{"text", "intent"}` a line. Of BANKING77
//! every fifth row is asked and the others are the examples.
//!
//! ```text
//! cargo bench -p ninefold-pipeline --bench routing -- --data FOLDER --split val
//! ```
//!
//! Prints one JSON object a data set: the accuracy (a tie counts when the likeliest agent is right), the share of ties, the
//! share of utterances that no agent is like, the accuracy of what was clear, the time of one routing, and for CLINC150 the share of
//! utterances out of every agent's domain that are like none.

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use ninefold_core::{AgentCard, Cx, DecidedBy, Impasse, Phase, Plan, Scores, Subgoal, Verdict, VerifiedPlan};
use ninefold_pipeline::Run;
use ninefold_pipeline::phases::route::{Route, Routing, Skills};
use serde_json::{Value, json};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value =
        |name: &str| arguments.iter().position(|argument| argument == name).and_then(|at| arguments.get(at + 1));
    let Some(folder) = value("--data") else {
        println!("no data: name the folder that holds clinc150 and banking77 with --data FOLDER");
        return;
    };
    let split = value("--split").map_or("val", String::as_str);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let clinc = Path::new(folder).join("clinc150");
    match (read(&clinc.join("train.jsonl")), read(&clinc.join(format!("{split}.jsonl")))) {
        (Some(examples), Some(asked)) => {
            let strangers = read(&clinc.join(format!("oos_{split}.jsonl"))).unwrap_or_default();
            println!("{}", runtime.block_on(measure("clinc150", split, &examples, &asked, &strangers)));
        }
        _ => println!("no data: {} holds no train.jsonl and {split}.jsonl", clinc.display()),
    }
    let banking = Path::new(folder).join("banking77").join("train.jsonl");
    match read(&banking) {
        Some(rows) => {
            let (asked, examples): (Vec<_>, Vec<_>) = rows.into_iter().enumerate().partition(|(n, _)| n % 5 == 4);
            let rows = |rows: Vec<(usize, Row)>| rows.into_iter().map(|(_, row)| row).collect::<Vec<_>>();
            let (asked, examples) = (rows(asked), rows(examples));
            println!("{}", runtime.block_on(measure("banking77", "every fifth row of train", &examples, &asked, &[])));
        }
        None => println!("no data: {} cannot be read", banking.display()),
    }
}

struct Row {
    text: String,
    intent: String,
}

fn read(path: &Path) -> Option<Vec<Row>> {
    let text = std::fs::read_to_string(path).ok()?;
    let row = |line: &str| {
        let row: Value = serde_json::from_str(line).unwrap();
        Row { text: row["text"].as_str().unwrap().to_owned(), intent: row["intent"].as_str().unwrap().to_owned() }
    };
    Some(text.lines().map(row).collect())
}

/// One utterance as a plan of one subgoal.
fn plan(text: &str) -> VerifiedPlan {
    let scores = Scores { completeness: 1.0, consistency: 1.0, groundedness: 1.0, routability: 1.0 };
    let plan = Plan::try_from(vec![Subgoal::new("asked", text)]).unwrap();
    Verdict::new(scores, vec![], DecidedBy::Rules).accept(Arc::new(plan)).unwrap()
}

async fn measure(name: &str, split: &str, examples: &[Row], asked: &[Row], strangers: &[Row]) -> Value {
    let mut by_intent: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for Row { text, intent } in examples {
        by_intent.entry(intent).or_default().push(text);
    }
    let cards: Vec<AgentCard> =
        by_intent.iter().map(|(intent, texts)| AgentCard::new(intent, "").examples(texts.iter().copied())).collect();
    let start = Instant::now();
    let route = Route::new(Arc::new(Skills::new(&cards, None)));
    let made = start.elapsed();
    let cards: Arc<[AgentCard]> = cards.into();
    let (mut right, mut ties, mut none, mut clear, mut clear_right) = (0_u32, 0_u32, 0_u32, 0_u32, 0_u32);
    let mut nanos = Vec::with_capacity(asked.len());
    let unlike = Run::new("routing")
        .execute(&(), async |cx: Cx| {
            for Row { text, intent } in asked {
                let routing = Routing { plan: plan(text), agents: Arc::clone(&cards), utilities: Vec::new(), calls: 0 };
                let start = Instant::now();
                let routes = route.run(routing, &cx).await?;
                nanos.push(start.elapsed().as_nanos() as f64);
                let hit = u32::from(routes.assignments.first().is_some_and(|assignment| assignment.agent == *intent));
                right += hit;
                match routes.impasses.first() {
                    Some(Impasse::Tie { .. }) => ties += 1,
                    Some(_) => none += 1,
                    None => {
                        clear += 1;
                        clear_right += hit;
                    }
                }
            }
            let mut unlike = 0_u32;
            for Row { text, .. } in strangers {
                let routing = Routing { plan: plan(text), agents: Arc::clone(&cards), utilities: Vec::new(), calls: 0 };
                unlike += u32::from(route.run(routing, &cx).await?.assignments.is_empty());
            }
            Ok(unlike)
        })
        .await
        .unwrap();
    nanos.sort_by(f64::total_cmp);
    let share =
        |n: u32, of: usize| if of == 0 { Value::Null } else { json!((f64::from(n) / of as f64 * 1e4).round() / 1e4) };
    json!({
        "data": name, "split": split, "agents": cards.len(), "examples": examples.len(), "asked": asked.len(),
        "accuracy": share(right, asked.len()), "ties": share(ties, asked.len()), "like_none": share(none, asked.len()),
        "accuracy_of_clear": share(clear_right, clear as usize), "strangers": strangers.len(), "strangers_like_none": share(unlike, strangers.len()),
        "learned_in_ms": made.as_secs_f64() * 1e3, "median_us": nanos[nanos.len() / 2] / 1e3,
    })
}
