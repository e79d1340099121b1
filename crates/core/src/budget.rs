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

/// What a run may still spend. `None` means without limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Left {
    /// Model calls.
    pub calls: Option<u64>,
    /// Input and output tokens together, without those that calls under way have reserved.
    pub tokens: Option<u64>,
}

/// What model calls used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Tokens read by the model, those from the provider's cache included.
    pub input_tokens: u64,
    /// Tokens written by the model, those of its reasoning included.
    pub output_tokens: u64,
    /// Of the tokens read, those that came from the provider's cache.
    pub cached_input_tokens: u64,
    /// Of the tokens read, those that the provider put into its cache.
    pub cache_write_tokens: u64,
    /// Of the tokens written, those of the model's reasoning.
    pub reasoning_tokens: u64,
    /// What it cost; `None` when that is not known.
    pub cost: Option<Cost>,
}

/// Money, in billionths of a US dollar, so that costs add up exactly.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cost(pub u64);

impl Cost {
    /// From US dollars. What is negative or no number is nothing.
    #[must_use]
    pub fn from_usd(dollars: f64) -> Self {
        // A cast saturates, and takes what is no number for 0.
        Self((dollars * 1e9).round() as u64)
    }

    /// In US dollars.
    #[must_use]
    pub fn usd(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

impl Usage {
    /// Tokens read and written, and nothing else known.
    #[must_use]
    pub fn tokens(input_tokens: u64, output_tokens: u64) -> Self {
        Self { input_tokens, output_tokens, ..Self::default() }
    }

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
        self.cached_input_tokens = self.cached_input_tokens.saturating_add(other.cached_input_tokens);
        self.cache_write_tokens = self.cache_write_tokens.saturating_add(other.cache_write_tokens);
        self.reasoning_tokens = self.reasoning_tokens.saturating_add(other.reasoning_tokens);
        self.cost = match (self.cost, other.cost) {
            (Some(cost), Some(more)) => Some(Cost(cost.0.saturating_add(more.0))),
            (one, other) => one.or(other),
        };
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

    /// What may still be spent.
    #[must_use]
    pub fn left(&self) -> Left {
        let Account { spent, reserved } = *self.state();
        let used = spent.used.total().saturating_add(reserved);
        Left {
            calls: self.limits.calls.map(|limit| limit.saturating_sub(spent.calls)),
            tokens: self.limits.tokens.map(|limit| limit.saturating_sub(used)),
        }
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
        meter.settle(60, Usage::tokens(10, 5));
        meter.reserve(60).unwrap();
        assert_eq!(meter.left(), Left { calls: Some(1), tokens: Some(25) });
        meter.settle(60, Usage::default());
        meter.reserve(85).unwrap();
        assert_eq!(meter.reserve(1).unwrap_err().message(), "the run's 3 model calls are used up");
        assert_eq!(meter.spent(), Expense { calls: 3, used: Usage::tokens(10, 5) });
    }
}
