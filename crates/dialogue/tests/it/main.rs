//! What the dialogue crate does, from outside.

// Functions that tests share report by panicking too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod bounds;
mod buttons;
mod calls;
mod choices;
mod conversations;
mod corrected;
mod defects;
mod definition;
mod flights;
mod handed;
mod host;
mod hostile;
mod inspected;
mod killed;
mod made;
mod redo;
mod reprompts;
mod resumed;
mod script;
mod seams;
mod secrets;
mod sequence;
mod stack;
mod values;
mod writers;
