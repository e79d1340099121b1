//! Ranges with one end: `since tomorrow`, `before the year 2019`, `after 6pm`, `2012 or later`, `no later than March 1st`.

use super::calendar::{Two, plus};
use super::length::Unit;
use super::range::End;
use super::{Cx, Days, Times, longer};

/// Which side of what is named a range lies on, and whether that is part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Since,
    After,
    Before,
    Until,
}

/// How open ranges were read.
const SINCE: &str = "since";
const AFTER_DAY: &str = "after a day";
const AFTER_PERIOD: &str = "after a period";
const BEFORE: &str = "before";
const UNTIL_DAY: &str = "until a day";

const BEFORE_IT: &[(&[&str], Side)] = &[
    (&["no", "later", "than"], Side::Until),
    (&["not", "later", "than"], Side::Until),
    (&["as", "late", "as"], Side::Until),
    (&["at", "the", "latest"], Side::Until),
    (&["up", "to"], Side::Until),
    (&["until"], Side::Until),
    (&["till"], Side::Until),
    (&["til"], Side::Until),
    (&["by"], Side::Until),
    (&["<", "="], Side::Until),
    (&["no", "earlier", "than"], Side::Since),
    (&["not", "earlier", "than"], Side::Since),
    (&["not", "before"], Side::Since),
    (&["as", "early", "as"], Side::Since),
    (&["any", "time", "from"], Side::Since),
    (&["anytime", "from"], Side::Since),
    (&["starting", "from"], Side::Since),
    (&["starting", "on"], Side::Since),
    (&["starting"], Side::Since),
    (&["beginning", "on"], Side::Since),
    (&["since"], Side::Since),
    (&[">", "="], Side::Since),
    (&["later", "than"], Side::After),
    (&["greater", "than"], Side::After),
    (&["after"], Side::After),
    (&[">"], Side::After),
    (&["prior", "to"], Side::Before),
    (&["earlier", "than"], Side::Before),
    (&["before"], Side::Before),
    (&["<"], Side::Before),
];

const BEHIND_IT: &[(&[&str], Side)] = &[
    (&["or", "later"], Side::Since),
    (&["and", "later"], Side::Since),
    (&["or", "after"], Side::Since),
    (&["and", "after"], Side::Since),
    (&["onwards"], Side::Since),
    (&["onward"], Side::Since),
    (&["or", "earlier"], Side::Until),
    (&["and", "earlier"], Side::Until),
    (&["or", "before"], Side::Until),
    (&["and", "before"], Side::Until),
];

impl Cx<'_> {
    /// The words before one end of a range.
    pub(super) fn side(&self, at: usize) -> Option<(Side, usize)> {
        self.memos.side.at(at, || self.fresh_side(at))
    }

    fn fresh_side(&self, at: usize) -> Option<(Side, usize)> {
        let (words, side) = BEFORE_IT.iter().find(|(words, _)| self.t.phrase(at, words))?;
        let end = at + words.len();
        Some((*side, if self.t.any(end, &["around", "about"]) { end + 1 } else { end }))
    }

    fn side_behind(&self, at: usize) -> Option<(Side, usize)> {
        let (words, side) = BEHIND_IT.iter().find(|(words, _)| self.t.phrase(at, words))?;
        Some((*side, at + words.len()))
    }

    /// Days with one end open.
    pub(super) fn open_days(&self, at: usize) -> Option<(Two<Days>, &'static str, usize)> {
        if let Some((side, next)) = self.side(at) {
            if self.t.phrase(next, &["date"]) && side == Side::Until {
                return Some((Two::one((None, Some(self.today))), UNTIL_DAY, next + 1));
            }
            let (end, to) = self.end(next)?;
            let (two, how) = self.half_open(side, end)?;
            return Some((two, how, to));
        }
        let (end, to) = self.end(at)?;
        let (side, to) = self.side_behind(to)?;
        // "1/1/2016 and after 6PM" says something else.
        if self.clock(to).is_some() {
            return None;
        }
        let (two, how) = self.half_open(side, end)?;
        Some((two, how, to))
    }

    fn half_open(&self, side: Side, end: End) -> Option<(Two<Days>, &'static str)> {
        let from = |day| Some((Some(day), None));
        let to = |day| Some((None, Some(day)));
        Some(match (side, end) {
            (Side::Since, End::Day(day)) => (day.two?.map(from)?, SINCE),
            (Side::Since, End::Period(period)) => (period.two.map(|(start, _)| from(start))?, SINCE),
            (Side::After, End::Day(day)) => (day.two?.map(|day| from(plus(day, 0, 1)?))?, AFTER_DAY),
            (Side::After, End::Period(period)) => (period.two.map(|(_, end)| from(end))?, AFTER_PERIOD),
            (Side::Before, End::Day(day)) => (day.two?.map(|day| to(plus(day, 0, -1)?))?, BEFORE),
            (Side::Until, End::Day(day)) => (day.two?.map(to)?, UNTIL_DAY),
            (Side::Before, End::Period(period)) => (self.starts(period)?.map(|start| to(plus(start, 0, -1)?))?, BEFORE),
            (Side::Until, End::Period(period)) => {
                // "by 2020": before it; "until May", "by the end of May": with it.
                let whole = matches!(period.unit, Unit::Year) && period.how != "end of a period";
                let last = |(start, end)| plus(if whole { start } else { end }, 0, -1).and_then(to);
                (period.two.map(last)?, BEFORE)
            }
        })
    }

    /// Times with one end open.
    pub(super) fn open_times(&self, at: usize) -> Option<(Vec<Times>, usize)> {
        let (side, next) = self.side(at)?;
        if let Some(((from, to), end)) = self.meal(next) {
            return Some(match side {
                Side::After => (vec![(Some(to), None)], end),
                Side::Before => (vec![(None, Some(from))], end),
                _ => return None,
            });
        }
        let (clock, end) = self.clock(next)?;
        if clock.bare {
            return None;
        }
        let times = clock.times().into_iter();
        let all = match side {
            Side::Since | Side::After => times.map(|from| (Some(from), None)).collect(),
            Side::Before | Side::Until => times.map(|to| (None, Some(to))).collect(),
        };
        Some((all, end))
    }

    /// The longer of both kinds of ranges of days.
    pub(super) fn any_days(&self, at: usize) -> Option<(Two<Days>, &'static str, usize)> {
        let closed = self.days(at).map(|(two, how, end)| ((two, how), end));
        let open = self.open_days(at).map(|(two, how, end)| ((two, how), end));
        longer(closed, open).map(|((two, how), end)| (two, how, end))
    }
}
