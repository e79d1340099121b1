//! What happens in a run, told while it happens to whoever reads it.
//!
//! The reader drives the run: while he does not poll, it stands still, and what is told waits in a room of [`ROOM`] events; when
//! that is full, whoever tells waits as well. Time goes on meanwhile, and deadlines with it. Dropping the stream stops the run.

use std::convert::Infallible;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_core::future::BoxFuture;
use serde::Serialize;
use smol_str::SmolStr;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::error::{Error, ErrorKind};
use crate::finding::{FailedSubgoal, Finding};
use crate::inside::inside;
use crate::plan::{Plan, SubgoalId};
use crate::span;
use crate::suspension::OpenInquiry;

/// So many events wait for the reader; then the run waits for him.
pub const ROOM: usize = 32;

/// One thing that happens in a run. Only a stream's last event is [`Event::Answered`]: what is told inside of a run cannot be, by
/// its type. As JSON it is an object: `event` names it in snake case, and `data` is what belongs to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", content = "data", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event<A = Infallible> {
    /// A phase begins.
    PhaseStarted {
        /// Its name.
        phase: SmolStr,
    },
    /// A phase has ended. How long it took is in the account of the run, which has the only clock.
    PhaseFinished {
        /// Its name.
        phase: SmolStr,
        /// How.
        end: PhaseEnd,
    },
    /// This plan was verified and is carried out now.
    Planned(Arc<Plan>),
    /// An agent begins to work on a subgoal.
    AgentStarted {
        /// The subgoal.
        subgoal: SubgoalId,
        /// The agent's name.
        agent: SmolStr,
    },
    /// An agent has found something; told at once, not when all are done.
    Found(Finding),
    /// A subgoal will have no finding.
    SubgoalFailed(FailedSubgoal),
    /// A model begins to write the answer's text. Text that came before belongs to a try that no longer counts.
    TextStarted,
    /// More of what the model writes, before its citations are checked and numbered. The answer may differ, and is all that counts.
    Text(String),
    /// A person is asked; when nothing else is left to do, the run is suspended until he has answered.
    Asked(OpenInquiry),
    /// The answer, and the stream's end.
    Answered(Box<A>),
}

/// How a phase ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PhaseEnd {
    /// It did its work.
    Done,
    /// Its output came from the journal.
    Replayed,
    /// Its output came from a cache.
    Cached,
    /// It waits for a person.
    Suspended,
    /// It failed, with an error of this class.
    Failed(ErrorKind),
}

impl From<&Error> for PhaseEnd {
    fn from(error: &Error) -> Self {
        if error.is_suspension() { Self::Suspended } else { Self::Failed(error.kind()) }
    }
}

impl Event {
    /// The same event in a stream whose answers are of another type.
    fn widen<A>(self) -> Event<A> {
        match self {
            Self::PhaseStarted { phase } => Event::PhaseStarted { phase },
            Self::PhaseFinished { phase, end } => Event::PhaseFinished { phase, end },
            Self::Planned(plan) => Event::Planned(plan),
            Self::AgentStarted { subgoal, agent } => Event::AgentStarted { subgoal, agent },
            Self::Found(finding) => Event::Found(finding),
            Self::SubgoalFailed(failed) => Event::SubgoalFailed(failed),
            Self::TextStarted => Event::TextStarted,
            Self::Text(text) => Event::Text(text),
            Self::Asked(open) => Event::Asked(open),
            Self::Answered(never) => match *never {},
        }
    }
}

/// Where a run tells its events; [`Cx::tell`](crate::Cx::tell) speaks to it. Cloning shares it.
#[derive(Clone)]
pub struct Teller(mpsc::Sender<Event>);

impl Teller {
    /// Tells an event; waits, inside a `queue` span, while there is no room. When nobody reads any more, nothing happens.
    pub(crate) async fn tell(&self, event: Event) {
        let event = match self.0.try_send(event) {
            Ok(()) | Err(TrySendError::Closed(_)) => return,
            Err(TrySendError::Full(event)) => event,
        };
        // Nobody reads any more, or he has read: either way there is nothing left to wait for.
        let _ = inside(span::queue(), self.0.send(event)).await;
    }
}

impl fmt::Debug for Teller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Teller(..)")
    }
}

/// A run as the stream of its events. The last one is the answer or the error, exactly once; then there is nothing. It holds
/// the run's future and needs no runtime of its own; dropping it stops the run, its agents and the model's reply.
///
/// ```
/// use ninefold_core::Error;
/// use ninefold_core::event::{Event, Events};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
/// let mut events: Events<'_, u32> = Events::of(|teller| async move {
///     drop(teller); // goes to a run's context
///     Ok(7)
/// });
/// assert_eq!(events.next().await.transpose()?, Some(Event::Answered(Box::new(7))));
/// assert_eq!(events.next().await.transpose()?, None);
/// # Ok(()) }
/// ```
#[must_use = "a run is driven by whoever reads its events"]
pub struct Events<'a, A, E = Error> {
    work: Option<BoxFuture<'a, Result<A, E>>>,
    told: mpsc::Receiver<Event>,
    end: Option<Result<Event<A>, E>>,
}

impl<'a, A, E> Events<'a, A, E> {
    /// The events of `work`, which gets whom to tell them to. It begins when the stream is polled.
    pub fn of<F>(work: impl FnOnce(Teller) -> F) -> Self
    where
        F: Future<Output = Result<A, E>> + Send + 'a,
    {
        let (tell, told) = mpsc::channel(ROOM);
        Self { work: Some(Box::pin(work(Teller(tell)))), told, end: None }
    }

    /// The next event; none after the last. Dropping this future loses nothing.
    pub async fn next(&mut self) -> Option<Result<Event<A>, E>> {
        poll_fn(|context| self.poll_event(context)).await
    }

    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Event<A>, E>>> {
        if let Poll::Ready(Some(event)) = self.told.poll_recv(context) {
            return Poll::Ready(Some(Ok(event.widen())));
        }
        if let Some(work) = &mut self.work {
            match work.as_mut().poll(context) {
                Poll::Ready(result) => {
                    self.work = None;
                    self.told.close();
                    self.end = Some(result.map(|answer| Event::Answered(Box::new(answer))));
                }
                Poll::Pending => {
                    let Poll::Ready(Some(event)) = self.told.poll_recv(context) else { return Poll::Pending };
                    return Poll::Ready(Some(Ok(event.widen())));
                }
            }
        }
        // Not by `poll_recv`, which says that nothing is there when the task has had its share of time.
        match self.told.try_recv() {
            Ok(event) => Poll::Ready(Some(Ok(event.widen()))),
            Err(_) => Poll::Ready(self.end.take()),
        }
    }
}

impl<A, E> Unpin for Events<'_, A, E> {}

impl<A, E> Stream for Events<'_, A, E> {
    type Item = Result<Event<A>, E>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_event(context)
    }
}

impl<A, E> fmt::Debug for Events<'_, A, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("running", &self.work.is_some()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use futures_util::future::join_all;
    use proptest::prelude::*;

    use super::*;

    /// What a strand of a run does next.
    #[derive(Debug, Clone, Copy)]
    enum Act {
        Tell,
        Yield,
        Hang,
    }

    async fn strand(name: usize, acts: Vec<Act>, teller: Teller) {
        let mut told = 0;
        for act in acts {
            match act {
                Act::Tell => {
                    teller.tell(Event::Text(format!("{name} {told}"))).await;
                    told += 1;
                }
                Act::Yield => {
                    let mut yielded = false;
                    poll_fn(|context| {
                        context.waker().wake_by_ref();
                        if std::mem::replace(&mut yielded, true) { Poll::Ready(()) } else { Poll::Pending }
                    })
                    .await;
                }
                Act::Hang => std::future::pending().await,
            }
        }
    }

    fn acts() -> impl Strategy<Value = Vec<Vec<Act>>> {
        let act = prop_oneof![2 => Just(Act::Tell), 1 => Just(Act::Yield)];
        prop::collection::vec(prop::collection::vec(act, 0..90), 1..5)
    }

    proptest! {
        /// Whatever strands tell and however they wait, and whoever of their readers gives up waiting for an event and waits anew: each
        /// strand's events come whole and in order, then the end, once.
        #[test]
        fn no_event_is_lost_or_doubled(strands in acts(), fails in any::<bool>(), impatient in prop::collection::vec(any::<bool>(), 64)) {
            let expected: Vec<usize> =
                strands.iter().map(|acts| acts.iter().filter(|act| matches!(act, Act::Tell)).count()).collect();
            let mut events: Events<'_, u8, u8> = Events::of(|teller| {
                let work = join_all(strands.into_iter().enumerate().map(|(n, acts)| strand(n, acts, teller.clone())));
                async move { work.await; if fails { Err(1) } else { Ok(2) } }
            });
            let mut told = vec![0; expected.len()];
            let mut end = None;
            for turn in 0..10_000 {
                let next = if impatient[turn % impatient.len()] {
                    // Made, polled once, and dropped when there is nothing yet.
                    events.next().now_or_never()
                } else {
                    let mut context = Context::from_waker(std::task::Waker::noop());
                    match Pin::new(&mut events).poll_next(&mut context) {
                        Poll::Ready(event) => Some(event),
                        Poll::Pending => None,
                    }
                };
                match next {
                    None => {}
                    Some(Some(Ok(Event::Text(text)))) => {
                        prop_assert!(end.is_none());
                        let (strand, n) = text.split_once(' ').unwrap();
                        let strand: usize = strand.parse().unwrap();
                        prop_assert_eq!(n.parse::<usize>().unwrap(), told[strand]);
                        told[strand] += 1;
                    }
                    Some(Some(other)) => {
                        prop_assert!(end.replace(other.map(|_| ())).is_none());
                    }
                    Some(None) => break,
                }
            }
            prop_assert_eq!(told, expected);
            prop_assert_eq!(end, Some(if fails { Err(1) } else { Ok(()) }));
            prop_assert!(events.next().now_or_never().unwrap().is_none());
        }
    }

    proptest! {
        /// Wherever a stream is dropped, what was read until then was in order, and nothing of its work is left.
        #[test]
        fn a_stream_dropped_anywhere_leaves_nothing_behind(strands in acts(), turns in 0..400_usize) {
            let guard = Arc::new(());
            let mut events: Events<'_, u8> = Events::of(|teller| {
                let work = join_all(strands.into_iter().enumerate().map(|(n, acts)| {
                    let (held, teller) = (Arc::clone(&guard), teller.clone());
                    async move {
                        let _held = held;
                        strand(n, acts, teller).await;
                    }
                }));
                async move { work.await; Ok(2) }
            });
            let mut told = [0; 5];
            for _ in 0..turns {
                if let Some(Some(Ok(Event::Text(text)))) = events.next().now_or_never() {
                    let (strand, n) = text.split_once(' ').unwrap();
                    let strand: usize = strand.parse().unwrap();
                    prop_assert_eq!(n.parse::<usize>().unwrap(), told[strand]);
                    told[strand] += 1;
                }
            }
            drop(events);
            prop_assert_eq!(Arc::strong_count(&guard), 1);
        }
    }

    #[test]
    fn events_are_json_for_those_who_read_elsewhere() {
        let json = |event: Event<u8>| serde_json::to_string(&event).unwrap();
        assert_eq!(json(Event::TextStarted), r#"{"event":"text_started"}"#);
        assert_eq!(json(Event::Text("so".to_owned())), r#"{"event":"text","data":"so"}"#);
        assert_eq!(
            json(Event::PhaseFinished { phase: "route".into(), end: PhaseEnd::Failed(ErrorKind::Transient) }),
            r#"{"event":"phase_finished","data":{"phase":"route","end":{"failed":"transient"}}}"#
        );
        assert_eq!(json(Event::Answered(Box::new(7))), r#"{"event":"answered","data":7}"#);
    }

    #[tokio::test]
    async fn the_room_is_bounded_and_the_reader_frees_it() {
        let tell = |teller: Teller| async move {
            strand(0, vec![Act::Tell; ROOM * 3], teller).await;
            Ok::<_, ()>(())
        };
        let mut events = Events::of(tell);
        assert_eq!(events.next().await, Some(Ok(Event::Text("0 0".to_owned()))));
        assert_eq!(events.told.len(), ROOM - 1, "as much as there is room for, and no more");
        let mut left = 0;
        while events.next().await.is_some() {
            left += 1;
        }
        assert_eq!(left, ROOM * 3, "the others, and the end");
    }

    #[tokio::test]
    async fn a_dropped_stream_drops_its_work_wherever_it_waits() {
        for told in [0, 1, ROOM, ROOM + 5] {
            let guard = Arc::new(());
            let held = Arc::clone(&guard);
            let mut acts = vec![Act::Tell; told];
            acts.push(Act::Hang);
            let mut events: Events<'_, ()> = Events::of(|teller| async move {
                let _held = held;
                strand(0, acts, teller).await;
                Ok(())
            });
            let _ = events.next().now_or_never();
            assert_eq!(Arc::strong_count(&guard), 2);
            drop(events);
            assert_eq!(Arc::strong_count(&guard), 1);
        }
    }
}
