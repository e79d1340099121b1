//! A run as the stream of its events: what is told when, how far it goes ahead of its reader, and what is left when he goes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use ninefold_core::event::ROOM;
use ninefold_core::{
    AgentCard, Answer, Cx, DecidedBy, Degradation, Delta, Durability, Error, ErrorKind, Event, Events, Model, ModelId,
    ModelRequest, PhaseEnd, Query, Reply, Result, RunId, Scores, StopReason, Subgoal, Task, Verdict,
};
use ninefold_pipeline::phases::Noted;
use ninefold_pipeline::phases::decompose::Decomposition;
use ninefold_pipeline::phases::route::ANYTHING;
use ninefold_pipeline::phases::verify::Verification;
use ninefold_pipeline::{Run, Soar, SoarBuilder, phase};
use ninefold_testkit::{ScriptedModel, Step, SteppedModel};

use crate::fixture::{Notebook, shelf};

const SIMPLE: &str = "What resumes a run?";
const QUESTION: &str = "Compare the left side with the right side and weigh both";

fn planned(subgoals: &'static [(&str, &[&str])]) -> SoarBuilder {
    let subgoal = |(id, after): &(&str, &[&str])| Subgoal {
        depends_on: after.iter().map(|id| (*id).into()).collect(),
        ..Subgoal::new(*id, format!("{QUESTION}: {id}"))
    };
    let builder = Soar::builder().definition("test");
    builder.decompose(move |_: Decomposition, _: Cx| {
        let plan = subgoals.iter().map(subgoal).collect::<Vec<_>>().try_into();
        async { Ok(Noted::new(plan?)) }
    })
}

fn any(name: &str) -> AgentCard {
    AgentCard::new(name, "Does anything").capability(ANYTHING)
}

/// What a stream told, a line each, and what it ended with.
async fn read(mut events: Events<'_, Answer>) -> (Vec<String>, Result<Answer>) {
    let mut lines = Vec::new();
    let mut end = None;
    while let Some(event) = events.next().await {
        assert!(end.is_none(), "something follows the last event");
        match event {
            Ok(Event::Answered(answer)) => end = Some(Ok(*answer)),
            Ok(event) => lines.push(line(&event)),
            Err(error) => end = Some(Err(error)),
        }
    }
    assert!(events.next().await.is_none(), "what has ended stays ended");
    (lines, end.expect("a stream has an end"))
}

fn line(event: &Event<Answer>) -> String {
    match event {
        Event::PhaseStarted { phase } => format!("{phase} .."),
        Event::PhaseFinished { phase, end } => format!("{phase} {end:?}"),
        Event::Planned(plan) => format!("plan of {}", plan.subgoals().len()),
        Event::AgentStarted { subgoal, agent } => format!("{agent} on {subgoal}"),
        Event::Found(finding) => format!("found {}: {}", finding.subgoal, finding.text()),
        Event::SubgoalFailed(failed) => format!("failed {}: {}", failed.subgoal, failed.message),
        Event::TextStarted => "text ..".to_owned(),
        Event::Text(text) => format!("text {text:?}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn everything_is_told_in_its_order_and_the_answer_is_the_same() {
    let agent = |task: Task, _: Cx| async move {
        match task.subgoal.id.0.as_str() {
            "c" => Err(Error::new(ErrorKind::OutOfScope, "broke")),
            id => Ok(format!("about {id}")),
        }
    };
    let deltas = ["Both ", "weigh ", "the same."].map(|text| Delta::Text(text.to_owned()));
    let model = SteppedModel::deltas(deltas.into_iter().chain([Delta::End(StopReason::End)]));
    let build = planned(&[("a", &[]), ("b", &["a"]), ("c", &["b"]), ("d", &["c"])]).agent(any("worker"), agent);
    let soar = build
        .verify(|_: Verification, _: Cx| async { Ok(Noted::new(passed())) })
        .model(Arc::new(model))
        .build()
        .unwrap();
    let (lines, streamed) = read(soar.stream(Query::new(QUESTION).run(RunId(1)))).await;
    insta::assert_snapshot!(lines.join("\n"), @r#"
    normalize ..
    normalize Done
    assess ..
    assess Done
    retrieve ..
    retrieve Done
    decompose ..
    decompose Done
    verify ..
    verify Done
    plan of 4
    route ..
    route Done
    collect ..
    worker on a
    found a: about a
    worker on b
    found b: about b
    worker on c
    failed c: worker: broke
    failed d: not started, because c failed
    collect Done
    synthesize ..
    text ..
    text "Both "
    text "weigh "
    text "the same."
    synthesize Done
    record ..
    record Done
    respond ..
    respond Done
    "#);
    assert_eq!(streamed.unwrap(), soar.answer(Query::new(QUESTION).run(RunId(1))).await.unwrap());
}

fn passed() -> Verdict {
    let scores = Scores { completeness: 1.0, consistency: 1.0, groundedness: 1.0, routability: 1.0 };
    Verdict::new(scores, Vec::new(), DecidedBy::Rules)
}

#[tokio::test(start_paused = true)]
async fn a_finding_is_told_when_it_comes_and_not_when_all_are_there() {
    let start = tokio::time::Instant::now();
    let agent = |task: Task, _: Cx| async move {
        let slow = task.subgoal.id.0 == "slow";
        tokio::time::sleep(Duration::from_secs(if slow { 50 } else { 1 })).await;
        Ok("found")
    };
    let soar = planned(&[("slow", &[]), ("quick", &[])]).agent(any("worker"), agent).build().unwrap();
    let mut events = soar.stream(QUESTION);
    let mut when = Vec::new();
    while let Some(event) = events.next().await {
        if let Event::Found(finding) = event.unwrap() {
            when.push(format!("{} {}", start.elapsed().as_secs(), finding.subgoal));
        }
    }
    assert_eq!(when, ["1 quick", "50 slow"]);
}

/// Writes very much, and knows how much of it was taken and whether somebody still reads.
#[derive(Clone, Default)]
struct Torrent {
    taken: Arc<AtomicUsize>,
    open: Arc<()>,
}

const PIECE: usize = 64 * 1024;
const PIECES: usize = 100 * 1024 * 1024 / PIECE;

#[async_trait]
impl Model for Torrent {
    fn id(&self) -> &ModelId {
        static ID: std::sync::LazyLock<ModelId> = std::sync::LazyLock::new(|| ModelId::new("test", "torrent"));
        &ID
    }

    async fn send(&self, _: ModelRequest, _: &Cx) -> Result<Reply> {
        let (taken, open) = (Arc::clone(&self.taken), Arc::clone(&self.open));
        Ok(Reply::stream(stream::iter(0..PIECES).map(move |_| {
            let _open = &open;
            taken.fetch_add(1, Ordering::SeqCst);
            Ok(Delta::Text("x".repeat(PIECE)))
        })))
    }
}

fn torrential() -> (Torrent, Soar) {
    let torrent = Torrent::default();
    let store = shelf(&[("a.txt", "The journal resumes a run.", &[])]);
    let soar = Soar::builder().store(Arc::new(store)).model(Arc::new(torrent.clone())).build().unwrap();
    (torrent, soar)
}

#[tokio::test]
async fn a_model_that_writes_100_megabytes_goes_no_further_ahead_than_there_is_room() {
    let (torrent, soar) = torrential();
    let mut events = soar.stream(SIMPLE);
    let (mut heard, mut most) = (0, 0);
    let answer = loop {
        match events.next().await.unwrap().unwrap() {
            Event::Text(text) => {
                assert_eq!(text.len(), PIECE);
                heard += 1;
                most = most.max(torrent.taken.load(Ordering::SeqCst) - heard);
            }
            Event::Answered(answer) => break answer,
            _ => {}
        }
    };
    assert!(most <= ROOM + 1, "{most} pieces were ahead of the reader");
    assert!(heard * PIECE >= ninefold_core::model::MAX_REPLY_BYTES && heard < 70, "{heard} pieces of {PIECES}");
    assert_eq!(answer.text, "The journal resumes a run. [1]");
    assert!(matches!(&answer.degradations[..], [Degradation::ModelUnusable { cause: ErrorKind::TooLong, .. }, ..]));
}

#[tokio::test]
async fn while_nobody_reads_the_run_stands_still_and_dropping_it_ends_the_reply() {
    let (torrent, soar) = torrential();
    let mut events = soar.stream(SIMPLE);
    while !matches!(events.next().await.unwrap().unwrap(), Event::Text(_)) {}
    let taken = torrent.taken.load(Ordering::SeqCst);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(torrent.taken.load(Ordering::SeqCst), taken, "nothing goes on by itself");
    assert!(Arc::strong_count(&torrent.open) > 2, "the reply is under way");
    drop(events);
    drop(soar);
    assert_eq!(Arc::strong_count(&torrent.open), 1, "the reply is gone with its reader");
}

#[tokio::test]
async fn a_stream_that_is_dropped_unread_never_began() {
    let (torrent, soar) = torrential();
    drop(soar.stream(SIMPLE));
    assert_eq!(torrent.taken.load(Ordering::SeqCst), 0);
}

struct Working(Arc<AtomicUsize>);

impl Drop for Working {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn dropping_the_stream_stops_all_agents() {
    let at_work = Arc::new(AtomicUsize::new(0));
    let agent = {
        let at_work = Arc::clone(&at_work);
        move |_: Task, _: Cx| {
            let at_work = Arc::clone(&at_work);
            async move {
                at_work.fetch_add(1, Ordering::SeqCst);
                let _working = Working(at_work);
                std::future::pending::<Result<String>>().await
            }
        }
    };
    let soar = planned(&[("a", &[]), ("b", &[]), ("c", &[])]).agent(any("worker"), agent).build().unwrap();
    let mut events = soar.stream(QUESTION);
    let mut started = 0;
    while started < 3 {
        started += usize::from(matches!(events.next().await.unwrap().unwrap(), Event::AgentStarted { .. }));
    }
    // The last one is announced before it works.
    assert!(events.next().now_or_never().is_none());
    assert_eq!(at_work.load(Ordering::SeqCst), 3);
    drop(events);
    assert_eq!(at_work.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_error_is_the_last_event_and_comes_once() {
    let soar = Soar::builder().build().unwrap();
    let (lines, end) = read(soar.stream(" ")).await;
    assert_eq!(lines, ["normalize ..", "normalize Failed(InvalidInput)"]);
    let error = end.unwrap_err();
    assert_eq!((error.kind(), error.phase()), (ErrorKind::InvalidInput, Some("normalize")));
}

#[tokio::test]
async fn a_durable_run_tells_what_was_replayed_and_what_was_found_then() {
    let notebook = Arc::new(Notebook::default());
    let calls = Arc::new(AtomicUsize::new(0));
    let build = || {
        let calls = Arc::clone(&calls);
        let agent = move |task: Task, _: Cx| {
            calls.fetch_add(1, Ordering::SeqCst);
            async move { Ok(format!("about {}", task.subgoal.id)) }
        };
        let builder = planned(&[("a", &[]), ("b", &["a"])]).agent(any("worker"), agent);
        builder.journal(notebook.clone(), Durability::Phase).build().unwrap()
    };
    let (first, soar) = (build(), build());
    let (live, answer) = read(first.stream(Query::new(QUESTION).run(RunId(3)))).await;
    let (again, same) = read(Events::of(|teller| soar.resume_to(RunId(3), None, Some(teller)))).await;
    assert_eq!(same.unwrap(), answer.unwrap());
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    let ends = |lines: &[String], end: &str| lines.iter().filter(|line| line.ends_with(end)).count();
    assert_eq!((ends(&live, " Done"), ends(&again, " Replayed"), ends(&again, " Done")), (10, 10, 0));
    let found = |lines: &[String]| lines.iter().filter(|line| line.starts_with("found")).cloned().collect::<Vec<_>>();
    assert_eq!(found(&again), ["found a: about a", "found b: about b"]);
    assert_eq!(found(&live), found(&again));
}

#[tokio::test]
async fn a_listener_and_a_reader_hear_the_same_text_and_no_reasoning() {
    let heard = Arc::new(Mutex::new(String::new()));
    let said = ["<thi", "nk>hm</think>", "It is ", "so."].map(|text| Delta::Text(text.to_owned()));
    let steps = said.into_iter().chain([Delta::End(StopReason::End)]).map(Step::Delta);
    let listener = Arc::clone(&heard);
    let soar = Soar::builder().model(Arc::new(SteppedModel::new(steps)));
    let soar = soar.on_text(move |text| listener.lock().unwrap().push_str(text)).build().unwrap();
    let mut events = soar.stream(SIMPLE);
    let mut text = String::new();
    while let Some(event) = events.next().await {
        if let Event::Text(more) = event.unwrap() {
            text.push_str(&more);
        }
    }
    assert_eq!((text.as_str(), heard.lock().unwrap().as_str()), ("It is so.", "It is so."));
}

#[tokio::test]
async fn a_pipeline_of_ones_own_is_streamed_and_its_phases_tell_what_they_like() {
    let count = phase("count", |text: String, cx: Cx| async move {
        for word in text.split(' ') {
            cx.tell(|| Event::Text(word.to_owned())).await;
        }
        Ok(text.len())
    });
    // More than a task may do at once by tokio's own reckoning, and more than there is room for.
    let text = "word ".repeat(1_000);
    let mut events: Events<'_, usize> =
        Events::of(|teller| Run::new("own").teller(teller).execute(&(), async |cx| count.run(text.clone(), &cx).await));
    let mut told = Vec::new();
    while let Some(event) = events.next().await {
        told.push(event.unwrap());
    }
    assert_eq!(told.len(), 1_001 + 3);
    assert_eq!(told[0], Event::PhaseStarted { phase: "count".into() });
    assert_eq!(told[1_002], Event::PhaseFinished { phase: "count".into(), end: PhaseEnd::Done });
    assert_eq!(told[1_003], Event::Answered(Box::new(5_000)));
}

#[tokio::test]
async fn a_try_that_failed_is_told_from_the_next() {
    let store = shelf(&[("a.txt", "The journal resumes a run.", &[])]);
    let model = ScriptedModel::new().break_off("", "The jour");
    let soar = Soar::builder().store(Arc::new(store)).model(Arc::new(model)).build().unwrap();
    let (lines, answer) = read(soar.stream(SIMPLE)).await;
    let text: Vec<_> = lines.iter().filter(|line| line.starts_with("text")).map(String::as_str).collect();
    assert_eq!(text, ["text ..", "text \"The jour\""], "it was written and does not count");
    assert_eq!(answer.unwrap().text, "The journal resumes a run. [1]");
}
