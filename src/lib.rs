//! An embedded agent pipeline that knows where its time goes.
//!
//! Ask a question, get an answer with its sources and the account of the run, phase by phase:
//!
//! ```no_run
//! use ninefold::Soar;
//!
//! #[tokio::main]
//! async fn main() -> ninefold::Result<()> {
//!     let soar = Soar::builder().database("notes.db").index("docs").build().await?;
//!     let answer = soar.answer("How is a killed run resumed?").await?;
//!     println!("{answer}");
//!     println!("{}", answer.profile.table());
//!     Ok(())
//! }
//! ```
//!
//! - [`Soar`] answers questions from what it indexed, with agents and a model where you give it some; without a model it
//!   quotes its sources, and says so.
//! - A pipeline of your own is straight-line async Rust over [`phase`]s, opened by a [`Run`]; [`profile::record`] gives its
//!   account. Timing, deadline, retry, cache and journal come with every phase.
//! - A program that has a `tracing` subscriber adds [`profile::layer()`] to it. One that has none needs nothing.
//! - A model ([`SoarBuilder::model`]) is retried, cached, limited and priced; [`models::Stack`] sets how, with quotas and other
//!   models to fall back to.
//! - [`SoarBuilder::conversation_log`] writes down what was asked and answered.
//! - With an embedder ([`SoarBuilder::embedder`]) memory is searched by meaning as well as by words.
//! - A model with tools is an agent: [`llm::tools`].
//! - With the feature `dialogue`, `Dialogue` talks to users: flows, slots, repair.
//! - With the feature `llm-http` or `llm-https`, models are opened by name: `ninefold::open_model`.
//! - With the feature `otlp`, runs go to Jaeger, Phoenix or a collector: `ninefold::otlp`.

#![deny(clippy::print_stdout, clippy::print_stderr)]

mod builder;
#[cfg(feature = "dialogue")]
pub mod dialogue;
mod failure;
#[cfg(feature = "llm-http")]
mod model;
pub mod models;
mod soar;

pub use builder::SoarBuilder;
#[cfg(feature = "dialogue")]
pub use dialogue::{Dialogue, DialogueBuilder};
pub use failure::Failure;
#[cfg(feature = "llm-http")]
pub use model::{model_providers, open_model};
pub use soar::Soar;

pub use ninefold_core::{
    Agent, AgentCard, Assessment, Budget, Chunk, ChunkId, ChunkKind, Citation, Clock, Complexity, Cost, Cx, DecidedBy,
    Decision, Degradation, Document, Durability, Embedder, Embedding, Error, ErrorKind, Event, Evidence, Experience,
    FailedSubgoal, Finding, Findings, Form, Impasse, Inquiry, InquiryId, Journal, Key, Labels, Lines, Model, ModelId,
    ModelRequest, OpenInquiry, OverBudget, Passage, Phase, PhaseEnd, Plan, PlanOrigin, Purpose, Query, Reply, Report,
    Result, RunId, Scope, Search, SessionId, Source, Store, Subgoal, Supplied, Suspension, Task, Timestamp, Unpriced,
    Usage, Verdict, Wanted,
};
pub use ninefold_pipeline::{BoxPhase, Layered, PhaseCache, Retry, Run, SystemClock, phase};
pub use ninefold_profile as profile;
pub use ninefold_profile::Profile;
#[cfg(feature = "otlp")]
pub use ninefold_profile::otlp;

/// The features this build has of those that are not built by default.
pub const FEATURES: &[&str] = &[
    #[cfg(feature = "code")]
    "code",
    #[cfg(feature = "dialogue")]
    "dialogue",
    #[cfg(feature = "embed-candle")]
    "embed-candle",
    #[cfg(feature = "embed-http")]
    "embed-http",
    #[cfg(feature = "embed-https")]
    "embed-https",
    #[cfg(feature = "embed-static")]
    "embed-static",
    #[cfg(feature = "llm-http")]
    "llm-http",
    #[cfg(feature = "llm-https")]
    "llm-https",
    #[cfg(feature = "mcp")]
    "mcp",
    #[cfg(feature = "mcp-https")]
    "mcp-https",
    #[cfg(feature = "otlp")]
    "otlp",
    #[cfg(feature = "otlp-grpc")]
    "otlp-grpc",
    #[cfg(feature = "redis")]
    "redis",
    #[cfg(feature = "schema")]
    "schema",
    #[cfg(feature = "tokenizer")]
    "tokenizer",
    #[cfg(feature = "validate")]
    "validate",
    #[cfg(feature = "watch")]
    "watch",
];

/// Where answers come from: an answer with the account of its run.
pub type Answer = ninefold_core::Answer<Profile>;

/// A run as the stream of its events; see [`Soar::stream`].
pub type Events = ninefold_core::Events<'static, Answer, Failure>;

/// The values and traits behind which models, agents, stores and journals stand.
pub mod core {
    pub use ninefold_core::*;
}

/// Models that embed texts, what is put around them, and the names of embedders in configuration.
pub mod embed {
    pub use ninefold_embed::*;
}

/// Models behind a server, the decorators around a model, and models with tools.
pub mod llm {
    pub use ninefold_llm::*;
}

/// The nine phases and their inputs, for pipelines that replace one.
pub mod pipeline {
    pub use ninefold_pipeline::*;
}

/// Memory, journals, and the reading of files into memory.
pub mod store {
    pub use ninefold_store::*;
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_feature_is_told_of() {
        let manifest = include_str!("../Cargo.toml");
        let features = manifest.split("[features]\n").nth(1).unwrap().split("\n[").next().unwrap();
        let names: Vec<&str> = features.lines().filter_map(|line| Some(line.split_once(" = ")?.0)).collect();
        assert!(names.contains(&"validate"));
        for name in names.into_iter().filter(|name| !name.starts_with('#')) {
            let told = format!("#[cfg(feature = \"{name}\")]\n    \"{name}\",");
            assert!(include_str!("lib.rs").contains(&told), "{name}");
        }
    }
}
