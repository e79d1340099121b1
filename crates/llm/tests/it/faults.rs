//! Ten thousand calls through a server that fails: each ends in an answer or a typed error within its deadline, none is lost, and
//! none is charged twice.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use ninefold_core::{Amount, ErrorKind, Ledger};
use ninefold_llm::{
    Bounded, Breaker, Budgeted, CachePolicy, Cached, Charged, Hedged, Limited, Metered, Observed, Price, Quota, Rates,
    Retried,
};
use ninefold_store::MemoryLedger;
use ninefold_testkit::{Faults, FaultyModel};
use tokio::time::{Instant, sleep};

use crate::run::{Run, text};

const CALLS: usize = 10_000;
const DEADLINE: Duration = Duration::from_secs(30);

#[tokio::test(start_paused = true)]
async fn ten_thousand_calls_through_faults() {
    let faults = Faults { resets: 0.10, rate_limits: 0.10, server_errors: 0.05, slow: 0.02, ..Faults::default() };
    let server = Arc::new(FaultyModel::new(faults, 42));
    let ledger = Arc::new(MemoryLedger::new());
    let price = Price::new(1.0, 2.0);
    let paid = Budgeted::new(Observed::new(Metered::new(server.clone(), price)));
    let paid = Charged::new(paid, ledger.clone(), Quota::default(), Some(price));
    let limited = Limited::new(paid, Rates { concurrent: Some(200), ..Rates::default() });
    let steady = Retried::new(Breaker::new(Hedged::new(limited))).seed(7);
    let model = Bounded::new(Cached::new(steady, CachePolicy::default()));

    let calls = (0..CALLS).map(|n| {
        let model = &model;
        async move {
            // A hundred calls a second.
            sleep(Duration::from_millis(n as u64 * 10)).await;
            let started = Instant::now();
            let cx = Run { session: Some("s"), deadline: Some(DEADLINE), ..Run::default() }.cx();
            let outcome = text(model, &format!("question {n}"), &cx).await;
            assert!(started.elapsed() <= DEADLINE, "{:?}", started.elapsed());
            (outcome, cx.budget().spent())
        }
    });
    let outcomes = join_all(calls).await;
    sleep(Duration::from_secs(1)).await;

    let mut answered = 0;
    let mut by_runs = Amount::default();
    for (outcome, spent) in &outcomes {
        match outcome {
            Ok(text) => {
                assert_eq!(text, "ok");
                answered += 1;
            }
            Err(error) => {
                let known =
                    matches!(error.kind(), ErrorKind::Transient | ErrorKind::RateLimited | ErrorKind::DeadlineExceeded);
                assert!(known, "{error}");
            }
        }
        by_runs = by_runs.plus(Amount {
            calls: spent.calls,
            tokens: spent.used.total(),
            cost: spent.used.cost.unwrap_or_default(),
        });
    }
    assert_eq!(outcomes.len(), CALLS);
    assert!(answered >= CALLS * 99 / 100, "{answered} of {CALLS} answered");
    let total = ledger.balance("session s").await.unwrap();
    assert_eq!(total.reserved, Amount::default(), "nothing is left open");
    assert_eq!(total.settled.calls, server.calls(), "every call to the server is charged once");
    assert_eq!((total.settled.calls, total.settled.tokens), (by_runs.calls, by_runs.tokens), "ledger and runs agree");
    assert!(server.calls() < CALLS as u64 * 16 / 10, "{} calls: no storm", server.calls());
}
