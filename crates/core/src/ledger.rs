//! What calls of models cost beyond one run: an account book that outlives the process. A call is charged with an estimate
//! before it is made, and the estimate is replaced by what it used when that is known. Entries are only ever added.
//!
//! A call whose process was killed stays charged with its estimate, once: nothing is lost and nothing is counted twice.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::budget::{Cost, Usage};
use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind, Result};

/// The identity of one charge: 128 random bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChargeId(pub u128);

impl ChargeId {
    /// A new identity from the process's random source. Tests give their own: `ChargeId(7)`.
    #[must_use]
    pub fn random() -> Self {
        Self(fastrand::u128(..))
    }
}

/// What calls used, or may use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Amount {
    /// Calls.
    pub calls: u64,
    /// Tokens read and written.
    pub tokens: u64,
    /// Money, as far as it is known.
    pub cost: Cost,
}

impl Amount {
    /// One call that used this; what it cost is nothing where that is not known.
    #[must_use]
    pub fn of(usage: &Usage) -> Self {
        Self { calls: 1, tokens: usage.total(), cost: usage.cost.unwrap_or_default() }
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            calls: self.calls.saturating_add(other.calls),
            tokens: self.tokens.saturating_add(other.tokens),
            cost: Cost(self.cost.0.saturating_add(other.cost.0)),
        }
    }

    /// This without the other; stops at nothing.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self {
            calls: self.calls.saturating_sub(other.calls),
            tokens: self.tokens.saturating_sub(other.tokens),
            cost: Cost(self.cost.0.saturating_sub(other.cost.0)),
        }
    }
}

/// How much an account may be charged with. `None` means without limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Calls.
    pub calls: Option<u64>,
    /// Tokens read and written.
    pub tokens: Option<u64>,
    /// Money.
    pub cost: Option<Cost>,
}

impl Limits {
    /// Whether nothing is limited.
    #[must_use]
    pub fn is_unlimited(&self) -> bool {
        *self == Self::default()
    }

    /// Whether an account that would be charged with `total` stays within these.
    ///
    /// # Errors
    /// `OverBudget`, naming the account and the limit.
    pub fn check(&self, account: &str, total: Amount) -> Result<()> {
        let what = if let Some(limit) = self.calls.filter(|&limit| total.calls > limit) {
            format!("{limit} model calls")
        } else if let Some(limit) = self.tokens.filter(|&limit| total.tokens > limit) {
            format!("{limit} tokens")
        } else if let Some(limit) = self.cost.filter(|&limit| total.cost > limit) {
            format!("${:.4}", limit.usd())
        } else {
            return Ok(());
        };
        Err(Error::new(ErrorKind::OverBudget, format!("the call does not fit into the {what} of {account:?}"))
            .hint("wait for the next day or session, or raise the limit"))
    }
}

/// One account of a charge, and how much it may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ceiling {
    /// The account's name, such as `day 2026-11-21` or `session s1`.
    pub account: SmolStr,
    /// Its limits.
    pub limits: Limits,
}

/// What an account is charged with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Balance {
    /// By calls that have said what they used.
    pub settled: Amount,
    /// By estimates of calls that are under way, or whose process was killed.
    pub reserved: Amount,
}

impl Balance {
    /// Both together: what counts against limits.
    #[must_use]
    pub fn total(&self) -> Amount {
        self.settled.plus(self.reserved)
    }
}

/// An account book. Every implementation passes `ninefold_testkit::ledger_suite`.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Charges every account with the estimate, or none of them when one would pass its limits. What is charged outlives
    /// the process from when this returns. Charging an identity again changes nothing.
    ///
    /// # Errors
    /// `OverBudget` when a limit would be passed; `Unavailable` or `Corrupt` from the medium.
    async fn reserve(&self, id: ChargeId, accounts: &[Ceiling], estimate: Amount, now: Timestamp) -> Result<()>;

    /// Replaces the estimate by what was used, which may be more. Only the first time counts.
    ///
    /// # Errors
    /// `NotFound` for a charge that was never made; `Unavailable` or `Corrupt` from the medium.
    async fn settle(&self, id: ChargeId, used: Amount, now: Timestamp) -> Result<()>;

    /// What an account is charged with; nothing for one that is not known.
    ///
    /// # Errors
    /// `Unavailable` or `Corrupt` from the medium.
    async fn balance(&self, account: &str) -> Result<Balance>;
}
