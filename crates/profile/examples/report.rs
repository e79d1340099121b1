//! A profile as an HTML page. Without arguments it records a run and writes its page to a new folder.
//!
//! `cargo run -p ninefold-profile --example report [page.html [profile.json]]`
//!
//! The run is made up: agents at work in parallel, a failed round, a retry, a phase from the cache. It goes by a clock that
//! stands still but for its timers, so that the page is the same each time. Given the JSON document of a profile, the
//! page shows that one instead.

#![allow(clippy::print_stdout, reason = "its output is its purpose")]

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use futures_util::future::join3;
use ninefold_core::id::RunId;
use ninefold_core::model::{ModelId, ModelRequest};
use ninefold_core::span::{self, field};
use ninefold_core::{ErrorKind, span::outcome};
use ninefold_profile::{Profile, record};
use tokio::time::{sleep, timeout};
use tracing::instrument::Instrument as _;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let page = match arguments.next() {
        Some(path) => path,
        None => {
            let folder = std::env::temp_dir().join(format!("ninefold-report-{}", std::process::id()));
            fs::create_dir_all(&folder)?;
            folder.join("profile.html")
        }
    };
    let profile = match arguments.next() {
        Some(json) => serde_json::from_slice(&fs::read(json)?)?,
        None => recorded()?,
    };
    let html = profile.html().to_string();
    fs::write(&page, &html)?;
    println!("{}: {} spans, {} bytes", page.display(), profile.spans(), html.len());
    Ok(())
}

fn recorded() -> Result<Profile, std::io::Error> {
    let clock: fn() -> Instant = || tokio::time::Instant::now().into_std();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    // The span is made while it is recorded.
    let run = async { run().instrument(span::run("soar", RunId(7), None)).await };
    Ok(runtime.block_on(async { record(run).with_clock(clock).await }).profile)
}

async fn run() {
    phase("assess", ms(38)).await;
    let retrieve = async {
        search(20, 21, 17).await;
        ms(6).await;
        search(12, 9, 8).await;
    };
    phase("retrieve", retrieve).await;
    let large = ("anthropic", "claude-sonnet-4-5");
    for round in 0..2 {
        phase("decompose", chat(large, 840 + 120 * round, 3_412, 386)).await;
        let verify = span::phase("verify");
        chat(("openai", "gpt-5-mini"), 410, 1_190, 74).instrument(verify.clone()).await;
        if round == 0 {
            failed(&verify, ErrorKind::MalformedReply);
        }
    }
    let route = span::phase("route");
    span::record_outcome(&route, outcome::CACHED);
    route.record(field::SAVED, 0.412);
    ms(1).instrument(route).await;
    ms(14).await;
    phase("collect", async { join3(grep(), research(), sandbox()).await }).await;
    phase("synthesize", chat(large, 2_280, 9_874, 1_243)).await;
    let record = async {
        ms(9).instrument(span::store()).await;
        ms(3).instrument(span::journal()).await;
    };
    phase("record", record).await;
    phase("respond", ms(2)).await;
}

/// An agent that searches and reads what it found.
async fn grep() {
    let agent = async {
        for n in 0..3 {
            search(8, 45 + 12 * n, 8 - n).await;
            ms(30).await;
        }
        chat(("openai", "gpt-5-mini"), 640, 2_210, 164).await;
    };
    agent.instrument(span::agent("grep")).await;
}

/// An agent whose first call is refused, and who tries again.
async fn research() {
    let agent = span::agent("web-research");
    let work = async {
        ms(310).await;
        let call = span::chat(&ModelId::new("openai", "gpt-5-mini"), &ModelRequest::default());
        ms(95).instrument(call.clone()).await;
        failed(&call, ErrorKind::Transient);
        ms(400).instrument(span::backoff()).await;
        chat(("openai", "gpt-5-mini"), 980, 4_630, 512).await;
        ms(220).await;
    };
    work.instrument(agent.clone()).await;
    agent.record(field::ATTEMPTS, 2);
}

/// An agent that takes too long.
async fn sandbox() {
    let agent = span::agent("code-sandbox");
    let work = async {
        chat(("anthropic", "claude-sonnet-4-5"), 720, 1_840, 402).await;
        ms(5_000).await;
    };
    let ended = timeout(Duration::from_millis(1_600), work.instrument(agent.clone())).await;
    if ended.is_err() {
        span::record_outcome(&agent, outcome::CANCELLED);
    }
}

async fn phase<F: Future>(name: &str, work: F) -> F::Output {
    work.instrument(span::phase(name)).await
}

async fn ms(n: u64) {
    sleep(Duration::from_millis(n)).await;
}

async fn search(top_k: usize, n: u64, hits: u64) {
    let search = span::retrieval(top_k);
    ms(n).instrument(search.clone()).await;
    search.record(field::HITS, span::count(hits));
}

/// A call that takes `n` ms, the first third of it to the first token.
async fn chat((provider, model): (&str, &str), n: u64, input: i64, output: i64) {
    let call = span::chat(&ModelId::new(provider, model), &ModelRequest::default());
    ms(n).instrument(call.clone()).await;
    call.record(field::INPUT_TOKENS, input);
    call.record(field::OUTPUT_TOKENS, output);
    call.record(field::CACHED_INPUT_TOKENS, input / 2);
    call.record(field::FIRST_CHUNK, n as f64 / 3_000.0);
    // Dollars for a million tokens read and written.
    let (read, written) = if provider == "anthropic" { (3.0, 15.0) } else { (0.25, 2.0) };
    call.record(field::COST, (input as f64 * read + output as f64 * written) / 1e6);
}

fn failed(span: &tracing::Span, kind: ErrorKind) {
    span::record_error(span, &ninefold_core::Error::new(kind, "as made up"));
}
