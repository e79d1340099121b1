//! Nine phases that do nothing. They pass on a question and five chunks, 754 bytes as JSON, the state of the side-by-side
//! comparisons.

use ninefold::{BoxPhase, Cx, Layered, Result, Run, phase};
use serde::{Deserialize, Serialize};

/// What they pass on.
#[derive(Clone, Serialize, Deserialize)]
pub struct State {
    query: String,
    chunks: Vec<String>,
    step: usize,
}

/// It at the start.
pub fn state() -> State {
    let chunk = |n| format!("chunk {n}: {}", "lorem ipsum dolor sit amet consectetur ".repeat(3));
    State {
        query: "why did the nightly index rebuild slow down after the schema change?".into(),
        chunks: (0..5).map(chunk).collect(),
        step: 0,
    }
}

/// One of them.
pub type Step = Layered<BoxPhase<State, State>, State, State>;

/// All nine.
pub fn nine() -> Vec<Step> {
    let names = ["assess", "retrieve", "decompose", "verify", "route", "collect", "synthesize", "record", "respond"];
    let work = |mut state: State, _: Cx| async move {
        state.step += 1;
        Ok(state)
    };
    names.into_iter().map(|name| phase(name, BoxPhase::new(work))).collect()
}

/// They in one run.
pub async fn run(steps: &[Step], state: State) -> Result<State> {
    through(Run::new("nine"), steps, state).await
}

/// They in this run.
pub async fn through(run: Run, steps: &[Step], state: State) -> Result<State> {
    run.execute(&(), async |cx| {
        let mut state = state;
        for step in steps {
            state = step.run(state, &cx).await?;
        }
        Ok(state)
    })
    .await
}
