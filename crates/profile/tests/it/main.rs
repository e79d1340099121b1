//! Runs are recorded with real futures, tasks, threads and subscribers, and their profiles are judged.

// Clippy hears this on the whole crate only.
#![allow(clippy::disallowed_macros)]

mod bounds;
mod hosts;
mod nesting;
mod outcomes;
mod printing;
mod support;
mod tasks;
mod times;
