//! The real program on temporary folders: what a user sees, and how it ends when things go wrong.

mod answers;
mod failures;
mod labels;
mod room;
mod together;
