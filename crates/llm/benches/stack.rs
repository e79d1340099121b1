//! What decorators cost and bring: the overhead of a call with all of them around a model that answers at once, hits of the
//! cache, choices among models, the tail that hedging cuts. Hedging and the thousand equal calls are simulated on a paused
//! clock: their figures are of the policy and not of this machine. Parts can be named: `overhead`, `cache`, `route`, `hedge`, `flight`.

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods, clippy::panic)]

#[path = "../../../benches/machine/crates.rs"]
mod machine;

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use machine::{Report, Target};
use ninefold_core::cx::RunState;
use ninefold_core::{Budget, BudgetMeter, Cx, Expense, Ledger, Model, ModelRequest, RunId, Scope, Timestamp, ToolSpec};
use ninefold_llm::{
    Bounded, Breaker, Budgeted, CachePolicy, Cached, Charged, Fallback, Hedged, Limited, Metered, Observed, Price,
    Quota, Rates, Retried, Route, Router, Tier,
};
use ninefold_store::{MemoryLedger, Sqlite};
use ninefold_testkit::{Faults, FaultyModel, ManualClock, ScriptedModel};
use serde_json::json;

const SAMPLES: usize = 400;
/// Calls in one sample of what takes microseconds.
const BATCH: usize = 50;

fn main() {
    machine::describe();
    let mut report = Report::new("stack", "cargo bench -p ninefold-llm --bench stack");
    let real = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if machine::named("overhead") {
        real.block_on(overhead(&mut report));
    }
    if machine::named("cache") {
        real.block_on(cache(&mut report));
    }
    if machine::named("route") {
        real.block_on(route(&mut report));
    }
    let paused = || tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    if machine::named("hedge") {
        paused().block_on(hedge(&mut report));
    }
    if machine::named("flight") {
        paused().block_on(flight(&mut report));
    }
    report.write();
}

/// Notes the times of one operation, and gives their median.
fn note(report: &mut Report, name: &str, target: Target, micros: &[f64]) -> f64 {
    report.samples(name, "", "µs", micros, target);
    machine::spread(micros, 0.5)[1]
}

/// The times of one call each, in microseconds: the mean of a batch, for many batches.
async fn timed<F: Future>(batch: usize, mut call: impl FnMut(usize) -> F) -> Vec<f64> {
    let mut number = 0;
    let mut next = || {
        number += 1;
        number
    };
    for _ in 0..batch * 20 {
        black_box(call(next()).await);
    }
    let mut times = Vec::with_capacity(SAMPLES);
    for _ in 0..machine::samples(SAMPLES) {
        let started = Instant::now();
        for _ in 0..batch {
            black_box(call(next()).await);
        }
        times.push(started.elapsed().as_secs_f64() * 1e6 / batch as f64);
    }
    times
}

fn cx() -> Cx {
    Cx::new(RunState {
        id: RunId(1),
        session: Some("bench".into()),
        scope: Scope::of(["team"]),
        budget: BudgetMeter::new(
            Budget { calls: Some(u64::MAX), tokens: Some(u64::MAX / 2), ..Budget::default() },
            Expense::default(),
        ),
        deadline: Some(tokio::time::Instant::now() + Duration::from_secs(3_600)),
        cancel: None,
        clock: Arc::new(ManualClock::at(Timestamp(0))),
        log: None,
        content: false,
    })
}

/// Two messages of about 1 KiB together.
fn ask(n: usize) -> ModelRequest {
    let system = "Answer from the numbered sources below and cite them. ".repeat(16);
    ModelRequest {
        max_output_tokens: Some(500),
        ..ModelRequest::new(system, format!("What does phase number {n} do with what it is given?"))
    }
}

fn tools() -> Vec<ToolSpec> {
    let schema = json!({"type": "object", "properties": {"path": {"type": "string"}, "line": {"type": "integer"}}, "required": ["path"]});
    (0..5)
        .map(|n| ToolSpec {
            name: format!("tool_{n}").into(),
            description: "Reads a line of a file.".into(),
            schema: schema.clone(),
        })
        .collect()
}

fn instant() -> ScriptedModel {
    ScriptedModel::new().forgetful().answer("", "It keeps it until its time has come [1].")
}

async fn whole(model: &impl Model, request: ModelRequest, cx: &Cx) -> usize {
    model.send(request, cx).await.unwrap().collect().await.unwrap().text.len()
}

const PRICE: Price = Price { input: 1.0, output: 5.0, cached_input: 0.1, cache_write: 1.25, reasoning: 5.0 };

/// All of them, as `ninefold::models::Stack` puts them.
fn stacked(inner: impl Model + 'static, ledger: Arc<dyn Ledger>) -> impl Model {
    let paid =
        Charged::new(Budgeted::new(Observed::new(Metered::new(inner, PRICE))), ledger, Quota::default(), Some(PRICE));
    let rates =
        Rates { tokens_per_minute: Some(u64::MAX / 2), requests_per_minute: Some(u32::MAX), ..Rates::default() };
    let steady = Retried::new(Breaker::new(Hedged::new(Limited::new(paid, rates))));
    Bounded::new(Fallback::new(Cached::new(steady, CachePolicy::default())).on_failure(instant()))
}

async fn overhead(report: &mut Report) {
    let cx = &cx();
    let bare = &instant();
    // The request itself is made outside of what is compared.
    let without = timed(BATCH, |n| async move { whole(bare, ask(n), cx).await }).await;
    let without = note(report, "a call of a model that answers at once, bare", Target::None, &without);
    let all = &stacked(instant(), Arc::new(MemoryLedger::new()));
    let with = timed(BATCH, |n| async move { whole(all, ask(n), cx).await }).await;
    let with = note(report, "the same with all decorators, ledger in memory", Target::None, &with);
    report.value("overhead of all decorators, a call", "", "µs", with - without, Target::Most(15.0));
    let single = |name: &'static str, model: Arc<dyn Model>| (name, model);
    for (name, model) in [
        single("Bounded", Arc::new(Bounded::new(instant()))),
        single("Fallback", Arc::new(Fallback::new(instant()))),
        single("Cached (a miss)", Arc::new(Cached::new(instant(), CachePolicy::default()))),
        single("Retried", Arc::new(Retried::new(instant()))),
        single("Breaker", Arc::new(Breaker::new(instant()))),
        single("Hedged", Arc::new(Hedged::new(instant()))),
        single("Limited", Arc::new(Limited::new(instant(), Rates::default()))),
        single(
            "Charged",
            Arc::new(Charged::new(instant(), Arc::new(MemoryLedger::new()), Quota::default(), Some(PRICE))),
        ),
        single("Budgeted", Arc::new(Budgeted::new(instant()))),
        single("Observed (nobody listens)", Arc::new(Observed::new(instant()))),
        single("Metered", Arc::new(Metered::new(instant(), PRICE))),
    ] {
        let model = &model;
        let times = timed(BATCH, |n| async move { whole(model, ask(n), cx).await }).await;
        note(report, &format!("  with {name} alone"), Target::None, &times);
    }
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(folder.path().join("ledger.db")).await.unwrap();
    let charged = &Charged::new(instant(), Arc::new(sqlite.clone()), Quota::default(), Some(PRICE));
    let times = timed(5, |n| async move { whole(charged, ask(n), cx).await }).await;
    note(report, "  with Charged alone, ledger in SQLite", Target::None, &times);
    sqlite.close().await;
}

async fn cache(report: &mut Report) {
    let cx = &cx();
    let model = &Cached::new(instant(), CachePolicy::default());
    whole(model, ask(0), cx).await;
    let mut requests = std::iter::repeat_with(|| ask(0));
    let times = timed(BATCH, |_| {
        let request = requests.next().unwrap();
        async move { drop(black_box(model.send(request, cx).await.unwrap())) }
    })
    .await;
    let build = timed(BATCH, |_| std::future::ready(black_box(ask(0)))).await;
    let making = note(report, "making the request", Target::None, &build);
    let hit: Vec<f64> = times.iter().map(|time| time - making).collect();
    note(report, "cache hit, first level (without making the request)", Target::Most(3.0), &hit);

    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(folder.path().join("cache.db")).await.unwrap();
    let kept = Cached::new(instant(), CachePolicy::default()).second(Arc::new(sqlite.clone()));
    let asked = 20 + SAMPLES;
    for n in 0..asked {
        whole(&kept, ask(n), cx).await;
    }
    // The first level of another process: it has none of them.
    let other = Cached::new(instant(), CachePolicy::default()).second(Arc::new(sqlite.clone()));
    let mut times = Vec::new();
    for n in 0..asked {
        let request = ask(n);
        let started = Instant::now();
        black_box(whole(&other, request, cx).await);
        if n >= 20 {
            times.push(started.elapsed().as_secs_f64() * 1e6);
        }
    }
    note(report, "cache hit, SQLite, reply read to its end", Target::Most(40.0), &times);
    sqlite.close().await;
}

async fn route(report: &mut Report) {
    let names = ["a", "b", "c", "d", "e", "f"];
    let tiers = [Tier::Small, Tier::Medium, Tier::Large];
    let routes = names.iter().enumerate().map(|(n, name)| {
        let model = ninefold_testkit::SteppedModel::new([]).named(name);
        Route::new(model, tiers[n % 3]).price(Some(Price::new(n as f64, 5.0 * n as f64)))
    });
    let router = &Router::new(routes).unwrap();
    let cx = &cx();
    let plain = &ask(1);
    let times = timed(BATCH, |_| std::future::ready(router.choose(plain, cx).unwrap())).await;
    note(report, "choice among six models, 1 KiB", Target::Most(20.0), &times);
    let equipped = &ModelRequest { tools: tools(), ..ask(1) };
    let times = timed(BATCH, |_| std::future::ready(router.choose(equipped, cx).unwrap())).await;
    note(report, "choice among six models, 1 KiB and five tools", Target::Most(20.0), &times);
}

async fn p99(model: &impl Model, n: usize, cx: &Cx) -> Duration {
    let mut times = Vec::with_capacity(n);
    for i in 0..n {
        let started = tokio::time::Instant::now();
        whole(model, ask(i), cx).await;
        times.push(started.elapsed());
    }
    times.sort_unstable();
    times[n * 99 / 100]
}

/// A server that takes 100 ms, give or take a fifth, and ten times as long for 5 % of the calls.
async fn hedge(report: &mut Report) {
    let calls = if machine::is_test() { 1_000 } else { 20_000 };
    let faults = Faults { slow: 0.05, ..Faults::default() };
    let cx = &cx();
    let (mut ratios, mut more) = (Vec::new(), Vec::new());
    for seed in 0..5 {
        let without = p99(&FaultyModel::new(faults, seed), calls, cx).await;
        let inner = Arc::new(FaultyModel::new(faults, seed));
        let with = p99(&Hedged::new(inner.clone()), calls, cx).await;
        ratios.push(with.as_secs_f64() / without.as_secs_f64());
        more.push(inner.calls() as f64 / calls as f64 - 1.0);
    }
    let row = "hedging, simulated, 5 % of calls take ten times as long";
    report.samples(row, "p99 with it over p99 without, 5 × 20,000 calls", "×", &ratios, Target::Most(0.35));
    report.samples(row, "more calls, as a share", "", &more, Target::Most(0.08));
}

async fn flight(report: &mut Report) {
    let inner = Arc::new(FaultyModel::new(Faults::default(), 1));
    let model = Cached::new(inner.clone(), CachePolicy::default());
    let cx = &cx();
    let lengths = join_all((0..1_000).map(|_| whole(&model, ask(1), cx))).await;
    assert!(lengths.iter().all(|length| *length == 2));
    report.value("1,000 equal calls at once", "calls of the model", "calls", inner.calls() as f64, Target::Most(1.0));
}
