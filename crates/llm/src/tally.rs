//! What one call used: what its reply says, or else an estimate of a token for every three bytes.

use std::error::Error as StdError;
use std::fmt;

use ninefold_core::{Delta, Error, ErrorKind, ModelRequest, Usage};

/// The cause of an error that says that a server had the request and was given up: it may well have to be paid for.
#[derive(Debug)]
pub(crate) struct GivenUp;

impl fmt::Display for GivenUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server had the request")
    }
}

impl StdError for GivenUp {}

/// Counts along with a reply.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    said: Option<Usage>,
    input_tokens: u64,
    output_limit: Option<u32>,
    written: u64,
    /// Whether nothing more can come: until then what was said may be older than what was written.
    ended: bool,
}

impl Tally {
    /// For a call that has not begun to answer.
    pub(crate) fn new(request: &ModelRequest) -> Self {
        let output_limit = request.max_output_tokens;
        Self { said: None, input_tokens: request.estimated_input_tokens(), output_limit, written: 0, ended: false }
    }

    /// What to set aside before the call: as [`ModelRequest::estimated_tokens`], as input and output.
    pub(crate) fn estimate(&self) -> Usage {
        Usage::tokens(self.input_tokens, u64::from(self.output_limit.unwrap_or(1024)))
    }

    pub(crate) fn hear(&mut self, delta: &Delta) {
        match delta {
            Delta::Usage(usage) if usage.total() > 0 => self.said = Some(*usage),
            Delta::End(_) => self.ended = true,
            delta => self.written += delta.content_bytes() as u64,
        }
    }

    /// A call that failed before it answered used nothing, unless its run ended meanwhile or it was not waited for any longer: then it
    /// is like one that is dropped.
    pub(crate) fn failed(&mut self, error: &Error) {
        let given_up = error.source().is_some_and(<dyn StdError>::is::<GivenUp>)
            || matches!(error.kind(), ErrorKind::DeadlineExceeded | ErrorKind::Cancelled);
        if !given_up {
            (self.said, self.ended) = (Some(Usage::default()), true);
        }
    }

    /// What was used so far. Whoever drops a call that is under way pays for what the model has been given to read.
    pub(crate) fn usage(&self) -> Usage {
        let estimate = self.written / 3;
        match self.said {
            // Some providers say at the beginning what they read, and at the end what they wrote.
            Some(said) if !self.ended && said.output_tokens < estimate => {
                Usage { output_tokens: estimate, cost: None, ..said }
            }
            Some(said) => said,
            None => Usage::tokens(self.input_tokens, estimate),
        }
    }
}
