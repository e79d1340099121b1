//! The crate from outside. Files and servers are made by the tests; nothing is fetched.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cached;
#[cfg(feature = "http")]
mod endpoint;
#[cfg(feature = "candle")]
mod minilm;
#[cfg(all(feature = "static", feature = "candle"))]
mod models;
mod observed;
mod opened;
