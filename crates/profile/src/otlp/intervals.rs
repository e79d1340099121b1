//! The profile's times for the bridge's spans.
//!
//! The bridge reads a clock of its own when a span is made and when it is left. [`Intervals`] stands before it in the
//! same filtered layer, so that it hears of the end of a span first: it looks up what the profile has recorded and puts
//! it where the processor, which the bridge then calls on the same thread, finds it. No clock is read for it, and
//! nothing is kept.

use std::cell::Cell;
use std::time::SystemTime;

use opentelemetry_sdk::trace::SpanData;
use tracing::Subscriber;
use tracing::span::Id;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use crate::exported;

/// When a span started and ended. One that outlived its run has no end of the profile's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Interval {
    pub(crate) start: SystemTime,
    pub(crate) end: Option<SystemTime>,
}

thread_local! {
    /// Of the span that is being closed on this thread.
    static CLOSING: Cell<Option<Interval>> = const { Cell::new(None) };
}

/// Hears of closing spans just before the bridge does.
#[derive(Debug)]
pub(super) struct Intervals;

impl<S> Layer<S> for Intervals
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_close(&self, id: Id, ctx: Context<'_, S>) {
        CLOSING.set(exported::interval(&id, &ctx));
    }
}

/// Gives a span that ends now, and is heard of by the processor, its times from the profile.
pub(super) fn apply(span: &mut SpanData) {
    let Some(interval) = CLOSING.take() else { return };
    span.start_time = interval.start;
    span.end_time = interval.end.unwrap_or(span.end_time).max(interval.start);
}
