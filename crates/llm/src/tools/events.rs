//! An agent loop as a stream of what happens in it.

use std::future::Future;
use std::task::Poll;

use futures_util::{Stream, stream};
use ninefold_core::{Result, ToolCall, ToolResult};
use tokio::sync::mpsc;

use super::agent::Outcome;

/// What happens in an agent loop.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// More of what the model writes. When a [`Event::Call`] follows, it was said on the way there; otherwise it is the
    /// answer.
    Text(String),
    /// The model wants a tool called.
    Call(ToolCall),
    /// What the model is told of a call.
    Result(ToolResult),
    /// The end; nothing follows.
    Done(Box<Outcome>),
}

/// So many events wait for whoever listens; then the loop waits for him.
pub(super) const AHEAD: usize = 64;

/// The events of a loop that is driven by whoever polls the stream, and ends with it.
pub(super) fn events<F>(work: F, mut heard: mpsc::Receiver<Event>) -> impl Stream<Item = Result<Event>> + Send
where
    F: Future<Output = Result<Outcome>> + Send,
{
    let mut work = Some(Box::pin(work));
    let mut end = None;
    stream::poll_fn(move |context| {
        loop {
            if let Poll::Ready(Some(event)) = heard.poll_recv(context) {
                return Poll::Ready(Some(Ok(event)));
            }
            let Some(running) = work.as_mut() else {
                return Poll::Ready(end.take());
            };
            match running.as_mut().poll(context) {
                Poll::Ready(outcome) => {
                    work = None;
                    end = Some(outcome.map(|outcome| Event::Done(Box::new(outcome))));
                }
                // What was said during this poll has woken the stream.
                Poll::Pending => return Poll::Pending,
            }
        }
    })
}
