//! A paused clock that recordings go by, and spans to record.

use std::time::{Duration, Instant};

use ninefold_core::id::RunId;
use ninefold_core::model::{ModelId, ModelRequest};
use ninefold_core::span;
use ninefold_profile::{Profile, Recorded, Row, record};
use tokio::time::sleep;
use tracing::instrument::Instrument as _;

/// The clock of the paused runtime.
pub(crate) fn paused() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Runs `future` on a single thread whose time stands still but for its timers, and records it.
pub(crate) fn paused_run<F: Future>(future: F) -> Recorded<F::Output> {
    paused_runtime().block_on(async { record(future).with_clock(paused).await })
}

pub(crate) fn paused_runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

pub(crate) fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

pub(crate) async fn wait(n: u64) {
    sleep(ms(n)).await;
}

/// `future` in the span of a phase.
pub(crate) async fn phase<F: Future>(name: &str, future: F) -> F::Output {
    future.instrument(span::phase(name)).await
}

/// `future` in the span of an agent.
pub(crate) async fn agent<F: Future>(name: &str, future: F) -> F::Output {
    future.instrument(span::agent(name)).await
}

/// `future` in the span of a run.
pub(crate) async fn run<F: Future>(future: F) -> F::Output {
    future.instrument(span::run("soar", RunId(7), None)).await
}

/// A model call that takes `n` ms and reports tokens.
pub(crate) async fn chat(n: u64, input: i64, output: i64) {
    let call = span::chat(&ModelId::new("house", "small"), &ModelRequest::default());
    wait(n).instrument(call.clone()).await;
    call.record(span::field::INPUT_TOKENS, input);
    call.record(span::field::OUTPUT_TOKENS, output);
}

/// The row of a phase, which must be there.
pub(crate) fn row(profile: &Profile, name: &str) -> Row {
    let breakdown = profile.breakdown();
    breakdown.row(name).cloned().unwrap_or_else(|| panic!("no phase {name} in {:?}", names(profile)))
}

/// The titles of all spans, below each other as they are nested.
pub(crate) fn names(profile: &Profile) -> Vec<String> {
    profile.tree().nodes().iter().map(|node| format!("{}{}", "-".repeat(node.depth), node.title())).collect()
}
