//! Fifty runs of the pipeline, one of which fails.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use ninefold::models::Stack;
use ninefold::otlp::{self, Delivery, Protocol};
use ninefold::store::MemoryStore;
use ninefold::{
    AgentCard, Chunk, ChunkKind, Cx, Document, Key, Model, ModelId, ModelRequest, Profile, Query, Reply, Result, Soar,
    Source, Store, Task, profile,
};
use ninefold_testkit::ScriptedModel;
use tracing_subscriber::layer::SubscriberExt as _;

/// How many runs are exported.
pub(crate) const RUNS: usize = 50;
/// The one that fails.
pub(crate) const FAILING: usize = 17;

const QUESTION: &str = "Compare the left module with the right module and recommend one of them";

/// A host's model that asks, before each of its requests, which trace the request belongs to.
struct Asking {
    model: ScriptedModel,
    heard: Arc<Mutex<Vec<String>>>,
}

#[async_trait]
impl Model for Asking {
    fn id(&self) -> &ModelId {
        self.model.id()
    }

    async fn send(&self, request: ModelRequest, cx: &Cx) -> Result<Reply> {
        self.heard.lock().unwrap().extend(otlp::traceparent());
        self.model.send(request, cx).await
    }
}

/// A pipeline with a memory, a model and two agents; and the `traceparent`s that the model would send.
pub(crate) async fn soar() -> (Soar, Arc<Mutex<Vec<String>>>) {
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
    let chunk = Chunk { title: "modules".into(), ..Chunk::new("modules.md", ChunkKind::Code, text) };
    let source = Source::new("modules.md", Key::of_bytes(b"1"));
    store.put(vec![Document::new(source, vec![chunk])]).await.unwrap();
    let heard = Arc::default();
    // Without a cache, so that every question of a phase is a call.
    let models = Stack::new(Asking { model, heard: Arc::clone(&heard) }).cache(None);
    let builder = Soar::builder().store(Arc::new(store)).models(models);
    let soar = builder
        .agent(AgentCard::new("reader", "Reads"), work)
        .agent(AgentCard::new("auditor", "Checks"), work)
        .build()
        .await
        .unwrap();
    (soar, heard)
}

/// One run; the account is there for a failed one, too.
pub(crate) async fn ask(soar: &Soar, n: usize) -> (bool, Profile) {
    let query = if n == FAILING { Query::new(" ") } else { Query::new(QUESTION) };
    match soar.answer(query).await {
        Ok(answer) => (true, answer.profile),
        Err(failure) => (false, *failure.profile),
    }
}

/// What is known here of exported runs.
pub(crate) struct Exported {
    /// In the order of the runs.
    pub(crate) profiles: Vec<Profile>,
    pub(crate) delivery: Delivery,
    /// What the model would have sent as `traceparent`.
    pub(crate) traceparents: Vec<String>,
}

/// Exports fifty runs.
pub(crate) fn export(endpoint: String, protocol: Protocol, project: &str) -> Exported {
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
    let (profiles, traceparents) = runtime.block_on(async {
        let (soar, heard) = soar().await;
        let mut profiles = Vec::new();
        for n in 0..RUNS {
            let (well, profile) = ask(&soar, n).await;
            assert_eq!(well, n != FAILING);
            profiles.push(profile);
        }
        (profiles, std::mem::take(&mut *heard.lock().unwrap()))
    });
    Exported { profiles, delivery: guard.shutdown_within(Duration::from_secs(30)), traceparents }
}
