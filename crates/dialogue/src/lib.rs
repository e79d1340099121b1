//! Task-oriented conversations: flows, slots, scope, normalization and repair, with constant cost per turn.

#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod command;
pub mod definition;
pub mod expression;
pub mod kind;
mod near;
pub mod normalize;
pub mod program;
pub mod response;
pub mod scope;
pub mod understand;

pub use command::{CannotHandle, Command};
pub use kind::{Choice, Kind};
