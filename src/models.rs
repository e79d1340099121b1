//! A model with what one wants around it: retries, a cache, limits, budgets, prices, other models to fall back to.

use std::sync::Arc;
use std::time::Duration;

use ninefold_core::{Cache, Embedder, Ledger, Model, Result};
use ninefold_llm::{
    Abilities, Bounded, Breaker, Budgeted, CachePolicy, Cached, Charged, Fallback, Hedged, Limited, Metered, Observed,
    Price, PriceList, Quota, Rates, Retried, RetryPolicy, Route, Router, Similar, SimilarPolicy, Tier,
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
/// From the outside in: deadline, fallback, replies to what means the same, cache, retry, circuit breaker (with a model to fall back to on failures), hedge, limits,
/// quota, the run's budget, span, price. Why in this order stands with each decorator in [`crate::llm`].
pub struct Stack {
    base: Base,
    similar: Option<(Arc<dyn Embedder>, SimilarPolicy)>,
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

/// What everything else is around.
enum Base {
    One(Arc<dyn Model>),
    Routed(Vec<Routed>),
}

/// A stack to choose among others, and what is known of its model.
pub struct Routed {
    stack: Stack,
    tier: Tier,
    abilities: Abilities,
}

impl Routed {
    /// A stack whose model can so much, with the default abilities. Its price is the one that it is metered by.
    #[must_use]
    pub fn new(stack: Stack, tier: Tier) -> Self {
        Self { stack, tier, abilities: Abilities::default() }
    }

    /// Sets what its model takes.
    #[must_use]
    pub fn abilities(mut self, abilities: Abilities) -> Self {
        self.abilities = abilities;
        self
    }
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
        Self::on(Base::One(Arc::new(model)))
    }

    /// Chooses one of these for each call: of those that can do what is asked, by how hard it is, what it costs and how long they have
    /// been taking ([`ninefold_llm::Router`]). Each has its own cache, retries and limits around it; this one's own apply to none of
    /// them, but for the quota, the ledger, replies to what means the same, and models to fall back to.
    ///
    /// ```
    /// use ninefold::llm::Tier;
    /// use ninefold::models::{Routed, Stack};
    /// # use ninefold_testkit::SteppedModel;
    /// # let (small, large) = (SteppedModel::new([]).named("small"), SteppedModel::new([]).named("large"));
    /// let stack = Stack::routed([Routed::new(Stack::new(small), Tier::Small), Routed::new(Stack::new(large), Tier::Large)]);
    /// # assert!(stack.build().is_ok());
    /// ```
    #[must_use]
    pub fn routed(routes: impl IntoIterator<Item = Routed>) -> Self {
        Self::on(Base::Routed(routes.into_iter().collect()))
    }

    fn on(base: Base) -> Self {
        Self {
            base,
            similar: None,
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

    /// Keeps cached replies beyond the process: in this cache, such as a `RedisCache` that hosts share, or, by [`SoarBuilder::models`](crate::SoarBuilder::models), in the
    /// pipeline's database when there is one.
    #[must_use]
    pub fn kept(mut self, cache: impl Into<Option<Arc<dyn Cache>>>) -> Self {
        self.kept = true;
        self.second = cache.into();
        self
    }

    /// Answers a question as one that means the same was answered. It errs now and then, so it is off unless set;
    /// [`ninefold_llm::Similar`] says what it compares and how it checks itself.
    #[must_use]
    pub fn similar(mut self, embedder: Arc<dyn Embedder>, policy: SimilarPolicy) -> Self {
        self.similar = Some((embedder, policy));
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
    /// `Corrupt` when the list of prices that comes with this version is damaged; `InvalidInput` for a choice among no models, or with
    /// the same one twice.
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
        Ok(Arc::new(Bounded::new(self.stacked(&shared)?)))
    }

    fn stacked(mut self, shared: &Shared) -> Result<Arc<dyn Model>> {
        let others = std::mem::take(&mut self.others);
        let similar = self.similar.take();
        let fails_over = others.iter().any(|(when, _)| *when == When::Fails);
        let mut model = match self.base {
            Base::One(ref model) => {
                let model = Arc::clone(model);
                self.around(model, fails_over, shared)
            }
            Base::Routed(routes) => routed(routes, self.quota, self.ledger, shared)?,
        };
        if let Some((embedder, policy)) = similar {
            model = Arc::new(Similar::new(model, embedder, policy));
        }
        if others.is_empty() {
            return Ok(model);
        }
        let mut first = Fallback::new(model);
        for (when, other) in others {
            let other = other.stacked(shared)?;
            first = match when {
                When::Fails => first.on_failure(other),
                When::TooLong => first.on_too_long(other),
                When::Refused => first.on_refused(other),
            };
        }
        Ok(Arc::new(first))
    }

    /// One model with what belongs to it alone.
    fn around(self, model: Arc<dyn Model>, fails_over: bool, shared: &Shared) -> Arc<dyn Model> {
        let price = self.price.or_else(|| shared.prices.of(model.id()));
        let mut model: Arc<dyn Model> = match price {
            Some(price) => Arc::new(Budgeted::new(Observed::new(Metered::new(model, price)))),
            None => Arc::new(Budgeted::new(Observed::new(model))),
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
        let Some(policy) = self.cache else { return model };
        let cached = Cached::new(model, policy);
        match if self.kept { self.second.or_else(|| shared.cache.clone()) } else { None } {
            Some(second) => Arc::new(cached.second(second)),
            None => Arc::new(cached),
        }
    }
}

/// A choice among stacks. They are charged to this quota, unless they have one of their own.
fn routed(
    routes: Vec<Routed>,
    quota: Option<Quota>,
    ledger: Option<Arc<dyn Ledger>>,
    shared: &Shared,
) -> Result<Arc<dyn Model>> {
    let shared = Shared {
        quota: quota.or(shared.quota),
        ledger: ledger.unwrap_or_else(|| Arc::clone(&shared.ledger)),
        ..shared.clone()
    };
    let route = |Routed { stack, tier, abilities }: Routed| {
        let price = stack.price.or_else(|| match &stack.base {
            Base::One(model) => shared.prices.of(model.id()),
            Base::Routed(_) => None,
        });
        Ok(Route::new(stack.stacked(&shared)?, tier).abilities(abilities).price(price))
    };
    let routes: Vec<Route> = routes.into_iter().map(route).collect::<Result<_>>()?;
    Ok(Arc::new(Router::new(routes)?))
}

/// What all models of a stack share.
#[derive(Clone)]
struct Shared {
    prices: PriceList,
    cache: Option<Arc<dyn Cache>>,
    ledger: Arc<dyn Ledger>,
    quota: Option<Quota>,
}
