//! Every decorator, and all of them together, keep what decorators must keep.

use std::sync::Arc;

use ninefold_core::Model;
use ninefold_llm::{
    Bounded, Breaker, Budgeted, CachePolicy, Cached, Cassette, Charged, Fallback, Hedged, Limited, Metered, Observed,
    Price, Quota, Rates, Retried, Route, Router, Similar, SimilarPolicy, Tier,
};
use ninefold_store::{MemoryCache, MemoryLedger};
use ninefold_testkit::{ScriptedEmbedder, decorator_suite};

type Inner = Arc<dyn Model>;

fn limited(inner: Inner) -> Limited<Inner> {
    let rates = Rates { concurrent: Some(2), tokens_per_minute: Some(100_000_000), ..Rates::default() };
    Limited::new(inner, rates)
}

fn charged<M: Model>(inner: M) -> Charged<M> {
    Charged::new(inner, Arc::new(MemoryLedger::new()), Quota::default(), Some(Price::new(1.0, 2.0)))
}

fn cached<M: Model>(inner: M) -> Cached<M> {
    Cached::new(inner, CachePolicy::default()).second(Arc::new(MemoryCache::new()))
}

macro_rules! keeps {
    ($name:ident, $wrap:expr) => {
        #[tokio::test(start_paused = true)]
        async fn $name() {
            let wrap = $wrap;
            decorator_suite(|inner: Inner| {
                let model = wrap(inner);
                async move { model }
            })
            .await;
        }
    };
}

keeps!(bounded_keeps, Bounded::new);
keeps!(retried_keeps, Retried::new);
keeps!(fallback_keeps, Fallback::new);
keeps!(breaker_keeps, Breaker::new);
keeps!(hedged_keeps, Hedged::new);
keeps!(limited_keeps, limited);
keeps!(charged_keeps, charged);
keeps!(budgeted_keeps, Budgeted::new);
keeps!(observed_keeps, Observed::new);
keeps!(metered_keeps, |inner| Metered::new(inner, Price::new(1.0, 2.0)));
keeps!(cached_keeps, cached);
keeps!(cassette_keeps, |inner| Cassette::record("unsaved.json", inner));
keeps!(router_keeps, |inner| Router::new([Route::new(inner, Tier::Small)]).unwrap());
keeps!(similar_keeps, |inner| Similar::new(inner, Arc::new(ScriptedEmbedder::new()), SimilarPolicy::default()));
keeps!(all_together_keep, |inner: Inner| {
    let paid = charged(Budgeted::new(Observed::new(Metered::new(inner, Price::new(1.0, 2.0)))));
    let steady = Retried::new(Breaker::new(Hedged::new(Limited::new(paid, Rates::default()))));
    Bounded::new(Fallback::new(cached(steady)))
});

#[tokio::test]
async fn decorators_have_the_identity_of_their_model() {
    let inner: Inner = Arc::new(ninefold_testkit::ScriptedModel::new());
    let id = inner.id().clone();
    assert_eq!(cached(Retried::new(Breaker::new(Hedged::new(limited(inner.clone()))))).id(), &id);
    assert_eq!(Bounded::new(Fallback::new(charged(Budgeted::new(Observed::new(inner.clone()))))).id(), &id);
    assert_eq!(Cassette::record("unsaved.json", inner.clone()).id(), &id);
    let router = Router::new([Route::new(inner, Tier::Small)]).unwrap();
    assert_eq!(router.id().to_string(), "router/scripted/model", "a router is all of its models");
}
