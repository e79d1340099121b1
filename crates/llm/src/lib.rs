//! Models around a model. Each decorator does one thing and is itself a [`ninefold_core::Model`], so that they stack in any
//! order; the order used by the facade is budget around observation, so that a call that is refused leaves no span. A meter
//! goes inside of both: `.model(Metered::new(model, price))`.
//!
//! | decorator | does | costs a call |
//! |---|---|---|
//! | [`Budgeted`] | reserves from the run's budget before a call, settles after it | one lock before and after |
//! | [`Observed`] | one `chat` span from the request to the end of the reply, with tokens, cost and the time to the first piece | one span |
//! | [`Metered`] | says what a call cost, by a price | a multiplication |
//!
//! Beside them: [`tools`] makes an agent of a model and functions, `mcp` brings the tools of servers, [`files`] keeps files at
//! providers.

#![deny(clippy::print_stdout, clippy::print_stderr)]

mod budget;
#[cfg(feature = "http")]
mod endpoints;
pub mod files;
#[cfg(feature = "http")]
pub mod http;
pub mod json;
#[cfg(feature = "mcp")]
pub mod mcp;
mod meter;
mod observe;
#[cfg(feature = "http")]
mod open;
#[cfg(feature = "http")]
mod remote;
pub mod tokens;
pub mod tools;
pub mod wire;

pub use budget::Budgeted;
pub use meter::{Metered, Price};
pub use observe::Observed;
#[cfg(feature = "http")]
pub use open::{Providers, open, providers};
#[cfg(feature = "http")]
pub use remote::{Remote, RemoteBuilder};
