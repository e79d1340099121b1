//! swiftide's query pipeline.
//!
//! Its nine phases are three of `then_transform_query`, `then_retrieve` (five documents), four of `then_transform_response` and
//! `then_answer`. A pipeline is built for every run, since `Pipeline::query` takes it. W3: swiftide's own spans; `default` goes to a
//! timing layer, `otel` through the SDK. No W2 and no W4: it has no checkpointer and no step that fans out.

use anyhow::Result;
use async_trait::async_trait;
use measure::{Arguments, MODEL_WAIT, PHASES, QUERY, Told, drive, fresh_state};
use swiftide_core::document::Document;
use swiftide_core::querying::search_strategies::SimilaritySingleEmbedding;
use swiftide_core::querying::{Answer, Query, Retrieve, TransformQuery, TransformResponse, states};
use swiftide_query::Pipeline;

/// A phase that waits for a model or not.
#[derive(Clone)]
struct Phase {
    waits: bool,
}

impl Phase {
    async fn work(&self) {
        if self.waits {
            tokio::time::sleep(MODEL_WAIT).await;
        }
    }
}

#[async_trait]
impl TransformQuery for Phase {
    async fn transform_query(&self, query: Query<states::Pending>) -> Result<Query<states::Pending>> {
        self.work().await;
        Ok(query)
    }
}

#[async_trait]
impl Retrieve<SimilaritySingleEmbedding> for Phase {
    async fn retrieve(
        &self,
        _: &SimilaritySingleEmbedding,
        query: Query<states::Pending>,
    ) -> Result<Query<states::Retrieved>> {
        let documents: Vec<Document> = fresh_state().chunks.into_iter().map(Document::from).collect();
        Ok(query.retrieved_documents(documents))
    }
}

#[async_trait]
impl TransformResponse for Phase {
    async fn transform_response(&self, query: Query<states::Retrieved>) -> Result<Query<states::Retrieved>> {
        self.work().await;
        Ok(query)
    }
}

#[async_trait]
impl Answer for Phase {
    async fn answer(&self, query: Query<states::Retrieved>) -> Result<Query<states::Answered>> {
        self.work().await;
        Ok(query.answered("ok"))
    }
}

fn pipeline(waits: bool) -> Pipeline<'static, SimilaritySingleEmbedding, states::Answered> {
    let (phase, model) = (|| Phase { waits: false }, || Phase { waits });
    Pipeline::default()
        .then_transform_query(phase())
        .then_transform_query(model())
        .then_transform_query(phase())
        .then_retrieve(phase())
        .then_transform_response(model())
        .then_transform_response(phase())
        .then_transform_response(phase())
        .then_transform_response(phase())
        .then_answer(model())
}

fn main() {
    let arguments = Arguments::read();
    let runtime = measure::runtime(&arguments);
    if !matches!(arguments.workload.as_str(), "w1" | "w3" | "w5" | "w6" | "leak") {
        arguments.refuse("swiftide");
    }
    let spanned = arguments.workload == "w3" || arguments.variant == "otel";
    let export = if spanned { measure::install(&arguments.variant) } else { None };
    let waits = arguments.workload == "w5";
    let run = move |_| async move {
        let answered = pipeline(waits).query(QUERY).await.unwrap();
        assert_eq!(answered.answer(), "ok");
        PHASES.len()
    };
    drive(&arguments, PHASES.len(), &runtime, run, Told { export, ..Told::default() });
}
