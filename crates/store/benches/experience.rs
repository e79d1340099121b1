//! What looking up, learning and judging patterns costs where 10,000 were learned, in memory and in SQLite. The folder is
//! `BENCH_DIR`, or the system's folder for temporary files.

// A benchmark reads the clock itself, and may panic.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::panic
)]

#[path = "../../../benches/machine/crates.rs"]
mod machine;
mod taught;

use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;

use machine::{Report, Target};
use ninefold_core::{Experience, Timestamp};
use ninefold_store::{MemoryExperience, Sqlite};

use taught::{agents, pattern, situation};

/// How many are there, and how often each operation is timed.
fn extent() -> (usize, usize) {
    if machine::is_test() { (500, 100) } else { (10_000, 2_000) }
}

fn main() {
    machine::describe();
    let folder = tempfile::tempdir_in(std::env::var_os("BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from));
    let folder = folder.unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut report = Report::new("experience", "cargo bench -p ninefold-store --bench experience");
    runtime.block_on(async {
        measure(&mut report, "memory", &MemoryExperience::new()).await;
        let path = folder.path().join("experience.db");
        let sqlite = Sqlite::open(&path).await.unwrap();
        measure(&mut report, "SQLite", &sqlite).await;
        sqlite.close().await;
        let size = std::fs::metadata(&path).unwrap().len();
        let each = size / (extent().0 + extent().1) as u64;
        report.value("a pattern of eight subgoals in the file", "SQLite", "bytes", each as f64, Target::None);
    });
    report.write();
}

async fn measure(report: &mut Report, name: &str, experience: &dyn Experience) {
    let (learned, samples_of_each) = extent();
    let learn = (0..learned).map(|n| experience.learn(pattern(n)));
    futures_util::future::try_join_all(learn).await.unwrap();
    let mut random = fastrand::Rng::with_seed(6);
    let agents = agents();
    let mut samples: [Vec<f64>; 5] = Default::default();
    for n in 0..samples_of_each {
        let at = random.usize(..learned);
        let (known, unknown, key) = (situation(at), situation(learned + n), pattern(at).key().unwrap());
        let new = pattern(2 * learned + n);

        let start = Instant::now();
        let found = experience.recall(black_box(&known)).await.unwrap();
        samples[0].push(start.elapsed().as_secs_f64() * 1e6);
        assert_eq!(found.len(), 1);

        let start = Instant::now();
        let found = experience.recall(black_box(&unknown)).await.unwrap();
        samples[1].push(start.elapsed().as_secs_f64() * 1e6);
        assert!(found.is_empty());

        let start = Instant::now();
        black_box(experience.utilities(black_box(&agents)).await.unwrap());
        samples[2].push(start.elapsed().as_secs_f64() * 1e6);

        let start = Instant::now();
        experience.judge(black_box(key), 1.0, Timestamp(n as i64)).await.unwrap();
        samples[3].push(start.elapsed().as_secs_f64() * 1e6);

        let start = Instant::now();
        experience.learn(black_box(new)).await.unwrap();
        samples[4].push(start.elapsed().as_secs_f64() * 1e6);
    }
    let names =
        ["look up one that is there", "look up one that is not there", "utilities of three agents", "judge", "learn"];
    for (row, samples) in names.iter().zip(&samples) {
        let target = if *row == names[0] { Target::Most(200.0) } else { Target::None };
        let row = format!("among {learned} patterns: {row}");
        report.samples(&row, name, "µs", samples, target);
    }
}
