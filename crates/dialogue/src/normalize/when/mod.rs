//! Days, times, lengths and ranges of them: one grammar over tokens. What it reads is kept with both its readings, before and
//! behind the time of reference, until a kind is asked for.

mod begin;
mod calendar;
mod clock;
mod day;
mod holiday;
mod hours;
mod join;
mod length;
mod memo;
mod numeric;
mod open;
mod period;
mod quarter;
mod range;
mod recurring;
mod relative;
mod show;

use jiff::civil::{Date, DateTime, Time, Weekday};

use super::token::Tokens;
use super::{Locale, Prefer};
pub(super) use calendar::Two;
pub(super) use length::Length;
use memo::Memos;
pub(super) use recurring::Recurring;

/// What the grammar reads, and by what.
pub(super) struct Cx<'a> {
    pub t: &'a Tokens<'a>,
    pub now: DateTime,
    pub today: Date,
    pub locale: Locale,
    pub prefer: Prefer,
    memos: Memos,
}

/// A day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Day {
    /// Nothing where there is no such day.
    pub two: Option<Two<Date>>,
    pub how: &'static str,
    /// Said without a year.
    month_day: Option<(i64, i64)>,
    /// Said as a bare weekday.
    weekday: Option<Weekday>,
}

impl Day {
    fn two(two: Two<Date>, how: &'static str) -> Self {
        Self { two: Some(two), how, month_day: None, weekday: None }
    }

    fn one(day: Date, how: &'static str) -> Self {
        Self::two(Two::one(day), how)
    }

    fn impossible() -> Self {
        Self { two: None, how: "no such day", month_day: None, weekday: None }
    }
}

/// From a day to another, each missing where it is open; the last is included.
pub(super) type Days = (Option<Date>, Option<Date>);
/// From a time to another.
pub(super) type Times = (Option<Time>, Option<Time>);
/// From a moment to another.
pub(super) type Moments = (Option<DateTime>, Option<DateTime>);

/// Something of the calendar or the clock.
#[derive(Debug, Clone)]
pub(super) enum What {
    Date(Two<Date>),
    /// All times that it may be.
    Time(Vec<Time>),
    DateTime(Vec<Two<DateTime>>),
    Length(Length),
    Days(Two<Days>),
    Times(Vec<Times>),
    Moments(Vec<Two<Moments>>),
    Recurring(Recurring),
    /// It has the form, and there is no such thing.
    Impossible,
}

/// A part of a text that says something of the calendar or the clock.
#[derive(Debug, Clone)]
pub(super) struct When {
    pub what: What,
    pub how: &'static str,
    /// Tokens.
    pub from: usize,
    pub to: usize,
}

impl<'a> Cx<'a> {
    pub(super) fn new(t: &'a Tokens<'a>, now: DateTime, locale: Locale, prefer: Prefer) -> Self {
        Self { t, now, today: now.date(), locale, prefer, memos: Memos::default() }
    }
}

/// The longer of two readings at the same place; the former where they are as long.
fn longer<T>(a: Option<(T, usize)>, b: Option<(T, usize)>) -> Option<(T, usize)> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.1 > a.1 { b } else { a }),
        (a, b) => a.or(b),
    }
}
