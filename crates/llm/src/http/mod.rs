//! The one transport under all providers: requests go out, replies come back as events or lines, and everything has a
//! limit: connecting, the first byte, silence, the whole, the size of an event and of a reply. What fails says what
//! failed, at which provider, and what to do; no key is in it.
//!
//! Costs a call about 5 µs beside what the client library itself takes, and a piece of a reply about 1 µs, its decoding
//! included (`benches/http`).

mod exchange;
mod failure;
mod lines;
mod reading;
mod server;
mod sse;
mod timer;
mod transport;
mod wait;

pub(crate) use exchange::Request;
pub use server::Auth;
pub(crate) use server::Server;
pub use transport::{Limits, Transport, TransportBuilder};
