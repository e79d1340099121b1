//! Another model where one cannot answer.

use std::sync::Arc;

use async_trait::async_trait;
use ninefold_core::{Cx, Delta, Error, ErrorKind, Model, ModelId, ModelRequest, Reply, Result, StopReason};

use crate::begin::begin;

/// A model with others to turn to, by the reason why it cannot answer: it fails, the input is too long for it, it refuses.
/// A reason for which there is no other model is no reason to ask one: a model with a larger context is of no use against a
/// refusal.
///
/// Each list is gone through in order; when the other model cannot answer either, the list for *its* reason goes on. No
/// model is asked twice, and the last error is the one that is told. A reply that has begun is not exchanged any more. A
/// refusal that comes as a reply without a word counts as a refusal.
///
/// Its identity is that of the first model. Stands outside of all that belongs to one model, its cache included; inside of a
/// [`Bounded`](crate::Bounded) at most. Costs a call one copy of the request.
pub struct Fallback {
    first: Arc<dyn Model>,
    others: [Vec<Arc<dyn Model>>; 3],
}

/// Why another model is asked, as the place of its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    Failure,
    TooLong,
    Refused,
}

impl Reason {
    fn of(error: &Error) -> Option<Self> {
        match error.kind() {
            ErrorKind::TooLong => Some(Self::TooLong),
            ErrorKind::Refused => Some(Self::Refused),
            ErrorKind::Transient
            | ErrorKind::RateLimited
            | ErrorKind::Permanent
            | ErrorKind::Unavailable
            | ErrorKind::MalformedReply
            | ErrorKind::NotFound => Some(Self::Failure),
            // The request, the run or its host are the reason; another model changes nothing.
            _ => None,
        }
    }
}

impl Fallback {
    /// This model, so far without another.
    pub fn new(first: impl Model + 'static) -> Self {
        Self { first: Arc::new(first), others: Default::default() }
    }

    fn other(mut self, reason: Reason, model: Arc<dyn Model>) -> Self {
        if let Some(list) = self.others.get_mut(reason as usize) {
            list.push(model);
        }
        self
    }

    /// Another model for when one fails: is overloaded, out of reach, wrongly configured.
    #[must_use]
    pub fn on_failure(self, model: impl Model + 'static) -> Self {
        self.other(Reason::Failure, Arc::new(model))
    }

    /// Another model for what is too long.
    #[must_use]
    pub fn on_too_long(self, model: impl Model + 'static) -> Self {
        self.other(Reason::TooLong, Arc::new(model))
    }

    /// Another model for what is refused.
    #[must_use]
    pub fn on_refused(self, model: impl Model + 'static) -> Self {
        self.other(Reason::Refused, Arc::new(model))
    }
}

#[async_trait]
impl Model for Fallback {
    fn id(&self) -> &ModelId {
        self.first.id()
    }

    fn variant(&self) -> &str {
        self.first.variant()
    }

    async fn send(&self, request: ModelRequest, cx: &Cx) -> Result<Reply> {
        let mut lists = [0, 1, 2].map(|n| self.others.get(n).map(Vec::as_slice).unwrap_or_default().iter());
        let mut model = &self.first;
        loop {
            let mut refusal = None;
            let sent = match model.send(request.clone(), cx).await {
                Ok(reply) => begin(reply).await,
                Err(error) => Err(error),
            };
            let error = match sent {
                Ok(begun) if begun.first.iter().any(refuses) && !begun.first.iter().any(Delta::is_content) => {
                    refusal = Some(begun);
                    Error::new(ErrorKind::Refused, format!("{} declines without a word", model.id()))
                }
                Ok(begun) => return Ok(begun.into_reply()),
                Err(error) => error,
            };
            let next = Reason::of(&error).and_then(|reason| lists.get_mut(reason as usize)).and_then(Iterator::next);
            match (next, refusal) {
                (Some(next), _) => model = next,
                (None, Some(refusal)) => return Ok(refusal.into_reply()),
                (None, None) => return Err(error),
            }
            cx.check()?;
        }
    }
}

fn refuses(delta: &Delta) -> bool {
    matches!(delta, Delta::End(StopReason::Refused))
}
