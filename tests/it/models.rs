//! What stands around a model by default.

use std::sync::Arc;

use ninefold::core::{Delta, Ledger, Limits, StopReason};
use ninefold::llm::{Quota, SimilarPolicy, Tier};
use ninefold::models::{Routed, Stack};
use ninefold::store::{MemoryLedger, Sqlite};
use ninefold::{Chunk, ChunkKind, Document, Error, ErrorKind, Key, Model, ModelRequest, Run, Soar, Source, Store};
use ninefold_testkit::{ScriptedModel, Step, SteppedModel};

const QUESTION: &str = "What does the scheduler do with a run?";

async fn memory() -> Arc<dyn Store> {
    let store = ninefold::store::MemoryStore::new();
    let text = "The scheduler keeps a run until its time has come.";
    let chunk = Chunk::new("a.md", ChunkKind::Markdown, text.to_owned());
    store.put(vec![Document::new(Source::new("a.md", Key::of_bytes(b"a")), vec![chunk])]).await.unwrap();
    Arc::new(store)
}

async fn soar(stack: Stack) -> Soar {
    Soar::builder().store(memory().await).models(stack).build().await.unwrap()
}

#[tokio::test]
async fn an_equal_question_is_not_paid_for_twice() {
    let model = Arc::new(ScriptedModel::new().answer("", "It keeps it [1]."));
    let soar = soar(Stack::new(model.clone())).await;
    let first = soar.answer(QUESTION).await.unwrap();
    let asked = model.requests().len();
    let second = soar.answer(QUESTION).await.unwrap();
    assert_eq!(first.text, second.text);
    assert_eq!(model.requests().len(), asked, "the second run asks nothing");
    let (first, second) = (first.profile.breakdown().total, second.profile.breakdown().total);
    assert_eq!((first.usage.calls, first.cache_hits), (asked as u64, 0));
    assert_eq!((second.usage.calls, second.cache_hits), (0, asked as u64), "and its account says why");
    let apart = soar_without_cache(model.clone()).await;
    apart.answer(QUESTION).await.unwrap();
    assert_eq!(model.requests().len(), 2 * asked);
}

async fn soar_without_cache(model: Arc<ScriptedModel>) -> Soar {
    soar(Stack::new(model).cache(None)).await
}

#[tokio::test(start_paused = true)]
async fn a_phase_does_not_repeat_what_the_model_has_repeated() {
    let fails = Step::Fail(Error::new(ErrorKind::Transient, "reset"));
    let model = Arc::new(SteppedModel::new([fails]));
    let soar = soar(Stack::new(model.clone())).await;
    let answer = soar.answer(QUESTION).await.unwrap();
    assert!(!answer.degradations.is_empty(), "it quotes its sources, and says so");
    assert_eq!(model.calls() % 4, 0, "four attempts for each time that it is asked: {}", model.calls());
    assert!(model.calls() <= 8, "{} calls", model.calls());
    let total = answer.profile.breakdown().total;
    assert_eq!((total.usage.calls, total.retries), (model.calls() as u64, model.calls() as u64 * 3 / 4));
}

#[tokio::test]
async fn another_model_answers_where_one_cannot() {
    let model = || SteppedModel::new([Step::Fail(Error::new(ErrorKind::TooLong, "too long"))]);
    let longer = Arc::new(ScriptedModel::new().answer("", "It keeps it [1]."));
    let soar = soar(Stack::new(model()).on_too_long(Stack::new(longer.clone()))).await;
    assert!(soar.answer(QUESTION).await.unwrap().text.contains("It keeps it"));
    assert!(!longer.requests().is_empty());
}

#[tokio::test]
async fn a_quota_outlives_the_process() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("n.db");
    let day = Limits { calls: Some(3), ..Limits::default() };
    let mut answered = 0;
    for n in 0..6 {
        let end = Delta::End(StopReason::End);
        let model = Arc::new(SteppedModel::deltas([Delta::Text("It keeps it [1].".into()), end]));
        let stack = Stack::new(Arc::clone(&model)).quota(Quota { day, ..Quota::default() });
        let soar = Soar::builder().database(&path).models(stack).build().await.unwrap();
        soar.answer(format!("{QUESTION} And {n}?").as_str()).await.unwrap();
        answered += model.calls();
        soar.close().await;
    }
    assert_eq!(answered, 3);
    let total = Sqlite::open(&path).await.unwrap().balance("total").await.unwrap();
    assert_eq!((total.settled.calls, total.reserved.calls), (3, 0));
}

/// A model of this name that says always the same.
fn says(name: &str, text: &str) -> Arc<SteppedModel> {
    let said = [Delta::Text(text.into()), Delta::End(StopReason::End)];
    Arc::new(SteppedModel::deltas(said).named(name))
}

#[tokio::test]
async fn each_request_goes_to_a_model_that_can_do_it() {
    let (small, large) = (says("small", "It keeps it [1]."), says("large", "It depends [1]."));
    let routes =
        [Routed::new(Stack::new(small.clone()), Tier::Small), Routed::new(Stack::new(large.clone()), Tier::Large)];
    let ledger = Arc::new(MemoryLedger::new());
    let soar = soar(Stack::routed(routes).quota(Quota::default()).ledger(ledger.clone())).await;
    soar.answer(QUESTION).await.unwrap();
    assert_eq!((small.calls(), large.calls()), (1, 0));
    let hard = "Compare and evaluate the trade-offs of how the scheduler keeps a run with how it starts one, and design another";
    let answer = soar.answer(hard).await.unwrap();
    assert!(answer.text.contains("It depends"), "{}", answer.text);
    let charged = ledger.balance("total").await.unwrap().settled.calls;
    assert_eq!(charged, (small.calls() + large.calls()) as u64, "both are charged to one ledger");
    assert!(Stack::routed([]).build().is_err(), "nothing to choose from");
}

#[tokio::test]
async fn what_means_the_same_is_answered_the_same_where_that_is_wanted() {
    let model = says("one", "It keeps it [1].");
    let embedder = Arc::new(ninefold_testkit::ScriptedEmbedder::new());
    let policy = SimilarPolicy { threshold: -1.0, checked: 0.0, ..SimilarPolicy::default() };
    let stack = Stack::new(model.clone()).similar(embedder, policy).build().unwrap();
    let ask = async |question: &str| {
        let request = ModelRequest::new("", question);
        let said = Run::new("asks").execute(&(), async |cx| stack.send(request, &cx).await?.collect().await);
        said.await.unwrap()
    };
    ask("What does the scheduler do?").await;
    ask("What does the scheduler do, please?").await;
    assert_eq!(model.calls(), 1, "the same words, more or less");
    ask("What does the scheduler not do?").await;
    assert_eq!(model.calls(), 2, "but a no is a no");
}

#[tokio::test]
async fn a_stack_stands_without_a_pipeline() {
    let model = Stack::new(ScriptedModel::new().answer("", "ok")).build().unwrap();
    assert_eq!(model.id().to_string(), "scripted/model");
}

#[tokio::test(start_paused = true)]
async fn another_model_is_asked_rather_than_waited_for_this_one() {
    let busy = Error::new(ErrorKind::RateLimited, "busy").with_retry_after(std::time::Duration::from_secs(50));
    let first = Arc::new(SteppedModel::new([Step::Fail(busy)]));
    let other = Arc::new(ScriptedModel::new().answer("", "It keeps it [1]."));
    let soar = soar(Stack::new(first.clone()).on_failure(Stack::new(other.clone()))).await;
    let begun = tokio::time::Instant::now();
    let answer = soar.answer(QUESTION).await.unwrap();
    assert!(answer.text.contains("It keeps it"));
    assert!(begun.elapsed() < std::time::Duration::from_secs(2), "{:?}", begun.elapsed());
    assert!(first.calls() >= 1 && !other.requests().is_empty());
}
