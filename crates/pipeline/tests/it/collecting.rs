//! Agents that fail: taken over, left alone, told of; and what is not begun any more.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ninefold_core::{
    AgentCard, Answer, Budget, Cx, Degradation, Error, ErrorKind, Impasse, Labels, Model, OverBudget, Query, Result,
    Scope, Subgoal, Task,
};
use ninefold_pipeline::phases::Noted;
use ninefold_pipeline::phases::collect::{AgentPolicy, CircuitPolicy};
use ninefold_pipeline::phases::decompose::Decomposition;
use ninefold_pipeline::{Retry, Run, Soar, SoarBuilder};
use ninefold_testkit::ScriptedModel;
use tokio::time::{advance, sleep};

const QUESTION: &str = "Compare the left side with the right side and weigh both";

fn subgoal(id: &str, agent: &str, after: &[&str]) -> Subgoal {
    let depends_on = after.iter().map(|id| (*id).into()).collect();
    Subgoal { depends_on, agent: Some(agent.into()), ..Subgoal::new(id, format!("{QUESTION}: {id}")) }
}

fn planned(subgoals: Vec<Subgoal>) -> SoarBuilder {
    Soar::builder().decompose(move |_: Decomposition, _: Cx| {
        let plan = subgoals.clone().try_into();
        async { Ok(Noted::new(plan?)) }
    })
}

fn fails(kind: ErrorKind) -> impl Fn(Task, Cx) -> std::future::Ready<Result<String>> + Send + Sync {
    move |_, _| std::future::ready(Err(Error::new(kind, "the tool broke")))
}

fn does(task: Task, _: Cx) -> std::future::Ready<Result<String>> {
    let Task { subgoal, .. } = task;
    std::future::ready(Ok(format!("did {}", subgoal.id)))
}

fn notes(answer: &Answer) -> Vec<String> {
    answer.degradations.iter().map(ToString::to_string).collect()
}

#[tokio::test(start_paused = true)]
async fn an_agent_is_not_waited_for_past_the_deadline_but_taken_over() {
    let soar = planned(vec![subgoal("a", "broken", &[])])
        .agent(AgentCard::new("broken", "").capability("left side"), fails(ErrorKind::Transient))
        .agent(AgentCard::new("spare", "").capability("left"), does)
        .build()
        .unwrap();
    // The pause before a second attempt is 50 ms at least.
    let answer = soar.answer(Query::new(QUESTION).deadline(Duration::from_millis(40))).await.unwrap();
    assert_eq!(answer.text, "did a [1]", "{:?}", notes(&answer));
}

#[tokio::test(start_paused = true)]
async fn what_an_agent_fails_at_is_taken_over_by_the_next_able_one() {
    let soar = planned(vec![subgoal("a", "broken", &[]), subgoal("b", "broken", &["a"])])
        .agent(AgentCard::new("broken", "").capability("left side"), fails(ErrorKind::Permanent))
        .agent(AgentCard::new("spare", "").capability("left"), does)
        .agent(AgentCard::new("any", "").capability("*"), |_: Task, _: Cx| async { Ok("anything") })
        .build()
        .unwrap();
    let answer = soar.answer(QUESTION).await.unwrap();
    assert_eq!((answer.text.as_str(), notes(&answer).len()), ("did a [1]\n\ndid b [2]", 1), "{:?}", notes(&answer));
    let told: Vec<_> = answer.impasses.iter().skip(1).map(ToString::to_string).collect();
    assert_eq!(
        told,
        ["broken failed at a (permanent); spare took over", "broken failed at b (permanent); spare took over"]
    );
}

#[tokio::test(start_paused = true)]
async fn the_model_takes_over_what_no_agent_is_able_to() {
    let model = Arc::new(ScriptedModel::new().answer("one part of a larger", "The model's own work.").answer("", "x"));
    let soar = planned(vec![subgoal("a", "broken", &[])])
        .agent(AgentCard::new("broken", "").capability("maps"), fails(ErrorKind::Permanent))
        .model(Arc::clone(&model) as Arc<dyn Model>)
        .synthesize(|synthesis: ninefold_pipeline::phases::synthesize::Synthesis, _: Cx| async move {
            let by: Vec<_> = synthesis
                .findings
                .done
                .iter()
                .map(|finding| format!("{}: {}", finding.agent, finding.text()))
                .collect();
            Ok(Noted::new(ninefold_pipeline::phases::synthesize::Draft { text: by.join("\n"), ..Default::default() }))
        })
        .build()
        .unwrap();
    let answer = soar.answer(QUESTION).await.unwrap();
    assert_eq!(answer.text, "reason: The model's own work.");
}

#[tokio::test(start_paused = true)]
async fn when_all_fail_everyone_is_told_of() {
    let card = |name: &str| AgentCard::new(name, "").capability("left");
    let called = Arc::new(Mutex::new(Vec::new()));
    let broken = |name: &'static str| {
        let called = Arc::clone(&called);
        move |_: Task, _: Cx| {
            called.lock().unwrap().push(name);
            std::future::ready(Err::<String, _>(Error::new(ErrorKind::Permanent, format!("{name} broke"))))
        }
    };
    let soar = planned(vec![subgoal("a", "one", &[])])
        .agent(card("one"), broken("one"))
        .agent(card("two"), broken("two"))
        .agent(card("three"), broken("three"))
        .agent(card("four"), broken("four"))
        .build()
        .unwrap();
    let answer = soar.answer(QUESTION).await.unwrap();
    assert_eq!(*called.lock().unwrap(), ["one", "two", "three"], "no more than three");
    let told = notes(&answer).join("\n");
    assert!(
        told.contains("subgoal a failed in agent one: one: one broke; then two: two broke; then three: three broke"),
        "{told}"
    );
    assert_eq!(answer.impasses.iter().filter(|impasse| impasse.cause() == "agent_failed").count(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_is_out_of_scope_is_taken_over_by_nobody_and_nobody_out_of_scope_takes_over() {
    let hidden = AgentCard::new("payroll", "").capability("left").labels(Labels::of(["hr"]));
    let soar = planned(vec![subgoal("a", "broken", &[])])
        .agent(AgentCard::new("broken", "").capability("left"), fails(ErrorKind::Permanent))
        .agent(hidden, does)
        .build()
        .unwrap();
    let answer = soar.answer(QUESTION).await.unwrap();
    assert!(notes(&answer).iter().any(|note| note.starts_with("subgoal a failed in agent broken")));
    let granted = soar.answer(Query::new(QUESTION).scope(Scope::of(["hr"]))).await.unwrap();
    assert_eq!(granted.text, "did a [1]");
}

/// A pipeline of one agent that fails while it is told to, and how often it was called.
fn switched(policy: AgentPolicy) -> (Soar, Arc<Mutex<(bool, u32)>>) {
    let state = Arc::new(Mutex::new((true, 0)));
    let agent = {
        let state = Arc::clone(&state);
        move |_: Task, _: Cx| {
            let mut state = state.lock().unwrap();
            state.1 += 1;
            let broken = state.0;
            async move { if broken { Err(Error::new(ErrorKind::Permanent, "it broke")) } else { Ok("fine") } }
        }
    };
    let soar = planned(vec![subgoal("a", "worker", &[])])
        .agent(AgentCard::new("worker", "").capability("*"), agent)
        .agent_policy(policy)
        .build()
        .unwrap();
    (soar, state)
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_keeps_failing_is_left_alone_across_runs_until_a_probe_does_well() {
    let (soar, state) = switched(AgentPolicy::default());
    for _ in 0..4 {
        soar.answer(QUESTION).await.unwrap();
    }
    assert_eq!(state.lock().unwrap().1, 2, "after two failures it is not called");
    let told = notes(&soar.answer(QUESTION).await.unwrap()).join("\n");
    assert!(told.contains("agent worker has failed 2 times in a row; it is left alone for 120 s"), "{told}");
    advance(Duration::from_secs(121)).await;
    soar.answer(QUESTION).await.unwrap();
    soar.answer(QUESTION).await.unwrap();
    assert_eq!(state.lock().unwrap().1, 3, "one probe, which failed");
    advance(Duration::from_secs(121)).await;
    state.lock().unwrap().0 = false;
    for _ in 0..3 {
        assert_eq!(soar.answer(QUESTION).await.unwrap().text, "fine [1]");
    }
    let (never, state) = switched(AgentPolicy {
        circuit: CircuitPolicy { failures: 0, ..CircuitPolicy::default() },
        ..AgentPolicy::default()
    });
    for _ in 0..4 {
        never.answer(QUESTION).await.unwrap();
    }
    assert_eq!(state.lock().unwrap().1, 4);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_dropped_says_nothing_about_its_agents() {
    let (soar, state) = {
        let state = Arc::new(Mutex::new(0));
        let counted = Arc::clone(&state);
        let agent = move |_: Task, _: Cx| {
            *counted.lock().unwrap() += 1;
            async {
                sleep(Duration::from_secs(30)).await;
                Ok("slow")
            }
        };
        let builder = planned(vec![subgoal("a", "worker", &[])]);
        (builder.agent(AgentCard::new("worker", "").capability("*"), agent).build().unwrap(), state)
    };
    for _ in 0..3 {
        assert!(tokio::time::timeout(Duration::from_secs(1), soar.answer(QUESTION)).await.is_err());
        let late = soar.answer(Query::new(QUESTION).deadline(Duration::from_secs(1))).await;
        assert_eq!(late.unwrap_err().kind(), ErrorKind::DeadlineExceeded);
    }
    assert_eq!(soar.answer(QUESTION).await.unwrap().text, "slow [1]");
    assert_eq!(*state.lock().unwrap(), 7);
}

#[tokio::test(start_paused = true)]
async fn after_a_critical_failure_nothing_is_begun_and_what_runs_may_finish() {
    let log = Arc::new(Mutex::new(Vec::new()));
    let agent = {
        let log = Arc::clone(&log);
        move |task: Task, _: Cx| {
            let log = Arc::clone(&log);
            async move {
                let id = task.subgoal.id.0.to_string();
                log.lock().unwrap().push(id.clone());
                sleep(Duration::from_millis(if id == "slow" { 50 } else { 10 })).await;
                if id == "vital" { Err(Error::new(ErrorKind::NotFound, "nothing there")) } else { Ok(id) }
            }
        }
    };
    let mut vital = subgoal("vital", "worker", &[]);
    vital.critical = true;
    let plan = vec![
        vital,
        subgoal("slow", "worker", &[]),
        subgoal("queued", "worker", &[]),
        subgoal("after", "worker", &["slow"]),
    ];
    let policy = AgentPolicy { parallel: 2, ..AgentPolicy::default() };
    let soar =
        planned(plan).agent(AgentCard::new("worker", "").capability("*"), agent).agent_policy(policy).build().unwrap();
    let answer = soar.answer(QUESTION).await.unwrap();
    assert_eq!(*log.lock().unwrap(), ["vital", "slow"]);
    assert_eq!((answer.text.as_str(), answer.confidence.abs() < f32::EPSILON), ("slow [1]", true));
    let told = notes(&answer);
    let because = "not started, because critical subgoal vital failed";
    assert_eq!(told.iter().filter(|note| note.contains(because)).count(), 2, "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn after_a_critical_failure_nobody_takes_over_what_fails_later() {
    let spare_was_asked = Arc::new(Mutex::new(Vec::new()));
    let fails_late = |task: Task, _: Cx| async move {
        sleep(Duration::from_millis(if task.subgoal.id.0 == "late" { 50 } else { 10 })).await;
        Err::<String, _>(Error::new(ErrorKind::Permanent, "the tool broke"))
    };
    let spare = {
        let asked = Arc::clone(&spare_was_asked);
        move |task: Task, _: Cx| {
            asked.lock().unwrap().push(task.subgoal.id.to_string());
            std::future::ready(Err::<String, _>(Error::new(ErrorKind::Permanent, "nor can the spare one")))
        }
    };
    let mut vital = subgoal("vital", "broken", &[]);
    vital.critical = true;
    let policy =
        AgentPolicy { circuit: CircuitPolicy { failures: 0, ..CircuitPolicy::default() }, ..AgentPolicy::default() };
    let soar = planned(vec![vital, subgoal("late", "broken", &[])])
        .agent(AgentCard::new("broken", "").capability("left"), fails_late)
        .agent(AgentCard::new("spare", "").capability("left"), spare)
        .agent_policy(policy)
        .build()
        .unwrap();
    let answer = soar.answer(QUESTION).await.unwrap();
    assert_eq!(*spare_was_asked.lock().unwrap(), ["vital"], "the answer is worthless when the other one fails");
    let told: Vec<_> = answer.impasses.iter().map(ToString::to_string).collect();
    assert!(told.contains(&"broken failed at late (permanent); nobody could take over".to_owned()), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn when_the_time_of_all_agents_is_over_what_was_found_counts() {
    let agent = |task: Task, _: Cx| async move {
        let quick = task.subgoal.id.0 == "quick";
        sleep(Duration::from_secs(if quick { 1 } else { 1_000 })).await;
        Ok(task.subgoal.id.0.to_string())
    };
    let plan =
        vec![subgoal("quick", "worker", &[]), subgoal("hangs", "worker", &[]), subgoal("after", "worker", &["hangs"])];
    let policy = AgentPolicy {
        timeout: Duration::from_secs(500),
        whole: Duration::from_secs(20),
        retry: Retry { attempts: 1, ..Retry::default() },
        ..AgentPolicy::default()
    };
    let soar =
        planned(plan).agent(AgentCard::new("worker", "").capability("*"), agent).agent_policy(policy).build().unwrap();
    let start = tokio::time::Instant::now();
    let answer = soar.answer(QUESTION).await.unwrap();
    assert_eq!((answer.text.as_str(), start.elapsed()), ("quick [1]", Duration::from_secs(20)));
    let told = notes(&answer);
    assert_eq!(
        told.iter().filter(|note| note.contains("it was not done when the 20s for all agents were over")).count(),
        2
    );
}

#[tokio::test(start_paused = true)]
async fn a_subgoal_given_to_nobody_has_failed_and_says_so() {
    let route = |_: ninefold_pipeline::phases::route::Routing, _: Cx| async { Ok(ninefold_core::Routes::default()) };
    let soar = planned(vec![subgoal("a", "worker", &[])])
        .agent(AgentCard::new("worker", "").capability("*"), does)
        .route(route)
        .build()
        .unwrap();
    let answer = soar.answer(QUESTION).await.unwrap();
    let told = notes(&answer);
    assert!(told.iter().any(|note| note.starts_with("subgoal a failed: no agent in scope is able")), "{told:?}");
    assert!(!answer.impasses.iter().any(|impasse| matches!(impasse, Impasse::AgentFailed { .. })));
}

/// A pipeline whose first agent goes beyond a budget, and whose second one, who calls models, could take over; how often the
/// first one was called.
fn spends<F, Fut>(agent: F) -> (Soar, Arc<Mutex<u32>>)
where
    F: Fn(Cx) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<&'static str>> + Send,
{
    let called = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&called);
    let spender = move |_: Task, cx: Cx| {
        *counted.lock().unwrap() += 1;
        agent(cx)
    };
    let soar = planned(vec![subgoal("a", "spender", &[])])
        .agent(AgentCard::new("spender", "").capability("left"), spender)
        .agent(AgentCard::new("spare", "").capability("left").calls(1), does)
        .build()
        .unwrap();
    (soar, called)
}

fn went_without(answer: &Answer) -> bool {
    answer.degradations.iter().any(|note| matches!(note, Degradation::OverBudget { .. }))
}

#[tokio::test(start_paused = true)]
async fn a_budget_of_an_agents_own_is_not_that_of_the_run() {
    let limits = |calls| Budget { calls: Some(calls), ..Budget::default() };
    let (soar, called) = spends(|_| async { Err(Error::new(ErrorKind::OverBudget, "no answer in 8 steps")) });
    for _ in 0..3 {
        let answer = soar.answer(QUESTION).await.unwrap();
        assert_eq!((answer.text.as_str(), went_without(&answer)), ("did a [1]", false));
    }
    assert_eq!(*called.lock().unwrap(), 2, "it is left alone as if it took too long");

    // An agent that is a pipeline itself, and ends when its money is spent.
    let (soar, called) = spends(move |_| {
        let run = Run::new("inner").budget(limits(0)).over_budget(OverBudget::Stop);
        async move { run.execute(&(), async |cx| cx.reserve(1).map(|_| "cheap")).await }
    });
    for _ in 0..3 {
        assert_eq!(soar.answer(QUESTION).await.unwrap().text, "did a [1]", "the run around it goes on");
    }
    assert_eq!(*called.lock().unwrap(), 2);

    // The run's own: nobody who needs a model takes over, and nobody is left alone for it.
    let (soar, called) = spends(|cx| async move {
        let _calls = [cx.reserve(1)?, cx.reserve(1)?];
        Ok("cheap")
    });
    for _ in 0..3 {
        let answer = soar.answer(Query::new(QUESTION).budget(limits(1))).await.unwrap();
        assert!(went_without(&answer) && answer.text != "did a [1]", "{answer:?}");
    }
    assert_eq!(*called.lock().unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_the_runs_budget_kept_an_agent_from_is_said_whoever_failed_after_it() {
    let soar = planned(vec![subgoal("a", "spender", &[])])
        .agent(AgentCard::new("spender", "").capability("left"), |_: Task, cx: Cx| async move {
            cx.reserve(1).map(|_| "cheap")
        })
        .agent(AgentCard::new("broken", "").capability("left"), fails(ErrorKind::Permanent))
        .build()
        .unwrap();
    let none = Budget { calls: Some(0), ..Budget::default() };
    assert!(went_without(&soar.answer(Query::new(QUESTION).budget(none)).await.unwrap()));
}
