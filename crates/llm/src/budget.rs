//! Spending within the run's budget: a call reserves its estimate before it starts and settles with what it used. A reply
//! that does not say what it used is settled with an estimate of a token for every three bytes.

use std::pin::Pin;
use std::task::{Context, Poll};

use async_trait::async_trait;
use futures_util::Stream;
use ninefold_core::cx::Reservation;
use ninefold_core::model::Deltas;
use ninefold_core::{Cx, Delta, Model, ModelId, ModelRequest, Reply, Result};

use crate::tally::Tally;

/// A model that spends within the run's budget. A call that fails before it answers counts as a call and costs nothing; one
/// that is dropped while it is under way costs what the model was given to read.
///
/// Stands inside of whatever makes several calls out of one (retry, hedge), so that each of them is paid for, and inside of
/// caches, so that what they answer is not. Costs a call two locks.
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

    fn variant(&self) -> &str {
        self.inner.variant()
    }

    async fn send(&self, request: ModelRequest, cx: &Cx) -> Result<Reply> {
        let tally = Tally::new(&request);
        let reservation = Some(cx.reserve(tally.estimate().total())?);
        let mut spending = Spending { reservation, tally };
        match self.inner.send(request, cx).await {
            Ok(reply) => Ok(Reply::stream(Settling { inner: reply.into_deltas(), spending })),
            Err(error) => {
                spending.tally.failed(&error);
                Err(error)
            }
        }
    }
}

/// What a call under way has used; settled when it ends or is dropped.
struct Spending {
    reservation: Option<Reservation>,
    tally: Tally,
}

impl Drop for Spending {
    fn drop(&mut self) {
        if let Some(reservation) = self.reservation.take() {
            reservation.settle(self.tally.usage());
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
        if let Poll::Ready(Some(Ok(delta))) = &polled {
            self.spending.tally.hear(delta);
        }
        polled
    }
}
