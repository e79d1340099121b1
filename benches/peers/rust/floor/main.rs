//! The floor: a loop written by hand, without a framework.
//!
//! W1, W5, W6: nine `Box<dyn Phase>` on one state. W2: rusqlite, a row and a commit a phase; `default` is WAL with synchronous FULL,
//! `normal` with NORMAL. W3: a span a phase; `default` goes to a timing layer, `off` has no subscriber, `otel` goes through the SDK.
//! W4: five tasks spawned and joined.

use std::path::Path;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use measure::{AGENT_WAIT, AGENTS, Arguments, MODEL_WAIT, PHASES, State, Told, drive, fresh_state, waits_for_model};
use rusqlite::{Connection, params};
use tracing::Instrument as _;

#[async_trait]
trait Phase: Send + Sync {
    fn name(&self) -> &'static str;
    async fn run(&self, state: &mut State);
}

struct Step(&'static str);

#[async_trait]
impl Phase for Step {
    fn name(&self) -> &'static str {
        self.0
    }

    async fn run(&self, state: &mut State) {
        state.step += 1;
    }
}

struct Waiting(&'static str);

#[async_trait]
impl Phase for Waiting {
    fn name(&self) -> &'static str {
        self.0
    }

    async fn run(&self, state: &mut State) {
        tokio::time::sleep(MODEL_WAIT).await;
        state.step += 1;
    }
}

fn nine(waiting: bool) -> Arc<[Box<dyn Phase>]> {
    let phase = |name| -> Box<dyn Phase> {
        if waiting && waits_for_model(name) { Box::new(Waiting(name)) } else { Box::new(Step(name)) }
    };
    PHASES.into_iter().map(phase).collect()
}

fn open(folder: &Path, synchronous: &str) -> Connection {
    let database = Connection::open(folder.join("floor.db")).unwrap();
    database.pragma_update(None, "journal_mode", "wal").unwrap();
    database.pragma_update(None, "synchronous", synchronous).unwrap();
    let table = "create table saved(run integer, step integer, name text, state text, primary key(run, step))";
    database.execute_batch(table).unwrap();
    database
}

fn save(database: &Connection, run: u64, state: &State, name: &str) {
    let mut insert = database.prepare_cached("insert or replace into saved values(?, ?, ?, ?)").unwrap();
    let json = serde_json::to_string(state).unwrap();
    insert.execute(params![run as i64, state.step as i64, name, json]).unwrap();
}

fn main() {
    let arguments = Arguments::read();
    let runtime = measure::runtime(&arguments);
    let phases = nine(arguments.workload == "w5");
    match (arguments.workload.as_str(), arguments.variant.as_str()) {
        ("w1" | "w5" | "w6", _) | ("leak", "default") => {
            let run = move |_| {
                let phases = phases.clone();
                async move {
                    let mut state = fresh_state();
                    for phase in phases.iter() {
                        phase.run(&mut state).await;
                    }
                    state.step
                }
            };
            drive(&arguments, PHASES.len(), &runtime, run, Told::default());
        }
        ("w2", variant) => {
            let database = open(&arguments.folder, if variant == "normal" { "normal" } else { "full" });
            let database = Arc::new(Mutex::new(database));
            let run = move |number| {
                let (phases, database) = (phases.clone(), database.clone());
                async move {
                    let mut state = fresh_state();
                    for phase in phases.iter() {
                        phase.run(&mut state).await;
                        save(&database.lock().unwrap(), number, &state, phase.name());
                    }
                    state.step
                }
            };
            let told = Told { database: Some(arguments.folder.clone()), ..Told::default() };
            drive(&arguments, PHASES.len(), &runtime, run, told);
        }
        ("w3", variant) | ("leak", variant) => {
            let export = if variant == "off" { None } else { measure::install(variant) };
            let run = move |_| {
                let phases = phases.clone();
                async move {
                    let mut state = fresh_state();
                    for phase in phases.iter() {
                        let span = tracing::info_span!("phase", name = phase.name());
                        phase.run(&mut state).instrument(span).await;
                    }
                    state.step
                }
            };
            drive(&arguments, PHASES.len(), &runtime, run, Told { export, ..Told::default() });
        }
        ("w4", _) => {
            let run = |_| async {
                let mut agents = tokio::task::JoinSet::new();
                for _ in 0..AGENTS {
                    agents.spawn(tokio::time::sleep(AGENT_WAIT));
                }
                agents.join_all().await.len()
            };
            drive(&arguments, AGENTS, &runtime, run, Told::default());
        }
        _ => arguments.refuse("the floor"),
    }
}
