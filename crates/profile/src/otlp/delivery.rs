//! What became of the spans, for the host.

use std::fmt;

/// How many spans ended, and where they are. `ended` is always the sum of `delivered`, `failed`, `dropped` and `pending`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Delivery {
    /// Spans that ended and were to be exported: not those that a sampler left out.
    pub ended: u64,
    /// Spans that the receiver acknowledged. Over HTTP, those that it acknowledged but rejected in the same answer count
    /// as failed; over gRPC the library below does not tell, and they count as delivered.
    pub delivered: u64,
    /// Spans that were sent in vain: the receiver was not there, did not answer in time, refused the request or rejected
    /// the spans, or the exporter panicked. Whether a request without an answer arrived, no one can tell.
    pub failed: u64,
    /// Spans that were not sent: the queue was full, or the time for shutting down was over.
    pub dropped: u64,
    /// Spans that wait to be sent or acknowledged; 0 after shutting down.
    pub pending: u64,
    /// Spans that have begun and not ended. Those that end after shutting down are not exported and not counted.
    pub open: u64,
    /// The last thing that went wrong.
    pub last_error: Option<String>,
}

impl Delivery {
    /// Whether every span that ended was acknowledged.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.delivered == self.ended
    }

    /// The same after the end: what is pending will not be sent any more.
    pub(super) fn over(mut self) -> Self {
        self.dropped += std::mem::take(&mut self.pending);
        self
    }
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ended == 0 {
            f.write_str("no spans to deliver")?;
        } else if self.is_complete() {
            write!(f, "all {} spans delivered", self.ended)?;
        } else {
            write!(f, "{} of {} spans delivered", self.delivered, self.ended)?;
        }
        for (n, what) in [
            (self.failed, "failed"),
            (self.dropped, "dropped"),
            (self.pending, "on their way"),
            (self.open, "not ended"),
        ] {
            if n > 0 {
                write!(f, ", {n} {what}")?;
            }
        }
        match &self.last_error {
            Some(error) => write!(f, "; last error: {}", crate::text::fit(error, 300)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_as_a_sentence() {
        let complete = Delivery { ended: 12, delivered: 12, ..Delivery::default() };
        insta::assert_snapshot!(complete, @"all 12 spans delivered");
        let torn = Delivery {
            ended: 100,
            delivered: 60,
            failed: 30,
            dropped: 8,
            pending: 2,
            open: 1,
            last_error: Some("HTTP export failed:\n\u{1b}[31mnetwork error".to_owned()),
        };
        insta::assert_snapshot!(torn, @"60 of 100 spans delivered, 30 failed, 8 dropped, 2 on their way, 1 not ended; last error: HTTP export failed:��[31mnetwork error");
        insta::assert_snapshot!(Delivery::default(), @"no spans to deliver");
    }

    #[test]
    fn when_it_is_over_what_was_pending_is_dropped() {
        let over = Delivery { ended: 5, delivered: 1, dropped: 1, pending: 3, ..Delivery::default() }.over();
        assert_eq!((over.dropped, over.pending), (4, 0));
    }
}
