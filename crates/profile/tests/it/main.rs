//! Runs are recorded with real futures, tasks, threads and subscribers, and their profiles are judged.

// Clippy hears the first one on the whole crate only.
#![allow(clippy::disallowed_macros, reason = "hosts make spans of their own")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "all of it is test code")]
#![allow(clippy::async_yields_async, reason = "runs hand out the tasks they leave behind")]

mod bounds;
mod details;
mod diff;
mod hosts;
mod html;
mod nesting;
#[cfg(feature = "otlp")]
mod otlp;
mod outcomes;
mod overflow;
mod printing;
mod private;
mod readers;
mod schema;
mod statistics;
mod support;
mod tasks;
mod times;
mod usage;
