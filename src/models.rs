//! A model with what one wants around it: retries, a cache, limits, budgets, prices, other models to fall back to.

use std::sync::Arc;
use std::time::Duration;

use ninefold_core::{Cache, Ledger, Model, Result};
use ninefold_llm::{
    Bounded, Breaker, Budgeted, CachePolicy, Cached, Charged, Fallback, Hedged, Limited, Metered, Observed, Price,
    PriceList, Quota, Rates, Retried, RetryPolicy,
};
use ninefold_store::MemoryLedger;

/// A model and what is around it. What is not set is as one mostly wants it: transient errors are tried again
/// ([`RetryPolicy`]), equal requests are answered from a cache in the process ([`CachePolicy`]), 64 calls at once
/// ([`Rates`]), the run's budget, one span a call, and costs by the list of prices that comes with this version.
///
/// ```
/// use ninefold::Soar;
/// use ninefold::llm::{Quota, Rates};
/// use ninefold::models::Stack;
/// # use ninefold_testkit::ScriptedModel;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> ninefold::Result<()> {
/// # let (small, large) = (ScriptedModel::new(), ScriptedModel::new());
/// let day = ninefold::core::Limits { tokens: Some(2_000_000), ..Default::default() };
/// let stack = Stack::new(small)
///     .rates(Rates { requests_per_minute: Some(500), ..Rates::default() })
///     .quota(Quota { day, ..Quota::default() })
///     .hedged()
///     .on_too_long(Stack::new(large));
/// let soar = Soar::builder().models(stack).build().await?;
/// # drop(soar);
/// # Ok(())
/// # }
/// ```
///
/// From the outside in: deadline, fallback, cache, retry, circuit breaker (with a model to fall back to on failures), hedge, limits,
/// quota, the run's budget, span, price. Why in this order stands with each decorator in [`crate::llm`].
pub struct Stack {
    model: Arc<dyn Model>,
    cache: Option<CachePolicy>,
    kept: bool,
    second: Option<Arc<dyn Cache>>,
    retry: RetryPolicy,
    hedged: bool,
    rates: Rates,
    quota: Option<Quota>,
    ledger: Option<Arc<dyn Ledger>>,
    price: Option<Price>,
    others: Vec<(When, Stack)>,
}

/// How long a model may ask to be left alone before another one is asked.
const BEFORE_THE_OTHER: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    Fails,
    TooLong,
    Refused,
}

impl Stack {
    /// This model, with everything as one mostly wants it.
    pub fn new(model: impl Model + 'static) -> Self {
        Self {
            model: Arc::new(model),
            cache: Some(CachePolicy::default()),
            kept: false,
            second: None,
            retry: RetryPolicy::default(),
            hedged: false,
            rates: Rates::default(),
            quota: None,
            ledger: None,
            price: None,
            others: Vec::new(),
        }
    }

    /// Sets how replies are cached; `None` for not at all.
    #[must_use]
    pub fn cache(mut self, cache: impl Into<Option<CachePolicy>>) -> Self {
        self.cache = cache.into();
        self
    }

    /// Keeps cached replies beyond the process: in this cache, or, by [`SoarBuilder::models`](crate::SoarBuilder::models), in the
    /// pipeline's database when there is one.
    #[must_use]
    pub fn kept(mut self, cache: impl Into<Option<Arc<dyn Cache>>>) -> Self {
        self.kept = true;
        self.second = cache.into();
        self
    }

    /// Sets what is tried again, and how often.
    #[must_use]
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// Asks a second time when the first call is late; both are paid for.
    #[must_use]
    pub fn hedged(mut self) -> Self {
        self.hedged = true;
        self
    }

    /// Sets how many calls the model gets, at once and in a minute.
    #[must_use]
    pub fn rates(mut self, rates: Rates) -> Self {
        self.rates = rates;
        self
    }

    /// Limits what a session, a day and all may spend, models to fall back to included unless they have a quota of their own. It is written
    /// down in the ledger set by [`Stack::ledger`]; else in the pipeline's database; without one, in the process's memory.
    #[must_use]
    pub fn quota(mut self, quota: Quota) -> Self {
        self.quota = Some(quota);
        self
    }

    /// Sets where it is written down what is spent.
    #[must_use]
    pub fn ledger(mut self, ledger: Arc<dyn Ledger>) -> Self {
        self.ledger = Some(ledger);
        self
    }

    /// Sets what the model costs, in place of the list that comes with this version.
    #[must_use]
    pub fn price(mut self, price: Price) -> Self {
        self.price = Some(price);
        self
    }

    /// Asks this one when the model fails, or wants to be left alone for more than a second.
    #[must_use]
    pub fn on_failure(mut self, other: Stack) -> Self {
        self.others.push((When::Fails, other));
        self
    }

    /// Asks this one for what is too long for the model.
    #[must_use]
    pub fn on_too_long(mut self, other: Stack) -> Self {
        self.others.push((When::TooLong, other));
        self
    }

    /// Asks this one for what the model refuses.
    #[must_use]
    pub fn on_refused(mut self, other: Stack) -> Self {
        self.others.push((When::Refused, other));
        self
    }

    /// Puts it together, for use outside of a pipeline.
    ///
    /// # Errors
    /// `Corrupt` when the list of prices that comes with this version is damaged.
    pub fn build(self) -> Result<Arc<dyn Model>> {
        self.within(None, None)
    }

    /// Puts it together with what a pipeline has to offer.
    pub(crate) fn within(
        mut self,
        cache: Option<Arc<dyn Cache>>,
        ledger: Option<Arc<dyn Ledger>>,
    ) -> Result<Arc<dyn Model>> {
        let prices = PriceList::builtin()?;
        let ledger = self.ledger.take().or(ledger).unwrap_or_else(|| Arc::new(MemoryLedger::new()));
        let shared = Shared { prices, cache, ledger, quota: self.quota };
        Ok(Arc::new(Bounded::new(self.stacked(&shared))))
    }

    fn stacked(self, shared: &Shared) -> Arc<dyn Model> {
        let fails_over = self.others.iter().any(|(when, _)| *when == When::Fails);
        let price = self.price.or_else(|| shared.prices.of(self.model.id()));
        let mut model: Arc<dyn Model> = match price {
            Some(price) => Arc::new(Budgeted::new(Observed::new(Metered::new(self.model, price)))),
            None => Arc::new(Budgeted::new(Observed::new(self.model))),
        };
        if let Some(quota) = self.quota.or(shared.quota) {
            model =
                Arc::new(Charged::new(model, self.ledger.unwrap_or_else(|| Arc::clone(&shared.ledger)), quota, price));
        }
        model = Arc::new(Limited::new(model, self.rates));
        if self.hedged {
            model = Arc::new(Hedged::new(model));
        }
        if fails_over {
            model = Arc::new(Breaker::new(model));
        }
        let mut retry = self.retry;
        if fails_over {
            // Rather than wait long for this one, the other is asked.
            retry.patience = retry.patience.min(BEFORE_THE_OTHER);
        }
        model = Arc::new(Retried::with(model, retry));
        if let Some(policy) = self.cache {
            let cached = Cached::new(model, policy);
            let second = if self.kept { self.second.or_else(|| shared.cache.clone()) } else { None };
            model = match second {
                Some(second) => Arc::new(cached.second(second)),
                None => Arc::new(cached),
            };
        }
        if self.others.is_empty() {
            return model;
        }
        let others = self.others.into_iter().fold(Fallback::new(model), |first, (when, other)| {
            let other = other.stacked(shared);
            match when {
                When::Fails => first.on_failure(other),
                When::TooLong => first.on_too_long(other),
                When::Refused => first.on_refused(other),
            }
        });
        Arc::new(others)
    }
}

/// What all models of a stack share.
struct Shared {
    prices: PriceList,
    cache: Option<Arc<dyn Cache>>,
    ledger: Arc<dyn Ledger>,
    quota: Option<Quota>,
}
