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
//! 1. how spans are recorded: [`recording`] polls the future, [`mod@layer`] hears of its spans and `heard` knows them again,
//!    `here` knows what the thread is working on, `run_tree` keeps the records, `overflow` those past a limit;
//! 2. who hears of them where the host has no subscriber: `private_dispatch`, whose spans have an `address` as their id;
//!    `directory` finds the tree of one, and `holds` knows how many hold it;
//! 3. what a run's records say: [`profile`], [`tree`], `attribution` (which span an instant belongs to), [`spent`],
//!    [`breakdown`], [`mod@critical_path`], [`usage`];
//! 4. how it is shown: [`table`], [`outline`], `json`, [`mod@html`], [`perfetto`] (on its `lanes`), [`folded`]; with [`duration`], `bar`,
//!    `text` and `apportion` below them;
//! 5. what many runs say: [`statistics`] counts them in [`histogram`]s, a [`snapshot`] is what they hold ([`counts`],
//!    [`distribution`], [`percentile_table`]), and [`mod@diff`] compares two of them (`rank_test`, `shift`, `holm`;
//!    [`diff_table`]);
//! 6. with the feature `otlp`, how spans reach other people's tools: `otlp`.
//!
//! While a run is recorded only raw records are written. Everything else is computed when it is asked for.

#![deny(clippy::print_stdout, clippy::print_stderr)]

mod address;
mod apportion;
mod attribution;
mod bar;
pub mod breakdown;
mod columns;
pub mod counts;
pub mod critical_path;
pub mod diff;
pub mod diff_table;
mod directory;
pub mod distribution;
pub mod duration;
#[cfg(feature = "otlp")]
mod exported;
mod fields;
pub mod folded;
mod heard;
mod here;
pub mod histogram;
mod holds;
mod holm;
pub mod html;
mod json;
mod lanes;
pub mod layer;
#[cfg(feature = "otlp")]
pub mod otlp;
pub mod outline;
mod overflow;
mod overhead;
pub mod percentile_table;
pub mod perfetto;
mod private_dispatch;
pub mod profile;
mod rank_test;
pub mod recording;
mod run_tree;
#[cfg(test)]
mod sample;
mod shift;
pub mod snapshot;
mod span_record;
pub mod spent;
pub mod statistics;
pub mod table;
mod text;
mod time_source;
pub mod tree;
pub mod usage;

pub use breakdown::{Breakdown, By, Row};
pub use counts::Counts;
pub use critical_path::{Contributor, CriticalPath, Step};
pub use diff::{CountChange, Criteria, Diff, DiffRow, Side, Verdict, diff};
pub use diff_table::DiffTable;
pub use distribution::Distribution;
pub use folded::Folded;
pub use histogram::Histogram;
pub use html::Html;
pub use layer::{ProfileLayer, layer};
pub use outline::Outline;
pub use percentile_table::PercentileTable;
pub use perfetto::Perfetto;
pub use profile::Profile;
pub use recording::{Recorded, Recording, record};
pub use run_tree::MAX_SPANS;
pub use snapshot::{PhaseStatistics, Snapshot};
pub use span_record::Outcome;
pub use spent::{Class, Spent};
pub use statistics::Statistics;
pub use table::Table;
pub use tree::{Node, Tree};
pub use usage::Usage;
