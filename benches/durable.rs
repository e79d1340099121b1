//! A durable run of nine phases that do nothing, by who hears of its spans; `durability` says what the writing takes by its kinds. The
//! folder is `BENCH_DIR`, or the system's folder for temporary files.
//!
//! `cargo bench --features otlp --bench durable`

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod machine;

use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use criterion::Criterion;
use machine::{Accounted, Report, Target};
use ninefold::store::Sqlite;
use ninefold::{Cx, Durability, Journal, Run, phase, profile};

const ROW: &str = "nine phases on SQLite, each awaited, synchronous normal";

fn run(criterion: &mut Criterion, report: &mut Report) {
    let folder = std::env::var_os("BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = tempfile::tempdir_in(folder).unwrap();
    let runtime = machine::runtime();
    let names = ["assess", "retrieve", "decompose", "verify", "route", "collect", "synthesize", "record", "respond"];
    let steps: Vec<_> = names.into_iter().map(|name| phase(name, |n: u64, _: Cx| async move { Ok(n + 1) })).collect();
    let sqlite = runtime.block_on(Sqlite::open(folder.path().join("heard.db"))).unwrap();
    let journal: Arc<dyn Journal> = Arc::new(sqlite);
    for accounted in Accounted::ALL {
        let host = accounted.host();
        criterion.benchmark_group(ROW).bench_function(accounted.name(), |bencher| {
            bencher.iter_custom(|runs| {
                runtime.block_on(async {
                    let start = Instant::now();
                    for _ in 0..runs {
                        let run = Run::new("nine").journal(Arc::clone(&journal), Durability::Phase);
                        let body = run.execute(&1, async |cx| {
                            let mut n = 0;
                            for step in &steps {
                                n = step.run(n, &cx).await?;
                            }
                            Ok(n)
                        });
                        assert_eq!(black_box(profile::record(body).await).output.unwrap(), 9);
                    }
                    start.elapsed()
                })
            });
        });
        host.end(report);
    }
}

fn main() {
    let start = SystemTime::now();
    let mut report = Report::new("durable", "cargo bench --features otlp --bench durable");
    let mut criterion = machine::criterion();
    run(&mut criterion, &mut report);
    criterion.final_summary();
    machine::gather(&mut report, start, ROW, "µs", &[(Accounted::On.name(), Target::Most(600.0))]);
    report.write();
}
