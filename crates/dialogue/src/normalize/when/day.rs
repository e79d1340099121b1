//! Days by month, by weekday, by their number: `March 15th, 2024`, `the 15th of March`, `next Friday`, `the 6th`.

use jiff::civil::{Date, Weekday};

use super::calendar::{Two, around, date, monday_of, month, plus, weekday, weekday_from};
use super::{Cx, Day, longer};
use crate::normalize::number::{cardinal, ordinal_word, small_word};

/// Where a week, month or year lies from the one of reference.
pub(super) fn shift(word: &str) -> Option<i64> {
    Some(match word {
        "this" | "current" | "same" | "that" => 0,
        "next" | "following" | "coming" | "upcoming" => 1,
        "last" | "past" | "previous" => -1,
        _ => return None,
    })
}

impl Cx<'_> {
    /// The day at a place, and where it ends.
    pub(super) fn day(&self, at: usize) -> Option<(Day, usize)> {
        self.memos.day.at(at, || self.fresh_day(at))
    }

    fn fresh_day(&self, at: usize) -> Option<(Day, usize)> {
        let found = longer(self.plain_day(at), self.by_weekday(at));
        longer(found, self.shifted(at))
    }

    /// A day without a weekday before it.
    pub(super) fn plain_day(&self, at: usize) -> Option<(Day, usize)> {
        self.memos.plain_day.at(at, || self.fresh_plain_day(at))
    }

    fn fresh_plain_day(&self, at: usize) -> Option<(Day, usize)> {
        let absolute = longer(self.numeric_day(at), longer(self.month_day(at), self.day_month(at)));
        let absolute = absolute.map(|(day, end)| (day, self.weekday_in_brackets(end)));
        let named = longer(self.named_day(at), self.holiday(at));
        longer(longer(absolute, named), longer(self.numbered(at), self.nth_weekday(at)))
    }

    /// "(Tue)" behind a day says nothing new.
    fn weekday_in_brackets(&self, end: usize) -> usize {
        let t = self.t;
        if t.is(end, "(") && weekday(t.word(end + 1)).is_some() && t.is(end + 2, ")") { end + 3 } else { end }
    }

    /// A number that may be that of a day: its value, where it ends, whether it is an ordinal.
    pub(super) fn day_number(&self, at: usize) -> Option<(i64, usize, bool)> {
        self.memos.day_number.at(at, || self.fresh_day_number(at))
    }

    fn fresh_day_number(&self, at: usize) -> Option<(i64, usize, bool)> {
        let t = self.t;
        if let Some((value, len)) = t.small(at) {
            if len > 2 || (1..=31).contains(&value) == (value > 31) {
                return None;
            }
            if t.any(at + 1, &["st", "nd", "rd", "th"]) {
                return Some((value, at + 2, true));
            }
            // "15." in German is an ordinal.
            if t.is(at + 1, ".") && t.glued(at + 1) && self.locale == crate::normalize::Locale::DeDe {
                return Some((value, at + 2, true));
            }
            return Some((value, at + 1, false));
        }
        if let Some(value) = ordinal_word(t.word(at)).filter(|value| *value <= 30) {
            return Some((i64::try_from(value).ok()?, at + 1, true));
        }
        let (tens, end) = cardinal(t, at).and_then(|(number, end)| Some((i64::try_from(number.exact?).ok()?, end)))?;
        // "twenty first", "twenty-first"
        let ones = if t.is(at + 1, "-") { at + 2 } else { at + 1 };
        if let Some(value) = ordinal_word(t.word(ones)).filter(|value| *value < 10)
            && small_word(t.word(at)).is_some_and(|tens| tens == 20 || tens == 30)
        {
            let tens = small_word(t.word(at)).and_then(|tens| i64::try_from(tens).ok())?;
            return Some((tens + i64::try_from(value).ok()?, ones + 1, true));
        }
        (1..=31).contains(&tens).then_some((tens, end, false))
    }

    /// A year of four digits, of two behind an apostrophe, or in words: `nineteen ninety six`, `two thousand and fifteen`.
    pub(super) fn year(&self, at: usize) -> Option<(i64, usize)> {
        self.memos.year.at(at, || self.fresh_year(at))
    }

    fn fresh_year(&self, at: usize) -> Option<(i64, usize)> {
        let t = self.t;
        if let Some((year, len)) = t.small(at) {
            let alone = !(t.glued(at + 1) && (t.is(at + 1, ":") || t.word(at + 1).len() > 1 || t.is(at + 1, "%")));
            return (len == 4 && (1000..=2999).contains(&year) && alone).then_some((year, at + 1));
        }
        if t.is(at, "'")
            && let Some((year, 2)) = t.small(at + 1)
        {
            return Some((self.century(year), at + 2));
        }
        let (first, end) = cardinal(t, at).and_then(|(number, end)| Some((i64::try_from(number.exact?).ok()?, end)))?;
        if (1100..=2199).contains(&first) && end > at + 1 {
            return Some((first, end));
        }
        let (second, end) =
            cardinal(t, end).and_then(|(number, end)| Some((i64::try_from(number.exact?).ok()?, end)))?;
        ((11..=21).contains(&first) && (10..=99).contains(&second)).then_some((first * 100 + second, end))
    }

    /// The year that two digits stand for: those up to 39 are of this century, as in spreadsheets' usual window.
    pub(super) fn century(&self, year: i64) -> i64 {
        if year < 40 { 2000 + year } else { 1900 + year }
    }

    /// `, 2024`, ` of 2020`, ` in 2019`, ` of 87`.
    pub(super) fn year_behind(&self, at: usize) -> Option<(i64, usize)> {
        let t = self.t;
        let mut from = at;
        if t.is(from, ",.") {
            from += 1;
        }
        if let Some((year, end)) = self.year(from) {
            return Some((year, end));
        }
        if t.any(at, &["of", "in"]) {
            if let Some((year, 2)) = t.small(at + 1)
                && t.any(at, &["of"])
                && year > 31
            {
                return Some((self.century(year), at + 2));
            }
            let article = if t.phrase(at + 1, &["the", "year"]) { at + 3 } else { at + 1 };
            return self.year(article);
        }
        None
    }

    /// A day of a month with or without a year.
    pub(super) fn dated(&self, year: Option<(i64, usize)>, m: i64, d: i64, end: usize) -> Option<(Day, usize)> {
        if let Some((year, end)) = year {
            let day = date(year, m, d).map_or_else(Day::impossible, |day| Day::one(day, "calendar day"));
            return Some((day, end));
        }
        let Some(two) = around(self.today, |year| date(year, m, d)) else {
            return Some((Day::impossible(), end));
        };
        Some((Day { month_day: Some((m, d)), ..Day::two(two, "day of the year") }, end))
    }

    /// `March 15th, 2024`, `Dec. 31`, `Oct/2`, `june the 28th`.
    fn month_day(&self, at: usize) -> Option<(Day, usize)> {
        let t = self.t;
        let m = month(t.word(at))?;
        let mut next = at + 1;
        if t.is(next, ".") || (t.is(next, "/-") && t.glued(next) && t.glued(next + 1)) || t.is(next, ",") {
            next += 1;
        }
        if t.any(next, &["the"]) {
            next += 1;
        }
        let (d, end, ordinal) = self.day_number(next)?;
        // "March 14377:00", "May 3:30" say something else.
        if !ordinal && ((t.is(end, ":") && t.glued(end)) || t.any(end, &["pm", "am", "percent", "years"])) {
            return None;
        }
        self.dated(self.year_behind(end), m, d, end)
    }

    /// `15th of March 2024`, `the 15th day of June`, `fifteen august`.
    fn day_month(&self, at: usize) -> Option<(Day, usize)> {
        let t = self.t;
        let start = if t.any(at, &["the"]) { at + 1 } else { at };
        let (d, mut end, ordinal) = self.day_number(start)?;
        if ordinal && t.any(end, &["day"]) {
            end += 1;
        }
        if t.any(end, &["of"]) || (t.is(end, "/-") && t.glued(end)) || t.is(end, ".") {
            end += 1;
        }
        if t.any(end, &["the"]) && t.any(end - 1, &["of"]) {
            end += 1;
        }
        let m = month(t.word(end))?;
        end += 1;
        if t.is(end, ".") && (self.year(end + 1).is_some()) {
            end += 1;
        }
        self.dated(self.year_behind(end), m, d, end)
    }

    /// `the 6th`, `7th of this month`, `21st of next month`.
    fn numbered(&self, at: usize) -> Option<(Day, usize)> {
        let t = self.t;
        let the = t.any(at, &["the"]);
        let start = if the { at + 1 } else { at };
        let (d, mut end, ordinal) = self.day_number(start)?;
        if !ordinal {
            return None;
        }
        if t.any(end, &["day"]) {
            end += 1;
        }
        let of = if t.any(end, &["of"]) { end + 1 } else { end };
        let article = if t.any(of, &["the"]) { of + 1 } else { of };
        if let Some(months) = shift(t.word(article)).filter(|_| t.any(article + 1, &["month"])) {
            let there = plus(self.today.first_of_month(), months, 0)?;
            let day = date(i64::from(there.year()), i64::from(there.month()), d)
                .map_or_else(Day::impossible, |day| Day::one(day, "day of a month"));
            return Some((day, article + 2));
        }
        if of > end && t.phrase(of, &["the", "month"]) {
            end = of + 2;
        }
        // What is counted else: "the first flight".
        let whole = at == 0 && end == t.len();
        let free = t.word(end).is_empty() || BEHIND.contains(&t.word(end));
        if !(whole || (the && free && !t.is(end, "/%"))) {
            return None;
        }
        Some((Day::two(self.day_of_month(d)?, "day of the month"), end))
    }

    /// The months around that have such a day.
    pub(super) fn day_of_month(&self, d: i64) -> Option<Two<Date>> {
        let of = |months: i64| {
            let there = plus(self.today.first_of_month(), months, 0)?;
            date(i64::from(there.year()), i64::from(there.month()), d)
        };
        Some(Two {
            future: (0..12).filter_map(of).find(|day| *day >= self.today)?,
            past: (0..12).filter_map(|back| of(-back)).find(|day| *day < self.today)?,
        })
    }

    /// `first Monday of next month`, `the last friday in May 2024`.
    fn nth_weekday(&self, at: usize) -> Option<(Day, usize)> {
        let t = self.t;
        let start = if t.any(at, &["the"]) { at + 1 } else { at };
        let (nth, mut end) = match t.word(start) {
            "last" => (-1, start + 1),
            _ => {
                let (nth, end, ordinal) = self.day_number(start)?;
                (i8::try_from(nth).ok().filter(|nth| ordinal && *nth <= 5)?, end)
            }
        };
        let weekday = weekday(t.word(end))?;
        end += 1;
        if !t.any(end, &["of", "in"]) {
            return None;
        }
        end += 1;
        let of = |first: Date| first.first_of_month().nth_weekday_of_month(nth, weekday).ok();
        let article = if t.any(end, &["the"]) { end + 1 } else { end };
        if let Some(months) = shift(t.word(article)).filter(|_| t.any(article + 1, &["month"])) {
            return Some((
                Day::one(of(plus(self.today.first_of_month(), months, 0)?)?, "weekday of a month"),
                article + 2,
            ));
        }
        let m = month(t.word(article))?;
        if let Some((year, end)) = self.year_behind(article + 1) {
            return Some((Day::one(of(date(year, m, 1)?)?, "weekday of a month"), end));
        }
        Some((Day::two(around(self.today, |year| of(date(year, m, 1)?))?, "weekday of a month"), article + 1))
    }

    /// Days that begin with a weekday, or with what says which one.
    pub(super) fn by_weekday(&self, at: usize) -> Option<(Day, usize)> {
        self.memos.by_weekday.at(at, || self.fresh_by_weekday(at))
    }

    fn fresh_by_weekday(&self, at: usize) -> Option<(Day, usize)> {
        let t = self.t;
        // "next friday", "this coming monday", "next week mon".
        let the = if t.any(at, &["the"]) { at + 1 } else { at };
        if let Some(weeks) = shift(t.word(the)) {
            let mut next = the + 1;
            let mut weeks = weeks;
            let mut nearest = matches!(t.word(the), "coming" | "upcoming" | "past");
            if t.any(the, &["this"]) && t.any(next, &["coming", "past"]) {
                (nearest, weeks) = (true, shift(t.word(next))?);
                next += 1;
            }
            if t.any(next, &["week"]) {
                next += if t.phrase(next + 1, &["'", "s"]) { 3 } else { 1 };
                next += if t.is(next, ",") || t.any(next, &["on"]) { 1 } else { 0 };
                let day = weekday(t.word(next))?;
                return Some((self.of_week(weeks, day)?, next + 1));
            }
            let day = weekday(t.word(next))?;
            if nearest {
                let two = self.weekday_near(day)?;
                let day =
                    if weeks > 0 { plus(self.today, 0, 1).and_then(|from| weekday_from(from, day))? } else { two.past };
                return Some((Day::one(day, "nearest weekday"), next + 1));
            }
            return Some((self.of_week(weeks, day)?, next + 1));
        }
        let day = weekday(t.word(the))?;
        let mut next = the + 1;
        if t.is(next, ".") && t.word(the).len() <= 5 && t.glued(next) && the + 2 < t.len() {
            next += 1;
        }
        // "monday next week", "tuesday of the following week".
        let of = if t.any(next, &["of", "in"]) || t.is(next, ",") { next + 1 } else { next };
        let of = if t.any(of, &["the"]) { of + 1 } else { of };
        if let Some(weeks) = shift(t.word(of)) {
            if t.any(of + 1, &["week"]) {
                return Some((self.of_week(weeks, day)?, of + 2));
            }
            // "vendredi prochain"
            if of == next && matches!(t.word(of), "next" | "last") && self.locale == crate::normalize::Locale::FrFr {
                return Some((self.of_week(weeks, day)?, of + 1));
            }
        }
        // "friday, march 15th": the date says it all.
        let comma = if t.is(next, ",") || (t.is(next, "-") && t.glued(next)) { next + 1 } else { next };
        if let Some((full, end)) = self.plain_day(comma).filter(|(full, _)| full.how != "day of the month") {
            return Some((full, end));
        }
        if let Some((d, end, ordinal)) = self.day_number(if t.any(comma, &["the"]) { comma + 1 } else { comma })
            && (ordinal || (d > 24 && !t.is(end, ":-")))
        {
            let two = self.weekday_on(day, d)?;
            let this = date(i64::from(self.today.year()), i64::from(self.today.month()), d);
            if let Some(this) = this.filter(|this| t.any(comma, &["the"]) && this.weekday() == day) {
                return Some((Day::one(this, "weekday and day"), end));
            }
            return Some((Day::two(two, "weekday and day"), end));
        }
        // The sun and the past of "sit" are words, too.
        if t.any(the, &["sun", "sat", "wed", "mon"]) {
            let before = the.checked_sub(1).map_or("", |before| t.word(before));
            let alone = t.len() <= 3
                || matches!(before, "on" | "or" | "and" | "to" | "from" | "by" | "until")
                || t.any(the, &["mon", "wed"]);
            if !alone || the > at {
                return None;
            }
        }
        let two = self.weekday_near(day)?;
        Some((Day { weekday: Some(day), ..Day::two(two, "weekday") }, the + 1))
    }

    /// The weekday before today, and the one at or behind it.
    fn weekday_near(&self, day: Weekday) -> Option<Two<Date>> {
        let future = weekday_from(self.today, day)?;
        Some(Two { past: plus(future, 0, -7)?, future })
    }

    /// The weekday of a week that is so many from the one of reference; weeks begin on Monday, as by ISO 8601.
    pub(super) fn of_week(&self, weeks: i64, day: Weekday) -> Option<Day> {
        let monday = plus(monday_of(self.today)?, 0, 7 * weeks)?;
        let how = match weeks {
            0 => "weekday of this week",
            1 => "weekday of next week",
            _ => "weekday of last week",
        };
        Some(Day::one(plus(monday, 0, i64::from(day.to_monday_zero_offset()))?, how))
    }

    /// The nearest months in which a day of the month is that weekday.
    fn weekday_on(&self, weekday: Weekday, d: i64) -> Option<Two<Date>> {
        let of = |months: i64| {
            let there = plus(self.today.first_of_month(), months, 0)?;
            date(i64::from(there.year()), i64::from(there.month()), d).filter(|day| day.weekday() == weekday)
        };
        Some(Two {
            future: (0..60).filter_map(of).find(|day| *day >= self.today)?,
            past: (0..60).filter_map(|back| of(-back)).find(|day| *day < self.today)?,
        })
    }
}

/// What may follow a day that is but a number, so that the number counts nothing else.
const BEHIND: [&str; 22] = [
    "at", "and", "or", "to", "from", "for", "please", "in", "between", "through", "until", "till", "is", "if", "would",
    "works", "with", "around", "before", "after", "on", "works",
];
