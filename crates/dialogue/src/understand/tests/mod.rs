//! What is understood, by whom, and what is not.

mod by_model;
mod by_rules;
pub(crate) mod made;
