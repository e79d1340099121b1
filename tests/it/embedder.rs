//! A pipeline with an embedder: what it finds, what it says, what it does not do twice.

use std::sync::Arc;

use ninefold::core::{Subgoal, VectorSearch};
use ninefold::pipeline::phases::{Noted, decompose::Decomposition};
use ninefold::{
    AgentCard, Chunk, ChunkKind, Cx, Degradation, Document, Error, ErrorKind, Key, Search, Soar, Source, Task,
};
use ninefold_testkit::ScriptedEmbedder;
use tempfile::TempDir;

const QUESTION: &str = "Where is the crimson automobile?";

fn embedder() -> Arc<ScriptedEmbedder> {
    Arc::new(ScriptedEmbedder::new().alike("automobile", "car").alike("crimson", "red"))
}

async fn soar(room: &TempDir, embedder: &Arc<ScriptedEmbedder>) -> Soar {
    Soar::builder().database(room.path().join("memory.db")).embedder(Arc::clone(embedder)).build().await.unwrap()
}

fn document() -> Document {
    let text = "The red car stands behind the house.";
    Document::new(Source::new("notes", Key::of_bytes(b"notes")), vec![Chunk::new("notes", ChunkKind::Text, text)])
}

#[tokio::test]
async fn passages_are_found_by_meaning_and_the_embedding_is_in_the_account() {
    let (room, embedder) = (tempfile::tempdir().unwrap(), embedder());
    let soar = soar(&room, &embedder).await;
    soar.store().put(vec![document()]).await.unwrap();
    let evidence = soar.store().search(&Search::new("crimson automobile")).await.unwrap();
    assert_eq!((evidence.passages.len(), evidence.vectors), (1, VectorSearch::Used));
    let answer = soar.answer(QUESTION).await.unwrap();
    let outline = answer.profile.outline().to_string();
    assert!(outline.contains("embeddings"), "{outline}");
}

#[tokio::test]
async fn what_is_found_by_meaning_alone_is_quoted_with_half_the_confidence() {
    let (room, embedder) = (tempfile::tempdir().unwrap(), embedder());
    let soar = soar(&room, &embedder).await;
    let far = "Tulips bloom every spring.";
    let far = Document::new(Source::new("far", Key::of_bytes(b"far")), vec![Chunk::new("far", ChunkKind::Text, far)]);
    soar.store().put(vec![document(), far]).await.unwrap();
    for question in ["crimson automobile", "Compare the crimson automobile: why crimson, and why an automobile?"] {
        let answer = soar.answer(question).await.unwrap();
        assert!(answer.text.starts_with("The red car stands behind the house. [1]"), "{answer}");
        assert!(!answer.text.contains("Tulips"), "{answer}");
        assert!(answer.confidence > 0.0 && answer.confidence <= 0.5, "{answer}");
    }
    let unknown = soar.answer("quantum chromodynamics").await.unwrap();
    assert!(unknown.text.starts_with("The sources hold nothing") && unknown.confidence == 0.0, "{unknown}");
}

#[tokio::test]
async fn no_question_is_embedded_twice_by_two_processes() {
    let (room, embedder) = (tempfile::tempdir().unwrap(), embedder());
    let first = soar(&room, &embedder).await;
    first.store().put(vec![document()]).await.unwrap();
    first.answer(QUESTION).await.unwrap();
    drop(first);
    let before = embedder.requests().len();
    soar(&room, &embedder).await.answer(QUESTION).await.unwrap();
    assert_eq!(embedder.requests().len(), before);
}

#[tokio::test]
async fn an_embedder_that_is_down_is_said_to_be_and_words_answer() {
    let (room, embedder) = (tempfile::tempdir().unwrap(), embedder());
    let soar = soar(&room, &embedder).await;
    embedder.fail(Some(Error::new(ErrorKind::Transient, "the model is down")));
    soar.store().put(vec![document()]).await.unwrap();
    let answer = soar.answer("Where does the red car stand?").await.unwrap();
    let words_only = Degradation::WordsOnly { cause: VectorSearch::EmbedderFailed };
    assert!(answer.degradations.contains(&words_only), "{answer}");
    assert!(answer.text.contains("behind the house"), "{answer}");
    assert_eq!(soar.embedder_trouble().unwrap().message(), "the model is down");
    embedder.fail(None);
    assert_eq!(soar.backfill(|_| {}).await.unwrap().embedded, 1);
    let answer = soar.answer(QUESTION).await.unwrap();
    assert!(!answer.degradations.iter().any(|one| matches!(one, Degradation::WordsOnly { .. })), "{answer}");
}

#[tokio::test]
async fn agents_are_chosen_by_what_their_examples_mean_and_by_words_when_the_embedder_is_down() {
    let says = |what: &'static str| move |_: Task, _: Cx| async move { Ok(what) };
    let embedder = embedder();
    let soar = Soar::builder()
        .agent(AgentCard::new("garage", "").examples(["red car", "the red car"]), says("It is in the garage."))
        .agent(AgentCard::new("garden", "").examples(["tulips in spring", "roses"]), says("It is in the garden."))
        .agent(AgentCard::new("any", "").capability("*"), says("Nobody knows."))
        .embedder(Arc::clone(&embedder))
        .pipeline(|pipeline| {
            pipeline.decompose(|_: Decomposition, _: Cx| async {
                Ok(Noted::new(vec![Subgoal::new("where", "compare the crimson automobile")].try_into()?))
            })
        })
        .build()
        .await
        .unwrap();
    let question = "Compare the crimson automobile: why crimson, and why an automobile?";
    embedder.fail(Some(Error::new(ErrorKind::Unavailable, "the model is down")));
    let answer = soar.answer(question).await.unwrap();
    assert!(answer.text.contains("Nobody knows"), "{answer}");
    let told = |told: &Degradation| {
        let said = told.to_string();
        said.starts_with("agents were chosen by words alone: ") && said.contains("the model is down")
    };
    assert!(answer.degradations.iter().any(told), "{:?}", answer.degradations);
    embedder.fail(None);
    let answer = soar.answer(question).await.unwrap();
    assert!(answer.text.contains("in the garage"), "{answer}");
    assert!(!answer.degradations.iter().any(told), "{:?}", answer.degradations);
}
