//! The eighteen defects of the pipeline that Ninefold succeeds, each with the test that fails if it comes back.
//!
//! | | there | test |
//! |---|---|---|
//! | 1 | a search silently returned nothing once code was stored | `pipeline/tests/it/soar.rs`: `a_broken_store_is_an_error_and_not_an_empty_answer`; `testkit/src/search_suite.rs` for every store and kind of chunk |
//! | 2 | the retried plan was verified, the first was executed | [`defect_2_the_retried_plan_is_the_one_that_is_executed`] |
//! | 3 | dependent subgoals of one group ran at once | [`defect_3_no_subgoal_runs_beside_what_it_depends_on`] |
//! | 4 | a critical subgoal missing from the execution order never ran, and the answer claimed .9 | [`defect_4_every_subgoal_runs_or_is_said_to_have_failed`] |
//! | 5 | a cyclic plan ran no agent, claimed .9 and was kept as a pattern | [`defect_5_a_cyclic_plan_is_refused_and_claims_nothing`] |
//! | 6 | all critical agents failed, with the same result | [`defect_6_when_all_critical_agents_fail_nothing_is_claimed`] |
//! | 7 | inside a running event loop no agent ran | [`defect_7_agents_run_inside_a_running_event_loop`] |
//! | 8 | a cached plan was served after its agents were removed | [`defect_8_a_plan_kept_from_before_is_not_executed_without_its_agents`]; for patterns beside them |
//! | 9 | a score that disagreed with its verdict failed the query | [`defect_9_a_score_that_disagrees_with_its_verdict_fails_nothing`] |
//! | 10 | the summary printed 0 ms for all phases | `profile/tests/it/times.rs`; `tests/it/accounts.rs` |
//! | 11 | the cost limit was ignored, and planning was never counted | [`defect_11_planning_is_counted_and_the_limit_holds`] |
//! | 12 | byte offsets cut text inside characters | `store/src/ingest/syntax_tests.rs`; `testkit/src/store_suite.rs` |
//! | 13 | patterns were written and never read, and stored again | beside the patterns |
//! | 14 | activation was frozen when written, the context never used | `testkit/src/hybrid_suite.rs`: `what_was_used_lately_and_often_comes_first`; `store/src/activation.rs` |
//! | 15 | a quotation mark gave no hits | `testkit/src/search_suite.rs`: `no_text_is_an_operator_or_an_error` |
//! | 16 | agents were delayed by 5 s × their index | [`defect_16_agents_start_without_a_stagger`] |
//! | 17 | a row's history of uses grew without bound | `store/tests/it/kept.rs`: `the_row_of_a_chunk_does_not_grow_with_its_uses` |
//! | 18 | 10,000 saves took 21.8 s | `store/benches/sqlite.rs`: no test is timed |

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ninefold::core::{Budget, DecidedBy, Decision, Plan, Scores, Subgoal, SubgoalId, Verdict};
use ninefold::pipeline::phases::Noted;
use ninefold::pipeline::phases::collect::AgentPolicy;
use ninefold::pipeline::phases::decompose::Decomposition;
use ninefold::pipeline::phases::verify::Verification;
use ninefold::{AgentCard, Answer, Cx, Degradation, Error, ErrorKind, Query, Soar, SoarBuilder, Task};
use ninefold_testkit::ScriptedModel;

const QUESTION: &str = "Compare the left side with the right side and weigh both";

fn subgoal(id: &str, after: &[&str]) -> Subgoal {
    let depends_on = after.iter().map(|id| (*id).into()).collect();
    Subgoal { depends_on, ..Subgoal::new(id, format!("{QUESTION}: {id}")) }
}

fn any(name: &str) -> AgentCard {
    AgentCard::new(name, "Does anything").capability("*")
}

/// A pipeline whose planner proposes these plans, one after another, and then the last again.
fn planned(plans: Vec<Vec<Subgoal>>) -> SoarBuilder {
    let plans = Arc::new(Mutex::new(plans.into_iter().collect::<std::collections::VecDeque<_>>()));
    Soar::builder().pipeline(move |pipeline| {
        pipeline.decompose(move |_: Decomposition, _: Cx| {
            let mut plans = plans.lock().unwrap();
            let next = if plans.len() > 1 { plans.pop_front() } else { plans.front().cloned() };
            std::future::ready(Ok(Noted::new(Plan::try_from(next.unwrap()).unwrap())))
        })
    })
}

/// What agents did: `+id` when one began, `-id` when it had finished.
type Log = Arc<Mutex<Vec<String>>>;

fn logging(
    log: &Log,
) -> impl Fn(Task, Cx) -> futures_util::future::BoxFuture<'static, ninefold::Result<String>> + use<> {
    let log = Arc::clone(log);
    move |task, _| {
        let log = Arc::clone(&log);
        Box::pin(async move {
            log.lock().unwrap().push(format!("+{}", task.subgoal.id));
            tokio::time::sleep(Duration::from_millis(10 + task.subgoal.id.0.len() as u64)).await;
            log.lock().unwrap().push(format!("-{}", task.subgoal.id));
            Ok(format!("did {}", task.subgoal.id))
        })
    }
}

fn begun(log: &Log) -> Vec<String> {
    log.lock().unwrap().iter().filter_map(|line| line.strip_prefix('+').map(str::to_owned)).collect()
}

fn notes(answer: &Answer) -> String {
    answer.degradations.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[tokio::test(start_paused = true)]
async fn defect_2_the_retried_plan_is_the_one_that_is_executed() {
    let (log, verified) = (Log::default(), Arc::new(Mutex::new(Vec::new())));
    let seen = Arc::clone(&verified);
    let verify = move |verification: Verification, _: Cx| {
        let id = verification.plan.subgoals()[0].id.clone();
        let all = if id.0 == "second" { 1.0 } else { 0.6 };
        seen.lock().unwrap().push(id.to_string());
        let scores = Scores { completeness: all, consistency: all, groundedness: all, routability: all };
        std::future::ready(Ok(Noted::new(Verdict::new(scores, vec![], DecidedBy::Rules))))
    };
    let plans = ["first", "second", "third"].map(|id| vec![subgoal(id, &[])]);
    let soar = planned(plans.to_vec()).pipeline(|pipeline| pipeline.verify(verify)).agent(any("worker"), logging(&log));
    let answer = soar.build().await.unwrap().answer(QUESTION).await.unwrap();
    assert_eq!((*verified.lock().unwrap()).clone(), ["first", "second"]);
    assert_eq!(begun(&log), ["second"]);
    assert_eq!(answer.verdict.as_ref().unwrap().decision(), Decision::Pass);
}

#[tokio::test(start_paused = true)]
async fn defect_3_no_subgoal_runs_beside_what_it_depends_on() {
    let plan = vec![subgoal("a", &[]), subgoal("bb", &[]), subgoal("c", &["a"]), subgoal("d", &["bb", "c"])];
    let log = Log::default();
    let soar = planned(vec![plan.clone()]).agent(any("worker"), logging(&log)).build().await.unwrap();
    soar.answer(QUESTION).await.unwrap();
    let lines = log.lock().unwrap().clone();
    let at = |line: String| lines.iter().position(|other| *other == line).unwrap();
    for subgoal in &plan {
        for before in &subgoal.depends_on {
            assert!(at(format!("-{before}")) < at(format!("+{}", subgoal.id)), "{lines:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn defect_4_every_subgoal_runs_or_is_said_to_have_failed() {
    let mut last = subgoal("last", &[]);
    last.critical = true;
    let plan = vec![subgoal("b", &["a"]), subgoal("a", &[]), subgoal("e", &["d"]), subgoal("d", &["a"]), last];
    let log = Log::default();
    let policy = AgentPolicy { parallel: 1, ..AgentPolicy::default() };
    let soar = planned(vec![plan.clone()]).agent(any("worker"), logging(&log));
    let soar = soar.pipeline(|pipeline| pipeline.agent_policy(policy)).build().await.unwrap();
    let answer = soar.answer(QUESTION).await.unwrap();
    let all: BTreeSet<String> = plan.iter().map(|subgoal| subgoal.id.to_string()).collect();
    assert_eq!(begun(&log).into_iter().collect::<BTreeSet<_>>(), all);
    assert!(!answer.degradations.iter().any(|note| matches!(note, Degradation::SubgoalFailed { .. })));
}

#[tokio::test(start_paused = true)]
async fn defect_5_a_cyclic_plan_is_refused_and_claims_nothing() {
    let cyclic = r#"{"subgoals": [{"id": "a", "description": "left", "critical": true, "depends_on": ["b"]},
        {"id": "b", "description": "right", "depends_on": ["a"]}]}"#;
    let broken = |_: Task, _: Cx| async { Err::<String, _>(Error::new(ErrorKind::Permanent, "broken")) };
    let model = ScriptedModel::new()
        .answer("break a question", cyclic)
        .fail("", Error::new(ErrorKind::Permanent, "nobody is there"));
    let soar = Soar::builder().model(model).agent(any("worker"), broken).build().await.unwrap();
    let answer = soar.answer(QUESTION).await.unwrap();
    assert!(notes(&answer).contains("subgoals wait for each other: a, b"), "{}", notes(&answer));
    assert!(answer.confidence.abs() < f32::EPSILON, "{}", answer.confidence);
}

#[tokio::test(start_paused = true)]
async fn defect_6_when_all_critical_agents_fail_nothing_is_claimed() {
    let plan = ["a", "b"].map(|id| Subgoal { critical: true, ..subgoal(id, &[]) }).to_vec();
    let broken = |_: Task, _: Cx| async { Err::<String, _>(Error::new(ErrorKind::Permanent, "broken")) };
    let soar = planned(vec![plan]).agent(any("worker"), broken).build().await.unwrap();
    let answer = soar.answer(QUESTION).await.unwrap();
    assert!(answer.confidence.abs() < f32::EPSILON, "{}", answer.confidence);
    assert_eq!(notes(&answer).matches("critical subgoal").count(), 2, "{}", notes(&answer));
}

#[test]
fn defect_7_agents_run_inside_a_running_event_loop() {
    let log = Log::default();
    let asked = async {
        let soar = planned(vec![vec![subgoal("a", &[]), subgoal("b", &["a"])]]);
        soar.agent(any("worker"), logging(&log)).build().await.unwrap().answer(QUESTION).await.unwrap()
    };
    // A loop of one thread that has other work at the same time.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let (answer, ticks) = runtime.block_on(async {
        let others = async {
            let mut ticks = 0;
            while begun(&log).len() < 2 {
                tokio::time::sleep(Duration::from_millis(1)).await;
                ticks += 1;
            }
            ticks
        };
        tokio::join!(asked, others)
    });
    assert_eq!(begun(&log), ["a", "b"]);
    assert!(ticks >= 10 && answer.text.contains("did b"), "{ticks} ticks beside the run: {}", answer.text);
}

#[tokio::test]
async fn defect_8_a_plan_kept_from_before_is_not_executed_without_its_agents() {
    let kept = Subgoal { agent: Some("gone".into()), critical: true, ..subgoal("a", &[]) };
    let log = Log::default();
    let soar = planned(vec![vec![kept]]).agent(any("worker"), logging(&log)).build().await.unwrap();
    let answer = soar.answer(QUESTION).await.unwrap();
    assert!(notes(&answer).contains("subgoal a names agent gone, which is not available"), "{}", notes(&answer));
    assert!(begun(&log).is_empty() && answer.confidence <= 0.5);
}

#[tokio::test]
async fn defect_9_a_score_that_disagrees_with_its_verdict_fails_nothing() {
    let plan = r#"{"subgoals": [{"id": "a", "description": "Compare the left side"},
        {"id": "b", "description": "look at the right", "depends_on": ["a"]}]}"#;
    for (review, passes) in [
        (r#"{"verdict": "pass", "completeness": 0.1, "consistency": 0.2, "groundedness": 0.1, "issues": []}"#, false),
        (r#"{"verdict": "fail", "completeness": 1, "consistency": 1, "groundedness": 1, "issues": []}"#, true),
    ] {
        let model = ScriptedModel::new()
            .answer("break a question", plan)
            .answer("try to break a plan", review)
            .answer("", "The left side [1].");
        let soar = Soar::builder().model(model).build().await.unwrap();
        let verdict = soar.answer(QUESTION).await.unwrap().verdict.clone().unwrap();
        assert_eq!((verdict.by(), verdict.decision() == Decision::Pass), (DecidedBy::Model, passes));
    }
}

#[tokio::test]
async fn defect_11_planning_is_counted_and_the_limit_holds() {
    let plan = r#"{"subgoals": [{"id": "a", "description": "Compare the left side"},
        {"id": "b", "description": "look at the right", "depends_on": ["a"]}]}"#;
    let review = r#"{"completeness": 1, "consistency": 1, "groundedness": 1, "issues": []}"#;
    let asked = Arc::new(
        ScriptedModel::new()
            .answer("break a question", plan)
            .answer("try to break a plan", review)
            .answer("", "The left side [1]."),
    );
    let soar = Soar::builder().model(Arc::clone(&asked)).build().await.unwrap();
    let answer = soar.answer(QUESTION).await.unwrap();
    let breakdown = answer.profile.breakdown();
    for phase in ["decompose", "verify", "synthesize"] {
        assert_eq!(breakdown.row(phase).unwrap().usage.calls, 1, "{phase}");
    }
    assert_eq!(breakdown.total.usage.calls, asked.requests().len() as u64);
    for limit in 0..5 {
        let asked = Arc::new(ScriptedModel::new().answer("break a question", plan).answer("", review));
        let soar = Soar::builder().model(Arc::clone(&asked)).build().await.unwrap();
        let budget = Budget { calls: Some(limit), ..Budget::default() };
        let answer = soar.answer(Query::new(QUESTION).budget(budget)).await;
        assert!(asked.requests().len() as u64 <= limit, "{limit}");
        assert!(answer.is_ok_and(|answer| limit > 0 || notes(&answer).contains("model calls are used up")), "{limit}");
    }
}

#[tokio::test(start_paused = true)]
async fn defect_16_agents_start_without_a_stagger() {
    let plan = ["a", "b", "c", "d"].map(|id| subgoal(id, &[])).to_vec();
    let started = tokio::time::Instant::now();
    let at: Arc<Mutex<Vec<(SubgoalId, Duration)>>> = Arc::default();
    let agent = {
        let at = Arc::clone(&at);
        move |task: Task, _: Cx| {
            at.lock().unwrap().push((task.subgoal.id, started.elapsed()));
            async { Ok("at once") }
        }
    };
    let soar = planned(vec![plan]).agent(any("worker"), agent).build().await.unwrap();
    soar.answer(QUESTION).await.unwrap();
    let at = at.lock().unwrap();
    assert!(at.len() == 4 && at.iter().all(|(_, at)| at.is_zero()), "{at:?}");
    assert_eq!(started.elapsed(), Duration::ZERO);
}
