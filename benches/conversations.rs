//! 5,000 conversations at once, of nine phases each, three of which wait 50 ms; with the profile on. How long the slowest take, and
//! how much memory all of them take while they wait.

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod machine;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use ninefold::{Cx, Run, phase, profile};

use self::machine::{Report, Target};

const CONVERSATIONS: usize = 5_000;

fn resident_kib() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).map_or(0, |pages| pages * 4)
}

fn main() {
    machine::describe();
    let mut report = Report::new("conversations", "cargo bench --bench conversations");
    let rounds = if std::env::args().any(|argument| argument == "--test") { 1 } else { 15 };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let names = ["assess", "retrieve", "decompose", "verify", "route", "collect", "synthesize", "record", "respond"];
    let steps = names.into_iter().enumerate().map(|(n, name)| {
        phase(name, move |turn: u64, _: Cx| async move {
            if n % 3 == 1 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Ok(turn + 1)
        })
    });
    let steps: Arc<Vec<_>> = Arc::new(steps.collect());
    let (mut rates, mut worst, mut resident) = (Vec::new(), Vec::new(), 0);
    for _ in 0..rounds {
        let started = std::time::Instant::now();
        let tasks: Vec<_> = (0..CONVERSATIONS)
            .map(|_| {
                let steps = Arc::clone(&steps);
                runtime.spawn(async move {
                    let started = std::time::Instant::now();
                    let body = Run::new("conversation").execute(&0, async |cx| {
                        let mut turn = 0;
                        for step in steps.iter() {
                            turn = step.run(turn, &cx).await?;
                        }
                        Ok(turn)
                    });
                    assert_eq!(profile::record(body).await.output.unwrap(), 9);
                    started.elapsed()
                })
            })
            .collect();
        std::thread::sleep(Duration::from_millis(75));
        // In the middle, when all of them are under way.
        resident = resident.max(resident_kib());
        let mut took: Vec<_> = runtime.block_on(join_all(tasks)).into_iter().map(|took| took.unwrap()).collect();
        rates.push(CONVERSATIONS as f64 / started.elapsed().as_secs_f64());
        took.sort_unstable();
        worst.push(took[CONVERSATIONS * 99 / 100].as_secs_f64() * 1e3);
    }
    let row = "5,000 conversations of nine phases at once";
    report.samples(row, "99th percentile", "ms", &worst, Target::Most(170.0));
    report.samples(row, "profile on", "conv/s", &rates, Target::Least(30_000.0));
    report.value(row, "resident", "MiB", resident as f64 / 1024.0, Target::Most(40.0));
    report.write();
}
