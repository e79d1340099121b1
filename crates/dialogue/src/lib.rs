//! Task-oriented conversations: flows, slots, scope, normalization and repair, with constant cost per turn.

#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod action;
pub mod builder;
pub mod command;
pub mod definition;
pub mod dialogue;
pub mod engine;
pub mod expression;
pub mod external;
pub mod input;
pub mod inspect;
pub mod kind;
pub mod knowledge;
mod live;
mod near;
pub mod normalize;
pub mod program;
pub mod repair;
pub mod reply;
pub mod response;
pub mod scope;
pub mod script;
pub mod secret;
pub mod understand;

pub use action::Call;
pub use builder::DialogueBuilder;
pub use command::{CannotHandle, Command};
pub use definition::Definition;
pub use dialogue::Dialogue;
pub use external::{ExternalAgent, ExternalReply};
pub use input::Input;
pub use inspect::{Change, Inspection, Standing};
pub use kind::{Choice, Kind};
pub use knowledge::{Knowledge, Known, Sources};
pub use reply::{Asked, Reply};
