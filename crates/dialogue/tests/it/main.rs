//! What the dialogue crate does, from outside.

mod definition;
mod flights;
mod talk;
