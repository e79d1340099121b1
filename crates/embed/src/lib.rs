//! Embedders: models in files and servers behind the one trait [`Embedder`], and what is put around them. Nothing is
//! ever downloaded: a file that is missing is an error that says where such files come from.
//!
//! In reading order:
//!
//! 1. [`Observed`]: calls as spans; [`Cached`]: no text is computed twice;
//! 2. [`open()`]: the embedder that a line of configuration names;
//! 3. `StaticModel` (feature `static`): one vector a token, summed. A text in microseconds, words rather than meaning;
//! 4. `BertModel` (feature `candle`): a BERT as sentence-transformers has it. A text in milliseconds;
//! 5. `Endpoint` (feature `http`): any server that speaks as the embeddings endpoint of `OpenAI` does.
//!
//! [`Embedder`]: ninefold_core::Embedder

#![deny(clippy::print_stdout, clippy::print_stderr)]

#[cfg(feature = "candle")]
mod bert;
mod cached;
#[cfg(any(feature = "candle", feature = "static", feature = "http"))]
mod compute;
#[cfg(any(feature = "candle", feature = "static"))]
mod directory;
#[cfg(feature = "http")]
mod endpoint;
mod observed;
mod open;
#[cfg(feature = "static")]
mod static_model;
#[cfg(any(feature = "candle", feature = "static"))]
mod tokens;

#[cfg(feature = "candle")]
pub use bert::BertModel;
pub use cached::{Cached, SPACE};
#[cfg(feature = "http")]
pub use endpoint::{Endpoint, Limits};
pub use observed::Observed;
pub use open::{KEY_VARIABLE, open};
#[cfg(feature = "static")]
pub use static_model::StaticModel;
