//! Which exported spans this thread is inside of. Each is OpenTelemetry's current context meanwhile, so that what the host
//! does with OpenTelemetry stands below it.

use std::cell::{Cell, RefCell};

use opentelemetry::trace::SpanId;
use opentelemetry::{Context, ContextGuard};
use tracing::span::Id;

thread_local! {
    static ENTERED: RefCell<Vec<Entered>> = const { RefCell::new(Vec::new()) };
    /// Whether the list was ever used here. It has nothing to destroy, so it can be asked until the thread is gone.
    static IS_USED: Cell<bool> = const { Cell::new(false) };
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
    // The thread's own end has destroyed the list: nothing is inside of anything, and OpenTelemetry's may be gone as well.
    if IS_USED.get() && ENTERED.try_with(|_| ()).is_err() {
        return;
    }
    // What a thread uses first is destroyed last. The guards in the list need OpenTelemetry's current context when they go, so
    // it comes first.
    let guard = context.attach();
    IS_USED.set(true);
    let _ = ENTERED.try_with(|entered| {
        entered.borrow_mut().push(Entered { export, id: id.into_u64(), span, tree, guard });
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

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    /// Enters a span for good. Each is the first of its thread.
    fn enter_one() {
        enter(0, &Id::from_u64(1), SpanId::from(7), None, Context::new());
    }

    // What goes wrong in these ends the whole process: a thread that ends must not panic.

    #[test]
    fn a_thread_may_end_inside_of_a_span() {
        thread::spawn(enter_one).join().unwrap();
    }

    #[test]
    fn a_span_may_be_entered_when_the_thread_has_ended() {
        struct Late;

        impl Drop for Late {
            fn drop(&mut self) {
                enter_one();
                assert!(exit(0, &Id::from_u64(1)).is_none(), "there is no list any more");
            }
        }

        thread_local! {
            static LATE: Late = const { Late };
        }
        thread::spawn(|| {
            LATE.with(|_| ());
            enter_one();
        })
        .join()
        .unwrap();
    }
}
