//! Runs that wait for models: how near a run is to its critical path, how many calls it makes itself, and what 200 at once do.
//! Parts can be named: `critical`, `calls`, `load`.

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod machine;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use machine::{Report, Target};
use ninefold::core::{ModelId, Reply};
use ninefold::llm::Rates;
use ninefold::models::Stack;
use ninefold::{AgentCard, Complexity, Cx, Model, ModelRequest, Result, Soar, Task};
use ninefold_testkit::ScriptedModel;
use serde_json::json;

fn main() {
    machine::describe();
    let mut report = Report::new("load", "cargo bench --bench load");
    let paused = || tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    if machine::named("critical") {
        paused().block_on(critical(&mut report));
    }
    if machine::named("calls") {
        paused().block_on(calls(&mut report));
    }
    if machine::named("load") {
        machine::runtime().block_on(load(&mut report));
    }
    report.write();
}

/// Whole milliseconds, as tokio's timer has them: 50 ms, lognormal with σ = 0.4.
fn latency(random: &mut fastrand::Rng) -> Duration {
    // Box and Muller's transform.
    let radius = (-2.0 * random.f64().max(f64::MIN_POSITIVE).ln()).sqrt();
    let normal = radius * (std::f64::consts::TAU * random.f64()).cos();
    Duration::from_millis((50.0 * (0.4 * normal).exp()).round().max(1.0) as u64)
}

/// A model that takes its time, and remembers what each call took.
struct Slow {
    inner: ScriptedModel,
    random: Mutex<fastrand::Rng>,
    took: Mutex<Vec<Duration>>,
}

#[async_trait]
impl Model for Slow {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    async fn send(&self, request: ModelRequest, cx: &Cx) -> Result<Reply> {
        let latency = latency(&mut self.random.lock().unwrap());
        self.took.lock().unwrap().push(latency);
        tokio::time::sleep(latency).await;
        self.inner.send(request, cx).await
    }
}

/// Eight subgoals: one, three that wait for it, three that wait for two of those each, one that waits for all three.
const DIAMOND: [(&str, &[&str]); 8] = [
    ("root", &[]),
    ("a", &["root"]),
    ("b", &["root"]),
    ("c", &["root"]),
    ("d", &["a", "b"]),
    ("e", &["b", "c"]),
    ("f", &["a", "c"]),
    ("end", &["d", "e", "f"]),
];

fn diamond() -> String {
    let subgoal = |(id, after): &(&str, &[&str])| json!({ "id": id, "description": format!("Analyze the authentication flow, part {id}"), "agent": "worker", "depends_on": after });
    json!({ "subgoals": DIAMOND.iter().map(subgoal).collect::<Vec<_>>() }).to_string()
}

const REVIEW: &str = r#"{"completeness": 0.9, "consistency": 0.9, "groundedness": 0.9, "issues": []}"#;

fn script(plan: &str) -> ScriptedModel {
    ScriptedModel::new()
        .answer("break a question", plan)
        .answer("check a plan", REVIEW)
        .answer("try to break a plan", REVIEW)
        .answer("one part of a larger question", "It parses its arguments [1].")
        .answer("numbered sources", "It parses its arguments and starts a session [1].")
}

/// The wall time of runs over the time of the longest chain of waits in each.
async fn critical(report: &mut Report) {
    const RUNS: u64 = 200;
    let mut ratios = Vec::new();
    for seed in 0..RUNS {
        let model = Arc::new(Slow {
            inner: script(&diamond()),
            random: Mutex::new(fastrand::Rng::with_seed(seed)),
            took: Mutex::default(),
        });
        let took: Arc<Mutex<HashMap<String, Duration>>> = Arc::default();
        let worker = {
            let took = Arc::clone(&took);
            let random = Mutex::new(fastrand::Rng::with_seed(seed + 1_000));
            move |task: Task, _: Cx| {
                let latency = latency(&mut random.lock().unwrap());
                took.lock().unwrap().insert(task.subgoal.id.to_string(), latency);
                async move {
                    tokio::time::sleep(latency).await;
                    Ok("Nothing unusual was seen.")
                }
            }
        };
        let soar = Soar::builder()
            .store(machine::ten_chunks().await)
            .models(Stack::new(Arc::clone(&model)).cache(None))
            .agent(AgentCard::new("worker", "Looks at code"), worker)
            .build()
            .await
            .unwrap();
        let start = tokio::time::Instant::now();
        let answer = soar.answer(machine::COMPLEX).await.unwrap();
        let wall = start.elapsed();
        assert!(answer.degradations.is_empty(), "{:?}", answer.degradations);
        let took = took.lock().unwrap();
        let mut ends: HashMap<&str, Duration> = HashMap::new();
        for (id, after) in DIAMOND {
            let begins = after.iter().map(|id| ends[id]).max().unwrap_or_default();
            ends.insert(id, begins + took[id]);
        }
        let models: Duration = model.took.lock().unwrap().iter().sum();
        ratios.push(wall.as_secs_f64() / (models + ends["end"]).as_secs_f64());
    }
    let row = "wall over critical path, complex question, diamond of 8 subgoals, model of 50 ms lognormal";
    report.samples(row, "", "×", &ratios, Target::Most(1.01));
    let worst = ratios.iter().copied().fold(0.0, f64::max);
    report.value(row, "worst of 200", "×", worst, Target::Most(1.01));
}

/// How many calls a run makes itself, with agents that make none.
async fn calls(report: &mut Report) {
    let plan = r#"{"subgoals": [{"id": "a", "description": "analyze the authentication flow"},
        {"id": "b", "description": "look at the main function", "depends_on": ["a"]}]}"#;
    for (question, level, most) in [
        (machine::SIMPLE, Complexity::Simple, 1.0),
        ("How do the main function and the session work together?", Complexity::Medium, 3.0),
        (
            "Compare the main function with the session, the arguments and the user, and recommend which one to change first",
            Complexity::Complex,
            4.0,
        ),
        (machine::COMPLEX, Complexity::Critical, 4.0),
    ] {
        let model = Arc::new(script(plan));
        let done = |_: Task, _: Cx| async { Ok("Nothing unusual was seen.") };
        let soar = Soar::builder()
            .store(machine::ten_chunks().await)
            .models(Stack::new(Arc::clone(&model)).cache(None))
            .agent(AgentCard::new("worker", "Looks at code").capability("*"), done)
            .build()
            .await
            .unwrap();
        let answer = soar.answer(question).await.unwrap();
        assert_eq!(answer.assessment.complexity, level, "{question}");
        let asked = format!("{} question", answer.assessment.complexity.as_str());
        report.value("model calls", &asked, "calls", model.requests().len() as f64, Target::Most(most));
    }
}

/// 200 complex questions at once: a model of 50 ms that takes so many calls at a time. The ideal is all calls, that many at a time.
async fn load(report: &mut Report) {
    const QUESTIONS: usize = 200;
    const CONCURRENT: usize = 50;
    let plan = r#"{"subgoals": [
        {"id": "flow", "description": "analyze the authentication flow", "critical": true, "depends_on": []},
        {"id": "risks", "description": "identify potential security vulnerabilities", "depends_on": ["flow"]},
        {"id": "session", "description": "look at the session management code", "depends_on": ["flow"]}]}"#;
    let (mut ratios, mut beside_bare) = (Vec::new(), Vec::new());
    for _ in 0..if machine::is_test() { 1 } else { 7 } {
        let model = Arc::new(script(plan).delay(Duration::from_millis(50)));
        let rates = Rates { concurrent: Some(CONCURRENT), waiting: 10_000, ..Rates::default() };
        let soar = Soar::builder()
            .store(machine::ten_chunks().await)
            .models(Stack::new(Arc::clone(&model)).cache(None).rates(rates))
            .build()
            .await
            .unwrap();
        let start = std::time::Instant::now();
        let asked = (0..QUESTIONS).map(|_| soar.answer(machine::COMPLEX));
        let answers = join_all(asked).await;
        let wall = start.elapsed().as_secs_f64();
        let calls = model.requests().len();
        for answer in answers {
            let answer = answer.unwrap();
            assert!(answer.degradations.is_empty(), "{:?}", answer.degradations);
        }
        let ideal = calls.div_ceil(CONCURRENT) as f64 * 0.05;
        println!(
            "{QUESTIONS} questions, {calls} calls, {CONCURRENT} at a time: {wall:.3} s, ideal {ideal:.3} s, {:.0} questions/s",
            QUESTIONS as f64 / wall
        );
        // As many waits, so many at a time, and nothing else: what this machine's timer makes of it now.
        let start = std::time::Instant::now();
        for _ in 0..calls.div_ceil(CONCURRENT) {
            join_all((0..CONCURRENT).map(|_| tokio::time::sleep(Duration::from_millis(50)))).await;
        }
        beside_bare.push(wall / start.elapsed().as_secs_f64());
        ratios.push(wall / ideal);
    }
    let row = "wall over ideal, 200 complex questions at once, model of 50 ms, 50 calls at a time";
    report.samples(row, "", "×", &ratios, Target::Most(1.05));
    report.samples(row, "over as many bare waits", "×", &beside_bare, Target::Most(1.05));
    let resident = machine::resident_kib() as f64 / 1024.0;
    report.value("resident after it, with all accounts and all requests kept", "", "MiB", resident, Target::Most(60.0));
}
