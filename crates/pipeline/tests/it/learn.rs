//! What runs learn, when it is used again, and what nothing is learned from.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ninefold_core::{
    AgentCard, Answer, Cx, DecidedBy, Degradation, Durability, Error, ErrorKind, Experience, Model, Phase, PlanOrigin,
    Query, Report, Result, RunId, Scope, Task,
};
use ninefold_pipeline::phases::Noted;
use ninefold_pipeline::phases::collect::{AgentPolicy, CircuitPolicy};
use ninefold_pipeline::phases::record::Recording;
use ninefold_pipeline::phases::route::{Route, Skills};
use ninefold_pipeline::{Retry, Soar, SoarBuilder};
use ninefold_testkit::ScriptedModel;
use tokio::time::Instant;

use crate::fixture::{Notebook, Shelf, shelf};
use crate::lessons::Lessons;

const QUESTION: &str = "Compare the journal with the cache and recommend one of them";
/// The same question, otherwise put.
const AGAIN: &str = "Please: recommend one of them, and compare the CACHE with the JOURNAL!";

const PLAN: &str = r#"{"subgoals": [
  {"id": "journal", "description": "what the journal does compared with the cache", "critical": true},
  {"id": "both", "description": "recommend one", "depends_on": ["journal"]}]}"#;
const REVIEW: &str = r#"{"completeness": 0.9, "consistency": 1, "groundedness": 0.8, "issues": []}"#;
const ANSWER: &str = "Compare the journal [1] with the cache [2], and recommend one.";

fn store() -> Arc<Shelf> {
    Arc::new(shelf(&[
        ("a.txt", "We compare what the journal does, and recommend it: it resumes a run.", &[]),
        ("b.txt", "The cache spares work; compare one before you recommend it.", &[]),
    ]))
}

fn script() -> ScriptedModel {
    ScriptedModel::new()
        .answer("break a question", PLAN)
        .answer("try to break a plan", REVIEW)
        .answer("numbered sources", ANSWER)
}

fn reader() -> AgentCard {
    AgentCard::new("reader", "Reads").capability("*")
}

async fn found(task: Task, _: Cx) -> Result<Report> {
    Ok(format!("found {}", task.subgoal.id).into())
}

/// A pipeline with one agent of its own, which needs no model.
fn builder(model: &Arc<ScriptedModel>, lessons: &Arc<Lessons>) -> SoarBuilder {
    let circuit = CircuitPolicy { failures: 0, ..CircuitPolicy::default() };
    let quick = AgentPolicy { retry: Retry { attempts: 1, ..Retry::default() }, circuit, ..AgentPolicy::default() };
    Soar::builder()
        .store(store())
        .model(Arc::clone(model) as Arc<dyn Model>)
        .experience(Arc::clone(lessons) as Arc<dyn Experience>)
        .agent_policy(quick)
}

fn soar(model: &Arc<ScriptedModel>, lessons: &Arc<Lessons>) -> Soar {
    builder(model, lessons).agent(reader(), found).build().unwrap()
}

fn learned(lessons: &Lessons) -> usize {
    lessons.patterns.lock().unwrap().len()
}

fn by_pattern(answer: &Answer) -> bool {
    matches!(answer.plan_origin, Some(PlanOrigin::Pattern { .. }))
}

#[tokio::test]
async fn defect_13_what_is_learned_is_read_back_and_repeats_are_not_stored_again() {
    let (model, lessons) = (Arc::new(script()), Arc::new(Lessons::default()));
    let soar = soar(&model, &lessons);
    let first = soar.answer(QUESTION).await.unwrap();
    assert_eq!((first.plan_origin, model.requests().len()), (Some(PlanOrigin::Decomposition), 3));
    assert_eq!(learned(&lessons), 1, "{first:?}");
    for (n, question) in [AGAIN, QUESTION, AGAIN].into_iter().enumerate() {
        let again = soar.answer(question).await.unwrap();
        let key = lessons.patterns.lock().unwrap()[0].key().unwrap();
        assert_eq!(again.plan_origin, Some(PlanOrigin::Pattern { key }));
        assert_eq!(model.requests().len(), 4 + n, "only the answer is written by the model");
        assert_eq!((&again.text, again.confidence), (&first.text, first.confidence));
        assert_eq!(again.verdict.unwrap().by(), DecidedBy::Rules, "its structure was verified");
    }
    let kept = lessons.patterns.lock().unwrap()[0].clone();
    assert_eq!((learned(&lessons), kept.successes, kept.failures), (1, 4, 0));
}

#[tokio::test]
async fn defect_8_a_plan_is_not_served_after_its_agents_were_removed_or_changed() {
    let (model, lessons) = (Arc::new(script()), Arc::new(Lessons::default()));
    let before = soar(&model, &lessons).answer(QUESTION).await.unwrap();
    assert!(!by_pattern(&before) && learned(&lessons) == 1);
    let other = AgentCard::new("writer", "Writes").capability("*");
    let removed = builder(&model, &lessons).agent(other, found).build().unwrap();
    assert_eq!(removed.answer(AGAIN).await.unwrap().plan_origin, Some(PlanOrigin::Decomposition));
    let changed = AgentCard { description: "Reads no more".into(), ..reader() };
    let changed = builder(&model, &lessons).agent(changed, found).build().unwrap();
    assert_eq!(changed.answer(AGAIN).await.unwrap().plan_origin, Some(PlanOrigin::Decomposition));
    assert!(by_pattern(&soar(&model, &lessons).answer(AGAIN).await.unwrap()), "its agent is back");
}

#[tokio::test]
async fn another_question_is_planned_anew() {
    let (model, lessons) = (Arc::new(script()), Arc::new(Lessons::default()));
    let soar = soar(&model, &lessons);
    soar.answer(QUESTION).await.unwrap();
    for other in [
        "Compare the journal with the cache and do not recommend one of them",
        "Compare the journal with the cache of 2024 and recommend one of them",
        "Compare the journal with the cache and the ledger and recommend one of them",
        "Compare the journal with the cache and recommend one of them: why is it better?",
    ] {
        assert!(!by_pattern(&soar.answer(other).await.unwrap()), "{other}");
    }
}

#[tokio::test]
async fn a_careless_memory_changes_nothing() {
    let (model, lessons) = (Arc::new(script()), Arc::new(Lessons { careless: true, ..Lessons::default() }));
    let soar = soar(&model, &lessons);
    soar.answer(Query::new(QUESTION).scope(Scope::of(["hr"]))).await.unwrap();
    assert_eq!(learned(&lessons), 1);
    assert!(!by_pattern(&soar.answer(QUESTION).await.unwrap()), "another scope");
    let within = Query::new(QUESTION).within("a.txt").within("b.txt");
    assert!(!by_pattern(&soar.answer(within).await.unwrap()), "other paths");
    assert!(by_pattern(&soar.answer(QUESTION).await.unwrap()));
}

#[tokio::test]
async fn a_plan_whose_sources_are_gone_or_changed_is_made_anew() {
    let (model, lessons) = (Arc::new(script()), Arc::new(Lessons::default()));
    soar(&model, &lessons).answer(QUESTION).await.unwrap();
    let changed = shelf(&[("a.txt", "We compare the journal with the cache here, and recommend none.", &[])]);
    let elsewhere = builder(&model, &lessons).store(Arc::new(changed)).agent(reader(), found).build().unwrap();
    let answer = elsewhere.answer(QUESTION).await.unwrap();
    assert_eq!(answer.plan_origin, Some(PlanOrigin::Decomposition));
    // This store cannot be asked for chunks, which is said.
    assert!(matches!(answer.degradations[0], Degradation::NotRecalled { .. }), "{:?}", answer.degradations);
}

#[tokio::test]
async fn a_known_plan_whose_structure_does_not_pass_any_more_is_made_anew() {
    let (model, lessons) = (Arc::new(script()), Arc::new(Lessons::default()));
    let soar = soar(&model, &lessons);
    soar.answer(QUESTION).await.unwrap();
    // As a hand in the database might have it: the plan names an agent that nobody knows.
    let plan = r#"[{"id": "a", "description": "compare the journal with the cache, recommend one", "agent": "gone"}]"#;
    lessons.patterns.lock().unwrap()[0].plan = serde_json::from_str(plan).unwrap();
    let answer = soar.answer(AGAIN).await.unwrap();
    assert_eq!(answer.plan_origin, Some(PlanOrigin::Decomposition));
    assert_eq!(model.requests().len(), 6);
    assert!(by_pattern(&soar.answer(AGAIN).await.unwrap()), "what was learned anew is served");
}

#[tokio::test]
async fn failures_demote_until_the_question_is_planned_anew() {
    let (model, lessons) = (Arc::new(script()), Arc::new(Lessons::default()));
    let works = Arc::new(AtomicBool::new(true));
    let agent = {
        let works = Arc::clone(&works);
        move |_: Task, _: Cx| {
            let works = works.load(Ordering::Relaxed);
            async move { if works { Ok("found") } else { Err(Error::new(ErrorKind::Permanent, "out of order")) } }
        }
    };
    let soar = builder(&model, &lessons).agent(reader(), agent).build().unwrap();
    soar.answer(QUESTION).await.unwrap();
    works.store(false, Ordering::Relaxed);
    let mut served = 0;
    while by_pattern(&soar.answer(AGAIN).await.unwrap()) {
        served += 1;
    }
    assert_eq!((served, lessons.judged.lock().unwrap().as_slice()), (4, &[0.0; 4][..]));
    works.store(true, Ordering::Relaxed);
    soar.answer(AGAIN).await.unwrap();
    assert!(by_pattern(&soar.answer(AGAIN).await.unwrap()), "a success teaches it again");
}

/// Runs a question that must teach nothing, and must not be planned by a pattern the second time.
async fn teaches_nothing(model: ScriptedModel, agent_works: bool, why: &str) -> Answer {
    let (model, lessons) = (Arc::new(model), Arc::new(Lessons::default()));
    let agent = move |_: Task, _: Cx| async move {
        if agent_works { Ok("found") } else { Err(Error::new(ErrorKind::Permanent, "out of order")) }
    };
    let soar = builder(&model, &lessons).agent(reader(), agent).build().unwrap();
    let answer = soar.answer(QUESTION).await.unwrap();
    assert_eq!(learned(&lessons), 0, "{why}: {answer:?}");
    assert!(!by_pattern(&soar.answer(QUESTION).await.unwrap()), "{why}");
    answer
}

#[tokio::test]
async fn nothing_is_learned_from_a_rejected_plan() {
    let objection = r#"{"completeness": 0.9, "consistency": 0.9, "groundedness": 0.9,
        "issues": [{"critical": true, "message": "it deletes the archive"}]}"#;
    let model = ScriptedModel::new()
        .answer("break a question", PLAN)
        .answer("try to break a plan", objection)
        .answer("numbered sources", ANSWER);
    let answer = teaches_nothing(model, true, "rejected").await;
    assert_eq!(answer.plan_origin, None);
    assert!(answer.degradations.iter().any(|note| matches!(note, Degradation::PlanRejected { .. })));
}

#[tokio::test]
async fn defect_6_nothing_is_learned_when_critical_agents_fail() {
    let answer = teaches_nothing(script(), false, "a critical subgoal failed").await;
    assert!(answer.confidence.abs() < f32::EPSILON, "and the answer is not trusted: {}", answer.confidence);
}

#[tokio::test]
async fn nothing_is_learned_from_an_answer_that_is_not_trusted() {
    let model = ScriptedModel::new()
        .answer("break a question", PLAN)
        .answer("try to break a plan", REVIEW)
        .answer("numbered sources", "Nobody knows.");
    let answer = teaches_nothing(model, true, "low confidence").await;
    assert!(answer.confidence < 0.7, "{}", answer.confidence);
}

#[tokio::test]
async fn defect_5_nothing_is_learned_from_a_cyclic_plan_or_any_other_trouble_in_planning() {
    let cyclic = r#"{"subgoals": [{"id": "a", "description": "x", "depends_on": ["a"]}]}"#;
    for (planned, reviewed) in [(cyclic, REVIEW), ("I cannot", REVIEW), (PLAN, "I cannot")] {
        let model = ScriptedModel::new()
            .answer("break a question", planned)
            .answer("try to break a plan", reviewed)
            .answer("numbered sources", ANSWER);
        let answer = teaches_nothing(model, true, "trouble").await;
        assert!(answer.degradations.iter().any(|note| matches!(note, Degradation::ModelUnusable { .. })));
    }
}

#[tokio::test]
async fn defect_4_every_critical_subgoal_runs_or_the_run_teaches_nothing() {
    let (model, lessons) = (Arc::new(script()), Arc::new(Lessons::default()));
    // A host's phase that leaves a critical subgoal out.
    let forgetful = |input: ninefold_pipeline::phases::collect::Collection, _: Cx| async move {
        let last = input.plan.subgoals().last().map(|subgoal| ninefold_core::Finding {
            subgoal: subgoal.id.clone(),
            agent: "reader".into(),
            statements: vec!["found".into()],
        });
        Ok(ninefold_core::Findings { done: last.into_iter().collect(), failed: Vec::new(), impasses: Vec::new() })
    };
    let soar = builder(&model, &lessons).agent(reader(), found).collect(forgetful).build().unwrap();
    soar.answer(QUESTION).await.unwrap();
    assert_eq!(learned(&lessons), 0);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_learned_from_a_run_that_failed_or_was_cancelled() {
    let (model, lessons) = (Arc::new(script()), Arc::new(Lessons::default()));
    let slow = |_: Task, _: Cx| async {
        tokio::time::sleep(Duration::from_secs(10)).await;
        Ok("found")
    };
    let soar = builder(&model, &lessons).agent(reader(), slow).build().unwrap();
    let second = Duration::from_secs(1);
    let error = soar.answer(Query::new(QUESTION).deadline(second)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
    assert!(tokio::time::timeout(second, soar.answer(QUESTION)).await.is_err(), "dropped");
    assert_eq!((learned(&lessons), lessons.rewards.lock().unwrap().len()), (0, 0));
}

#[tokio::test]
async fn experience_that_fails_degrades_and_stops_nothing() {
    let (model, lessons) = (Arc::new(script()), Arc::new(Lessons { broken: true, ..Lessons::default() }));
    let answer = soar(&model, &lessons).answer(QUESTION).await.unwrap();
    assert!(answer.text.starts_with("Compare the journal [1]"));
    let notes: Vec<String> = answer.degradations.iter().map(ToString::to_string).collect();
    assert_eq!(
        notes,
        [
            "what was learned earlier could not be looked up: nothing comes to mind",
            "the run was not noted in memory: nothing comes to mind"
        ]
    );
}

fn notes(answer: &Answer) -> Vec<String> {
    answer.degradations.iter().map(ToString::to_string).collect()
}

const UNKNOWN: &str = "what was learned earlier could not be looked up: it took longer than ";
const UNNOTED: &str = "the run was not noted in memory: it took longer than ";

#[tokio::test(start_paused = true)]
async fn whatever_of_experience_hangs_is_given_up_and_the_answer_stands() {
    let (model, before) = (Arc::new(script()), Arc::new(Lessons::default()));
    let soar = |lessons: &_| builder(&model, lessons).agent(reader(), found).build().unwrap();
    soar(&before).answer(QUESTION).await.unwrap();
    let patterns = before.patterns.lock().unwrap().clone();
    let cases = [
        ("recall", false, [UNKNOWN, "2s"]),
        ("utilities", false, [UNKNOWN, "2s"]),
        ("reward", false, [UNNOTED, "10s"]),
        ("learn", false, [UNNOTED, "10s"]),
        ("judge", true, [UNNOTED, "10s"]),
    ];
    for (method, known, note) in cases {
        let known = if known { patterns.clone() } else { Vec::new() };
        let lessons = Lessons { hangs: Some(method), patterns: known.into(), ..Lessons::default() };
        let answer = soar(&Arc::new(lessons)).answer(QUESTION).await.unwrap();
        assert!(answer.text.starts_with("Compare the journal [1]"), "{method}");
        assert_eq!(notes(&answer), [note.concat()], "{method}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_given_up_is_not_waited_for_again_when_the_run_is_resumed() {
    let (model, lessons) = (Arc::new(script()), Arc::new(Lessons { hangs: Some("everything"), ..Lessons::default() }));
    let builder = builder(&model, &lessons).agent(reader(), found);
    let soar = builder.journal(Arc::new(Notebook::default()), Durability::Phase).build().unwrap();
    let answer = soar.answer(Query::new(QUESTION).run(RunId(7))).await.unwrap();
    assert_eq!(notes(&answer), [[UNKNOWN, "2s"].concat(), [UNNOTED, "10s"].concat()]);
    let start = Instant::now();
    let replayed = soar.resume(RunId(7), None).await.unwrap();
    assert_eq!((replayed.degradations, start.elapsed()), (answer.degradations, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_memory_that_hangs_does_not_use_up_the_time_of_a_run() {
    let (model, lessons) = (Arc::new(script()), Arc::new(Lessons { hangs: Some("everything"), ..Lessons::default() }));
    let hangs = Shelf { chunks: store().chunks.clone(), hangs: true, ..Shelf::default() };
    let soar = builder(&model, &lessons).store(Arc::new(hangs)).agent(reader(), found).build().unwrap();
    let answer = soar.answer(Query::new(QUESTION).deadline(Duration::from_secs(1))).await.unwrap();
    assert!(answer.text.starts_with("Compare the journal [1]"));
    let [recall, record] = &notes(&answer)[..] else { panic!("{answer}") };
    assert_eq!(recall, &[UNKNOWN, "250ms"].concat());
    assert!(record.starts_with(UNNOTED), "{record}");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_when_it_is_told_what_was_used_costs_no_answer() {
    let hangs = Shelf { chunks: store().chunks.clone(), hangs: true, ..Shelf::default() };
    let soar = Soar::builder().store(Arc::new(hangs)).build().unwrap();
    let answer = soar.answer("What does the journal do?").await.unwrap();
    assert!(answer.text.contains("it resumes a run"), "{answer}");
    assert_eq!(notes(&answer)[1..], [[UNNOTED, "10s"].concat()], "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_model_assesses_when_nobody_says_in_time_how_hard_a_question_was() {
    let opinion = r#"{"complexity": "simple", "confidence": 0.9, "reason": "one fact"}"#;
    let model = ScriptedModel::new().answer("how much work", opinion).answer("numbered sources", "Nowhere.");
    let (model, lessons) = (Arc::new(model), Arc::new(Lessons { hangs: Some("recall"), ..Lessons::default() }));
    let start = Instant::now();
    let answer = soar(&model, &lessons).answer("Which page should I read, and why this one?").await.unwrap();
    assert_eq!((answer.assessment.by, start.elapsed()), (DecidedBy::Model, Duration::from_secs(2)));
}

#[tokio::test(start_paused = true)]
async fn a_phase_of_the_host_that_hangs_in_record_costs_no_answer() {
    let record = |_: Recording, _: Cx| std::future::pending::<Result<Noted<()>>>();
    let soar = Soar::builder().store(store()).record(record).phase_timeout(Duration::from_secs(3)).build().unwrap();
    let answer = soar.answer("What does the journal do?").await.unwrap();
    let unrecorded = |note: &Degradation| note.to_string().ends_with("it took longer than 3s");
    assert!(answer.degradations.iter().any(unrecorded), "{answer}");
}

#[tokio::test]
async fn a_resumed_run_goes_the_way_it_went_whatever_was_learned_meanwhile() {
    let (model, lessons, notebook) = (Arc::new(script()), Arc::new(Lessons::default()), Arc::new(Notebook::default()));
    let works = Arc::new(AtomicBool::new(false));
    let build = || {
        let works = Arc::clone(&works);
        // The journal breaks off when the first agent is done.
        let (agent, notebook_of) = (found, Arc::clone(&notebook));
        let agent = move |task: Task, cx: Cx| {
            *notebook_of.full.lock().unwrap() = !works.load(Ordering::Relaxed);
            agent(task, cx)
        };
        builder(&model, &lessons).agent(reader(), agent).journal(notebook.clone(), Durability::Phase).build().unwrap()
    };
    let query = || Query::new(QUESTION).run(RunId(7));
    assert_eq!(build().answer(query()).await.unwrap_err().kind(), ErrorKind::NotDurable);
    *notebook.full.lock().unwrap() = false;
    works.store(true, Ordering::Relaxed);
    // Another run learns it in between.
    soar(&model, &lessons).answer(QUESTION).await.unwrap();
    let (known, calls) = (learned(&lessons), model.requests().len());
    let resumed = build().resume(RunId(7), None).await.unwrap();
    assert_eq!((known, resumed.plan_origin), (1, Some(PlanOrigin::Decomposition)));
    assert_eq!(model.requests().len(), calls + 1, "planning was replayed, the answer was written");
    assert_eq!(build().resume(RunId(7), None).await.unwrap(), resumed, "a finished run is replayed whole");
    let again = build().answer(Query::new(QUESTION).run(RunId(8))).await.unwrap();
    assert!(by_pattern(&again));
    assert_eq!(build().resume(RunId(8), None).await.unwrap(), again);
}

#[tokio::test]
async fn agents_are_rewarded_for_what_the_answer_uses() {
    use ninefold_core::{Citation, Lines, Plan, Statement, Subgoal};
    use ninefold_pipeline::phases::Noted;
    use ninefold_pipeline::phases::decompose::Decomposition;
    use ninefold_pipeline::phases::route::Routing;
    let (model, lessons) = (Arc::new(script()), Arc::new(Lessons::default()));
    let store = store();
    let quoting = |place: usize| {
        let chunk = Arc::clone(&store.chunks[place]);
        let citation = Citation { chunk: chunk.id, path: chunk.path.clone(), lines: Lines::new(1, 1) };
        let report = Report { statements: vec![Statement { text: "so".into(), citations: vec![citation] }] };
        move |_: Task, _: Cx| {
            let report = report.clone();
            async move { Ok(report) }
        }
    };
    let fails = |_: Task, _: Cx| async { Err::<String, _>(Error::new(ErrorKind::Permanent, "out of order")) };
    let plan = |_: Decomposition, _: Cx| async {
        let part = |id: &str, after: &[&str]| Subgoal {
            agent: Some(id.into()),
            depends_on: after.iter().map(|id| (*id).into()).collect(),
            ..Subgoal::new(id, QUESTION)
        };
        let parts = vec![part("used", &[]), part("plain", &[]), part("broken", &[]), part("waits", &["broken"])];
        Ok(Noted::new(Plan::try_from(parts)?))
    };
    let only_first =
        ScriptedModel::new().answer("break a plan", REVIEW).answer("numbered sources", "As the journal [2].");
    let seen: Arc<std::sync::Mutex<Vec<_>>> = Arc::default();
    let build = |model: ScriptedModel| {
        let seen = Arc::clone(&seen);
        let route = move |input: Routing, cx: Cx| {
            seen.lock().unwrap().push(input.utilities.clone());
            async move { Route::new(Arc::new(Skills::new(&input.agents, None))).run(input, &cx).await }
        };
        builder(&Arc::new(model), &lessons)
            .store(store.clone())
            .agent(AgentCard::new("used", "x"), quoting(0))
            .agent(AgentCard::new("plain", "x"), quoting(1))
            .agent(AgentCard::new("broken", "x"), fails)
            .agent(AgentCard::new("waits", "x"), found)
            .decompose(plan)
            .route(route)
            .build()
            .unwrap()
    };
    drop(model);
    build(only_first).answer(QUESTION).await.unwrap();
    let rewards: Vec<_> =
        lessons.rewards.lock().unwrap().iter().map(|(agent, reward)| (agent.name.to_string(), *reward)).collect();
    let expected = [("used", 1.0), ("plain", 0.5), ("broken", 0.0), ("reason", 0.0)];
    let expected = expected.map(|(name, reward)| (name.to_owned(), reward));
    assert_eq!(rewards, expected, "the model took over and failed as well; one that was never started is not judged");
    build(script()).answer(QUESTION).await.unwrap();
    let seen = seen.lock().unwrap();
    assert_eq!(seen[0], [], "nothing was learned of them");
    let named: Vec<_> = seen[1].iter().map(|(name, utility)| format!("{name} {utility:.2}")).collect();
    assert_eq!(named, ["used 0.60", "plain 0.50", "broken 0.40", "reason 0.40"]);
}
