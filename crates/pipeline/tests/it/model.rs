//! With a model given, phases use it; what it says is data.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::iter;
use ninefold_core::{Cx, Degradation, Delta, Error, ErrorKind, Model, ModelId, ModelRequest, Query, Reply, Result};
use ninefold_pipeline::phases::collect::AgentPolicy;
use ninefold_pipeline::{Retry, Soar};
use ninefold_testkit::ScriptedModel;

use crate::fixture::shelf;

const SIMPLE: &str = "What resumes a run?";
const COMPLEX: &str = "Compare the journal with the cache and recommend one of them";

const PLAN: &str = r#"Sure! ```json
{"subgoals": [
  {"id": "journal", "description": "what the journal does compared with the cache", "depends_on": []},
  {"id": "both", "description": "recommend one", "depends_on": ["journal"], "critical": true}]}
```"#;
const REVIEW: &str =
    r#"<think>hm {"x"</think>{"completeness": 0.9, "consistency": 1, "groundedness": 0.8, "issues": []}"#;

fn soar(model: &Arc<ScriptedModel>) -> Soar {
    let store = shelf(&[("a.txt", "The journal resumes a run.", &[]), ("b.txt", "The cache spares work.", &[])]);
    Soar::builder().store(Arc::new(store)).model(Arc::clone(model) as Arc<dyn Model>).build().unwrap()
}

fn script() -> ScriptedModel {
    ScriptedModel::new().answer("break a question", PLAN).answer("try to break a plan", REVIEW)
}

#[tokio::test]
async fn a_simple_question_costs_one_call() {
    let model = Arc::new(ScriptedModel::new().answer("numbered sources", "The journal does [1], surely [99]."));
    let answer = soar(&model).answer(SIMPLE).await.unwrap();
    assert_eq!(answer.text, "The journal does [1], surely.");
    assert_eq!(answer.citations.iter().map(ToString::to_string).collect::<Vec<_>>(), ["a.txt:1"]);
    assert_eq!(model.requests().len(), 1);
    assert!(answer.degradations.is_empty(), "{:?}", answer.degradations);
    assert!(answer.confidence > 0.9, "{}", answer.confidence);
}

#[tokio::test]
async fn a_complex_question_is_planned_verified_worked_on_and_written() {
    let model = Arc::new(
        script()
            .answer("one part of a larger question", "It resumes [1].")
            .answer("numbered sources", "Take the journal [1]."),
    );
    let answer = soar(&model).answer(COMPLEX).await.unwrap();
    assert_eq!(answer.text, "Take the journal [1].");
    let asked: Vec<_> = model.requests().iter().map(|request| request.messages[1].text()).collect();
    assert_eq!(asked.len(), 5, "decompose, verify, two subgoals, synthesize");
    assert!(asked[3].contains("- journal: It resumes."), "a finding is passed on: {}", asked[3]);
    assert!(answer.degradations.is_empty(), "{:?}", answer.degradations);
}

#[tokio::test]
async fn nonsense_and_nothing_are_noted_and_rules_go_on() {
    for reply in ["I cannot help with that", "", "{\"subgoals\": []}", "{\"subgoals\": 7}", "<think>forever"] {
        let model = Arc::new(ScriptedModel::new().answer("", reply));
        let answer = soar(&model).answer(COMPLEX).await.unwrap();
        let phases: Vec<_> = answer
            .degradations
            .iter()
            .filter_map(|note| match note {
                Degradation::ModelUnusable { phase, .. } => Some(phase.as_str()),
                _ => None,
            })
            .collect();
        // The rules' plan is the question itself: there is nothing about it to ask a model.
        assert!(phases.starts_with(&["decompose"]) && !phases.contains(&"verify"), "{reply:?}: {phases:?}");
        assert!(!answer.text.is_empty());
    }
}

#[tokio::test]
async fn a_dead_model_and_a_broken_stream_leave_an_extractive_answer() {
    let dead = ScriptedModel::new().fail("", Error::new(ErrorKind::Transient, "connection refused"));
    let broken = ScriptedModel::new().break_off("", "The jour");
    for (model, cause) in [(dead, "connection refused"), (broken, "the model's reply broke off before its end")] {
        let answer = soar(&Arc::new(model)).answer(SIMPLE).await.unwrap();
        assert_eq!(answer.text, "The journal resumes a run. [1]");
        let notes = answer.degradations.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert!(notes.contains("synthesize went by rules") && notes.contains(cause), "{notes}");
    }
}

/// A model whose first reply to every prompt breaks off in its midst.
struct BreaksOffOnce {
    inner: ScriptedModel,
    asked: Mutex<Vec<ModelRequest>>,
}

#[async_trait]
impl Model for BreaksOffOnce {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    async fn send(&self, request: ModelRequest, cx: &Cx) -> Result<Reply> {
        let again = {
            let mut asked = self.asked.lock().unwrap();
            let again = asked.contains(&request);
            asked.push(request.clone());
            again
        };
        if again {
            self.inner.send(request, cx).await
        } else {
            Ok(Reply::stream(iter([Ok(Delta::Text("{\"sub".into()))])))
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_breaks_off_unheard_is_asked_for_again() {
    let inner =
        script().answer("one part of a larger question", "It resumes [1].").answer("numbered", "The journal [1].");
    let model = Arc::new(BreaksOffOnce { inner, asked: Mutex::default() });
    let store = shelf(&[("a.txt", "The journal resumes a run.", &[]), ("b.txt", "The cache spares work.", &[])]);
    let soar = Soar::builder().store(Arc::new(store)).model(Arc::clone(&model) as Arc<dyn Model>).build().unwrap();
    let answer = soar.answer(COMPLEX).await.unwrap();
    assert_eq!(answer.text, "The journal [1].");
    assert!(answer.degradations.is_empty(), "{:?}", answer.degradations);
    let asked = model.asked.lock().unwrap();
    assert_eq!((model.inner.requests().len(), asked.len()), (5, 10), "plan, review, two parts, answer, each twice");
}

#[tokio::test]
async fn retries_of_a_reply_that_always_breaks_off_do_not_multiply() {
    let model =
        Arc::new(script().break_off("one part of a larger question", "It res").answer("numbered", "The journal [1]."));
    soar(&model).answer(COMPLEX).await.unwrap();
    let prompts: Vec<String> = model.requests().iter().map(|request| request.messages[0].text()).collect();
    let parts = prompts.iter().filter(|prompt| prompt.contains("one part of a larger question")).count();
    assert_eq!(parts, 3, "the second part waits for the first, which is tried three times in all");
}

/// A model that answers the parts of a question with two replies that break off, then not at all, and so on.
struct FailsInTurns {
    inner: ScriptedModel,
    parts: AtomicUsize,
}

#[async_trait]
impl Model for FailsInTurns {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    async fn send(&self, request: ModelRequest, cx: &Cx) -> Result<Reply> {
        if !request.messages[0].text().contains("one part of a larger question") {
            return self.inner.send(request, cx).await;
        }
        if self.parts.fetch_add(1, Ordering::SeqCst) % 3 == 2 {
            return Err(Error::new(ErrorKind::Transient, "connection refused"));
        }
        Ok(Reply::stream(iter([Ok(Delta::Text("It res".into()))])))
    }
}

#[tokio::test(start_paused = true)]
async fn retries_of_replies_that_break_off_and_calls_that_fail_do_not_multiply() {
    let inner = script().answer("numbered", "The journal [1].");
    let model = Arc::new(FailsInTurns { inner, parts: AtomicUsize::new(0) });
    let store = shelf(&[("a.txt", "The journal resumes a run.", &[])]);
    let soar = Soar::builder().store(Arc::new(store)).model(Arc::clone(&model) as Arc<dyn Model>).build().unwrap();
    soar.answer(COMPLEX).await.unwrap();
    assert_eq!(model.parts.load(Ordering::SeqCst), 3);
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_is_not_to_be_tried_again_asks_once() {
    let model =
        Arc::new(script().break_off("one part of a larger question", "It res").answer("numbered", "The journal [1]."));
    let store = shelf(&[("a.txt", "The journal resumes a run.", &[])]);
    let retry = Retry { attempts: 1, ..Retry::default() };
    let soar = Soar::builder()
        .store(Arc::new(store))
        .model(Arc::clone(&model) as Arc<dyn Model>)
        .agent_policy(AgentPolicy { retry, ..AgentPolicy::default() })
        .build()
        .unwrap();
    soar.answer(COMPLEX).await.unwrap();
    let is_part = |request: &&ModelRequest| request.messages[0].text().contains("one part of a larger question");
    assert_eq!(model.requests().iter().filter(is_part).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_degrades_where_the_deadline_leaves_no_time_to_ask_again() {
    let at_once = ScriptedModel::new().break_off("", "The jour");
    let slowly = ScriptedModel::new().delay(Duration::from_secs(3)).break_off("", "The jour");
    // The pause is 50 ms at least, and a second reply would take 3 s again.
    for (model, deadline) in [(at_once, Duration::from_millis(40)), (slowly, Duration::from_secs(5))] {
        let model = Arc::new(model);
        let answer = soar(&model).answer(Query::new(SIMPLE).deadline(deadline)).await.unwrap();
        assert_eq!((answer.text.as_str(), model.requests().len()), ("The journal resumes a run. [1]", 1));
        let notes = answer.degradations.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert!(notes.contains("synthesize went by rules") && notes.contains("broke off"), "{notes}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_model_that_never_answers_does_not_hang_the_run() {
    let model = Arc::new(ScriptedModel::new().delay(Duration::from_secs(1_000_000)).answer("", "late"));
    let error = soar(&model).answer(SIMPLE).await.unwrap_err();
    assert_eq!((error.kind(), error.phase()), (ErrorKind::DeadlineExceeded, Some("synthesize")));
}

#[tokio::test]
async fn an_answer_without_citations_says_so_and_is_trusted_half_at_most() {
    let model = Arc::new(ScriptedModel::new().answer("numbered sources", "What resumes a run is not in the sources."));
    let answer = soar(&model).answer(SIMPLE).await.unwrap();
    assert_eq!(answer.degradations, [Degradation::Uncited]);
    assert!(answer.confidence <= 0.5, "{}", answer.confidence);
}

#[tokio::test]
async fn scores_that_are_no_numbers_do_not_pass() {
    let review = r#"{"completeness": -5, "consistency": 1e30, "groundedness": 0.1, "issues": []}"#;
    let model =
        Arc::new(ScriptedModel::new().answer("break a question", PLAN).answer("break a plan", review).answer("", "x"));
    let answer = soar(&model).answer(COMPLEX).await.unwrap();
    assert!(answer.degradations.iter().any(|note| matches!(note, Degradation::PlanRejected { .. })));
}
