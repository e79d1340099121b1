//! What looking up, learning and judging patterns costs where 10,000 were learned, in memory and in SQLite. The folder is
//! `BENCH_DIR`, or the system's folder for temporary files. Prints medians and spreads, and writes them as JSON below
//! `target/tmp`.

// A benchmark reads the clock itself, and may panic.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::panic
)]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ninefold_core::{Experience, Timestamp};
use ninefold_store::{MemoryExperience, Sqlite};
use serde_json::json;

#[path = "../../../benches/machine/describe.rs"]
mod describe;
mod taught;

use taught::{agents, pattern, situation};

const LEARNED: usize = 10_000;
const SAMPLES: usize = 2_000;

fn main() {
    describe::describe();
    let folder = tempfile::tempdir_in(std::env::var_os("BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from));
    let folder = folder.unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    println!("{:<52} {:>8} {:>10} {:>10} {:>10}", format!("{LEARNED} patterns"), "samples", "p10", "median", "p90");
    let mut rows = Vec::new();
    runtime.block_on(async {
        measure(&mut rows, "memory", &MemoryExperience::new()).await;
        let path = folder.path().join("experience.db");
        let sqlite = Sqlite::open(&path).await.unwrap();
        measure(&mut rows, "SQLite", &sqlite).await;
        sqlite.close().await;
        let size = std::fs::metadata(&path).unwrap().len();
        let each = size / (LEARNED + SAMPLES) as u64;
        println!("the file has {size} bytes, {each} a pattern of eight subgoals");
        rows.push(json!({ "row": "bytes a pattern", "value": each }));
    });
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("experience.json");
    std::fs::write(&path, serde_json::Value::from(rows).to_string()).unwrap();
    println!("written to {}", path.display());
}

async fn measure(rows: &mut Vec<serde_json::Value>, name: &str, experience: &dyn Experience) {
    let learn = (0..LEARNED).map(|n| experience.learn(pattern(n)));
    futures_util::future::try_join_all(learn).await.unwrap();
    let mut random = fastrand::Rng::with_seed(6);
    let agents = agents();
    let mut samples: [Vec<Duration>; 5] = Default::default();
    for n in 0..SAMPLES {
        let at = random.usize(..LEARNED);
        let (known, unknown, key) = (situation(at), situation(LEARNED + n), pattern(at).key().unwrap());
        let new = pattern(2 * LEARNED + n);

        let start = Instant::now();
        let found = experience.recall(black_box(&known)).await.unwrap();
        samples[0].push(start.elapsed());
        assert_eq!(found.len(), 1);

        let start = Instant::now();
        let found = experience.recall(black_box(&unknown)).await.unwrap();
        samples[1].push(start.elapsed());
        assert!(found.is_empty());

        let start = Instant::now();
        black_box(experience.utilities(black_box(&agents)).await.unwrap());
        samples[2].push(start.elapsed());

        let start = Instant::now();
        experience.judge(black_box(key), 1.0, Timestamp(n as i64)).await.unwrap();
        samples[3].push(start.elapsed());

        let start = Instant::now();
        experience.learn(black_box(new)).await.unwrap();
        samples[4].push(start.elapsed());
    }
    let names =
        ["look up one that is there", "look up one that is not there", "utilities of three agents", "judge", "learn"];
    for (row, samples) in names.iter().zip(&mut samples) {
        add(rows, &format!("{name}: {row}"), samples);
    }
}

/// The median and the spread.
fn add(rows: &mut Vec<serde_json::Value>, name: &str, samples: &mut [Duration]) {
    samples.sort_unstable();
    let at = |share: usize| samples[samples.len() * share / 100];
    let shown = |time: Duration| format!("{:.1} µs", time.as_nanos() as f64 / 1e3);
    let (low, median, high) = (at(10), at(50), at(90));
    println!("{name:<52} {:>8} {:>10} {:>10} {:>10}", samples.len(), shown(low), shown(median), shown(high));
    let nanos = |time: Duration| time.as_nanos() as u64;
    rows.push(json!({
        "row": name, "samples": samples.len(), "p10_ns": nanos(low), "median_ns": nanos(median), "p90_ns": nanos(high),
    }));
}
