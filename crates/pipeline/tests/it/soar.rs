//! Questions answered by rules alone.

use std::sync::Arc;

use ninefold_core::{Complexity, DecidedBy, Degradation, ErrorKind};
use ninefold_pipeline::Soar;
use ninefold_pipeline::phases::synthesize::NOTHING_FOUND;

use crate::fixture::{Shelf, shelf};

fn soar(store: Arc<Shelf>) -> Soar {
    Soar::builder().store(store).build().unwrap()
}

fn library() -> Arc<Shelf> {
    Arc::new(shelf(&[
        (
            "journal.md",
            "# Journal\n\nFinished phases are written to the journal.\nA killed run resumes from there.",
            &[],
        ),
        ("cache.md", "# Cache\n\nEqual inputs are computed once.\n\nErrors are never kept in the cache.", &[]),
    ]))
}

#[tokio::test]
async fn a_simple_question_is_answered_with_its_source() {
    let store = library();
    let answer = soar(Arc::clone(&store)).answer("How does a killed run resume?").await.unwrap();
    assert_eq!(answer.text, "Finished phases are written to the journal. A killed run resumes from there. [1]");
    assert_eq!(answer.citations[0].to_string(), "journal.md:3-4");
    assert_eq!((answer.assessment.complexity, answer.assessment.by), (Complexity::Simple, DecidedBy::Rules));
    assert_eq!(answer.degradations, [Degradation::Extractive]);
    assert!(answer.confidence > 0.99);
    assert_eq!(*store.touched.lock().unwrap(), [answer.citations[0].chunk], "what was cited is noted");
}

#[tokio::test]
async fn a_complex_question_is_taken_apart() {
    let question = "Compare how the journal resumes a killed run and how the cache treats errors that occur";
    let answer = soar(library()).answer(question).await.unwrap();
    assert_eq!(answer.assessment.complexity, Complexity::Complex);
    assert!(answer.text.contains("A killed run resumes from there."), "{}", answer.text);
    assert!(answer.text.contains("Errors are never kept in the cache. [2]"), "{}", answer.text);
    assert!(answer.verdict.is_some());
}

#[tokio::test]
async fn nothing_found_is_said_and_nothing_is_noted() {
    let store = library();
    let answer = soar(Arc::clone(&store)).answer("What does quantum chromodynamics say?").await.unwrap();
    assert_eq!(answer.text, NOTHING_FOUND);
    assert!(answer.degradations.contains(&Degradation::NoEvidence));
    assert!(answer.confidence.abs() < f32::EPSILON);
    assert!(store.touched.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_question_without_words_is_told_apart_from_one_without_hits() {
    for question in ["?!", "\"'()*", "-- ; ::"] {
        let answer = soar(library()).answer(question).await.unwrap();
        assert!(answer.degradations.contains(&Degradation::NothingToSearch), "{question}: {:?}", answer.degradations);
    }
}

#[tokio::test]
async fn bad_questions_are_errors_that_say_what_to_do() {
    for (question, kind) in [
        (String::new(), ErrorKind::InvalidInput),
        (" \u{0}\u{7}\n".into(), ErrorKind::InvalidInput),
        ("word ".repeat(250_000), ErrorKind::TooLong),
    ] {
        let error = soar(library()).answer(question).await.unwrap_err();
        assert_eq!((error.kind(), error.phase()), (kind, Some("normalize")));
        assert!(error.hint_text().is_some());
    }
}

#[tokio::test]
async fn control_characters_and_hidden_ones_do_not_matter() {
    let plain = soar(library()).answer("How does a killed run resume?").await.unwrap();
    let dirty = soar(library()).answer("\u{feff}How\0 does\ta ki\u{200b}lled\r\n run resume?\u{202e}").await.unwrap();
    assert_eq!(dirty.text, plain.text);
}

#[tokio::test]
async fn a_broken_store_is_an_error_and_not_an_empty_answer() {
    let store = Arc::new(Shelf { broken: true, ..Shelf::default() });
    let error = soar(store).answer("How does a killed run resume?").await.unwrap_err();
    assert_eq!(error.to_string(), "retrieve: the shelf fell down");
}

#[tokio::test]
async fn runs_at_the_same_time_do_not_mix() {
    let soar = soar(library());
    let asked = (0..100).map(|n| {
        let question = if n % 2 == 0 { "How does a killed run resume?" } else { "What is never kept in the cache?" };
        soar.answer(question)
    });
    for (n, answer) in futures_util::future::join_all(asked).await.into_iter().enumerate() {
        let expected = if n % 2 == 0 { "journal.md" } else { "cache.md" };
        assert_eq!(answer.unwrap().citations[0].path, expected);
    }
}

#[tokio::test]
async fn quoted_code_stays_as_it_is() {
    let text = "The killed run resumes, see [7].\n\nWhoever asks for killed[0] gets the run that resumed first.";
    let store = Arc::new(shelf(&[("a.txt", text, &[])]));
    let question = "Compare how the killed run resumes with what resumed killed runs do";
    let answer = soar(store).answer(question).await.unwrap();
    assert!(answer.text.contains("see [7]. [1]") && answer.text.contains("killed[0]"), "{}", answer.text);
}

#[tokio::test]
async fn a_phase_the_host_put_in_does_not_widen_the_search() {
    use ninefold_core::{Cx, Evidence, Query};
    use ninefold_pipeline::phases::Noted;
    use ninefold_pipeline::phases::retrieve::Retrieval;
    let chunks =
        shelf(&[("in/a.txt", "A killed run resumes here.", &[]), ("out/b.txt", "A killed run resumes there.", &[])]);
    let careless = move |_: Retrieval, _: Cx| {
        let passages = chunks.chunks.iter().map(|chunk| ninefold_core::Passage::new(Arc::clone(chunk), 1.0));
        let terms = ninefold_core::terms::query_terms("killed run resumes").into_iter();
        let terms = terms.map(|term| ninefold_core::WeightedTerm { term, weight: 1.0 }).collect();
        let evidence = Evidence { passages: passages.collect(), terms, matched: 2, ..Evidence::default() };
        async move { Ok(Noted::new(Arc::new(evidence))) }
    };
    let soar = Soar::builder().retrieve(careless).build().unwrap();
    let answer = soar.answer(Query::new("How does a killed run resume?").within("in")).await.unwrap();
    assert_eq!(answer.citations.iter().map(|citation| citation.path.as_str()).collect::<Vec<_>>(), ["in/a.txt"]);
}
