//! AutoAgents: a phase is one run of a BasicAgent by a DirectAgent handle, without its actors, on a model that answers at once.
//!
//! The events of every agent are read by a task in the background: their channel would fill up and block. W3: a span that is opened
//! around each call here, since its core makes none; `default` goes to a timing layer, `otel` through the SDK. No W2: it has no
//! checkpointer.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use autoagents::core::agent::prebuilt::executor::BasicAgent;
use autoagents::core::agent::task::Task;
use autoagents::core::agent::{AgentBuilder, DirectAgent, DirectAgentHandle};
use autoagents::llm::chat::{ChatMessage, ChatProvider, ChatResponse, StructuredOutputFormat, Tool};
use autoagents::llm::completion::{CompletionProvider, CompletionRequest, CompletionResponse};
use autoagents::llm::embedding::EmbeddingProvider;
use autoagents::llm::error::LLMError;
use autoagents::llm::models::ModelsProvider;
use autoagents::llm::{LLMProvider, ToolCall};
use autoagents::prelude::{AgentHooks, agent};
use futures_util::StreamExt as _;
use measure::{AGENT_WAIT, AGENTS, Arguments, MODEL_WAIT, PHASES, QUERY, Told, drive, fresh_state, waits_for_model};
use tracing::Instrument as _;

#[derive(Debug)]
struct Reply;

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ok")
    }
}

impl ChatResponse for Reply {
    fn text(&self) -> Option<String> {
        Some("ok".into())
    }

    fn tool_calls(&self) -> Option<Vec<ToolCall>> {
        None
    }
}

/// Answers after a while.
struct Canned(Option<Duration>);

impl Canned {
    async fn reply(&self) -> Result<Box<dyn ChatResponse>, LLMError> {
        if let Some(wait) = self.0 {
            tokio::time::sleep(wait).await;
        }
        Ok(Box::new(Reply))
    }
}

#[async_trait]
impl ChatProvider for Canned {
    async fn chat(
        &self,
        _: &[ChatMessage],
        _: Option<StructuredOutputFormat>,
    ) -> Result<Box<dyn ChatResponse>, LLMError> {
        self.reply().await
    }

    async fn chat_with_tools(
        &self,
        _: &[ChatMessage],
        _: Option<&[Tool]>,
        _: Option<StructuredOutputFormat>,
    ) -> Result<Box<dyn ChatResponse>, LLMError> {
        self.reply().await
    }
}

#[async_trait]
impl CompletionProvider for Canned {
    async fn complete(
        &self,
        _: &CompletionRequest,
        _: Option<StructuredOutputFormat>,
    ) -> Result<CompletionResponse, LLMError> {
        Ok(CompletionResponse { text: "ok".into() })
    }
}

#[async_trait]
impl EmbeddingProvider for Canned {
    async fn embed(&self, _: Vec<String>) -> Result<Vec<Vec<f32>>, LLMError> {
        Ok(Vec::new())
    }
}

impl ModelsProvider for Canned {}
impl LLMProvider for Canned {}

#[agent(name = "phase", description = "one phase")]
#[derive(Default, Clone, AgentHooks)]
struct Phase {}

type Handle = DirectAgentHandle<BasicAgent<Phase>>;

async fn handle(wait: Option<Duration>) -> Handle {
    let builder = AgentBuilder::<_, DirectAgent>::new(BasicAgent::new(Phase {}));
    let mut handle = builder.llm(Arc::new(Canned(wait))).build().await.unwrap();
    let mut events = std::mem::replace(&mut handle.rx, Box::pin(futures_util::stream::empty()));
    tokio::spawn(async move { while events.next().await.is_some() {} });
    handle
}

async fn handles(waits: impl Iterator<Item = Option<Duration>>) -> Arc<[Handle]> {
    futures_util::future::join_all(waits.map(handle)).await.into()
}

fn main() {
    let arguments = Arguments::read();
    let runtime = measure::runtime(&arguments);
    match (arguments.workload.as_str(), arguments.variant.as_str()) {
        ("w4", _) => {
            let agents = runtime.block_on(handles((0..AGENTS).map(|_| Some(AGENT_WAIT))));
            let run = move |_| {
                let agents = agents.clone();
                async move {
                    let mut tasks = tokio::task::JoinSet::new();
                    for number in 0..agents.len() {
                        let agents = agents.clone();
                        tasks.spawn(async move { agents[number].agent.run(Task::new(QUERY)).await.unwrap() });
                    }
                    tasks.join_all().await.len()
                }
            };
            drive(&arguments, AGENTS, &runtime, run, Told::default());
        }
        ("w1" | "w3" | "w5" | "w6" | "leak", variant) => {
            let spanned = arguments.workload == "w3" || variant == "otel";
            let export = if spanned { measure::install(variant) } else { None };
            let waiting = arguments.workload == "w5";
            let waits = |name| (waiting && waits_for_model(name)).then_some(MODEL_WAIT);
            let agents = runtime.block_on(handles(PHASES.into_iter().map(waits)));
            let run = move |_| {
                let agents = agents.clone();
                async move {
                    let mut state = fresh_state();
                    for (name, handle) in PHASES.into_iter().zip(agents.iter()) {
                        let work = handle.agent.run(Task::new(state.query.as_str()));
                        if spanned {
                            work.instrument(tracing::info_span!("phase", name)).await.unwrap();
                        } else {
                            work.await.unwrap();
                        }
                        state.step += 1;
                    }
                    state.step
                }
            };
            drive(&arguments, PHASES.len(), &runtime, run, Told { export, ..Told::default() });
        }
        _ => arguments.refuse("AutoAgents"),
    }
}
