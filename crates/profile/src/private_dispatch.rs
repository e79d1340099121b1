//! The subscriber of hosts that have none: made once per process, current only while a recording is polled.

use std::sync::OnceLock;

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Dispatch, Event, Level, Metadata, Subscriber, dispatcher};
use tracing_core::span::Current;
use tracing_subscriber::Registry;
use tracing_subscriber::layer::{Layered, SubscriberExt as _};

use crate::layer::{ProfileLayer, layer};

/// The private subscriber. It takes spans at level info and above, and no events.
pub(crate) fn private_dispatch() -> &'static Dispatch {
    static PRIVATE: OnceLock<(Dispatch, Dispatch)> = OnceLock::new();
    let (private, _) = PRIVATE.get_or_init(|| {
        let spans = Private(tracing_subscriber::registry().with(layer()));
        (Dispatch::new(spans), Dispatch::new(Nobody))
    });
    private
}

/// A registry with the profile layer.
pub(crate) struct Private(Layered<ProfileLayer, Registry>);

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
        self.0.new_span(attributes)
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        self.0.record(id, values);
    }

    fn record_follows_from(&self, id: &Id, follows: &Id) {
        self.0.record_follows_from(id, follows);
    }

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, id: &Id) {
        self.0.enter(id);
    }

    fn exit(&self, id: &Id) {
        self.0.exit(id);
    }

    fn clone_span(&self, id: &Id) -> Id {
        self.0.clone_span(id)
    }

    /// A span keeps its parent open, and the registry lets go of the parent through the *current* subscriber. On a
    /// thread of its own, as that of a spawned task, there is none, and the parent would be kept for good.
    fn try_close(&self, id: Id) -> bool {
        let is_current = dispatcher::get_default(Dispatch::is::<Self>);
        let _current = (!is_current).then(|| dispatcher::set_default(private_dispatch()));
        self.0.try_close(id)
    }

    fn current_span(&self) -> Current {
        self.0.current_span()
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
        Id::from_u64(u64::MAX)
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
        let private = Private(tracing_subscriber::registry().with(layer()));
        assert_eq!(private.max_level_hint(), Some(LevelFilter::INFO));
        assert_eq!(Nobody.max_level_hint(), Some(LevelFilter::OFF));
    }
}
