//! A model that plays one reply, step by step, and knows how many of its calls are under way.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, Stream};
use ninefold_core::{Cx, Delta, Error, Model, ModelId, ModelRequest, Reply, Result};

/// What a [`SteppedModel`] does next.
#[derive(Debug, Clone)]
pub enum Step {
    /// Hands out a piece of the reply.
    Delta(Delta),
    /// Fails: before the first piece, the call; after it, the reply in its midst.
    Fail(Error),
    /// Waits on the tokio timer.
    Wait(Duration),
    /// Waits for ever.
    Hang,
}

/// A model that answers every call with the same steps. What stands before the first [`Step::Delta`] happens before the reply
/// begins. Without a [`Delta::End`] among the steps the reply breaks off.
pub struct SteppedModel {
    id: ModelId,
    variant: String,
    steps: Vec<Step>,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    calls: AtomicUsize,
    under_way: AtomicUsize,
}

impl SteppedModel {
    /// A model that takes these steps.
    #[must_use]
    pub fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        let (id, steps) = (ModelId::new("stepped", "model"), steps.into_iter().collect());
        Self { id, variant: String::new(), steps, counts: Arc::default() }
    }

    /// A model that hands out these pieces.
    #[must_use]
    pub fn deltas(deltas: impl IntoIterator<Item = Delta>) -> Self {
        Self::new(deltas.into_iter().map(Step::Delta))
    }

    /// Is somewhere else, as [`Model::variant`] tells.
    #[must_use]
    pub fn at(mut self, variant: &str) -> Self {
        variant.clone_into(&mut self.variant);
        self
    }

    /// Has another name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.id.name = name.into();
        self
    }

    /// How often it was called.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.counts.calls.load(Ordering::SeqCst)
    }

    /// How many calls neither came to their end nor were dropped.
    #[must_use]
    pub fn under_way(&self) -> usize {
        self.counts.under_way.load(Ordering::SeqCst)
    }
}

/// A call under way.
struct Call(Arc<Counts>);

impl Drop for Call {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Model for SteppedModel {
    fn id(&self) -> &ModelId {
        &self.id
    }

    fn variant(&self) -> &str {
        &self.variant
    }

    async fn send(&self, _: ModelRequest, _: &Cx) -> Result<Reply> {
        self.counts.calls.fetch_add(1, Ordering::SeqCst);
        self.counts.under_way.fetch_add(1, Ordering::SeqCst);
        let call = Call(Arc::clone(&self.counts));
        let begins = self.steps.iter().position(|step| matches!(step, Step::Delta(_))).unwrap_or(self.steps.len());
        for step in &self.steps[..begins] {
            match step {
                Step::Fail(error) => return Err(error.clone()),
                Step::Wait(time) => tokio::time::sleep(*time).await,
                Step::Hang => std::future::pending().await,
                Step::Delta(_) => {}
            }
        }
        let steps: Vec<Step> = self.steps[begins..].to_vec();
        Ok(Reply::stream(Steps { steps: steps.into_iter(), waiting: None, call: Some(call) }))
    }
}

struct Steps {
    steps: std::vec::IntoIter<Step>,
    waiting: Option<BoxFuture<'static, ()>>,
    call: Option<Call>,
}

impl Stream for Steps {
    type Item = Result<Delta>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(waiting) = &mut self.waiting {
                if waiting.poll_unpin(context).is_pending() {
                    return Poll::Pending;
                }
                self.waiting = None;
            }
            match self.steps.next() {
                Some(Step::Delta(delta)) => return Poll::Ready(Some(Ok(delta))),
                Some(Step::Fail(error)) => return Poll::Ready(Some(Err(error))),
                Some(Step::Wait(time)) => self.waiting = Some(tokio::time::sleep(time).boxed()),
                Some(Step::Hang) => self.waiting = Some(std::future::pending().boxed()),
                None => {
                    self.call = None;
                    return Poll::Ready(None);
                }
            }
        }
    }
}
