//! Times of day: `5:15 pm`, `half past 11 in the morning`, `quarter to five`, `evening 6 o'clock`, `17:15`, `noon`.

use jiff::civil::Time;

use super::Cx;
use crate::normalize::number::{cardinal, small_word};
use crate::normalize::{Locale, Prefer};

/// Which half or part of the day a time lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    Am,
    Pm,
    Night,
}

/// A time of day as it was said.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    hour: i64,
    minute: i64,
    second: Option<i64>,
    pub half: Option<Half>,
    /// It reads as on a clock of 24 hours.
    full: bool,
    /// A bare number: a time only where something says so.
    pub bare: bool,
}

impl Clock {
    fn new(hour: i64, minute: i64) -> Self {
        Self { hour, minute, second: None, half: None, full: false, bare: false }
    }

    fn time(&self, hour: i64) -> Option<Time> {
        let part = |n: i64| i8::try_from(n).ok();
        let hour = if hour == 24 && self.minute == 0 { 0 } else { hour };
        Time::new(part(hour)?, part(self.minute)?, part(self.second.unwrap_or(0))?, 0).ok()
    }

    /// The hour in a half of the day.
    pub(super) fn in_half(&self, half: Half) -> Option<Time> {
        let hour = match (half, self.hour) {
            (_, hour) if hour > 12 => hour,
            (Half::Am, 12) => 0,
            (Half::Am, hour) => hour,
            (Half::Pm, 12) => 12,
            (Half::Pm, hour) => hour + 12,
            (Half::Night, 12) => 0,
            (Half::Night, hour) if hour <= 4 => hour,
            (Half::Night, hour) => hour + 12,
        };
        self.time(hour)
    }

    /// Whether it may be in either half of the day.
    pub(super) fn is_open(&self) -> bool {
        self.half.is_none() && !self.full && (0..=12).contains(&self.hour)
    }

    /// All times that it may be: as written, and twelve hours later.
    pub(super) fn times(&self) -> Vec<Time> {
        let hours: Vec<Option<Time>> = match self.half {
            Some(half) => vec![self.in_half(half)],
            None if !self.is_open() => vec![self.time(self.hour)],
            None if self.hour == 12 => vec![self.time(12), self.time(0)],
            None => vec![self.time(self.hour), self.time(self.hour + 12)],
        };
        hours.into_iter().flatten().collect()
    }

    /// Whether minutes were said.
    pub(super) fn has_minutes(&self) -> bool {
        self.minute != 0
    }

    /// Whether there is such a time.
    pub(super) fn valid(&self) -> bool {
        (0..=24).contains(&self.hour)
            && (0..60).contains(&self.minute)
            && self.second.is_none_or(|s| s < 60)
            && !self.times().is_empty()
    }
}

impl Cx<'_> {
    /// The time of day at a place, and where it ends.
    pub(super) fn clock(&self, at: usize) -> Option<(Clock, usize)> {
        self.memos.clock.at(at, || self.fresh_clock(at))
    }

    fn fresh_clock(&self, at: usize) -> Option<(Clock, usize)> {
        let t = self.t;
        if at > 0
            && t.glued(at)
            && (t.is(at - 1, ":")
                || t.digits(at - 1).is_some()
                || t.digits(at).is_some() && !matches!(t.word(at - 1), "" | "t"))
        {
            return None;
        }
        // "evening 6:15", "in the afternoon at 7", "late evening at 10:00".
        if let Some((half, next)) = self.part_of_day(at) {
            let next = if t.is(next, ",") { next + 1 } else { next };
            let next = if t.any(next, &["at", "around"]) { next + 1 } else { next };
            let (mut clock, end) = self.face(next)?;
            clock.half = Some(half);
            clock.bare = false;
            return clock.valid().then_some((clock, self.oclock(end).unwrap_or(end)));
        }
        let (mut clock, mut end) = self.face(at)?;
        if let Some(to) = self.oclock(end) {
            (clock.bare, end) = (false, to);
            // "15 Uhr 30", "tres y media" are as on the face.
            if let Some((minute, 2)) = t.small(end).filter(|_| self.is_foreign() && clock.minute == 0) {
                (clock.minute, end) = (minute, end + 1);
            }
        }
        if clock.hour <= 12
            && let Some((half, to)) = self
                .half(end)
                .or_else(|| self.part_of_day(end).filter(|_| !clock.bare || t.any(end, &["in", "at", "early", "late"])))
        {
            clock.half = Some(half);
            (clock.bare, end) = (false, to);
        }
        // Two nights are no time of day.
        let counted = clock.bare && super::length::unit(t.word(end)).is_some_and(|_| t.word(end).len() > 1);
        (clock.valid() && !counted).then_some((clock, end))
    }

    /// `o'clock` in its spellings.
    fn oclock(&self, at: usize) -> Option<usize> {
        let t = self.t;
        if t.any(at, &["o"]) && t.is(at + 1, "'\"") && t.any(at + 2, &["clock"]) {
            return Some(at + 3);
        }
        if t.phrase(at, &["o", "clock"]) {
            return Some(at + 2);
        }
        t.any(at, &["oclock", "o'clock", "hours", "hrs"]).then_some(at + 1).filter(|_| {
            !t.any(at, &["hours", "hrs"]) || at.checked_sub(1).and_then(|b| t.digits(b)).is_some_and(|d| d.len() == 4)
        })
    }

    /// `am`, `p.m.`, `p . m .`, `p`.
    pub(super) fn half(&self, at: usize) -> Option<(Half, usize)> {
        let t = self.t;
        let half = |word: &str| if word.starts_with('a') { Half::Am } else { Half::Pm };
        if t.any(at, &["am", "pm"]) {
            // "10am." ends a sentence; "a.m." has both stops.
            return Some((half(t.word(at)), at + 1));
        }
        if t.any(at, &["a", "p"]) {
            let stop = if t.is(at + 1, ".") { at + 2 } else { at + 1 };
            if t.any(stop, &["m"]) {
                let last = t.is(stop + 1, ".") && (stop > at + 1);
                return Some((half(t.word(at)), if last { stop + 2 } else { stop + 1 }));
            }
            if t.glued(at) && t.digits(at.checked_sub(1)?).is_some() {
                return Some((half(t.word(at)), at + 1));
            }
        }
        None
    }

    /// `in the morning`, `at night`, `early morning`, `evening`.
    pub(super) fn part_of_day(&self, at: usize) -> Option<(Half, usize)> {
        let t = self.t;
        let mut next = at;
        if let Some(to) = t.phrases(at, &[&["in", "the"], &["of", "the"], &["at"], &["in"], &["this"]]) {
            next = to;
        }
        if t.any(next, &["early", "late", "later"]) {
            next += 1;
        }
        // "de la tarde", "du matin"
        if self.is_foreign() && next == at {
            next = t.phrases(at, &[&["of", "the"], &["of"], &["the"]]).unwrap_or(at);
        }
        let half = match t.word(next) {
            "morning" => Half::Am,
            "tomorrow" if self.locale == Locale::EsEs && next > at => Half::Am,
            "afternoon" | "evening" => Half::Pm,
            "night" => Half::Night,
            _ => return None,
        };
        Some((half, next + 1))
    }

    /// What a clock shows: figures or words.
    fn face(&self, at: usize) -> Option<(Clock, usize)> {
        let t = self.t;
        if t.any(at, &["noon", "midday", "noontime"]) {
            return Some((Clock { full: true, ..Clock::new(12, 0) }, at + 1));
        }
        if t.any(at, &["midnight"]) {
            return Some((Clock { full: true, ..Clock::new(0, 0) }, at + 1));
        }
        if let Some(found) = self.spoken_minutes(at) {
            return Some(found);
        }
        let (hour, len) = t.small(at).unwrap_or((0, 0));
        match len {
            1 | 2 => self.figures(at, hour, len),
            // "1140 a.m.", "0730-0930", "1900 hours".
            4 => {
                let (minute, face) = (hour % 100, hour / 100);
                let said = self.half(at + 1).is_some() || t.any(at + 1, &["hours", "hrs"]);
                let zero = t.digits(at)?.starts_with('0');
                let full = face > 12;
                (said || zero).then_some((Clock { bare: !said, full, ..Clock::new(face, minute) }, at + 1))
            }
            3 => {
                self.half(at + 1)?;
                Some((Clock::new(hour / 100, hour % 100), at + 1))
            }
            _ => self.words(at),
        }
    }

    /// `10:30`, `8:00:31`, `2.30`, `15h30`, `5`.
    fn figures(&self, at: usize, hour: i64, len: usize) -> Option<(Clock, usize)> {
        let t = self.t;
        let full_locale = self.is_foreign();
        if t.any(at + 1, &["h", "uhr"]) && t.glued(at + 1) && full_locale {
            let (minute, end) =
                t.small(at + 2).filter(|(_, len)| *len == 2).map_or((0, at + 2), |(minute, _)| (minute, at + 3));
            return Some((Clock { full: true, ..Clock::new(hour, minute) }, end));
        }
        let mark = t.mark(at + 1).filter(|_| t.glued(at + 1) && t.glued(at + 2));
        let minute = t.small(at + 2).filter(|(_, len)| *len == 2);
        if let (Some(':'), Some((minute, _))) = (mark, minute) {
            let mut clock = Clock::new(hour, minute);
            let mut end = at + 3;
            if t.is(end, ":")
                && t.glued(end)
                && let Some((second, 2)) = t.small(end + 1).filter(|_| t.glued(end + 1))
            {
                (clock.second, end) = (Some(second), end + 2);
            }
            // Two figures for the hour are how a clock of 24 hours writes it; where nothing is preferred, both are possible.
            clock.full = hour > 12 || full_locale || (len == 2 && self.prefer != Prefer::Neither);
            return (hour <= 24).then_some((clock, end));
        }
        if let (Some('.'), Some((minute, _))) = (mark, minute) {
            return (hour <= 24 && minute < 60)
                .then_some((Clock { bare: true, full: hour > 12 || full_locale, ..Clock::new(hour, minute) }, at + 3));
        }
        let stuck = t.glued(at + 1)
            && (t.is(at + 1, "%$€£°/:") || (t.is(at + 1, ".,") && t.glued(at + 2) && t.digits(at + 2).is_some()));
        let letters = t.glued(at + 1)
            && !t.word(at + 1).is_empty()
            && self.half(at + 1).is_none()
            && self.oclock(at + 1).is_none();
        (!stuck && !letters && hour <= 24)
            .then_some((Clock { bare: true, full: hour > 12, ..Clock::new(hour, 0) }, at + 1))
    }

    /// `half past 11`, `quarter to five`, `20 min past eight`, `ten after 6`.
    fn spoken_minutes(&self, at: usize) -> Option<(Clock, usize)> {
        let t = self.t;
        // "halb vier" is half an hour before four, "las tres y media" half an hour behind three.
        if self.locale == Locale::DeDe && t.any(at, &["half"]) {
            let (hour, end) = self.hour(at + 1)?;
            return Some((Clock::new(if hour == 1 { 12 } else { hour - 1 }, 30), end));
        }
        let start = if t.any(at, &["a"]) { at + 1 } else { at };
        let (minutes, mut next) = match t.word(start) {
            "half" => (30, start + 1),
            "quarter" => (15, start + 1),
            _ => {
                let (minutes, next) = match t.small(start) {
                    Some((minutes, 1 | 2)) => (minutes, start + 1),
                    _ => cardinal(t, start).and_then(|(n, end)| Some((i64::try_from(n.exact?).ok()?, end)))?,
                };
                ((1..60).contains(&minutes).then_some(minutes)?, next)
            }
        };
        let minute_word = t.any(next, &["min", "mins", "minute", "minutes"]);
        if minute_word {
            next += 1;
        }
        let sign = match t.word(next) {
            "past" | "after" => 1,
            // "five to seven" may be a range; "ten to six" hardly. Only quarters, or where minutes are said.
            "to" | "til" | "till" | "before" | "of" if minute_word || matches!(t.word(start), "quarter") => -1,
            _ => return None,
        };
        let (hour, end) = self.hour(next + 1)?;
        let total = (hour * 60 + sign * minutes).rem_euclid(24 * 60);
        let (mut hour, minute) = (total / 60, total % 60);
        if hour == 0 {
            hour = 12;
        }
        Some((Clock { full: hour > 12, ..Clock::new(hour, minute) }, end))
    }

    /// A bare hour in figures or words.
    fn hour(&self, at: usize) -> Option<(i64, usize)> {
        if let Some((hour, 1 | 2)) = self.t.small(at) {
            return (hour <= 24).then_some((hour, at + 1));
        }
        if self.t.any(at, &["noon"]) {
            return Some((12, at + 1));
        }
        if self.t.any(at, &["midnight"]) {
            return Some((24, at + 1));
        }
        let hour = small_word(self.t.word(at)).and_then(|hour| i64::try_from(hour).ok())?;
        (1..=12).contains(&hour).then_some((hour, at + 1))
    }

    /// `five`, `seven twenty-seven`, `one thirty`, `six forty-three minutes`, `nine oh five`.
    fn words(&self, at: usize) -> Option<(Clock, usize)> {
        let t = self.t;
        let (hour, next) = self.hour(at).filter(|_| t.digits(at).is_none())?;
        // "las tres y media", "quatre heures et demie", "tres menos cuarto"
        if self.is_foreign() {
            let joint = self.oclock(next).unwrap_or(next);
            let joint = if t.any(joint, &["hour"]) { joint + 1 } else { joint };
            let minute = match (t.word(joint), t.word(joint + 1)) {
                ("and", "half") => Some(30),
                ("and", "quarter") => Some(15),
                ("less", "quarter") => Some(-15),
                _ => None,
            };
            if let Some(minute) = minute {
                let total = (hour * 60 + minute).rem_euclid(12 * 60);
                return Some((Clock::new(if total < 60 { 12 } else { total / 60 }, total % 60), joint + 2));
            }
            if joint > next {
                return Some((Clock::new(hour, 0), joint));
            }
        }
        let tens = if t.any(next, &["oh", "o"]) && small_word(t.word(next + 1)).is_some() { next + 1 } else { next };
        if let Some((minute, end)) = cardinal(t, tens).and_then(|(n, end)| Some((i64::try_from(n.exact?).ok()?, end)))
            && ((10..60).contains(&minute) || tens > next)
            && minute < 60
        {
            let end = if t.any(end, &["minutes"]) { end + 1 } else { end };
            return Some((Clock { bare: true, ..Clock::new(hour, minute) }, end));
        }
        Some((Clock { bare: true, ..Clock::new(hour, 0) }, next))
    }
}
