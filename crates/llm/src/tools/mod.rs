//! Tools, and models that use them.
//!
//! A tool is a function with a schema: [`json_tool`] with one written by hand, `tool` (feature `schema`) with that of a type.
//! A [`ToolAgent`] is a model with tools: it asks, calls, tells and asks again until the model answers in words.
//!
//! - **Bounds** ([`Bounds`]): steps, calls, calls at once, tokens, time, the size of results, repetitions. The error of a loop
//!   that came to a bound tells what was done until then, and [`Unfinished`] has the conversation.
//! - **Scope**: a tool has labels. One that the run's scope does not allow is not shown to the model, and not called when the
//!   model names it all the same. Whether a call is made is asked of [`Approve`]: allow, deny, or ask a person.
//! - **Errors** of tools, arguments that do not fit, panics and time limits are told to the model, which may try otherwise. What
//!   ends the run (its deadline, its cancellation, its journal) ends the loop.
//! - **Spans**: each call is an `execute_tool` span inside that of the agent; the model's are `chat` where it is
//!   [`crate::Observed`].
//! - **Durable runs**: in the phase `collect` the journal has an agent's *report*. A loop that was broken off begins again,
//!   and asks the model again; so a tool that changes something is to be one that may be called twice with the same
//!   arguments. Phases that a tool runs itself are journaled below the call (its name, its arguments, and which time it
//!   is), so that the same call replays what it had finished.

mod agent;
mod bounds;
mod call;
mod events;
pub(crate) mod limit;
mod offer;
mod permission;
mod task;
mod tool;

pub use agent::{Outcome, ToolAgent, ToolAgentBuilder};
pub use bounds::{Account, Bounds, Ending, Unfinished};
pub use events::Event;
pub use offer::MAX_TOOLS;
pub use permission::{Approve, AskPerson, Pending, Permission};
pub use tool::{JsonTool, Tool, ToolSource, json_tool};
#[cfg(feature = "schema")]
pub use tool::{TypedTool, tool};
