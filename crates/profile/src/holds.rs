//! Who still holds the spans of the private subscriber: a span is open while it or a span below it is.

use tracing::Metadata;

use crate::address::Address;
use crate::run_tree::USUAL_SPANS;

/// What is known of the spans of one tree; the others' records have none.
#[derive(Debug, Default)]
pub(crate) struct Holds {
    /// At the same places as the records, which are taken away when the run ends, while spans may be held on.
    spans: Vec<Held>,
    held: usize,
}

#[derive(Debug, Clone, Copy, Default)]
struct Held {
    metadata: Option<&'static Metadata<'static>>,
    /// Handles, and spans below that are open. Once it is 0 it stays so, until the place is given to another span.
    times: u32,
    parent: Option<Address>,
}

impl Holds {
    /// Whether there was never a span.
    pub(crate) fn is_new(&self) -> bool {
        self.spans.is_empty()
    }

    /// Whether no span is held.
    pub(crate) fn is_over(&self) -> bool {
        self.held == 0
    }

    /// Adds a span that is held once, and itself holds `parent`.
    pub(crate) fn add(&mut self, index: u32, metadata: &'static Metadata<'static>, parent: Option<Address>) {
        let index = index as usize;
        if self.spans.is_empty() {
            self.spans.reserve(USUAL_SPANS);
        }
        if self.spans.len() < index {
            // Those between were made by a host's layer, or came with a nested recording.
            self.spans.resize(index, Held::default());
        }
        let held = Held { metadata: Some(metadata), times: 1, parent };
        match self.spans.get_mut(index) {
            // The place of a span that is closed.
            Some(place) => *place = held,
            None => self.spans.push(held),
        }
        self.held += 1;
    }

    /// Holds a span once more; says whether it was held before.
    pub(crate) fn hold(&mut self, span: Address) -> bool {
        let Some(span) = self.held(span) else { return false };
        span.times = span.times.saturating_add(1);
        true
    }

    /// Lets go of a span. When no one holds it any longer, the answer is what it held itself.
    pub(crate) fn release(&mut self, span: Address) -> Option<Option<Address>> {
        let span = self.held(span)?;
        span.times -= 1;
        if span.times > 0 {
            return None;
        }
        let parent = span.parent.take();
        self.held -= 1;
        Some(parent)
    }

    /// What the span's callsite says.
    pub(crate) fn metadata(&self, span: Address) -> Option<&'static Metadata<'static>> {
        self.spans.get(span.index()? as usize).filter(|span| span.times > 0)?.metadata
    }

    fn held(&mut self, span: Address) -> Option<&mut Held> {
        self.spans.get_mut(span.index()? as usize).filter(|span| span.times > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span_record::SpanRecord;

    #[test]
    fn what_is_set_aside_for_a_run_holds_nine_phases_and_is_small() {
        // The run itself and its phases; 5,000 runs that wait take 10 MB.
        const { assert!(USUAL_SPANS > 9) };
        assert!(USUAL_SPANS * (size_of::<SpanRecord>() + size_of::<Held>()) <= 2_048);
    }
}
