//! What every ledger must do.

use std::future::Future;

use ninefold_core::{Amount, Balance, Ceiling, ChargeId, Cost, ErrorKind, Ledger, Limits, Timestamp};

/// Runs every requirement on a [`Ledger`] against fresh, empty ledgers made by `open`.
///
/// # Panics
/// When a requirement is not met; the message names it.
pub async fn ledger_suite<L: Ledger, F: Future<Output = L>>(open: impl Fn() -> F) {
    what_is_reserved_is_charged_until_it_is_settled(&open().await).await;
    every_account_is_charged_or_none(&open().await).await;
    every_kind_of_limit_holds(&open().await).await;
    nothing_counts_twice(&open().await).await;
    what_was_never_charged_cannot_be_settled(&open().await).await;
    parallel_charges_cannot_overdraw_together(&open().await).await;
    names_are_only_names(&open().await).await;
    sizes_do_not_overflow(&open().await).await;
}

fn amount(calls: u64, tokens: u64, cost: u64) -> Amount {
    Amount { calls, tokens, cost: Cost(cost) }
}

fn on(account: &str, limits: Limits) -> Ceiling {
    Ceiling { account: account.into(), limits }
}

fn free(account: &str) -> Ceiling {
    on(account, Limits::default())
}

const T: Timestamp = Timestamp(1);

async fn what_is_reserved_is_charged_until_it_is_settled<L: Ledger>(ledger: &L) {
    assert_eq!(ledger.balance("a").await.unwrap(), Balance::default(), "an unknown account holds nothing");
    ledger.reserve(ChargeId(1), &[free("a")], amount(1, 100, 7), T).await.expect("reserve");
    ledger.reserve(ChargeId(2), &[free("a"), free("b")], amount(1, 50, 3), T).await.expect("reserve");
    let reserved = |amount| Balance { reserved: amount, ..Balance::default() };
    assert_eq!(ledger.balance("a").await.unwrap(), reserved(amount(2, 150, 10)));
    assert_eq!(ledger.balance("b").await.unwrap(), reserved(amount(1, 50, 3)));
    ledger.settle(ChargeId(1), amount(1, 300, 9), T).await.expect("settle with more than was estimated");
    let balance = ledger.balance("a").await.unwrap();
    assert_eq!(balance, Balance { settled: amount(1, 300, 9), reserved: amount(1, 50, 3) });
    assert_eq!(balance.total(), amount(2, 350, 12));
    ledger.settle(ChargeId(2), amount(0, 0, 0), T).await.expect("settle with nothing");
    assert_eq!(ledger.balance("b").await.unwrap(), Balance::default());
}

async fn every_account_is_charged_or_none<L: Ledger>(ledger: &L) {
    let small = Limits { tokens: Some(10), ..Limits::default() };
    let error = ledger.reserve(ChargeId(1), &[free("a"), on("b", small)], amount(1, 11, 0), T).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OverBudget);
    assert!(error.message().contains("\"b\"") && error.message().contains("10 tokens"), "{error}");
    assert_eq!(ledger.balance("a").await.unwrap(), Balance::default(), "a refused charge is on no account");
    ledger.reserve(ChargeId(1), &[free("a"), on("b", small)], amount(1, 10, 0), T).await.expect("up to the limit");
}

async fn every_kind_of_limit_holds<L: Ledger>(ledger: &L) {
    let limits = Limits { calls: Some(3), tokens: Some(100), cost: Some(Cost(1_000)) };
    let charge = async |id, amount| ledger.reserve(ChargeId(id), &[on("a", limits)], amount, T).await;
    charge(1, amount(1, 50, 500)).await.expect("fits");
    for (id, too_much) in [(2, amount(3, 0, 0)), (3, amount(1, 51, 0)), (4, amount(1, 0, 501))] {
        assert_eq!(charge(id, too_much).await.unwrap_err().kind(), ErrorKind::OverBudget, "{too_much:?}");
    }
    ledger.settle(ChargeId(1), amount(1, 10, 0), T).await.expect("settle");
    charge(5, amount(1, 90, 1_000)).await.expect("what was not used is free again");
    assert_eq!(charge(6, amount(1, 1, 0)).await.unwrap_err().kind(), ErrorKind::OverBudget);
}

async fn nothing_counts_twice<L: Ledger>(ledger: &L) {
    for _ in 0..2 {
        ledger.reserve(ChargeId(1), &[free("a"), free("a")], amount(1, 10, 1), T).await.expect("reserve again");
    }
    assert_eq!(ledger.balance("a").await.unwrap().reserved, amount(1, 10, 1));
    for tokens in [20, 30] {
        ledger.settle(ChargeId(1), amount(1, tokens, 2), T).await.expect("settle again");
    }
    let settled = Balance { settled: amount(1, 20, 2), ..Balance::default() };
    assert_eq!(ledger.balance("a").await.unwrap(), settled, "the first time counts");
    ledger.reserve(ChargeId(1), &[free("a")], amount(1, 10, 1), T).await.expect("reserve after the end");
    assert_eq!(ledger.balance("a").await.unwrap(), settled);
}

async fn what_was_never_charged_cannot_be_settled<L: Ledger>(ledger: &L) {
    assert_eq!(ledger.settle(ChargeId(9), amount(1, 1, 1), T).await.unwrap_err().kind(), ErrorKind::NotFound);
}

async fn parallel_charges_cannot_overdraw_together<L: Ledger>(ledger: &L) {
    let limits = Limits { tokens: Some(100), ..Limits::default() };
    let accounts = [on("a", limits)];
    let charges = (0..50).map(|id| ledger.reserve(ChargeId(id), &accounts, amount(1, 7, 0), T));
    let outcomes = futures_util::future::join_all(charges).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 14, "14 × 7 fit into 100");
    assert_eq!(ledger.balance("a").await.unwrap().reserved, amount(14, 98, 0));
}

async fn names_are_only_names<L: Ledger>(ledger: &L) {
    for (n, name) in ["", "a\0", "a ", "ä", "' OR 1 --", "%", "A", "a"].into_iter().enumerate() {
        ledger.reserve(ChargeId(n as u128), &[free(name)], amount(1, n as u64, 0), T).await.expect("reserve");
        assert_eq!(ledger.balance(name).await.unwrap().reserved.tokens, n as u64, "{name:?}");
    }
}

async fn sizes_do_not_overflow<L: Ledger>(ledger: &L) {
    let limits = Limits { tokens: Some(u64::MAX / 4), ..Limits::default() };
    let error = ledger.reserve(ChargeId(1), &[on("a", limits)], amount(1, u64::MAX, u64::MAX), T).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OverBudget);
    assert_eq!(ledger.balance("a").await.unwrap(), Balance::default());
}
