//! The tests of the whole house: one binary, one module per concern.

// Fixtures may panic as tests do; clippy knows only the functions marked as tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod accounts;
mod budget;
mod content;
mod defects;
#[cfg(feature = "dialogue")]
mod dialogue;
mod embedder;
mod impasses;
mod killed;
mod learning;
mod memory;
#[cfg(feature = "llm-http")]
mod model;
mod models;
mod own_pipeline;
mod recurring;
mod spans_page;
mod statistics;
mod stream;
mod suspended;
mod tables;
mod tidy;
mod tools;
