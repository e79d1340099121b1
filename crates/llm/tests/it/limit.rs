//! How many calls at once and in a minute.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use ninefold_core::{ErrorKind, Usage};
use ninefold_llm::{Limited, Rates};
use ninefold_testkit::ScriptedModel;
use tokio::time::{Instant, sleep, timeout};

use crate::run::{Run, cx, session, text};

fn model(millis: u64) -> ScriptedModel {
    ScriptedModel::new().delay(Duration::from_millis(millis)).answer("", "ok")
}

const NONE: Rates = Rates { concurrent: None, requests_per_minute: None, tokens_per_minute: None, waiting: 10_000 };

#[tokio::test(start_paused = true)]
async fn so_many_at_once_and_no_more() {
    let model = Limited::new(model(50), Rates { concurrent: Some(10), ..NONE });
    let (started, cx) = (Instant::now(), cx());
    let calls = join_all((0..100).map(|_| text(&model, "x", &cx)));
    let watch = async {
        sleep(Duration::from_millis(25)).await;
        assert_eq!(model.load(), (10, 90));
    };
    let (calls, ()) = tokio::join!(calls, watch);
    assert!(calls.iter().all(Result::is_ok));
    assert_eq!(started.elapsed().as_millis(), 500, "ten rounds of ten");
    assert_eq!(model.load(), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_place_is_held_until_the_reply_ends() {
    let model = Limited::new(model(0), Rates { concurrent: Some(1), ..NONE });
    let reply = ninefold_core::Model::send(&model, crate::run::ask("x"), &cx()).await.unwrap();
    assert!(timeout(Duration::from_secs(9), text(&model, "y", &cx())).await.is_err());
    assert_eq!(model.load(), (1, 0), "who waits no longer is out of the line");
    drop(reply);
    text(&model, "z", &cx()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn sessions_have_turns() {
    let model = Limited::new(model(10), Rates { concurrent: Some(1), ..NONE });
    let order = Mutex::new(Vec::new());
    let call = async |name: &'static str| {
        text(&model, "x", &session(name)).await.unwrap();
        order.lock().unwrap().push(name);
    };
    let greedy = join_all((0..50).map(|_| call("greedy")));
    let late = async {
        sleep(Duration::from_millis(5)).await;
        join_all(["a", "b", "a", "b"].map(&call)).await;
    };
    tokio::join!(greedy, late);
    let order = order.into_inner().unwrap();
    assert_eq!(order.len(), 54);
    let last = |name| order.iter().rposition(|other| *other == name).unwrap();
    assert!(last("a") <= 8 && last("b") <= 8, "{:?}", &order[..10]);
}

#[tokio::test(start_paused = true)]
async fn so_many_calls_in_a_minute() {
    let model = Limited::new(model(0), Rates { requests_per_minute: Some(60), ..NONE });
    let (started, cx) = (Instant::now(), cx());
    assert!(join_all((0..120).map(|_| text(&model, "x", &cx))).await.iter().all(Result::is_ok));
    let took = started.elapsed().as_secs_f64();
    assert!((59.9..60.2).contains(&took), "a full bucket, then one a second: {took}");
    sleep(Duration::from_secs(30)).await;
    let started = Instant::now();
    join_all((0..31).map(|_| text(&model, "x", &cx))).await;
    let took = started.elapsed().as_secs_f64();
    assert!((0.9..1.2).contains(&took), "half a minute filled it by half: {took}");
}

#[tokio::test(start_paused = true)]
async fn tokens_are_settled_with_what_was_used() {
    let inner = ScriptedModel::new().usage(Usage::tokens(100, 100)).answer("", "ok");
    let model = Limited::new(inner, Rates { tokens_per_minute: Some(6_000), ..NONE });
    let started = Instant::now();
    for _ in 0..24 {
        text(&model, "x", &cx()).await.unwrap();
    }
    assert!(started.elapsed() < Duration::from_secs(1), "24 × 200 and an estimate of 1,029 fit into 6,000");
    for _ in 0..30 {
        text(&model, "x", &cx()).await.unwrap();
    }
    let took = started.elapsed().as_secs_f64();
    assert!((55.0..60.0).contains(&took), "54 × 200 = 6,000 + 100 a second for 48 s, and room for an estimate: {took}");
    let tight = Limited::new(ScriptedModel::new().answer("", "ok"), Rates { tokens_per_minute: Some(60), ..NONE });
    text(&tight, "x", &cx()).await.unwrap();
    text(&tight, "x", &cx()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_no_longer_than_its_run_and_lines_are_bounded() {
    let model = Limited::new(model(60_000), Rates { concurrent: Some(1), waiting: 2, ..NONE });
    let context = cx();
    let first = text(&model, "x", &context);
    let others = async {
        sleep(Duration::from_millis(1)).await;
        let short = || Run { deadline: Some(Duration::from_secs(1)), ..Run::default() }.cx();
        let (a, b) = (short(), short());
        let full = async {
            sleep(Duration::from_millis(1)).await;
            text(&model, "z", &cx()).await.unwrap_err().kind()
        };
        let (a, b, full) = tokio::join!(text(&model, "y", &a), text(&model, "y", &b), full);
        assert_eq!(a.unwrap_err().kind(), ErrorKind::DeadlineExceeded);
        assert_eq!(b.unwrap_err().kind(), ErrorKind::DeadlineExceeded);
        assert_eq!(full, ErrorKind::RateLimited);
        assert_eq!(model.load(), (1, 0));
    };
    let (first, ()) = tokio::join!(first, others);
    first.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_threads_leave_no_place_behind() {
    let model = Arc::new(Limited::new(
        ScriptedModel::new().forgetful().answer("", "ok"),
        Rates { concurrent: Some(3), ..NONE },
    ));
    let tasks = (0..40).map(|n| {
        let model = Arc::clone(&model);
        tokio::spawn(async move {
            for i in 0..100 {
                let cx = session(["a", "b", "c"][n % 3]);
                let call = text(&*model, "x", &cx);
                if (n + i) % 3 == 0 {
                    let _ = timeout(Duration::from_micros(20), call).await;
                } else {
                    call.await.unwrap();
                }
            }
        })
    });
    for task in join_all(tasks).await {
        task.unwrap();
    }
    assert_eq!(model.load(), (0, 0));
}
