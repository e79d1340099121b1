//! temporary
#![allow(clippy::all)]
use ninefold::{BoxPhase, Cx, Layered, Result, Run, phase, profile};
use serde::{Deserialize, Serialize};
use std::hint::black_box;
use std::time::Instant;
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
fn main() {
    let n: u64 = std::env::args().nth(1).unwrap().parse().unwrap();
    let on = std::env::args().nth(2).is_some();
    let rt = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let steps = nine();
    let mut best = f64::MAX;
    for _ in 0..7 {
        rt.block_on(async {
            let mut carried = state();
            let start = Instant::now();
            for _ in 0..n {
                if on {
                    let r = profile::record(run(&steps, black_box(carried))).await;
                    black_box(&r.profile);
                    carried = r.output.unwrap();
                } else {
                    carried = run(&steps, black_box(carried)).await.unwrap();
                }
            }
            best = best.min(start.elapsed().as_nanos() as f64 / n as f64);
        });
    }
    println!("{best:.0} ns");
}
