//! The unit of work. What surrounds a phase (timing, deadline, retry, cache, journal) is not its business.

use std::future::Future;

use crate::cx::Cx;
use crate::error::Result;

/// One step of a pipeline, from `In` to [`Phase::Out`]. A closure `Fn(In, Cx) -> impl Future<Output = Result<Out>>` is a
/// phase.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a phase for input `{In}`",
    note = "a phase is a type that implements `Phase<{In}>`, or a closure `|input: {In}, cx: Cx| async move {{ Ok(output) }}`"
)]
pub trait Phase<In>: Send + Sync {
    /// What it makes.
    type Out;

    /// Does the work. Dropping the future stops it.
    ///
    /// # Errors
    /// Whatever stopped the work; the class of the error decides whether the phase is tried again.
    fn run(&self, input: In, cx: &Cx) -> impl Future<Output = Result<Self::Out>> + Send;
}

impl<F, Fut, In, Out> Phase<In> for F
where
    F: Fn(In, Cx) -> Fut + Send + Sync,
    Fut: Future<Output = Result<Out>> + Send,
{
    type Out = Out;

    fn run(&self, input: In, cx: &Cx) -> impl Future<Output = Result<Out>> + Send {
        self(input, cx.clone())
    }
}
