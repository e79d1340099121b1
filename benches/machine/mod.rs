//! What every benchmark prints first, and the runtime and pipelines they share.

#![allow(dead_code, unused_imports, reason = "each benchmark uses its part")]

mod data;
mod describe;
#[cfg(feature = "dialogue")]
pub mod flights;
mod gather;
mod host;
pub mod nine;
mod report;
mod samples;
#[cfg(feature = "otlp")]
mod sink;

use std::sync::Arc;
use std::time::Duration;

use criterion::Criterion;
use ninefold::models::Stack;
use ninefold::store::MemoryStore;
use ninefold::{Agent, AgentCard, Chunk, ChunkKind, Cx, Document, Key, Result, Soar, SoarBuilder, Source, Store, Task};
use ninefold_testkit::ScriptedModel;

pub use self::data::{Data, value};
pub use self::describe::describe;
pub use self::gather::gather;
pub use self::host::{Accounted, Host};
pub use self::report::{Report, Target, figure, spread, workspace};
pub use self::samples::{is_test, named, resident_kib, samples, times};

/// Criterion with enough samples for a median that holds; its JSON is under `target/criterion`.
pub fn criterion() -> Criterion {
    describe();
    Criterion::default()
        .sample_size(60)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(4))
        .configure_from_args()
}

/// One thread, as an embedding program's task would have it.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// A memory store of ten chunks of code.
pub async fn ten_chunks() -> Arc<dyn Store> {
    let store = MemoryStore::new();
    store.put(ten_documents()).await.unwrap();
    Arc::new(store)
}

/// Ten files of one chunk of code each.
pub fn ten_documents() -> Vec<Document> {
    let documents = (0..10).map(|n| {
        let path = format!("src/module_{n}.py");
        let text = format!(
            "def main_{n}(arguments):\n    \"\"\"The main function number {n} parses arguments and starts session {n}.\"\"\"\n    \
             session = open_session(arguments, user={n})\n    return session.authenticate()\n"
        );
        let title = format!("def main_{n}(arguments):");
        let chunk = Chunk { title, ..Chunk::new(&path, ChunkKind::Code, text) };
        let source = Source::new(path, Key::of_bytes(&[n]));
        Document::new(source, vec![chunk])
    });
    documents.collect()
}

/// The question of the predecessor's simple row.
pub const SIMPLE: &str = "What does the main function do?";
/// The question of the predecessor's complex row.
pub const COMPLEX: &str =
    "Analyze the authentication flow and identify potential security vulnerabilities in the session management code";

/// A pipeline over ten chunks with a model that answers at once and three agents that answer at once. It plans every question
/// anew.
pub async fn scripted_soar() -> Soar {
    scripted(done).await.without_learning().build().await.unwrap()
}

/// The same pipeline, which would learn, but never trusts its answer enough: it looks for a plan in vain and plans.
pub async fn searching_soar() -> Soar {
    scripted(done).await.build().await.unwrap()
}

/// The same pipeline with a page that answers the complex question: it knows the plan once it was asked.
pub async fn knowing_soar() -> Soar {
    let soar = scripted(done).await.build().await.unwrap();
    let text = format!("{COMPLEX}: it parses its arguments and starts a session.");
    let chunk = Chunk::new("notes.md", ChunkKind::Markdown, text);
    let page = Document::new(Source::new("notes.md", Key::of_bytes(b"notes")), vec![chunk]);
    soar.store().put(vec![page]).await.unwrap();
    soar.answer(COMPLEX).await.unwrap();
    soar
}

async fn done(_: Task, _: Cx) -> Result<&'static str> {
    Ok("Done: nothing unusual was seen.")
}

/// The first pipeline, with every call made: none is answered by the cache, as repeated questions are.
pub async fn asking_soar() -> Soar {
    asking().store(ten_chunks().await).build().await.unwrap()
}

/// The same without a store.
pub fn asking() -> SoarBuilder {
    agents(Soar::builder().models(Stack::new(script()).cache(None)), done).without_learning()
}

/// A pipeline that is not built yet, whose three agents do this.
pub async fn scripted(agent: impl Agent + Clone + 'static) -> SoarBuilder {
    agents(Soar::builder().store(ten_chunks().await).model(script()), agent)
}

/// What the model says to each phase.
pub fn script() -> ScriptedModel {
    let plan = r#"{"subgoals": [
        {"id": "flow", "description": "analyze the authentication flow", "agent": "reader", "critical": true, "depends_on": []},
        {"id": "risks", "description": "identify potential security vulnerabilities", "agent": "auditor", "depends_on": []},
        {"id": "session", "description": "look at the session management code", "agent": "reviewer", "depends_on": []}]}"#;
    let review = r#"{"completeness": 0.9, "consistency": 0.9, "groundedness": 0.9, "issues": []}"#;
    ScriptedModel::new()
        .forgetful()
        .answer("break a question", plan)
        .answer("try to break a plan", review)
        .answer("numbered sources", "It parses its arguments and starts a session [1].")
}

fn agents(builder: SoarBuilder, agent: impl Agent + Clone + 'static) -> SoarBuilder {
    builder
        .agent(AgentCard::new("reader", "Reads code"), agent.clone())
        .agent(AgentCard::new("auditor", "Looks for vulnerabilities"), agent.clone())
        .agent(AgentCard::new("reviewer", "Reviews code"), agent)
}
