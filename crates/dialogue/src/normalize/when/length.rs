//! Lengths of time: `3 hours 30 minutes`, `half an hour`, `one and a quarter year`, `a fortnight`, `all day`.

use jiff::Span;
use jiff::civil::{Date, DateTime};

use super::Cx;
use super::calendar::plus;
use crate::normalize::number::{self, number};

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

/// A length: years, months and days do not turn into each other.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(in super::super) struct Length {
    pub years: f64,
    pub months: f64,
    pub days: f64,
    pub seconds: f64,
}

pub(super) fn unit(word: &str) -> Option<(Unit, f64)> {
    Some(match word {
        "second" | "seconds" | "sec" | "secs" | "s" => (Unit::Second, 1.0),
        "minute" | "minutes" | "min" | "mins" => (Unit::Minute, 1.0),
        "hour" | "hours" | "hr" | "hrs" | "h" => (Unit::Hour, 1.0),
        "day" | "days" | "d" | "night" | "nights" => (Unit::Day, 1.0),
        "week" | "weeks" | "wk" | "wks" | "w" => (Unit::Week, 1.0),
        "fortnight" | "fortnights" => (Unit::Week, 2.0),
        "month" | "months" | "mo" | "mos" => (Unit::Month, 1.0),
        "quarter" | "quarters" => (Unit::Quarter, 1.0),
        "year" | "years" | "yr" | "yrs" | "y" => (Unit::Year, 1.0),
        "decade" | "decades" => (Unit::Year, 10.0),
        "century" | "centuries" => (Unit::Year, 100.0),
        _ => return None,
    })
}

impl Length {
    pub(super) fn of(count: f64, unit: Unit) -> Self {
        let mut length = Self::default();
        match unit {
            Unit::Second => length.seconds = count,
            Unit::Minute => length.seconds = count * 60.0,
            Unit::Hour => length.seconds = count * 3600.0,
            Unit::Day => length.days = count,
            Unit::Week => length.days = count * 7.0,
            Unit::Month => length.months = count,
            Unit::Quarter => length.months = count * 3.0,
            Unit::Year => length.years = count,
        }
        length
    }

    fn plus(self, other: Self) -> Self {
        Self {
            years: self.years + other.years,
            months: self.months + other.months,
            days: self.days + other.days,
            seconds: self.seconds + other.seconds,
        }
    }

    /// Whether it is of whole days at least.
    pub(super) fn is_days(&self) -> bool {
        self.seconds == 0.0 && [self.years, self.months, self.days].iter().all(|n| n.fract() == 0.0)
    }

    /// ISO 8601, as short as it is exact.
    pub(in super::super) fn iso(&self) -> String {
        let mut text = String::from("P");
        for (count, letter) in [(self.years, 'Y'), (self.months, 'M'), (self.days, 'D')] {
            if count != 0.0 {
                text.push_str(&format!("{}{letter}", number::round(count)));
            }
        }
        let seconds = number::round(self.seconds);
        let hours = (seconds / 3600.0).trunc();
        let minutes = ((seconds - hours * 3600.0) / 60.0).trunc();
        let rest = number::round(seconds - hours * 3600.0 - minutes * 60.0);
        if seconds != 0.0 {
            text.push('T');
        }
        for (count, letter) in [(hours, 'H'), (minutes, 'M'), (rest, 'S')] {
            if count != 0.0 {
                text.push_str(&format!("{count}{letter}"));
            }
        }
        if text.len() == 1 { "PT0S".into() } else { text }
    }

    /// A day that much later, or earlier by a sign of −1.
    pub(super) fn shift_day(&self, day: Date, sign: f64) -> Option<Date> {
        plus(day, whole((self.years * 12.0 + self.months) * sign)?, whole(self.days * sign)?)
    }

    pub(super) fn shift_instant(&self, at: DateTime, sign: f64) -> Option<DateTime> {
        let day = self.shift_day(at.date(), sign)?;
        let seconds = Span::new().try_seconds(whole(self.seconds * sign)?).ok()?;
        day.to_datetime(at.time()).checked_add(seconds).ok()
    }
}

#[allow(clippy::cast_possible_truncation)]
pub(super) fn whole(count: f64) -> Option<i64> {
    (count.abs() < 1e11).then_some(count.round() as i64)
}

impl Cx<'_> {
    /// A count of units; the words for a few are counts.
    pub(super) fn count(&self, at: usize) -> Option<(f64, usize)> {
        self.memos.count.at(at, || self.fresh_count(at))
    }

    fn fresh_count(&self, at: usize) -> Option<(f64, usize)> {
        let t = self.t;
        if t.any(at, &["couple"]) || t.phrase(at, &["a", "couple"]) {
            let end = if t.any(at, &["a"]) { at + 2 } else { at + 1 };
            return Some((2.0, if t.any(end, &["of"]) { end + 1 } else { end }));
        }
        if t.any(at, &["few", "several"]) {
            return Some((3.0, at + 1));
        }
        if t.phrase(at, &["a", "few"]) {
            return Some((3.0, at + 2));
        }
        if let Some(end) = t.phrases(at, &[&["half", "an"], &["half", "a"], &["a", "half"]]) {
            return Some((0.5, end));
        }
        if let Some((found, end)) = number(t, at, self.locale)
            && found.value >= 0.0
        {
            // Two quarters are of a year here, not of one.
            if found.how == "fraction"
                && let Some((whole, end)) = number::cardinal(t, at).filter(|(_, end)| t.any(*end, &["quarters"]))
            {
                return Some((whole.value, end));
            }
            // "one and half hour"
            if t.phrase(end, &["and", "half"]) {
                return Some((found.value + 0.5, end + 2));
            }
            return Some((found.value, end));
        }
        t.any(at, &["a", "an"]).then_some((1.0, at + 1))
    }

    /// One count and its unit.
    fn measure(&self, at: usize) -> Option<(Length, Unit, usize)> {
        let (count, mut end) = self.count(at)?;
        let t = self.t;
        if t.is(end, "-") && t.glued(end) {
            end += 1;
        }
        let word = t.word(end);
        let short = word.len() == 1;
        // A single letter is a unit only where it stands at its digits, and `s` and `w` say too little by themselves.
        if short && !(t.glued(end) && t.digits(end - 1).is_some() && matches!(word, "h" | "d" | "y" | "s")) {
            return None;
        }
        let (unit, factor) = unit(word)?;
        (!matches!(unit, Unit::Quarter)).then(|| (Length::of(count * factor, unit), unit, end + 1))
    }

    /// The length of time at a place.
    pub(super) fn length(&self, at: usize) -> Option<(Length, usize)> {
        self.memos.length.at(at, || self.fresh_length(at))
    }

    fn fresh_length(&self, at: usize) -> Option<(Length, usize)> {
        let t = self.t;
        if let Some(end) =
            t.phrases(at, &[&["all", "day"], &["whole", "day"], &["the", "whole", "day"], &["full", "day"]])
        {
            return Some((Length::of(1.0, Unit::Day), end));
        }
        if t.any(at, &["all"])
            && let Some((unit, _)) =
                unit(t.word(at + 1)).filter(|(unit, _)| matches!(unit, Unit::Week | Unit::Month | Unit::Year))
            && !t.word(at + 1).ends_with('s')
        {
            return Some((Length::of(1.0, unit), at + 2));
        }
        if t.phrase(at, &["the", "hour"]) {
            return Some((Length::of(1.0, Unit::Hour), at + 2));
        }
        let (mut length, mut unit, mut end) = self.measure(at)?;
        for _ in 0..6 {
            // "one hour and a half"
            if let Some((part, to)) = self.part(end) {
                length = length.plus(Length::of(part, unit));
                end = to;
                break;
            }
            let joint = match () {
                () if t.any(end, &["and"]) => end + 1,
                () if t.is(end, ",") && t.any(end + 1, &["and"]) => end + 2,
                () if t.is(end, ",") => end + 1,
                () => end,
            };
            let Some((more, smaller, to)) = self.measure(joint) else { break };
            if (smaller as u8) >= (unit as u8) {
                break;
            }
            length = length.plus(more);
            (unit, end) = (smaller, to);
        }
        Some((length, end))
    }

    fn part(&self, at: usize) -> Option<(f64, usize)> {
        let t = self.t;
        if !t.any(at, &["and"]) {
            return None;
        }
        let article = if t.any(at + 1, &["a", "an"]) { at + 2 } else { at + 1 };
        let part = match t.word(article) {
            "half" => 0.5,
            "quarter" => 0.25,
            _ => return None,
        };
        // "and a half hours" counts hours.
        unit(t.word(article + 1)).is_none().then_some((part, article + 1))
    }
}
