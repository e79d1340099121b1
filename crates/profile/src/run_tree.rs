//! The spans of one run while it goes on: records in the order in which the spans were made, so that a parent always
//! stands before its children.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tracing::Metadata;

use crate::address::{self, Address};
use crate::directory;
use crate::holds::Holds;
use crate::overflow::Overflow;
use crate::span_record::SpanRecord;
use crate::time_source::TimeSource;

/// The most spans of one run that are kept one by one. Of those made after them, all of one name and label below one
/// parent are kept as one, and the profile says so.
pub const MAX_SPANS: usize = 10_000;

/// Room for a usual run, so that recording it allocates once.
pub(crate) const USUAL_SPANS: usize = 32;

/// Where a span stands: its tree and its place in it.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) tree: Arc<RunTree>,
    pub(crate) position: Position,
}

/// A place within one tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Position {
    /// The recording itself.
    Top,
    /// The span with this record.
    At(u32),
    /// A span over the limit.
    NotKept,
}

/// From the first time a span was entered to the last time it was left, `busy` of it inside of it and of no other span.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visit {
    pub(crate) entered: u64,
    pub(crate) exited: u64,
    pub(crate) busy: u64,
    /// How often it was entered.
    pub(crate) times: u32,
}

impl Visit {
    fn note(self, record: &mut SpanRecord) {
        record.entered = Some(record.entered.map_or(self.entered, |first| first.min(self.entered)));
        record.end = record.end.max(self.exited);
        record.busy += self.busy;
    }
}

/// What is left to do when a span of the private subscriber was closed.
pub(crate) struct Closed {
    /// It, or a span above it that was closed with it, held a span of another tree.
    pub(crate) parent_elsewhere: Option<Address>,
}

/// The spans of one recording.
pub(crate) struct RunTree {
    number: u64,
    clock: TimeSource,
    start: Instant,
    /// When that was by the wall clock, which is read once in a recording and those within it.
    #[cfg(feature = "otlp")]
    started: std::time::SystemTime,
    outer: Option<Place>,
    finished: AtomicBool,
    spans: Mutex<Spans>,
}

#[derive(Debug, Default)]
struct Spans {
    records: Vec<SpanRecord>,
    /// Spans made and not yet closed.
    open: usize,
    not_kept: u64,
    /// How often spans were entered.
    visits: u64,
    /// How often the recording was polled.
    polls: u64,
    /// The recording's own polled time outside all spans.
    busy: u64,
    holds: Holds,
    /// How many open spans a layer has heard of.
    heard: usize,
    /// Whether it ever heard of one.
    listed: bool,
    overflow: Option<Box<Overflow>>,
    /// When the recording is over: the spans that are still open, and when each was last left until then.
    #[cfg(feature = "otlp")]
    left: Vec<(u32, u64)>,
}

impl Spans {
    /// Whether no span is open any longer.
    fn is_over(&self) -> bool {
        self.heard == 0 && self.holds.is_over()
    }

    fn record(&mut self, index: u32) -> Option<&mut SpanRecord> {
        let past = self.overflow.as_mut().and_then(|overflow| overflow.record(index));
        past.or_else(|| self.records.get_mut(index as usize))
    }

    /// The last end among the spans below one that was never entered; its own start when there are none.
    #[cfg(feature = "otlp")]
    fn end_of_children(&self, index: u32) -> u64 {
        let (mut end, mut never_entered) = (0, vec![index]);
        let first = index as usize;
        for (child, record) in self.records.iter().enumerate().skip(first) {
            let is_below = child == first || record.parent.is_some_and(|parent| never_entered.contains(&parent));
            if is_below {
                end = end.max(record.end);
            }
            if is_below && record.entered.is_none() {
                never_entered.extend(u32::try_from(child));
            }
        }
        end
    }

    /// The open spans that were entered, and when they were last left.
    #[cfg(feature = "otlp")]
    fn left_open(&self) -> Vec<(u32, u64)> {
        let open = (0..).zip(&self.records).filter(|(_, record)| record.open && record.entered.is_some());
        open.map(|(index, record)| (index, record.end)).collect()
    }

    /// Notes that a span is closed, and a visit to it that was not noted before.
    fn close(&mut self, index: u32, visit: Option<Visit>) {
        self.visits += visit.map_or(0, |visit| visit.times.into());
        let Some(record) = self.record(index) else { return };
        if let Some(visit) = visit {
            visit.note(record);
        }
        if std::mem::take(&mut record.open) {
            self.open = self.open.saturating_sub(1);
        }
        if let Some(overflow) = &mut self.overflow {
            overflow.close(&mut self.records, index);
        }
    }
}

/// How many trees there are.
static ALIVE: AtomicUsize = AtomicUsize::new(0);

impl Drop for RunTree {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What a recording leaves behind.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) records: Vec<SpanRecord>,
    pub(crate) wall: u64,
    pub(crate) busy: u64,
    pub(crate) detached: u64,
    pub(crate) dropped_spans: u64,
    pub(crate) visits: u64,
    pub(crate) polls: u64,
}

impl RunTree {
    /// A tree that starts now. `outer` is the place within which the recording was started, if it was within another.
    pub(crate) fn start(clock: TimeSource, outer: Option<Place>) -> Arc<Self> {
        let spans = Spans { records: Vec::with_capacity(USUAL_SPANS), ..Spans::default() };
        ALIVE.fetch_add(1, Ordering::Relaxed);
        let start = clock();
        Arc::new(Self {
            number: address::next_number(),
            clock,
            start,
            #[cfg(feature = "otlp")]
            started: outer.as_ref().map_or_else(crate::time_source::wall, |outer| outer.tree.at(start)),
            outer,
            finished: AtomicBool::new(false),
            spans: Mutex::new(spans),
        })
    }

    /// What tells it from all other trees.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Whether there is any tree; a cheap way out for everybody else's spans.
    pub(crate) fn any() -> bool {
        ALIVE.load(Ordering::Relaxed) > 0
    }

    /// Nanoseconds since the start.
    pub(crate) fn now(&self) -> u64 {
        let elapsed = (self.clock)().saturating_duration_since(self.start);
        elapsed.as_secs().saturating_mul(1_000_000_000).saturating_add(u64::from(elapsed.subsec_nanos()))
    }

    /// An instant by the wall clock.
    #[cfg(feature = "otlp")]
    fn at(&self, instant: Instant) -> std::time::SystemTime {
        self.started + instant.saturating_duration_since(self.start)
    }

    /// So many nanoseconds after the start, by the wall clock.
    #[cfg(feature = "otlp")]
    pub(crate) fn wall(&self, nanos: u64) -> std::time::SystemTime {
        self.started + std::time::Duration::from_nanos(nanos)
    }

    /// When a span ended that is being closed; `None` where only the export can tell. `left`: when it was last left, if that is
    /// not noted yet. A span that was never entered lasts as long as its children.
    #[cfg(feature = "otlp")]
    pub(crate) fn end(&self, position: Position, left: Option<u64>) -> Option<std::time::SystemTime> {
        let Position::At(index) = position else { return None };
        let mut spans = self.lock();
        let end = match spans.record(index).map(|record| (record.entered.is_some(), record.end)) {
            Some((is_entered, end)) if is_entered || left.is_some() => end.max(left.unwrap_or(0)),
            // Of the children of a span without a record of its own, only sums are kept: its end is the export's reading.
            Some(_) if index as usize >= spans.records.len() => return None,
            Some(_) => spans.end_of_children(index),
            None => return None,
        };
        Some(self.wall(end))
    }

    /// When a span was last left during its recording, which is over.
    #[cfg(feature = "otlp")]
    pub(crate) fn last_left(&self, position: Position) -> Option<std::time::SystemTime> {
        let Position::At(index) = position else { return None };
        let left = self.lock().left.iter().find(|(open, _)| *open == index)?.1;
        Some(self.wall(left))
    }

    /// Whether this recording was started within `other`.
    pub(crate) fn is_within(&self, other: &Arc<Self>) -> bool {
        let mut outer = self.outer.as_ref();
        while let Some(place) = outer {
            if Arc::ptr_eq(&place.tree, other) {
                return true;
            }
            outer = place.tree.outer.as_ref();
        }
        false
    }

    /// Whether a new span below one of this tree belongs to `polled`, which is being polled: when it was started within
    /// this one, or when this one is over.
    pub(crate) fn is_superseded_by(self: &Arc<Self>, polled: &Arc<Self>) -> bool {
        !Arc::ptr_eq(self, polled) && (self.is_finished() || polled.is_within(self))
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.finished.load(Ordering::Relaxed)
    }

    /// Adds an open span that a layer heard of below `parent`.
    pub(crate) fn add_heard(self: &Arc<Self>, parent: Position, record: &mut SpanRecord) -> Position {
        let mut spans = self.lock();
        let position = self.push(&mut spans, parent, record);
        if position != Position::NotKept {
            if !std::mem::replace(&mut spans.listed, true) {
                directory::insert(self);
            }
            spans.heard += 1;
        }
        position
    }

    /// Adds an open span of the private subscriber, which is held once and itself holds the span `holds`. If that is in
    /// another tree, it is held already.
    pub(crate) fn add_held(
        self: &Arc<Self>,
        parent: Position,
        record: &mut SpanRecord,
        metadata: &'static Metadata<'static>,
        holds: Option<Address>,
    ) -> Position {
        let mut spans = self.lock();
        let position = self.push(&mut spans, parent, record);
        if let Position::At(index) = position {
            if spans.holds.is_new() {
                directory::insert(self);
            }
            let holds = holds.filter(|span| span.number() != self.number || spans.holds.hold(*span));
            spans.holds.add(index, metadata, holds);
        }
        position
    }

    /// Takes the record, which is large, from where it is, if it is kept.
    fn push(&self, spans: &mut Spans, parent: Position, record: &mut SpanRecord) -> Position {
        if parent == Position::NotKept || self.is_finished() {
            spans.not_kept += 1;
            return Position::NotKept;
        }
        if spans.records.len() >= MAX_SPANS {
            let parent = if let Position::At(index) = parent { Some(index) } else { None };
            let overflow = spans.overflow.get_or_insert_default();
            return match overflow.open(&mut spans.records, parent, record) {
                Some(position) => {
                    spans.open += 1;
                    position
                }
                None => {
                    spans.not_kept += 1;
                    Position::NotKept
                }
            };
        }
        let Ok(index) = u32::try_from(spans.records.len()) else { return Position::NotKept };
        record.parent = match parent {
            // An id that another subscriber gave out may look like one of a span that is yet to come.
            Position::At(parent) if parent < index => Some(parent),
            _ => None,
        };
        spans.records.push(std::mem::take(record));
        spans.open += 1;
        Position::At(index)
    }

    /// Notes that a span was visited.
    pub(crate) fn exit(&self, position: Position, visit: Visit) {
        let mut spans = self.lock();
        match position {
            Position::At(index) => {
                spans.visits += u64::from(visit.times);
                if let Some(record) = spans.record(index) {
                    visit.note(record);
                }
            }
            Position::Top => {
                spans.polls += u64::from(visit.times);
                spans.busy += visit.busy;
            }
            Position::NotKept => {}
        }
    }

    /// Notes what a span says about itself.
    pub(crate) fn note(&self, position: Position, said: SpanRecord) {
        if let Position::At(index) = position
            && let Some(record) = self.lock().record(index)
        {
            record.learn(said);
        }
    }

    /// Notes that a span that a layer heard of is closed, and a visit to it that was not noted before.
    pub(crate) fn close_heard(&self, position: Position, visit: Option<Visit>) {
        let Position::At(index) = position else { return };
        let mut spans = self.lock();
        spans.close(index, visit);
        spans.heard = spans.heard.saturating_sub(1);
        let is_over = self.is_finished() && spans.is_over();
        drop(spans);
        if is_over {
            directory::remove(self.number);
        }
    }

    /// Holds a span of the private subscriber once more; says whether it was held before.
    pub(crate) fn hold(&self, span: Address) -> bool {
        self.lock().holds.hold(span)
    }

    /// Lets go of a span of the private subscriber. When no one else holds it, it is closed, `visit` is noted, and it
    /// lets go of the one above it.
    pub(crate) fn release(&self, span: Address, visit: Option<Visit>) -> Option<Closed> {
        let mut spans = self.lock();
        let mut parent = spans.holds.release(span)?;
        spans.close(span.index()?, visit);
        while let Some(above) = parent.filter(|above| above.number() == self.number) {
            parent = spans.holds.release(above).and_then(|next| {
                spans.close(above.index()?, None);
                next
            });
        }
        let is_over = self.is_finished() && spans.is_over();
        drop(spans);
        if is_over {
            directory::remove(self.number);
        }
        Some(Closed { parent_elsewhere: parent })
    }

    /// What the callsite of a span of the private subscriber says.
    pub(crate) fn metadata(&self, span: Address) -> Option<&'static Metadata<'static>> {
        self.lock().holds.metadata(span)
    }

    /// Ends the recording, which took `wall`, and takes its records; whatever arrives later is not kept. A recording
    /// within another one leaves a copy of its spans there.
    pub(crate) fn finish(&self, wall: u64) -> Finished {
        let spans = {
            let mut spans = self.lock();
            self.finished.store(true, Ordering::Relaxed);
            let mut ended = std::mem::take(&mut *spans);
            spans.heard = ended.heard;
            #[cfg(feature = "otlp")]
            if ended.heard > 0 {
                spans.left = ended.left_open();
            }
            if !ended.holds.is_over() {
                spans.holds = std::mem::take(&mut ended.holds);
            }
            if spans.is_over() && !ended.records.is_empty() {
                directory::remove(self.number);
            }
            ended
        };
        let mut records = spans.records;
        let mut detached = 0;
        if spans.open > 0 {
            let (past, around) = spans.overflow.map(|mut past| past.finish(&mut records, wall)).unwrap_or_default();
            detached = past + end_detached(&mut records, &around, wall);
        }
        let Spans { busy, not_kept: dropped_spans, visits, polls, .. } = spans;
        let finished = Finished { records, wall, busy, detached, dropped_spans, visits, polls };
        if let Some(outer) = &self.outer {
            let ahead = self.start.saturating_duration_since(outer.tree.start);
            outer.tree.graft(outer.position, u64::try_from(ahead.as_nanos()).unwrap_or(u64::MAX), &finished);
        }
        finished
    }

    /// Adds the spans of a recording that was started `ahead` nanoseconds after this one, below `parent`.
    fn graft(&self, parent: Position, ahead: u64, inner: &Finished) {
        let spans = &mut *self.lock();
        spans.not_kept += inner.dropped_spans;
        if parent == Position::NotKept || self.is_finished() {
            spans.not_kept += inner.records.len() as u64;
            return;
        }
        let top = if let Position::At(index) = parent { Some(index) } else { None };
        // Where each of them stands here; `None` for those that are not kept.
        let mut places: Vec<Option<u32>> = Vec::with_capacity(inner.records.len());
        for record in &inner.records {
            let parent = match record.parent {
                None => Some(top),
                Some(parent) => places.get(parent as usize).copied().flatten().map(Some),
            };
            let moved = parent.map(|parent| SpanRecord {
                parent,
                start: record.start.saturating_add(ahead),
                entered: record.entered.map(|entered| entered.saturating_add(ahead)),
                end: record.end.saturating_add(ahead),
                open: false,
                ..record.clone()
            });
            let place = moved.and_then(|record| {
                if spans.records.len() < MAX_SPANS {
                    spans.records.push(record);
                    return u32::try_from(spans.records.len() - 1).ok();
                }
                spans.overflow.get_or_insert_default().add_closed(&mut spans.records, record.parent, &record)
            });
            spans.not_kept += u64::from(place.is_none());
            places.push(place);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Spans> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for RunTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunTree").field("finished", &self.is_finished()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").field("position", &self.position).finish_non_exhaustive()
    }
}

/// Lets the spans that are still open end now, and counts them. A span cannot close before its children, so a span with
/// an open child has ended as far as anyone can tell: only the innermost open ones are detached.
fn end_detached(records: &mut [SpanRecord], around_open: &[u32], now: u64) -> u64 {
    let mut detached = 0;
    let mut has_open_child = vec![false; records.len()];
    for index in around_open {
        if let Some(flag) = has_open_child.get_mut(*index as usize) {
            *flag = true;
        }
    }
    for (index, record) in records.iter_mut().enumerate().rev() {
        if !record.open || record.group().is_some() {
            continue;
        }
        if let Some(flag) = record.parent.and_then(|parent| has_open_child.get_mut(parent as usize)) {
            *flag = true;
        }
        if record.entered.is_some() && has_open_child.get(index) == Some(&true) {
            record.open = false;
        } else {
            record.end = now;
            detached += u64::from(has_open_child.get(index) != Some(&true));
        }
    }
    detached
}
