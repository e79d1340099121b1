//! Streamed runs have the same account as others, whoever listens to their spans.

use std::sync::Arc;

use ninefold::profile::{self, Outcome, Profile, Statistics};
use ninefold::store::MemoryStore;
use ninefold::{AgentCard, Chunk, ChunkKind, Cx, Document, ErrorKind, Event, Key, Soar, Source, Store, Task};
use tracing_subscriber::layer::SubscriberExt as _;

const COMPLEX: &str = "Compare the left with the right and recommend one of them";

async fn soar(statistics: &Arc<Statistics>) -> Soar {
    let agent = |task: Task, _: Cx| async move { Ok(format!("found out: {}", task.subgoal.description)) };
    let builder = Soar::builder().statistics(Arc::clone(statistics));
    builder.agent(AgentCard::new("worker", "Works").capability("*"), agent).build().await.unwrap()
}

/// The run as a tree without its times.
fn shape(profile: &Profile) -> Vec<String> {
    let tree = profile.tree();
    tree.nodes().iter().map(|node| format!("{} {:?}", node.title(), node.outcome)).collect()
}

async fn streamed(soar: &Soar) -> ninefold::Answer {
    let mut events = soar.stream(COMPLEX);
    let mut answer = None;
    while let Some(event) = events.next().await {
        // Something of the reader's own between any two polls; none of it is the run's.
        ninefold::core::span::store().in_scope(|| ());
        tokio::task::yield_now().await;
        if let Event::Answered(last) = event.unwrap() {
            answer = Some(*last);
        }
    }
    answer.unwrap()
}

#[tokio::test]
async fn a_streamed_run_has_the_account_of_any_run_with_and_without_a_subscriber_of_the_host() {
    let statistics = Arc::new(Statistics::new());
    let soar = soar(&statistics).await;
    for host in [false, true] {
        let _host =
            host.then(|| tracing::subscriber::set_default(tracing_subscriber::registry().with(profile::layer())));
        let (plain, streamed) = (soar.answer(COMPLEX).await.unwrap(), streamed(&soar).await);
        assert!(streamed.profile.is_available());
        assert_eq!(shape(&streamed.profile), shape(&plain.profile), "host: {host}");
        assert_eq!((&streamed.text, &streamed.citations), (&plain.text, &plain.citations));
    }
    assert_eq!(statistics.snapshot().runs(), 4);
}

#[tokio::test]
async fn two_streams_that_are_read_by_turns_keep_their_spans_apart() {
    let statistics = Arc::new(Statistics::new());
    let soar = soar(&statistics).await;
    let expected = shape(&soar.answer(COMPLEX).await.unwrap().profile);
    let mut streams = [soar.stream(COMPLEX), soar.stream(COMPLEX), soar.stream(COMPLEX)];
    let mut answers = Vec::new();
    while answers.len() < streams.len() {
        for events in &mut streams {
            if let Some(Ok(Event::Answered(answer))) = events.next().await {
                answers.push(answer);
            }
        }
    }
    for answer in answers {
        assert_eq!(shape(&answer.profile), expected);
    }
}

#[tokio::test]
async fn a_wait_for_the_reader_is_a_wait_in_a_queue() {
    let store = MemoryStore::new();
    let chunk = Chunk::new("a.txt", ChunkKind::Text, "The journal resumes a run.");
    store.put(vec![Document::new(Source::new("a.txt", Key::of_bytes(b"a")), vec![chunk])]).await.unwrap();
    // A model that writes more pieces at once than there is room for.
    let pieces = (0..200).map(|_| ninefold::core::Delta::Text("so ".to_owned()));
    let end = ninefold::core::Delta::End(ninefold::core::StopReason::End);
    let model = ninefold_testkit::SteppedModel::deltas(pieces.chain([end]));
    let soar = Soar::builder().store(Arc::new(store)).model(model).build().await.unwrap();
    let mut events = soar.stream("What resumes a run?");
    let mut text = String::new();
    let answer = loop {
        match events.next().await.unwrap().unwrap() {
            Event::Text(more) => text.push_str(&more),
            Event::Answered(answer) => break answer,
            _ => {}
        }
    };
    assert_eq!(text, "so ".repeat(200));
    let tree = answer.profile.tree();
    let queues: Vec<_> = tree.nodes().iter().filter(|node| node.name == "queue").collect();
    assert!(!queues.is_empty() && queues.iter().all(|node| node.outcome.is_none()), "{}", answer.profile.outline());
}

#[tokio::test]
async fn a_dropped_stream_is_counted_as_a_run_that_was_cancelled() {
    let statistics = Arc::new(Statistics::new());
    let hang = |_: Task, _: Cx| std::future::pending::<ninefold::Result<String>>();
    let builder = Soar::builder().statistics(Arc::clone(&statistics));
    let soar = builder.agent(AgentCard::new("hang", "Hangs").capability("*"), hang).build().await.unwrap();
    let mut events = soar.stream(COMPLEX);
    while !matches!(events.next().await.unwrap().unwrap(), Event::AgentStarted { .. }) {}
    drop(events);
    assert_eq!(statistics.snapshot().runs(), 1);
    assert!(statistics.snapshot().table().to_string().contains("cancelled"));
    drop(soar.stream(COMPLEX));
    assert_eq!(statistics.snapshot().runs(), 1, "a run that never began is none");
}

#[tokio::test]
async fn a_stream_goes_to_another_task_and_outlives_its_pipeline() {
    let statistics = Arc::new(Statistics::new());
    let events = soar(&statistics).await.stream(" ");
    let read = tokio::spawn(async move {
        let mut events = events;
        let mut last = None;
        while let Some(event) = events.next().await {
            last = Some(event);
        }
        last.unwrap().unwrap_err()
    });
    let failure = read.await.unwrap();
    assert_eq!(failure.error.kind(), ErrorKind::InvalidInput);
    let tree = failure.profile.tree();
    assert!(tree.nodes().iter().any(|node| node.outcome == Some(Outcome::Failed)));
}
