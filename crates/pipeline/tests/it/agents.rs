//! Agents at work: order, parallelism, failure.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ninefold_core::{AgentCard, Cx, Degradation, Error, ErrorKind, Report, Result, Subgoal, Task};
use ninefold_pipeline::phases::Noted;
use ninefold_pipeline::phases::collect::AgentPolicy;
use ninefold_pipeline::phases::decompose::Decomposition;
use ninefold_pipeline::phases::route::ANYTHING;
use ninefold_pipeline::{Retry, Soar, SoarBuilder};
use tokio::time::Instant;

/// A question that no rule holds for simple.
const QUESTION: &str = "Compare the left side with the right side and weigh both";

fn subgoal(id: &str, after: &[&str]) -> Subgoal {
    let depends_on = after.iter().map(|id| (*id).into()).collect();
    Subgoal { depends_on, ..Subgoal::new(id, format!("{QUESTION}: {id}")) }
}

/// A pipeline whose plan is given.
fn planned(subgoals: Vec<Subgoal>) -> SoarBuilder {
    Soar::builder().decompose(move |_: Decomposition, _: Cx| {
        let plan = subgoals.clone().try_into();
        async { Ok(Noted::new(plan?)) }
    })
}

fn any(name: &str) -> AgentCard {
    AgentCard::new(name, "Does anything").capability(ANYTHING)
}

/// What agents noted: what happened when, in milliseconds since the start.
#[derive(Clone)]
struct Log {
    start: Instant,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Log {
    fn new() -> Self {
        Self { start: Instant::now(), lines: Arc::default() }
    }

    fn note(&self, what: impl std::fmt::Display) {
        self.lines.lock().unwrap().push(format!("{} {what}", self.start.elapsed().as_millis()));
    }

    fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }
}

#[tokio::test(start_paused = true)]
async fn a_subgoal_starts_the_moment_its_dependencies_are_done() {
    let log = Log::new();
    let agent = {
        let log = log.clone();
        move |task: Task, _: Cx| {
            let log = log.clone();
            async move {
                let id = task.subgoal.id.clone();
                let had: Vec<_> = task.dependencies.iter().map(ninefold_core::Finding::text).collect();
                log.note(format!("{id} starts with {had:?}"));
                let length = if id.0 == "slow" { 100 } else { 10 };
                tokio::time::sleep(Duration::from_millis(length)).await;
                Ok(format!("found {id}"))
            }
        }
    };
    // `after` needs only `quick`: it must not wait for `slow`, which is in its wave.
    let plan = vec![
        subgoal("slow", &[]),
        subgoal("quick", &[]),
        subgoal("after", &["quick"]),
        subgoal("last", &["after", "slow"]),
    ];
    let soar = planned(plan).agent(any("worker"), agent).build().unwrap();
    let answer = soar.answer(QUESTION).await.unwrap();
    assert_eq!(
        log.lines(),
        [
            "0 slow starts with []",
            "0 quick starts with []",
            "10 after starts with [\"found quick\"]",
            "100 last starts with [\"found after\", \"found slow\"]",
        ]
    );
    assert_eq!(answer.text, "found slow [1]\n\nfound quick [2]\n\nfound after [3]\n\nfound last [4]");
    assert!(answer.verdict.is_some());
}

#[tokio::test(start_paused = true)]
async fn no_more_than_so_many_run_at_once() {
    let (log, most) = (Log::new(), Arc::new(Mutex::new((0, 0))));
    let agent = {
        let most = Arc::clone(&most);
        move |_: Task, _: Cx| {
            let most = Arc::clone(&most);
            async move {
                {
                    let mut at_work = most.lock().unwrap();
                    at_work.0 += 1;
                    at_work.1 = at_work.1.max(at_work.0);
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
                most.lock().unwrap().0 -= 1;
                Ok("done")
            }
        }
    };
    let plan = (0..10).map(|n| subgoal(&format!("s{n}"), &[])).collect();
    let policy = AgentPolicy { parallel: 3, ..AgentPolicy::default() };
    let soar = planned(plan).agent(any("worker"), agent).agent_policy(policy).build().unwrap();
    soar.answer(QUESTION).await.unwrap();
    assert_eq!(most.lock().unwrap().1, 3);
    assert_eq!(log.start.elapsed().as_millis(), 40, "ten of ten milliseconds, three at once");
}

fn failing(id: &'static str, kind: ErrorKind) -> impl Fn(Task, Cx) -> std::future::Ready<Result<Report>> + Send + Sync {
    move |task, _| {
        let fails = task.subgoal.id.0 == id;
        std::future::ready(if fails { Err(Error::new(kind, "the tool broke")) } else { Ok("fine".into()) })
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_takes_along_what_depends_on_it_and_nothing_else() {
    let plan = vec![subgoal("a", &[]), subgoal("b", &["a"]), subgoal("c", &["b"]), subgoal("d", &[])];
    let soar = planned(plan).agent(any("worker"), failing("a", ErrorKind::Permanent)).build().unwrap();
    let answer = soar.answer(QUESTION).await.unwrap();
    assert_eq!(answer.text, "fine [1]");
    let failed: Vec<_> = answer
        .degradations
        .iter()
        .filter_map(|degradation| match degradation {
            Degradation::SubgoalFailed { failed } => Some(format!("{}: {}", failed.subgoal, failed.message)),
            _ => None,
        })
        .collect();
    assert_eq!(
        failed,
        ["a: worker: the tool broke", "b: not started, because a failed", "c: not started, because b failed"]
    );
    assert!(answer.confidence < 0.5, "{}", answer.confidence);
}

#[tokio::test(start_paused = true)]
async fn a_critical_failure_takes_all_confidence() {
    let mut critical = subgoal("a", &[]);
    critical.critical = true;
    let soar =
        planned(vec![critical, subgoal("b", &[])]).agent(any("worker"), failing("a", ErrorKind::Permanent)).build();
    let answer = soar.unwrap().answer(QUESTION).await.unwrap();
    assert!(answer.confidence.abs() < f32::EPSILON);
    assert!(answer.degradations.iter().any(|note| note.to_string().starts_with("critical subgoal a failed")));
}

#[tokio::test(start_paused = true)]
async fn transient_failures_are_tried_again_and_hanging_agents_are_stopped() {
    let tries = Arc::new(Mutex::new(0));
    let flaky = {
        let tries = Arc::clone(&tries);
        move |task: Task, _: Cx| {
            let tries = Arc::clone(&tries);
            async move {
                if task.subgoal.id.0 == "hangs" {
                    std::future::pending::<()>().await;
                }
                *tries.lock().unwrap() += 1;
                if *tries.lock().unwrap() < 3 {
                    Err(Error::new(ErrorKind::Transient, "reset"))
                } else {
                    Ok("third time")
                }
            }
        }
    };
    let policy = AgentPolicy { timeout: Duration::from_secs(5), retry: Retry::default(), ..AgentPolicy::default() };
    let plan = vec![subgoal("flaky", &[]), subgoal("hangs", &[])];
    let soar = planned(plan).agent(any("worker"), flaky).agent_policy(policy).build().unwrap();
    let answer = soar.answer(QUESTION).await.unwrap();
    assert_eq!(answer.text, "third time [1]");
    let notes = answer.degradations.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert!(
        notes.contains("subgoal hangs failed in agent worker: worker: it took longer than its limit of 5s"),
        "{notes}"
    );
}

#[tokio::test]
async fn panics_and_empty_reports_are_failures() {
    let agent = |task: Task, _: Cx| async move {
        assert!(task.subgoal.id.0 != "panics", "agent exploded");
        Ok(String::new())
    };
    let plan = vec![subgoal("panics", &[]), subgoal("empty", &[])];
    let answer = planned(plan).agent(any("worker"), agent).build().unwrap().answer(QUESTION).await.unwrap();
    let notes = answer.degradations.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert!(notes.contains("agent exploded") && notes.contains("agent worker returned nothing"), "{notes}");
    assert_eq!(answer.text, ninefold_pipeline::phases::synthesize::NOTHING_FOUND);
}

#[tokio::test]
async fn two_agents_of_one_name_are_refused() {
    let done = |_: Task, _: Cx| async { Ok("done") };
    let built = Soar::builder().agent(any("twin"), done).agent(any("twin"), done).build();
    assert_eq!(built.err().unwrap().kind(), ErrorKind::InvalidInput);
}
