//! Where a span of the private subscriber is to be found: the number of its tree and its position in it, which together
//! are its id.

use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::span::Id;

use crate::overflow::{MAX_GROUPS, MAX_OPEN};
use crate::run_tree::{MAX_SPANS, Position};

/// The low bits of an id, which are for the position.
const BITS: u32 = 14;
const LOW: u64 = (1 << BITS) - 1;
const _: () = assert!(((MAX_SPANS + MAX_GROUPS + MAX_OPEN) as u64) < LOW, "every position needs a number of its own");

/// How many numbers there are for trees. A process that made a recording every ten nanoseconds would be through with
/// them after four months; then they begin anew, which concerns only trees that have been alive since.
const NUMBERS: u64 = (1 << (u64::BITS - BITS)) - 1;

/// The number of one more tree, at least 1.
pub(crate) fn next_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed) % NUMBERS + 1
}

/// A span's address. As a number, it is the span's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Address(NonZeroU64);

impl Address {
    /// Of all spans that belong to no recording. No tree has the number 0.
    pub(crate) const OUTSIDE: Self = Self(NonZeroU64::MIN);

    /// Of the span at `position` in the tree with `number`.
    pub(crate) fn new(number: u64, position: Position) -> Self {
        let low = match position {
            Position::At(index) => u64::from(index) + 1,
            // No span is the recording itself.
            Position::Top | Position::NotKept => 0,
        };
        NonZeroU64::new(number << BITS | low & LOW).map_or(Self::OUTSIDE, Self)
    }

    /// Of the span with an id that the private subscriber gave out.
    pub(crate) fn of(id: &Id) -> Self {
        Self(id.into_non_zero_u64())
    }

    pub(crate) fn id(self) -> Id {
        Id::from_non_zero_u64(self.0)
    }

    pub(crate) fn from_u64(number: u64) -> Option<Self> {
        NonZeroU64::new(number).map(Self)
    }

    pub(crate) fn as_u64(self) -> u64 {
        self.0.get()
    }

    /// The number of the tree.
    pub(crate) fn number(self) -> u64 {
        self.0.get() >> BITS
    }

    /// The index of the record, if there is one.
    pub(crate) fn index(self) -> Option<u32> {
        if self == Self::OUTSIDE {
            return None;
        }
        u32::try_from(self.0.get() & LOW).ok()?.checked_sub(1)
    }

    pub(crate) fn position(self) -> Position {
        self.index().map_or(Position::NotKept, Position::At)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_what_went_into_it() {
        for number in [1, 2, 77, NUMBERS - 1, NUMBERS] {
            for position in [Position::At(0), Position::At(1), Position::At(MAX_SPANS as u32 - 1), Position::NotKept] {
                let address = Address::of(&Address::new(number, position).id());
                assert_eq!((address.number(), address.position()), (number, position));
                assert_ne!(address, Address::OUTSIDE);
            }
        }
    }

    #[test]
    fn a_span_outside_of_recordings_has_no_place() {
        assert_eq!((Address::OUTSIDE.number(), Address::OUTSIDE.position()), (0, Position::NotKept));
    }

    #[test]
    fn numbers_differ_and_are_never_0() {
        let (first, second) = (next_number(), next_number());
        assert!(first > 0 && second > 0 && first != second);
        assert_eq!((NUMBERS - 1) % NUMBERS + 1, NUMBERS);
        assert_eq!(NUMBERS % NUMBERS + 1, 1);
    }
}
