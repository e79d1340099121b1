//! What is counted of a phase beside its time, over many runs.

use serde::{Deserialize, Serialize};

use crate::breakdown::Row;

/// Counts over all recorded runs. A document without one of them has 0 of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Counts {
    /// In how many runs the phase was.
    pub runs: u64,
    /// How often it ran.
    pub executions: u64,
    /// How often it failed.
    pub failed: u64,
    /// How often it was dropped before its end.
    pub cancelled: u64,
    /// How often its output came from the journal.
    pub replayed: u64,
    /// How often its output came from the cache.
    pub cached: u64,
    /// How often it was tried again.
    pub retries: u64,
    /// Model calls, without those answered from journal or cache.
    pub model_calls: u64,
    /// Tokens read by models.
    pub input_tokens: u64,
    /// Tokens written by models.
    pub output_tokens: u64,
}

impl Counts {
    /// Of one run.
    pub(crate) fn of(row: &Row) -> Self {
        Self {
            runs: 1,
            executions: row.count,
            failed: row.failed,
            cancelled: row.cancelled,
            replayed: row.replayed,
            cached: row.cached,
            retries: row.retries,
            model_calls: row.model_calls,
            input_tokens: row.input_tokens,
            output_tokens: row.output_tokens,
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (sum, (_, more)) in self.all_mut().into_iter().zip(other.all()) {
            *sum = sum.saturating_add(more);
        }
    }

    /// All of them, with the names that readers see.
    #[must_use]
    pub fn all(&self) -> [(&'static str, u64); 10] {
        [
            ("runs", self.runs),
            ("executions", self.executions),
            ("failed", self.failed),
            ("cancelled", self.cancelled),
            ("replayed", self.replayed),
            ("cached", self.cached),
            ("retries", self.retries),
            ("model calls", self.model_calls),
            ("input tokens", self.input_tokens),
            ("output tokens", self.output_tokens),
        ]
    }

    fn all_mut(&mut self) -> [&mut u64; 10] {
        [
            &mut self.runs,
            &mut self.executions,
            &mut self.failed,
            &mut self.cancelled,
            &mut self.replayed,
            &mut self.cached,
            &mut self.retries,
            &mut self.model_calls,
            &mut self.input_tokens,
            &mut self.output_tokens,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_count_is_added_to_itself() {
        let mut counts = Counts::default();
        for (n, count) in counts.all_mut().into_iter().enumerate() {
            *count = n as u64 + 1;
        }
        let one = counts;
        counts.add(&one);
        let twice: Vec<u64> = one.all().iter().map(|(_, n)| 2 * n).collect();
        assert_eq!(counts.all().map(|(_, n)| n).to_vec(), twice);
        counts.failed = u64::MAX;
        counts.add(&one);
        assert_eq!(counts.failed, u64::MAX);
    }
}
