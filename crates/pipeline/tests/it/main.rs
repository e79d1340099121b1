//! The phase wrapper and the pipelines from the outside.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod agents;
mod assess;
mod beside;
mod cancel;
mod collecting;
mod fixture;
mod ground;
mod journal;
mod learn;
mod lessons;
mod model;
mod outcomes;
mod planning;
mod rewards;
mod routing;
mod scope;
mod soar;
mod stream;
mod wrapper;
