//! The vocabulary of Ninefold: the values that pass between phases, and the narrow traits behind which
//! models, agents, stores and journals stand. No I/O happens here and no clock is read here.
//!
//! In reading order:
//!
//! 1. what is asked and answered: [`query`], [`answer`], [`error`];
//! 2. what each phase makes: [`assessment`], [`evidence`], [`plan`], [`verdict`], [`route`], [`finding`]; what stood in its way: [`impasse`];
//! 3. what a run carries: [`cx`], [`scope`], [`budget`], [`ledger`], [`clock`]; what it tells: [`event`]; what it asks a person: [`inquiry`], [`suspension`]; and what is shown nowhere:
//!    [`secret`];
//! 4. what a phase is and what stands around it: [`phase`], [`journal`], [`cache_key`], [`span`];
//! 5. what a host plugs in: [`model`] ([`message`], [`request`], [`reply`]), [`agent`], [`store`], [`embed`], [`cache`], [`sessions`],
//!    [`uploads`], [`experience`] ([`features`]);
//! 6. how text becomes searchable terms: [`terms`]; how what models write becomes JSON: [`json`].
//! 7. how an answer is shown: [`form`], [`printable`].

#![deny(clippy::print_stdout, clippy::print_stderr)]
// Clippy hears this on the whole crate only; the tidy test keeps span macros inside `span.rs`.
#![allow(clippy::disallowed_macros)]

pub mod agent;
pub mod answer;
pub mod assessment;
pub mod budget;
pub mod cache;
pub mod cache_key;
mod cache_key_ser;
pub mod clock;
pub mod cx;
pub mod embed;
pub mod error;
pub mod event;
pub mod evidence;
pub mod experience;
pub mod features;
pub mod finding;
pub mod form;
pub mod id;
pub mod impasse;
pub mod inquiry;
mod inside;
pub mod journal;
pub mod json;
pub mod ledger;
pub mod message;
pub mod model;
pub mod phase;
pub mod plan;
pub mod printable;
pub mod query;
pub mod reply;
pub mod request;
pub mod route;
pub mod scope;
pub mod secret;
pub mod sessions;
pub mod span;
mod stem;
pub mod store;
pub mod suspension;
pub mod terms;
pub mod uploads;
pub mod verdict;

pub use agent::{Agent, AgentCard, Report, Task};
pub use answer::{Answer, Degradation, PlanOrigin};
pub use assessment::{Assessment, Complexity, DecidedBy};
pub use budget::{Budget, BudgetMeter, Cost, Estimate, Expense, OverBudget, Unpriced, Usage};
pub use cache::{Cache, CacheEntry, Retention};
pub use cache_key::Key;
pub use clock::{Clock, Timestamp};
pub use cx::Cx;
pub use embed::{Embedded, Embedder, Embedding, Embeddings, Purpose};
pub use error::{Error, ErrorKind, Fault, Result, Wire};
pub use event::{Event, Events, PhaseEnd, Teller};
pub use evidence::{
    Chunk, ChunkId, ChunkKind, Citation, Evidence, Lines, Passage, Relation, RelationKind, Signals, VectorSearch,
    WeightedTerm,
};
pub use experience::{AgentKey, Experience, Learned, Pattern, Situation, Unlearning};
pub use features::Features;
pub use finding::{CitedFinding, FailedSubgoal, Finding, Findings, Statement};
pub use form::{Form, Mark};
pub use id::{RunId, SessionId};
pub use impasse::{Impasse, TieBreak};
pub use inquiry::{Inquiry, InquiryId, Supplied, Wanted};
pub use journal::{Durability, Journal};
pub use ledger::{Amount, Balance, Ceiling, ChargeId, Ledger, Limits};
pub use model::{
    Completion, Delta, Effort, Media, MediaSource, Message, Model, ModelId, ModelRequest, OutputFormat, Part, Reply,
    Role, StopReason, ToolCall, ToolChoice, ToolResult, ToolSpec,
};
pub use phase::Phase;
pub use plan::{Plan, PlanError, Subgoal, SubgoalId};
pub use query::Query;
pub use route::{Assignment, Routes};
pub use scope::{Labels, Scope};
pub use secret::Secret;
pub use sessions::{Resumption, SessionEvent, SessionSummary, Sessions, Turn};
pub use store::{Contents, Document, Forgetting, Forgotten, Search, Source, Store};
pub use suspension::{OpenInquiry, Suspension};
pub use uploads::{Upload, UploadKey, UploadRecords};
pub use verdict::{Decision, Issue, Resource, Scores, Shortage, Verdict, VerifiedPlan, VerifyPolicy, Weights};
