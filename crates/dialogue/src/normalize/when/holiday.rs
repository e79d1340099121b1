//! Days with a name: `Christmas Eve`, `Thanksgiving`, `Labor Day 2021`.

use jiff::civil::{Date, Weekday};

use super::calendar::{around, date, plus};
use super::{Cx, Day};

/// When a holiday is.
#[derive(Clone, Copy)]
enum Rule {
    On(i64, i64),
    /// The n-th weekday of a month, from the end if negative, and days from there.
    Nth(i64, i8, Weekday, i64),
    /// Days from Easter Sunday.
    Easter(i64),
}

use Rule::{Easter, Nth, On};
use Weekday::{Monday, Sunday, Thursday};

/// Longer names first. `'s`, a full stop behind `st` and `day` at the end may be left out.
const HOLIDAYS: &[(&[&str], Rule)] = &[
    (&["christmas", "eve"], On(12, 24)),
    (&["christmas"], On(12, 25)),
    (&["xmas", "eve"], On(12, 24)),
    (&["xmas"], On(12, 25)),
    (&["boxing", "day"], On(12, 26)),
    (&["new", "year", "eve"], On(12, 31)),
    (&["new", "years", "eve"], On(12, 31)),
    (&["new", "year"], On(1, 1)),
    (&["new", "years"], On(1, 1)),
    (&["halloween"], On(10, 31)),
    (&["valentine"], On(2, 14)),
    (&["valentines"], On(2, 14)),
    (&["saint", "patrick"], On(3, 17)),
    (&["st", "patrick"], On(3, 17)),
    (&["independence", "day"], On(7, 4)),
    (&["earth", "day"], On(4, 22)),
    (&["groundhog", "day"], On(2, 2)),
    (&["april", "fool"], On(4, 1)),
    (&["april", "fools"], On(4, 1)),
    (&["veterans", "day"], On(11, 11)),
    (&["international", "workers"], On(5, 1)),
    (&["may", "day"], On(5, 1)),
    (&["labour", "day"], On(5, 1)),
    (&["juneteenth"], On(6, 19)),
    (&["cinco", "de", "mayo"], On(5, 5)),
    (&["bastille", "day"], On(7, 14)),
    (&["canada", "day"], On(7, 1)),
    (&["labor", "day"], Nth(9, 1, Monday, 0)),
    (&["thanksgiving"], Nth(11, 4, Thursday, 0)),
    (&["black", "friday"], Nth(11, 4, Thursday, 1)),
    (&["cyber", "monday"], Nth(11, 4, Thursday, 4)),
    (&["memorial", "day"], Nth(5, -1, Monday, 0)),
    (&["martin", "luther", "king"], Nth(1, 3, Monday, 0)),
    (&["mlk"], Nth(1, 3, Monday, 0)),
    (&["president"], Nth(2, 3, Monday, 0)),
    (&["presidents"], Nth(2, 3, Monday, 0)),
    (&["columbus", "day"], Nth(10, 2, Monday, 0)),
    (&["mother"], Nth(5, 2, Sunday, 0)),
    (&["mothers"], Nth(5, 2, Sunday, 0)),
    (&["father"], Nth(6, 3, Sunday, 0)),
    (&["fathers"], Nth(6, 3, Sunday, 0)),
    (&["good", "friday"], Easter(-2)),
    (&["easter", "monday"], Easter(1)),
    (&["easter"], Easter(0)),
    (&["ash", "wednesday"], Easter(-46)),
    (&["pentecost"], Easter(49)),
];

/// What is a common word without `day` behind it.
const NEEDS_DAY: [&str; 6] = ["mother", "mothers", "father", "fathers", "president", "presidents"];

/// Whether a holiday's name begins with a word.
pub(super) fn begins(word: &str) -> bool {
    HOLIDAYS.iter().any(|(names, _)| names.first() == Some(&word))
}

fn day_of(rule: Rule, year: i64) -> Option<Date> {
    match rule {
        On(month, day) => date(year, month, day),
        Nth(month, nth, weekday, days) => plus(date(year, month, 1)?.nth_weekday_of_month(nth, weekday).ok()?, 0, days),
        Easter(days) => plus(easter(year)?, 0, days),
    }
}

/// Easter Sunday of the Gregorian calendar, by the anonymous algorithm of 1876 (Meeus, Astronomical Algorithms, chapter 8).
fn easter(year: i64) -> Option<Date> {
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let sum = h + l - 7 * m + 114;
    date(year, sum / 31, sum % 31 + 1)
}

impl Cx<'_> {
    /// A holiday, with its year if one is said.
    pub(super) fn holiday(&self, at: usize) -> Option<(Day, usize)> {
        let t = self.t;
        if !t.is(at, ".'") && !begins(t.word(at)) {
            return None;
        }
        let (names, rule) = HOLIDAYS.iter().find(|(names, _)| self.named(at, names).is_some())?;
        let mut end = self.named(at, names)?;
        let bare = end;
        // "'s", "day".
        if t.is(end, "'") {
            end += if t.any(end + 1, &["s"]) && t.glued(end + 1) { 2 } else { 1 };
        }
        if t.any(end, &["eve"]) && names.first() == Some(&"new") {
            let (past, to) = self.celebrated(On(12, 31), end + 1)?;
            return Some((past, to));
        }
        let day = t.any(end, &["day", "days"]);
        if day {
            end += 1;
        } else if names.first().is_some_and(|name| NEEDS_DAY.contains(name)) {
            return None;
        } else if !t.any(end.saturating_sub(1), &["s"]) || end == bare + 1 {
            end = bare;
        }
        self.celebrated(*rule, end)
    }

    fn named(&self, at: usize, names: &[&str]) -> Option<usize> {
        let mut next = at;
        for name in names {
            if !self.t.any(next, &[name]) {
                // "St. Patrick", "New Year's Eve"
                next += match () {
                    () if self.t.is(next, ".") && self.t.any(next + 1, &[name]) => 1,
                    () if self.t.phrase(next, &["'", "s", name]) => 2,
                    () => return None,
                };
            }
            next += 1;
        }
        Some(next)
    }

    fn celebrated(&self, rule: Rule, end: usize) -> Option<(Day, usize)> {
        let from = if self.t.any(end, &["of", "in"]) || self.t.is(end, ",") { end + 1 } else { end };
        if let Some((year, to)) = self.year(from) {
            return Some((Day::one(day_of(rule, year)?, "holiday"), to));
        }
        Some((Day::two(around(self.today, |year| day_of(rule, year))?, "holiday"), end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easter_is_where_it_was() {
        for (year, month, day) in [(2019, 4, 21), (2024, 3, 31), (2000, 4, 23), (2038, 4, 25)] {
            assert_eq!(easter(year), date(year, month, day));
        }
    }
}
