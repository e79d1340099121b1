//! The subscriber of hosts that have none: made once per process, current only while a recording is polled.
//!
//! It keeps nothing itself. A span's id is its address in the tree of its recording; a span that belongs to none has an
//! id that it shares with all such spans.

use std::sync::OnceLock;

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Dispatch, Event, Level, Metadata, Subscriber};
use tracing_core::span::Current;

use crate::address::Address;
use crate::fields::Fields;
use crate::here::{self, Parent};
use crate::run_tree::{Place, RunTree};
use crate::span_record::SpanRecord;

/// The private subscriber. It takes spans at level info and above, and no events.
pub(crate) fn private_dispatch() -> &'static Dispatch {
    static PRIVATE: OnceLock<(Dispatch, Dispatch)> = OnceLock::new();
    let (private, _) = PRIVATE.get_or_init(|| (Dispatch::new(Private), Dispatch::new(Nobody)));
    private
}

/// Writes spans straight into the tree of their recording.
pub(crate) struct Private;

fn is_info_span(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && *metadata.level() <= Level::INFO
}

impl Subscriber for Private {
    /// Never `always`: a callsite is asked again each time, so that outside recordings it stays disabled.
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if is_info_span(metadata) { Interest::sometimes() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        is_info_span(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::INFO)
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        if !RunTree::any() {
            return Address::OUTSIDE.id();
        }
        let metadata = attributes.metadata();
        // Read before anything is locked: a value's `Debug` is foreign code.
        let mut record = SpanRecord::open(metadata.name());
        attributes.record(&mut Fields(&mut record));

        let above = attributes.parent().map(Address::of);
        let parent = if attributes.is_contextual() {
            Parent::Here
        } else {
            let place = above.and_then(|span| Some(Place { tree: here::tree_of(span)?, position: span.position() }));
            place.map_or(Parent::Unknown, Parent::At)
        };
        here::add(&parent, above, &mut record, metadata).unwrap_or(Address::OUTSIDE).id()
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        let span = Address::of(id);
        let Some(tree) = here::tree_of(span) else { return };
        // Read before the tree is locked.
        let mut said = SpanRecord::default();
        values.record(&mut Fields(&mut said));
        tree.note(span.position(), said);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, id: &Id) {
        here::enter_held(Address::of(id));
    }

    fn exit(&self, id: &Id) {
        here::exit(Address::of(id).into());
    }

    fn clone_span(&self, id: &Id) -> Id {
        let span = Address::of(id);
        if let Some(tree) = here::tree_of(span) {
            tree.hold(span);
        }
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        here::release(Address::of(&id))
    }

    fn current_span(&self) -> Current {
        let current = here::innermost_held().and_then(|span| {
            let metadata = here::tree_of(span)?.metadata(span)?;
            Some(Current::new(span.id(), metadata))
        });
        current.unwrap_or_else(Current::none)
    }
}

/// A second subscriber that is never current and takes nothing. With only one registered, `tracing` asks the *current*
/// subscriber of whichever thread comes first to a callsite, and one that came outside a recording would disable the
/// callsite for good; with two, it asks all that are registered.
struct Nobody;

impl Subscriber for Nobody {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        false
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::OFF)
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Address::OUTSIDE.id()
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_wakes_no_callsite_below_info() {
        assert_eq!(Private.max_level_hint(), Some(LevelFilter::INFO));
        assert_eq!(Nobody.max_level_hint(), Some(LevelFilter::OFF));
    }
}
