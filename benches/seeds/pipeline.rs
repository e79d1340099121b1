//! Questions with a scripted model that answers at once, verification, throughput, assessment. The profile is on, as it always is.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use ninefold::core::span::name;
use ninefold::core::{Evidence, Scores, VerifyPolicy};
use ninefold::pipeline::phases::assess::{SURE, by_rules};
use ninefold::pipeline::phases::route::Skills;
use ninefold::pipeline::phases::verify::{Verification, Verify};
use ninefold::{AgentCard, Budget, Complexity, Cx, DecidedBy, Phase, Plan, Run, Soar, Subgoal};
use ninefold_testkit::ScriptedModel;
use serde::Deserialize;

use super::machine;
use super::measure::{millis, since};
use super::row::{CODE, REPORT, Row};
use super::seeds::Seeds;

const SIMPLE: Row = Row::less("simple query", "ms")
    .report(0.002, "its report; a unit error, it printed seconds")
    .really(0.17, CODE)
    .work("\"What does the main function do?\", 10 chunks in memory, scripted model; 1 call here, 2 there");
const COMPLEX: Row = Row::less("complex query", "ms")
    .report(100.0, "its report; a stub that sleeps for 0.1 s")
    .really(0.95, "its code without the sleep, measured on a 2-core machine")
    .work("\"Analyze the authentication flow …\", 3 parallel subgoals, scripted model and agents");
const VERIFICATION: Row = Row::less("verification", "ms")
    .report(50.0, REPORT)
    .really(0.031, CODE)
    .work("adversarial, 2 subgoals, scripted model: structure, one call, scores");
const THROUGHPUT: Row = Row::more("throughput", "/s")
    .report(10.0, REPORT)
    .between(3_700.0, 4_000.0, CODE)
    .work("simple queries one after the other on one thread");
const ITS_PROMPTS: Row = Row::more("assessment, right, its own 112 prompts", "%")
    .report(70.0, "its report: 60–70 % by rules")
    .between(53.6, 94.6, "its code, old and new, on its own prompts");
const RIGHT: Row = Row::more("assessment, right, questions kept apart here", "%").work(
    "every other one of crates/pipeline/data/assess.jsonl, not used to make the rules; other questions than theirs",
);
const BY_RULES: Row = Row::more("assessment, decided without a model", "%")
    .work("the same questions, each by rules that are sure; on its own prompts it decided 15.2 % so");
const ASSESSMENT: Row = Row::less("assessment, time a question", "ms")
    .really(0.136, "its new code on its own 112 prompts, measured on a 2-core machine")
    .work("mean over the questions kept apart here");

pub fn measure(seeds: &mut Seeds) {
    let runtime = machine::runtime();
    runtime.block_on(async {
        let soar = machine::asking_soar().await;
        check(&soar).await;
        let samples = if seeds.quick() { 2 } else { 200 };
        for (row, question) in [(&SIMPLE, machine::SIMPLE), (&COMPLEX, machine::COMPLEX)] {
            let taken = millis(samples, seeds.many(50), async |_| soar.answer(question).await.unwrap()).await;
            seeds.tell(row, &taken);
        }
        verification(seeds).await;
        throughput(seeds, &soar).await;
        assessment(seeds);
    });
}

/// The rows measure what they say.
async fn check(soar: &Soar) {
    let simple = soar.answer(machine::SIMPLE).await.unwrap();
    assert_eq!(simple.assessment.complexity, Complexity::Simple);
    let complex = soar.answer(machine::COMPLEX).await.unwrap();
    assert!(complex.assessment.complexity >= Complexity::Complex);
    let tree = complex.profile.tree();
    assert_eq!(tree.nodes().iter().filter(|node| node.name == name::AGENT).count(), 3);
    for answer in [simple, complex] {
        assert!(answer.degradations.is_empty() && answer.profile.is_available(), "{:?}", answer.degradations);
    }
}

async fn verification(seeds: &mut Seeds) {
    let review = r#"{"completeness": 0.9, "consistency": 0.9, "groundedness": 0.9, "issues": []}"#;
    let verify =
        Verify { model: Some(Arc::new(ScriptedModel::new().forgetful().answer("try to break a plan", review))) };
    let agents = [AgentCard::new("reader", "Reads code").capability("*")];
    let flow = Subgoal::new("flow", "analyze the authentication flow");
    let risks = Subgoal::new("risks", "identify potential security vulnerabilities in the session management code");
    let input = Verification {
        question: machine::COMPLEX.into(),
        complexity: Complexity::Critical,
        plan: Arc::new(Plan::try_from(vec![flow, risks]).unwrap()),
        evidence: Arc::new(Evidence::default()),
        skills: Arc::new(Skills::new(&agents, None)),
        agents: Arc::new(agents),
        policy: VerifyPolicy::default(),
        calls: 4,
        by_meaning: false,
        left: Budget::default(),
        time: None,
    };
    let (samples, batch) = (if seeds.quick() { 2 } else { 200 }, seeds.many(100));
    let taken = Run::new("verification")
        .execute(&(), async |cx: Cx| {
            let verdict = verify.run(input.clone(), &cx).await?.value;
            assert_eq!(verdict.by(), DecidedBy::Model);
            let Scores { completeness, .. } = verdict.scores();
            assert!((completeness - 0.9).abs() < 1e-6);
            Ok(millis(samples, batch, async |_| verify.run(input.clone(), &cx).await.unwrap()).await)
        })
        .await
        .unwrap();
    seeds.tell(&VERIFICATION, &taken);
}

async fn throughput(seeds: &mut Seeds, soar: &Soar) {
    let (windows, queries) = (if seeds.quick() { 1 } else { 15 }, seeds.many(2_000));
    let mut rates = Vec::new();
    for _ in 0..windows {
        let start = Instant::now();
        for _ in 0..queries {
            black_box(soar.answer(machine::SIMPLE).await.unwrap());
        }
        rates.push(queries as f64 / since(start) * 1e3);
    }
    seeds.tell(&THROUGHPUT, &rates);
}

#[derive(Deserialize)]
struct Labelled {
    question: String,
    level: Complexity,
}

/// Labelled questions that the rules were not made from.
pub fn kept_apart() -> Vec<(String, Complexity)> {
    let text = include_str!("../../crates/pipeline/data/assess.jsonl");
    let rows = text.lines().step_by(2).map(|line| serde_json::from_str::<Labelled>(line).unwrap());
    rows.map(|row| (row.question, row.level)).collect()
}

fn assessment(seeds: &mut Seeds) {
    seeds.missing(
        &ITS_PROMPTS,
        "its prompts are its own and not in this project; the next rows are of questions kept apart here",
    );
    let questions = kept_apart();
    let (mut right, mut sure) = (0, 0);
    for (question, level) in &questions {
        let assessment = by_rules(question);
        right += u32::from(assessment.complexity == *level);
        sure += u32::from(assessment.confidence >= SURE);
    }
    let share = |of: u32| 100.0 * f64::from(of) / questions.len() as f64;
    seeds.count(&RIGHT, share(right));
    seeds.count(&BY_RULES, share(sure));
    let rounds = if seeds.quick() { 1 } else { 40 };
    let taken: Vec<f64> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            for (question, _) in &questions {
                black_box(by_rules(black_box(question)));
            }
            since(start) / questions.len() as f64
        })
        .collect();
    seeds.tell(&ASSESSMENT, &taken);
}
