//! Nine phases that do nothing, in one run: what the wrapper costs, by who hears of its spans. The phases pass on a question
//! and five chunks, 754 bytes as JSON, the state of the side-by-side comparisons.
//!
//! `cargo bench --features otlp --bench phases`

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod machine;

use std::hint::black_box;
use std::time::{Instant, SystemTime};

use machine::nine::{nine, run, state};
use machine::{Accounted, Report, Target};
use ninefold::profile;

const ROW: &str = "nine no-op phases, one run";

fn main() {
    let start = SystemTime::now();
    let mut report = Report::new("phases", "cargo bench --features otlp --bench phases");
    let mut criterion = machine::criterion();
    let (runtime, steps) = (machine::runtime(), nine());
    let mut group = criterion.benchmark_group(ROW);
    for accounted in Accounted::ALL {
        let host = accounted.host();
        group.bench_function(accounted.name(), |bencher| {
            bencher.iter_custom(|runs| {
                runtime.block_on(async {
                    let mut carried = state();
                    let start = Instant::now();
                    for _ in 0..runs {
                        if accounted == Accounted::Off {
                            carried = run(&steps, black_box(carried)).await.unwrap();
                        } else {
                            let recorded = profile::record(run(&steps, black_box(carried))).await;
                            black_box(&recorded.profile);
                            carried = recorded.output.unwrap();
                        }
                    }
                    start.elapsed()
                })
            });
        });
        host.end(&mut report);
    }
    group.finish();
    criterion.final_summary();
    let targets = [(Accounted::Off.name(), Target::Most(1.0)), (Accounted::On.name(), Target::Most(6.0))];
    machine::gather(&mut report, start, ROW, "µs", &targets);
    report.write();
}
