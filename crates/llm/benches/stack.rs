//! What decorators cost and bring: the overhead of a call with all of them around a model that answers at once, hits of the
//! cache, choices among models, the tail that hedging cuts. Hedging and the thousand equal calls are simulated on a paused
//! clock: their figures are of the policy and not of this machine. Parts can be named: `overhead`, `cache`, `route`, `hedge`, `flight`.
//! Prints medians and spreads, and writes them as JSON below `target/tmp`.

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods, clippy::panic)]

#[path = "../../../benches/machine/describe.rs"]
#[allow(unreachable_pub)]
mod describe;

use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use ninefold_core::cx::RunState;
use ninefold_core::{Budget, BudgetMeter, Cx, Expense, Ledger, Model, ModelRequest, RunId, Scope, Timestamp, ToolSpec};
use ninefold_llm::{
    Bounded, Breaker, Budgeted, CachePolicy, Cached, Charged, Fallback, Hedged, Limited, Metered, Observed, Price,
    Quota, Rates, Retried, Route, Router, Tier,
};
use ninefold_store::{MemoryLedger, Sqlite};
use ninefold_testkit::{Faults, FaultyModel, ManualClock, ScriptedModel};
use serde_json::{Value, json};

const SAMPLES: usize = 400;
/// Calls in one sample of what takes microseconds.
const BATCH: usize = 50;

fn main() {
    let named: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let wanted = |part: &str| named.is_empty() || named.iter().any(|name| name == part);
    describe::describe();
    let mut report = Report::default();
    println!("{:<64} {:>8} {:>10} {:>10} {:>10}", "", "samples", "p10", "median", "p90");
    let real = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if wanted("overhead") {
        real.block_on(overhead(&mut report));
    }
    if wanted("cache") {
        real.block_on(cache(&mut report));
    }
    if wanted("route") {
        real.block_on(route(&mut report));
    }
    let paused = || tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    if wanted("hedge") {
        paused().block_on(hedge(&mut report));
    }
    if wanted("flight") {
        paused().block_on(flight(&mut report));
    }
    report.write();
}

#[derive(Default)]
struct Report(Vec<Value>);

impl Report {
    /// Notes the times of one operation, in nanoseconds.
    fn times(&mut self, name: &str, target: Option<f64>, mut nanos: Vec<f64>) -> f64 {
        nanos.sort_by(f64::total_cmp);
        let at = |share: f64| nanos[((nanos.len() - 1) as f64 * share) as usize] / 1e3;
        let (p10, median, p90) = (at(0.1), at(0.5), at(0.9));
        let verdict =
            target.map_or(String::new(), |most| format!("   {} {most} µs", if median <= most { "≤" } else { "NOT ≤" }));
        println!("{name:<64} {:>8} {p10:>7.2} µs {median:>7.2} µs {p90:>7.2} µs{verdict}", nanos.len());
        self.0.push(json!({ "name": name, "samples": nanos.len(), "p10_us": p10, "median_us": median, "p90_us": p90, "target_us": target }));
        median
    }

    fn figure(&mut self, name: &str, value: f64, most: f64) {
        println!("{name:<64} {value:>10.4}   {} {most}", if value <= most { "≤" } else { "NOT ≤" });
        self.0.push(json!({ "name": name, "value": value, "target": most }));
    }

    fn write(self) {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("stack.json");
        std::fs::write(&path, serde_json::to_vec_pretty(&self.0).unwrap()).unwrap();
        println!("written to {}", path.display());
    }
}

/// The times of one call each, in nanoseconds: the mean of a batch, for many batches.
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
    for _ in 0..SAMPLES {
        let started = Instant::now();
        for _ in 0..batch {
            black_box(call(next()).await);
        }
        times.push(started.elapsed().as_nanos() as f64 / batch as f64);
    }
    times
}

fn cx() -> Cx {
    Cx::new(RunState {
        id: RunId(1),
        session: Some("bench".into()),
        scope: Scope::of(["team"]),
        budget: BudgetMeter::new(Budget { calls: Some(u64::MAX), tokens: Some(u64::MAX / 2) }, Expense::default()),
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
    let without = report.times("a call of a model that answers at once, bare", None, without);
    let all = &stacked(instant(), Arc::new(MemoryLedger::new()));
    let with = timed(BATCH, |n| async move { whole(all, ask(n), cx).await }).await;
    let with = report.times("the same with all decorators, ledger in memory", None, with);
    report.figure("overhead of all decorators, µs a call", with - without, 15.0);
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
        report.times(&format!("  with {name} alone"), None, times);
    }
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(folder.path().join("ledger.db")).await.unwrap();
    let charged = &Charged::new(instant(), Arc::new(sqlite.clone()), Quota::default(), Some(PRICE));
    let times = timed(5, |n| async move { whole(charged, ask(n), cx).await }).await;
    report.times("  with Charged alone, ledger in SQLite", None, times);
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
    let mut sorted = build.clone();
    sorted.sort_by(f64::total_cmp);
    let making = sorted[sorted.len() / 2];
    report.times("making the request", None, build);
    let hit: Vec<f64> = times.iter().map(|time| time - making).collect();
    report.times("cache hit, first level (without making the request)", Some(3.0), hit);

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
            times.push(started.elapsed().as_nanos() as f64);
        }
    }
    report.times("cache hit, SQLite, reply read to its end", Some(40.0), times);
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
    report.times("choice among six models, 1 KiB", Some(20.0), times);
    let equipped = &ModelRequest { tools: tools(), ..ask(1) };
    let times = timed(BATCH, |_| std::future::ready(router.choose(equipped, cx).unwrap())).await;
    report.times("choice among six models, 1 KiB and five tools", Some(20.0), times);
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
    let calls = 20_000;
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
    ratios.sort_by(f64::total_cmp);
    more.sort_by(f64::total_cmp);
    report.figure("hedging, simulated: p99 with / without, worst of 5 × 20,000", ratios[4], 0.35);
    report.figure("hedging, simulated: p99 with / without, median", ratios[2], 0.35);
    report.figure("hedging, simulated: more calls, worst", more[4], 0.08);
    report.figure("hedging, simulated: more calls, median", more[2], 0.08);
}

async fn flight(report: &mut Report) {
    let inner = Arc::new(FaultyModel::new(Faults::default(), 1));
    let model = Cached::new(inner.clone(), CachePolicy::default());
    let cx = &cx();
    let lengths = join_all((0..1_000).map(|_| whole(&model, ask(1), cx))).await;
    assert!(lengths.iter().all(|length| *length == 2));
    report.figure("1,000 equal calls at once: calls of the model", inner.calls() as f64, 1.0);
}
