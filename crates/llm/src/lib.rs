//! Models around a model. Each decorator does one thing and is itself a [`ninefold_core::Model`], so that they stack in any
//! order; the order of the table, from the outside in, is the one in which they do what one expects. `ninefold::models` stacks
//! them like this. A meter goes inside of all: `.model(Metered::new(model, price))`.
//!
//! | decorator | does | costs a call |
//! |---|---|---|
//! | [`Bounded`] | ends calls with the run's deadline or cancellation | a look at the clock; a timer when it waits |
//! | [`Router`], [`Fallback`] | choose among models, before the call and when one cannot answer; each model has the rest of the table to itself | a few µs; a copy of the request |
//! | [`Similar`] | answers what was answered for a question that means the same; opt-in | an embedding |
//! | [`Cached`] | answers what was answered for an equal request; one call for equal requests at the same time | the key, a look-up |
//! | [`Retried`] | tries again after transient errors, within an allowance | a copy of the request, one lock |
//! | [`Breaker`] | leaves a model alone that keeps failing | two locks |
//! | [`Hedged`] | asks a second time when the first call is late; the slower one is cancelled | a copy of the request, two locks |
//! | [`Limited`] | so many calls at once, so many calls and tokens a minute, sessions in turns | two locks |
//! | [`Charged`] | budgets of a session and a day, in a ledger that outlives the process | two writes to the ledger |
//! | [`Budgeted`] | reserves from the run's budget before a call, settles after it | one lock before and after |
//! | [`Observed`] | one `chat` span from the request to the end of the reply, with tokens, cost and the time to the first piece | one span |
//! | [`Metered`] | says what a call cost, by a price | a multiplication |
//! | [`Cassette`] | records calls and plays them back, for tests; in place of a model | a comparison with what was recorded |
//!
//! Beside them: [`tools`] makes an agent of a model and functions, `mcp` brings the tools of servers, [`files`] keeps files at
//! providers.

#![deny(clippy::print_stdout, clippy::print_stderr)]

mod answer;
mod begin;
mod bound;
mod breaker;
mod budget;
mod cache;
mod cassette;
mod charge;
#[cfg(feature = "http")]
mod endpoints;
mod fallback;
pub mod files;
mod finish;
mod flight;
mod gate;
mod hedge;
#[cfg(feature = "http")]
pub mod http;
pub mod json;
mod latency;
mod limit;
#[cfg(feature = "mcp")]
pub mod mcp;
mod meter;
mod observe;
#[cfg(feature = "http")]
mod open;
mod prices;
mod redact;
#[cfg(feature = "http")]
mod remote;
mod retry;
mod router;
mod semantic;
mod tally;
pub mod tokens;
pub mod tools;
mod trace;
pub mod wire;

pub use bound::Bounded;
pub use breaker::{Breaker, BreakerPolicy};
pub use budget::Budgeted;
pub use cache::{CachePolicy, Cached};
pub use cassette::{Cassette, Mode};
pub use charge::{Charged, Quota};
pub use fallback::Fallback;
pub use gate::Wording;
pub use hedge::{HedgeCounts, Hedged};
pub use limit::{Limited, Rates};
pub use meter::{Metered, Price};
pub use observe::Observed;
#[cfg(feature = "http")]
pub use open::{Providers, open, providers};
pub use prices::PriceList;
#[cfg(feature = "http")]
pub use remote::{Remote, RemoteBuilder};
pub use retry::{Retried, RetryPolicy};
pub use router::{Abilities, Choice, Route, Router, Tier};
pub use semantic::{Similar, SimilarCounts, SimilarPolicy};
