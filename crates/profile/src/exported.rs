//! What the registry keeps with a recorded span while spans are exported: how the export finds the profile's times.
//!
//! The layer that exports may hear of a span's end before the profile's does, or after it.

use std::sync::atomic::{AtomicBool, Ordering};

use tracing::Subscriber;
use tracing::span::Id;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::address::Address;
use crate::here::{self, Key};
use crate::otlp::Interval;

static EXPORTING: AtomicBool = AtomicBool::new(false);

/// From now on, spans are exported. Before, nothing is kept, which would cost an allocation for every span.
pub(crate) fn begin() {
    EXPORTING.store(true, Ordering::Relaxed);
}

/// A recorded span, with its times once it is closed.
#[derive(Debug)]
struct Exported {
    key: Key,
    span: Address,
    start: u64,
    closed: Option<Interval>,
}

impl Exported {
    fn interval(&self) -> Option<Interval> {
        self.closed.or_else(|| {
            let tree = here::tree_of(self.span)?;
            tree.interval(self.span.position(), self.start, here::left_recently(self.key))
        })
    }
}

/// Keeps with a new span where it is recorded.
pub(crate) fn remember<S>(key: Key, span: Address, start: u64, id: &Id, ctx: &Context<'_, S>)
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    if EXPORTING.load(Ordering::Relaxed)
        && let Some(kept) = ctx.span(id)
    {
        kept.extensions_mut().replace(Exported { key, span, start, closed: None });
    }
}

/// Keeps the times of a span that the profile is about to close.
pub(crate) fn settle<S>(id: &Id, ctx: &Context<'_, S>)
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    if EXPORTING.load(Ordering::Relaxed)
        && let Some(kept) = ctx.span(id)
        && let Some(exported) = kept.extensions_mut().get_mut::<Exported>()
    {
        exported.closed = exported.interval();
    }
}

/// When a recorded span that is being closed started and ended, whether or not the profile has heard of the end yet.
pub(crate) fn interval<S>(id: &Id, ctx: &Context<'_, S>) -> Option<Interval>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    ctx.span(id)?.extensions().get::<Exported>()?.interval()
}
