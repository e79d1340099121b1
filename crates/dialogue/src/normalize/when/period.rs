//! Stretches of the calendar: `next week`, `March 2024`, `the 3rd week of January`, `the last 3 months`, `end of next month`.

use jiff::civil::Date;

use super::calendar::{Two, date, iso_week, monday_of, month, plus, week_of_month};
use super::day::shift;
use super::length::{Unit, unit};
use super::{Cx, longer};

/// From a day to before another.
pub(super) type Span = (Date, Date);

/// A stretch of the calendar.
#[derive(Debug, Clone, Copy)]
pub(super) struct Period {
    pub two: Two<Span>,
    pub unit: Unit,
    pub how: &'static str,
    /// Said as a month without a year: from one to another, the year is found together.
    pub yearless: Option<i64>,
}

impl Period {
    pub(super) fn one(from: Date, to: Date, unit: Unit) -> Self {
        Self { two: Two::one((from, to)), unit, how: "calendar period", yearless: None }
    }
}

impl Cx<'_> {
    /// The period at a place, and where it ends.
    pub(super) fn period(&self, at: usize) -> Option<(Period, usize)> {
        self.memos.period.at(at, || self.fresh_period(at))
    }

    fn fresh_period(&self, at: usize) -> Option<(Period, usize)> {
        let found = longer(self.plain_period(at), self.part_of_period(at));
        longer(found, longer(self.counted_period(at), self.length_from_day(at)))
    }

    /// A period that is no part of another.
    pub(super) fn plain_period(&self, at: usize) -> Option<(Period, usize)> {
        self.memos.plain_period.at(at, || self.fresh_plain_period(at))
    }

    fn fresh_plain_period(&self, at: usize) -> Option<(Period, usize)> {
        let found = longer(self.relative_period(at), self.by_month(at));
        let found = longer(found, longer(self.quarter(at), self.week(at)));
        longer(found, longer(self.by_year(at), self.decade(at)))
    }

    /// The n-th week, month, quarter, year or weekend from that of reference.
    pub(super) fn relative(&self, shift: i64, unit: Unit) -> Option<Period> {
        let today = self.today;
        let (from, to) = match unit {
            Unit::Week => {
                let monday = plus(monday_of(today)?, 0, 7 * shift)?;
                (monday, plus(monday, 0, 7)?)
            }
            Unit::Month => {
                let first = plus(today.first_of_month(), shift, 0)?;
                (first, plus(first, 1, 0)?)
            }
            Unit::Quarter => {
                let first = (i64::from(today.month()) - 1) / 3 * 3 + 1;
                let first = plus(date(i64::from(today.year()), first, 1)?, 3 * shift, 0)?;
                (first, plus(first, 3, 0)?)
            }
            Unit::Year => {
                let year = i64::from(today.year()) + shift;
                (date(year, 1, 1)?, date(year + 1, 1, 1)?)
            }
            _ => return None,
        };
        Some(Period::one(from, to, unit))
    }

    fn weekend(&self, shift: i64) -> Option<Period> {
        let saturday = plus(monday_of(self.today)?, 0, 7 * shift + 5)?;
        Some(Period::one(saturday, plus(saturday, 0, 2)?, Unit::Day))
    }

    fn relative_period(&self, at: usize) -> Option<(Period, usize)> {
        self.memos.relative_period.at(at, || self.fresh_relative_period(at))
    }

    fn fresh_relative_period(&self, at: usize) -> Option<(Period, usize)> {
        let t = self.t;
        for words in [&["the", "week", "after", "next"][..], &["week", "after", "next"]] {
            if t.phrase(at, words) {
                return Some((self.relative(2, Unit::Week)?, at + words.len()));
            }
        }
        if t.phrase(at, &["year", "to", "date"]) || t.any(at, &["ytd"]) {
            let end = if t.any(at, &["ytd"]) { at + 1 } else { at + 3 };
            let year = self.relative(0, Unit::Year)?;
            return Some((Period::one(year.two.past.0, plus(self.today, 0, 1)?, Unit::Day), end));
        }
        let the = t.any(at, &["the"]);
        let start = if the { at + 1 } else { at };
        let said = shift(t.word(start));
        let mut next = if said.is_some() { start + 1 } else { start };
        let months = said.unwrap_or(0);
        if said.is_some() {
            if let Some(m) = month(t.word(next)).filter(|_| !t.any(start, &["that", "same"])) {
                return self.shifted_month(months, m, next + 1);
            }
            if t.any(next, &["calendar"]) {
                next += 1;
            }
        }
        let working = t.any(next, &["working", "work", "business"]) && t.any(next + 1, &["week"]);
        if working || t.any(next, &["workweek"]) {
            let week = self.relative(months, Unit::Week)?.two.past.0;
            return Some((Period::one(week, plus(week, 0, 5)?, Unit::Day), next + if working { 2 } else { 1 }));
        }
        if t.any(next, &["weekend"]) {
            return Some((self.weekend(months)?, next + 1));
        }
        if t.any(next, &["decade", "century"]) && said.is_some() {
            let length = if t.any(next, &["decade"]) { 10 } else { 100 };
            let first = i64::from(self.today.year()) / length * length + months * length;
            return Some((Period::one(date(first, 1, 1)?, date(first + length, 1, 1)?, Unit::Year), next + 1));
        }
        if t.any(next, &["fortnight"]) && said.is_some() {
            return self.stretch(months, 2.0, Unit::Week, next + 1);
        }
        // "the week" alone is this one, where nothing says which.
        let bare = the
            && said.is_none()
            && !t.any(next + 1, &["of", "beginning", "commencing", "starting", "after", "before"]);
        let (unit, _) = unit(t.word(next)).filter(|_| t.word(next).len() > 2 && !t.word(next).ends_with('s'))?;
        if !(said.is_some() || bare) || matches!(unit, Unit::Day | Unit::Quarter) && said.is_none() {
            return None;
        }
        Some((self.relative(months, unit)?, next + 1))
    }

    /// `next November`: the one of next year's or of this year's, as the word says.
    fn shifted_month(&self, shift: i64, m: i64, end: usize) -> Option<(Period, usize)> {
        let this = i64::from(self.today.month());
        let years = match shift {
            1 => i64::from(m <= this),
            -1 => -i64::from(m >= this),
            _ => 0,
        };
        let first = date(i64::from(self.today.year()) + years, m, 1)?;
        // "next 6th of april" and "this May 5" are days.
        Some((Period::one(first, plus(first, 1, 0)?, Unit::Month), end))
    }

    /// A month by name or in figures, with or without a year: `March 2024`, `Dec/2018`, `12-2015`, `april of 87`.
    fn by_month(&self, at: usize) -> Option<(Period, usize)> {
        self.memos.month.at(at, || self.fresh_by_month(at))
    }

    fn fresh_by_month(&self, at: usize) -> Option<(Period, usize)> {
        let t = self.t;
        if let Some((a, la)) = t.small(at) {
            let joined = t.is(at + 1, "/-") && t.glued(at + 1) && t.glued(at + 2);
            let more = t.is(at + 3, "/-.") && t.glued(at + 3) && t.digits(at + 4).is_some();
            let (b, lb) = t.small(at + 2).filter(|_| joined && !more)?;
            let free = at == 0 || !t.glued(at);
            let (year, m) = match (la, lb) {
                (1 | 2, 4) => (b, a),
                (4, 2) => (a, b),
                _ => return None,
            };
            let first = date(year, m, 1).filter(|_| (1800..=2200).contains(&year) && free)?;
            return Some((Period::one(first, plus(first, 1, 0)?, Unit::Month), at + 3));
        }
        let m = month(t.word(at))?;
        let mut end = at + 1;
        if t.is(end, ".") && (t.digits(end + 1).is_some_and(|digits| digits.len() == 4)) {
            end += 1;
        }
        let dash = if t.is(end, "-/") && t.glued(end) { end + 1 } else { end };
        if let Some((year, to)) = self.year(dash).or_else(|| self.year_behind(end)) {
            let first = date(year, m, 1)?;
            return Some((Period::one(first, plus(first, 1, 0)?, Unit::Month), to));
        }
        if !self.is_month_here(at) {
            return None;
        }
        let year = i64::from(self.today.year());
        let this = i64::from(self.today.month());
        let of = |year: i64| {
            let first = date(year, m, 1)?;
            Some((first, plus(first, 1, 0)?))
        };
        let two = Two { past: of(year - i64::from(m >= this))?, future: of(year + i64::from(m < this))? };
        Some((Period { two, yearless: Some(m), ..Period::one(self.today, self.today, Unit::Month) }, at + 1))
    }

    /// "may" and "march" are months only behind words that stand before a time.
    fn is_month_here(&self, at: usize) -> bool {
        let t = self.t;
        if !t.any(at, &["may", "march", "mar", "dec", "sept", "jan", "august"]) || t.len() <= 2 || self.is_foreign() {
            return true;
        }
        let before = at.checked_sub(1).map_or("", |before| t.word(before));
        let joint = t.any(at + 1, &["to", "through", "until", "till"]) && month(t.word(at + 2)).is_some();
        joint
            || t.any(at, &["dec", "sept", "jan", "mar", "august"])
            || matches!(
                before,
                "in" | "of"
                    | "from"
                    | "to"
                    | "since"
                    | "until"
                    | "till"
                    | "by"
                    | "before"
                    | "after"
                    | "between"
                    | "for"
                    | "during"
                    | "this"
                    | "next"
                    | "last"
                    | "mid"
                    | "early"
                    | "late"
                    | "through"
            )
    }

    pub(super) fn is_foreign(&self) -> bool {
        use crate::normalize::Locale;
        !matches!(self.locale, Locale::EnUs | Locale::EnGb)
    }

    /// `week 31 of 2027`, `the 3rd week of Jan`, `the first 2 weeks of 2021`, `the week of the 18th`, `w/c Feb 4`.
    fn week(&self, at: usize) -> Option<(Period, usize)> {
        let t = self.t;
        let seven = |monday: Date| Some((monday, plus(monday, 0, 7)?));
        let start = if t.any(at, &["the"]) { at + 1 } else { at };
        if t.any(start, &["week"])
            && let Some((week, 1 | 2)) = t.small(start + 1)
        {
            let (year, end) = self.year_behind(start + 2).unwrap_or((i64::from(self.today.year()), start + 2));
            let (from, to) = seven(iso_week(year, week)?)?;
            return Some((Period::one(from, to, Unit::Week), end));
        }
        if let Some(next) = t
            .phrases(start, &[&["week", "of"], &["week", "beginning"], &["week", "commencing"], &["week", "starting"]])
            .or_else(|| t.phrases(at, &[&["w", "/", "c"], &["w", "/", "b"]]))
        {
            let next = if t.any(next, &["on"]) { next + 1 } else { next };
            let (day, end) = self.plain_day(next)?;
            let two = day.two?.map(|day| seven(monday_of(day)?))?;
            return Some((Period { two, ..Period::one(self.today, self.today, Unit::Week) }, end));
        }
        // The n-th week of a month, the first weeks of a year.
        let (nth, next) = if t.any(start, &["last"]) {
            (-1, start + 1)
        } else {
            let (nth, end, ordinal) = self.day_number(start)?;
            (ordinal.then_some(nth)?, end)
        };
        let (count, next) = match self.count(next) {
            Some((count, end)) if t.any(end, &["weeks"]) && (1.0..=52.0).contains(&count) => {
                (super::length::whole(count)?, end + 1)
            }
            _ if t.any(next, &["week"]) => (1, next + 1),
            _ => return None,
        };
        if !t.any(next, &["of", "in"]) {
            return None;
        }
        if let Some(m) = month(t.word(next + 1)) {
            let of = |year: i64| {
                let monday = week_of_month(year, m, if nth < 0 { nth - count + 1 } else { nth })?;
                Some((monday, plus(monday, 0, 7 * count)?))
            };
            if let Some((year, end)) = self.year_behind(next + 2) {
                let (from, to) = of(year)?;
                return Some((Period::one(from, to, Unit::Week), end));
            }
            let year = i64::from(self.today.year());
            let all: Vec<Span> = (year - 1..=year + 1).filter_map(of).collect();
            let future = all.iter().find(|(from, _)| *from >= self.today)?;
            let past = all.iter().rev().find(|(from, _)| *from < self.today)?;
            let two = Two { past: *past, future: *future };
            return Some((Period { two, ..Period::one(self.today, self.today, Unit::Week) }, next + 2));
        }
        let (whole, end) = self.plain_period_of(next + 1)?;
        let monday = match (whole.unit, nth) {
            (Unit::Year, 1..) => iso_week(i64::from(whole.two.past.0.year()), nth)?,
            (Unit::Month, _) => {
                week_of_month(i64::from(whole.two.past.0.year()), i64::from(whole.two.past.0.month()), nth)?
            }
            _ => return None,
        };
        Some((Period::one(monday, plus(monday, 0, 7 * count)?, Unit::Week), end))
    }

    /// A year or month that something is counted in.
    fn plain_period_of(&self, at: usize) -> Option<(Period, usize)> {
        longer(self.relative_period(at), longer(self.by_month(at), self.by_year(at)))
    }

    /// `2 upcoming months`, `the last 3 months`, `next two days`, `past two quarters`.
    fn counted_period(&self, at: usize) -> Option<(Period, usize)> {
        let t = self.t;
        let start = if t.any(at, &["the"]) { at + 1 } else { at };
        let (ahead, count, end) = if let Some(ahead) = shift(t.word(start)).filter(|ahead| *ahead != 0) {
            let (count, end) = self.count(start + 1)?;
            (ahead, count, end)
        } else {
            let (count, end) = self.count(start)?;
            (shift(t.word(end)).filter(|ahead| *ahead != 0)?, count, end + 1)
        };
        let (unit, factor) = unit(t.word(end)).filter(|_| t.word(end).len() > 1)?;
        self.stretch(ahead, count * factor, unit, end + 1)
    }

    /// So many units from tomorrow on, or up to today; quarters by the calendar.
    fn stretch(&self, ahead: i64, count: f64, unit: Unit, end: usize) -> Option<(Period, usize)> {
        let length = super::Length::of(count, unit);
        if !length.is_days() || count > 4000.0 {
            return None;
        }
        if unit == Unit::Quarter {
            let quarters = super::length::whole(count)?;
            let this = self.relative(0, unit)?.two.past;
            let (from, to) = if ahead > 0 {
                (this.1, plus(this.1, 3 * quarters, 0)?)
            } else {
                (plus(this.0, -3 * quarters, 0)?, this.0)
            };
            return Some((Period::one(from, to, unit), end));
        }
        let (from, to) = if ahead > 0 {
            let from = plus(self.today, 0, 1)?;
            (from, length.shift_day(from, 1.0)?)
        } else {
            (length.shift_day(self.today, -1.0)?, self.today)
        };
        Some((Period::one(from, to, Unit::Day), end))
    }

    /// `3 days starting from next monday`, `for 1 week, from 20th dec`.
    fn length_from_day(&self, at: usize) -> Option<(Period, usize)> {
        let t = self.t;
        let start = if t.any(at, &["for"]) { at + 1 } else { at };
        let (length, mut end) = self.length(start).filter(|(length, _)| length.is_days())?;
        if t.is(end, ",") {
            end += 1;
        }
        let started = t.any(end, &["starting", "beginning", "commencing"]);
        if started {
            end += 1;
        }
        let from = t.any(end, &["from", "on"]);
        if from {
            end += 1;
        }
        // "for" stands before what it says where that is said by itself.
        if started && start > at {
            return None;
        }
        // "3 days from today" is a day, unless it says for how long.
        if !(started || (from && start > at)) {
            return None;
        }
        let (day, end) = longer(self.plain_day(end), self.by_weekday(end))?;
        let from = day.two?.future;
        Some((Period { how: "length from a day", ..Period::one(from, length.shift_day(from, 1.0)?, Unit::Day) }, end))
    }

    /// `end of next month`, `mid-November`, `earlier this week`, `the beginning of 2000`.
    fn part_of_period(&self, at: usize) -> Option<(Period, usize)> {
        let t = self.t;
        let start = if t.any(at, &["the"]) { at + 1 } else { at };
        let (part, mut next) = match t.word(start) {
            "beginning" | "start" => (Part::Start, start + 1),
            "early" | "earlier" => (Part::Early, start + 1),
            "mid" | "middle" => (Part::Middle, start + 1),
            "end" => (Part::End, start + 1),
            "late" | "later" => (Part::Late, start + 1),
            _ => return None,
        };
        let of = t.any(next, &["of", "in"]) || (t.is(next, "-") && t.glued(next));
        if of {
            next += 1;
        }
        // "start in the next decade" is no part of it, but an order.
        let noun = t.any(start, &["beginning", "start", "middle", "end"]);
        if noun && !t.any(next.saturating_sub(1), &["of"]) {
            return None;
        }
        let (whole, end) = self.plain_period(next)?;
        let how = if matches!(part, Part::End | Part::Late) { "end of a period" } else { "part of a period" };
        let two = whole.two.map(|span| self.cut(span, whole, part, end))?;
        Some((Period { two, unit: Unit::Day, how, yearless: None }, end))
    }

    /// Which days are the start, the middle and the end of a period: of a week, three days and the rest; of a month, thirds and
    /// halves; of a year that is named by its number, thirds; of one that is named from here, halves.
    fn cut(&self, (from, to): Span, whole: Period, part: Part, end: usize) -> Option<Span> {
        let numbered = self.t.digits(end.checked_sub(1)?).is_some();
        let (early, late, middle) = match whole.unit {
            Unit::Week => (plus(from, 0, 3)?, plus(from, 0, 3)?, (plus(from, 0, 2)?, plus(from, 0, 5)?)),
            Unit::Month => (plus(from, 0, 15)?, plus(from, 0, 15)?, (plus(from, 0, 9)?, plus(from, 0, 20)?)),
            Unit::Quarter => (plus(from, 1, 15)?, plus(from, 1, 15)?, (plus(from, 1, 0)?, plus(from, 2, 0)?)),
            Unit::Year if numbered => (plus(from, 4, 0)?, plus(from, 8, 0)?, (plus(from, 4, 0)?, plus(from, 8, 0)?)),
            Unit::Year => (plus(from, 6, 0)?, plus(from, 6, 0)?, (plus(from, 3, 0)?, plus(from, 9, 0)?)),
            _ => return None,
        };
        let now = self.today > from && self.today < to;
        Some(match part {
            Part::Early if now && self.today < early => (from, self.today),
            Part::Start | Part::Early => (from, early),
            Part::Middle => middle,
            Part::End | Part::Late => (late, to),
        })
    }
}

#[derive(Clone, Copy)]
enum Part {
    Start,
    Early,
    Middle,
    End,
    Late,
}
