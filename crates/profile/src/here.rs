//! What this thread is working on: the recording being polled, and the recorded spans it is inside of.
//!
//! The usual span is made, entered, left and closed on one thread with nothing in between. So the place of the span
//! last made or left is kept at hand, and what is to be written about it waits until it is closed or another one comes,
//! at the latest until the poll is over. That saves the lookup in a host's registry, and readings of the clock.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::Arc;

use tracing::Metadata;
use tracing::span::Id;

use crate::address::Address;
use crate::directory;
use crate::run_tree::{Place, Position, RunTree, Visit};
use crate::span_record::SpanRecord;

thread_local! {
    static HERE: RefCell<Here> = const { RefCell::new(Here { tree: None, frames: Vec::new(), recent: None, last_heard: None }) };
}

struct Here {
    tree: Option<Arc<RunTree>>,
    frames: Vec<Frame>,
    recent: Option<Recent>,
    /// The span that was last made, while nothing else has happened.
    last_heard: Option<HeardSpan>,
}

/// The span last made or left, and when. It belongs to the recording that is being polled. If nothing else has been
/// heard of when it is entered, it is taken to have been entered at once: what the thread did since was done while that
/// span was the deepest open one.
struct Recent {
    key: Key,
    position: Position,
    at: u64,
    /// What is not yet written into the tree.
    visit: Option<Visit>,
}

/// One entered span, or one poll of a recording.
struct Frame {
    key: Key,
    /// `None` for the recording that is being polled.
    tree: Option<Arc<RunTree>>,
    position: Position,
    entered: u64,
    /// Time spent in the frames above this one.
    inside: u64,
    /// Earlier visits that are not yet written into the tree.
    earlier: Option<Visit>,
}

/// What tells frames apart: span ids are unique within one subscriber only, and every layer stands over one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    layer: u64,
    span: u64,
}

/// The key of the polls of recordings. Layers count from 1, and no span has the id 0.
const POLL: Key = Key { layer: 0, span: 0 };

impl Key {
    /// Of a span that a layer of a host's subscriber hears of.
    pub(crate) fn of_layer(layer: u64, span: &Id) -> Self {
        Self { layer, span: span.into_u64() }
    }

    /// The span, if it is one of the private subscriber.
    fn address(self) -> Option<Address> {
        if self.layer == 0 { Address::from_u64(self.span) } else { None }
    }
}

/// Of a span of the private subscriber.
impl From<Address> for Key {
    fn from(span: Address) -> Self {
        Self { layer: 0, span: span.as_u64() }
    }
}

/// A span as a layer hears of it when it is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HeardSpan {
    pub(crate) key: Key,
    /// Where its values are, which is the same for all layers of one subscriber.
    pub(crate) values: usize,
}

impl HeardSpan {
    /// Whether it is the same span, of which another layer of the same subscriber has just heard.
    fn is_of_another_layer_than(self, other: Self) -> bool {
        self.key.layer != other.key.layer && self.key.span == other.key.span && self.values == other.values
    }
}

/// Who the parent of a new span is.
pub(crate) enum Parent {
    /// Whatever the thread is inside of.
    Here,
    /// No span, or one that is not recorded.
    Unknown,
    /// A recorded span.
    At(Place),
}

/// Where a new span belongs: to its parent, unless a recording that was started within the parent's is being polled, or
/// the parent's is over.
pub(crate) fn place_below(parent: &Parent) -> Option<Place> {
    with(|here| here.place_below(parent).map(|(tree, position)| Place { tree: Arc::clone(tree), position })).flatten()
}

/// The place within which a recording would be started now.
pub(crate) fn innermost() -> Option<Place> {
    place_below(&Parent::Here).filter(|place| !place.tree.is_finished())
}

/// Enters a span if its place is at hand; says whether it was.
pub(crate) fn enter_recent(key: Key) -> bool {
    with(|here| here.enter_recent(key)) == Some(true)
}

/// Leaves a span, and notes how long it was inside. Does nothing for a span that was not entered here.
pub(crate) fn exit(key: Key) {
    with(|here| here.exit(key));
}

/// Closes a span if its place is at hand; says whether it was.
pub(crate) fn close_recent(key: Key) -> bool {
    let closed = with(|here| {
        let (Some(recent), Some(tree)) = (here.take_recent(key), &here.tree) else { return false };
        tree.close_heard(recent.position, recent.visit);
        true
    });
    closed == Some(true)
}

/// When a span was left, if that is at hand and not yet written into its tree.
#[cfg(feature = "otlp")]
pub(crate) fn left_recently(key: Key) -> Option<u64> {
    with(|here| here.recent.as_ref().filter(|recent| recent.key == key)?.visit.map(|visit| visit.exited)).flatten()
}

/// Whether the recording with the tree of this number is being polled on this thread.
#[cfg(feature = "otlp")]
pub(crate) fn polls(tree: u64) -> bool {
    with(|here| here.tree.as_ref().is_some_and(|polled| polled.number() == tree)) == Some(true)
}

/// Adds a span that a layer of the host's subscriber heard of to the recording it belongs to, if there is one and no
/// other layer has added it; gives its address and when it was made.
pub(crate) fn add_heard(parent: &Parent, heard: HeardSpan, record: &mut SpanRecord) -> Option<(Address, u64)> {
    with(|here| {
        let (tree, position) = here.place_below(parent)?;
        if here.last_heard.is_some_and(|last| last.is_of_another_layer_than(heard)) {
            return None;
        }
        let now = tree.now();
        record.start = now;
        record.end = now;
        let position = tree.add_heard(position, record);
        let address = Address::new(tree.number(), position);
        if position != Position::NotKept && here.is_polling(tree) {
            here.set_recent(Some(Recent { key: heard.key, position, at: now, visit: None }));
        }
        here.last_heard = Some(heard);
        Some((address, now))
    })
    .flatten()
}

/// Adds a span of the private subscriber to the recording it belongs to, if there is one. It holds the span `holds`, or
/// the one that the thread is inside of if its parent is here.
pub(crate) fn add(
    parent: &Parent,
    holds: Option<Address>,
    record: &mut SpanRecord,
    metadata: &'static Metadata<'static>,
) -> Option<Address> {
    with(|here| here.add(parent, holds, record, metadata)).flatten()
}

/// Enters a span of the private subscriber.
pub(crate) fn enter_held(span: Address) {
    if !enter_recent(span.into()) {
        enter(span.into(), span);
    }
}

/// Enters the span at an address.
pub(crate) fn enter(key: Key, span: Address) {
    let Some(index) = span.index() else { return };
    let position = Position::At(index);
    let entered = with(|here| {
        let polled = here.tree.as_ref().filter(|tree| tree.number() == span.number()).map(|tree| tree.now());
        polled.map(|now| here.push(key, None, position, now)).is_some()
    });
    if entered == Some(false)
        && let Some(tree) = tree_of(span)
    {
        with(|here| here.enter(key, &Place { tree, position }));
    }
}

/// Lets go of a span of the private subscriber; says whether that closed it.
pub(crate) fn release(span: Address) -> bool {
    let known = with(|here| {
        let visit = here.recent.as_ref().filter(|recent| recent.key == span.into()).and_then(|recent| recent.visit);
        let closed = here.known(span)?.release(span, visit);
        if closed.is_some() {
            here.take_recent(span.into());
        }
        Some(closed)
    });
    match known.flatten() {
        Some(Some(closed)) => {
            directory::release_parent(closed);
            true
        }
        Some(None) => false,
        None => span.index().is_some() && directory::release(span),
    }
}

/// The tree of a span.
pub(crate) fn tree_of(span: Address) -> Option<Arc<RunTree>> {
    with(|here| here.known(span).map(Arc::clone)).flatten().or_else(|| directory::find(span.number()))
}

/// The span of the private subscriber that was entered last.
pub(crate) fn innermost_held() -> Option<Address> {
    with(|here| here.innermost_held()).flatten()
}

/// `None` only while the thread is going down.
fn with<T>(act: impl FnOnce(&mut Here) -> T) -> Option<T> {
    HERE.try_with(|here| here.try_borrow_mut().ok().map(|mut here| act(&mut here))).ok().flatten()
}

impl Here {
    fn is_polling(&self, tree: &Arc<RunTree>) -> bool {
        self.tree.as_ref().is_some_and(|polled| Arc::ptr_eq(polled, tree))
    }

    /// The tree of a span, if it is at hand.
    fn known(&self, span: Address) -> Option<&Arc<RunTree>> {
        let innermost = || self.frames.last().and_then(|frame| frame.tree.as_ref());
        let is_its = |tree: &&Arc<RunTree>| tree.number() == span.number();
        self.tree.as_ref().filter(is_its).or_else(|| innermost().filter(is_its))
    }

    fn innermost_held(&self) -> Option<Address> {
        self.frames.iter().rev().find_map(|frame| frame.key.address())
    }

    fn place_below<'a>(&'a self, parent: &'a Parent) -> Option<(&'a Arc<RunTree>, Position)> {
        let parent = match parent {
            Parent::Here => self.frames.last().and_then(|frame| {
                let tree = frame.tree.as_ref().or(self.tree.as_ref())?;
                Some((tree, frame.position))
            }),
            Parent::Unknown => None,
            Parent::At(place) => Some((&place.tree, place.position)),
        };
        match (parent, &self.tree) {
            (Some((tree, _)), Some(polled)) if tree.is_superseded_by(polled) => Some((polled, Position::Top)),
            (Some(parent), _) => Some(parent),
            (None, Some(polled)) => Some((polled, Position::Top)),
            (None, None) => None,
        }
    }

    fn add(
        &mut self,
        parent: &Parent,
        holds: Option<Address>,
        record: &mut SpanRecord,
        metadata: &'static Metadata<'static>,
    ) -> Option<Address> {
        let holds = if let Parent::Here = parent { self.innermost_held() } else { holds };
        let (tree, position) = self.place_below(parent)?;
        let is_elsewhere = |span: &Address| span.number() != tree.number();
        let holds = holds.filter(|span| !is_elsewhere(span) || directory::hold(*span));
        let now = tree.now();
        record.start = now;
        record.end = now;
        let position = tree.add_held(position, record, metadata, holds);
        let span = Address::new(tree.number(), position);
        if position == Position::NotKept {
            if let Some(held) = holds.filter(is_elsewhere) {
                directory::release(held);
            }
        } else if self.is_polling(tree) {
            self.set_recent(Some(Recent { key: span.into(), position, at: now, visit: None }));
        }
        Some(span)
    }

    fn take_recent(&mut self, key: Key) -> Option<Recent> {
        self.recent.take_if(|recent| recent.key == key)
    }

    fn set_recent(&mut self, recent: Option<Recent>) {
        if let Some(Recent { position, visit: Some(visit), .. }) = std::mem::replace(&mut self.recent, recent)
            && let Some(tree) = &self.tree
        {
            tree.exit(position, visit);
        }
    }

    fn enter_recent(&mut self, key: Key) -> bool {
        self.last_heard = None;
        let Some(Recent { position, at, visit, .. }) = self.take_recent(key) else { return false };
        self.frames.push(Frame { key, tree: None, position, entered: at, inside: 0, earlier: visit });
        true
    }

    fn enter(&mut self, key: Key, place: &Place) {
        let tree = (!self.is_polling(&place.tree)).then(|| Arc::clone(&place.tree));
        self.push(key, tree, place.position, place.tree.now());
    }

    fn push(&mut self, key: Key, tree: Option<Arc<RunTree>>, position: Position, entered: u64) {
        self.set_recent(None);
        self.frames.push(Frame { key, tree, position, entered, inside: 0, earlier: None });
    }

    fn exit(&mut self, key: Key) -> Option<u64> {
        let index = self.frames.iter().rposition(|frame| frame.key == key)?;
        let is_last = index + 1 == self.frames.len();
        let frame = if is_last { self.frames.pop()? } else { self.frames.remove(index) };
        let Frame { tree, position, entered, inside, earlier, .. } = frame;
        let from_polled = tree.is_none();
        if from_polled && self.frames.iter().skip(index).any(|frame| frame.key == POLL) {
            // A span of an enclosing recording, left while one within is polled: no one can say where it belongs.
            return None;
        }
        let tree = tree.as_ref().or(self.tree.as_ref())?;
        let exited = tree.now();
        let spent = exited.saturating_sub(entered);
        if let Some(below) = index.checked_sub(1).and_then(|below| self.frames.get_mut(below)) {
            below.inside += spent;
        }
        let mut visit = Visit { entered, exited, busy: spent.saturating_sub(inside), times: 1 };
        if let Some(earlier) = earlier {
            let (busy, times) = (visit.busy + earlier.busy, visit.times.saturating_add(earlier.times));
            visit = Visit { entered: earlier.entered, busy, times, ..visit };
        }
        if from_polled {
            self.set_recent(Some(Recent { key, position, at: exited, visit: Some(visit) }));
        } else {
            tree.exit(position, visit);
        }
        Some(exited)
    }
}

/// A recording is being polled on this thread for as long as this lives.
pub(crate) struct Polling {
    previous: Option<Arc<RunTree>>,
    depth: usize,
    not_send: PhantomData<*const ()>,
}

/// Makes `tree` the recording being polled here, since `entered`.
pub(crate) fn poll(tree: &Arc<RunTree>, entered: u64) -> Polling {
    let previous = with(|here| {
        here.set_recent(None);
        let previous = here.tree.replace(Arc::clone(tree));
        let depth = here.frames.len();
        here.push(POLL, None, Position::Top, entered);
        (previous, depth)
    });
    let (previous, depth) = previous.unwrap_or((None, usize::MAX));
    Polling { previous, depth, not_send: PhantomData }
}

impl Polling {
    /// Ends the poll, and says when that was.
    pub(crate) fn end(mut self) -> Option<u64> {
        self.leave()
    }

    fn leave(&mut self) -> Option<u64> {
        let depth = std::mem::replace(&mut self.depth, usize::MAX);
        with(|here| {
            // Frames above belong to spans whose layer was taken away while they were entered.
            here.frames.truncate(depth.checked_add(1)?);
            let left = here.exit(POLL);
            here.set_recent(None);
            here.tree = self.previous.take();
            left
        })
        .flatten()
    }
}

impl Drop for Polling {
    fn drop(&mut self) {
        self.leave();
    }
}
