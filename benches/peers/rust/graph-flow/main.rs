//! graph-flow.
//!
//! W1: `default` is a FlowRunner over the storage in memory (saved, run to its end, deleted), `direct` is `Graph::execute_session`.
//! W2: a step at a time, saved after each, over a `SessionStorage` on rusqlite that was written for this comparison, since graph-flow
//! ships memory and PostgreSQL; `default` is WAL with synchronous FULL, `normal` with NORMAL. W3: a span that every task here opens,
//! since graph-flow emits events and no spans; `default` goes to a timing layer, `otel` through the SDK. W4: its FanOutTask.

use std::path::Path;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use graph_flow::{
    Context, FanOutTask, FlowRunner, Graph, GraphBuilder, InMemorySessionStorage, NextAction, Session, SessionStorage,
    Task, TaskResult,
};
use measure::{AGENT_WAIT, AGENTS, Arguments, MODEL_WAIT, PHASES, Told, drive, fresh_state, waits_for_model};
use rusqlite::{Connection, params};
use tracing::Instrument as _;

struct Phase {
    name: &'static str,
    waits: bool,
    spanned: bool,
    next: NextAction,
}

#[async_trait]
impl Task for Phase {
    fn id(&self) -> &str {
        self.name
    }

    async fn run(&self, context: Context) -> graph_flow::Result<TaskResult> {
        let work = async {
            if self.waits {
                tokio::time::sleep(MODEL_WAIT).await;
            }
            let step: usize = context.get("step").unwrap_or(0);
            context.set("step", step + 1)
        };
        if self.spanned {
            work.instrument(tracing::info_span!("phase", name = self.name)).await?;
        } else {
            work.await?;
        }
        Ok(TaskResult::new(None, self.next.clone()))
    }
}

struct Agent(String);

#[async_trait]
impl Task for Agent {
    fn id(&self) -> &str {
        &self.0
    }

    async fn run(&self, _: Context) -> graph_flow::Result<TaskResult> {
        tokio::time::sleep(AGENT_WAIT).await;
        Ok(TaskResult::new(Some(self.0.clone()), NextAction::End))
    }
}

fn nine(waiting: bool, spanned: bool, between: &NextAction) -> Arc<Graph> {
    let mut graph = GraphBuilder::new("nine");
    for (number, name) in PHASES.into_iter().enumerate() {
        let next = if number + 1 == PHASES.len() { NextAction::End } else { between.clone() };
        graph = graph.add_task(Arc::new(Phase { name, waits: waiting && waits_for_model(name), spanned, next }));
    }
    for pair in PHASES.windows(2) {
        graph = graph.add_edge(pair[0], pair[1]);
    }
    Arc::new(graph.build().unwrap())
}

fn session(number: u64) -> Session {
    let session = Session::new_from_task(format!("session {number}"), PHASES[0]);
    let state = fresh_state();
    session.context.set("query", state.query).unwrap();
    session.context.set("chunks", state.chunks).unwrap();
    session.context.set("step", 0).unwrap();
    session
}

fn steps(session: &Session) -> usize {
    session.context.get("step").unwrap()
}

/// What a user of SQLite would have to write, without the check of versions.
struct Sqlite(Mutex<Connection>);

impl Sqlite {
    fn open(folder: &Path, synchronous: &str) -> Self {
        let database = Connection::open(folder.join("graph-flow.db")).unwrap();
        database.pragma_update(None, "journal_mode", "wal").unwrap();
        database.pragma_update(None, "synchronous", synchronous).unwrap();
        database.execute_batch("create table sessions(id text primary key, data text)").unwrap();
        Self(Mutex::new(database))
    }
}

#[async_trait]
impl SessionStorage for Sqlite {
    async fn save(&self, session: Session) -> graph_flow::Result<()> {
        let database = self.0.lock().unwrap();
        let mut insert = database.prepare_cached("insert or replace into sessions values(?, ?)").unwrap();
        insert.execute(params![session.id, serde_json::to_string(&session).unwrap()]).unwrap();
        Ok(())
    }

    async fn get(&self, id: &str) -> graph_flow::Result<Option<Session>> {
        let database = self.0.lock().unwrap();
        let mut select = database.prepare_cached("select data from sessions where id = ?").unwrap();
        let data = select.query_row([id], |row| row.get::<_, String>(0)).ok();
        Ok(data.map(|data| serde_json::from_str(&data).unwrap()))
    }

    async fn delete(&self, _: &str) -> graph_flow::Result<()> {
        Ok(())
    }
}

fn main() {
    let arguments = Arguments::read();
    let runtime = measure::runtime(&arguments);
    match (arguments.workload.as_str(), arguments.variant.as_str()) {
        ("w1", "direct") => {
            let graph = nine(false, false, &NextAction::ContinueAndExecute);
            let run = move |number| {
                let graph = graph.clone();
                async move {
                    let mut session = session(number);
                    graph.execute_session(&mut session).await.unwrap();
                    steps(&session)
                }
            };
            drive(&arguments, PHASES.len(), &runtime, run, Told::default());
        }
        ("w2", variant) => {
            let synchronous = if variant == "normal" { "normal" } else { "full" };
            let storage: Arc<dyn SessionStorage> = Arc::new(Sqlite::open(&arguments.folder, synchronous));
            let runner = FlowRunner::new(nine(false, false, &NextAction::Continue), storage.clone());
            let run = move |number| {
                let (runner, storage) = (runner.clone(), storage.clone());
                async move {
                    let session = session(number);
                    let id = session.id.clone();
                    storage.save(session).await.unwrap();
                    for _ in PHASES {
                        runner.run(&id).await.unwrap();
                    }
                    steps(&storage.get(&id).await.unwrap().unwrap())
                }
            };
            let told = Told { database: Some(arguments.folder.clone()), ..Told::default() };
            drive(&arguments, PHASES.len(), &runtime, run, told);
        }
        ("w4", _) => {
            let agents = (0..AGENTS).map(|number| Arc::new(Agent(format!("agent{number}"))) as Arc<dyn Task>).collect();
            let fan = FanOutTask::new("fan", agents).with_next_action(NextAction::End);
            let graph = Arc::new(GraphBuilder::new("fan").add_task(fan).build().unwrap());
            let run = move |_| {
                let graph = graph.clone();
                async move {
                    let mut session = Session::new_from_task("session".into(), "fan");
                    graph.execute_session(&mut session).await.unwrap();
                    let answer = |n: &usize| session.context.get::<String>(&format!("fanout.agent{n}.response"));
                    (0..AGENTS).filter(|n| answer(n).is_some()).count()
                }
            };
            drive(&arguments, AGENTS, &runtime, run, Told::default());
        }
        ("w1" | "w3" | "w5" | "w6" | "leak", variant) => {
            let spanned = arguments.workload == "w3" || variant == "otel";
            let export = if spanned { measure::install(variant) } else { None };
            let storage = Arc::new(InMemorySessionStorage::new());
            let graph = nine(arguments.workload == "w5", spanned, &NextAction::ContinueAndExecute);
            let runner = FlowRunner::new(graph, storage.clone());
            let run = move |number| {
                let (runner, storage) = (runner.clone(), storage.clone());
                async move {
                    let session = session(number);
                    let id = session.id.clone();
                    storage.save(session).await.unwrap();
                    runner.run(&id).await.unwrap();
                    let steps = steps(&storage.get(&id).await.unwrap().unwrap());
                    storage.delete(&id).await.unwrap();
                    steps
                }
            };
            drive(&arguments, PHASES.len(), &runtime, run, Told { export, ..Told::default() });
        }
        _ => arguments.refuse("graph-flow"),
    }
}
