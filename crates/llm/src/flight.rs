//! One call for all who ask the same at the same time. Whoever reads drives it: there is no task behind it, so it needs no
//! runtime, goes on as long as one of its readers does, and ends when the last one is gone, or after its limit.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, Stream};
use ninefold_core::model::{Deltas, MAX_REPLY_BYTES};
use ninefold_core::{Delta, Error, ErrorKind, Reply, Result};
use tokio::runtime::Handle;
use tokio::time::{Sleep, sleep};

/// How long a call may take: it belongs to no run, and a call that hangs is not to hold newcomers for ever.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// A call that several read.
pub(crate) struct Flight {
    state: Mutex<State>,
    readers: Arc<Readers>,
}

struct State {
    call: Call,
    deltas: Vec<Delta>,
    bytes: usize,
    /// Whether the reply has begun, so that what goes wrong is in its midst.
    begun: bool,
    /// The error at the end, if there was one.
    error: Option<Error>,
    /// Set when there is first something to wait for; without a runtime there is no timer.
    alarm: Option<Pin<Box<Sleep>>>,
}

enum Call {
    Sending(BoxFuture<'static, Result<Reply>>),
    Reading(Deltas),
    Over,
}

/// Wakes whoever waits for the call: the one who drove it last may be gone.
#[derive(Default)]
struct Readers(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    next: u64,
    /// How often the call has woken its readers.
    wakes: u64,
    wakers: HashMap<u64, Waker>,
}

impl Readers {
    fn state(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Readers {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let wakers = {
            let mut waiting = self.state();
            waiting.wakes += 1;
            std::mem::take(&mut waiting.wakers)
        };
        wakers.into_values().for_each(Waker::wake);
    }
}

/// What a reader hears first.
pub(crate) enum Beginning {
    /// The reply has begun.
    Begun,
    /// It failed before.
    Failed(Error),
}

impl Flight {
    /// A call that starts when it is first read.
    pub(crate) fn new(call: BoxFuture<'static, Result<Reply>>) -> Arc<Self> {
        let call = Call::Sending(call);
        let state = State { call, deltas: Vec::new(), bytes: 0, begun: false, error: None, alarm: None };
        Arc::new(Self { state: Mutex::new(state), readers: Arc::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_over(&self) -> bool {
        self.state().is_over()
    }

    /// A reader from the beginning on.
    pub(crate) fn reader(self: &Arc<Self>) -> Reader {
        let mut waiting = self.readers.state();
        waiting.next += 1;
        Reader { flight: Arc::clone(self), number: waiting.next, read: 0, over: false }
    }
}

impl State {
    /// Brings the call one step on, or ends it when it has taken too long.
    fn drive(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.step(context).is_ready() {
            return Poll::Ready(());
        }
        if self.alarm.is_none() && Handle::try_current().is_ok() {
            self.alarm = Some(Box::pin(sleep(LIMIT)));
        }
        let Some(alarm) = &mut self.alarm else { return Poll::Pending };
        alarm.as_mut().poll(context).map(|()| {
            let what = format!("the model's reply took longer than {LIMIT:?}");
            self.end(Some(Error::new(ErrorKind::Transient, what)));
        })
    }

    fn step(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match &mut self.call {
            Call::Sending(sending) => match sending.poll_unpin(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(reply)) => {
                    self.begun = true;
                    self.call = Call::Reading(reply.into_deltas());
                }
                Poll::Ready(Err(error)) => self.end(Some(error)),
            },
            Call::Reading(deltas) => match deltas.as_mut().poll_next(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(delta))) => {
                    self.bytes += delta.content_bytes();
                    let over = matches!(delta, Delta::End(_));
                    self.deltas.push(delta);
                    if over {
                        self.end(None);
                    } else if self.bytes > MAX_REPLY_BYTES {
                        let what = format!("the model's reply has more than {MAX_REPLY_BYTES} bytes");
                        self.end(Some(Error::new(ErrorKind::TooLong, what).hint("set max_output_tokens")));
                    }
                }
                Poll::Ready(Some(Err(error))) => self.end(Some(error)),
                Poll::Ready(None) => self.end(None),
            },
            Call::Over => {}
        }
        Poll::Ready(())
    }

    fn end(&mut self, error: Option<Error>) {
        self.error = error;
        self.call = Call::Over;
        self.alarm = None;
    }

    fn is_over(&self) -> bool {
        matches!(self.call, Call::Over)
    }
}

/// One who reads a call.
pub(crate) struct Reader {
    flight: Arc<Flight>,
    number: u64,
    read: usize,
    over: bool,
}

impl Reader {
    /// Polls the call until `seen` makes something of it.
    fn poll<T>(
        &mut self,
        context: &mut Context<'_>,
        mut seen: impl FnMut(&State, &mut usize, &mut bool) -> Option<T>,
    ) -> Poll<T> {
        let readers = Arc::clone(&self.flight.readers);
        let shared = Waker::from(Arc::clone(&readers));
        let mut state = self.flight.state();
        loop {
            if let Some(output) = seen(&state, &mut self.read, &mut self.over) {
                return Poll::Ready(output);
            }
            let before = readers.state().wakes;
            match state.drive(&mut Context::from_waker(&shared)) {
                Poll::Pending => {
                    let mut waiting = readers.state();
                    if waiting.wakes == before {
                        waiting.wakers.insert(self.number, context.waker().clone());
                    } else {
                        // It was woken before this reader could be noted down.
                        context.waker().wake_by_ref();
                    }
                    return Poll::Pending;
                }
                // The others have something to read.
                Poll::Ready(()) => readers.wake_by_ref(),
            }
        }
    }

    /// Waits until the reply begins.
    pub(crate) fn poll_begin(&mut self, context: &mut Context<'_>) -> Poll<Beginning> {
        self.poll(context, |state, _, _| match &state.error {
            _ if state.begun => Some(Beginning::Begun),
            Some(error) => Some(Beginning::Failed(error.clone())),
            None => None,
        })
    }
}

impl Stream for Reader {
    type Item = Result<Delta>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll(context, |state, read, over| {
            if let Some(delta) = state.deltas.get(*read) {
                *read += 1;
                return Some(Some(Ok(delta.clone())));
            }
            if !state.is_over() {
                return None;
            }
            let told = std::mem::replace(over, true);
            Some(state.error.clone().filter(|_| !told).map(Err))
        })
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.flight.readers.state().wakers.remove(&self.number);
        // Whoever drove the call may be the one who leaves.
        self.flight.readers.wake_by_ref();
    }
}
