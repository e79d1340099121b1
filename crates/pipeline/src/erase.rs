//! Where phases lose their types: the one place that boxes a phase's future.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use ninefold_core::{Cx, Phase, Result};

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

trait ErasedPhase<In, Out>: Send + Sync {
    fn run<'a>(&'a self, input: In, cx: &'a Cx) -> BoxFuture<'a, Result<Out>>
    where
        In: 'a;
}

impl<P, In> ErasedPhase<In, P::Out> for P
where
    P: Phase<In>,
{
    fn run<'a>(&'a self, input: In, cx: &'a Cx) -> BoxFuture<'a, Result<P::Out>>
    where
        In: 'a,
    {
        Box::pin(Phase::run(self, input, cx))
    }
}

/// Any phase from `In` to `Out`. Cloning shares it.
pub struct BoxPhase<In, Out>(Arc<dyn ErasedPhase<In, Out>>);

impl<In, Out> BoxPhase<In, Out> {
    /// Erases the type of `phase`.
    pub fn new(phase: impl Phase<In, Out = Out> + 'static) -> Self {
        Self(Arc::new(phase))
    }
}

impl<In, Out> Clone for BoxPhase<In, Out> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<In: Send, Out> Phase<In> for BoxPhase<In, Out> {
    type Out = Out;

    async fn run(&self, input: In, cx: &Cx) -> Result<Out> {
        self.0.run(input, cx).await
    }
}
