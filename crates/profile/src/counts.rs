//! What is counted of a phase beside its time, over many runs.

use serde::{Deserialize, Serialize};

use crate::breakdown::Row;
use crate::usage::Usage;

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
    /// How often it waited for a person.
    pub suspended: u64,
    /// How often its output came from the journal.
    pub replayed: u64,
    /// How often its output came from the cache.
    pub cached: u64,
    /// How often it, or something in it, was tried again.
    pub retries: u64,
    /// How many outputs in it came from the cache.
    pub cache_hits: u64,
    /// What models used.
    pub usage: Usage,
}

impl Counts {
    /// Of one run.
    pub(crate) fn of(row: &Row) -> Self {
        Self {
            runs: 1,
            executions: row.count,
            failed: row.failed,
            cancelled: row.cancelled,
            suspended: row.suspended,
            replayed: row.replayed,
            cached: row.cached,
            retries: row.retries,
            cache_hits: row.cache_hits,
            usage: row.usage,
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (sum, more) in [
            (&mut self.runs, other.runs),
            (&mut self.executions, other.executions),
            (&mut self.failed, other.failed),
            (&mut self.cancelled, other.cancelled),
            (&mut self.suspended, other.suspended),
            (&mut self.replayed, other.replayed),
            (&mut self.cached, other.cached),
            (&mut self.retries, other.retries),
            (&mut self.cache_hits, other.cache_hits),
        ] {
            *sum = sum.saturating_add(more);
        }
        self.usage.add(&other.usage);
    }

    /// All of them, with the names that readers see.
    #[must_use]
    pub fn all(&self) -> [(&'static str, u64); 16] {
        [
            ("runs", self.runs),
            ("executions", self.executions),
            ("failed", self.failed),
            ("cancelled", self.cancelled),
            ("suspended", self.suspended),
            ("replayed", self.replayed),
            ("cached", self.cached),
            ("retries", self.retries),
            ("cache hits", self.cache_hits),
            ("model calls", self.usage.calls),
            ("input tokens", self.usage.input_tokens),
            ("output tokens", self.usage.output_tokens),
            ("cached input tokens", self.usage.cached_input_tokens),
            ("cache write tokens", self.usage.cache_write_tokens),
            ("reasoning tokens", self.usage.reasoning_tokens),
            ("billionths of a dollar", self.usage.cost_nanousd),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_count_is_added_to_itself() {
        let usage = Usage {
            calls: 10,
            input_tokens: 11,
            output_tokens: 12,
            cached_input_tokens: 13,
            cache_write_tokens: 14,
            reasoning_tokens: 15,
            cost_nanousd: 16,
            ..Usage::default()
        };
        let (runs, executions, failed, cancelled, suspended) = (1, 2, 3, 4, 5);
        let (replayed, cached, retries, cache_hits) = (6, 7, 8, 9);
        let one =
            Counts { runs, executions, failed, cancelled, suspended, replayed, cached, retries, cache_hits, usage };
        let mut counts = one;
        counts.add(&one);
        let twice: Vec<u64> = (1..=16).map(|n| 2 * n).collect();
        assert_eq!(counts.all().map(|(_, n)| n).to_vec(), twice);
        counts.failed = u64::MAX;
        counts.add(&one);
        assert_eq!(counts.failed, u64::MAX);
    }
}
