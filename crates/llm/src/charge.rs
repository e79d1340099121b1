//! Budgets beyond one run: of a session, of a day, in all.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use ninefold_core::{
    Amount, Ceiling, ChargeId, Cx, Delta, Error, ErrorKind, Ledger, Limits, Model, ModelId, ModelRequest, Reply,
    Result, Timestamp, Usage,
};
use smol_str::{SmolStr, format_smolstr};

use crate::Price;
use crate::finish::{Ending, Finish, finished_by};
use crate::tally::Tally;

/// How much may be spent beyond one run. A model outside of any session has no session's limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quota {
    /// In one session.
    pub session: Limits,
    /// On one day by the run's clock, in UTC.
    pub day: Limits,
    /// In all.
    pub total: Limits,
}

/// A model whose calls are charged to their session, to the day and to the whole, in a ledger that outlives the process. Before a call
/// its estimate is reserved (what it reads and `max_output_tokens`, or 1,024 where that is not set), so that parallel calls, and those
/// of other processes on the same ledger, cannot overdraw together by more than they write beyond it; at the end of the reply, before the end is handed on, it is settled with what the call used. A call whose
/// process is killed stays charged with its estimate, once.
///
/// A limit of money needs a price; without one, calls are refused rather than taken for free. What the provider says a call
/// cost goes before the price.
///
/// The accounts are called `total`, `day 2026-11-21` and `session` with the session's name.
///
/// Stands inside of whatever makes several calls out of one (retry, hedge), beside [`Budgeted`](crate::Budgeted). Costs a call two writes
/// to the ledger.
pub struct Charged<M> {
    inner: M,
    quota: Quota,
    price: Option<Price>,
    shared: Arc<Shared>,
}

struct Shared {
    ledger: Arc<dyn Ledger>,
    trouble: Mutex<Option<Error>>,
}

impl<M: Model> Charged<M> {
    /// Charges the calls of `inner` within this quota. The price is the one by which they are metered, if it is known.
    pub fn new(inner: M, ledger: Arc<dyn Ledger>, quota: Quota, price: Option<Price>) -> Self {
        Self { inner, quota, price, shared: Arc::new(Shared { ledger, trouble: Mutex::default() }) }
    }

    /// Why a call could not be settled, the last time that one could not: it stays charged with its estimate.
    #[must_use]
    pub fn trouble(&self) -> Option<Error> {
        self.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn accounts(&self, cx: &Cx) -> Vec<Ceiling> {
        let mut accounts = vec![
            Ceiling { account: SmolStr::new_static("total"), limits: self.quota.total },
            Ceiling { account: day(cx.now()), limits: self.quota.day },
        ];
        if let Some(session) = cx.session() {
            let account = format_smolstr!("session {session}");
            accounts.push(Ceiling { account, limits: self.quota.session });
        }
        accounts
    }
}

/// The day's account. From days to a date: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
fn day(now: Timestamp) -> SmolStr {
    let days = now.0.div_euclid(86_400_000_000) + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format_smolstr!("day {year:04}-{month:02}-{day:02}")
}

impl Shared {
    async fn settle(&self, id: ChargeId, used: Option<Usage>, price: Option<Price>, at: Timestamp) {
        let cost = |used: &Usage| used.cost.or_else(|| price.map(|price| price.of(used)));
        let amount = used.map(|used| Amount::of(&Usage { cost: cost(&used), ..used })).unwrap_or_default();
        match self.ledger.settle(id, amount, at).await {
            Ok(()) => {}
            // The reservation was dropped before it reached the ledger.
            Err(error) if used.is_none() && error.kind() == ErrorKind::NotFound => {}
            Err(error) => *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(error),
        }
    }
}

#[async_trait]
impl<M: Model> Model for Charged<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn variant(&self) -> &str {
        self.inner.variant()
    }

    async fn send(&self, request: ModelRequest, cx: &Cx) -> Result<Reply> {
        let accounts = self.accounts(cx);
        let tally = Tally::new(&request);
        let estimate = tally.estimate();
        let cost = self.price.map(|price| price.of(&estimate));
        if cost.is_none() && accounts.iter().any(|account| account.limits.cost.is_some()) {
            let what =
                format!("the price of {} is not known, so it cannot be kept within an amount of money", self.id());
            return Err(Error::new(ErrorKind::InvalidInput, what)
                .hint("give its price, or limit calls or tokens instead of money"));
        }
        let (id, shared, cx_) = (ChargeId::random(), Arc::clone(&self.shared), cx.clone());
        // From here on the charge is settled whatever becomes of the call.
        let charging = Charging { shared, id, sent: false, tally, price: self.price, cx: cx_ };
        let mut guard = Guard(Some(charging));
        let estimate = Amount::of(&Usage { cost, ..estimate });
        if let Err(error) = self.shared.ledger.reserve(id, &accounts, estimate, cx.now()).await {
            guard.0 = None;
            return Err(error);
        }
        if let Some(charging) = &mut guard.0 {
            charging.sent = true;
        }
        let sent = self.inner.send(request, cx).await;
        let Some(mut charging) = guard.0.take() else { return sent };
        match sent {
            Ok(reply) => Ok(finished_by(reply, charging)),
            Err(error) => {
                charging.tally.failed(&error);
                // Refused on this side, before anybody was asked.
                let here =
                    matches!(error.kind(), ErrorKind::OverBudget | ErrorKind::OutOfScope | ErrorKind::InvalidInput);
                charging.sent = !(here && error.status().is_none());
                if let Some(settled) = charging.finish(Ending::Broken) {
                    settled.await;
                }
                Err(error)
            }
        }
    }
}

/// A call that is charged.
struct Charging {
    shared: Arc<Shared>,
    id: ChargeId,
    /// Whether the call was made; before that there is nothing to pay.
    sent: bool,
    tally: Tally,
    price: Option<Price>,
    cx: Cx,
}

impl Finish for Charging {
    fn hear(&mut self, delta: &Delta) {
        self.tally.hear(delta);
    }

    fn finish(self, _: Ending) -> Option<BoxFuture<'static, ()>> {
        let Self { shared, id, sent, tally, price, cx } = self;
        let used = sent.then(|| tally.usage());
        Some(async move { shared.settle(id, used, price, cx.now()).await }.boxed())
    }
}

/// Settles a call that is dropped before its reply begins.
struct Guard(Option<Charging>);

impl Drop for Guard {
    fn drop(&mut self) {
        let left = self.0.take().and_then(|charging| charging.finish(Ending::Dropped));
        if let (Some(work), Ok(runtime)) = (left, tokio::runtime::Handle::try_current()) {
            runtime.spawn(work);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        let at = |seconds: i64| day(Timestamp(seconds * 1_000_000));
        assert_eq!(at(0), "day 1970-01-01");
        assert_eq!(at(-1), "day 1969-12-31");
        assert_eq!(at(951_782_399), "day 2000-02-28");
        assert_eq!(at(951_782_400), "day 2000-02-29");
        assert_eq!(at(1_795_219_200), "day 2026-11-21");
    }
}
