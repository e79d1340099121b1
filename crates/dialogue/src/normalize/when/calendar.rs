//! Arithmetic of days, and the names of the calendar.

use jiff::Span;
use jiff::civil::{Date, ISOWeekDate, Weekday};

/// Two readings of what lies before or behind the time of reference; equal where there is but one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) struct Two<T> {
    pub past: T,
    pub future: T,
}

impl<T: Copy> Two<T> {
    pub(super) fn one(value: T) -> Self {
        Self { past: value, future: value }
    }

    pub(super) fn map<U>(self, mut f: impl FnMut(T) -> Option<U>) -> Option<Two<U>> {
        Some(Two { past: f(self.past)?, future: f(self.future)? })
    }
}

pub(super) fn date(year: i64, month: i64, day: i64) -> Option<Date> {
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// A day that many months and days later; the last of a month where it has no such day.
pub(super) fn plus(day: Date, months: i64, days: i64) -> Option<Date> {
    let there = if months == 0 { day } else { day.checked_add(Span::new().try_months(months).ok()?).ok()? };
    if days == 0 { Some(there) } else { there.checked_add(Span::new().try_days(days).ok()?).ok() }
}

pub(super) fn monday_of(day: Date) -> Option<Date> {
    plus(day, 0, -i64::from(day.weekday().to_monday_zero_offset()))
}

/// The Monday of a week by ISO 8601.
pub(super) fn iso_week(year: i64, week: i64) -> Option<Date> {
    let week = ISOWeekDate::new(i16::try_from(year).ok()?, i8::try_from(week).ok()?, Weekday::Monday).ok()?;
    Some(week.date())
}

/// The Monday of the n-th week that has its Thursday in a month, as ISO 8601 counts those of a year; from the end if negative.
pub(super) fn week_of_month(year: i64, month: i64, nth: i64) -> Option<Date> {
    let first = date(year, month, 1)?;
    let thursday = first.nth_weekday_of_month(i8::try_from(nth).ok()?, Weekday::Thursday).ok()?;
    plus(thursday, 0, -3)
}

pub(super) fn month(word: &str) -> Option<i64> {
    Some(match word {
        "january" | "jan" => 1,
        "february" | "feb" | "febuary" => 2,
        "march" | "mar" => 3,
        "april" | "apr" => 4,
        "may" => 5,
        "june" | "jun" => 6,
        "july" | "jul" => 7,
        "august" | "aug" => 8,
        "september" | "sept" | "sep" => 9,
        "october" | "oct" => 10,
        "november" | "nov" => 11,
        "december" | "dec" => 12,
        _ => return None,
    })
}

pub(super) fn weekday(word: &str) -> Option<Weekday> {
    Some(match word {
        "monday" | "mon" => Weekday::Monday,
        "tuesday" | "tues" | "tue" => Weekday::Tuesday,
        "wednesday" | "weds" | "wed" => Weekday::Wednesday,
        "thursday" | "thurs" | "thur" | "thu" => Weekday::Thursday,
        "friday" | "fri" => Weekday::Friday,
        "saturday" | "sat" => Weekday::Saturday,
        "sunday" | "sun" => Weekday::Sunday,
        _ => return None,
    })
}

/// The first such weekday at or behind a day.
pub(super) fn weekday_from(day: Date, weekday: Weekday) -> Option<Date> {
    plus(day, 0, i64::from(day.weekday().until(weekday)))
}

/// The day of a year that a rule names, near the time of reference: before it, and at or behind it. Years in which there is none
/// are passed over.
pub(super) fn around(today: Date, rule: impl Fn(i64) -> Option<Date>) -> Option<Two<Date>> {
    let year = i64::from(today.year());
    let future = (year..year + 9).filter_map(&rule).find(|day| *day >= today)?;
    let past = (year - 9..=year).rev().filter_map(&rule).find(|day| *day < today)?;
    Some(Two { past, future })
}
