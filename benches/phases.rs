//! Nine phases that do nothing, in one run: what the wrapper costs, with the profile off and on. The phases pass on a question
//! and five chunks, 754 bytes as JSON, the state of the side-by-side comparisons.

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod machine;

use std::hint::black_box;
use std::time::Instant;

use criterion::{Criterion, criterion_group, criterion_main};
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

fn phases(criterion: &mut Criterion) {
    let (runtime, steps) = (machine::runtime(), nine());
    let mut group = criterion.benchmark_group("nine no-op phases");
    group.bench_function("profile off", |bencher| {
        bencher.iter_custom(|runs| {
            runtime.block_on(async {
                let mut carried = state();
                let start = Instant::now();
                for _ in 0..runs {
                    carried = run(&steps, black_box(carried)).await.unwrap();
                }
                start.elapsed()
            })
        });
    });
    group.bench_function("profile on", |bencher| {
        bencher.iter_custom(|runs| {
            runtime.block_on(async {
                let mut carried = state();
                let start = Instant::now();
                for _ in 0..runs {
                    let recorded = profile::record(run(&steps, black_box(carried))).await;
                    black_box(&recorded.profile);
                    carried = recorded.output.unwrap();
                }
                start.elapsed()
            })
        });
    });
    group.finish();
}

criterion_group! { name = benches; config = machine::criterion(); targets = phases }
criterion_main!(benches);
