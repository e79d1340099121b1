//! The layer through which a recording hears of its spans.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tracing::Subscriber;
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

#[cfg(feature = "otlp")]
use crate::exported;
use crate::fields::Fields;
use crate::heard::Heard;
use crate::here::{self, HeardSpan, Key, Parent};
use crate::run_tree::{Place, RunTree};
use crate::span_record::SpanRecord;
use crate::time_source::TimeSource;

/// The layer that a host with a subscriber of its own adds to it:
///
/// ```
/// use tracing_subscriber::layer::SubscriberExt as _;
///
/// let subscriber = tracing_subscriber::registry().with(ninefold_profile::layer());
/// # drop(subscriber);
/// ```
///
/// Spans of futures given to [`record`](crate::record()) go to their recording, all others pass by.
/// Filters that other layers need belong on those layers; a filter for the whole subscriber must let the target
/// `ninefold` pass at level info.
#[must_use]
pub fn layer() -> ProfileLayer {
    static LAYERS: AtomicU64 = AtomicU64::new(1);
    ProfileLayer { id: LAYERS.fetch_add(1, Ordering::Relaxed), clock: None, heard: Heard::default() }
}

/// See [`layer()`].
#[derive(Debug)]
pub struct ProfileLayer {
    id: u64,
    /// The system's, unless set.
    clock: Option<TimeSource>,
    heard: Heard,
}

impl ProfileLayer {
    /// The same layer with another clock, for tests on a paused one:
    /// `layer().with_clock(|| tokio::time::Instant::now().into_std())`.
    ///
    /// A recording goes by the clock of the layer it finds in the current subscriber when first polled.
    #[must_use]
    pub fn with_clock(mut self, clock: fn() -> Instant) -> Self {
        self.clock = Some(clock);
        self
    }

    pub(crate) fn clock(&self) -> Option<TimeSource> {
        self.clock
    }

    fn key(&self, span: &Id) -> Key {
        Key::of_layer(self.id, span)
    }

    /// The parent of a span that was made with an explicit one, or with none.
    fn parent(&self, attributes: &Attributes<'_>) -> Parent {
        let address = attributes.parent().and_then(|parent| self.heard.get(parent));
        let place = address.and_then(|span| Some(Place { tree: here::tree_of(span)?, position: span.position() }));
        place.map_or(Parent::Unknown, Parent::At)
    }
}

impl<S> Layer<S> for ProfileLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    #[cfg_attr(not(feature = "otlp"), expect(unused_variables, reason = "an export looks spans up in the registry"))]
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        if !RunTree::any() {
            return;
        }
        let parent = if attributes.is_contextual() { Parent::Here } else { self.parent(attributes) };
        // Read before anything is locked: a value's `Debug` is foreign code.
        let mut record = SpanRecord::open(attributes.metadata().name());
        attributes.record(&mut Fields(&mut record));
        let heard = HeardSpan { key: self.key(id), values: std::ptr::from_ref(attributes.values()).addr() };
        if let Some((address, start)) = here::add_heard(&parent, heard, &mut record) {
            self.heard.insert(id, address);
            #[cfg(feature = "otlp")]
            exported::remember(self.key(id), address, start, id, &ctx);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let Some(span) = self.heard.get(id) else { return };
        let Some(tree) = here::tree_of(span) else { return };
        // Read before the tree is locked.
        let mut said = SpanRecord::default();
        values.record(&mut Fields(&mut said));
        tree.note(span.position(), said);
    }

    fn on_enter(&self, id: &Id, _: Context<'_, S>) {
        let key = self.key(id);
        if !here::enter_recent(key)
            && let Some(span) = self.heard.get(id)
        {
            here::enter(key, span);
        }
    }

    fn on_exit(&self, id: &Id, _: Context<'_, S>) {
        here::exit(self.key(id));
    }

    #[cfg_attr(not(feature = "otlp"), expect(unused_variables, reason = "an export looks spans up in the registry"))]
    fn on_close(&self, id: Id, ctx: Context<'_, S>) {
        let Some(span) = self.heard.remove(&id) else { return };
        #[cfg(feature = "otlp")]
        exported::settle(&id, &ctx);
        if !here::close_recent(self.key(&id))
            && let Some(tree) = here::tree_of(span)
        {
            tree.close_heard(span.position(), None);
        }
    }
}
