//! Statistics of a pipeline: every run is in them, the failed and the resumed ones too.

use std::sync::Arc;
use std::time::Duration;

use ninefold::profile::Statistics;
use ninefold::store::MemoryJournal;
use ninefold::{AgentCard, Cx, Error, ErrorKind, Query, Result, RunId, Soar, Task};

const COMPLEX: &str = "Compare the left with the right and recommend one of them";

#[tokio::test]
async fn answered_runs_are_recorded_by_every_pipeline_that_shares_them() {
    let statistics = Arc::new(Statistics::new());
    let one = Soar::builder().statistics(Arc::clone(&statistics)).build().await.unwrap();
    let other = Soar::builder().statistics(Arc::clone(&statistics)).build().await.unwrap();
    for n in 0..10 {
        let soar = if n % 2 == 0 { one.clone() } else { other.clone() };
        soar.answer("What is a phase?").await.unwrap();
    }
    other.answer(COMPLEX).await.unwrap();
    let snapshot = statistics.snapshot();
    assert_eq!((snapshot.runs(), snapshot.unavailable()), (11, 0));
    assert_eq!(snapshot.phase("retrieve").unwrap().wall().count(), 11);
    assert_eq!(snapshot.phase("decompose").unwrap().wall().count(), 1);
    assert!(snapshot.total().wall().median() > Duration::ZERO);
    let names: Vec<_> = snapshot.phases().into_iter().map(|(name, _)| name).collect();
    assert_eq!((names.first(), names.last()), (Some(&"normalize"), Some(&"respond")));
}

#[tokio::test]
async fn failed_runs_are_recorded_with_their_failure() {
    let statistics = Arc::new(Statistics::new());
    let soar = Soar::builder()
        .statistics(Arc::clone(&statistics))
        .pipeline(|pipeline| pipeline.max_question_bytes(40))
        .build()
        .await
        .unwrap();
    soar.answer("What is a phase?").await.unwrap();
    let failure = soar.answer("x".repeat(41)).await.unwrap_err();
    assert_eq!(failure.error.kind(), ErrorKind::TooLong);
    let snapshot = statistics.reset();
    assert_eq!((snapshot.runs(), snapshot.total().counts().failed), (2, 1));
    assert_eq!(snapshot.phase("normalize").unwrap().counts().failed, 1);
    assert_eq!(snapshot.phase("respond").unwrap().counts().runs, 1);
    assert_eq!(statistics.snapshot().runs(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_nobody_waits_for_any_longer_is_recorded_as_cancelled() {
    let statistics = Arc::new(Statistics::new());
    let never = |_: Task, _: Cx| std::future::pending::<Result<String, Error>>();
    let builder = Soar::builder().statistics(Arc::clone(&statistics));
    let soar = builder.agent(AgentCard::new("worker", "Works").capability("*"), never).build().await.unwrap();
    let given_up = tokio::time::timeout(Duration::from_secs(2), soar.answer(COMPLEX)).await;
    assert!(given_up.is_err());
    let snapshot = statistics.snapshot();
    assert_eq!((snapshot.runs(), snapshot.total().counts().cancelled), (1, 1));
    assert_eq!(snapshot.phase("collect").unwrap().counts().cancelled, 1);
}

#[tokio::test]
async fn a_resumed_run_is_recorded_and_its_replayed_phases_have_no_time() {
    let statistics = Arc::new(Statistics::new());
    let journal = Arc::new(MemoryJournal::new());
    let build = async |fails: bool| {
        let agent = move |_: Task, _: Cx| async move {
            if fails {
                std::future::pending::<()>().await;
            }
            Ok::<_, Error>("found".to_owned())
        };
        let builder = Soar::builder().journal(journal.clone()).statistics(Arc::clone(&statistics));
        builder.agent(AgentCard::new("worker", "Works").capability("*"), agent).build().await.unwrap()
    };
    let query = Query::new(COMPLEX).run(RunId(7)).deadline(Duration::from_millis(200));
    let first: Result<_, _> = build(true).await.answer(query).await;
    assert_eq!(first.unwrap_err().error.kind(), ErrorKind::DeadlineExceeded);
    build(false).await.resume(RunId(7), None).await.unwrap();
    let snapshot = statistics.snapshot();
    let retrieve = snapshot.phase("retrieve").unwrap();
    assert_eq!((retrieve.counts().runs, retrieve.counts().replayed, retrieve.wall().count()), (2, 1, 1));
    assert_eq!((snapshot.runs(), snapshot.total().wall().count()), (2, 1));
}

#[tokio::test]
async fn a_host_without_the_layer_has_its_runs_counted_apart() {
    let statistics = Arc::new(Statistics::new());
    let soar = Soar::builder().statistics(Arc::clone(&statistics)).build().await.unwrap();
    let _host = tracing::subscriber::set_default(tracing_subscriber::registry());
    soar.answer("What is a phase?").await.unwrap();
    let snapshot = statistics.snapshot();
    assert_eq!((snapshot.runs(), snapshot.unavailable()), (0, 1));
    assert!(snapshot.table().to_string().contains("1 run of no known profile"), "{}", snapshot.table());
}
