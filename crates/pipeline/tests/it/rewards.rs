//! Who is rewarded and blamed for what became of a run, and which plans.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ninefold_core::{AgentCard, Cx, Error, ErrorKind, Experience, Model, PlanOrigin, Subgoal, Task};
use ninefold_pipeline::phases::Noted;
use ninefold_pipeline::phases::collect::{AgentPolicy, CircuitPolicy};
use ninefold_pipeline::phases::decompose::Decomposition;
use ninefold_pipeline::{Retry, Soar, SoarBuilder};
use ninefold_testkit::ScriptedModel;
use tokio::time::sleep;

use crate::fixture::shelf;
use crate::lessons::Lessons;

const QUESTION: &str = "Compare the journal with the cache and recommend one of them";

fn part(id: &str, agent: &str, after: &[&str]) -> Subgoal {
    let depends_on = after.iter().map(|id| (*id).into()).collect();
    Subgoal { agent: Some(agent.into()), depends_on, ..Subgoal::new(id, QUESTION) }
}

fn critical(subgoal: Subgoal) -> Subgoal {
    Subgoal { critical: true, ..subgoal }
}

fn card(name: &str) -> AgentCard {
    AgentCard::new(name, "").capability("journal")
}

fn policy() -> AgentPolicy {
    let circuit = CircuitPolicy { failures: 0, ..CircuitPolicy::default() };
    AgentPolicy { retry: Retry { attempts: 1, ..Retry::default() }, circuit, ..AgentPolicy::default() }
}

/// A pipeline of this plan, whose model finds no fault with it and writes a good answer.
fn planned(lessons: &Arc<Lessons>, plan: Vec<Subgoal>, policy: AgentPolicy) -> SoarBuilder {
    let model = ScriptedModel::new()
        .answer("try to break a plan", r#"{"completeness": 0.9, "consistency": 1, "groundedness": 0.8, "issues": []}"#)
        .answer("numbered sources", "Compare the journal [1] with the cache [2], and recommend one.");
    let store = shelf(&[
        ("a.txt", "We compare what the journal does, and recommend it: it resumes a run.", &[]),
        ("b.txt", "The cache spares work; compare one before you recommend it.", &[]),
    ]);
    Soar::builder()
        .store(Arc::new(store))
        .model(Arc::new(model) as Arc<dyn Model>)
        .experience(Arc::clone(lessons) as Arc<dyn Experience>)
        .agent_policy(policy)
        .decompose(move |_: Decomposition, _: Cx| {
            let plan = plan.clone().try_into();
            async { Ok(Noted::new(plan?)) }
        })
}

async fn does(task: Task, _: Cx) -> ninefold_core::Result<String> {
    Ok(format!("found {}", task.subgoal.id))
}

async fn fails(_: Task, _: Cx) -> ninefold_core::Result<String> {
    Err(Error::new(ErrorKind::Permanent, "out of order"))
}

fn rewards(lessons: &Lessons) -> Vec<(String, f32)> {
    let mut rewards: Vec<_> =
        lessons.rewards.lock().unwrap().drain(..).map(|(agent, reward)| (agent.name.to_string(), reward)).collect();
    rewards.sort_by(|a, b| a.partial_cmp(b).unwrap());
    rewards
}

fn named(rewards: &[(&str, f32)]) -> Vec<(String, f32)> {
    rewards.iter().map(|(name, reward)| ((*name).to_owned(), *reward)).collect()
}

#[tokio::test(start_paused = true)]
async fn whoever_was_not_begun_because_of_somebody_elses_failure_is_not_judged() {
    let lessons = Arc::new(Lessons::default());
    let plan = vec![critical(part("vital", "broken", &[])), part("queued", "good", &[])];
    let one = AgentPolicy { parallel: 1, ..policy() };
    let soar = planned(&lessons, plan, one)
        .agent(AgentCard::new("broken", "x"), fails)
        .agent(AgentCard::new("good", "x"), does)
        .build()
        .unwrap();
    soar.answer(QUESTION).await.unwrap();
    let judged = rewards(&lessons);
    assert!(judged.contains(&("broken".into(), 0.0)), "{judged:?}");
    assert!(!judged.iter().any(|(agent, _)| agent == "good"), "{judged:?}");
}

#[tokio::test(start_paused = true)]
async fn who_was_taken_over_is_blamed_and_who_took_over_is_in_the_pattern() {
    let lessons = Arc::new(Lessons::default());
    let plan = vec![part("a", "broken", &[])];
    let soar =
        planned(&lessons, plan, policy()).agent(card("broken"), fails).agent(card("spare"), does).build().unwrap();
    soar.answer(QUESTION).await.unwrap();
    assert_eq!(rewards(&lessons), named(&[("broken", 0.0), ("spare", 1.0)]));
    let patterns = lessons.patterns.lock().unwrap();
    let agents: Vec<_> = patterns[0].agents.iter().map(|agent| agent.name.to_string()).collect();
    assert_eq!(agents, ["spare"], "who worked");
}

#[tokio::test(start_paused = true)]
async fn an_agent_is_blamed_once_for_one_failure_and_not_for_being_left_alone() {
    let lessons = Arc::new(Lessons::default());
    let plan = vec![part("a", "broken", &[])];
    let one = CircuitPolicy { failures: 1, ..CircuitPolicy::default() };
    let soar = planned(&lessons, plan, AgentPolicy { circuit: one, ..policy() })
        .agent(card("broken"), fails)
        .agent(card("spare"), does)
        .build()
        .unwrap();
    soar.answer(QUESTION).await.unwrap();
    assert_eq!(rewards(&lessons), named(&[("broken", 0.0), ("spare", 1.0)]));
    soar.answer(QUESTION).await.unwrap();
    assert_eq!(rewards(&lessons), named(&[("spare", 1.0)]), "its circuit was open: it was not asked");
}

#[tokio::test(start_paused = true)]
async fn who_was_taken_over_is_blamed_though_the_time_for_all_ends_before_the_other_one_is_done() {
    let lessons = Arc::new(Lessons::default());
    let late = AgentPolicy { whole: Duration::from_secs(20), timeout: Duration::from_secs(500), ..policy() };
    let hangs = |_: Task, _: Cx| async {
        sleep(Duration::from_secs(1_000)).await;
        Ok("late")
    };
    let soar = planned(&lessons, vec![critical(part("a", "broken", &[]))], late)
        .agent(card("broken"), fails)
        .agent(card("spare"), hangs)
        .build()
        .unwrap();
    let answer = soar.answer(QUESTION).await.unwrap();
    assert_eq!(rewards(&lessons), named(&[("broken", 0.0)]));
    let told: Vec<_> = answer.impasses.iter().skip(1).map(ToString::to_string).collect();
    assert_eq!(told, ["broken failed at a (permanent); nobody could take over"]);
}

/// How a known plan is judged when the agent that all depends on ends so the second time it is asked.
async fn judged_when(error: Option<Error>, policy: AgentPolicy, thirds: bool) -> (Vec<f32>, Vec<(String, f32)>) {
    judged(critical(part("a", "worker", &[])), error, policy, thirds).await
}

async fn judged(
    first: Subgoal,
    error: Option<Error>,
    policy: AgentPolicy,
    thirds: bool,
) -> (Vec<f32>, Vec<(String, f32)>) {
    let lessons = Arc::new(Lessons::default());
    let plan = vec![first, part("b", "waiting", &["a"])];
    let asked = Arc::new(AtomicU32::new(0));
    let worker = move |_: Task, cx: Cx| {
        let (error, nth) = (error.clone(), asked.fetch_add(1, Ordering::SeqCst));
        async move {
            match error {
                _ if nth == 0 => Ok("found"),
                Some(error) => Err(cx.budget().judge(error)),
                None => {
                    sleep(Duration::from_secs(1_000)).await;
                    Ok("late")
                }
            }
        }
    };
    let soar = planned(&lessons, plan, policy)
        .agent(AgentCard::new("worker", "x"), worker)
        .agent(AgentCard::new("waiting", "x"), does)
        .build()
        .unwrap();
    soar.answer(QUESTION).await.unwrap();
    if thirds {
        soar.answer(QUESTION).await.unwrap();
        lessons.judged.lock().unwrap().clear();
    }
    rewards(&lessons);
    let answer = soar.answer(QUESTION).await.unwrap();
    assert!(matches!(answer.plan_origin, Some(PlanOrigin::Pattern { .. })), "{:?}", answer.plan_origin);
    let judged = lessons.judged.lock().unwrap().clone();
    (judged, rewards(&lessons))
}

#[tokio::test(start_paused = true)]
async fn a_plan_is_blamed_for_its_agents_failures_and_not_for_what_the_run_does_not_allow() {
    let error = |kind| Some(Error::new(kind, "no more"));
    let broken = judged_when(error(ErrorKind::Permanent), policy(), false).await;
    assert_eq!(broken.0, [0.0], "its agent failed");
    let spent = judged_when(error(ErrorKind::OverBudget), policy(), false).await;
    assert_eq!(spent.0, [0.0; 0], "the run's budget was used up");
    assert!(!spent.1.contains(&("worker".into(), 0.0)), "{:?}", spent.1);
    let late = AgentPolicy { whole: Duration::from_secs(20), timeout: Duration::from_secs(500), ..policy() };
    let (plans, agents) = judged_when(None, late, false).await;
    assert_eq!((plans.as_slice(), agents.as_slice()), (&[][..], &[][..]), "the time for all was over");
    let alone = CircuitPolicy { failures: 1, ..CircuitPolicy::default() };
    let alone = AgentPolicy { circuit: alone, ..policy() };
    let (plans, _) = judged_when(error(ErrorKind::Permanent), alone, true).await;
    assert_eq!(plans, [0.0; 0], "its agent was left alone");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_lacks_what_the_run_had_no_time_for_says_nothing_of_the_plan() {
    let optional = || part("a", "worker", &[]);
    let broken = judged(optional(), Some(Error::new(ErrorKind::Permanent, "no more")), policy(), false).await;
    assert_eq!(broken.0, [0.0], "its agent failed, and the answer is not trusted");
    let late = AgentPolicy { whole: Duration::from_secs(20), timeout: Duration::from_secs(500), ..policy() };
    let (plans, agents) = judged(optional(), None, late, false).await;
    assert_eq!((plans.as_slice(), agents.as_slice()), (&[][..], &[][..]), "nothing critical, and no time");
}
