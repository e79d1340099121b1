//! The layer through which a recording hears of its spans.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tracing::Subscriber;
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use crate::fields::Fields;
use crate::here::{self, Key, Parent};
use crate::run_tree::{Place, Position, RunTree};
use crate::span_record::SpanRecord;
use crate::time_source::{TimeSource, monotonic};

/// The layer that a host with a subscriber of its own adds to it:
///
/// ```
/// use tracing_subscriber::layer::SubscriberExt as _;
///
/// let subscriber = tracing_subscriber::registry().with(ninefold_profile::layer());
/// # drop(subscriber);
/// ```
///
/// It keeps no state: spans of futures given to [`record`](crate::record()) go to their recording, all others pass by.
/// Filters that other layers need belong on those layers; a filter for the whole subscriber must let the target
/// `ninefold` pass at level info.
#[must_use]
pub fn layer() -> ProfileLayer {
    static LAYERS: AtomicU64 = AtomicU64::new(1);
    ProfileLayer { id: LAYERS.fetch_add(1, Ordering::Relaxed), clock: monotonic }
}

/// See [`layer()`].
#[derive(Debug)]
pub struct ProfileLayer {
    /// When a subscriber has several layers, a span belongs to the first of them.
    id: u64,
    clock: TimeSource,
}

impl ProfileLayer {
    /// The same layer with another clock, for tests on a paused one:
    /// `layer().with_clock(|| tokio::time::Instant::now().into_std())`.
    ///
    /// A recording goes by the clock of the layer it finds in the current subscriber when first polled.
    #[must_use]
    pub fn with_clock(mut self, clock: fn() -> Instant) -> Self {
        self.clock = clock;
        self
    }

    pub(crate) fn clock(&self) -> TimeSource {
        self.clock
    }

    fn key(&self, span: &Id) -> Key {
        Key::of_layer(self.id, span)
    }

    /// The place of a span that this layer recorded.
    fn with_place<S, T>(&self, id: &Id, ctx: &Context<'_, S>, act: impl FnOnce(&Place) -> T) -> Option<T>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        if !RunTree::any() {
            return None;
        }
        let span = ctx.span(id)?;
        let extensions = span.extensions();
        let recorded = extensions.get::<RecordedSpan>().filter(|recorded| recorded.layer == self.id)?;
        Some(act(&recorded.place))
    }
}

/// What the registry keeps with a recorded span.
#[derive(Debug)]
struct RecordedSpan {
    layer: u64,
    place: Place,
    #[cfg(feature = "otlp")]
    start: u64,
}

impl<S> Layer<S> for ProfileLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        if !RunTree::any() {
            return;
        }
        let parent = if attributes.is_contextual() { Parent::Here } else { parent(id, &ctx) };
        let Some(Place { tree, position }) = here::place_below(&parent) else { return };
        let Some(span) = ctx.span(id) else { return };
        let mut record = SpanRecord::open(span.name());
        attributes.record(&mut Fields(&mut record));

        let mut extensions = span.extensions_mut();
        if extensions.get_mut::<RecordedSpan>().is_some() {
            return;
        }
        let now = tree.now();
        record.start = now;
        record.end = now;
        let position = tree.add(position, record);
        let place = Place { tree, position };
        if position != Position::NotKept {
            here::made(self.key(id), &place, now);
        }
        extensions.insert(RecordedSpan {
            layer: self.id,
            place,
            #[cfg(feature = "otlp")]
            start: now,
        });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, ctx: Context<'_, S>) {
        let Some(place) = self.with_place(id, &ctx, Place::clone) else { return };
        // Read before the tree is locked: a value's `Debug` is foreign code.
        let mut said = SpanRecord::default();
        values.record(&mut Fields(&mut said));
        place.tree.note(place.position, said);
    }

    fn on_enter(&self, id: &Id, ctx: Context<'_, S>) {
        let key = self.key(id);
        if !here::enter_recent(key) {
            self.with_place(id, &ctx, |place| here::enter(key, place));
        }
    }

    fn on_exit(&self, id: &Id, _: Context<'_, S>) {
        here::exit(self.key(id));
    }

    fn on_close(&self, id: Id, ctx: Context<'_, S>) {
        let key = self.key(&id);
        if !here::close_recent(key) {
            self.with_place(&id, &ctx, |place| place.tree.close(place.position, None));
        }
    }
}

/// When a recorded span that is being closed started and ended, whether or not its layer has heard of the end yet.
#[cfg(feature = "otlp")]
pub(crate) fn interval<S>(id: &Id, ctx: &Context<'_, S>) -> Option<crate::otlp::Interval>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    if !RunTree::any() {
        return None;
    }
    let span = ctx.span(id)?;
    let extensions = span.extensions();
    let RecordedSpan { layer, place, start } = extensions.get()?;
    let left = here::left_recently(Key::of_layer(*layer, id));
    place.tree.interval(place.position, *start, left)
}

/// The parent of a span that was made with an explicit one, or with none.
fn parent<S>(id: &Id, ctx: &Context<'_, S>) -> Parent
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let parent = ctx.span(id).and_then(|span| span.parent());
    let place = parent.and_then(|parent| Some(parent.extensions().get::<RecordedSpan>()?.place.clone()));
    place.map_or(Parent::Unknown, Parent::At)
}
