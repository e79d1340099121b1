//! What comes again: `every day`, `each Monday at 4pm`, `once a week`, `every other Friday`, `weekends`.

use jiff::civil::Time;

use super::Cx;
use super::calendar::weekday;
use super::length::{Length, Unit, unit};

/// What comes again, and when.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Recurring {
    pub every: Length,
    /// A weekday from Monday's 1, or which days of the week.
    pub on: Option<&'static str>,
    pub at: Option<Time>,
    /// The part of the day.
    pub part: Option<&'static str>,
}

impl Recurring {
    fn every(count: f64, unit: Unit) -> Self {
        Self { every: Length::of(count, unit), on: None, at: None, part: None }
    }
}

fn day_name(word: &str) -> Option<&'static str> {
    const NAMES: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let day = weekday(word)?;
    NAMES.get(usize::try_from(day.to_monday_zero_offset()).ok()?).copied()
}

fn part(word: &str) -> Option<&'static str> {
    Some(match word {
        "morning" | "mornings" => "morning",
        "afternoon" | "afternoons" => "afternoon",
        "evening" | "evenings" => "evening",
        "night" | "nights" | "nightly" => "night",
        _ => return None,
    })
}

impl Cx<'_> {
    /// What comes again at a place, and where it ends.
    pub(super) fn recurring(&self, at: usize) -> Option<(Recurring, usize)> {
        let t = self.t;
        // "6am everyday"
        if let Some((clock, next)) = self.clock(at).filter(|(clock, _)| !clock.bare)
            && let Some((mut found, end)) = self.cycle(next)
        {
            found.at = clock.times().first().copied();
            return found.at.is_some().then_some((found, end));
        }
        let (mut found, end) = self.cycle(at)?;
        let next = if t.any(end, &["at", "@"]) { end + 1 } else { end };
        if let Some((clock, to)) = self.clock(next).filter(|(clock, _)| !clock.bare || next > end) {
            found.at = clock.times().first().copied();
            return Some((found, to));
        }
        Some((found, end))
    }

    fn cycle(&self, at: usize) -> Option<(Recurring, usize)> {
        let t = self.t;
        let word = t.word(at);
        let simple = match word {
            "daily" | "everyday" => Some((1.0, Unit::Day)),
            "weekly" => Some((1.0, Unit::Week)),
            "biweekly" => Some((2.0, Unit::Week)),
            "monthly" => Some((1.0, Unit::Month)),
            "bimonthly" => Some((2.0, Unit::Month)),
            "quarterly" => Some((1.0, Unit::Quarter)),
            "yearly" | "annually" | "annual" => Some((1.0, Unit::Year)),
            "semiannual" | "semiannually" => Some((0.5, Unit::Year)),
            "hourly" => Some((1.0, Unit::Hour)),
            _ => None,
        };
        if let Some((count, unit)) = simple {
            return Some((Recurring::every(count, unit), at + 1));
        }
        if t.any(at, &["bi", "semi"]) && t.is(at + 1, "-") {
            let (found, end) = self.cycle(at + 2)?;
            let factor = if word == "bi" { 2.0 } else { 0.5 };
            let every = Length {
                years: found.every.years * factor,
                months: found.every.months * factor,
                days: found.every.days * factor,
                seconds: found.every.seconds * factor,
            };
            return simple_cycle(t.word(at + 2)).then_some((Recurring { every, ..found }, end));
        }
        // "once a week", "one a day"
        if t.any(at, &["once", "one"]) && t.any(at + 1, &["a", "per", "every"]) {
            let (unit, factor) = unit(t.word(at + 2)).filter(|_| t.word(at + 2).len() > 2)?;
            return Some((Recurring::every(factor, unit), at + 3));
        }
        // "weekends", "mornings", "tuesday afternoons"
        let week = Recurring::every(1.0, Unit::Week);
        if word == "weekends" || word == "weekdays" {
            let on = if word == "weekends" { "weekend" } else { "weekday" };
            return Some((Recurring { on: Some(on), ..week }, at + 1));
        }
        if let Some(part) = part(word).filter(|_| word.ends_with('s') || word == "nightly") {
            return Some((Recurring { part: Some(part), ..Recurring::every(1.0, Unit::Day) }, at + 1));
        }
        if let Some(day) = day_name(word.strip_suffix('s').filter(|_| word.len() > 5).unwrap_or_default()) {
            return Some((Recurring { on: Some(day), ..week }, at + 1));
        }
        if let Some(day) = day_name(word)
            && let Some(part) = part(t.word(at + 1)).filter(|_| t.word(at + 1).ends_with('s'))
        {
            return Some((Recurring { on: Some(day), part: Some(part), ..week }, at + 2));
        }
        if !matches!(word, "every" | "each") {
            return None;
        }
        self.each(at + 1)
    }

    /// Behind `every` or `each`.
    fn each(&self, at: usize) -> Option<(Recurring, usize)> {
        let t = self.t;
        let (count, next) = if t.any(at, &["other"]) { (2.0, at + 1) } else { self.count(at).unwrap_or((1.0, at)) };
        let word = t.word(next);
        let week = Recurring::every(count, Unit::Week);
        if matches!(word, "weekend" | "weekends" | "weekday" | "weekdays") {
            let on = if word.starts_with("weekend") { "weekend" } else { "weekday" };
            return Some((Recurring { on: Some(on), ..week }, next + 1));
        }
        if let Some(day) = day_name(word) {
            let end = part(t.word(next + 1)).map_or(next + 1, |_| next + 2);
            return Some((Recurring { on: Some(day), part: part(t.word(next + 1)), ..week }, end));
        }
        if let Some(part) = part(word) {
            return Some((Recurring { part: Some(part), ..Recurring::every(count, Unit::Day) }, next + 1));
        }
        let (unit, factor) = unit(word).filter(|_| word.len() > 2)?;
        Some((Recurring::every(count * factor, unit), next + 1))
    }
}

fn simple_cycle(word: &str) -> bool {
    matches!(word, "weekly" | "monthly" | "annual" | "annually" | "yearly" | "daily")
}
