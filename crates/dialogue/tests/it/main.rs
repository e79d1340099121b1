//! What the dialogue crate does, from outside.

mod definition;
