//! Answering what means the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use ninefold_core::{
    Completion, Cx, Embedder, Error, ErrorKind, Model, ModelId, ModelRequest, Part, Reply, Result, Scope,
};
use ninefold_llm::{Similar, SimilarPolicy, Wording};
use ninefold_testkit::{ScriptedEmbedder, ScriptedModel};

use crate::run::{Run, ask, cx, text, whole};

const NO_CHECKS: f64 = 0.0;

fn similar<M: Model>(inner: M, policy: SimilarPolicy) -> Similar<M> {
    let embedder: Arc<dyn Embedder> = Arc::new(ScriptedEmbedder::new().alike("fast", "quick"));
    Similar::new(inner, embedder, policy).seed(1)
}

fn policy() -> SimilarPolicy {
    SimilarPolicy { threshold: 0.8, checked: NO_CHECKS, ..SimilarPolicy::default() }
}

#[tokio::test]
async fn what_means_the_same_is_answered_and_what_is_only_near_is_not() {
    let inner = Arc::new(ScriptedModel::new().answer("", "ok"));
    let model = similar(inner.clone(), policy());
    let ask = async |what: &str| text(&model, what, &cx()).await.unwrap();
    ask("What does the scheduler of the store do with 2 runs?").await;
    ask("what does the scheduler of the store do with 2 runs").await;
    assert_eq!(inner.requests().len(), 1);
    for other in [
        "what does the scheduler of the store do with 3 runs",
        "what does the scheduler of the store not do with 2 runs",
        "what does the store of the scheduler do with 2 runs",
        "what does the cleaner of the store do with 2 runs",
    ] {
        let before = inner.requests().len();
        ask(other).await;
        assert_eq!(inner.requests().len(), before + 1, "{other}");
    }
    let counts = model.counts();
    assert_eq!((counts.hits, counts.misses), (1, 5));
    assert!(counts.told_apart >= 3, "{counts:?}");
}

#[tokio::test]
async fn everything_else_of_the_request_and_the_scope_count() {
    let inner = Arc::new(ScriptedModel::new().answer("", "ok"));
    let model = similar(inner.clone(), policy());
    whole(&model, ask("how are runs kept"), &cx()).await.unwrap();
    whole(&model, ModelRequest { seed: Some(1), ..ask("how are runs kept") }, &cx()).await.unwrap();
    whole(&model, ModelRequest::new("be long", "how are runs kept"), &cx()).await.unwrap();
    whole(&model, ask("how are runs kept"), &Run { scope: Scope::of(["hr"]), ..Run::default() }.cx()).await.unwrap();
    assert_eq!(inner.requests().len(), 4);
    let mut talk = ask("how are runs kept");
    talk.messages.push(ninefold_core::Message::assistant("in a journal"));
    for _ in 0..2 {
        whole(&model, talk.clone(), &cx()).await.unwrap();
    }
    assert_eq!(inner.requests().len(), 6, "what does not end with a question is not looked up");
    assert!(inner.requests().iter().all(|request| {
        request.messages.iter().all(|m| m.parts.iter().any(|p| matches!(p, Part::Text { text } if !text.is_empty())))
    }));
}

#[tokio::test]
async fn without_the_embedder_the_model_is_asked() {
    let embedder = Arc::new(ScriptedEmbedder::new());
    embedder.fail(Some(Error::new(ErrorKind::Unavailable, "gone")));
    let inner = Arc::new(ScriptedModel::new().answer("", "ok"));
    let model = Similar::new(inner.clone(), embedder, policy());
    for _ in 0..2 {
        text(&model, "how are runs kept", &cx()).await.unwrap();
    }
    assert_eq!((inner.requests().len(), model.trouble().unwrap().kind()), (2, ErrorKind::Unavailable));
}

#[tokio::test]
async fn it_is_bounded() {
    let inner = Arc::new(ScriptedModel::new().answer("", "ok"));
    let model = similar(inner.clone(), SimilarPolicy { capacity: 10, ..policy() });
    for n in 0..100 {
        text(&model, &format!("question number {n}"), &cx()).await.unwrap();
    }
    let before = inner.requests().len();
    text(&model, "question number 95", &cx()).await.unwrap();
    assert_eq!(inner.requests().len(), before);
    text(&model, "question number 5", &cx()).await.unwrap();
    assert_eq!(inner.requests().len(), before + 1);
}

/// Answers every call with another word.
struct Fickle(ModelId, AtomicUsize);

#[async_trait]
impl Model for Fickle {
    fn id(&self) -> &ModelId {
        &self.0
    }
    async fn send(&self, _: ModelRequest, _: &Cx) -> Result<Reply> {
        let n = self.1.fetch_add(1, Ordering::SeqCst);
        let word: String = (0..4).map(|digit| char::from(b'a' + ((n >> (4 * digit)) & 15) as u8)).collect();
        Ok(Reply::whole(Completion::text(word)))
    }
}

#[tokio::test]
async fn checks_measure_false_hits_and_tighten_the_threshold() {
    let checked = SimilarPolicy { checked: 0.3, ..policy() };
    let steady = similar(ScriptedModel::new().answer("", "the same"), checked);
    for _ in 0..200 {
        assert_eq!(text(&steady, "how are runs kept", &cx()).await.unwrap(), "the same");
    }
    let counts = steady.counts();
    assert!(counts.checks > 30 && counts.false_hits == 0 && counts.threshold == 0.8, "{counts:?}");

    let fickle = similar(
        Fickle(ModelId::new("a", "b"), AtomicUsize::new(0)),
        SimilarPolicy { wording: Wording::Free, ..checked },
    );
    for _ in 0..200 {
        text(&fickle, "how are runs kept", &cx()).await.unwrap();
    }
    let counts = fickle.counts();
    assert!(counts.false_hits == counts.checks && counts.checks > 10, "{counts:?}");
    assert!(counts.threshold > 0.99, "{counts:?}");
}

#[tokio::test]
async fn the_oldest_go_when_there_are_too_many_bytes() {
    let inner = Arc::new(ScriptedModel::new().answer("", "a".repeat(50_000)));
    let model = similar(inner.clone(), SimilarPolicy { max_bytes: 120_000, ..policy() });
    let ask = async |what: &str| {
        let before = inner.requests().len();
        text(&model, what, &cx()).await.unwrap();
        inner.requests().len() > before
    };
    for what in ["how are runs kept", "who deletes old files", "when does the clock stop"] {
        assert!(ask(what).await);
    }
    assert!(!ask("when does the clock stop").await && !ask("who deletes old files").await, "two fit");
    assert!(ask("how are runs kept").await, "the oldest went");
    let small = similar(inner.clone(), SimilarPolicy { max_bytes: 10_000, ..policy() });
    for _ in 0..2 {
        let before = inner.requests().len();
        text(&small, "how are runs kept", &cx()).await.unwrap();
        assert_eq!(inner.requests().len(), before + 1, "what is too large alone is not kept");
    }
}
