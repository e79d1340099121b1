//! What a run may spend on models, and what it has spent.

use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};

/// Limits of one run. `None` means without limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Budget {
    /// Model calls.
    pub calls: Option<u64>,
    /// Input and output tokens together.
    pub tokens: Option<u64>,
}

/// What model calls used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens read by the model.
    pub input_tokens: u64,
    /// Tokens written by the model.
    pub output_tokens: u64,
}

impl Usage {
    /// Input and output tokens together.
    #[must_use]
    pub fn total(self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.input_tokens = self.input_tokens.saturating_add(other.input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(other.output_tokens);
    }
}

/// The run's account. A call reserves before it starts, so that parallel calls cannot overdraw together, and
/// settles with what it really used.
#[derive(Debug, Default)]
pub struct BudgetMeter {
    limits: Budget,
    state: Mutex<Spent>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Spent {
    calls: u64,
    used: Usage,
    reserved: u64,
}

impl BudgetMeter {
    /// An account with these limits and nothing spent.
    #[must_use]
    pub fn new(limits: Budget) -> Self {
        Self { limits, state: Mutex::default() }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, Spent> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Reserves one call of up to `tokens`; what is reserved is to be settled. [`crate::Cx::reserve`] sees to that.
    ///
    /// # Errors
    /// `OverBudget` when a limit would be passed.
    pub fn reserve(&self, tokens: u64) -> Result<()> {
        let mut spent = self.state();
        if let Some(limit) = self.limits.calls
            && spent.calls >= limit
        {
            return Err(Error::new(ErrorKind::OverBudget, format!("the run's {limit} model calls are used up"))
                .hint("raise Budget::calls"));
        }
        let promised = spent.used.total().saturating_add(spent.reserved);
        if let Some(limit) = self.limits.tokens
            && promised.saturating_add(tokens) > limit
        {
            return Err(Error::new(
                ErrorKind::OverBudget,
                format!("a call of up to {tokens} tokens does not fit: {promised} of {limit} are used or reserved"),
            )
            .hint("raise Budget::tokens"));
        }
        spent.calls += 1;
        spent.reserved = spent.reserved.saturating_add(tokens);
        Ok(())
    }

    /// Replaces a reservation of `tokens` by what the call really used.
    pub fn settle(&self, tokens: u64, used: Usage) {
        let mut spent = self.state();
        spent.reserved = spent.reserved.saturating_sub(tokens);
        spent.used += used;
    }

    /// Calls made and tokens used so far.
    #[must_use]
    pub fn spent(&self) -> (u64, Usage) {
        let spent = *self.state();
        (spent.calls, spent.used)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parallel_reservations_cannot_overdraw() {
        let meter = BudgetMeter::new(Budget { calls: Some(3), tokens: Some(100) });
        meter.reserve(60).unwrap();
        assert_eq!(meter.reserve(60).unwrap_err().kind(), ErrorKind::OverBudget);
        meter.settle(60, Usage { input_tokens: 10, output_tokens: 5 });
        meter.reserve(60).unwrap();
        meter.settle(60, Usage::default());
        meter.reserve(85).unwrap();
        assert_eq!(meter.reserve(1).unwrap_err().message(), "the run's 3 model calls are used up");
        assert_eq!(meter.spent(), (3, Usage { input_tokens: 10, output_tokens: 5 }));
    }
}
