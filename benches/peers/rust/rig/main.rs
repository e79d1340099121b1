//! rig, `rig-core` and `rig-agent`: it has no pipeline any more, so a phase is one `Agent::prompt`.
//!
//! The model is rig's own OpenAI format over an HTTP client that answers with the same bytes at once: encoding the request and decoding
//! the reply are included, the network is not. W3: rig's own spans; `default` goes to a timing layer, `otel` through the SDK. No W2: it
//! has no checkpointer.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use measure::{AGENT_WAIT, AGENTS, Arguments, MODEL_WAIT, PHASES, QUERY, Told, drive, fresh_state, waits_for_model};
use rig_agent::prelude::*;
use rig_core::http_client::{
    Error, HttpClientExt, LazyBody, MultipartForm, Request, Response, Result, StreamingResponse,
};
use rig_core::providers::openai::OpenAIConfig;

const REPLY: &str = r#"{"id":"x","object":"chat.completion","created":1,"model":"mock","choices":[{"index":0,"message":{"role":"assistant","content":"ok"},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":1,"total_tokens":11}}"#;

/// Answers with [`REPLY`] after a while.
#[derive(Clone, Debug)]
struct Canned(Option<Duration>);

impl HttpClientExt for Canned {
    fn send<T, U>(&self, request: Request<T>) -> impl Future<Output = Result<Response<LazyBody<U>>>> + Send + 'static
    where
        T: Into<Bytes> + Send,
        U: From<Bytes> + Send + 'static,
    {
        let wait = self.0;
        drop::<Bytes>(request.into_body().into());
        async move {
            if let Some(wait) = wait {
                tokio::time::sleep(wait).await;
            }
            let body: LazyBody<U> = Box::pin(async move { Ok(U::from(Bytes::from_static(REPLY.as_bytes()))) });
            Response::builder().status(200).body(body).map_err(Error::Protocol)
        }
    }

    #[allow(
        clippy::manual_async_fn,
        reason = "an `async fn` would borrow `self`, and the trait wants it to live on its own"
    )]
    fn send_multipart<U>(
        &self,
        _: Request<MultipartForm>,
    ) -> impl Future<Output = Result<Response<LazyBody<U>>>> + Send + 'static
    where
        U: From<Bytes> + Send + 'static,
    {
        async { panic!("no agent here sends forms") }
    }

    async fn send_streaming<T>(&self, _: Request<T>) -> Result<StreamingResponse>
    where
        T: Into<Bytes> + Send,
    {
        panic!("no agent here streams")
    }
}

fn agent(name: &str, wait: Option<Duration>) -> Agent {
    let model = OpenAIConfig::new("key").connect(Canned(wait)).chat("mock");
    AgentBuilder::new(model).preamble(format!("phase {name}")).build()
}

fn main() {
    let arguments = Arguments::read();
    let runtime = measure::runtime(&arguments);
    match (arguments.workload.as_str(), arguments.variant.as_str()) {
        ("w4", _) => {
            let agents: Arc<[Agent]> = (0..AGENTS).map(|n| agent(&format!("agent{n}"), Some(AGENT_WAIT))).collect();
            let run = move |_| {
                let agents = agents.clone();
                async move {
                    let mut tasks = tokio::task::JoinSet::new();
                    for agent in agents.iter() {
                        let agent = agent.clone();
                        tasks.spawn(async move { agent.prompt(QUERY).await.unwrap() });
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
            let phase = |name| agent(name, (waiting && waits_for_model(name)).then_some(MODEL_WAIT));
            let agents: Arc<[Agent]> = PHASES.into_iter().map(phase).collect();
            let run = move |_| {
                let agents = agents.clone();
                async move {
                    let mut state = fresh_state();
                    for agent in agents.iter() {
                        agent.prompt(state.query.as_str()).await.unwrap();
                        state.step += 1;
                    }
                    state.step
                }
            };
            drive(&arguments, PHASES.len(), &runtime, run, Told { export, ..Told::default() });
        }
        _ => arguments.refuse("rig"),
    }
}
