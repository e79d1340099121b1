//! Runs that end early: dropped by the host, out of time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ninefold_core::{AgentCard, Cx, ErrorKind, Query, Task};
use ninefold_pipeline::Soar;
use ninefold_pipeline::phases::route::ANYTHING;

const QUESTION: &str = "Compare the left side with the right side and weigh both";

/// Counts agents that started and agents that were stopped.
#[derive(Default)]
struct Count {
    started: AtomicU32,
    stopped: AtomicU32,
}

struct Working(Arc<Count>);

impl Drop for Working {
    fn drop(&mut self) {
        self.0.stopped.fetch_add(1, Ordering::SeqCst);
    }
}

fn hanging(count: &Arc<Count>) -> Soar {
    let count = Arc::clone(count);
    let agent = move |_: Task, _: Cx| {
        let count = Arc::clone(&count);
        async move {
            count.started.fetch_add(1, Ordering::SeqCst);
            let _working = Working(count);
            std::future::pending::<()>().await;
            Ok("never")
        }
    };
    Soar::builder().agent(AgentCard::new("hangs", "Hangs").capability(ANYTHING), agent).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_dropped_run_stops_its_agents() {
    let count = Arc::new(Count::default());
    let soar = hanging(&count);
    let answer = tokio::time::timeout(Duration::from_secs(1), soar.answer(QUESTION)).await;
    assert!(answer.is_err());
    let (started, stopped) = (count.started.load(Ordering::SeqCst), count.stopped.load(Ordering::SeqCst));
    assert!(started > 0 && started == stopped, "{started} started, {stopped} stopped");
}

#[tokio::test(start_paused = true)]
async fn the_run_deadline_ends_the_run_and_not_only_the_agent() {
    let count = Arc::new(Count::default());
    let error = hanging(&count).answer(Query::new(QUESTION).deadline(Duration::from_secs(3))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
    // Agent and phase wait for the same deadline; which of them hears it first is the timer's business.
    assert!(matches!(error.phase(), Some("hangs" | "collect")), "{error}");
    assert_eq!(count.started.load(Ordering::SeqCst), count.stopped.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_deadline_of_zero_calls_nobody() {
    let count = Arc::new(Count::default());
    let error = hanging(&count).answer(Query::new(QUESTION).deadline(Duration::ZERO)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
    assert_eq!(count.started.load(Ordering::SeqCst), 0);
}
