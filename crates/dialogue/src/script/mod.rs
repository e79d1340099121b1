//! Conversation tests in YAML: what the user says, what actions answer, and what is to come of it turn by turn. They run against a
//! definition with a clock that stands still; nothing outside is asked.
//!
//! ```yaml
//! # tests/flights/correction.yml
//! category: correction
//! conversations:
//!   - name: another city before the search
//!     actions: {search_available_flights: {fails: unavailable}}   # goes before what answers.yml says
//!     turns:
//!       - user: I want to book a flight from Madrid to Lisbon
//!         slots: {origin: Madrid, destination: Lisbon}
//!         asked: departure_date
//!       - user: no, to Porto
//!         understood: ['correct destination "Porto"']             # instead of rules
//!         reply: [Porto]
//! ```
//!
//! `answers.yml` beside the files holds what actions, readers, knowledge and agents outside answer in all of them.

mod answers;
mod asked;
mod conversation;
mod expect;
mod files;
mod host;
mod outcome;
mod read;
mod run;

pub use answers::{Answer, Answers, When};
pub use conversation::{Conversation, Does, Expected, Turn};
pub use files::Tests;
pub use host::{Called, Host};
pub use outcome::{Missed, Outcome};
