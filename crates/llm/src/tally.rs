//! What one call used: what its reply says, or else an estimate of a token for every three bytes.

use ninefold_core::{Delta, ModelRequest, Usage};

/// Counts along with a reply.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    said: Option<Usage>,
    input_tokens: u64,
    output_limit: Option<u32>,
    written: u64,
}

impl Tally {
    /// For a call that has not begun to answer.
    pub(crate) fn new(request: &ModelRequest) -> Self {
        let output_limit = request.max_output_tokens;
        Self { said: None, input_tokens: request.estimated_input_tokens(), output_limit, written: 0 }
    }

    /// What to set aside before the call: as [`ModelRequest::estimated_tokens`], as input and output.
    pub(crate) fn estimate(&self) -> Usage {
        Usage::tokens(self.input_tokens, u64::from(self.output_limit.unwrap_or(1024)))
    }

    pub(crate) fn hear(&mut self, delta: &Delta) {
        match delta {
            Delta::Usage(usage) if usage.total() > 0 => self.said = Some(*usage),
            delta => self.written += delta.content_bytes() as u64,
        }
    }

    /// A call that failed before it answered used nothing.
    pub(crate) fn nothing(&mut self) {
        self.said = Some(Usage::default());
    }

    /// What was used so far. Whoever drops a call that is under way pays for what the model has been given to read.
    pub(crate) fn usage(&self) -> Usage {
        self.said.unwrap_or(Usage::tokens(self.input_tokens, self.written / 3))
    }
}
