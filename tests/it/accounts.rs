//! The account of a run: there without set-up, there with a host's subscriber, and plain about it when it cannot be there.

use std::time::Duration;

use ninefold::profile::{self, Outcome, Profile};
use ninefold::{AgentCard, Cx, Error, ErrorKind, Phase as _, Query, Result, Run, Soar, Task, phase};
use tracing_subscriber::layer::SubscriberExt as _;

const PHASES: [&str; 11] = [
    "normalize",
    "assess",
    "retrieve",
    "recall",
    "decompose",
    "verify",
    "route",
    "collect",
    "synthesize",
    "record",
    "respond",
];
const COMPLEX: &str = "Compare the left with the right and recommend one of them";

async fn soar() -> Soar {
    let agent = |task: Task, _: Cx| async move { Ok(format!("found out: {}", task.subgoal.description)) };
    Soar::builder().agent(AgentCard::new("worker", "Works").capability("*"), agent).build().await.unwrap()
}

fn phases(profile: &Profile) -> Vec<String> {
    profile.breakdown().rows.iter().map(|row| row.name.to_string()).collect()
}

#[tokio::test]
async fn a_host_without_a_subscriber_needs_nothing() {
    let answer = soar().await.answer(COMPLEX).await.unwrap();
    assert!(answer.profile.is_available());
    assert_eq!(phases(&answer.profile), PHASES);
    for row in answer.profile.breakdown().rows {
        assert!(row.wall > Duration::ZERO, "{} took no time at all", row.name);
        assert_eq!(row.usage.calls, 0);
    }
    assert!(
        tracing::dispatcher::get_default(tracing::Dispatch::is::<tracing::subscriber::NoSubscriber>),
        "the host stays as it was"
    );
}

#[tokio::test]
async fn a_host_with_our_layer_gets_the_same_account() {
    let _host = tracing::subscriber::set_default(tracing_subscriber::registry().with(profile::layer()));
    let answer = soar().await.answer(COMPLEX).await.unwrap();
    assert_eq!(phases(&answer.profile), PHASES);
}

#[tokio::test]
async fn a_host_without_our_layer_is_told_how_to_get_the_account() {
    let _host = tracing::subscriber::set_default(tracing_subscriber::registry());
    let answer = soar().await.answer(COMPLEX).await.unwrap();
    let reason = answer.profile.unavailable().expect("there is no account");
    assert!(reason.contains("profile::layer()"), "{reason}");
    assert!(answer.profile.table().to_string().contains("profile::layer()"));
}

#[tokio::test]
async fn works_on_a_runtime_of_many_threads_from_a_spawned_task() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let handle = runtime.handle().clone();
    let answer = tokio::task::spawn_blocking(move || {
        handle.block_on(async { tokio::spawn(async { soar().await.answer(COMPLEX).await }).await.unwrap() })
    });
    assert_eq!(phases(&answer.await.unwrap().unwrap().profile), PHASES);
    runtime.shutdown_background();
}

#[tokio::test(start_paused = true)]
async fn a_failed_run_is_accounted_for_up_to_its_failure() {
    let hang = |_: Task, _: Cx| std::future::pending::<Result<String>>();
    let soar = Soar::builder().agent(AgentCard::new("hang", "Hangs").capability("*"), hang).build().await.unwrap();
    let failure = soar.answer(Query::new(COMPLEX).deadline(Duration::from_secs(5))).await.unwrap_err();
    assert_eq!(failure.error.kind(), ErrorKind::DeadlineExceeded);
    let breakdown = failure.profile.breakdown();
    assert_eq!(breakdown.rows.last().unwrap().name, "collect");
    assert_eq!((breakdown.total.failed, breakdown.row("collect").unwrap().failed), (1, 1));
    assert!(breakdown.row("route").unwrap().error_types.is_empty());
}

#[tokio::test(start_paused = true)]
async fn failed_and_cancelled_phases_are_marked() {
    let slow = phase("slow", |(): (), _: Cx| std::future::pending::<Result<u32>>());
    let fails =
        phase("fails", |(): (), _: Cx| async { Err::<u32, _>(Error::new(ErrorKind::NotFound, "nothing there")) });
    let quick = phase("quick", |(): (), _: Cx| async {
        tokio::time::sleep(Duration::from_millis(3)).await;
        Ok(3)
    });
    let race = async |cx: Cx| {
        let _ = fails.run((), &cx).await;
        tokio::select! {
            value = slow.run((), &cx) => value,
            value = quick.run((), &cx) => value,
        }
    };
    let recorded = profile::record(Run::new("race").execute(&(), race)).await;
    assert_eq!(recorded.output.unwrap(), 3);
    let tree = recorded.profile.tree();
    let outcome = |name: &str| tree.nodes().iter().find(|node| node.label == name).unwrap().outcome;
    assert_eq!(
        (outcome("slow"), outcome("quick"), outcome("fails")),
        (Some(Outcome::Cancelled), None, Some(Outcome::Failed))
    );
    let table = recorded.profile.table().to_string();
    assert!(table.contains("cancelled") && table.contains("failed: not_found"), "{table}");
}

#[tokio::test]
async fn the_account_is_data() {
    let answer = soar().await.answer(COMPLEX).await.unwrap();
    let json = serde_json::to_value(&answer).unwrap();
    assert!(json["profile"].is_object(), "{json}");
    let schema = answer.profile.to_json();
    assert!(schema["version"].is_number(), "{schema}");
    assert_eq!(schema["phases"].as_array().map_or(0, Vec::len), PHASES.len(), "{schema}");
}

/// A phase of a type of its own, used where a closure would do.
struct Shout;

impl ninefold::Phase<String> for Shout {
    type Out = String;

    async fn run(&self, text: String, _: &Cx) -> Result<String> {
        Ok(text.to_uppercase())
    }
}

#[tokio::test]
async fn a_type_is_a_phase() {
    let shout = phase("shout", Shout);
    let loud = Run::new("t").execute("hi", async |cx| shout.run("hi".into(), &cx).await).await.unwrap();
    assert_eq!(loud, "HI");
    let quiet = Run::new("t").execute("hi", async |cx| Shout.run("hi".into(), &cx).await).await.unwrap();
    assert_eq!(quiet, "HI");
}

#[tokio::test]
async fn a_search_may_be_limited_to_a_relative_path() {
    let soar = Soar::builder().index("docs").build().await.unwrap();
    let within = soar.answer(Query::new("What is the span of a phase?").within("docs")).await.unwrap();
    assert!(!within.citations.is_empty());
    let elsewhere = soar.answer(Query::new("What is the span of a phase?").within("examples")).await.unwrap();
    assert!(elsewhere.citations.is_empty());
}
