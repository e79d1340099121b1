//! What the dialogue crate does, from outside.

// Functions that tests share report by panicking too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod conversations;
mod defects;
mod definition;
mod flights;
mod hostile;
mod made;
mod redo;
mod inspected;
mod killed;
mod resumed;
mod talk;
mod writers;
