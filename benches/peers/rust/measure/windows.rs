//! Runs one after another, and many at once, for a while.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use serde_json::{Value, json};

use crate::process::{cpu_seconds, resident_kib};

/// The most runs whose times are kept.
const MOST: usize = 8_000_000;
/// The fewest runs of a window, however long they take.
const FEWEST: usize = 50;

/// What a window showed.
pub(crate) struct Window {
    pub(crate) runs: u64,
    value: Value,
}

impl Window {
    fn of(mut nanos: Vec<u64>, wall: f64, cpu: f64) -> Self {
        nanos.sort_unstable();
        let runs = nanos.len() as f64;
        // By nearest rank, in microseconds.
        let percentile = |part: f64| {
            let rank = (part * runs).ceil() as usize;
            nanos[rank.clamp(1, nanos.len()) - 1] as f64 / 1e3
        };
        let value = json!({ "runs": nanos.len(), "p50_us": percentile(0.50), "p95_us": percentile(0.95), "p99_us": percentile(0.99),
            "cpu_us_per_run": cpu / runs * 1e6, "runs_per_s": runs / wall, "wall_s": wall });
        Self { runs: nanos.len() as u64, value }
    }

    pub(crate) fn json(self) -> Value {
        self.value
    }
}

/// One run after another; every run is timed.
pub(crate) async fn serial<F, Fut>(run: &F, seconds: f64, warm_up: u64, steps: usize) -> Window
where
    F: Fn(u64) -> Fut,
    Fut: Future<Output = usize>,
{
    for number in 0..warm_up {
        assert_eq!(run(number).await, steps, "a phase was left out");
    }
    let mut nanos = Vec::with_capacity(MOST);
    let (cpu, start) = (cpu_seconds(), Instant::now());
    let mut number = warm_up;
    while nanos.len() < FEWEST || (start.elapsed().as_secs_f64() < seconds && nanos.len() < MOST) {
        let begun = Instant::now();
        let done = run(number).await;
        nanos.push(begun.elapsed().as_nanos() as u64);
        assert_eq!(done, steps, "a phase was left out");
        number += 1;
    }
    Window::of(nanos, start.elapsed().as_secs_f64(), cpu_seconds() - cpu)
}

/// As many tasks as `width` says, each of which starts its next run when the last one has ended.
pub(crate) async fn concurrent<F, Fut>(run: Arc<F>, width: usize, seconds: f64, steps: usize) -> Window
where
    F: Fn(u64) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = usize> + Send,
{
    let all = Arc::new(Mutex::new(Vec::new()));
    // Runs have other numbers than those before: databases go by them.
    let next = Arc::new(AtomicU64::new(1_000_000_000));
    let (cpu, start) = (cpu_seconds(), Instant::now());
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..width {
        let (run, all, next) = (run.clone(), all.clone(), next.clone());
        tasks.spawn(async move {
            let mut own = Vec::new();
            while own.is_empty() || start.elapsed().as_secs_f64() < seconds {
                let begun = Instant::now();
                let done = run(next.fetch_add(1, Ordering::Relaxed)).await;
                own.push(begun.elapsed().as_nanos() as u64);
                assert_eq!(done, steps, "a phase was left out");
                // A run that waits for nothing would not let the others in.
                tokio::task::yield_now().await;
            }
            all.lock().unwrap().extend(own);
        });
    }
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
    let (wall, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    let nanos = std::mem::take(&mut *all.lock().unwrap());
    Window::of(nanos, wall, cpu)
}

/// Resident memory, KiB, after so many runs.
pub(crate) async fn leak<F, Fut>(run: &F, total: u64) -> BTreeMap<u64, u64>
where
    F: Fn(u64) -> Fut,
    Fut: Future<Output = usize>,
{
    let marks = [1, 1_000, 10_000, total / 2, total];
    let mut resident = BTreeMap::new();
    for number in 1..=total {
        run(number).await;
        if marks.contains(&number) {
            resident.insert(number, resident_kib());
        }
    }
    resident
}
