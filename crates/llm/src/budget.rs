//! Spending within the run's budget: a call reserves its estimate before it starts and settles with what it used. A reply
//! that does not say what it used is settled with an estimate of a token for every three bytes.

use std::pin::Pin;
use std::task::{Context, Poll};

use async_trait::async_trait;
use futures_util::Stream;
use ninefold_core::cx::Reservation;
use ninefold_core::model::Deltas;
use ninefold_core::{Cx, Delta, Model, ModelId, ModelRequest, Reply, Result, Usage};

/// A model that spends within the run's budget.
pub struct Budgeted<M> {
    inner: M,
}

impl<M: Model> Budgeted<M> {
    /// Keeps the calls of `inner` within the budget of the run that makes them.
    pub fn new(inner: M) -> Self {
        Self { inner }
    }
}

#[async_trait]
impl<M: Model> Model for Budgeted<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    async fn send(&self, request: ModelRequest, cx: &Cx) -> Result<Reply> {
        let reservation = cx.reserve(request.estimated_tokens())?;
        let input_tokens = request.estimated_input_tokens();
        let reply = self.inner.send(request, cx).await?;
        let spending = Spending {
            reservation: Some(reservation),
            said: None,
            estimate: Usage::tokens(input_tokens, 0),
            written: 0,
        };
        Ok(Reply::stream(Settling { inner: reply.into_deltas(), spending }))
    }
}

/// What a reply under way has used; settled when it ends or is dropped.
struct Spending {
    reservation: Option<Reservation>,
    said: Option<Usage>,
    estimate: Usage,
    written: u64,
}

impl Drop for Spending {
    fn drop(&mut self) {
        let estimate = Usage { output_tokens: self.written / 3, ..self.estimate };
        if let Some(reservation) = self.reservation.take() {
            reservation.settle(self.said.unwrap_or(estimate));
        }
    }
}

struct Settling {
    inner: Deltas,
    spending: Spending,
}

impl Stream for Settling {
    type Item = Result<Delta>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = self.inner.as_mut().poll_next(context);
        match &polled {
            Poll::Ready(Some(Ok(
                Delta::Text(more) | Delta::Reasoning(more) | Delta::ToolCall { arguments: more, .. },
            ))) => self.spending.written += more.len() as u64,
            Poll::Ready(Some(Ok(Delta::Usage(usage)))) if usage.total() > 0 => self.spending.said = Some(*usage),
            _ => {}
        }
        polled
    }
}
