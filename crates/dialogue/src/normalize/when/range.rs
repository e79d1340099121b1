//! From a day to another: `from March 3rd to 5th`, `9 to 12 of June`, `November 19-20`, `between August and October`, `2014-2018`.

use jiff::civil::Date;

use super::calendar::{Two, date, month, plus, weekday_from};
use super::length::Unit;
use super::period::Period;
use super::{Cx, Day, Days, longer};

/// One end of a range: a day or a period.
#[derive(Clone, Copy)]
pub(super) enum End {
    Day(Day),
    Period(Period),
}

/// How ranges end, for those who look at how they were read.
pub(super) const DAY_TO_DAY: &str = "from day to day";
const TO_MONTH: &str = "from … to a month";
const TO_QUARTER: &str = "from … to a quarter";
const TO_YEAR: &str = "from … to a year";
const TO_PERIOD: &str = "from … to a period";
const TO_END: &str = "from … to the end of a period";

impl Cx<'_> {
    /// A day or a period, whichever is longer; parts of periods only where they are wanted.
    pub(super) fn end(&self, at: usize) -> Option<(End, usize)> {
        let t = self.t;
        if t.any(at, &["now", "date"]) {
            return Some((End::Day(Day::one(self.today, "from the day of reference")), at + 1));
        }
        let day = self.day(at).map(|(day, end)| (End::Day(day), end));
        let period = self.period(at).map(|(period, end)| (End::Period(period), end));
        // "this 5/12", "next 6th of april"
        let shifted = super::day::shift(t.word(at))
            .and_then(|years| self.day_of_year(years, at + 1))
            .map(|(day, end)| (End::Day(day), end));
        longer(longer(day, period), shifted)
    }

    /// A day without a year in this, the next or the last one.
    pub(super) fn day_of_year(&self, shift: i64, at: usize) -> Option<(Day, usize)> {
        let (day, end) = self.plain_day(at)?;
        let (m, d) = day.month_day?;
        let this = date(i64::from(self.today.year()), m, d)?;
        let years = match shift {
            1 => i64::from(this <= self.today).max(i64::from(self.today.month() >= this.month())),
            -1 => -i64::from(this >= self.today),
            _ => 0,
        };
        Some((Day::one(date(i64::from(self.today.year()) + years, m, d)?, "calendar day"), end))
    }

    /// The days of a range, and where it ends.
    pub(super) fn days(&self, at: usize) -> Option<(Two<Days>, &'static str, usize)> {
        let t = self.t;
        let between = t.any(at, &["between"]);
        let from = between || t.any(at, &["from"]);
        let start = if from { at + 1 } else { at };
        if let Some(found) = self.within_month(start, between) {
            return Some(found);
        }
        let (first, next) = self.end(start)?;
        let joint = self.joint(next, from, between)?;
        let (last, end) = match self.day_behind(&first, joint) {
            Some(found) => found,
            None => self.end(joint)?,
        };
        // Without "from" and its like, a dash between periods joins years and months alone.
        let (two, how) = self.join(first, last)?;
        Some((two, how, end))
    }

    /// What joins both ends.
    pub(super) fn joint(&self, at: usize, from: bool, between: bool) -> Option<usize> {
        let t = self.t;
        let next = if t.is(at, ",") && t.any(at + 1, &["to", "until", "till", "through"]) { at + 1 } else { at };
        match () {
            () if between && t.any(next, &["and"]) => Some(next + 1),
            () if t.any(next, &["through", "thru", "until", "till", "til"]) => Some(next + 1),
            () if t.any(next, &["to"]) => Some(next + 1),
            () if t.is(next, "-~") => Some(next + 1),
            () if from && t.phrase(next, &["up", "to"]) => Some(next + 2),
            () => None,
        }
    }

    /// "april 9th through seventeenth": the second is a day of the same month.
    fn day_behind(&self, first: &End, at: usize) -> Option<(End, usize)> {
        let t = self.t;
        let End::Day(day) = first else { return None };
        let two = day.two?;
        let the = if t.any(at, &["the"]) { at + 1 } else { at };
        let (d, end, ordinal) = self.day_number(the)?;
        let more = t.any(end, &["of"])
            || (t.is(end, "/-.:") && t.glued(end))
            || month(t.word(end)).is_some()
            || self.half(end).is_some();
        if more || !(ordinal || day.month_day.is_some() || day.how == "calendar day") || day.weekday.is_some() {
            return None;
        }
        let same =
            |first: Date| date(i64::from(first.year()), i64::from(first.month()), d).filter(|last| *last >= first);
        // "November 18-19, 2015"
        if let Some((m, _)) = day.month_day
            && let Some((year, end)) = self.year_behind(end)
        {
            let last = date(year, m, d)?;
            return Some((End::Day(Day::one(last, "calendar day")), end));
        }
        let two = two.map(same)?;
        Some((End::Day(Day { month_day: day.month_day.map(|(m, _)| (m, d)), ..Day::two(two, "same month") }), end))
    }

    /// `9 to 12 of June`, `3rd - 5th March 2024`: the month is said behind both.
    fn within_month(&self, at: usize, between: bool) -> Option<(Two<Days>, &'static str, usize)> {
        let t = self.t;
        let the = |at: usize| if t.any(at, &["the"]) { at + 1 } else { at };
        let (d, next, _) = self.day_number(the(at))?;
        let joint = self.joint(next, true, between)?;
        let (last, end) = self.plain_day(joint)?;
        // The second must begin with its day.
        self.day_number(the(joint))?;
        let first =
            |last: Date| date(i64::from(last.year()), i64::from(last.month()), d).filter(|first| *first <= last);
        if !matches!(last.how, "calendar day" | "day of the year" | "day of a month")
            || t.is(next, "/.")
            || (t.is(joint + 1, "/.-") && t.glued(joint + 1))
        {
            return None;
        }
        let two = last.two?.map(|last| Some((Some(first(last)?), Some(last))))?;
        Some((two, DAY_TO_DAY, end))
    }

    fn join(&self, first: End, last: End) -> Option<(Two<Days>, &'static str)> {
        // A weekday behind a day is the next one from there.
        if let (End::Day(from), End::Day(Day { weekday: Some(weekday), .. })) = (&first, &last)
            && from.weekday.is_none()
        {
            let two = from.two?.map(|from| Some((Some(from), Some(weekday_from(from, *weekday)?))))?;
            return Some((two, DAY_TO_DAY));
        }
        let (mut from, from_known) = match first {
            End::Day(day) => (day.two?, day.month_day),
            End::Period(period) => (self.starts(period)?, period.yearless.map(|m| (m, 1))),
        };
        let (mut to, how, to_known) = match last {
            End::Day(day) => (day.two?, DAY_TO_DAY, day.month_day.is_some()),
            End::Period(period) => {
                let how = match period.unit {
                    _ if period.how == "end of a period" => TO_END,
                    Unit::Month => TO_MONTH,
                    Unit::Quarter => TO_QUARTER,
                    Unit::Year => TO_YEAR,
                    _ => TO_PERIOD,
                };
                (period.two.map(|(_, to)| plus(to, 0, -1))?, how, period.yearless.is_some())
            }
        };
        // A year that is said behind the second goes for the first, too.
        if let Some((m, d)) = from_known
            && to.past == to.future
            && !to_known
        {
            let year = i64::from(to.past.year());
            let this = date(year, m, d)?;
            from = Two::one(if this <= to.past { this } else { date(year - 1, m, d)? });
        }
        // A range may hold the time of reference: then there is but one.
        if to.future < from.future {
            from.future = from.past;
        }
        if to.past < from.past {
            to.past = to.future;
        }
        if to.past < from.past || to.future < from.future {
            return None;
        }
        Some((Two { past: (Some(from.past), Some(to.past)), future: (Some(from.future), Some(to.future)) }, how))
    }

    /// Where a range begins that begins with a period: with it, or behind it where its end is said.
    pub(super) fn starts(&self, period: Period) -> Option<Two<Date>> {
        if period.how == "end of a period" {
            return period.two.map(|(_, to)| Some(to));
        }
        period.two.map(|(from, _)| Some(from))
    }
}
