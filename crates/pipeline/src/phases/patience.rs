//! How long a run waits for what it can do without: its memory may hang, and its answer is not lost for that.

use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use ninefold_core::{Cx, Degradation, Error, ErrorKind, Phase, Result};

use super::Noted;
use super::record::Recording;
use crate::layers::cache::poll_once;

/// How long what earlier runs have taught may take to be looked up: planning anew takes a model about as long.
pub(crate) const RECALL: Duration = Duration::from_secs(2);

/// Does work within a limit, beyond which it is `Unavailable`: that ends no run, as `DeadlineExceeded` does. The timer is set
/// only when the work has to wait.
pub(crate) async fn within<T>(limit: Duration, work: impl Future<Output = Result<T>>) -> Result<T> {
    let mut work = pin!(work);
    if let Poll::Ready(done) = poll_once(work.as_mut()).await {
        return done;
    }
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
        match within(self.limit, recorded).await {
            Ok(recorded) => recorded,
            Err(late) => Ok(Noted::new(()).with(Degradation::NotRecorded { message: late.to_string() })),
        }
    }
}
