//! The real program on temporary folders: what a user sees, and how it ends when things go wrong.

// Fixtures may panic as tests do; clippy knows only the functions marked as tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod answers;
#[cfg(feature = "dialogue")]
mod dialogues;
mod doctor;
mod embedders;
mod failures;
mod forms;
mod labels;
#[cfg(feature = "llm-http")]
mod models;
mod profiles;
mod resumed;
mod rights;
mod room;
mod searches;
mod together;
#[cfg(all(unix, feature = "watch"))]
mod watch;
