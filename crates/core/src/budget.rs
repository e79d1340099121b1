//! What a run may spend on models, and what it has spent.

use std::sync::{Arc, Mutex};

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

    /// Reserves one call of up to `tokens`. The reservation is given back when dropped unsettled; the call
    /// itself stays counted.
    ///
    /// # Errors
    /// `OverBudget` when a limit would be passed.
    pub fn reserve(self: &Arc<Self>, tokens: u64) -> Result<Reservation> {
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
        drop(spent);
        Ok(Reservation { meter: Arc::clone(self), tokens })
    }

    /// Calls made and tokens used so far.
    #[must_use]
    pub fn spent(&self) -> (u64, Usage) {
        let spent = *self.state();
        (spent.calls, spent.used)
    }
}

/// Tokens set aside for one call under way.
#[derive(Debug)]
pub struct Reservation {
    meter: Arc<BudgetMeter>,
    tokens: u64,
}

impl Reservation {
    /// Replaces the reservation by what the call really used.
    pub fn settle(self, used: Usage) {
        self.meter.state().used += used;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let mut spent = self.meter.state();
        spent.reserved = spent.reserved.saturating_sub(self.tokens);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parallel_reservations_cannot_overdraw() {
        let meter = Arc::new(BudgetMeter::new(Budget { calls: Some(3), tokens: Some(100) }));
        let first = meter.reserve(60).unwrap();
        assert_eq!(meter.reserve(60).unwrap_err().kind(), ErrorKind::OverBudget);
        first.settle(Usage { input_tokens: 10, output_tokens: 5 });
        drop(meter.reserve(60).unwrap());
        meter.reserve(85).unwrap().settle(Usage::default());
        assert_eq!(meter.reserve(1).unwrap_err().message(), "the run's 3 model calls are used up");
        assert_eq!(meter.spent(), (3, Usage { input_tokens: 10, output_tokens: 5 }));
    }
}
