//! The agents every pipeline has: one quotes memory, one asks the model.

pub mod quote;
pub mod reason;
