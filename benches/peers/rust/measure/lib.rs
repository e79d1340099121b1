//! What the contestants written in Rust share with each other and, rule by rule, with `py/measure.py`: the state, what a run is,
//! the windows in which runs are timed, and what is told of a process.

mod arguments;
mod process;
mod spans;
mod state;
mod windows;

use std::future::Future;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use tokio::runtime::{Builder, Runtime};

pub use arguments::Arguments;
pub use process::{folder_bytes, resident_kib};
pub use spans::{Counting, Export, install};
pub use state::{AGENT_WAIT, AGENTS, MODEL_WAIT, PHASES, QUERY, State, fresh_state, waits_for_model};

/// Conversations at once in W1 to W3.
const AT_ONCE: usize = 64;

/// The runtime that `--threads` asks for: one thread is comparable with an asyncio loop.
pub fn runtime(arguments: &Arguments) -> Runtime {
    let mut builder = if arguments.threads == 1 { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    if arguments.threads > 1 {
        builder.worker_threads(arguments.threads);
    }
    builder.enable_all().build().unwrap()
}

/// What a contestant can tell beside its figures.
#[derive(Default)]
pub struct Told {
    /// Where its spans go, if it exports any.
    pub export: Option<Export>,
    /// The folder of its database, if it has one.
    pub database: Option<std::path::PathBuf>,
}

/// Runs the workload with `run`, which is one run and returns how many steps it took, and prints one JSON object.
pub fn drive<F, Fut>(arguments: &Arguments, steps: usize, runtime: &Runtime, run: F, told: Told)
where
    F: Fn(u64) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = usize> + Send + 'static,
{
    let run = Arc::new(run);
    let mut out = Map::new();
    let mut runs = 0;
    // How many spans a run makes is seen in the second one: the first may have had something to set up.
    let made = told.export.as_ref().map(|export| {
        let mut delivered = || {
            assert_eq!(runtime.block_on(run(u64::MAX - runs)), steps);
            runs += 1;
            export.delivered()
        };
        let (first, both) = (delivered(), delivered());
        (first, both - first)
    });
    match arguments.workload.as_str() {
        "w1" | "w2" | "w3" | "w4" => {
            let warm_up = if arguments.workload == "w4" { 5 } else { 50 };
            let (once, seconds) = (run.clone(), arguments.seconds);
            // In a task, where an application's work would be: the thread of `block_on` is no worker.
            let serial = runtime.spawn(async move { windows::serial(&*once, seconds, warm_up, steps).await });
            let serial = runtime.block_on(serial).unwrap();
            runs += warm_up + serial.runs;
            out.insert("serial".into(), serial.json());
            if arguments.workload != "w4" {
                let concurrent = runtime.block_on(windows::concurrent(run.clone(), AT_ONCE, seconds, steps));
                runs += concurrent.runs;
                out.insert("concurrent64".into(), concurrent.json());
            }
        }
        "w5" => {
            let width = arguments.width;
            let sustained = runtime.block_on(windows::concurrent(run.clone(), width, arguments.seconds, steps));
            out.insert("sustained".into(), sustained.json());
        }
        "w6" => {
            assert_eq!(runtime.block_on(run(0)), steps);
            out.insert("resident_first_run_kib".into(), json!(resident_kib()));
        }
        "leak" => {
            let (once, total) = (run.clone(), arguments.runs);
            let marks = runtime.spawn(async move { windows::leak(&*once, total).await });
            out.insert("resident_kib_after_runs".into(), json!(runtime.block_on(marks).unwrap()));
            runs += total;
        }
        other => panic!("there is no workload {other:?}"),
    }
    out.insert("peak_kib".into(), json!(process::peak_kib()));
    if let (Some(export), Some((first, each))) = (told.export, made) {
        let delivered = export.delivered();
        let spans =
            json!({ "each": each, "made": first + each * (runs - 1), "delivered": delivered, "told": export.told() });
        out.insert("spans".into(), spans);
    }
    if let Some(folder) = told.database {
        out.insert("database_bytes_per_run".into(), json!(folder_bytes(&folder) as f64 / runs as f64));
    }
    println!("{}", Value::Object(out));
}
