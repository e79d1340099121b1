//! How many tokens a text is before it is sent, and what of a context fits into a budget of them.
//!
//! Exact counts need the model's own tokenizer. Those of OpenAI's models are published and come with the feature
//! `tokenizer`; for all others, and without the feature, a count is an estimate, and says so.

mod count;
mod pack;

pub use count::{Count, Counter};
pub use pack::{Fitting, Packed, pack, pack_texts};
