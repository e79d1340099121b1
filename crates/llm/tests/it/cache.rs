//! Answering what was answered.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::join_all;
use ninefold_core::{
    Cache, CacheEntry, Completion, Delta, Error, ErrorKind, Key, Model, ModelRequest, Result, Retention, Scope,
    StopReason, Timestamp, Usage,
};
use ninefold_llm::{Bounded, Budgeted, CachePolicy, Cached};
use ninefold_store::{MemoryCache, Sqlite};
use ninefold_testkit::{ManualClock, ScriptedModel, Step, SteppedModel};
use tokio::time::{sleep, timeout};

use crate::run::{Run, ask, cx, text, whole};

fn pieces() -> Vec<Delta> {
    let text = |text: &str| Delta::Text(text.into());
    vec![
        Delta::Begin { id: "r".into(), model: "m".into() },
        Delta::Reasoning("hm".into()),
        text("a"),
        text("b"),
        Delta::Usage(Usage::tokens(3, 2)),
        Delta::End(StopReason::End),
    ]
}

fn slowly() -> Arc<SteppedModel> {
    let steps = pieces().into_iter().flat_map(|delta| [Step::Wait(Duration::from_millis(10)), Step::Delta(delta)]);
    Arc::new(SteppedModel::new(steps))
}

fn cached<M: Model>(inner: M) -> Cached<M> {
    Cached::new(inner, CachePolicy::default())
}

async fn heard(model: &impl Model, request: ModelRequest) -> Vec<Delta> {
    let reply = model.send(request, &cx()).await.unwrap();
    reply.into_deltas().map(|delta| delta.unwrap()).collect().await
}

#[tokio::test]
async fn an_equal_request_is_answered_piece_by_piece_and_for_free() {
    let inner = Arc::new(SteppedModel::deltas(pieces()));
    let model = cached(Budgeted::new(inner.clone()));
    assert_eq!(heard(&model, ask("x")).await, pieces());
    let again = heard(&model, ask("x")).await;
    assert_eq!(again, pieces().into_iter().filter(|d| !matches!(d, Delta::Usage(_))).collect::<Vec<_>>());
    let cx = cx();
    whole(&model, ask("x"), &cx).await.unwrap();
    assert_eq!((inner.calls(), cx.budget().spent().calls), (1, 0));
}

#[tokio::test]
async fn every_field_and_the_scope_count() {
    let inner = Arc::new(ScriptedModel::new().answer("", "ok"));
    let model = cached(inner.clone());
    let base = || ask("x");
    let others = [
        base(),
        ask("y"),
        ModelRequest { temperature: Some(0.0), ..base() },
        ModelRequest { temperature: Some(0.1), ..base() },
        ModelRequest { seed: Some(1), ..base() },
        ModelRequest { max_output_tokens: Some(1), ..base() },
        ModelRequest { stop: vec!["a".into()], ..base() },
        ModelRequest { messages: vec![base().messages[0].clone().keep(), base().messages[1].clone()], ..base() },
        ModelRequest::new("be brief!", "x"),
    ];
    for request in others.iter().chain(&others) {
        whole(&model, request.clone(), &cx()).await.unwrap();
    }
    assert_eq!(inner.requests().len(), others.len());
    for scope in [Scope::of(["hr"]), Scope::Unrestricted, Scope::of(["hr"])] {
        text(&model, "x", &Run { scope, ..Run::default() }.cx()).await.unwrap();
    }
    assert_eq!(inner.requests().len(), others.len() + 2, "a scope sees its own");
}

#[tokio::test(start_paused = true)]
async fn a_thousand_at_once_are_one_call() {
    let inner = slowly();
    let model = cached(inner.clone());
    let context = cx();
    let replies = join_all((0..1_000).map(|_| text(&model, "x", &context))).await;
    assert!(replies.into_iter().all(|reply| reply.unwrap() == "ab"));
    assert_eq!((inner.calls(), inner.under_way()), (1, 0));
    assert_eq!(text(&model, "x", &context).await.unwrap(), "ab");
    assert_eq!(inner.calls(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_on_many_threads_are_one_call() {
    let inner = slowly();
    let model = Arc::new(cached(inner.clone()));
    let tasks = (0..1_000).map(|n| {
        let model = Arc::clone(&model);
        tokio::spawn(async move {
            let cx = cx();
            let call = text(&*model, "x", &cx);
            // Some give up while they wait.
            if n % 7 == 0 {
                timeout(Duration::from_millis(25), call).await.ok().map(Result::unwrap)
            } else {
                Some(call.await.unwrap())
            }
        })
    });
    for reply in join_all(tasks).await {
        assert!(reply.unwrap().is_none_or(|text| text == "ab"));
    }
    assert_eq!(inner.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn those_who_follow_survive_the_one_who_leads() {
    for after in [5, 15, 35, 55] {
        let inner = slowly();
        let model = cached(inner.clone());
        let context = cx();
        let leader = timeout(Duration::from_millis(after), text(&model, "x", &context));
        let followers = async {
            sleep(Duration::from_millis(1)).await;
            join_all((0..10).map(|_| text(&model, "x", &context))).await
        };
        let (leader, followers) = tokio::join!(leader, followers);
        assert!(leader.is_err(), "the leader gave up after {after} ms");
        assert!(followers.into_iter().all(|reply| reply.unwrap() == "ab"));
        assert_eq!(inner.calls(), 1, "and nobody called again");
    }
}

#[tokio::test(start_paused = true)]
async fn the_call_ends_with_the_last_who_reads_it() {
    let inner = slowly();
    let model = cached(inner.clone());
    let context = cx();
    let call = || timeout(Duration::from_millis(30), text(&model, "x", &context));
    let (a, b) = tokio::join!(call(), call());
    assert!(a.is_err() && b.is_err());
    assert_eq!((inner.calls(), inner.under_way()), (1, 0));
    assert_eq!(text(&model, "x", &context).await.unwrap(), "ab");
    assert_eq!(inner.calls(), 2, "half a reply is not kept");
}

#[tokio::test(start_paused = true)]
async fn a_leader_without_money_or_time_is_nothing_to_the_others() {
    let inner = ScriptedModel::new().delay(Duration::from_millis(10)).answer("", "ok");
    let model = cached(Budgeted::new(inner));
    let poor = Run { budget: ninefold_core::Budget { calls: Some(0), tokens: None }, ..Run::default() }.cx();
    let rich = cx();
    let (a, b, c) = tokio::join!(text(&model, "x", &poor), text(&model, "x", &rich), text(&model, "x", &rich));
    assert_eq!(a.unwrap_err().kind(), ErrorKind::OverBudget);
    assert_eq!((b.unwrap(), c.unwrap()), ("ok".to_owned(), "ok".to_owned()));
    assert_eq!(rich.budget().spent().calls, 1);
}

#[tokio::test(start_paused = true)]
async fn errors_and_what_is_not_of_the_form_asked_for_are_not_kept() {
    let wait = || Step::Wait(Duration::from_millis(10));
    let end = |stop| Step::Delta(Delta::End(stop));
    let text_step = |text: &str| Step::Delta(Delta::Text(text.into()));
    let call = |arguments: &str| {
        let (id, name) = (Some("c".into()), Some("look".into()));
        Step::Delta(Delta::ToolCall { index: 0, id, name, arguments: arguments.into() })
    };
    let error = || Step::Fail(Error::new(ErrorKind::Transient, "reset"));
    for (steps, request) in [
        (vec![wait(), error()], ask("x")),
        (vec![wait(), text_step("half"), error()], ask("x")),
        (vec![wait(), text_step("half")], ask("x")),
        (vec![wait(), text_step(" "), end(StopReason::End)], ask("x")),
        (vec![wait(), text_step("I will not"), end(StopReason::Refused)], ask("x")),
        (vec![wait(), text_step("{\"a\": "), end(StopReason::Length)], ask("x").json()),
        (vec![wait(), call("{\"a\": "), end(StopReason::Length)], ask("x")),
        (vec![wait(), text_step("<think>hm, "), end(StopReason::Length)], ask("x")),
        (vec![wait(), text_step("<think>hm</think>\n"), end(StopReason::End)], ask("x")),
    ] {
        let inner = Arc::new(SteppedModel::new(steps));
        let model = cached(inner.clone());
        let context = cx();
        let both = join_all((0..2).map(|_| whole(&model, request.clone(), &context))).await;
        assert_eq!((both[0].is_err(), inner.calls()), (both[1].is_err(), 1), "they share its end");
        let _ = whole(&model, request, &cx()).await;
        assert_eq!(inner.calls(), 2);
    }
    for steps in
        [vec![call("{}"), end(StopReason::ToolCalls)], vec![text_step("<think>hm</think>\na"), end(StopReason::End)]]
    {
        let inner = Arc::new(SteppedModel::new(steps));
        let model = cached(inner.clone());
        for _ in 0..2 {
            whole(&model, ask("x"), &cx()).await.unwrap();
        }
        assert_eq!(inner.calls(), 1, "what is whole is kept");
    }
    let json = Arc::new(ScriptedModel::new().answer("", "{\"a\": [1]}"));
    let model = cached(json.clone());
    for _ in 0..2 {
        whole(&model, ask("x").json(), &cx()).await.unwrap();
    }
    assert_eq!(json.requests().len(), 1);
}

#[tokio::test]
async fn replies_expire_by_the_runs_clock() {
    let inner = Arc::new(ScriptedModel::new().answer("", "ok"));
    let policy = CachePolicy { time_to_live: Duration::from_secs(60), ..CachePolicy::default() };
    let second: Arc<dyn Cache> = Arc::new(MemoryCache::new());
    let model = Cached::new(inner.clone(), policy).second(second);
    for (seconds, calls) in [(0, 1), (59, 1), (60, 2), (119, 2), (121, 3)] {
        let clock = Arc::new(ManualClock::at(Timestamp(seconds * 1_000_000)));
        text(&model, "x", &Run { clock, ..Run::default() }.cx()).await.unwrap();
        assert_eq!(inner.requests().len(), calls, "after {seconds} s");
    }
}

#[tokio::test]
async fn a_second_level_outlives_the_process() {
    let directory = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(directory.path().join("c.db")).await.unwrap();
    let inner = Arc::new(SteppedModel::deltas(pieces()));
    for _ in 0..3 {
        let model = cached(inner.clone()).second(Arc::new(sqlite.clone()));
        assert_eq!(text(&model, "x", &cx()).await.unwrap(), "ab");
        assert_eq!(text(&model, "x", &cx()).await.unwrap(), "ab");
        assert!(model.trouble().is_none());
    }
    assert_eq!(inner.calls(), 1);
    let other = Arc::new(SteppedModel::deltas(pieces()).named("other"));
    text(&cached(other.clone()).second(Arc::new(sqlite.clone())), "x", &cx()).await.unwrap();
    assert_eq!(other.calls(), 1, "another model's reply is another");
}

/// A cache that fails, or holds rubbish.
struct Bad(bool);

#[async_trait::async_trait]
impl Cache for Bad {
    async fn get(&self, _: &str, keys: &[Key], _: Timestamp) -> Result<Vec<Option<Vec<u8>>>> {
        if self.0 {
            Ok(vec![Some(b"rubbish".to_vec()); keys.len()])
        } else {
            Err(Error::new(ErrorKind::Unavailable, "gone"))
        }
    }
    async fn put(&self, _: &str, _: Vec<CacheEntry>, _: Timestamp) -> Result<()> {
        if self.0 { Ok(()) } else { Err(Error::new(ErrorKind::Unavailable, "gone")) }
    }
    async fn prune(&self, _: &str, _: Retention) -> Result<u64> {
        Ok(0)
    }
}

#[tokio::test]
async fn without_its_second_level_the_model_is_asked() {
    for (rubbish, kind) in [(false, ErrorKind::Unavailable), (true, ErrorKind::Corrupt)] {
        let model = cached(ScriptedModel::new().answer("", "ok")).second(Arc::new(Bad(rubbish)));
        assert_eq!(text(&model, "x", &cx()).await.unwrap(), "ok");
        assert_eq!(model.trouble().unwrap().kind(), kind);
    }
}

#[tokio::test]
async fn it_is_bounded() {
    let inner = Arc::new(ScriptedModel::new().answer("", "x".repeat(10_000)));
    let model = Cached::new(inner.clone(), CachePolicy { max_bytes: 100_000, ..CachePolicy::default() });
    for round in 0..2 {
        for n in 0..100 {
            let Completion { text, .. } = whole(&model, ask(&n.to_string()), &cx()).await.unwrap();
            assert_eq!(text.len(), 10_000, "round {round}");
        }
    }
    assert!(inner.requests().len() > 150, "ten of a hundred fit: {}", inner.requests().len());
}

/// A model that keeps to the deadline of the run, as one behind a server does.
fn heeding() -> Bounded<Arc<SteppedModel>> {
    let texts = (0..5).flat_map(|_| [Step::Delta(Delta::Text("a".into())), Step::Wait(Duration::from_secs(1))]);
    Bounded::new(Arc::new(SteppedModel::new(texts.chain([Step::Delta(Delta::End(StopReason::End))]))))
}

#[tokio::test(start_paused = true)]
async fn those_who_follow_are_not_bound_by_the_deadline_of_the_one_who_leads() {
    let model = cached(heeding());
    let run = |seconds| Run { deadline: Some(Duration::from_secs(seconds)), ..Run::default() }.cx();
    let (short, long, middle) = (run(2), run(60), run(3));
    let (leader, follower, third) =
        tokio::join!(text(&model, "x", &short), text(&model, "x", &long), text(&model, "x", &middle));
    assert_eq!(leader.unwrap_err().kind(), ErrorKind::DeadlineExceeded, "his own time is over");
    assert_eq!(follower.unwrap(), "aaaaa");
    assert_eq!(third.unwrap_err().kind(), ErrorKind::DeadlineExceeded, "he keeps to his own as well");
}

#[tokio::test(start_paused = true)]
async fn the_end_of_anothers_run_is_not_told_as_ones_own() {
    for kind in [ErrorKind::DeadlineExceeded, ErrorKind::Cancelled, ErrorKind::OverBudget] {
        let steps = [Step::Delta(Delta::Text("a".into())), Step::Wait(Duration::from_secs(1))];
        let over = Step::Fail(Error::new(kind, "over"));
        let model = cached(SteppedModel::new(steps.into_iter().chain([over])));
        let (one, other) = (cx(), cx());
        let (leader, follower) = tokio::join!(text(&model, "x", &one), text(&model, "x", &other));
        assert_eq!(leader.unwrap_err().kind(), kind);
        assert_eq!(follower.unwrap_err().kind(), ErrorKind::Transient);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_hangs_ends_by_itself() {
    for steps in [vec![Step::Hang], vec![Step::Delta(Delta::Text("a".into())), Step::Hang]] {
        let inner = Arc::new(SteppedModel::new(steps));
        let model = cached(inner.clone());
        let error = timeout(Duration::from_secs(3_600), text(&model, "x", &cx())).await.unwrap().unwrap_err();
        assert_eq!((error.kind(), inner.under_way()), (ErrorKind::Transient, 0), "{error}");
    }
}

#[tokio::test]
async fn what_one_server_answered_is_not_anothers() {
    let second: Arc<dyn Cache> = Arc::new(MemoryCache::new());
    let at = |place: &str| {
        let inner = Arc::new(SteppedModel::deltas(pieces()).at(place));
        (inner.clone(), cached(Budgeted::new(inner)).second(Arc::clone(&second)))
    };
    let ((here, first), (there, other), (again, same)) = (at("here"), at("there"), at("here"));
    for model in [&first, &other, &same] {
        whole(model, ask("x"), &cx()).await.unwrap();
    }
    assert_eq!((here.calls(), there.calls(), again.calls()), (1, 1, 0));
}
