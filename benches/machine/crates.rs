//! What benchmarks of other crates use of this folder, by this file's path: all but the pipelines, which are made of the facade.

#![allow(dead_code, unused_imports, unreachable_pub, reason = "each benchmark uses its part")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "benchmarks read the clock"
)]

mod data;
mod describe;
mod gather;
mod report;
mod samples;

pub use self::data::{Data, value};
pub use self::describe::describe;
pub use self::gather::gather;
pub use self::report::{Report, Target, figure, spread, workspace};
pub use self::samples::{is_test, named, resident_kib, samples, times};
