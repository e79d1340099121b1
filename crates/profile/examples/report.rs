//! A run on a clock that stands still but for its timers, the same each time, as one HTML file.
//!
//! `cargo run -p ninefold-profile --example report -- [FILE [SPANS [AGENT]]]`; without a file it is written to the system's
//! folder for temporary files. With a number, so many spans are added to the run; with a name, an agent of that name takes
//! part in it.

#![allow(clippy::print_stdout, reason = "its output is its purpose")]
#![allow(clippy::disallowed_macros, reason = "a host makes spans of its own")]

use std::path::PathBuf;
use std::time::Duration;

use ninefold_core::id::RunId;
use ninefold_core::model::{ModelId, ModelRequest};
use ninefold_core::span::{self, field, outcome};
use ninefold_core::{Cost, SessionId, Usage};
use ninefold_profile::{Profile, record};
use tokio::time::{sleep, timeout};
use tracing::instrument::Instrument as _;
use tracing::{Span, info_span};

async fn wait(micros: u64) {
    sleep(Duration::from_micros(micros)).await;
}

async fn phase<F: Future>(name: &str, work: F) -> F::Output {
    work.instrument(span::phase(name)).await
}

async fn search(micros: u64, hits: i64) {
    let span = span::retrieval(15);
    span.record(field::HITS, hits);
    wait(micros).instrument(span).await;
}

async fn chat(model: &str, millis: u64, input: u64, output: u64) {
    let span = span::chat(&ModelId::new("house", model), &ModelRequest::default());
    wait(millis * 1_000).instrument(span.clone()).await;
    span.record(field::FIRST_CHUNK, millis as f64 * 0.35 / 1_000.0);
    let cost = (model == "large").then(|| Cost(input * 3_000 + output * 15_000));
    span::record_usage(
        &span,
        &Usage { cached_input_tokens: input / 2, reasoning_tokens: output / 3, cost, ..Usage::tokens(input, output) },
    );
}

fn fails(kind: &str) {
    span::record_outcome(&Span::current(), outcome::FAILED);
    Span::current().record(field::ERROR_TYPE, kind);
}

async fn agent<F: Future>(name: &str, work: F) -> F::Output {
    work.instrument(span::agent(name)).await
}

async fn agents() {
    let weather = agent("weather", async {
        wait(4_000).await;
        wait(20_000).instrument(span::backoff()).await;
        Span::current().record(field::ATTEMPTS, 2);
        chat("small", 41, 812, 90).await;
    });
    let trains = agent("trains", async {
        search(2_400, 9).await;
        chat("large", 96, 1_960, 240).await;
    });
    let calendar = agent("calendar", async {
        wait(9_000).await;
        fails("permanent");
    });
    let slow = agent("archive", async {
        let _ = timeout(Duration::from_millis(60), chat("large", 500, 100, 10)).await;
        span::record_outcome(&Span::current(), outcome::CANCELLED);
    });
    tokio::join!(weather, trains, calendar, slow);
}

async fn run(more: usize, name: &str) {
    let work = async {
        phase("normalize", wait(40)).await;
        phase("assess", wait(180)).await;
        phase("retrieve", search(6_300, 15)).await;
        phase("decompose", chat("large", 81, 1_834, 212)).await;
        let verify = span::phase("verify");
        span::record_outcome(&verify, outcome::CACHED);
        verify.record(field::SAVED, 0.062);
        drop(verify);
        phase("route", wait(90)).await;
        phase("collect", async {
            agents().await;
            if !name.is_empty() {
                agent(name, wait(1_000)).await;
            }
            for n in 0..more {
                info_span!("step", n).in_scope(|| ());
                wait(7).instrument(info_span!("longer step", n)).await;
            }
        })
        .await;
        phase("synthesize", async {
            wait(300).await;
            chat("large", 142, 5_210, 811).await;
            wait(2_100).await;
        })
        .await;
        phase("record", async { wait(2_900).instrument(span::store()).await }).await;
        phase("respond", wait(60)).await;
    };
    work.instrument(span::run("soar", RunId(7), Some(&SessionId::from("session")))).await;
}

fn profile(more: usize, name: &str) -> std::io::Result<Profile> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    let clock = || tokio::time::Instant::now().into_std();
    Ok(runtime.block_on(async { record(run(more, name)).with_clock(clock).await.profile }))
}

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().map_or_else(|| std::env::temp_dir().join("ninefold-report.html"), PathBuf::from);
    let more = arguments.next().and_then(|n| n.parse::<usize>().ok()).unwrap_or(0);
    let name = arguments.next().unwrap_or_default();
    let html = profile(more / 2, &name)?.html().to_string();
    std::fs::write(&path, &html)?;
    println!("{} bytes in {}", html.len(), path.display());
    Ok(())
}
