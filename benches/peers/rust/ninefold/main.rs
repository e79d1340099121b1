//! Ninefold, by its facade.
//!
//! W1: nine boxed phases in one run, the profile off. W2: the same with `Durability::Phase`; `default` is synchronous FULL, `normal` NORMAL.
//! W3: `default` is `profile::record` without a subscriber in the host, so what it gives is the profile, whose tree is made when it is
//! asked for; `tree` asks for it in every run; `layer` is `default` in a host with a registry and the profile's layer; `otel` exports
//! the spans and records no profile, `otel-profile` does both.
//! W4: one phase with five phases on branches of its context, joined. W4, W5, W6, leak: `default` is without a profile, `profile` with one.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use futures_util::future::try_join_all;
use measure::{
    AGENT_WAIT, AGENTS, Arguments, Counting, Export, MODEL_WAIT, PHASES, State, Told, drive, fresh_state,
    waits_for_model,
};
use ninefold::store::{Options, Sqlite, Synchronous};
use ninefold::{BoxPhase, Cx, Durability, Journal, Layered, Result, Run, otlp, phase, profile};
use tracing_subscriber::layer::{Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

type Step = Layered<BoxPhase<State, State>, State, State>;

/// Whether and how far runs are looked at.
#[derive(Clone, Copy)]
enum Profiled {
    Off,
    Recorded,
    Tree,
}

impl Profiled {
    async fn look<T>(self, run: impl Future<Output = Result<T>>) -> T {
        if matches!(self, Self::Off) {
            return run.await.unwrap();
        }
        let recorded = profile::record(run).await;
        if matches!(self, Self::Tree) {
            black_box(recorded.profile.tree());
        }
        black_box(&recorded.profile);
        recorded.output.unwrap()
    }
}

fn nine(waiting: bool) -> Arc<[Step]> {
    let step = |name: &'static str| {
        let waits = waiting && waits_for_model(name);
        let work = move |mut state: State, _: Cx| async move {
            if waits {
                tokio::time::sleep(MODEL_WAIT).await;
            }
            state.step += 1;
            Ok(state)
        };
        phase(name, BoxPhase::new(work))
    };
    PHASES.into_iter().map(step).collect()
}

async fn through(steps: &[Step], mut state: State, cx: Cx) -> Result<usize> {
    for step in steps {
        state = step.run(state, &cx).await?;
    }
    Ok(state.step)
}

/// A run that is not written anywhere.
async fn run(steps: &[Step]) -> Result<usize> {
    Run::new("nine").execute(&(), |cx| through(steps, fresh_state(), cx)).await
}

async fn durable_run(steps: &[Step], journal: Arc<dyn Journal>) -> Result<usize> {
    let state = fresh_state();
    let run = Run::new("nine").journal(journal, Durability::Phase);
    run.execute(&state, |cx| through(steps, state.clone(), cx)).await
}

async fn journal(folder: &Path, variant: &str) -> Arc<dyn Journal> {
    let synchronous = if variant == "normal" { Synchronous::Normal } else { Synchronous::Full };
    let options = Options { synchronous, ..Options::default() };
    Arc::new(Sqlite::open_with(folder.join("ninefold.db"), options).await.unwrap())
}

/// A phase in which all agents work at once.
async fn fan_out(agents: &[Layered<BoxPhase<(), ()>, (), ()>]) -> Result<usize> {
    Run::new("fan")
        .execute(&(), |cx| async move {
            let fan = phase("fan", |(): (), cx: Cx| async move {
                let agents = agents.iter().enumerate().map(|(number, agent)| {
                    let branch = cx.branch(&number.to_string());
                    async move { agent.run((), &branch).await }
                });
                try_join_all(agents).await
            });
            Ok(fan.run((), &cx).await?.len())
        })
        .await
}

/// The export with its defaults, into an exporter that only counts.
fn exporting<S>() -> (impl Layer<S> + Send + Sync, Export)
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    let counting = Counting::default();
    let (layer, guard) = otlp::from_env().unwrap().build_with(counting.clone()).unwrap();
    let guard = Arc::new(guard);
    let counted = guard.clone();
    let told = move || {
        let delivery = counted.delivery();
        Some(delivery.dropped + delivery.failed)
    };
    let flush = move || while guard.flush().pending > 0 {};
    (layer, Export::new(counting, flush, told))
}

/// Sets the host's subscriber of W3, and says whether runs are recorded.
fn observe(variant: &str) -> (Profiled, Option<Export>) {
    let registry = tracing_subscriber::registry();
    match variant {
        "tree" => (Profiled::Tree, None),
        "layer" => {
            tracing::subscriber::set_global_default(registry.with(profile::layer())).unwrap();
            (Profiled::Recorded, None)
        }
        "otel" => {
            let (layer, export) = exporting();
            tracing::subscriber::set_global_default(registry.with(layer)).unwrap();
            (Profiled::Off, Some(export))
        }
        "otel-profile" => {
            let (layer, export) = exporting();
            tracing::subscriber::set_global_default(registry.with(profile::layer()).with(layer)).unwrap();
            (Profiled::Recorded, Some(export))
        }
        _ => (Profiled::Recorded, None),
    }
}

fn main() {
    let arguments = Arguments::read();
    let runtime = measure::runtime(&arguments);
    let (workload, variant) = (arguments.workload.as_str(), arguments.variant.as_str());
    match workload {
        "w2" => {
            let steps = nine(false);
            let journal = runtime.block_on(journal(&arguments.folder, variant));
            let run = move |_| {
                let (steps, journal) = (steps.clone(), journal.clone());
                async move { durable_run(&steps, journal).await.unwrap() }
            };
            let told = Told { database: Some(arguments.folder.clone()), ..Told::default() };
            drive(&arguments, PHASES.len(), &runtime, run, told);
        }
        "w4" => {
            let profiled = if variant == "profile" { Profiled::Recorded } else { Profiled::Off };
            let work = |(): (), _: Cx| async {
                tokio::time::sleep(AGENT_WAIT).await;
                Ok(())
            };
            let agents: Arc<[_]> = (0..AGENTS).map(|n| phase(format!("agent{n}"), BoxPhase::new(work))).collect();
            let run = move |_| {
                let agents = agents.clone();
                async move { profiled.look(fan_out(&agents)).await }
            };
            drive(&arguments, AGENTS, &runtime, run, Told::default());
        }
        "w1" | "w3" | "w5" | "w6" | "leak" => {
            let (profiled, export) = match (workload, variant) {
                ("w3", _) | (_, "otel" | "profile") => observe(variant),
                _ => (Profiled::Off, None),
            };
            let steps = nine(workload == "w5");
            let run = move |_| {
                let steps = steps.clone();
                async move { profiled.look(run(&steps)).await }
            };
            drive(&arguments, PHASES.len(), &runtime, run, Told { export, ..Told::default() });
        }
        _ => arguments.refuse("ninefold"),
    }
}
