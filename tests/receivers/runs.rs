//! Fifty runs of the pipeline, one of which fails.

use std::time::Duration;

use ninefold::otlp::{self, Delivery, Protocol};
use ninefold::store::MemoryStore;
use ninefold::{
    AgentCard, Chunk, ChunkId, ChunkKind, Cx, Document, Key, Labels, Lines, Profile, Query, Soar, Source, Store, Task,
    profile,
};
use ninefold_testkit::ScriptedModel;
use tracing_subscriber::layer::SubscriberExt as _;

/// How many runs are exported.
pub(crate) const RUNS: usize = 50;
/// The one that fails.
pub(crate) const FAILING: usize = 17;

const QUESTION: &str = "Compare the left module with the right module and recommend one of them";

/// A pipeline with a memory, a model and two agents.
pub(crate) async fn soar() -> Soar {
    let plan = r#"{"subgoals": [
        {"id": "left", "description": "describe the left module", "agent": "reader", "critical": true, "depends_on": []},
        {"id": "right", "description": "describe the right module", "agent": "auditor", "depends_on": []}]}"#;
    let review = r#"{"completeness": 0.9, "consistency": 0.9, "groundedness": 0.9, "issues": []}"#;
    let model = ScriptedModel::new()
        .forgetful()
        .answer("break a question", plan)
        .answer("try to break a plan", review)
        .answer("numbered sources", "The left one is older [1].");
    let work = |_: Task, _: Cx| async {
        tokio::time::sleep(Duration::from_millis(1)).await;
        Ok("Done: nothing unusual was seen.")
    };
    let store = MemoryStore::new();
    let text = "The left module is older than the right module.".to_owned();
    let chunk = Chunk {
        id: ChunkId::of("modules.md", &text, 0),
        path: "modules.md".into(),
        lines: Lines::new(1, 1),
        kind: ChunkKind::Code,
        title: "modules".into(),
        text,
        labels: Labels::none(),
    };
    let source = Source { path: "modules.md".into(), hash: Key::of_bytes(b"1"), labels: Labels::none() };
    store.put(vec![Document { source, chunks: vec![chunk] }]).await.unwrap();
    let builder = Soar::builder().store(std::sync::Arc::new(store)).model(model);
    builder
        .agent(AgentCard::new("reader", "Reads"), work)
        .agent(AgentCard::new("auditor", "Checks"), work)
        .build()
        .await
        .unwrap()
}

/// One run; the account is there for a failed one, too.
pub(crate) async fn ask(soar: &Soar, n: usize) -> (bool, Profile) {
    let query = if n == FAILING { Query::new(" ") } else { Query::new(QUESTION) };
    match soar.answer(query).await {
        Ok(answer) => (true, answer.profile),
        Err(failure) => (false, *failure.profile),
    }
}

/// The profiles of the runs, in order, and what became of their spans.
pub(crate) fn export(endpoint: String, protocol: Protocol, project: &str) -> (Vec<Profile>, Delivery) {
    let (exporting, guard) = otlp::from_env()
        .unwrap()
        .endpoint(endpoint)
        .protocol(protocol)
        .service_name(project)
        .resource_attribute("openinference.project.name", project)
        .build()
        .unwrap();
    let _host = tracing::subscriber::set_default(tracing_subscriber::registry().with(profile::layer()).with(exporting));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let profiles = runtime.block_on(async {
        let soar = soar().await;
        let mut profiles = Vec::new();
        for n in 0..RUNS {
            let (well, profile) = ask(&soar, n).await;
            assert_eq!(well, n != FAILING);
            profiles.push(profile);
        }
        profiles
    });
    (profiles, guard.shutdown_within(Duration::from_secs(30)))
}
