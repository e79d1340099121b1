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

/// What a run has spent so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expense {
    /// Model calls made.
    pub calls: u64,
    /// Tokens used.
    pub used: Usage,
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
    state: Mutex<Account>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Account {
    spent: Expense,
    reserved: u64,
}

impl BudgetMeter {
    /// An account with these limits; a resumed run has spent something already.
    #[must_use]
    pub fn new(limits: Budget, spent: Expense) -> Self {
        Self { limits, state: Mutex::new(Account { spent, reserved: 0 }) }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, Account> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Reserves one call of up to `tokens`; what is reserved is to be settled. [`crate::Cx::reserve`] sees to that.
    ///
    /// # Errors
    /// `OverBudget` when a limit would be passed.
    pub fn reserve(&self, tokens: u64) -> Result<()> {
        let mut account = self.state();
        if let Some(limit) = self.limits.calls
            && account.spent.calls >= limit
        {
            return Err(Error::new(ErrorKind::OverBudget, format!("the run's {limit} model calls are used up"))
                .hint("raise Budget::calls"));
        }
        let promised = account.spent.used.total().saturating_add(account.reserved);
        if let Some(limit) = self.limits.tokens
            && promised.saturating_add(tokens) > limit
        {
            return Err(Error::new(
                ErrorKind::OverBudget,
                format!("a call of up to {tokens} tokens does not fit: {promised} of {limit} are used or reserved"),
            )
            .hint("raise Budget::tokens"));
        }
        account.spent.calls += 1;
        account.reserved = account.reserved.saturating_add(tokens);
        Ok(())
    }

    /// Replaces a reservation of `tokens` by what the call really used.
    pub fn settle(&self, tokens: u64, used: Usage) {
        let mut account = self.state();
        account.reserved = account.reserved.saturating_sub(tokens);
        account.spent.used += used;
    }

    /// What was spent so far.
    #[must_use]
    pub fn spent(&self) -> Expense {
        self.state().spent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parallel_reservations_cannot_overdraw() {
        let meter = BudgetMeter::new(Budget { calls: Some(3), tokens: Some(100) }, Expense::default());
        meter.reserve(60).unwrap();
        assert_eq!(meter.reserve(60).unwrap_err().kind(), ErrorKind::OverBudget);
        meter.settle(60, Usage { input_tokens: 10, output_tokens: 5 });
        meter.reserve(60).unwrap();
        meter.settle(60, Usage::default());
        meter.reserve(85).unwrap();
        assert_eq!(meter.reserve(1).unwrap_err().message(), "the run's 3 model calls are used up");
        assert_eq!(meter.spent(), Expense { calls: 3, used: Usage { input_tokens: 10, output_tokens: 5 } });
    }
}
