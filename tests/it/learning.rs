//! Learning is on unless switched off, in the database where there is one.

use std::sync::Arc;

use ninefold::core::{Experience, Learned};
use ninefold::store::{MemoryExperience, MemoryStore};
use ninefold::{AgentCard, Chunk, ChunkKind, Cx, Document, Key, PlanOrigin, Soar, SoarBuilder, Source, Store, Task};
use ninefold_testkit::ScriptedModel;

const QUESTION: &str = "Compare the journal with the cache and recommend one of them";
const PLAN: &str =
    r#"{"subgoals": [{"id": "all", "description": "compare journal, cache, recommend one", "agent": "reader"}]}"#;
const REVIEW: &str = r#"{"completeness": 1, "consistency": 1, "groundedness": 1, "issues": []}"#;

fn builder() -> SoarBuilder {
    let model = ScriptedModel::new()
        .answer("break a question", PLAN)
        .answer("try to break a plan", REVIEW)
        .answer("numbered sources", "Compare the journal with the cache, recommend one [1].");
    let found = |_: Task, _: Cx| async { Ok("found") };
    Soar::builder().model(model).agent(AgentCard::new("reader", "Reads"), found)
}

fn page() -> Document {
    let text = "We compare the journal with the cache, and recommend one of them.";
    let chunk = Chunk::new("page.txt", ChunkKind::Text, text);
    Document::new(Source::new("page.txt", Key::of_bytes(text.as_bytes())), vec![chunk])
}

fn is_known(origin: Option<PlanOrigin>) -> bool {
    matches!(origin, Some(PlanOrigin::Pattern { .. }))
}

#[tokio::test]
async fn what_one_process_learned_another_one_uses() {
    let folder = tempfile::tempdir().unwrap();
    for known in [false, true] {
        let soar = builder().database(folder.path().join("m.db")).build().await.unwrap();
        if !known {
            soar.store().put(vec![page()]).await.unwrap();
        }
        let answer = soar.answer(QUESTION).await.unwrap();
        assert_eq!(is_known(answer.plan_origin), known, "{answer:?}");
        soar.close().await;
    }
    let without = builder().database(folder.path().join("m.db")).without_learning().build().await.unwrap();
    assert!(!is_known(without.answer(QUESTION).await.unwrap().plan_origin));
    assert!(without.experience().is_none());
    without.close().await;
}

#[tokio::test]
async fn memory_learns_too_and_pipelines_may_share_what_they_learned() {
    let store = Arc::new(MemoryStore::new());
    store.put(vec![page()]).await.unwrap();
    let shared = Arc::new(MemoryExperience::new());
    let build = || builder().store(Arc::clone(&store) as Arc<dyn Store>);
    let alone = build().build().await.unwrap();
    let one = build().experience(Arc::clone(&shared) as Arc<dyn Experience>).build().await.unwrap();
    let other = build().experience(Arc::clone(&shared) as Arc<dyn Experience>).build().await.unwrap();
    for (soar, known) in [(&alone, false), (&one, false), (&other, true), (&alone, true)] {
        let answer = soar.answer(QUESTION).await.unwrap();
        assert_eq!(is_known(answer.plan_origin), known);
    }
    let learned = Learned { patterns: 1, successes: 2, agents: 1, ..Learned::default() };
    assert_eq!(shared.learned().await.unwrap(), learned);
}

#[tokio::test]
async fn a_source_that_changed_takes_its_plans_along() {
    let soar = builder().build().await.unwrap();
    soar.store().put(vec![page()]).await.unwrap();
    soar.answer(QUESTION).await.unwrap();
    assert!(is_known(soar.answer(QUESTION).await.unwrap().plan_origin));
    let mut changed = page();
    changed.chunks = vec![Chunk::new("page.txt", ChunkKind::Text, "We compare a journal with a cache: recommend one.")];
    soar.store().put(vec![changed]).await.unwrap();
    let answer = soar.answer(QUESTION).await.unwrap();
    assert_eq!((answer.plan_origin, answer.degradations), (Some(PlanOrigin::Decomposition), vec![]));
}
