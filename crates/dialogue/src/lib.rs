//! Task-oriented conversations: flows, slots, scope, normalization and repair, with constant cost per turn.

#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod command;
pub mod kind;
pub mod normalize;

pub use command::{CannotHandle, Command};
pub use kind::{Choice, Kind};
