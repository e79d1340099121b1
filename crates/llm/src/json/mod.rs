//! JSON that models write: repaired where it nearly is some, made to order by a schema, and asked for again once when it is
//! not as asked.

mod repair;
mod strict;

pub use repair::{MAX_BYTES, MAX_DEPTH, repair};
pub(crate) use strict::is_strict;
pub use strict::{Optional, strict, without_nulls};
