//! What rules read at a place, kept for the rules that ask again: each reads a place once, however many others begin with it
//! (Ford, "Packrat Parsing", 2002).

use std::cell::RefCell;

use super::Day;
use super::clock::Clock;
use super::length::Length;
use super::open::Side;
use super::period::Period;
use super::relative::Offset;

/// How many places are kept: no rule looks farther ahead in what people write, and what is longer is read again.
const PLACES: usize = 32;

/// A place, and what one rule read there.
type Known<T> = (usize, Option<T>);

/// What one rule read, by place.
#[derive(Debug)]
pub(super) struct Memo<T> {
    known: RefCell<Vec<Option<Known<T>>>>,
}

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self { known: RefCell::new(Vec::new()) }
    }
}

impl<T: Copy> Memo<T> {
    /// What was read at a place; read now where it is not known.
    pub(super) fn at(&self, at: usize, read: impl FnOnce() -> Option<T>) -> Option<T> {
        let slot = at % PLACES;
        if let Some(Some((place, known))) = self.known.borrow().get(slot)
            && *place == at
        {
            return *known;
        }
        let found = read();
        let mut known = self.known.borrow_mut();
        if known.len() <= slot {
            known.resize(slot + 1, None);
        }
        if let Some(kept) = known.get_mut(slot) {
            *kept = Some((at, found));
        }
        found
    }
}

/// The rules that others begin with.
#[derive(Debug, Default)]
pub(super) struct Memos {
    pub clock: Memo<(Clock, usize)>,
    pub count: Memo<(f64, usize)>,
    pub day: Memo<(Day, usize)>,
    pub plain_day: Memo<(Day, usize)>,
    pub by_weekday: Memo<(Day, usize)>,
    pub day_number: Memo<(i64, usize, bool)>,
    pub length: Memo<(Length, usize)>,
    pub month: Memo<(Period, usize)>,
    pub offset: Memo<Offset>,
    pub period: Memo<(Period, usize)>,
    pub plain_period: Memo<(Period, usize)>,
    pub relative_period: Memo<(Period, usize)>,
    pub side: Memo<(Side, usize)>,
    pub year: Memo<(i64, usize)>,
    pub whole_year: Memo<(Period, usize)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_once_and_never_taken_for_another() {
        let memo: Memo<usize> = Memo::default();
        for at in [0, 1, PLACES, 5 * PLACES + 1] {
            assert_eq!(memo.at(at, || Some(at)), Some(at));
            assert_eq!(memo.at(at, || None), Some(at));
        }
        // What another place took over is read again, and nothing there is known, too.
        assert_eq!(memo.at(0, || None), None);
        assert_eq!(memo.at(0, || Some(9)), None);
    }
}
