//! How many tokens a text is before it is sent, and what of a context fits into a budget of them.
//!
//! Exact counts need the model's own tokenizer. Those of OpenAI's models are published and come with the feature
//! `tokenizer`; for all others, and without the feature, a count is an estimate, and says so.
//!
//! The tokenizer is `bpe-openai`: its time grows with the text's length and nothing else, where others panic on megabytes
//! of blanks. It costs 40 MB of program and, from its first use on, 67 MB of memory; the first use takes about 50 ms.

mod count;
mod pack;

pub use count::{Count, Counter};
pub use pack::{Fitting, Packed, pack, pack_texts};
