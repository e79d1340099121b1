//! Years and what they are made of and add up to: `2019`, `Q1 2019`, `the first quarter of 2013`, `H2`, `the 1990s`, `15th century`.

use super::calendar::{Two, date, plus};
use super::day::shift;
use super::length::Unit;
use super::period::Period;
use super::{Cx, longer};

impl Cx<'_> {
    /// A year by its number, or from the one of reference.
    pub(super) fn by_year(&self, at: usize) -> Option<(Period, usize)> {
        self.memos.whole_year.at(at, || self.fresh_by_year(at))
    }

    fn fresh_by_year(&self, at: usize) -> Option<(Period, usize)> {
        let t = self.t;
        let start = if t.any(at, &["the"]) { at + 1 } else { at };
        let whole = |year: i64| Some(Period::one(date(year, 1, 1)?, date(year + 1, 1, 1)?, Unit::Year));
        if t.any(start, &["year", "cy"]) || t.phrase(start, &["calendar", "year"]) {
            let next = if t.any(start, &["calendar"]) { start + 2 } else { start + 1 };
            if let Some((year, end)) = self.year(next) {
                return Some((whole(year)?, end));
            }
            let (year, 2) = t.small(next).filter(|_| t.glued(next))? else { return None };
            return Some((whole(self.century(year))?, next + 1));
        }
        let (year, end) = self.year(at)?;
        // A bare number is a year where nothing makes it an amount, a part of a number or of a code.
        let named = t.digits(at).is_none();
        let plausible = (1500..=2100).contains(&year) || (named && end > at + 1);
        let before = at.checked_sub(1).and_then(|before| t.mark(before));
        let stuck = t.glued(at)
            && before.is_none_or(|mark| matches!(mark, '-' | '.' | ',' | '$' | '€' | '£' | '#' | '+' | '/'));
        // "2014-2018" are two years, "2010-2015-86" are none.
        let joined = |dash: usize, other: usize, beyond: usize| {
            t.is(dash, "-")
                && t.small(other).is_some_and(|(year, len)| len == 4 && (1500..=2100).contains(&year))
                && !t.is(beyond, "-/.")
        };
        let range = joined(end, end + 1, end + 2)
            || (at >= 2 && joined(at - 1, at - 2, end) && !(at >= 3 && t.is(at - 3, "-/.")));
        let stuck = stuck && !(range && at >= 2 && t.is(at - 1, "-"));
        let code = t.is(end, "-.,/") && t.glued(end) && t.digits(end + 1).is_some() && t.glued(end + 1) && !range;
        let amount = matches!(before, Some('$' | '€' | '£' | '+' | '#'))
            || t.is(end, "%$€£")
            || crate::normalize::unit::is_counted(t.word(end));
        (plausible && !stuck && !code && !amount).then(|| Some((whole(year)?, end))).flatten()
    }

    /// A quarter or half of a year.
    pub(super) fn quarter(&self, at: usize) -> Option<(Period, usize)> {
        let t = self.t;
        // "2017 q1", "2017-q1".
        if let Some((year, next)) = self.year(at) {
            let next = if t.is(next, "-/") { next + 1 } else { next };
            if let Some((part, end)) = self.short_part(next) {
                return Some((self.part_of_year(year, part)?, end));
            }
        }
        let start = if t.any(at, &["the"]) { at + 1 } else { at };
        // "next year's first quarter".
        if let Some(years) = shift(t.word(start)).filter(|_| t.phrase(start + 1, &["year", "'", "s"]))
            && let Some((part, end)) = self.long_part(start + 4)
        {
            return Some((self.part_of_year(i64::from(self.today.year()) + years, part)?, end));
        }
        let (part, end) = longer(self.short_part(start), self.long_part(start))?;
        let of = if t.any(end, &["of", "in"]) || t.is(end, "-/,") { end + 1 } else { end };
        if let Some((year, end)) = self.year(of) {
            return Some((self.part_of_year(year, part)?, end));
        }
        if let Some(years) = shift(t.word(of)).filter(|_| t.any(of + 1, &["year"])) {
            return Some((self.part_of_year(i64::from(self.today.year()) + years, part)?, of + 2));
        }
        let end = if t.phrase(end, &["of", "the", "year"]) { end + 3 } else { end };
        // A quarter by itself may be that of any year around.
        let year = i64::from(self.today.year());
        let this = self.part_of_year(year, part)?.two.past;
        let other = |years: i64| Some(self.part_of_year(year + years, part)?.two.past);
        let two = if this.0 < self.today {
            Two { past: this, future: other(1)? }
        } else {
            Two { past: other(-1)?, future: this }
        };
        Some((Period { two, ..Period::one(self.today, self.today, Unit::Quarter) }, end))
    }

    /// First month and number of months: `q3`, `h2`.
    fn short_part(&self, at: usize) -> Option<((i64, i64), usize)> {
        let t = self.t;
        let (n, 1) = t.small(at + 1).filter(|_| t.glued(at + 1))? else { return None };
        match (t.word(at), n) {
            ("q", 1..=4) => Some((((n - 1) * 3 + 1, 3), at + 2)),
            ("h", 1..=2) => Some((((n - 1) * 6 + 1, 6), at + 2)),
            _ => None,
        }
    }

    /// `first quarter`, `second half`.
    fn long_part(&self, at: usize) -> Option<((i64, i64), usize)> {
        let t = self.t;
        let (n, end) = if t.any(at, &["last"]) {
            (4, at + 1)
        } else {
            let (n, end, ordinal) = self.day_number(at)?;
            (ordinal.then_some(n)?, end)
        };
        match (t.word(end), n) {
            ("quarter", 1..=4) => Some((((n - 1) * 3 + 1, 3), end + 1)),
            ("half", 1..=2) if t.phrase(end + 1, &["of"]) => Some((((n - 1) * 6 + 1, 6), end + 1)),
            _ => None,
        }
    }

    fn part_of_year(&self, year: i64, (first, months): (i64, i64)) -> Option<Period> {
        let from = date(year, first, 1)?;
        Some(Period::one(from, plus(from, months, 0)?, Unit::Quarter))
    }

    /// `the 1990s`, `nineties`, `21st century`.
    pub(super) fn decade(&self, at: usize) -> Option<(Period, usize)> {
        let t = self.t;
        let start = if t.any(at, &["the"]) { at + 1 } else { at };
        let years = |from: i64, count: i64| Some((date(from, 1, 1)?, date(from + count, 1, 1)?));
        if let Some((nth, end, true)) = self.day_number(start)
            && t.any(end, &["century"])
        {
            let (from, to) = years((nth - 1) * 100, 100).or_else(|| years(1, 99))?;
            return Some((Period::one(from, to, Unit::Year), end + 1));
        }
        if let Some((year, len @ (2 | 4))) = t.small(start) {
            let apostrophe = t.is(start + 1, "'") && t.any(start + 2, &["s"]);
            let plural = t.any(start + 1, &["s"]) && t.glued(start + 1);
            if !(plural || apostrophe) || year % 10 != 0 {
                return None;
            }
            let end = if plural { start + 2 } else { start + 3 };
            if len == 4 {
                let (from, to) = years(year, 10)?;
                return Some((Period::one(from, to, Unit::Year), end));
            }
            return self.short_decade(year, end);
        }
        let decade = match t.word(start) {
            "twenties" => 20,
            "thirties" => 30,
            "forties" => 40,
            "fifties" => 50,
            "sixties" => 60,
            "seventies" => 70,
            "eighties" => 80,
            "nineties" => 90,
            _ => return None,
        };
        self.short_decade(decade, start + 1)
    }

    fn short_decade(&self, decade: i64, end: usize) -> Option<(Period, usize)> {
        let years = |from: i64| Some((date(from, 1, 1)?, date(from + 10, 1, 1)?));
        let two = Two { past: years(1900 + decade)?, future: years(2000 + decade)? };
        Some((Period { two, ..Period::one(self.today, self.today, Unit::Year) }, end))
    }
}
