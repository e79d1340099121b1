//! What models used: calls, tokens, money, and the time to the first token.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What the models called within a span, a phase or a run used.
///
/// Tokens and money are those that the replies report; a reply that reports none counts as a call and nothing else.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Usage {
    /// Model calls, without those answered from journal or cache.
    #[serde(skip_serializing_if = "is_zero")]
    pub calls: u64,
    /// Tokens read by models.
    #[serde(skip_serializing_if = "is_zero")]
    pub input_tokens: u64,
    /// Tokens written by models.
    #[serde(skip_serializing_if = "is_zero")]
    pub output_tokens: u64,
    /// Of the tokens read, those from the provider's cache.
    #[serde(skip_serializing_if = "is_zero")]
    pub cached_input_tokens: u64,
    /// Of the tokens read, those put into the provider's cache.
    #[serde(skip_serializing_if = "is_zero")]
    pub cache_write_tokens: u64,
    /// Of the tokens written, those of the models' reasoning.
    #[serde(skip_serializing_if = "is_zero")]
    pub reasoning_tokens: u64,
    /// What it cost, in billionths of a US dollar, as far as that is known: see [`priced_calls`](Self::priced_calls).
    #[serde(skip_serializing_if = "is_zero")]
    pub cost_nanousd: u64,
    /// How many of the calls said what they cost.
    #[serde(skip_serializing_if = "is_zero")]
    pub priced_calls: u64,
    /// The times from request to first token, in nanoseconds, added up.
    #[serde(skip_serializing_if = "is_zero")]
    pub first_token_ns: u64,
    /// How many calls said when their first token came.
    #[serde(skip_serializing_if = "is_zero")]
    pub first_tokens: u64,
}

impl Usage {
    /// The mean time from request to first token; `None` when no call says it.
    #[must_use]
    pub fn time_to_first_token(&self) -> Option<Duration> {
        self.first_token_ns.checked_div(self.first_tokens).map(Duration::from_nanos)
    }

    /// What it cost in US dollars; `None` when there were calls of which none said it.
    #[must_use]
    pub fn cost_usd(&self) -> Option<f64> {
        (self.priced_calls > 0 || self.calls == 0).then(|| self.cost_nanousd as f64 / 1e9)
    }

    /// Adds what another span used.
    pub(crate) fn add(&mut self, other: &Self) {
        self.zip(other, u64::saturating_add);
    }

    /// Takes the larger of each: for a span that reports a sum over spans which also report.
    pub(crate) fn cover(&mut self, below: &Self) {
        self.zip(below, u64::max);
    }

    /// What is left when parts are taken away.
    pub(crate) fn less<'a>(mut self, parts: impl Iterator<Item = &'a Self>) -> Self {
        parts.for_each(|part| self.zip(part, u64::saturating_sub));
        self
    }

    pub(crate) fn is_none(&self) -> bool {
        *self == Self::default()
    }

    fn zip(&mut self, other: &Self, with: fn(u64, u64) -> u64) {
        for (own, other) in [
            (&mut self.calls, other.calls),
            (&mut self.input_tokens, other.input_tokens),
            (&mut self.output_tokens, other.output_tokens),
            (&mut self.cached_input_tokens, other.cached_input_tokens),
            (&mut self.cache_write_tokens, other.cache_write_tokens),
            (&mut self.reasoning_tokens, other.reasoning_tokens),
            (&mut self.cost_nanousd, other.cost_nanousd),
            (&mut self.priced_calls, other.priced_calls),
            (&mut self.first_token_ns, other.first_token_ns),
            (&mut self.first_tokens, other.first_tokens),
        ] {
            *own = with(*own, other);
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_is_not_free() {
        let usage = Usage { calls: 2, ..Usage::default() };
        assert_eq!(usage.cost_usd(), None);
        assert_eq!(Usage { priced_calls: 1, cost_nanousd: 5_000_000, ..usage }.cost_usd(), Some(0.005));
        assert_eq!(Usage::default().cost_usd(), Some(0.0));
    }

    #[test]
    fn the_first_token_is_a_mean() {
        assert_eq!(Usage::default().time_to_first_token(), None);
        let usage = Usage { first_token_ns: 30, first_tokens: 2, ..Usage::default() };
        assert_eq!(usage.time_to_first_token(), Some(Duration::from_nanos(15)));
    }
}
