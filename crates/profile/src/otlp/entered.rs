//! Which exported spans this thread is inside of. Each is OpenTelemetry's current context meanwhile, so that what the host
//! does with OpenTelemetry stands below it.

use std::cell::RefCell;

use opentelemetry::trace::SpanId;
use opentelemetry::{Context, ContextGuard};
use tracing::span::Id;

thread_local! {
    static ENTERED: RefCell<Vec<Entered>> = const { RefCell::new(Vec::new()) };
}

struct Entered {
    export: u64,
    /// The span in its registry.
    id: u64,
    /// The span where it is sent.
    span: SpanId,
    /// The number of the tree in which the profile records it.
    tree: Option<u64>,
    guard: ContextGuard,
}

/// A span that was entered here and is left.
pub(super) struct Left {
    /// The number of the tree in which the profile records it.
    pub(super) tree: Option<u64>,
}

/// Enters a span.
pub(super) fn enter(export: u64, id: &Id, span: SpanId, tree: Option<u64>, context: Context) {
    // Only the thread's own end can make it fail; then nothing is inside of anything.
    let _ = ENTERED.try_with(|entered| {
        let entry = Entered { export, id: id.into_u64(), span, tree, guard: context.attach() };
        entered.borrow_mut().push(entry);
    });
}

/// Leaves a span, if it was entered here.
pub(super) fn exit(export: u64, id: &Id) -> Option<Left> {
    let left = ENTERED.try_with(|entered| {
        let mut entered = entered.borrow_mut();
        let index = entered.iter().rposition(|entry| entry.id == id.into_u64() && entry.export == export)?;
        Some(entered.remove(index))
    });
    let Entered { tree, guard, .. } = left.ok().flatten()?;
    // Whatever goes with the context goes when the list is free again.
    drop(guard);
    Some(Left { tree })
}

/// Where the current context, that of `span`, is another export's: the innermost span here that both have entered, as this
/// export knows it.
pub(super) fn beside_another(export: u64, span: SpanId) -> Option<(Id, SpanId)> {
    let found = ENTERED.try_with(|entered| {
        let entered = entered.borrow();
        let other = entered.iter().rfind(|entry| entry.span == span).filter(|entry| entry.export != export)?.export;
        let is_others = |id: u64| entered.iter().any(|entry| entry.export == other && entry.id == id);
        let own = entered.iter().rfind(|entry| entry.export == export && is_others(entry.id))?;
        Some((Id::from_u64(own.id), own.span))
    });
    found.ok().flatten()
}
