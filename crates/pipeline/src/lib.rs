//! The phase wrapper, the nine phases, and [`Soar`], the pipeline that answers questions.
//!
//! In reading order: [`soar`] is a whole run in one function; [`phases`] are its steps; [`layers`] are what surrounds every
//! step; [`run`] opens and closes a run, for `Soar` and for pipelines of your own; [`erase`] is where phases lose
//! their types; [`builder`] puts a `Soar` together.

#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod agents;
mod approval;
pub mod builder;
mod calls;
pub mod erase;
pub mod layers;
pub mod phases;
pub mod run;
pub mod soar;

pub use builder::SoarBuilder;
pub use erase::BoxPhase;
pub use layers::cache::PhaseCache;
pub use layers::policy::Retry;
pub use layers::{Layered, phase};
pub use run::{Run, SystemClock};
pub use soar::Soar;
