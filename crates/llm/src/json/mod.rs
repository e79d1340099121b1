//! JSON that models write: repaired where it nearly is some, made to order by a schema, and asked for again once when it is
//! not as asked.

mod ask;
mod shape;
mod strict;

#[cfg(feature = "schema")]
pub use ask::answer;
pub use ask::{Structured, structured};
pub use ninefold_core::json::repair;
pub use shape::Shape;
pub use strict::{Optional, strict, without_nulls};
pub(crate) use strict::{is_recursive, is_strict};
