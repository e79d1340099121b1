//! The search for evidence beside the model that assesses the question.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ninefold_core::{
    Assessment, Complexity, Cx, DecidedBy, Degradation, Durability, Error, ErrorKind, Evidence, Model, Passage, Query,
    Result, RunId,
};
use ninefold_pipeline::phases::Noted;
use ninefold_pipeline::phases::retrieve::Retrieval;
use ninefold_pipeline::phases::synthesize::{Draft, Synthesis};
use ninefold_pipeline::{Soar, SoarBuilder};
use ninefold_testkit::ScriptedModel;
use tokio::time::Instant;

use crate::fixture::{Notebook, shelf};

/// A question that the rules leave open.
const OPEN: &str = "Which page should I read, and why this one?";
const SURE: &str = "What is in the journal?";
const OPINION: &str = r#"{"complexity": "simple", "confidence": 0.9, "reason": "one fact"}"#;

/// A search that takes 40 ms and finds as much as it is asked for; what it was asked for is noted.
fn builder(asked: &Arc<Mutex<Vec<usize>>>, model: ScriptedModel) -> SoarBuilder {
    let asked = Arc::clone(asked);
    let texts: Vec<String> = (0..30).map(|n| format!("The journal says nothing on page {n}.")).collect();
    let found = shelf(&texts.iter().map(|text| ("page.txt", text.as_str(), &[][..])).collect::<Vec<_>>());
    let search = move |input: Retrieval, _: Cx| {
        asked.lock().unwrap().push(input.limit());
        let passages = found.chunks.iter().take(input.limit()).map(|chunk| Passage::new(Arc::clone(chunk), 1.0));
        let evidence = Evidence { passages: passages.collect(), matched: 30, ..Evidence::default() };
        async move {
            tokio::time::sleep(Duration::from_millis(40)).await;
            Ok(Noted::new(Arc::new(evidence)))
        }
    };
    Soar::builder().model(Arc::new(model) as Arc<dyn Model>).retrieve(search).synthesize(counted)
}

/// Says how many passages it was given.
async fn counted(input: Synthesis, _: Cx) -> Result<Noted<Draft>> {
    let text = format!("{} passages", input.evidence.passages.len());
    Ok(Noted::new(Draft { text, ..Draft::default() }))
}

fn slow_model() -> ScriptedModel {
    ScriptedModel::new().delay(Duration::from_millis(50)).answer("", OPINION)
}

#[tokio::test(start_paused = true)]
async fn the_search_runs_while_a_model_assesses_and_is_trimmed_afterwards() {
    let asked = Arc::default();
    let soar = builder(&asked, slow_model()).build().unwrap();
    let start = Instant::now();
    let answer = soar.answer(OPEN).await.unwrap();
    assert_eq!(start.elapsed(), Duration::from_millis(50), "not 90");
    assert_eq!((answer.assessment.complexity, answer.assessment.by), (Complexity::Simple, DecidedBy::Model));
    assert_eq!((asked.lock().unwrap().as_slice(), answer.text.as_str()), (&[20][..], "5 passages"));
}

#[tokio::test(start_paused = true)]
async fn where_rules_decide_only_what_the_question_deserves_is_searched_for() {
    let asked = Arc::default();
    let soar = builder(&asked, slow_model()).build().unwrap();
    let start = Instant::now();
    let answer = soar.answer(SURE).await.unwrap();
    assert_eq!(start.elapsed(), Duration::from_millis(40));
    assert_eq!((asked.lock().unwrap().as_slice(), answer.text.as_str()), (&[5][..], "5 passages"));
}

/// Takes phases out of the recorded run, which is not finished then.
fn lose(notebook: &Notebook, phases: &[&str]) {
    let mut runs = notebook.runs.lock().unwrap();
    let run = runs.get_mut(&RunId(7)).unwrap();
    run.finished = None;
    run.entries.retain(|entry| !phases.contains(&entry.phase.as_str()));
}

#[tokio::test(start_paused = true)]
async fn a_durable_run_does_the_same_when_it_is_replayed() {
    for (question, searched, took) in [(OPEN, 20, 50), (SURE, 5, 40)] {
        let (asked, notebook) = (Arc::default(), Arc::new(Notebook::default()));
        let build = || {
            let builder = builder(&asked, slow_model()).definition("v1");
            builder.journal(notebook.clone(), Durability::Phase).build().unwrap()
        };
        let start = Instant::now();
        let answer = build().answer(Query::new(question).run(RunId(7))).await.unwrap();
        assert_eq!(start.elapsed(), Duration::from_millis(took), "{question}");
        // Everything after the assessment is lost, and the assessment is replayed at once.
        for lost in [0, 1, 2] {
            lose(&notebook, &["record", "respond"]);
            lose(&notebook, &["synthesize", "retrieve", "assess"][..=lost]);
            assert_eq!(build().resume(RunId(7), None).await.unwrap(), answer, "{question}, without {lost}");
        }
        assert_eq!(asked.lock().unwrap().as_slice(), [searched; 3], "{question}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_model_that_fails_leaves_the_rules_assessment_and_its_budget() {
    let asked = Arc::default();
    let model = ScriptedModel::new()
        .delay(Duration::from_millis(50))
        .fail("", Error::new(ErrorKind::Permanent, "no such model"));
    let answer = builder(&asked, model).build().unwrap().answer(OPEN).await.unwrap();
    assert!(matches!(answer.degradations[0], Degradation::ModelUnusable { .. }));
    let limit = Retrieval {
        question: "".into(),
        within: Arc::new([]),
        complexity: answer.assessment.complexity,
        context: Arc::new([]),
    };
    assert_eq!(answer.text, format!("{} passages", limit.limit()));
}

#[tokio::test(start_paused = true)]
async fn either_failure_ends_the_run_and_stops_the_other() {
    struct Dropped(Arc<AtomicUsize>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let stopped = Arc::new(AtomicUsize::new(0));
    let guarded = Arc::clone(&stopped);
    let assess = move |_: Arc<str>, _: Cx| {
        let guard = Dropped(Arc::clone(&guarded));
        async move {
            tokio::time::sleep(Duration::from_secs(60)).await;
            drop(guard);
            let reason = "asked a friend".to_owned();
            Ok(Noted::new(Assessment { complexity: Complexity::Simple, confidence: 1.0, reason, by: DecidedBy::Model }))
        }
    };
    let broken = |_: Retrieval, _: Cx| async { Err(Error::new(ErrorKind::Unavailable, "the shelf fell down")) };
    let soar = Soar::builder().assess(assess).retrieve(broken).build().unwrap();
    let start = Instant::now();
    let error = soar.answer(SURE).await.unwrap_err();
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Unavailable, Some("retrieve")));
    assert_eq!((start.elapsed(), stopped.load(Ordering::Relaxed)), (Duration::ZERO, 1));
}

#[tokio::test(start_paused = true)]
async fn tokens_are_trimmed_as_well() {
    let large = "journal ".repeat(2_000);
    let texts: Vec<String> = (0..20).map(|n| if n % 2 == 0 { large.clone() } else { format!("journal {n}") }).collect();
    let found = shelf(&texts.iter().map(|text| ("page.txt", text.as_str(), &[][..])).collect::<Vec<_>>());
    let search = move |_: Retrieval, _: Cx| {
        let passages = found.chunks.iter().map(|chunk| Passage::new(Arc::clone(chunk), 1.0)).collect();
        async move { Ok(Noted::new(Arc::new(Evidence { passages, ..Evidence::default() }))) }
    };
    let model = Arc::new(slow_model()) as Arc<dyn Model>;
    let soar = Soar::builder().model(model).retrieve(search).synthesize(counted).build().unwrap();
    // Of 4,000 tokens the first takes all that five passages may have; a small one after it does not fit.
    assert_eq!(soar.answer(OPEN).await.unwrap().text, "1 passages");
}
