//! Nine phases, each written to SQLite before the next one starts; beside the file system's own fsync, and beside the same rows
//! written by hand. The folder is `BENCH_DIR`, or the system's folder for temporary files.
//!
//! `states` alone (`cargo bench --bench durability -- states`) measures nine phases that pass a state of 754 bytes, one run and 64
//! at once, by turns with the floor. All else are names for criterion.

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod machine;

use std::hint::black_box;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group};
use futures_util::future::join_all;
use ninefold::core::Phase;
use ninefold::store::{Options, Sqlite, Synchronous};
use ninefold::{Cx, Durability, Journal, Layered, Run, phase, profile};
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;

use self::machine::{Report, Target};

const NAMES: [&str; 9] =
    ["assess", "retrieve", "decompose", "verify", "route", "collect", "synthesize", "record", "respond"];

fn main() {
    let only_states = std::env::args().skip(1).any(|argument| argument == "states");
    if !only_states {
        benches();
    }
    if only_states || !std::env::args().any(|argument| argument == "--test") {
        machine::describe();
        states();
    }
}

fn folder() -> PathBuf {
    std::env::var_os("BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from)
}

fn open(runtime: &Runtime, path: &Path, synchronous: Synchronous) -> Arc<dyn Journal> {
    let options = Options { synchronous, ..Options::default() };
    Arc::new(runtime.block_on(Sqlite::open_with(path, options)).unwrap())
}

fn durability(criterion: &mut Criterion) {
    let folder = tempfile::tempdir_in(folder()).unwrap();
    println!("folder: {}", folder.path().display());
    let runtime = machine::runtime();
    let steps: Vec<_> = NAMES.into_iter().map(|name| phase(name, |n: u64, _: Cx| async move { Ok(n + 1) })).collect();
    let mut group = criterion.benchmark_group("nine phases on SQLite");
    let mut fsync = std::fs::File::create(folder.path().join("fsync")).unwrap();
    group.bench_function("fdatasync of 4 KiB, alone", |bencher| {
        bencher.iter(|| {
            fsync.write_all(&[7; 4096]).unwrap();
            fsync.sync_data().unwrap();
        });
    });
    for (name, synchronous, durability) in [
        ("Phase, synchronous normal", Synchronous::Normal, Durability::Phase),
        ("Phase, synchronous full", Synchronous::Full, Durability::Phase),
        ("Run, synchronous normal", Synchronous::Normal, Durability::Run),
    ] {
        let journal = open(&runtime, &folder.path().join(name.replace([' ', ','], "-")), synchronous);
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|runs| {
                runtime.block_on(async {
                    let mut spent = Duration::ZERO;
                    for _ in 0..runs {
                        let run = Run::new("nine").journal(Arc::clone(&journal), durability);
                        let start = Instant::now();
                        let body = run.execute(&1, async |cx| {
                            let mut n = 0;
                            for step in &steps {
                                n = step.run(n, &cx).await?;
                            }
                            Ok(n)
                        });
                        assert_eq!(black_box(profile::record(body).await).output.unwrap(), 9);
                        spent += start.elapsed();
                    }
                    spent
                })
            });
        });
    }
    group.finish();
}

criterion_group! { name = benches; config = machine::criterion(); targets = durability }

/// What phases pass to each other: a question and what was found for it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct State {
    query: String,
    step: u32,
    chunks: Vec<Found>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Found {
    path: String,
    text: String,
}

impl State {
    const BYTES: usize = 754;

    fn new() -> Self {
        let found = |n| Found { path: format!("src/module_{n}.rs"), text: "fn main() { session.open(); } ".repeat(3) };
        let query = "What does the main function do with its session?".to_owned();
        let mut state = Self { query, step: 0, chunks: (0..5).map(found).collect() };
        let bytes = serde_json::to_vec(&state).unwrap().len();
        state.query.push_str(&".".repeat(Self::BYTES - bytes));
        assert_eq!(serde_json::to_vec(&state).unwrap().len(), Self::BYTES);
        state
    }

    fn next(mut self) -> Self {
        self.step += 1;
        self
    }
}

type Step<P> = Layered<P, State, State>;

fn steps() -> Vec<Step<impl Phase<State, Out = State>>> {
    NAMES.into_iter().map(|name| phase(name, |state: State, _: Cx| async move { Ok(state.next()) })).collect()
}

async fn durable<P: Phase<State, Out = State>>(journal: &Arc<dyn Journal>, steps: &[Step<P>], first: &State) -> State {
    let run = Run::new("nine").journal(Arc::clone(journal), Durability::Phase);
    let body = run.execute(first, async |cx| {
        let mut state = first.clone();
        for step in steps {
            state = step.run(state, &cx).await?;
        }
        Ok(state)
    });
    body.await.unwrap()
}

/// The same states in one table, one commit each, by whoever has the lock: what a program would write by hand.
struct ByHand(Mutex<rusqlite::Connection>);

impl ByHand {
    fn open(path: &Path) -> Arc<Self> {
        let connection = rusqlite::Connection::open(path).unwrap();
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).unwrap();
        connection.pragma_update(None, "synchronous", "NORMAL").unwrap();
        connection
            .execute_batch(
                "CREATE TABLE states (run INTEGER, step INTEGER, state TEXT, PRIMARY KEY (run, step)) WITHOUT ROWID",
            )
            .unwrap();
        Arc::new(Self(Mutex::new(connection)))
    }

    fn run(&self, run: u64, first: &State) -> State {
        let mut state = first.clone();
        for step in 0..9 {
            state = state.next();
            self.commit(run, step, &serde_json::to_string(&state).unwrap());
        }
        state
    }

    async fn run_politely(&self, run: u64, first: &State) -> State {
        let mut state = first.clone();
        for step in 0..9 {
            state = state.next();
            self.commit(run, step, &serde_json::to_string(&state).unwrap());
            tokio::task::yield_now().await;
        }
        state
    }

    fn commit(&self, run: u64, step: u32, state: &str) {
        let connection = self.0.lock().unwrap();
        let mut insert = connection.prepare_cached("INSERT INTO states VALUES (?1, ?2, ?3)").unwrap();
        insert.execute((run.cast_signed(), step, state)).unwrap();
    }
}

/// How often each measurement is taken, by turns with the others.
const TURNS: usize = 15;
/// Runs of a turn where there is one at a time.
const ALONE: usize = 1_000;
const AT_ONCE: usize = 64;
/// How often each of those at once runs in a turn.
const EACH: usize = 100;

fn states() {
    let folder = tempfile::tempdir_in(folder()).unwrap();
    println!("folder: {}", folder.path().display());
    let mut report = Report::new("durability", "cargo bench --bench durability -- states");
    alone(folder.path(), &mut report);
    at_once(folder.path(), &mut report);
    report.write();
}

/// What each turn gave over what the floor gave in the same turn.
fn over(values: &[f64], floor: &[f64]) -> Vec<f64> {
    values.iter().zip(floor).map(|(value, floor)| value / floor).collect()
}

fn alone(folder: &Path, report: &mut Report) {
    let runtime = machine::runtime();
    let journal = open(&runtime, &folder.join("alone"), Synchronous::Normal);
    let by_hand = ByHand::open(&folder.join("alone-by-hand"));
    let (steps, first) = (steps(), State::new());
    let (mut ours, mut profiled, mut floor, mut number) = (Vec::new(), Vec::new(), Vec::new(), 0);
    let micros = |start: Instant| start.elapsed().as_secs_f64() * 1e6 / ALONE as f64;
    for _ in 0..TURNS {
        let start = Instant::now();
        for _ in 0..ALONE {
            number += 1;
            assert_eq!(black_box(by_hand.run(number, &first)).step, 9);
        }
        floor.push(micros(start));
        runtime.block_on(async {
            let start = Instant::now();
            for _ in 0..ALONE {
                assert_eq!(black_box(durable(&journal, &steps, &first).await).step, 9);
            }
            ours.push(micros(start));
            let start = Instant::now();
            for _ in 0..ALONE {
                let recorded = profile::record(durable(&journal, &steps, &first)).await;
                assert_eq!(black_box(recorded).output.step, 9);
            }
            profiled.push(micros(start));
        });
    }
    let row = "nine durable phases of 754 bytes, one run";
    report.samples(row, "by hand", "µs", &floor, Target::None);
    report.samples(row, "profile off", "µs", &ours, Target::Most(150.0));
    report.samples(row, "profile on", "µs", &profiled, Target::None);
    report.samples(row, "profile off, over by hand", "times", &over(&ours, &floor), Target::None);
}

fn at_once(folder: &Path, report: &mut Report) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let journal = open(&runtime, &folder.join("at-once"), Synchronous::Normal);
    let by_hand = ByHand::open(&folder.join("at-once-by-hand"));
    let (steps, first) = (Arc::new(steps()), Arc::new(State::new()));
    let (mut ours, mut profiled, mut floor) = (Vec::new(), Vec::new(), Vec::new());
    let per_second = |start: Instant| (AT_ONCE * EACH) as f64 / start.elapsed().as_secs_f64();
    for turn in 0..TURNS {
        runtime.block_on(async {
            let start = Instant::now();
            let runs = (0..AT_ONCE).map(|task| {
                let (by_hand, first) = (Arc::clone(&by_hand), Arc::clone(&first));
                tokio::spawn(async move {
                    for n in 0..EACH {
                        let number = ((turn * AT_ONCE + task) * EACH + n) as u64;
                        assert_eq!(black_box(by_hand.run_politely(number, &first).await).step, 9);
                    }
                })
            });
            join_all(runs).await.into_iter().for_each(Result::unwrap);
            floor.push(per_second(start));
            for (profile_on, rates) in [(false, &mut ours), (true, &mut profiled)] {
                let start = Instant::now();
                let runs = (0..AT_ONCE).map(|_| {
                    let (journal, steps, first) = (Arc::clone(&journal), Arc::clone(&steps), Arc::clone(&first));
                    tokio::spawn(async move {
                        for _ in 0..EACH {
                            let run = durable(&journal, &steps, &first);
                            let last =
                                if profile_on { black_box(profile::record(run).await).output } else { run.await };
                            assert_eq!(last.step, 9);
                        }
                    })
                });
                join_all(runs).await.into_iter().for_each(Result::unwrap);
                rates.push(per_second(start));
            }
        });
    }
    let row = "nine durable phases of 754 bytes, 64 runs at once";
    report.samples(row, "by hand", "runs/s", &floor, Target::None);
    report.samples(row, "profile off", "runs/s", &ours, Target::Least(15_000.0));
    report.samples(row, "profile on", "runs/s", &profiled, Target::None);
    report.samples(row, "profile off, over by hand", "times", &over(&ours, &floor), Target::None);
}
