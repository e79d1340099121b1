//! Days in figures: `2024-03-15`, `3/15/24`, `15.03.2024`, `Sep-23-2020`, `20170302`, and `10/1` without a year.

use super::calendar::{Two, date, month};
use super::{Cx, Day};
use crate::normalize::Locale;

/// A part of a day in figures.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Number(i64, usize),
    Month(i64),
}

impl Cx<'_> {
    fn day_figure(&self, at: usize) -> Option<(Part, usize)> {
        let t = self.t;
        if let Some((value, len)) = t.small(at) {
            let end = if t.any(at + 1, &["st", "nd", "rd", "th"]) && t.glued(at + 1) { at + 2 } else { at + 1 };
            return (len <= 4).then_some((Part::Number(value, len), end));
        }
        month(t.word(at)).map(|m| (Part::Month(m), at + 1))
    }

    /// A mark that separates parts; blanks only between figures with the year first.
    fn separator(&self, at: usize) -> Option<(char, usize)> {
        let t = self.t;
        if t.digits(at).is_some() && !t.glued(at) {
            return Some((' ', at));
        }
        let mark = t.mark(at).filter(|mark| matches!(mark, '/' | '-' | '.'))?;
        (t.glued(at) && t.glued(at + 1)).then_some((mark, at + 1))
    }

    pub(super) fn numeric_day(&self, at: usize) -> Option<(Day, usize)> {
        let t = self.t;
        // Not within a longer row of figures: "192.168.1.2", "-77.03".
        if at > 0 && t.glued(at) && (t.is(at - 1, "/.,:") || t.small(at - 1).is_some()) {
            return None;
        }
        if let Some(digits) = t.digits(at).filter(|digits| digits.len() == 8) {
            let part = |from: usize, to: usize| digits.get(from..to).and_then(|part| part.parse::<i64>().ok());
            let year = part(0, 4).filter(|year| (1900..=2100).contains(year))?;
            return Some((Day::one(date(year, part(4, 6)?, part(6, 8)?)?, "calendar day"), at + 1));
        }
        let (first, next) = self.day_figure(at)?;
        let (mark, next) = self.separator(next)?;
        let (second, end) = self.day_figure(next)?;
        if let Some((again, third)) = self.separator(end)
            && (again == mark || mark != ' ')
            && let Some((third, end)) = self.day_figure(third)
            && !(t.glued(end) && (t.is(end, "/.") && t.digits(end + 1).is_some() && t.glued(end + 1)))
            && (again == mark || (again == ' ' && matches!(third, Part::Number(_, 4))))
            && let Some(day) = self.of_parts(first, second, third, mark)
        {
            return Some((day, end));
        }
        // Two parts: a month and a day.
        let (Part::Number(a, la), Part::Number(b, lb)) = (first, second) else { return None };
        if mark != '/' || la > 2 || lb > 2 || (t.glued(end) && t.is(end, "/%")) {
            return None;
        }
        // "5/1-5/7, 2020": the year is said behind both.
        let (m, d) = if (self.locale == Locale::EnUs && a <= 12) || b > 12 { (a, b) } else { (b, a) };
        date(2000, m, d)?;
        let year = t.is(end, ",").then(|| self.year(end + 1)).flatten();
        self.dated(year, m, d, end)
    }

    fn of_parts(&self, first: Part, second: Part, third: Part, mark: char) -> Option<Day> {
        let day = |year: i64, m: i64, d: i64| {
            // Out of range altogether is no day; a 30th of February is one that there is not.
            if !(1..=12).contains(&m) || !(1..=31).contains(&d) {
                return None;
            }
            Some(date(year, m, d).map_or_else(Day::impossible, |day| Day::one(day, "calendar day")))
        };
        match (first, second, third) {
            (Part::Number(y, 4), Part::Number(m, _), Part::Number(d, 1 | 2)) => {
                if mark != ' ' || (1900..=2100).contains(&y) { day(y, m, d).or_else(|| day(y, d, m)) } else { None }
            }
            _ if mark == ' ' => None,
            (Part::Number(y, 4), Part::Month(m), Part::Number(d, _))
            | (Part::Number(d, _), Part::Number(y, 4), Part::Month(m))
            | (Part::Month(m), Part::Number(d, 1 | 2), Part::Number(y, 4))
            | (Part::Number(d, 1 | 2), Part::Month(m), Part::Number(y, 4))
            | (Part::Month(m), Part::Number(y, 4), Part::Number(d, _)) => day(y, m, d),
            (Part::Number(d, 1 | 2), Part::Month(m), Part::Number(y, 2))
            | (Part::Month(m), Part::Number(d, 1 | 2), Part::Number(y, 2)) => day(self.century(y), m, d),
            (Part::Number(a, 1 | 2), Part::Number(b, 1 | 2), Part::Number(y, len @ (2 | 4))) => {
                let (m, d) =
                    if (self.locale == Locale::EnUs && mark != '.' && a <= 12) || b > 12 { (a, b) } else { (b, a) };
                if len == 4 {
                    return day(y, m, d);
                }
                // From 30 to 39, two digits may be of either century.
                if (30..40).contains(&y) {
                    let two = Two { past: date(1900 + y, m, d)?, future: date(2000 + y, m, d)? };
                    return Some(Day::two(two, "calendar day"));
                }
                day(self.century(y), m, d)
            }
            _ => None,
        }
    }
}
