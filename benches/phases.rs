//! Nine phases that do nothing, in one run: what the wrapper costs, by who hears of its spans. The phases pass on a question
//! and five chunks, 754 bytes as JSON, the state of the side-by-side comparisons.
//!
//! `cargo bench --features otlp --bench phases`

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod machine;

use std::hint::black_box;
use std::time::{Instant, SystemTime};

use machine::{Accounted, Report, Target};
use ninefold::{BoxPhase, Cx, Layered, Result, Run, phase, profile};
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
struct State {
    query: String,
    chunks: Vec<String>,
    step: usize,
}

fn state() -> State {
    let chunk = |n| format!("chunk {n}: {}", "lorem ipsum dolor sit amet consectetur ".repeat(3));
    State {
        query: "why did the nightly index rebuild slow down after the schema change?".into(),
        chunks: (0..5).map(chunk).collect(),
        step: 0,
    }
}

type Step = Layered<BoxPhase<State, State>, State, State>;

fn nine() -> Vec<Step> {
    let names = ["assess", "retrieve", "decompose", "verify", "route", "collect", "synthesize", "record", "respond"];
    let work = |mut state: State, _: Cx| async move {
        state.step += 1;
        Ok(state)
    };
    names.into_iter().map(|name| phase(name, BoxPhase::new(work))).collect()
}

async fn run(steps: &[Step], state: State) -> Result<State> {
    let run = Run::new("nine");
    run.execute(&(), async |cx| {
        let mut state = state;
        for step in steps {
            state = step.run(state, &cx).await?;
        }
        Ok(state)
    })
    .await
}

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
