//! A persona assistant with layered memory: what has a counterpart here, with a model that answers at once; what has none is missing.
//! None of its report's figures can come from its code; they are held against all the same.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use ninefold::core::Sessions;
use ninefold::store::Sqlite;
use ninefold::{Chunk, ChunkKind, Dialogue, Document, Key, Search, Source, Store};

use super::generated;
use super::machine;
use super::machine::flights;
use super::measure::{alone as in_a_process, mean, median, millis, quantile, resident, since};
use super::row::Row;
use super::seeds::Seeds;

const REPORT: &str = "its report, which cannot come from its code";

/// A row of means, and one of 95th percentiles.
const fn pair(row: &'static str, report: [f64; 2], goal: [f64; 2], work: &'static str) -> [Row; 2] {
    let row = Row::less(row, "ms").work(work);
    [
        row.variant("mean").report(report[0], REPORT).goal(goal[0]),
        row.variant("p95").report(report[1], REPORT).goal(goal[1]),
    ]
}

const CREATION: [Row; 2] =
    pair("session creation", [75.0, 99.0], [7.5, 9.8], "the first turn of a new session, by rules, written to SQLite");
const PROCESSING: [Row; 2] = pair(
    "message processing",
    [342.0, 433.0],
    [34.2, 43.3],
    "an open question in a session that grows to 200 turns: search, answer by a model at once with sources, written to SQLite",
);
const FLAT: Row = Row::less("message processing, turn 1,000 over turn 10", "×")
    .really(26.9, "its code: recording an interaction grows from 1.3 to 35 ms over 3,000")
    .goal(1.05)
    .work("by turns in an old and in a new session");
const RETRIEVAL: [&str; 3] = ["5 messages", "10,000 items", "100,000 items"];
const CONTEXT: [&str; 2] = ["100 documents", "1,000 documents"];
const LOADING: Row = Row::less("persona loading", "ms").report(422.0, REPORT).goal(42.0);
const ANALYSIS: Row = Row::less("session analysis", "ms").report(1_429.0, REPORT).goal(143.0);
const INSIGHTS: Row =
    Row::less("insight generation", "ms").report(1_689.0, "its report, which failed its own target").goal(169.0);
const PARALLEL: Row =
    Row::less("six insights, model at 250 ms", "ms").really(1_500.0, "its code: six calls in turn").goal(260.0);
const BASE: Row = Row::less("resident, base", "MB")
    .report(185.0, REPORT)
    .goal(18.0)
    .work("a process of its own, ready for its first message");
const GROWTH: [Row; 3] = [grows("10 operations", 4.0), grows("100 operations", 18.0), grows("1,000 operations", 42.0)];
const LOAD: Row = Row::more("load, 100 users at once", "/s")
    .report(153.0, REPORT)
    .goal(1_530.0)
    .work("10 s without pauses; create 10, send 30, list 5, memory 5 by weight, in the process, SQLite");
const ERRORS: Row =
    Row::less("load, errors", "%").report(2.8, "its report: on insights").goal(0.0).work("the same requests");
const REST: Row = Row::more("load, the rest of its mix", "/s").report(153.0, REPORT).goal(1_530.0);

const fn grows(after: &'static str, report: f64) -> Row {
    Row::less("resident, growth", "%")
        .variant(after)
        .report(report, REPORT)
        .goal(report / 10.0)
        .work("a session is made in every fourth operation, a message is sent in the others")
}

const NO_PERSONAS: &str = "there are no personas: nothing loads one, and memory has no layers to fill from it";
const NO_ANALYSIS: &str = "nothing analyses a session into summary, insights, metrics, themes and recommendations";
const NO_INSIGHTS: &str = "nothing makes insights of the six kinds from a client's sessions";

/// The mean and the 95th percentile of each run.
fn tell(seeds: &mut Seeds, [means, slow]: &[Row; 2], runs: &[Vec<f64>]) {
    seeds.tell(means, &runs.iter().map(|run| mean(run)).collect::<Vec<_>>());
    seeds.tell(slow, &runs.iter().map(|run| quantile(run, 0.95)).collect::<Vec<_>>());
}

pub fn measure(seeds: &mut Seeds) {
    let runtime = machine::runtime();
    runtime.block_on(async {
        creation(seeds).await;
        processing(seeds).await;
        flat(seeds).await;
        retrieval(seeds).await;
        seeds.missing(&LOADING, NO_PERSONAS);
        context(seeds).await;
    });
    seeds.missing(&ANALYSIS, NO_ANALYSIS);
    seeds.missing(&INSIGHTS, NO_INSIGHTS);
    seeds.missing(&PARALLEL, NO_INSIGHTS);
    memory(seeds);
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    threads.block_on(load(seeds));
    seeds.missing(&REST, "analysis 5, personas 2 and batch 1 do not exist, and there is no HTTP server to ask");
}

/// Flows for what they are for, and a pipeline that answers what is asked besides.
async fn assistant(sessions: Sqlite) -> Dialogue {
    let knowledge = machine::asking_soar().await;
    flights::builder(None).sessions(Arc::new(sessions)).knowledge(knowledge).build().await.unwrap()
}

async fn ask(assistant: &Dialogue, session: &str) {
    let reply = assistant.turn(session, machine::SIMPLE).await.unwrap();
    assert!(reply.failures.is_empty() && reply.text().contains("parses its arguments"), "{reply}");
}

async fn creation(seeds: &mut Seeds) {
    let folder = tempfile::tempdir().unwrap();
    let sessions = Sqlite::open(folder.path().join("sessions.db")).await.unwrap();
    let assistant = assistant(sessions.clone()).await;
    let mut runs = Vec::new();
    for run in 0..if seeds.quick() { 1 } else { 9 } {
        let made = millis(seeds.many(300), 1, async |n| {
            assistant.turn(format!("run {run}, user {n}"), "I want to book a flight").await.unwrap()
        });
        runs.push(made.await);
    }
    sessions.close().await;
    tell(seeds, &CREATION, &runs);
}

async fn processing(seeds: &mut Seeds) {
    let folder = tempfile::tempdir().unwrap();
    let sessions = Sqlite::open(folder.path().join("sessions.db")).await.unwrap();
    let assistant = assistant(sessions.clone()).await;
    let mut runs = Vec::new();
    for run in 0..if seeds.quick() { 1 } else { 9 } {
        let session = format!("user {run}");
        runs.push(millis(seeds.many(200), 1, async |_| ask(&assistant, &session).await).await);
    }
    sessions.close().await;
    tell(seeds, &PROCESSING, &runs);
}

async fn flat(seeds: &mut Seeds) {
    let folder = tempfile::tempdir().unwrap();
    let sessions = Sqlite::open(folder.path().join("sessions.db")).await.unwrap();
    let assistant = assistant(sessions.clone()).await;
    let mut ratios = Vec::new();
    for run in 0..if seeds.quick() { 1 } else { 7 } {
        let (old, new) = (format!("old {run}"), format!("new {run}"));
        for _ in 0..seeds.many(990) {
            ask(&assistant, &old).await;
        }
        let (mut aged, mut young) = (Vec::new(), Vec::new());
        for turn in 0..24 {
            for session in if turn % 2 == 0 { [&old, &new] } else { [&new, &old] } {
                let start = Instant::now();
                ask(&assistant, session).await;
                let taken = since(start);
                // The first ones of the new session are not counted, so that both are at hand.
                if turn >= 4 {
                    if session == &old { aged.push(taken) } else { young.push(taken) }
                }
            }
        }
        ratios.push(median(&aged) / median(&young));
    }
    sessions.close().await;
    seeds.tell(&FLAT, &ratios);
}

async fn retrieval(seeds: &mut Seeds) {
    for (variant, items) in RETRIEVAL.into_iter().zip([5, seeds.many(10_000), seeds.many(100_000)]) {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(folder.path().join("memory.db")).await.unwrap();
        let mut all: Vec<Document> = generated::documents(items.max(10)).collect();
        if items == 5 {
            all.iter_mut().for_each(|document| document.chunks.truncate(items));
        }
        // What is asked is the second line of an item: what it is about, in its own words.
        let about = |chunk: &Chunk| chunk.text.lines().nth(1).unwrap_or_default().trim().to_owned();
        let asked: Vec<String> = all.iter().flat_map(|document| document.chunks.iter().map(about)).collect();
        while !all.is_empty() {
            let rest = all.split_off(all.len().min(100));
            store.put(std::mem::replace(&mut all, rest)).await.unwrap();
        }
        let mut random = fastrand::Rng::with_seed(7);
        let mut runs = Vec::new();
        for _ in 0..if seeds.quick() { 1 } else { 9 } {
            let found = millis(seeds.many(100), 1, async |_| {
                let evidence = store.search(&Search::new(asked[random.usize(..asked.len())].as_str())).await.unwrap();
                assert!(!evidence.passages.is_empty());
            });
            runs.push(found.await);
        }
        store.close().await;
        let rows = pair("memory retrieval", [128.0, 162.0], [12.8, 16.2], "SQLite, by words, the best ten");
        tell(seeds, &of(rows, variant), &runs);
    }
}

/// The same rows of one of several sizes.
fn of([means, slow]: [Row; 2], size: &'static str) -> [Row; 2] {
    let (mean, p95) = match size {
        "5 messages" => ("5 messages, mean", "5 messages, p95"),
        "10,000 items" => ("10,000 items, mean", "10,000 items, p95"),
        "100,000 items" => ("100,000 items, mean", "100,000 items, p95"),
        "100 documents" => ("100 documents, mean", "100 documents, p95"),
        _ => ("1,000 documents, mean", "1,000 documents, p95"),
    };
    [means.variant(mean), slow.variant(p95)]
}

/// About so many bytes: common words often, rare ones seldom, as in prose.
fn prose(random: &mut fastrand::Rng, bytes: usize) -> String {
    let mut text = String::new();
    while text.len() < bytes {
        let rank = 20_000_f64.powf(random.f64()) as usize;
        let _ = write!(text, "{}{rank} ", ["ka", "lo", "mi", "ter", "sun", "vo"][rank % 6]);
    }
    text
}

async fn context(seeds: &mut Seeds) {
    for (variant, documents) in CONTEXT.into_iter().zip([seeds.many(100), seeds.many(1_000)]) {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(folder.path().join("memory.db")).await.unwrap();
        let mut random = fastrand::Rng::with_seed(8);
        let mut asked = Vec::new();
        for n in 0..documents {
            let path = format!("foundation/{n}.md");
            let chunks: Vec<Chunk> =
                (0..10).map(|_| Chunk::new(&path, ChunkKind::Markdown, prose(&mut random, 512))).collect();
            let words: Vec<&str> = chunks[n % 10].text.split_whitespace().collect();
            asked.push(words[10..18].join(" "));
            store.put(vec![Document::new(Source::new(path, Key::of_bytes(&n.to_le_bytes())), chunks)]).await.unwrap();
        }
        let mut runs = Vec::new();
        for _ in 0..if seeds.quick() { 1 } else { 9 } {
            let found = millis(seeds.many(100), 1, async |_| {
                let text = asked[random.usize(..asked.len())].as_str();
                let search = Search { limit: 50, max_tokens: Some(1_000), ..Search::new(text) };
                assert!(!store.search(&search).await.unwrap().passages.is_empty());
            });
            runs.push(found.await);
        }
        store.close().await;
        let work = "ten chunks of 512 characters each; the best of them up to 1,000 tokens, SQLite, by words";
        tell(seeds, &of(pair("foundation context", [216.0, 285.0], [21.0, 28.0], work), variant), &runs);
    }
}

fn memory(seeds: &mut Seeds) {
    let mut said = Vec::new();
    for _ in 0..if seeds.quick() { 1 } else { 5 } {
        said.push(in_a_process("persona", seeds.many(1_000)));
    }
    seeds.tell(&BASE, &said.iter().map(|said| said[0] / 1e6).collect::<Vec<_>>());
    for (at, row) in GROWTH.iter().enumerate() {
        seeds.tell(row, &said.iter().map(|said| 100.0 * (said[at + 1] / said[0] - 1.0)).collect::<Vec<_>>());
    }
}

/// What this process has in memory before, and after 1, 10 and 100 of 100 operations each.
pub fn alone(operations: usize) -> Vec<f64> {
    machine::runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let sessions = Sqlite::open(folder.path().join("sessions.db")).await.unwrap();
        let assistant = assistant(sessions.clone()).await;
        let mut sizes = vec![resident()];
        for n in 0..operations {
            ask(&assistant, &format!("user {}", n / 4)).await;
            if [operations.div_ceil(100), operations.div_ceil(10), operations].contains(&(n + 1)) {
                sizes.push(resident());
            }
        }
        sessions.close().await;
        // So few that some of these are the same.
        sizes.resize(4, resident());
        sizes
    })
}

async fn load(seeds: &mut Seeds) {
    const USERS: usize = 100;
    let time = if seeds.quick() { Duration::from_millis(100) } else { Duration::from_secs(10) };
    let folder = tempfile::tempdir().unwrap();
    let sessions = Sqlite::open(folder.path().join("assistant.db")).await.unwrap();
    for document in generated::documents(seeds.many(10_000)) {
        sessions.put(vec![document]).await.unwrap();
    }
    let (assistant, failed) = (assistant(sessions.clone()).await, Arc::new(AtomicUsize::new(0)));
    let start = Instant::now();
    let users = (0..USERS).map(|user| {
        let (assistant, sessions, failed) = (assistant.clone(), sessions.clone(), Arc::clone(&failed));
        tokio::spawn(async move {
            let (mut random, mut made, mut done) = (fastrand::Rng::with_seed(user as u64), 0, 0);
            while start.elapsed() < time {
                let well = match random.usize(..50) {
                    ..10 => {
                        made += 1;
                        assistant.turn(format!("user {user}, {made}"), "I want to book a flight").await.is_ok()
                    }
                    10..40 => {
                        let session = format!("user {user}, {made}");
                        let reply = assistant.turn(session, machine::SIMPLE).await;
                        reply.is_ok_and(|reply| reply.failures.is_empty())
                    }
                    40..45 => Sessions::list(&sessions, 20).await.is_ok(),
                    _ => Store::search(&sessions, &Search::new("parse the session of a token")).await.is_ok(),
                };
                failed.fetch_add(usize::from(!well), Ordering::Relaxed);
                done += 1;
            }
            done
        })
    });
    let done: usize = join_all(users).await.into_iter().map(Result::unwrap).sum();
    let rate = done as f64 / since(start) * 1e3;
    sessions.close().await;
    seeds.count(&LOAD, rate);
    seeds.count(&ERRORS, 100.0 * failed.load(Ordering::Relaxed) as f64 / done as f64);
}
