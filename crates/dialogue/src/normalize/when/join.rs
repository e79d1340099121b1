//! Days and times together, and everything of the calendar and the clock that a text holds, from left to right.

use jiff::civil::{Date, DateTime, Time};

use super::calendar::{Two, plus};
use super::clock::{Clock, Half};
use super::hours::Hours;
use super::open::Side;
use super::{Cx, Day, Moments, What, When, begin};
use crate::normalize::token::Class;

type Found = (What, &'static str, usize);

impl Cx<'_> {
    /// All that the text holds, the longest first at each place, none within another. Where a bare number is what was asked for, it
    /// counts as a time.
    pub(in super::super) fn all(&self, bare: bool) -> Vec<When> {
        let mut all = Vec::new();
        let mut at = 0;
        while at < self.t.len() {
            if !self.may_begin(at) {
                at += 1;
                continue;
            }
            match self.at(at, bare) {
                Some(when) => {
                    at = when.to.max(at + 1);
                    all.push(when);
                }
                None => at += 1,
            }
        }
        all
    }

    /// Most words of a message begin nothing: they are passed over for the price of a look.
    fn may_begin(&self, at: usize) -> bool {
        self.t.get(at).is_some_and(|token| match token.class {
            Class::Digits => true,
            Class::Mark => begin::mark(&token.text),
            Class::Word => begin::word(&token.text),
        })
    }

    /// What begins at a place.
    fn at(&self, at: usize, bare: bool) -> Option<When> {
        let mut best: Option<Found> = None;
        let mut offer = |found: Option<Found>| {
            if let Some(found) = found
                && best.as_ref().is_none_or(|(_, _, end)| found.2 > *end)
                && found.2 > at
            {
                best = Some(found);
            }
        };
        offer(self.recurring(at).map(|(found, end)| (What::Recurring(found), "recurring", end)));
        offer(self.moments(at));
        offer(self.any_days(at).map(|(two, how, end)| (What::Days(two), how, end)));
        let day = self.day(at);
        offer(day.map(|(day, end)| (day.two.map_or(What::Impossible, What::Date), day.how, end)));
        offer(
            super::day::shift(self.t.word(at))
                .and_then(|years| self.day_of_year(years, at + 1))
                .and_then(|(day, end)| Some((What::Date(day.two?), day.how, end))),
        );
        offer(self.period(at).filter(|_| !self.is_article(at)).and_then(|(period, end)| {
            let two = period.two.map(|(from, to)| Some((Some(from), Some(plus(to, 0, -1)?))))?;
            Some((What::Days(two), period.how, end))
        }));
        offer(
            self.moment_from_now(at)
                .map(|(now, end)| (What::DateTime(vec![Two::one(now)]), "from the time of reference", end)),
        );
        offer(self.open_times(at).map(|(all, end)| (What::Times(all), "open times", end)));
        let hours = self.hours(at).filter(|(hours, _)| !hours.bare || bare).or_else(|| self.day_part(at));
        offer(hours.map(|(hours, end)| (What::Times(hours.all), hours.how, end)));
        offer(
            self.clock(at)
                .filter(|(clock, _)| bare || self.is_time(clock, at))
                .map(|(clock, end)| (What::Time(clock.times()), "time of day", end)),
        );
        offer(self.length(at).map(|(length, end)| (What::Length(length), "length of time", end)));
        let (what, how, to) = best?;
        Some(When { what, how, from: at, to })
    }

    /// Whether `the` here is no part of what follows: "the next quarter", "the year 2008", but "the month", "the next decade".
    fn is_article(&self, at: usize) -> bool {
        let t = self.t;
        if !t.any(at, &["the"]) || t.any(at + 2, &["decade", "century"]) {
            return false;
        }
        let said = super::day::shift(t.word(at + 1)).is_some()
            || t.any(at + 1, &["mid", "middle", "beginning", "start", "end", "early", "late"]);
        let numbered = t.any(at + 1, &["year", "cy", "calendar", "week"])
            && (t.digits(at + 2).is_some() || t.any(at + 2, &["to", "year"]));
        said || numbered || t.digits(at + 1).is_some() && t.any(at + 2, &["next", "last", "past", "upcoming", "coming"])
    }

    /// A bare number is a time behind "at".
    fn is_time(&self, clock: &Clock, at: usize) -> bool {
        !clock.bare || at.checked_sub(1).is_some_and(|before| self.t.any(before, &["at"]))
    }

    /// A day with a time, or with a stretch of it.
    fn moments(&self, at: usize) -> Option<Found> {
        let mut best: Option<Found> = None;
        let from_now = self.around_now(at).filter(|_| !self.is_article(at));
        for found in [self.day_first(at), self.time_first(at), self.end_of_day(at), from_now].into_iter().flatten() {
            if best.as_ref().is_none_or(|(_, _, end)| found.2 > *end) {
                best = Some(found);
            }
        }
        best
    }

    /// `tonight`, `this afternoon`, `last night`, `next evening`: the day, the half of it, its hours.
    fn named_part(&self, at: usize) -> Option<(Day, Half, Hours, usize)> {
        let t = self.t;
        let day = |days: i64| Some(Day::one(plus(self.today, 0, days)?, "part of a day"));
        if t.any(at, &["tonight", "tonite"]) {
            let (hours, _) = self.hours_of("night")?;
            return Some((day(0)?, Half::Night, hours, at + 1));
        }
        let days = match t.word(at) {
            "this" => 0,
            "next" | "following" => 1,
            "last" | "previous" | "past" => -1,
            _ => return None,
        };
        let late = if t.any(at + 1, &["early", "late"]) { at + 2 } else { at + 1 };
        let half = match t.word(late) {
            "morning" => Half::Am,
            "afternoon" | "evening" => Half::Pm,
            "night" => Half::Night,
            _ => return None,
        };
        let (hours, end) = self.day_part(at + 1)?;
        Some((day(days)?, half, hours, end))
    }

    fn hours_of(&self, part: &str) -> Option<(Hours, usize)> {
        let hour = |hour: i8, minute: i8, second: i8| Time::new(hour, minute, second, 0).ok();
        let all = match part {
            "night" => vec![(hour(20, 0, 0), hour(23, 59, 59))],
            _ => return None,
        };
        Some((Hours { all, bare: false, how: "part of the day" }, 0))
    }

    /// A day, then what says when on it.
    fn day_first(&self, at: usize) -> Option<Found> {
        let t = self.t;
        let (day, half, part, end) = match self.named_part(at) {
            Some((day, half, hours, end)) => (day, Some(half), Some(hours), end),
            None => {
                let (day, end) = self.day(at)?;
                (day, None, None, end)
            }
        };
        let two = day.two?;
        let comma = if t.is(end, ",") || (t.is(end, "-") && t.glued(end)) { end + 1 } else { end };
        // "2024-03-15T15:30"
        let comma = if t.any(end, &["t"]) && t.glued(end) && t.glued(end + 1) { end + 1 } else { comma };
        // A part of the day between the day and the hours: "monday morning from 10am to 12pm".
        let (part, half, middle) = match self.day_part(comma).filter(|_| part.is_none()) {
            Some((hours, to)) => {
                let half = self.part_of_day(comma).map(|(half, _)| half);
                (Some(hours), half, to)
            }
            None => (part, half, comma),
        };
        let middle = if t.is(middle, ",") { middle + 1 } else { middle };
        let joined = t.any(middle, &["at", "for", "around", "about", "by", "on"]) || t.is(middle, "@");
        let next = if joined { middle + 1 } else { middle };
        // "today before 4pm"
        if let Some((side, to)) =
            self.side(middle).filter(|_| !t.any(middle, &["by"]) || self.clock(middle + 1).is_some())
            && let Some((clock, to)) = self.clock(to)
        {
            let times = self.times_in(clock, half);
            return Some((What::Moments(self.open_moments(two, &times, side)), "day with open times", to));
        }
        if let Some((hours, to)) = self.hours(next)
            && (!hours.bare || half.is_some() || t.any(next, &["from", "between"]) || joined || t.is(to - 2, "-"))
        {
            let hours = half.map_or(hours.clone(), |half| self.hours_in(&hours, half));
            return Some((What::Moments(self.stretches(two, &hours)), "day with times", to));
        }
        if let Some((clock, to)) = self.clock(next)
            && (!clock.bare || joined || (half.is_some() && part.is_some() && next > end))
        {
            let all = self.on_day(two, &self.times_in(clock, half));
            return (!all.is_empty()).then_some((What::DateTime(all), "day and time", to));
        }
        if let Some(part) = part {
            // The comma and what follows belong to somebody else.
            let to = if middle > comma && t.is(middle - 1, ",") { middle - 1 } else { middle };
            let to = if half.is_some() && to == comma { end } else { to };
            return Some((What::Moments(self.stretches(two, &part)), "part of a day", to));
        }
        if let Some((part, to)) = self.half_day(comma) {
            return Some((What::Moments(self.stretches(two, &part)), "part of a day", to));
        }
        None
    }

    /// A time or a stretch, then its day.
    fn time_first(&self, at: usize) -> Option<Found> {
        let t = self.t;
        let day_at = |end: usize| {
            let next = if t.is(end, ",") { end + 1 } else { end };
            let next = if t.any(next, &["on", "of", "for"]) { next + 1 } else { next };
            match self.named_part(next) {
                Some((day, half, _, end)) => Some((day.two?, Some(half), end)),
                None => self.day(next).and_then(|(day, end)| Some((day.two?, None, end))),
            }
        };
        if let Some((hours, end)) = self.hours(at)
            && let Some((two, half, to)) = day_at(end)
        {
            let hours = half.map_or(hours.clone(), |half| self.hours_in(&hours, half));
            return Some((What::Moments(self.stretches(two, &hours)), "times on a day", to));
        }
        if let Some((side, next)) = self.side(at)
            && let Some((clock, end)) = self.clock(next).filter(|(clock, _)| !clock.bare)
            && let Some((two, half, to)) = day_at(end)
        {
            let times = self.times_in(clock, half);
            return Some((What::Moments(self.open_moments(two, &times, side)), "open times on a day", to));
        }
        let start = if t.any(at, &["at"]) { at + 1 } else { at };
        let (clock, end) = self.clock(start)?;
        let (two, half, to) = day_at(end)?;
        // A bare number before a day is a time only with a comma or "on" between.
        if clock.bare && start == at && !(half.is_some() || t.any(end, &["on"])) {
            return None;
        }
        let all = self.on_day(two, &self.times_in(clock, half));
        (!all.is_empty()).then_some((What::DateTime(all), "time and day", to))
    }

    /// `end of tomorrow`, `end of day`, `the eod`, `later today`.
    fn end_of_day(&self, at: usize) -> Option<Found> {
        let t = self.t;
        let start = if t.any(at, &["the"]) { at + 1 } else { at };
        let last = Time::new(23, 59, 59, 0).ok()?;
        let today = Two::one(self.today);
        if t.any(start, &["eod"]) {
            return Some((What::DateTime(self.on_day(today, &[last])), "end of a day", start + 1));
        }
        if t.phrase(start, &["end", "of"]) {
            let the = if t.any(start + 2, &["the"]) { start + 3 } else { start + 2 };
            if t.any(the, &["day"]) {
                return Some((What::DateTime(self.on_day(today, &[last])), "end of a day", the + 1));
            }
            let (day, end) = self.day(start + 2)?;
            return Some((What::DateTime(self.on_day(day.two?, &[last])), "end of a day", end));
        }
        if t.any(at, &["later"]) {
            let next = if t.any(at + 1, &["in"]) { at + 2 } else { at + 1 };
            let end = t.any(next, &["today"]).then_some(next + 1)?;
            let noon = Time::new(12, 0, 0, 0).ok()?;
            let (from, to) = (self.today.to_datetime(noon), plus(self.today, 0, 1)?.to_datetime(Time::midnight()));
            return Some((What::Moments(vec![Two::one((Some(from), Some(to)))]), "rest of a day", end));
        }
        None
    }

    /// `within 5 minutes`, `next hour`, `the last 13 minutes`.
    fn around_now(&self, at: usize) -> Option<Found> {
        let t = self.t;
        let start = if t.any(at, &["within"]) { at + 1 } else { at };
        let the = if t.any(start, &["the"]) { start + 1 } else { start };
        let (sign, length, end) = if let Some(shift) = super::day::shift(t.word(the)).filter(|shift| *shift != 0) {
            match self.length(the + 1) {
                Some((length, end)) => (shift, length, end),
                None => {
                    // "next hour", "next day and 5 hours"
                    let (unit, factor) = super::length::unit(t.word(the + 1)).filter(|_| t.word(the + 1).len() > 2)?;
                    let first = super::Length::of(factor, unit);
                    let more = t.any(the + 2, &["and"]).then(|| self.length(the + 3)).flatten();
                    match more {
                        Some((more, end)) => (shift, super::Length { seconds: more.seconds, ..first }, end),
                        None => (shift, first, the + 2),
                    }
                }
            }
        } else if start > at {
            let (length, end) = self.length(the)?;
            (1, length, end)
        } else {
            let (count, next) = self.count(the)?;
            let shift = super::day::shift(t.word(next)).filter(|shift| *shift != 0)?;
            let (unit, factor) = super::length::unit(t.word(next + 1)).filter(|_| t.word(next + 1).len() > 2)?;
            (shift, super::Length::of(count * factor, unit), next + 2)
        };
        // Whole days are a matter of the calendar.
        if length.seconds == 0.0 {
            return None;
        }
        let other = length.shift_instant(self.now, if sign > 0 { 1.0 } else { -1.0 })?;
        let moments = if sign > 0 { (Some(self.now), Some(other)) } else { (Some(other), Some(self.now)) };
        Some((What::Moments(vec![Two::one(moments)]), "from the time of reference", end))
    }

    /// The times of a clock, in the half of the day that is said elsewhere.
    fn times_in(&self, clock: Clock, half: Option<Half>) -> Vec<Time> {
        match half.filter(|_| clock.is_open()) {
            Some(half) => clock.in_half(half).into_iter().collect(),
            None => clock.times(),
        }
    }

    /// Those of several stretches that lie in a half of the day.
    fn hours_in(&self, hours: &Hours, half: Half) -> Hours {
        let inside = |time: &Option<Time>| time.is_none_or(|time| (time.hour() < 12) == (half == Half::Am));
        let all: Vec<_> = hours.all.iter().filter(|(from, _)| inside(from)).copied().collect();
        if all.is_empty() { hours.clone() } else { Hours { all, ..hours.clone() } }
    }

    fn on_day(&self, two: Two<Date>, times: &[Time]) -> Vec<Two<DateTime>> {
        times.iter().filter_map(|time| two.map(|day| Some(day.to_datetime(*time)))).collect()
    }

    fn stretches(&self, two: Two<Date>, hours: &Hours) -> Vec<Two<Moments>> {
        let stretch = |day: Date, (from, to): (Option<Time>, Option<Time>)| {
            // What ends before it begins ends on the next day.
            let over = matches!((from, to), (Some(from), Some(to)) if to < from);
            let last = if over { plus(day, 0, 1)? } else { day };
            Some((from.map(|from| day.to_datetime(from)), to.map(|to| last.to_datetime(to))))
        };
        hours.all.iter().filter_map(|times| two.map(|day| stretch(day, *times))).collect()
    }

    fn open_moments(&self, two: Two<Date>, times: &[Time], side: Side) -> Vec<Two<Moments>> {
        let open = |at: DateTime| match side {
            Side::Since | Side::After => (Some(at), None),
            Side::Before | Side::Until => (None, Some(at)),
        };
        self.on_day(two, times).into_iter().filter_map(|two| two.map(|at| Some(open(at)))).collect()
    }
}
