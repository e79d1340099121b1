//! The phase wrapper and the pipelines from the outside.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod agents;
mod assess;
mod cancel;
mod fixture;
mod ground;
mod journal;
mod model;
mod scope;
mod soar;
mod wrapper;
