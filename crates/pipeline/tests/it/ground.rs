//! What a model claims is held against what it cites.

use std::sync::{Arc, Mutex};

use ninefold_core::{AgentCard, Answer, Complexity, Cx, Degradation, Error, ErrorKind, Model, Task};
use ninefold_pipeline::{Soar, SoarBuilder};
use ninefold_testkit::ScriptedModel;

use crate::fixture::shelf;

const SIMPLE: &str = "What resumes a run?";
const COMPLEX: &str = "Compare the journal with the cache and recommend one of them";

const PLAN: &str = r#"{"subgoals": [
  {"id": "stores", "description": "compare the journal with the cache and recommend one", "agent": "clerk", "depends_on": []}]}"#;
const REVIEW: &str = r#"{"completeness": 0.9, "consistency": 1, "groundedness": 0.8, "issues": []}"#;
const SOUND: &str = "The journal resumes a run [1]. The cache spares work [2].";
const UNSOUND: &str = "Zebras graze on distant planets [1]. Unicorns pay 700 taxes.";

fn script() -> ScriptedModel {
    ScriptedModel::new().answer("break a question", PLAN).answer("try to break a plan", REVIEW)
}

fn builder(model: &Arc<ScriptedModel>) -> SoarBuilder {
    let store = shelf(&[("a.txt", "The journal resumes a run.", &[]), ("b.txt", "The cache spares work.", &[])]);
    Soar::builder()
        .store(Arc::new(store))
        .model(Arc::clone(model) as Arc<dyn Model>)
        .agent(AgentCard::new("clerk", "Knows stores"), |_: Task, _: Cx| async { Ok("Seven clerks prefer journals.") })
}

async fn asked(model: &Arc<ScriptedModel>, question: &str) -> Answer {
    builder(model).build().unwrap().answer(question).await.unwrap()
}

fn ungrounded(answer: &Answer) -> Option<(f32, usize)> {
    answer.degradations.iter().find_map(|note| match note {
        Degradation::Ungrounded { share, claims } => Some((*share, claims.len())),
        _ => None,
    })
}

#[tokio::test]
async fn what_is_borne_out_needs_no_second_attempt() {
    let model = Arc::new(script().answer("numbered sources", SOUND));
    let answer = asked(&model, COMPLEX).await;
    assert_eq!((answer.text.as_str(), answer.groundedness), (SOUND, Some(1.0)));
    assert_eq!((model.requests().len(), ungrounded(&answer)), (2, None));
}

#[tokio::test]
async fn a_complex_answer_is_written_once_more_and_told_why() {
    let model = Arc::new(script().answer("Your earlier answer", SOUND).answer("numbered sources", UNSOUND));
    let answer = asked(&model, COMPLEX).await;
    assert_eq!((answer.text.as_str(), answer.groundedness), (SOUND, Some(1.0)));
    assert_eq!(ungrounded(&answer), None);
    let requests = model.requests();
    assert_eq!(requests.len(), 3, "decompose, and synthesize twice; the plan shows its structure");
    let again = requests[2].messages[1].text();
    assert!(
        again.contains("- Unicorns pay 700 taxes.") && again.contains("- Zebras graze on distant planets"),
        "{again}"
    );
}

#[tokio::test]
async fn the_better_attempt_is_the_answer_and_is_labelled() {
    let worse = "Zebras graze on distant planets. Unicorns pay 700 taxes [1]. Dragons sleep below old mountains [1].";
    let half = "The journal resumes a run [1]. Unicorns pay 700 taxes [2].";
    let model = Arc::new(script().answer("Your earlier answer", worse).answer("numbered sources", half));
    let answer = asked(&model, COMPLEX).await;
    assert_eq!((answer.text.as_str(), answer.groundedness), (half, Some(0.5)));
    assert_eq!(ungrounded(&answer), Some((0.5, 1)));
    assert!(answer.to_string().contains("note: best effort: 50 % of what the answer claims"), "{answer}");
}

#[tokio::test]
async fn a_second_attempt_that_fails_leaves_the_first() {
    let gone = Error::new(ErrorKind::OverBudget, "nothing is left");
    let model = Arc::new(script().fail("Your earlier answer", gone).answer("numbered sources", UNSOUND));
    let answer = asked(&model, COMPLEX).await;
    assert_eq!((answer.text.as_str(), ungrounded(&answer)), (UNSOUND, Some((0.0, 2))));
    assert!(answer.confidence.abs() < f32::EPSILON, "nothing of it is borne out");
}

#[tokio::test]
async fn calls_are_not_exceeded_for_it() {
    let simple = Arc::new(ScriptedModel::new().answer("numbered sources", UNSOUND));
    let answer = asked(&simple, SIMPLE).await;
    assert_eq!((answer.assessment.complexity, simple.requests().len()), (Complexity::Simple, 1));
    assert_eq!(ungrounded(&answer), Some((0.0, 2)));

    let self_check = r#"{"completeness": 0.9, "consistency": 1, "groundedness": 0.8, "issues": []}"#;
    let medium = Arc::new(script().answer("check a plan", self_check).answer("numbered sources", UNSOUND));
    let answer = asked(&medium, "How do I set up the journal and the cache on a new laptop?").await;
    assert_eq!(answer.assessment.complexity, Complexity::Medium);
    assert!(medium.requests().len() <= 3, "{}", medium.requests().len());
}

#[tokio::test]
async fn who_listens_hears_the_first_attempt_and_is_answered_with_the_better() {
    let model = Arc::new(script().answer("Your earlier answer", SOUND).answer("numbered sources", UNSOUND));
    let heard = Arc::new(Mutex::new(String::new()));
    let listener = Arc::clone(&heard);
    let soar = builder(&model).on_text(move |text| listener.lock().unwrap().push_str(text)).build().unwrap();
    let answer = soar.answer(COMPLEX).await.unwrap();
    assert_eq!((heard.lock().unwrap().as_str(), answer.text.as_str()), (UNSOUND, SOUND));
}

#[tokio::test]
async fn what_an_agent_says_without_a_place_is_cited_as_a_finding() {
    let model =
        Arc::new(script().answer("numbered sources", "Seven clerks prefer journals [3]. The cache spares work [2]."));
    let answer = asked(&model, COMPLEX).await;
    assert_eq!(answer.text, "Seven clerks prefer journals [2]. The cache spares work [1].");
    assert_eq!(answer.groundedness, Some(1.0));
    let marks: Vec<String> = answer.marks().map(|mark| mark.to_string()).collect();
    assert_eq!(marks, ["b.txt:1", "agent clerk on stores"]);
    assert!(answer.degradations.is_empty(), "{:?}", answer.degradations);
    let sent = model.requests().last().unwrap().messages[1].text();
    assert!(sent.contains("- stores (by clerk): Seven clerks prefer journals. [3]"), "{sent}");
}

#[tokio::test]
async fn a_text_that_quotes_is_not_checked() {
    let store = shelf(&[("a.txt", "The journal resumes a run.", &[])]);
    let answer = Soar::builder().store(Arc::new(store)).build().unwrap().answer(SIMPLE).await.unwrap();
    assert_eq!((answer.groundedness, ungrounded(&answer)), (None, None));
}
