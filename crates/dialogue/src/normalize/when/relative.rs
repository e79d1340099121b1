//! Days and moments from where one is: `tomorrow`, `day after tomorrow`, `in two weeks`, `3 days from today`, `a month ago`.

use jiff::civil::DateTime;

use super::calendar::{plus, weekday, weekday_from};
use super::{Cx, Day, Length, longer};

/// A length, where it ends, the direction, and the day from which it is counted if that is not now.
pub(super) type Offset = (Length, usize, f64, Option<Day>);

impl Cx<'_> {
    /// `today` and its like.
    pub(super) fn named_day(&self, at: usize) -> Option<(Day, usize)> {
        let t = self.t;
        let (days, end) = match () {
            () if t.phrase(at, &["the", "day", "after", "tomorrow"]) => (2, at + 4),
            () if t.phrase(at, &["day", "after", "tomorrow"]) => (2, at + 3),
            () if t.phrase(at, &["the", "day", "before", "yesterday"]) => (-2, at + 4),
            () if t.phrase(at, &["day", "before", "yesterday"]) => (-2, at + 3),
            () if t.any(at, &["overmorrow"]) => (2, at + 1),
            () if t.any(at, &["ereyesterday"]) => (-2, at + 1),
            () if t.any(at, &["today", "otd"]) => (0, self.french_today(at + 1)),
            () if t.any(at, &["tomorrow", "tmr", "tmrw", "tomorow", "tommorow", "tommorrow", "2morrow"]) => (1, at + 1),
            () if t.any(at, &["yesterday", "yday"]) => (-1, at + 1),
            () if t.phrase(at, &["the", "next", "day"]) => (1, at + 3),
            () if t.phrase(at, &["next", "day"]) => (1, at + 2),
            () if t.phrase(at, &["the", "following", "day"]) => (1, at + 3),
            () if t.phrase(at, &["the", "previous", "day"]) => (-1, at + 3),
            () if t.phrase(at, &["last", "day"]) && !t.any(at + 2, &["of", "in"]) => (-1, at + 2),
            () if t.phrase(at, &["the", "day", "after"]) && t.word(at + 3).is_empty() => (1, at + 3),
            () if t.phrase(at, &["the", "day", "before"]) && t.word(at + 3).is_empty() => (-1, at + 3),
            () if t.phrase(at, &["of", "the", "day"]) => return None,
            () if t.phrase(at, &["the", "day"]) && (t.word(at + 2).is_empty() || at + 2 == t.len()) => (0, at + 2),
            () => return None,
        };
        Some((Day::one(plus(self.today, 0, days)?, "from the day of reference"), end))
    }

    /// "aujourd'hui" is three tokens.
    fn french_today(&self, at: usize) -> usize {
        if self.t.phrase(at, &["'", "hui"]) { at + 2 } else { at }
    }

    /// A length of time from now or from a day, whole days only.
    pub(super) fn shifted(&self, at: usize) -> Option<(Day, usize)> {
        let (length, end, sign, from) = self.offset(at)?;
        if !length.is_days() {
            return None;
        }
        let Some(base) = from else {
            return self.weekday_behind(length.shift_day(self.today, sign)?, end);
        };
        let two = base.two?.map(|day| length.shift_day(day, sign))?;
        // Of a day that may be two, the one that lies ahead is meant.
        self.weekday_behind(two.future, end)
    }

    /// "in 3 days on Friday": the weekday nearest to what was counted.
    fn weekday_behind(&self, day: jiff::civil::Date, end: usize) -> Option<(Day, usize)> {
        let on = self.t.any(end, &["on"]).then(|| weekday(self.t.word(end + 1))).flatten();
        let Some(on) = on else {
            return Some((Day::one(day, "counted from a day"), end));
        };
        let next = weekday_from(day, on)?;
        let nearest = if days_between(day, next) > 5 { plus(next, 0, -7)? } else { next };
        Some((Day::one(nearest, "counted from a day"), end + 2))
    }

    /// A length of time from now, with hours, minutes or seconds in it.
    pub(super) fn moment_from_now(&self, at: usize) -> Option<(DateTime, usize)> {
        let t = self.t;
        if let Some(end) = t.phrases(
            at,
            &[
                &["at", "the", "present", "time"],
                &["at", "this", "time"],
                &["at", "the", "moment"],
                &["at", "the", "minute"],
                &["at", "present"],
                &["right", "now"],
                &["now"],
                &["asap"],
            ],
        ) {
            return Some((self.now, end));
        }
        let (length, end, sign, from) = self.offset(at)?;
        if length.is_days() || from.is_some_and(|day| day.two.map(|two| two.future) != Some(self.today)) {
            return None;
        }
        Some((length.shift_instant(self.now, sign)?, end))
    }

    /// A length from a day or from now.
    fn offset(&self, at: usize) -> Option<Offset> {
        self.memos.offset.at(at, || self.fresh_offset(at))
    }

    fn fresh_offset(&self, at: usize) -> Option<Offset> {
        let t = self.t;
        if t.any(at, &["in"]) {
            let (length, end) = self.length(at + 1)?;
            return Some((length, end, 1.0, None));
        }
        // "vor zwei Wochen", "hace dos semanas"
        if t.any(at, &["ago"]) {
            let (length, end) = self.length(at + 1)?;
            return Some((length, end, -1.0, None));
        }
        let (length, end) = self.length(at)?;
        if let Some(to) = t.phrases(end, &[&["ago"], &["back"], &["earlier"], &["before", "now"]]) {
            return Some((length, to, -1.0, None));
        }
        if let Some(to) = t.phrases(
            end,
            &[&["from", "now"], &["later"], &["hence"], &["after", "now"], &["from", "today"], &["after", "today"]],
        ) {
            return Some((length, to, 1.0, None));
        }
        let sign = match t.word(end) {
            "from" | "after" | "following" => 1.0,
            "before" | "prior" => -1.0,
            _ => return None,
        };
        let start = if t.phrase(end, &["prior", "to"]) { end + 2 } else { end + 1 };
        // Not a length from a length: what is said is no deeper than two.
        let (day, to) = longer(self.plain_day(start), self.by_weekday(start))?;
        Some((length, to, sign, Some(day)))
    }
}

fn days_between(from: jiff::civil::Date, to: jiff::civil::Date) -> i64 {
    i64::from((to - from).get_days())
}
