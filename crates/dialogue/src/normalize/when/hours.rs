//! Stretches of a day: `from 10 am to 12`, `9-10 am`, `between 5 and 6 in the afternoon`, `from 2pm for 2 hours`, `the evening`.

use jiff::Span;
use jiff::civil::Time;

use super::clock::{Clock, Half};
use super::{Cx, Times};

/// Stretches of a day, all that it may be.
#[derive(Debug, Clone)]
pub(super) struct Hours {
    pub all: Vec<Times>,
    /// Two bare numbers: hours only beside a day.
    pub bare: bool,
    pub how: &'static str,
}

fn oclock(hour: i8) -> Option<Time> {
    if hour == 24 { Time::new(23, 59, 59, 0).ok() } else { Time::new(hour, 0, 0, 0).ok() }
}

impl Cx<'_> {
    /// From a time to another.
    pub(super) fn hours(&self, at: usize) -> Option<(Hours, usize)> {
        let t = self.t;
        // "in the morning from 9 to 11" is handled by what joins days and hours.
        let (opened, start) = match t.word(at) {
            "from" => (true, at + 1),
            "between" => (true, at + 1),
            _ => (false, at),
        };
        let between = t.any(at, &["between"]);
        let (first, next) = self.clock(start)?;
        if let Some((hours, end)) = self.for_length(first, next, opened) {
            return Some((hours, end));
        }
        let joint = match () {
            () if t.any(next, &["to", "till", "til", "until", "through"]) => next + 1,
            () if between && t.any(next, &["and"]) => next + 1,
            () if t.is(next, "-~") => next + 1,
            () => return None,
        };
        let joint = if between && t.any(joint, &["and"]) { joint + 1 } else { joint };
        let (last, end) = self.clock(joint)?;
        let all = self.pair(first, last);
        let minutes = opened && (first.has_minutes() || last.has_minutes());
        let bare = first.bare && last.bare && !minutes;
        (!all.is_empty()).then_some((Hours { all, bare, how: "from time to time" }, end))
    }

    /// `from 10 am for 3 hours 30 minutes`.
    fn for_length(&self, first: Clock, next: usize, opened: bool) -> Option<(Hours, usize)> {
        if !self.t.any(next, &["for"]) || (first.bare && !opened) {
            return None;
        }
        let (length, end) = self.length(next + 1)?;
        if length.years + length.months + length.days != 0.0 {
            return None;
        }
        let span = Span::new().try_seconds(super::length::whole(length.seconds)?).ok()?;
        let all = first
            .times()
            .into_iter()
            .filter_map(|from| Some((Some(from), Some(from.checked_add(span).ok()?))))
            .collect();
        Some((Hours { all, bare: false, how: "from time to time" }, end))
    }

    /// What two times may mean together: the half of the day that one says goes for the other where that keeps their order.
    fn pair(&self, first: Clock, last: Clock) -> Vec<Times> {
        let ends = last.times();
        let starts = first.times();
        let after = |from: Time| ends.iter().copied().filter(|to| *to > from).min();
        let both = |from: Time, to: Time| (Some(from), Some(to));
        match (first.is_open(), last.is_open()) {
            // "4 to 6 pm": the start in the half of the end, or else before it.
            (true, false) => {
                let Some(to) = ends.first().copied() else { return vec![] };
                let same = last.half.and_then(|half| first.in_half(half)).filter(|from| *from < to);
                let from = same
                    .or_else(|| starts.iter().copied().filter(|from| *from < to).max())
                    .or_else(|| starts.first().copied());
                from.map(|from| both(from, to)).into_iter().collect()
            }
            // "10 am to 12"
            (false, true) => {
                let Some(from) = starts.first().copied() else { return vec![] };
                after(from).or_else(|| ends.first().copied()).map(|to| both(from, to)).into_iter().collect()
            }
            (false, false) => match (starts.first(), ends.first()) {
                (Some(from), Some(to)) => vec![both(*from, *to)],
                _ => vec![],
            },
            (true, true) => {
                let mut starts = starts;
                starts.sort();
                starts.iter().filter_map(|from| Some(both(*from, after(*from)?))).collect()
            }
        }
    }

    /// A part of the day: `the morning`, `early in the morning`, `at lunchtime`. Its hours, where it ends.
    pub(super) fn day_part(&self, at: usize) -> Option<(Hours, usize)> {
        let t = self.t;
        let mut next = at;
        let mut cut = 0;
        let take = |next: &mut usize, cut: &mut i8| {
            if t.any(*next, &["early", "earlier"]) {
                (*cut, *next) = (-1, *next + 1);
            } else if t.any(*next, &["late", "later"]) {
                (*cut, *next) = (1, *next + 1);
            }
        };
        take(&mut next, &mut cut);
        if let Some(to) = t.phrases(next, &[&["in", "the"], &["during", "the"], &["at"], &["the"]]) {
            next = to;
        }
        take(&mut next, &mut cut);
        let (from, to) = match t.word(next) {
            "morning" => (8, 12),
            "afternoon" => (12, 16),
            "evening" => (16, 20),
            "night" => (20, 24),
            "daytime" => (8, 18),
            "lunchtime" => (11, 13),
            "dinnertime" => (16, 20),
            "breakfasttime" => (8, 12),
            _ => return None,
        };
        let middle = if to - from > 4 { from + (to - from) / 2 } else { from + 2 };
        let (from, to) = match cut {
            -1 => (from, middle),
            1 => (middle, to),
            _ => (from, to),
        };
        let all = vec![(oclock(from), oclock(to))];
        Some((Hours { all, bare: false, how: "part of the day" }, next + 1))
    }

    /// `am` and `pm` by themselves, behind a day.
    pub(super) fn half_day(&self, at: usize) -> Option<(Hours, usize)> {
        let (half, end) = self.half(at)?;
        let (from, to) = if half == Half::Am { (8, 12) } else { (12, 16) };
        Some((Hours { all: vec![(oclock(from), oclock(to))], bare: false, how: "part of the day" }, end))
    }

    /// The meals that times are told by: when they end, for what is after them.
    pub(super) fn meal(&self, at: usize) -> Option<((Time, Time), usize)> {
        let (from, to) = match self.t.word(at) {
            "breakfast" => (8, 12),
            "lunch" => (11, 13),
            "dinner" | "dinnertime" | "supper" => (16, 20),
            _ => return None,
        };
        Some(((oclock(from)?, oclock(to)?), at + 1))
    }
}
