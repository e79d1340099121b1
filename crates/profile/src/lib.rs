//! The profile of a run: where its time went, told by the spans the run makes anyway.
//!
//! ```
//! # async fn work() {}
//! # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
//! # runtime.block_on(async {
//! let recorded = ninefold_profile::record(work()).await;
//! println!("{}", recorded.profile.table());
//! # });
//! ```
//!
//! No set-up is needed: a host without a `tracing` subscriber gets a private one for the recorded future only. A host
//! with a subscriber adds [`layer()`] to it. Any spans at level info and above are recorded, the host's own included.
//!
//! In reading order:
//!
//! 1. how spans are recorded: [`recording`] polls the future, [`mod@layer`] hears of its spans, `here` knows what the
//!    thread is working on, `run_tree` keeps the records;
//! 2. who hears of them where the host has no subscriber: `private_dispatch`, whose spans have an `address` as their id;
//!    `directory` finds the tree of one, and `holds` knows how many hold it;
//! 3. what a run's records say: [`profile`], [`tree`], `attribution` (which span an instant belongs to), [`spent`],
//!    [`breakdown`], [`mod@critical_path`], [`usage`];
//! 4. how it is shown: [`table`], [`outline`], [`mod@html`], `json`; with [`duration`], `bar`, `text` and `apportion`
//!    below them.
//!
//! While a run is recorded only raw records are written. Everything else is computed when it is asked for.

#![deny(clippy::print_stdout, clippy::print_stderr)]

mod address;
mod apportion;
mod attribution;
mod bar;
pub mod breakdown;
pub mod critical_path;
mod directory;
pub mod duration;
mod fields;
mod here;
mod holds;
pub mod html;
mod json;
pub mod layer;
pub mod outline;
mod private_dispatch;
pub mod profile;
pub mod recording;
mod run_tree;
mod span_record;
pub mod spent;
pub mod table;
mod text;
mod time_source;
pub mod tree;
pub mod usage;

pub use breakdown::{Breakdown, By, Row};
pub use critical_path::{Contributor, CriticalPath, Step};
pub use html::Html;
pub use layer::{ProfileLayer, layer};
pub use outline::Outline;
pub use profile::Profile;
pub use recording::{Recorded, Recording, record};
pub use run_tree::MAX_SPANS;
pub use span_record::Outcome;
pub use spent::{Class, Spent};
pub use table::Table;
pub use tree::{Node, Tree};
pub use usage::Usage;
