//! The names of spans and their fields, and the only place where spans are made. `docs/spans.md` is the page for readers;
//! a test compares the two.
//!
//! Names follow the OpenTelemetry conventions for generative AI (`gen_ai.*`) where they have one. Counts are `i64`,
//! because exporters turn other integers into strings.

pub use crate::inside::inside;
use tracing::Span;
use tracing::field::Empty;

use crate::budget::Usage;
use crate::error::Error;
use crate::id::{RunId, SessionId};
use crate::model::{ModelId, ModelRequest};

/// The target of every span made here; what a filter lets through or not.
pub const TARGET: &str = "ninefold";

/// Span names.
pub mod name {
    /// A whole run.
    pub const RUN: &str = "invoke_agent";
    /// One phase.
    pub const PHASE: &str = "phase";
    /// One agent at work on one subgoal, or one tool that a model had called.
    pub const AGENT: &str = "execute_tool";
    /// One call of a model, from sending the request to the end of the reply.
    pub const CHAT: &str = "chat";
    /// One call of an embedding model.
    pub const EMBEDDINGS: &str = "embeddings";
    /// One search in memory.
    pub const RETRIEVAL: &str = "retrieval";
    /// One write to memory.
    pub const STORE: &str = "store";
    /// One read or write of the journal.
    pub const JOURNAL: &str = "journal";
    /// One pause before a retry.
    pub const BACKOFF: &str = "backoff";
    /// One wait for what another run computes, for a place, or for the reader of a streamed run.
    pub const QUEUE: &str = "queue";
    /// One choice among models.
    pub const ROUTE: &str = "route";
    /// The second of two calls of a model for one answer, made because the first was late.
    pub const HEDGE: &str = "hedge";
    /// What was done because something was missing.
    pub const IMPASSE: &str = "impasse";
}

/// Field names.
pub mod field {
    /// What the span is, by the GenAI conventions.
    pub const OPERATION: &str = "gen_ai.operation.name";
    /// The pipeline's name.
    pub const PIPELINE: &str = "gen_ai.agent.name";
    /// The session.
    pub const CONVERSATION: &str = "gen_ai.conversation.id";
    /// The run's identity.
    pub const RUN_ID: &str = "run.id";
    /// The phase's name.
    pub const PHASE_NAME: &str = "phase.name";
    /// The agent's or the tool's name.
    pub const TOOL_NAME: &str = "gen_ai.tool.name";
    /// Who serves the model.
    pub const PROVIDER: &str = "gen_ai.provider.name";
    /// The model asked for.
    pub const MODEL: &str = "gen_ai.request.model";
    /// The sampling temperature asked for.
    pub const TEMPERATURE: &str = "gen_ai.request.temperature";
    /// The most tokens that may be written.
    pub const MAX_TOKENS: &str = "gen_ai.request.max_tokens";
    /// Tokens read by the model.
    pub const INPUT_TOKENS: &str = "gen_ai.usage.input_tokens";
    /// Tokens written by the model.
    pub const OUTPUT_TOKENS: &str = "gen_ai.usage.output_tokens";
    /// Of the tokens read, those from the provider's cache.
    pub const CACHED_INPUT_TOKENS: &str = "gen_ai.usage.cache_read.input_tokens";
    /// Of the tokens read, those put into the provider's cache.
    pub const CACHE_WRITE_TOKENS: &str = "gen_ai.usage.cache_creation.input_tokens";
    /// Of the tokens written, those of the model's reasoning.
    pub const REASONING_TOKENS: &str = "gen_ai.usage.reasoning.output_tokens";
    /// What the call cost, in US dollars.
    pub const COST: &str = "cost.usd";
    /// Seconds from sending the request to the first piece of the reply.
    pub const FIRST_CHUNK: &str = "gen_ai.response.time_to_first_chunk";
    /// How many numbers an embedding has.
    pub const DIMENSIONS: &str = "gen_ai.embeddings.dimension.count";
    /// Why the model stopped.
    pub const FINISH_REASON: &str = "gen_ai.response.finish_reasons";
    /// What the model was asked; only where the host lets content into spans, like the other fields for content.
    pub const INPUT_MESSAGES: &str = "gen_ai.input.messages";
    /// What the model answered.
    pub const OUTPUT_MESSAGES: &str = "gen_ai.output.messages";
    /// What the agent was given to do.
    pub const TOOL_ARGUMENTS: &str = "gen_ai.tool.call.arguments";
    /// What the agent reported.
    pub const TOOL_RESULT: &str = "gen_ai.tool.call.result";
    /// What was searched for.
    pub const QUERY_TEXT: &str = "gen_ai.retrieval.query.text";
    /// The most passages asked for.
    pub const TOP_K: &str = "gen_ai.request.top_k";
    /// The passages that came.
    pub const HITS: &str = "hits";
    /// Of them, those whose meaning was compared with the question's.
    pub const HITS_BY_MEANING: &str = "hits.by_meaning";
    /// Of them, those that had been used before.
    pub const HITS_BY_USE: &str = "hits.by_use";
    /// Of them, those that are related to what the searcher had before him.
    pub const HITS_BY_RELATION: &str = "hits.by_relation";
    /// How it ended, when not simply well: see [`super::outcome`].
    pub const OUTCOME: &str = "outcome";
    /// The class of the error.
    pub const ERROR_TYPE: &str = "error.type";
    /// How often it was tried, when more than once.
    pub const ATTEMPTS: &str = "attempts";
    /// Seconds that the work took which a cached output spared.
    pub const SAVED: &str = "saved";
    /// Where the run's plan is from: `decomposition` or `pattern`.
    pub const PLAN_ORIGIN: &str = "plan.origin";
    /// Why one of several models was chosen.
    pub const REASON: &str = "route.reason";
    /// What was missing: see [`crate::impasse::cause`].
    pub const CAUSE: &str = "impasse.cause";
}

/// Values of the field `outcome`. A span without one ended well.
pub mod outcome {
    /// It ended with an error; `error.type` has the class.
    pub const FAILED: &str = "failed";
    /// It was dropped before its end.
    pub const CANCELLED: &str = "cancelled";
    /// It waits for a person; the run goes on when it is resumed.
    pub const SUSPENDED: &str = "suspended";
    /// The output came from the journal.
    pub const REPLAYED: &str = "replayed";
    /// The output came from the cache.
    pub const CACHED: &str = "cached";
}

/// What a span waits for while it is not busy and no span inside it is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WaitClass {
    /// A model.
    Model,
    /// An agent's own work.
    Tool,
    /// Memory or the journal.
    Store,
    /// A place in a queue or a shared computation.
    Queue,
    /// A pause before a retry.
    BackOff,
}

/// The wait class of a span by its name; `None` for spans whose waits have no class of their own.
#[must_use]
pub fn wait_class(span: &str) -> Option<WaitClass> {
    match span {
        name::CHAT | name::EMBEDDINGS => Some(WaitClass::Model),
        name::AGENT => Some(WaitClass::Tool),
        name::RETRIEVAL | name::STORE | name::JOURNAL => Some(WaitClass::Store),
        name::BACKOFF => Some(WaitClass::BackOff),
        name::QUEUE => Some(WaitClass::Queue),
        _ => None,
    }
}

/// The span of a run.
#[must_use]
#[inline]
pub fn run(pipeline: &str, run: RunId, session: Option<&SessionId>) -> Span {
    let session = session.map(tracing::field::display);
    tracing::info_span!(
        target: TARGET,
        "invoke_agent",
        "gen_ai.operation.name" = "invoke_agent",
        "gen_ai.agent.name" = pipeline,
        "run.id" = %run,
        "gen_ai.conversation.id" = session,
        "plan.origin" = Empty,
        outcome = Empty,
        "error.type" = Empty,
    )
}

/// The span of a phase.
#[must_use]
#[inline]
pub fn phase(name: &str) -> Span {
    tracing::info_span!(
        target: TARGET,
        "phase",
        "phase.name" = name,
        outcome = Empty,
        "error.type" = Empty,
        attempts = Empty,
        saved = Empty,
    )
}

/// The span of an agent at work, or of a tool that a model had called.
#[must_use]
#[inline]
pub fn agent(name: &str) -> Span {
    tracing::info_span!(
        target: TARGET,
        "execute_tool",
        "gen_ai.operation.name" = "execute_tool",
        "gen_ai.tool.name" = name,
        "gen_ai.tool.call.arguments" = Empty,
        "gen_ai.tool.call.result" = Empty,
        outcome = Empty,
        "error.type" = Empty,
        attempts = Empty,
        saved = Empty,
    )
}

/// The span of a model call.
#[must_use]
#[inline]
pub fn chat(model: &ModelId, request: &ModelRequest) -> Span {
    tracing::info_span!(
        target: TARGET,
        "chat",
        "gen_ai.operation.name" = "chat",
        "gen_ai.provider.name" = model.provider.as_str(),
        "gen_ai.request.model" = model.name.as_str(),
        "gen_ai.request.temperature" = request.temperature.map(f64::from),
        "gen_ai.request.max_tokens" = request.max_output_tokens.map(i64::from),
        "gen_ai.usage.input_tokens" = Empty,
        "gen_ai.usage.output_tokens" = Empty,
        "gen_ai.usage.cache_read.input_tokens" = Empty,
        "gen_ai.usage.cache_creation.input_tokens" = Empty,
        "gen_ai.usage.reasoning.output_tokens" = Empty,
        "cost.usd" = Empty,
        "gen_ai.response.time_to_first_chunk" = Empty,
        "gen_ai.response.finish_reasons" = Empty,
        "gen_ai.input.messages" = Empty,
        "gen_ai.output.messages" = Empty,
        outcome = Empty,
        "error.type" = Empty,
        saved = Empty,
    )
}

/// The span of a call of an embedding model, for stores and agents that embed.
#[must_use]
#[inline]
pub fn embeddings(model: &ModelId) -> Span {
    tracing::info_span!(
        target: TARGET,
        "embeddings",
        "gen_ai.operation.name" = "embeddings",
        "gen_ai.provider.name" = model.provider.as_str(),
        "gen_ai.request.model" = model.name.as_str(),
        "gen_ai.usage.input_tokens" = Empty,
        "gen_ai.embeddings.dimension.count" = Empty,
        "cost.usd" = Empty,
        outcome = Empty,
        "error.type" = Empty,
    )
}

/// The span of a search in memory for at most `top_k` passages.
#[must_use]
#[inline]
pub fn retrieval(top_k: usize) -> Span {
    tracing::info_span!(
        target: TARGET,
        "retrieval",
        "gen_ai.operation.name" = "retrieval",
        "gen_ai.request.top_k" = count(top_k as u64),
        "gen_ai.retrieval.query.text" = Empty,
        hits = Empty,
        "hits.by_meaning" = Empty,
        "hits.by_use" = Empty,
        "hits.by_relation" = Empty,
        outcome = Empty,
        "error.type" = Empty,
    )
}

/// The span of a write to memory.
#[must_use]
#[inline]
pub fn store() -> Span {
    tracing::info_span!(target: TARGET, "store", outcome = Empty, "error.type" = Empty)
}

/// The span of a read or write of the journal.
#[must_use]
#[inline]
pub fn journal() -> Span {
    tracing::info_span!(target: TARGET, "journal", outcome = Empty, "error.type" = Empty)
}

/// The span of a pause before a retry.
#[must_use]
#[inline]
pub fn backoff() -> Span {
    tracing::info_span!(target: TARGET, "backoff", outcome = Empty, "error.type" = Empty, attempts = Empty)
}

/// The span of a wait for what another run computes, for a place, or for the reader of a streamed run.
#[must_use]
#[inline]
pub fn queue() -> Span {
    tracing::info_span!(target: TARGET, "queue", outcome = Empty, "error.type" = Empty)
}

/// The span of a choice among models.
#[must_use]
#[inline]
pub fn route() -> Span {
    tracing::info_span!(
        target: TARGET,
        "route",
        "gen_ai.provider.name" = Empty,
        "gen_ai.request.model" = Empty,
        "route.reason" = Empty,
        outcome = Empty,
        "error.type" = Empty,
    )
}

/// The span of the second of two calls for one answer.
#[must_use]
#[inline]
pub fn hedge() -> Span {
    tracing::info_span!(target: TARGET, "hedge", outcome = Empty, "error.type" = Empty)
}

/// The span of what is done because something is missing: one of [`crate::impasse::cause`].
#[must_use]
#[inline]
pub fn impasse(cause: &str) -> Span {
    tracing::info_span!(target: TARGET, "impasse", "impasse.cause" = cause, outcome = Empty, "error.type" = Empty)
}

/// Notes how a span ended other than well.
pub fn record_outcome(span: &Span, outcome: &str) {
    span.record(field::OUTCOME, outcome);
}

/// Notes what a model call used; what it did not use is left out.
pub fn record_usage(span: &Span, usage: &Usage) {
    span.record(field::INPUT_TOKENS, count(usage.input_tokens));
    span.record(field::OUTPUT_TOKENS, count(usage.output_tokens));
    for (field, tokens) in [
        (field::CACHED_INPUT_TOKENS, usage.cached_input_tokens),
        (field::CACHE_WRITE_TOKENS, usage.cache_write_tokens),
        (field::REASONING_TOKENS, usage.reasoning_tokens),
    ] {
        if tokens > 0 {
            span.record(field, count(tokens));
        }
    }
    if let Some(cost) = usage.cost {
        span.record(field::COST, cost.usd());
    }
}

/// Notes that a span ended with an error, or because a person is asked, which is none.
pub fn record_error(span: &Span, error: &Error) {
    if error.is_suspension() {
        return record_outcome(span, outcome::SUSPENDED);
    }
    span.record(field::OUTCOME, outcome::FAILED);
    span.record(field::ERROR_TYPE, error.kind().as_str());
}

/// A count as a field value.
#[must_use]
pub fn count(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
