//! What the registry keeps with a span while spans are exported: what each export knows of it, and where the profile has
//! recorded it. That is how the exports find the profile's times.
//!
//! A layer that exports may hear of a span's beginning and end before the profile's does, or after it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use tracing::Subscriber;
use tracing::span::Id;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::address::Address;
use crate::here::{self, Key};
use crate::otlp::Open;

static EXPORTING: AtomicBool = AtomicBool::new(false);

/// From now on, spans are exported. Before, nothing is kept, which would cost an allocation for every span.
pub(crate) fn begin() {
    EXPORTING.store(true, Ordering::Relaxed);
}

/// When a span started and ended by the profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Interval {
    pub(crate) start: SystemTime,
    /// None of a span that outlived its run.
    pub(crate) end: Option<SystemTime>,
    /// When such a span was last left in its run.
    pub(crate) left: Option<SystemTime>,
}

/// Where the profile has a span, when it was made, and its times once it is closed there.
#[derive(Debug)]
struct Recorded {
    key: Key,
    span: Address,
    start: SystemTime,
    closed: Option<Interval>,
}

impl Recorded {
    fn interval(&self) -> Interval {
        self.closed.unwrap_or_else(|| {
            let (tree, position) = (here::tree_of(self.span), self.span.position());
            let end = tree.as_ref().and_then(|tree| tree.end(position, here::left_recently(self.key)));
            let left = tree.filter(|_| end.is_none()).and_then(|tree| tree.last_left(position));
            Interval { start: self.start, end, left }
        })
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Exported {
    recorded: Option<Recorded>,
    /// Of the export that heard of the span first, which is mostly the only one.
    first: Option<Open>,
    others: Vec<Open>,
}

impl Exported {
    /// The number of the tree in which the profile records the span, if that is known.
    pub(crate) fn tree(&self) -> Option<u64> {
        self.recorded.as_ref().map(|recorded| recorded.span.number())
    }

    /// The span's times by the profile, while it is being closed.
    pub(crate) fn interval(&self) -> Option<Interval> {
        self.recorded.as_ref().map(Recorded::interval)
    }

    pub(crate) fn insert(&mut self, open: Open) {
        if self.first.is_none() {
            self.first = Some(open);
        } else {
            self.others.push(open);
        }
    }

    /// What the export with this number knows of the span.
    pub(crate) fn get(&self, export: u64) -> Option<&Open> {
        self.first.iter().chain(&self.others).find(|open| open.export == export)
    }

    pub(crate) fn get_mut(&mut self, export: u64) -> Option<&mut Open> {
        self.first.iter_mut().chain(&mut self.others).find(|open| open.export == export)
    }

    pub(crate) fn take(&mut self, export: u64) -> Option<Open> {
        let first = self.first.take_if(|open| open.export == export);
        first.or_else(|| {
            let index = self.others.iter().position(|open| open.export == export)?;
            Some(self.others.swap_remove(index))
        })
    }
}

/// Does something with what is kept with a span, which is made if there is nothing yet.
pub(crate) fn with<S, T>(id: &Id, ctx: &Context<'_, S>, act: impl FnOnce(&mut Exported) -> T) -> Option<T>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let span = ctx.span(id)?;
    let mut extensions = span.extensions_mut();
    if let Some(exported) = extensions.get_mut::<Exported>() {
        return Some(act(exported));
    }
    let mut exported = Exported::default();
    let done = act(&mut exported);
    extensions.insert(exported);
    Some(done)
}

/// Does something with what is kept with a span, if there is anything.
pub(crate) fn with_kept<S, T>(id: &Id, ctx: &Context<'_, S>, act: impl FnOnce(&mut Exported) -> Option<T>) -> Option<T>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let span = ctx.span(id)?;
    let mut extensions = span.extensions_mut();
    extensions.get_mut::<Exported>().and_then(act)
}

/// Keeps with a new span where it is recorded, if it has a record of its own, since `start` of its recording.
pub(crate) fn remember<S>(key: Key, span: Address, start: u64, id: &Id, ctx: &Context<'_, S>)
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    if EXPORTING.load(Ordering::Relaxed)
        && span.index().is_some()
        && let Some(tree) = here::tree_of(span)
    {
        let recorded = Recorded { key, span, start: tree.wall(start), closed: None };
        with(id, ctx, |exported| exported.recorded = Some(recorded));
    }
}

/// Keeps the times of a span that the profile is about to close, for exports that have not heard of it yet.
pub(crate) fn settle<S>(id: &Id, ctx: &Context<'_, S>)
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    if EXPORTING.load(Ordering::Relaxed) {
        with_kept(id, ctx, |exported| {
            if exported.first.is_none() && exported.others.is_empty() {
                return None;
            }
            let recorded = exported.recorded.as_mut()?;
            recorded.closed = Some(recorded.interval());
            recorded.closed
        });
    }
}
