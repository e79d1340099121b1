//! Files into memory: find them ([`Indexer`] walks directories as `git` would), cut them into chunks ([`split()`]), and
//! keep the store in step with what is on disk.

mod code;
mod index;
mod lines;
mod markdown;
mod read;
mod roots;
mod split;
mod walk;

pub use index::{Event, Indexer, Outcome, Skipped, Summary};
pub use read::Reason;
pub use roots::{Root, is_root};
pub use split::{kind_of, split};
