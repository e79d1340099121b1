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
//! - **Durable runs**: each reply of the model and each call of a tool that has ended is a step in the run's journal, whether
//!   the call did well or not. A loop that was broken off, or that is tried again, goes the same way as far as it had come and
//!   is asked and paid for from there. A step is found by what it follows from: the request, or the tool with its arguments
//!   and which time it is. What was under way when the process was killed is done again; so a tool that changes something is to
//!   be one that may be called twice with the same arguments. Phases that it runs itself are steps of their own. Without a
//!   journal, a loop that has called a tool is not tried again: its error says that it was given up. Give it a model that tries
//!   again by itself ([`crate::Retried`]), so that one broken reply does not end it.

mod agent;
mod bounds;
mod call;
mod events;
mod journal;
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
