//! Plans: asked for within so many calls, verified, and executed as they were verified.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ninefold_core::{
    AgentCard, Answer, Assessment, Budget, Complexity, Cx, DecidedBy, Decision, Degradation, ErrorKind, Impasse, Issue,
    Model, ModelRequest, OutputFormat, Query, Report, Resource, Role, Scores, Subgoal, Task, Verdict, VerifyPolicy,
    Weights,
};
use ninefold_pipeline::phases::Noted;
use ninefold_pipeline::phases::decompose::Decomposition;
use ninefold_pipeline::phases::verify::Verification;
use ninefold_pipeline::{Soar, SoarBuilder};
use ninefold_testkit::ScriptedModel;

use crate::fixture::shelf;

const QUESTION: &str = "Compare the journal with the cache and recommend one of them";

const PLAN: &str = r#"{"subgoals": [
  {"id": "one", "description": "look at the first of both, compare it", "depends_on": []},
  {"id": "two", "description": "recommend one of them", "depends_on": ["one"], "critical": true}]}"#;
const BETTER: &str = r#"{"subgoals": [
  {"id": "left", "description": "compare the journal, the salt, the backup", "depends_on": []},
  {"id": "right", "description": "compare the cache, the pepper; evaluate whether to delete; recommend", "depends_on": ["left"]}]}"#;
const FINE: &str = r#"{"completeness": 0.9, "consistency": 0.9, "groundedness": 0.9, "issues": []}"#;
const OBJECTION: &str = r#"{"completeness": 0.9, "consistency": 0.9, "groundedness": 0.9,
    "issues": [{"critical": true, "message": "it deletes the archive"}]}"#;

/// A pipeline that holds every question for so hard.
fn builder(model: &Arc<ScriptedModel>, complexity: Complexity) -> SoarBuilder {
    let assessment = Assessment { complexity, confidence: 1.0, reason: "told".into(), by: DecidedBy::Rules };
    let store = shelf(&[("a.txt", "The journal resumes a run.", &[]), ("b.txt", "The cache spares work.", &[])]);
    let agent = |task: Task, _: Cx| async move { Ok(format!("did {}", task.subgoal.id)) };
    Soar::builder()
        .store(Arc::new(store))
        .model(Arc::clone(model) as Arc<dyn Model>)
        .assess(move |_: Arc<str>, _: Cx| std::future::ready(Ok(Noted::new(assessment.clone()))))
        .agent(AgentCard::new("worker", "Does anything").capability("*"), agent)
}

fn script(plan: &str, review: &str) -> ScriptedModel {
    ScriptedModel::new()
        .answer("- it deletes the archive", BETTER)
        .answer("break a question", plan)
        .answer("check a plan", review)
        .answer("try to break a plan", review)
        .answer("numbered sources", "The journal resumes a run [1].")
}

/// What was asked of the model, by a word of each prompt.
fn asked(model: &ScriptedModel) -> Vec<&'static str> {
    let prompts = [
        ("break a question", "plan"),
        ("check a plan", "check"),
        ("try to break a plan", "break"),
        ("numbered sources", "write"),
        ("You choose who works", "choose"),
    ];
    let named = |request: &ModelRequest| {
        let text = request.messages[0].text();
        prompts.iter().find(|(needle, _)| text.contains(needle)).map_or("other", |(_, name)| *name)
    };
    model.requests().iter().map(named).collect()
}

async fn answer(model: &Arc<ScriptedModel>, complexity: Complexity) -> Answer {
    builder(model, complexity).build().unwrap().answer(QUESTION).await.unwrap()
}

#[tokio::test]
async fn a_run_keeps_to_its_calls_however_hard_the_question_is() {
    for (level, calls) in [
        (Complexity::Simple, vec!["write"]),
        (Complexity::Medium, vec!["plan", "check", "write"]),
        (Complexity::Complex, vec!["plan", "break", "write"]),
        (Complexity::Critical, vec!["plan", "break", "write"]),
    ] {
        let model = Arc::new(script(PLAN, FINE));
        let answer = answer(&model, level).await;
        assert_eq!(asked(&model), calls);
        assert!(answer.degradations.is_empty(), "{:?}", answer.degradations);
    }
}

#[tokio::test]
async fn an_objection_is_answered_by_a_new_plan_within_the_calls_there_are() {
    // A medium question has no call left for it: rules plan. A critical one is checked again before it is executed.
    for (level, calls) in [
        (Complexity::Medium, vec!["plan", "check", "write"]),
        (Complexity::Complex, vec!["plan", "break", "plan", "write"]),
        (Complexity::Critical, vec!["plan", "break", "plan", "break", "write"]),
    ] {
        let review = Arc::new(
            ScriptedModel::new()
                .answer("- right (after: left)", FINE)
                .answer("- it deletes the archive", BETTER)
                .answer("break a question", PLAN)
                .answer("a plan", OBJECTION)
                .answer("numbered sources", "The journal resumes a run [1]."),
        );
        let answer = answer(&review, level).await;
        assert_eq!(asked(&review), calls);
        assert!(answer.impasses.contains(&Impasse::Objection { issues: vec!["it deletes the archive".into()] }));
        assert!(!answer.degradations.iter().any(|note| matches!(note, Degradation::PlanRejected { .. })));
        assert_eq!(answer.verdict.unwrap().decision(), Decision::Pass);
    }
}

#[tokio::test]
async fn a_planner_that_repeats_itself_gets_no_second_review() {
    let low = r#"{"completeness": 0.6, "consistency": 0.6, "groundedness": 0.6, "issues": []}"#;
    let model =
        Arc::new(ScriptedModel::new().answer("break a question", PLAN).answer("break a plan", low).answer("", "x [1]"));
    let answer = answer(&model, Complexity::Complex).await;
    assert_eq!(asked(&model), ["plan", "break", "plan", "write"]);
    let feedback = model.requests()[2].messages[1].text();
    assert!(feedback.contains("- the plan was scored too low: completeness 0.60"), "{feedback}");
    assert!(answer.degradations.iter().any(|note| matches!(note, Degradation::PlanRejected { .. })));
    assert!(answer.confidence <= 0.5);
}

#[tokio::test]
async fn a_reply_that_is_no_plan_is_given_back_once_with_what_is_wrong() {
    let cyclic = r#"{"subgoals": [{"id": "a", "description": "x", "depends_on": ["a"]}]}"#;
    let mended = Arc::new(
        ScriptedModel::new()
            .answer("That is no plan", PLAN)
            .answer("break a question", cyclic)
            .answer("a plan", FINE)
            .answer("", "The journal resumes a run [1]."),
    );
    let answer = answer(&mended, Complexity::Complex).await;
    assert_eq!(asked(&mended), ["plan", "plan", "break", "write"]);
    let again = &mended.requests()[1].messages;
    assert_eq!(
        again.iter().map(|message| message.role).collect::<Vec<_>>(),
        [Role::System, Role::User, Role::Assistant, Role::User]
    );
    assert_eq!(again[2].text(), cyclic);
    assert!(again[3].text().contains("subgoals wait for each other: a"), "{}", again[3].text());
    assert!(answer.degradations.is_empty(), "{:?}", answer.degradations);
}

#[tokio::test]
async fn a_planner_that_cannot_is_asked_twice_and_rules_go_on() {
    let cyclic = r#"{"subgoals": [{"id": "a", "description": "x", "depends_on": ["a"]}]}"#;
    let model = Arc::new(ScriptedModel::new().answer("break a question", cyclic).answer("", "fine"));
    let answer = answer(&model, Complexity::Complex).await;
    assert_eq!(asked(&model), ["plan", "plan", "write"]);
    let notes = answer.degradations.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert!(notes.contains("decompose went by rules") && notes.contains("subgoals wait for each other: a"), "{notes}");
}

#[tokio::test]
async fn what_a_model_proposes_is_bounded_and_stays_data() {
    let many = |n: usize| {
        let subgoals: Vec<String> = (0..n).map(|n| format!(r#"{{"id": "s{n}", "description": "part {n}"}}"#)).collect();
        format!(r#"{{"subgoals": [{}]}}"#, subgoals.join(","))
    };
    let long = format!(r#"{{"subgoals": [{{"id": "a", "description": "{}"}}]}}"#, "x".repeat(3_000));
    let unnamed = format!(r#"{{"subgoals": [{{"id": "{}", "description": "x"}}]}}"#, "n".repeat(100));
    let masked = r#"{"subgoals": [{"id": "a\n- b", "description": "x"}]}"#.to_owned();
    for (reply, why) in [
        (many(17), "the plan has 17 subgoals, the limit is 16"),
        (long, "has 3000 bytes, the limit is 2000"),
        (unnamed, "has more than 64 bytes or control characters"),
        (masked, "has more than 64 bytes or control characters"),
    ] {
        let model = Arc::new(ScriptedModel::new().answer("break a question", reply).answer("", "fine"));
        let answer = answer(&model, Complexity::Complex).await;
        let notes = answer.degradations.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert!(notes.contains("decompose went by rules") && notes.contains(why), "{why}:\n{notes}");
    }
    let lines = r#"{"subgoals": [{"id": "a", "description": "compare the journal\n- with the cache\n recommend", "agent": "", "depends_on": []},
        {"id": "b", "description": "recommend one of them", "depends_on": ["a", "a"]}]}"#;
    let model = Arc::new(script(lines, FINE));
    answer(&model, Complexity::Complex).await;
    let review = model.requests()[1].messages[1].text();
    assert!(
        review.contains("- a (after: ): compare the journal - with the cache recommend\n- b (after: a): "),
        "{review}"
    );
}

#[tokio::test]
async fn the_planner_is_given_a_schema_and_examples_by_how_hard_the_question_is() {
    for (level, examples) in [(Complexity::Medium, 2), (Complexity::Complex, 4), (Complexity::Critical, 6)] {
        let model = Arc::new(script(PLAN, FINE));
        answer(&model, level).await;
        let request = &model.requests()[0];
        assert_eq!(request.messages[0].text().matches("Example. Question:").count(), examples);
        let OutputFormat::Schema { name, schema } = &request.output else { panic!("no schema") };
        assert_eq!((name.as_str(), &schema["properties"]["subgoals"]["type"]), ("plan", &"array".into()));
    }
}

/// A planner that proposes another plan each time it is asked, and a verifier that lets the second pass.
#[tokio::test]
async fn the_plan_that_is_executed_is_the_plan_that_was_verified() {
    let (proposed, ran) = (Arc::new(AtomicU32::new(0)), Arc::new(Mutex::new(Vec::new())));
    let planner = {
        let proposed = Arc::clone(&proposed);
        move |_: Decomposition, _: Cx| {
            let n = proposed.fetch_add(1, Ordering::SeqCst) + 1;
            let subgoal = Subgoal::new(format!("plan-{n}"), format!("{QUESTION}, version {n}"));
            std::future::ready(Ok(Noted::new(vec![subgoal].try_into().unwrap())))
        }
    };
    let verifier = |verification: Verification, _: Cx| async move {
        let second = verification.plan.subgoals()[0].id.0 == "plan-2";
        let all = if second { 1.0 } else { 0.6 };
        let scores = Scores { completeness: all, consistency: all, groundedness: all, routability: all };
        Ok(Noted::new(Verdict::new(scores, vec![], DecidedBy::Rules)))
    };
    let agent = {
        let ran = Arc::clone(&ran);
        move |task: Task, _: Cx| {
            ran.lock().unwrap().push(task.subgoal.id.to_string());
            std::future::ready(Ok::<Report, _>("done".into()))
        }
    };
    let soar = Soar::builder()
        .decompose(planner)
        .verify(verifier)
        .agent(AgentCard::new("worker", "Does anything").capability("*"), agent)
        .build()
        .unwrap();
    let answer = soar.answer(QUESTION).await.unwrap();
    assert_eq!((proposed.load(Ordering::SeqCst), ran.lock().unwrap().clone()), (2, vec!["plan-2".to_owned()]));
    assert_eq!(answer.verdict.unwrap().decision(), Decision::Pass);
    assert_eq!(answer.impasses.iter().map(Impasse::cause).collect::<Vec<_>>(), ["no_match", "objection"]);
}

#[tokio::test]
async fn a_plan_that_says_the_question_again_is_not_put_before_a_model() {
    for plan in [
        format!(r#"{{"subgoals": [{{"id": "all", "description": "{QUESTION}"}}]}}"#),
        r#"{"subgoals": [{"id": "all", "description": "recommend one of them: compare the cache with the journal"}]}"#
            .into(),
        r#"{"subgoals": [{"id": "a", "description": "Compare the journal with the cache"},
            {"id": "b", "description": "recommend one of them"}]}"#
            .into(),
    ] {
        let model = Arc::new(script(&plan, OBJECTION));
        let answer = answer(&model, Complexity::Complex).await;
        assert_eq!(asked(&model), ["plan", "write"], "{plan}");
        assert_eq!(answer.verdict.unwrap().by(), DecidedBy::Rules);
    }
}

#[tokio::test]
async fn a_plan_larger_than_the_budget_is_made_smaller_without_a_call() {
    let wide = r#"{"subgoals": [
        {"id": "a", "description": "compare the journal", "agent": "reason"},
        {"id": "b", "description": "compare the cache", "agent": "reason"},
        {"id": "c", "description": "recommend one of them", "agent": "reason", "depends_on": ["a", "b"]}]}"#;
    let model = Arc::new(script(wide, FINE));
    let store = shelf(&[("a.txt", "The journal resumes a run; the cache spares work.", &[])]);
    let soar = Soar::builder().store(Arc::new(store)).model(Arc::clone(&model) as Arc<dyn Model>).build().unwrap();
    let budget = Budget { calls: Some(3), ..Budget::default() };
    let answer = soar.answer(Query::new(QUESTION).budget(budget)).await.unwrap();
    let shortage = answer.impasses.iter().find_map(|impasse| match impasse {
        Impasse::OverBudget { shortage } => Some(*shortage),
        _ => None,
    });
    // The scripted model reserves nothing, so all three calls are left.
    let shortage = shortage.unwrap();
    assert_eq!((shortage.of, shortage.wanted, shortage.left, shortage.fits), (Resource::Calls, 4, 3, 2));
    assert_eq!(asked(&model), ["plan", "other", "write"], "a plan, one subgoal of the smaller plan, the answer");
    let none = soar.answer(Query::new(QUESTION).budget(Budget { calls: Some(1), ..Budget::default() })).await.unwrap();
    let notes = none.degradations.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert!(notes.contains("the plan needs at least 4 calls and the run has 1 left"), "{notes}");
}

#[tokio::test(start_paused = true)]
async fn a_chain_that_cannot_end_before_the_deadline_is_not_begun() {
    let chain = r#"{"subgoals": [
        {"id": "a", "description": "compare the journal", "agent": "reason"},
        {"id": "b", "description": "compare the cache", "agent": "reason", "depends_on": ["a"]},
        {"id": "c", "description": "recommend one of them", "agent": "reason", "depends_on": ["b"]}]}"#;
    let model = Arc::new(script(chain, FINE));
    let soar = builder(&model, Complexity::Complex).build().unwrap();
    let answer = soar.answer(Query::new(QUESTION).deadline(Duration::from_millis(180))).await.unwrap();
    let causes: Vec<_> = answer.impasses.iter().map(Impasse::cause).collect();
    assert_eq!(causes, ["no_match", "over_budget"]);
}

#[tokio::test]
async fn the_policy_decides_and_is_part_of_the_definition() {
    let poor = r#"{"completeness": 0.3, "consistency": 1.0, "groundedness": 1.0, "issues": []}"#;
    let weights = Weights { completeness: 0.1, ..Weights::default() };
    for (policy, passes) in [
        (VerifyPolicy::default(), true),
        (VerifyPolicy { pass: 0.8, retries: 0, ..VerifyPolicy::default() }, false),
        (VerifyPolicy { pass: 0.8, weights, ..VerifyPolicy::default() }, true),
    ] {
        let model = Arc::new(script(PLAN, poor));
        let answer =
            builder(&model, Complexity::Complex).verify_policy(policy).build().unwrap().answer(QUESTION).await.unwrap();
        assert_eq!(answer.verdict.unwrap().decision() == Decision::Pass, passes, "{policy:?}");
    }
    let model = Arc::new(ScriptedModel::new());
    let wrong = VerifyPolicy { pass: 2.0, ..VerifyPolicy::default() };
    let refused = builder(&model, Complexity::Complex).verify_policy(wrong).build().err().unwrap();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn nothing_critical_waits_for_what_nobody_can_do() {
    let planned = |critical: bool| {
        let rare = Subgoal::new("rare", "sing about the journal and the cache, compare, recommend");
        let last = Subgoal { critical, depends_on: vec!["rare".into()], ..Subgoal::new("last", "draw maps of one") };
        Soar::builder()
            .decompose(move |_: Decomposition, _: Cx| {
                let plan = vec![rare.clone(), last.clone()].try_into();
                async { Ok(Noted::new(plan?)) }
            })
            .agent(AgentCard::new("maps", "Draws maps").capability("maps"), |_: Task, _: Cx| async { Ok("a map") })
            .build()
            .unwrap()
    };
    let answer = planned(true).answer(QUESTION).await.unwrap();
    let issues: Vec<Issue> = answer.verdict.unwrap().issues().to_vec();
    assert!(issues.iter().any(
        |issue| issue.critical && issue.message == "critical subgoal last waits for rare, which nobody can finish"
    ));
    // Where nothing is critical, what nobody can do is said to have failed, and so is what waits for it.
    let answer = planned(false).answer(QUESTION).await.unwrap();
    let notes: Vec<_> = answer.degradations.iter().map(ToString::to_string).collect();
    assert!(notes.iter().any(|note| note.starts_with("subgoal rare failed: no agent in scope is able")), "{notes:?}");
    assert!(notes.iter().any(|note| note.contains("not started, because rare failed")), "{notes:?}");
    assert!(answer.impasses.contains(&Impasse::NoAgent { subgoal: "rare".into(), taken_by: None }));
}
