//! What this thread is working on: the recording being polled, and the recorded spans it is inside of.
//!
//! Looking a span up in its registry is most of what recording costs, and the usual span is made, entered, left and
//! closed on one thread with nothing in between. So the place of the span last made or left is kept at hand, and what is
//! to be written about it waits until it is closed or another one comes, at the latest until the poll is over.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::run_tree::{Place, Position, RunTree, Visit};

thread_local! {
    static HERE: RefCell<Here> = const { RefCell::new(Here { tree: None, frames: Vec::new(), recent: None }) };
}

struct Here {
    tree: Option<Arc<RunTree>>,
    frames: Vec<Frame>,
    recent: Option<Recent>,
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

/// What tells frames apart: span ids are unique within one registry only, and every layer stands over one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) layer: u64,
    pub(crate) span: u64,
}

/// The key of the polls of recordings; layers count from 1.
const POLL: Key = Key { layer: 0, span: 0 };

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
pub(crate) fn place_below(parent: Parent) -> Option<Place> {
    with(|here| here.place_below(parent)).flatten()
}

/// The place within which a recording would be started now.
pub(crate) fn innermost() -> Option<Place> {
    place_below(Parent::Here).filter(|place| !place.tree.is_finished())
}

/// Keeps at hand the place of a span made at `at`.
pub(crate) fn made(key: Key, place: &Place, at: u64) {
    with(|here| {
        if here.is_polling(&place.tree) {
            here.set_recent(Some(Recent { key, position: place.position, at, visit: None }));
        }
    });
}

/// Enters a span if its place is at hand; says whether it was.
pub(crate) fn enter_recent(key: Key) -> bool {
    let entered = with(|here| {
        let Some(Recent { position, at, visit, .. }) = here.take_recent(key) else { return false };
        here.frames.push(Frame { key, tree: None, position, entered: at, inside: 0, earlier: visit });
        true
    });
    entered == Some(true)
}

/// Enters a span.
pub(crate) fn enter(key: Key, place: &Place) {
    if place.position != Position::NotKept {
        with(|here| here.enter(key, place));
    }
}

/// Leaves a span, and notes how long it was inside. Does nothing for a span that was not entered here.
pub(crate) fn exit(key: Key) {
    with(|here| here.exit(key));
}

/// Closes a span if its place is at hand; says whether it was.
pub(crate) fn close_recent(key: Key) -> bool {
    let closed = with(|here| {
        let (Some(recent), Some(tree)) = (here.take_recent(key), &here.tree) else { return false };
        tree.close(recent.position, recent.visit);
        true
    });
    closed == Some(true)
}

/// `None` only while the thread is going down.
fn with<T>(act: impl FnOnce(&mut Here) -> T) -> Option<T> {
    HERE.try_with(|here| here.try_borrow_mut().ok().map(|mut here| act(&mut here))).ok().flatten()
}

impl Here {
    fn is_polling(&self, tree: &Arc<RunTree>) -> bool {
        self.tree.as_ref().is_some_and(|polled| Arc::ptr_eq(polled, tree))
    }

    fn place_below(&self, parent: Parent) -> Option<Place> {
        let parent = match parent {
            Parent::Here => self.frames.last().and_then(|frame| {
                let tree = frame.tree.as_ref().or(self.tree.as_ref())?;
                Some(Place { tree: Arc::clone(tree), position: frame.position })
            }),
            Parent::Unknown => None,
            Parent::At(place) => Some(place),
        };
        match (parent, &self.tree) {
            (Some(parent), Some(tree)) if parent.is_superseded_by(tree) => Some(Place::top(tree)),
            (Some(parent), _) => Some(parent),
            (None, Some(tree)) => Some(Place::top(tree)),
            (None, None) => None,
        }
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

    fn enter(&mut self, key: Key, place: &Place) {
        self.set_recent(None);
        let tree = (!self.is_polling(&place.tree)).then(|| Arc::clone(&place.tree));
        let entered = place.tree.now();
        self.frames.push(Frame { key, tree, position: place.position, entered, inside: 0, earlier: None });
    }

    fn exit(&mut self, key: Key) {
        let Some(index) = self.frames.iter().rposition(|frame| frame.key == key) else { return };
        let Frame { tree, position, entered, inside, earlier, .. } = self.frames.remove(index);
        let from_polled = tree.is_none();
        if from_polled && self.frames.iter().skip(index).any(|frame| frame.key == POLL) {
            // A span of an enclosing recording, left while one within is polled: no one can say where it belongs.
            return;
        }
        let Some(tree) = tree.as_ref().or(self.tree.as_ref()) else { return };
        let exited = tree.now();
        let spent = exited.saturating_sub(entered);
        if let Some(below) = index.checked_sub(1).and_then(|below| self.frames.get_mut(below)) {
            below.inside += spent;
        }
        let mut visit = Visit { entered, exited, busy: spent.saturating_sub(inside) };
        if let Some(earlier) = earlier {
            visit = Visit { entered: earlier.entered, busy: visit.busy + earlier.busy, ..visit };
        }
        if from_polled {
            self.set_recent(Some(Recent { key, position, at: exited, visit: Some(visit) }));
        } else {
            tree.exit(position, visit);
        }
    }
}

/// A recording is being polled on this thread for as long as this lives.
pub(crate) struct Polling {
    previous: Option<Arc<RunTree>>,
    depth: usize,
    not_send: PhantomData<*const ()>,
}

/// Makes `tree` the recording being polled here.
pub(crate) fn poll(tree: &Arc<RunTree>) -> Polling {
    let previous = with(|here| {
        here.set_recent(None);
        let previous = here.tree.replace(Arc::clone(tree));
        let depth = here.frames.len();
        here.enter(POLL, &Place::top(tree));
        (previous, depth)
    });
    let (previous, depth) = previous.unwrap_or((None, usize::MAX));
    Polling { previous, depth, not_send: PhantomData }
}

impl Drop for Polling {
    fn drop(&mut self) {
        with(|here| {
            // Frames above belong to spans whose layer was taken away while they were entered.
            here.frames.truncate(self.depth.saturating_add(1));
            here.exit(POLL);
            here.set_recent(None);
            here.tree = self.previous.take();
        });
    }
}
