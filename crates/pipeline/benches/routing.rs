//! How often an utterance goes to the right agent when agents are described by examples alone.
//!
//! ```text
//! cargo bench -p ninefold-pipeline --bench routing -- --data DIR --split dev
//! cargo bench -p ninefold-pipeline -p ninefold-embed --features ninefold-embed/candle --bench routing -- --embedder candle:MODEL
//! ```
//!
//! It reads labelled utterances, an object `{"text", "intent"}` a line. CLINC150: the agents' examples are `clinc150/train.jsonl`, asked
//! are `clinc150/SPLIT.jsonl` and, of nobody's domain, `clinc150/oos_SPLIT.jsonl`; `dev` is its split `val`. BANKING77: the examples are
//! `banking77/train.jsonl` and asked is `banking77/SPLIT.jsonl`; it has no development split, so where there is no `dev.jsonl` every
//! fifth row of `train` is asked and the others are the examples.
//!
//! Utterances in scope are right when their agent takes them; where agents tie, when the likeliest of them is right. Utterances of nobody's
//! domain are right when no agent takes them. With `--embedder` the same is done by words and meaning together; the time of a decision
//! then holds that of embedding its text.. The examples are learned, and embedded, before the first decision.

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

#[allow(dead_code)]
#[path = "../../../benches/machine/data.rs"]
mod data;
#[path = "../../../benches/machine/describe.rs"]
mod describe;
#[allow(dead_code)]
#[path = "../../../benches/machine/report.rs"]
mod report;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use ninefold_core::{AgentCard, Cx, DecidedBy, Embedder, Impasse, Phase, Plan, Scores, Subgoal, Verdict, VerifiedPlan};
use ninefold_pipeline::Run;
use ninefold_pipeline::phases::route::{Meaning, Route, Routing, Skills};

use data::{Data, value};
use report::{Report, Target};

fn main() {
    let data = Data::from_arguments();
    let embedder = value("--embedder").map(|name| ninefold_embed::open(&name, None).unwrap());
    let sets: Vec<Set> = [clinc(&data), banking(&data)].into_iter().flatten().collect();
    if sets.is_empty() {
        return;
    }
    describe::describe();
    let mut report = Report::new("routing", "cargo bench -p ninefold-pipeline --bench routing");
    report.read_from(&data.split, data.files());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for set in &sets {
        runtime.block_on(measure(set, None, &mut report));
        if let Some(embedder) = &embedder {
            runtime.block_on(measure(set, Some(embedder), &mut report));
        }
    }
    report.print();
}

struct Row {
    text: String,
    intent: String,
}

/// What agents are described by, and what is asked.
struct Set {
    name: &'static str,
    examples: Vec<Row>,
    asked: Vec<Row>,
    strangers: Vec<Row>,
    /// By words; by words and meaning. In percent.
    targets: [f64; 2],
}

fn clinc(data: &Data) -> Option<Set> {
    let named = [format!("clinc150/{}.jsonl", data.split), "clinc150/val.jsonl".to_owned()];
    let asked = if data.split == "dev" { data.first(&[&named[0], &named[1]]) } else { named[0].as_str() };
    let strangers = asked.replace("150/", "150/oos_");
    let (examples, asked) = (rows(data, "clinc150/train.jsonl")?, rows(data, asked)?);
    let strangers = rows(data, &strangers).unwrap_or_default();
    Some(Set { name: "CLINC150", examples, asked, strangers, targets: [88.0, 93.0] })
}

fn banking(data: &Data) -> Option<Set> {
    let named = format!("banking77/{}.jsonl", data.split);
    let examples = rows(data, "banking77/train.jsonl")?;
    let (examples, asked) = if data.split == "dev" && !data.has(&named) {
        let (asked, examples): (Vec<_>, Vec<_>) = examples.into_iter().enumerate().partition(|(n, _)| n % 5 == 4);
        let rows = |rows: Vec<(usize, Row)>| rows.into_iter().map(|(_, row)| row).collect::<Vec<_>>();
        (rows(examples), rows(asked))
    } else {
        (examples, rows(data, &named)?)
    };
    Some(Set { name: "BANKING77", examples, asked, strangers: Vec::new(), targets: [85.0, 91.0] })
}

fn rows(data: &Data, file: &str) -> Option<Vec<Row>> {
    let text = |row: &serde_json::Value, name: &str| row[name].as_str().unwrap().to_owned();
    let rows = data.lines(file)?;
    Some(rows.iter().map(|row| Row { text: text(row, "text"), intent: text(row, "intent") }).collect())
}

/// One utterance as a plan of one subgoal.
fn plan(text: &str) -> VerifiedPlan {
    let scores = Scores { completeness: 1.0, consistency: 1.0, groundedness: 1.0, routability: 1.0 };
    let plan = Plan::try_from(vec![Subgoal::new("asked", text)]).unwrap();
    Verdict::new(scores, vec![], DecidedBy::Rules).accept(Arc::new(plan)).unwrap()
}

async fn measure(set: &Set, embedder: Option<&Arc<dyn Embedder>>, report: &mut Report) {
    let Set { name, examples, asked, strangers, targets } = set;
    let mut by_intent: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for Row { text, intent } in examples {
        by_intent.entry(intent).or_default().push(text);
    }
    let cards: Vec<AgentCard> =
        by_intent.iter().map(|(intent, texts)| AgentCard::new(intent, "").examples(texts.iter().copied())).collect();
    let start = Instant::now();
    let mut route = Route::new(Arc::new(Skills::new(&cards, None)));
    let mut variant = "by words".to_owned();
    if let Some(embedder) = embedder {
        variant = format!("with {}", embedder.model());
        let meaning = Meaning::of(&cards, Arc::clone(embedder)).unwrap();
        meaning.prepare().await.unwrap();
        route = route.meaning(Some(meaning));
    }
    let learned = start.elapsed();
    let cards: Arc<[AgentCard]> = cards.into();
    let (mut right, mut ties, mut none, mut clear, mut clear_right) = (0, 0, 0, 0, 0);
    let mut micros = Vec::with_capacity(asked.len());
    let unlike = Run::new("routing")
        .execute(&(), async |cx: Cx| {
            for Row { text, intent } in asked {
                let routing = Routing { plan: plan(text), agents: Arc::clone(&cards), utilities: Vec::new(), calls: 0 };
                let start = Instant::now();
                let routes = route.run(routing, &cx).await?;
                micros.push(start.elapsed().as_nanos() as f64 / 1e3);
                let hit = usize::from(routes.assignments.first().is_some_and(|assignment| assignment.agent == *intent));
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
            let mut unlike = 0;
            for Row { text, .. } in strangers {
                let routing = Routing { plan: plan(text), agents: Arc::clone(&cards), utilities: Vec::new(), calls: 0 };
                unlike += usize::from(route.run(routing, &cx).await?.assignments.is_empty());
            }
            Ok(unlike)
        })
        .await
        .unwrap();
    let (n, by_words) = (asked.len(), embedder.is_none());
    let target = Target::Least(targets[usize::from(!by_words)]);
    report.share(&format!("{name}: to the right of {} agents", cards.len()), &variant, right, n, target);
    report.share(&format!("{name}: right where no agents tie"), &variant, clear_right, clear, Target::None);
    report.share(&format!("{name}: agents tie"), &variant, ties, n, Target::None);
    report.share(&format!("{name}: to nobody"), &variant, none, n, Target::None);
    report.share(&format!("{name}: of no agent's domain, to nobody"), &variant, unlike, strangers.len(), Target::None);
    let most = if by_words { Target::Most(100.0) } else { Target::None };
    report.times(&format!("{name}: a decision"), &variant, &micros, most);
    let learned = learned.as_secs_f64() * 1e3;
    report.value(&format!("{name}: {} examples learned", examples.len()), &variant, "ms", learned, Target::None);
}
