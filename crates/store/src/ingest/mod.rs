//! Files into memory: find them ([`Indexer`] walks directories as `git` would), cut them into chunks ([`split()`]), and
//! keep the store in step with what is on disk.

mod code;
#[cfg(feature = "code")]
mod grammar;
mod index;
mod lines;
#[cfg(feature = "code")]
mod macros;
mod markdown;
mod names;
mod read;
mod reader;
mod roots;
mod sentences;
#[cfg(feature = "code")]
mod spelling;
mod split;
#[cfg(feature = "code")]
mod syntax;
#[cfg(all(test, feature = "code"))]
mod syntax_tests;
#[cfg(feature = "code")]
mod tree;
mod walk;
#[cfg(feature = "watch")]
mod watch;

pub use index::{Event, Indexer, Outcome, Skipped, Summary};
pub use read::Reason;
pub use roots::{Root, is_root};
pub use split::{kind_of, split};
