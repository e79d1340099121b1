//! Budgets of a session and a day.

use std::sync::Arc;
use std::time::Duration;

use ninefold_core::{Amount, Cost, Error, ErrorKind, Ledger, Limits, Model, Timestamp, Usage};
use ninefold_llm::{Charged, Price, Quota};
use ninefold_store::{MemoryLedger, Sqlite};
use ninefold_testkit::{ManualClock, ScriptedModel, Step, SteppedModel};
use tokio::time::timeout;

use crate::run::{Run, ask, cx, session, text, whole};

const PRICE: Price = Price { input: 1.0, output: 10.0, cached_input: 1.0, cache_write: 1.0, reasoning: 10.0 };

fn calls(n: u64) -> Limits {
    Limits { calls: Some(n), ..Limits::default() }
}

fn model() -> ScriptedModel {
    ScriptedModel::new().usage(Usage::tokens(100, 10)).answer("", "ok")
}

#[tokio::test]
async fn sessions_and_days_have_their_own_accounts() {
    let ledger = Arc::new(MemoryLedger::new());
    let quota = Quota { session: calls(2), day: calls(3), total: calls(5) };
    let model = Charged::new(model(), ledger.clone(), quota, Some(PRICE));
    text(&model, "x", &session("a")).await.unwrap();
    text(&model, "x", &session("a")).await.unwrap();
    let error = text(&model, "x", &session("a")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OverBudget);
    assert!(error.message().contains("2 model calls of \"session a\""), "{error}");
    text(&model, "x", &session("b")).await.unwrap();
    let error = text(&model, "x", &cx()).await.unwrap_err();
    assert!(error.message().contains("3 model calls of \"day 1970-01-01\""), "{error}");
    let tomorrow = || {
        let clock = Arc::new(ManualClock::at(Timestamp(86_400_000_000)));
        Run { clock, ..Run::default() }.cx()
    };
    text(&model, "x", &tomorrow()).await.unwrap();
    text(&model, "x", &tomorrow()).await.unwrap();
    assert!(text(&model, "x", &tomorrow()).await.unwrap_err().message().contains("\"total\""));
    let total = ledger.balance("total").await.unwrap();
    assert_eq!(total.settled, Amount { calls: 5, tokens: 550, cost: Cost(5 * 200_000) });
    assert_eq!(total.reserved, Amount::default());
}

#[tokio::test]
async fn money_needs_a_price() {
    let quota = Quota { day: Limits { cost: Some(Cost::from_usd(0.02)), ..Limits::default() }, ..Quota::default() };
    let ledger = Arc::new(MemoryLedger::new());
    let unknown = Charged::new(model(), ledger.clone(), quota, None);
    let error = text(&unknown, "x", &cx()).await.unwrap_err();
    assert!(error.message().contains("the price of scripted/model is not known"), "{error}");
    let known = Charged::new(model(), ledger.clone(), quota, Some(PRICE));
    let mut answered = 0;
    while text(&known, "x", &cx()).await.is_ok() {
        answered += 1;
    }
    // Each costs $0.0002 and reserves $0.010245 for its 1,024 tokens.
    assert_eq!(answered, 49);
    assert!(ledger.balance("day 1970-01-01").await.unwrap().total().cost <= Cost::from_usd(0.02));
}

#[tokio::test(start_paused = true)]
async fn every_end_of_a_call_is_settled_once() {
    let ledger = Arc::new(MemoryLedger::new());
    let charged = |inner: SteppedModel| Charged::new(inner, ledger.clone(), Quota::default(), Some(PRICE));
    let text_step = || Step::Delta(ninefold_core::Delta::Text("123456".into()));
    let settled = async || {
        // Calls that were dropped are settled by a task of their own.
        tokio::time::sleep(Duration::from_millis(1)).await;
        let balance = ledger.balance("total").await.unwrap();
        assert_eq!(balance.reserved, Amount::default(), "nothing stays open");
        (balance.settled.calls, balance.settled.tokens)
    };
    let read = ask("x").estimated_input_tokens();
    let failing = charged(SteppedModel::new([Step::Fail(Error::new(ErrorKind::Transient, "reset"))]));
    text(&failing, "x", &cx()).await.unwrap_err();
    assert_eq!(settled().await, (1, 0), "a call that fails counts and costs nothing");
    let hanging = charged(SteppedModel::new([Step::Hang]));
    assert!(timeout(Duration::from_secs(1), text(&hanging, "x", &cx())).await.is_err());
    assert_eq!(settled().await, (2, read), "one that is dropped costs what was read");
    let breaking = charged(SteppedModel::new([text_step()]));
    text(&breaking, "x", &cx()).await.unwrap_err();
    assert_eq!(settled().await, (3, 2 * read + 2), "one that breaks off costs what came");
    let dropped = charged(SteppedModel::new([text_step(), Step::Hang]));
    let reply = dropped.send(ask("x"), &cx()).await.unwrap();
    drop(reply);
    assert_eq!(settled().await, (4, 3 * read + 2));
    // A provider that says at the beginning what it has read, and breaks off in the middle.
    let begins = Step::Delta(ninefold_core::Delta::Usage(Usage::tokens(10, 1)));
    let long = Step::Delta(ninefold_core::Delta::Text("x".repeat(300)));
    let half = charged(SteppedModel::new([begins, long]));
    text(&half, "x", &cx()).await.unwrap_err();
    assert_eq!(settled().await, (5, 3 * read + 2 + 110), "what came counts, and not what was said before it");
    let late = charged(SteppedModel::new([Step::Fail(Error::new(ErrorKind::DeadlineExceeded, "late"))]));
    text(&late, "x", &cx()).await.unwrap_err();
    assert_eq!(settled().await, (6, 4 * read + 112), "a call that the run's end cut off was read");
    let refused = charged(SteppedModel::new([Step::Fail(Error::new(ErrorKind::OverBudget, "nothing left"))]));
    text(&refused, "x", &cx()).await.unwrap_err();
    assert_eq!(settled().await, (6, 4 * read + 112), "a call that was never made does not count");
    assert!(failing.trouble().is_none() && hanging.trouble().is_none() && dropped.trouble().is_none());
}

#[tokio::test]
async fn the_end_of_a_reply_is_handed_on_when_it_is_written_down() {
    let directory = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(directory.path().join("l.db")).await.unwrap();
    let model = Charged::new(model(), Arc::new(sqlite.clone()), Quota::default(), Some(PRICE));
    for n in 1..=20 {
        whole(&model, ask("x"), &session("s")).await.unwrap();
        let balance = sqlite.balance("session s").await.unwrap();
        assert_eq!((balance.settled.calls, balance.reserved.calls), (n, 0));
    }
    sqlite.close().await;
    assert_eq!(text(&model, "x", &cx()).await.unwrap_err().kind(), ErrorKind::Unavailable, "no ledger, no call");
}
