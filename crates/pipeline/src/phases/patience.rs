//! How long a run waits for what it can do without: its memory may hang, and its answer is not lost for that.

use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use ninefold_core::{Cx, Degradation, Error, ErrorKind, Phase, Result};
use tokio::time::Instant;

use super::Noted;
use super::record::Recording;
use crate::layers::cache::poll_once;

/// How long what earlier runs have taught may take to be looked up: planning anew takes a model about as long.
pub(crate) const RECALL: Duration = Duration::from_secs(2);
/// How long it may take to compare what a subgoal means with agents' examples: words decide otherwise, and mostly rightly.
pub(crate) const MEANING: Duration = Duration::from_secs(5);
/// How long it may take to note what came of a run: whoever asked waits for his answer meanwhile.
pub(crate) const RECORD: Duration = Duration::from_secs(10);
/// Of the time that is left until the run's deadline, one part in so many: what must be done has the rest.
const PART: u32 = 4;

/// Does work within a limit and a part of what is left until the run's deadline. Beyond that it is `Unavailable`, which ends no
/// run, as `DeadlineExceeded` does. The clock is read, and the timer set, only when the work has to wait.
pub(crate) async fn within<T>(limit: Duration, cx: &Cx, work: impl Future<Output = Result<T>>) -> Result<T> {
    let mut work = pin!(work);
    if let Poll::Ready(done) = poll_once(work.as_mut()).await {
        return done;
    }
    let part = cx.deadline().map(|deadline| deadline.saturating_duration_since(Instant::now()) / PART);
    let limit = part.map_or(limit, |part| part.min(limit));
    let late = |_| Err(Error::new(ErrorKind::Unavailable, format!("it took longer than {limit:?}")));
    Box::pin(tokio::time::timeout(limit, work)).await.unwrap_or_else(late)
}

/// The phase `record`, whosever it is, given up after a limit: the answer is there and stands.
pub(crate) struct Patient<P> {
    pub(crate) record: P,
    pub(crate) limit: Duration,
}

impl<P: Phase<Recording, Out = Noted<()>>> Phase<Recording> for Patient<P> {
    type Out = Noted<()>;

    async fn run(&self, input: Recording, cx: &Cx) -> Result<Noted<()>> {
        let recorded = async { Ok(self.record.run(input, cx).await) };
        match within(self.limit, cx, recorded).await {
            Ok(recorded) => recorded,
            Err(late) => Ok(Noted::new(()).with(Degradation::NotRecorded { message: late.to_string() })),
        }
    }
}
