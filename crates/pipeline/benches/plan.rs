//! What planning costs besides models: verification by structure, and routing by capabilities and by examples. Parts can be named:
//! `verify`, `route`.

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

#[path = "../../../benches/machine/crates.rs"]
mod machine;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use machine::{Report, Target};
use ninefold_core::{
    AgentCard, Chunk, ChunkKind, Complexity, Cx, DecidedBy, Evidence, Passage, Phase, Plan, Scores, Subgoal, Verdict,
    VerifiedPlan, VerifyPolicy, WeightedTerm, terms,
};
use ninefold_pipeline::Run;
use ninefold_pipeline::phases::route::{Route, Routing, Skills};
use ninefold_pipeline::phases::verify::{Verification, Verify};

const SAMPLES: usize = 400;
const BATCH: usize = 50;

fn main() {
    machine::describe();
    let mut report = Report::new("plan", "cargo bench -p ninefold-pipeline --bench plan");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        Run::new("plan")
            .execute(&(), async |cx: Cx| {
                if machine::named("verify") {
                    verify(&mut report, &cx).await;
                }
                if machine::named("route") {
                    route(&mut report, &cx).await;
                }
                Ok(())
            })
            .await
            .unwrap();
    });
    report.write();
}

/// What is asked about twenty things.
const THINGS: [&str; 20] = [
    "journal", "cache", "budget", "scope", "deadline", "profile", "memory", "session", "router", "ledger", "embedder",
    "index", "agent", "tool", "phase", "verifier", "planner", "stream", "store", "clock",
];

fn question() -> String {
    format!("Compare how the {} treat failures and recommend changes", THINGS.join(", the "))
}

/// Twenty subgoals, each about one of the things; the last ten wait for the first ten.
fn subgoals() -> Vec<Subgoal> {
    let subgoal = |(n, thing): (usize, &&str)| {
        let mut subgoal =
            Subgoal::new(format!("s{n}"), format!("Find out how the {thing} treats failures and what happens next"));
        if n >= 10 {
            subgoal.depends_on = vec![format!("s{}", n - 10).into()];
            subgoal.critical = true;
        }
        subgoal
    };
    THINGS.iter().enumerate().map(subgoal).collect()
}

/// Fifteen passages of a hundred words.
fn evidence() -> Evidence {
    let passage = |n: usize| {
        let words: Vec<String> = (0..100).map(|word| format!("word{}", n * 31 + word * 7)).collect();
        let text = format!("{} {}", THINGS[n], words.join(" "));
        Passage::new(Arc::new(Chunk::new(&format!("{n}.md"), ChunkKind::Text, text)), 1.0)
    };
    let weigh = |term| WeightedTerm { term, weight: 2.0 };
    Evidence {
        passages: (0..15).map(passage).collect(),
        terms: terms::query_terms(&question()).into_iter().map(weigh).collect(),
        matched: 15,
        ..Evidence::default()
    }
}

/// Twenty agents with two capabilities and twenty examples each.
fn described(examples: usize) -> Vec<AgentCard> {
    let card = |(n, thing): (usize, &&str)| {
        let example = |k: usize| {
            let verb = ["mend", "explain", "measure", "draw", "open"][k % 5];
            format!("please {verb} the {thing} of machine {} before {}", k * n, THINGS[(n + k) % 20])
        };
        AgentCard::new(format!("agent-{n}"), "Knows one thing")
            .capability(format!("mend {thing}"))
            .capability(format!("{thing} statistics"))
            .examples((0..examples).map(example))
    };
    THINGS.iter().enumerate().map(card).collect()
}

fn verification(subgoals: Vec<Subgoal>, evidence: Evidence, agents: Vec<AgentCard>) -> Verification {
    Verification {
        question: question().into(),
        complexity: Complexity::Complex,
        plan: Arc::new(Plan::try_from(subgoals).unwrap()),
        evidence: Arc::new(evidence),
        skills: Arc::new(Skills::new(&agents, None)),
        agents: agents.into(),
        policy: VerifyPolicy::default(),
        calls: 0,
        by_meaning: false,
        left: ninefold_core::Budget::default(),
        time: None,
    }
}

async fn verify(report: &mut Report, cx: &Cx) {
    let mut micros = Vec::new();
    for _ in 0..machine::samples(SAMPLES) {
        let plans: Vec<Vec<Subgoal>> = (0..BATCH).map(|_| subgoals()).collect();
        let start = Instant::now();
        for plan in plans {
            black_box(Plan::try_from(black_box(plan)).unwrap());
        }
        micros.push(start.elapsed().as_secs_f64() * 1e6 / BATCH as f64);
    }
    report.samples("make a plan of 20 subgoals: names, dependencies, order, words", "", "µs", &micros, Target::None);
    let verify = Verify { model: None };
    let mut agents = described(0);
    let capable = || {
        subgoals()
            .into_iter()
            .enumerate()
            .map(|(n, s)| Subgoal { capability: Some(format!("{} statistics", THINGS[n]).into()), ..s })
            .collect()
    };
    let strict = verification(capable(), evidence(), agents.clone());
    agents.push(AgentCard::new("any", "Anything").capability("*"));
    let anyone = verification(subgoals(), evidence(), agents.clone());
    let mut strangers = subgoals();
    strangers[19].description = "Something about squirrels".into();
    let strangers = verification(strangers, evidence(), agents);
    for (name, input, target) in [
        ("verify by structure: 20 subgoals, 15 passages, one agent takes anything", anyone, Target::Most(10.0)),
        ("verify by structure: 20 subgoals, 15 passages, each by its capability", strict, Target::None),
        ("verify by structure: the same, one subgoal is looked up in the passages", strangers, Target::None),
    ] {
        let verdict = verify.run(input.clone(), cx).await.unwrap().value;
        assert!(
            (verdict.scores().routability - 1.0).abs() < 1e-6 && verdict.scores().completeness > 0.8,
            "{verdict:?}"
        );
        let mut micros = Vec::new();
        for _ in 0..machine::samples(SAMPLES) {
            let inputs: Vec<Verification> = (0..BATCH).map(|_| input.clone()).collect();
            let start = Instant::now();
            for input in inputs {
                black_box(verify.run(black_box(input), cx).await.unwrap());
            }
            micros.push(start.elapsed().as_secs_f64() * 1e6 / BATCH as f64);
        }
        report.samples(name, "", "µs", &micros, target);
    }
}

fn verified(subgoals: Vec<Subgoal>) -> VerifiedPlan {
    let scores = Scores { completeness: 1.0, consistency: 1.0, groundedness: 1.0, routability: 1.0 };
    Verdict::new(scores, vec![], DecidedBy::Rules).accept(Arc::new(Plan::try_from(subgoals).unwrap())).unwrap()
}

async fn route(report: &mut Report, cx: &Cx) {
    let agents = described(20);
    let made = machine::times(20, 1, || drop(black_box(Skills::new(&agents, None))));
    report.samples("make what is known of 20 agents with 20 examples each", "", "µs", &made, Target::None);
    let skills = Arc::new(Skills::new(&agents, None));
    let route = Route::new(skills);
    let agents: Arc<[AgentCard]> = agents.into();
    let one = |subgoal: Subgoal| vec![subgoal];
    let four =
        (0..4).map(|n| Subgoal::new(format!("s{n}"), format!("please explain the {} of machine {n}", THINGS[n])));
    for (name, subgoals, target) in [
        (
            "route: 1 subgoal by examples, 20 agents × 20 examples",
            one(Subgoal::new("a", "please explain the ledger of machine 7")),
            Target::Most(20.0),
        ),
        (
            "route: 1 subgoal by the words of a capability, likewise",
            one(Subgoal::new("a", "mend the ledger of machine 7")),
            Target::Most(20.0),
        ),
        (
            "route: 1 subgoal by its agent's name, likewise",
            one(Subgoal { agent: Some("agent-9".into()), ..Subgoal::new("a", "look at machine 7") }),
            Target::Most(20.0),
        ),
        ("route: 4 subgoals by examples, likewise", four.collect(), Target::None),
    ] {
        let input = || Routing {
            plan: verified(subgoals.clone()),
            agents: Arc::clone(&agents),
            utilities: Vec::new(),
            calls: 0,
        };
        let routes = route.run(input(), cx).await.unwrap();
        assert!(routes.impasses.is_empty() && routes.assignments.len() == subgoals.len(), "{routes:?}");
        let mut micros = Vec::new();
        for _ in 0..machine::samples(SAMPLES) {
            let inputs: Vec<Routing> = (0..BATCH).map(|_| input()).collect();
            let start = Instant::now();
            for input in inputs {
                black_box(route.run(black_box(input), cx).await.unwrap());
            }
            micros.push(start.elapsed().as_secs_f64() * 1e6 / BATCH as f64);
        }
        report.samples(name, "", "µs", &micros, target);
    }
}
