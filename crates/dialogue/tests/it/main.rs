//! What the dialogue crate does, from outside.

// Functions that tests share report by panicking too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod bounds;
mod conversations;
mod defects;
mod definition;
mod flights;
mod host;
mod hostile;
mod inspected;
mod killed;
mod made;
mod redo;
mod resumed;
mod script;
mod secrets;
mod stack;
mod writers;
