//! What a run may spend on models, and what it has spent.

use std::fmt;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use crate::answer::Degradation;
use crate::error::{Error, ErrorKind, Fault, Result};

/// Limits of one run. `None` means without limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Budget {
    /// Model calls.
    pub calls: Option<u64>,
    /// Input and output tokens together.
    pub tokens: Option<u64>,
    /// Money.
    pub cost: Option<Cost>,
    /// Whether a model whose price is not known may be called where money is limited.
    pub unpriced: Unpriced,
}

/// What becomes of a call that nobody knows the price of, where money is limited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unpriced {
    /// It is not made: the limit holds.
    #[default]
    Refused,
    /// It is made and counts as free; the answer says how many there were.
    Free,
}

/// What becomes of a run when its budget does not hold what a phase wants to spend.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverBudget {
    /// Rules do the phase's work, and the answer says which phases went without a model.
    #[default]
    Degrade,
    /// The run ends with an error of kind `OverBudget`.
    Stop,
}

/// From this part of a limit on, in percent, the answer warns of it.
pub const SOFT_LIMIT: u64 = 80;

/// What a run has spent so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Expense {
    /// Model calls made.
    pub calls: u64,
    /// Tokens used, and what they cost as far as that is known.
    pub used: Usage,
    /// Calls that used something and of which nobody knows what they cost.
    pub unpriced: u64,
}

impl fmt::Display for Expense {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calls = if self.calls == 1 { "call" } else { "calls" };
        write!(f, "{} {calls} and {} tokens are spent", self.calls, self.used.total())?;
        if let Some(cost) = self.used.cost {
            write!(f, ", for {cost}")?;
        }
        Ok(())
    }
}

/// What a call may use at most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Estimate {
    /// Tokens, read and written.
    pub tokens: u64,
    /// What they cost; none when the price is not known.
    pub cost: Option<Cost>,
}

impl From<u64> for Estimate {
    fn from(tokens: u64) -> Self {
        Self { tokens, cost: None }
    }
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

impl fmt::Display for Cost {
    /// In dollars, with as many digits as there are below a cent: `$0.25`, `$0.0031`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:.9}", self.usd());
        let short = digits.trim_end_matches('0');
        let end = digits.find('.').map_or(digits.len(), |point| point + 3).max(short.len());
        write!(f, "${}", digits.get(..end).unwrap_or(&digits))
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
    over: OverBudget,
    state: Mutex<Account>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Account {
    spent: Expense,
    reserved: u64,
    reserved_cost: Cost,
    stopped: bool,
}

impl Account {
    fn tokens(&self) -> u64 {
        self.spent.used.total().saturating_add(self.reserved)
    }

    fn cost(&self) -> Cost {
        Cost(self.spent.used.cost.unwrap_or_default().0.saturating_add(self.reserved_cost.0))
    }
}

impl BudgetMeter {
    /// An account with these limits; a resumed run has spent something already.
    #[must_use]
    pub fn new(limits: Budget, spent: Expense) -> Self {
        let state = Mutex::new(Account { spent, ..Account::default() });
        Self { limits, over: OverBudget::default(), state }
    }

    /// Sets what becomes of the run when a limit does not hold what is wanted.
    #[must_use]
    pub fn over(self, over: OverBudget) -> Self {
        Self { over, ..self }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, Account> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Reserves one call of up to this much; what is reserved is to be settled. [`crate::Cx::reserve`] sees to that.
    ///
    /// # Errors
    /// `OverBudget` when a limit would be passed, with the limit and what was spent; it ends the run where that is the policy.
    pub fn reserve(&self, estimate: impl Into<Estimate>) -> Result<()> {
        let estimate = estimate.into();
        let mut account = self.state();
        self.fits(estimate, &account).map_err(|(what, hint)| {
            account.stopped |= self.over == OverBudget::Stop;
            let what = format!("{what} ({})", account.spent);
            self.judge(Error::new(ErrorKind::OverBudget, what).hint(hint))
        })?;
        account.spent.calls += 1;
        account.reserved = account.reserved.saturating_add(estimate.tokens);
        let cost = estimate.cost.unwrap_or_default();
        account.reserved_cost = Cost(account.reserved_cost.0.saturating_add(cost.0));
        Ok(())
    }

    fn fits(&self, estimate: Estimate, account: &Account) -> Result<(), (String, &'static str)> {
        if let Some(limit) = self.limits.calls
            && account.spent.calls >= limit
        {
            return Err((format!("the run's {limit} model calls are used up"), "raise Budget::calls"));
        }
        if let Some(limit) = self.limits.tokens
            && account.tokens().saturating_add(estimate.tokens) > limit
        {
            let promised = account.tokens();
            let wanted = estimate.tokens;
            let what =
                format!("a call of up to {wanted} tokens does not fit: {promised} of {limit} are used or reserved");
            return Err((what, "raise Budget::tokens"));
        }
        let Some(limit) = self.limits.cost else { return Ok(()) };
        let Some(wanted) = estimate.cost else {
            if self.limits.unpriced == Unpriced::Free {
                return Ok(());
            }
            let what = format!("nobody knows what the model costs, so its call cannot be kept within {limit}");
            return Err((what, "give the model a price, or allow such calls by Budget::unpriced"));
        };
        let promised = account.cost();
        if promised.0.saturating_add(wanted.0) > limit.0 {
            let what = format!("a call for up to {wanted} does not fit: {promised} of {limit} are used or reserved");
            return Err((what, "raise Budget::cost"));
        }
        Ok(())
    }

    /// Replaces a reservation by what the call really used.
    pub fn settle(&self, reserved: impl Into<Estimate>, used: Usage) {
        let reserved = reserved.into();
        let mut account = self.state();
        account.reserved = account.reserved.saturating_sub(reserved.tokens);
        let cost = reserved.cost.unwrap_or_default();
        account.reserved_cost = Cost(account.reserved_cost.0.saturating_sub(cost.0));
        account.spent.used += used;
        account.spent.unpriced += u64::from(used.total() > 0 && used.cost.is_none());
    }

    /// What was spent so far.
    #[must_use]
    pub fn spent(&self) -> Expense {
        self.state().spent
    }

    /// What is neither spent nor reserved; `None` where there is no limit.
    #[must_use]
    pub fn left(&self) -> Budget {
        let account = *self.state();
        Budget {
            calls: self.limits.calls.map(|limit| limit.saturating_sub(account.spent.calls)),
            tokens: self.limits.tokens.map(|limit| limit.saturating_sub(account.tokens())),
            cost: self.limits.cost.map(|limit| Cost(limit.0.saturating_sub(account.cost().0))),
            unpriced: self.limits.unpriced,
        }
    }

    /// The error; one of budgets (of this run, or of more than it) is the run's doing, and ends it if the policy says so.
    #[must_use]
    pub fn judge(&self, error: Error) -> Error {
        if error.kind() != ErrorKind::OverBudget {
            return error;
        }
        let error = error.with_fault(Fault::Run);
        if self.over == OverBudget::Stop { error.ending_run() } else { error }
    }

    /// Whether a limit of this account refused something where the policy is that this ends the run. Resumed, the run would end
    /// there again; one that a limit of more than the run has ended would not.
    #[must_use]
    pub fn stopped(&self) -> bool {
        self.state().stopped
    }

    /// What there is to say of limits that are nearly or wholly spent, and of calls whose price is not known.
    #[must_use]
    pub fn warnings(&self) -> Vec<Degradation> {
        let Expense { calls, used, unpriced } = self.spent();
        let near = |spent: u64, limit: Option<u64>| {
            limit.filter(|limit| u128::from(spent) * 100 >= u128::from(*limit) * u128::from(SOFT_LIMIT))
        };
        let mut messages = Vec::new();
        if let Some(limit) = near(calls, self.limits.calls) {
            messages.push(format!("{calls} of {limit} model calls are spent"));
        }
        if let Some(limit) = near(used.total(), self.limits.tokens) {
            messages.push(format!("{} of {limit} tokens are spent", used.total()));
        }
        let cost = used.cost.unwrap_or_default();
        if let Some(limit) = near(cost.0, self.limits.cost.map(|limit| limit.0)) {
            messages.push(format!("{cost} of {} are spent", Cost(limit)));
        }
        let mut warnings: Vec<_> = messages.into_iter().map(|message| Degradation::NearBudget { message }).collect();
        if unpriced > 0 && self.limits.cost.is_some() {
            warnings.push(Degradation::Unpriced { calls: unpriced });
        }
        warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(calls: u64, tokens: u64) -> Budget {
        Budget { calls: Some(calls), tokens: Some(tokens), ..Budget::default() }
    }

    #[test]
    fn parallel_reservations_cannot_overdraw() {
        let meter = BudgetMeter::new(budget(3, 100), Expense::default());
        meter.reserve(60).unwrap();
        assert_eq!(meter.reserve(60).unwrap_err().kind(), ErrorKind::OverBudget);
        meter.settle(60, Usage::tokens(10, 5));
        meter.reserve(60).unwrap();
        assert_eq!(meter.left(), Budget { calls: Some(1), tokens: Some(25), ..Budget::default() });
        meter.settle(60, Usage::default());
        meter.reserve(85).unwrap();
        let refused = meter.reserve(1).unwrap_err();
        assert_eq!(refused.message(), "the run's 3 model calls are used up (3 calls and 15 tokens are spent)");
        assert!(!refused.ends_run());
        assert_eq!(meter.spent(), Expense { calls: 3, used: Usage::tokens(10, 5), unpriced: 1 });
        assert_eq!(meter.left(), budget(0, 0));
    }

    #[test]
    fn money_is_reserved_by_its_price_and_what_has_none_is_refused_or_counted() {
        let limits = Budget { cost: Some(Cost(1_000)), ..Budget::default() };
        let priced = |cost| Estimate { tokens: 10, cost: Some(Cost(cost)) };
        let meter = BudgetMeter::new(limits, Expense::default());
        meter.reserve(priced(600)).unwrap();
        assert!(meter.reserve(priced(600)).unwrap_err().message().starts_with("a call for up to $0.0000006 does not"));
        meter.settle(priced(600), Usage { cost: Some(Cost(400)), ..Usage::tokens(1, 1) });
        assert_eq!(meter.left().cost, Some(Cost(600)));
        meter.reserve(priced(600)).unwrap();
        meter.settle(priced(600), Usage::default());
        let unknown = meter.reserve(10).unwrap_err();
        assert_eq!(
            unknown.message(),
            "nobody knows what the model costs, so its call cannot be kept within $0.000001 \
             (2 calls and 2 tokens are spent, for $0.0000004)"
        );
        assert!(meter.warnings().is_empty());

        let meter = BudgetMeter::new(Budget { unpriced: Unpriced::Free, ..limits }, Expense::default());
        meter.reserve(10).unwrap();
        meter.settle(10, Usage::tokens(4, 4));
        assert_eq!(meter.warnings(), [Degradation::Unpriced { calls: 1 }]);
    }

    #[test]
    fn four_fifths_of_a_limit_are_worth_a_warning_and_the_policy_decides_what_ends_the_run() {
        let spent = |calls| Expense { calls, used: Usage::tokens(79, 0), unpriced: 0 };
        assert!(BudgetMeter::new(budget(5, 100), spent(3)).warnings().is_empty());
        let warnings = BudgetMeter::new(budget(5, 98), spent(4)).warnings();
        let texts: Vec<String> = warnings.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["4 of 5 model calls are spent", "79 of 98 tokens are spent"]);
        let meter = BudgetMeter::new(budget(5, 100), spent(5)).over(OverBudget::Stop);
        assert!(meter.reserve(1).unwrap_err().ends_run());
        assert!(!meter.judge(Error::new(ErrorKind::Transient, "reset")).ends_run());
    }

    #[test]
    fn money_is_shown_to_the_cent_or_as_exactly_as_it_is() {
        let shown = |cost| Cost(cost).to_string();
        assert_eq!(shown(0), "$0.00");
        assert_eq!(shown(250_000_000), "$0.25");
        assert_eq!(shown(12_300_000_000), "$12.30");
        assert_eq!(shown(3_100_000), "$0.0031");
        assert_eq!(shown(1), "$0.000000001");
    }
}
