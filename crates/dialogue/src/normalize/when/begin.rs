//! What a day, a time or a length can begin with.

use super::calendar::{month, weekday};
use super::day::shift;
use super::holiday;
use crate::normalize::number::{ordinal_word, scale, small_word};

/// Whether something of the calendar or the clock can begin with a mark.
pub(super) fn mark(mark: &str) -> bool {
    matches!(mark, "½" | "¼" | "¾" | "⅓" | "⅔" | "<" | ">" | "'" | "-")
}

/// In order.
const OTHERS: [&str; 126] = [
    "a",
    "after",
    "afternoon",
    "afternoons",
    "ago",
    "all",
    "an",
    "annual",
    "annually",
    "any",
    "anytime",
    "as",
    "asap",
    "at",
    "before",
    "beginning",
    "between",
    "bi",
    "bimonthly",
    "biweekly",
    "breakfasttime",
    "business",
    "by",
    "calendar",
    "commencing",
    "couple",
    "cy",
    "daily",
    "day",
    "daytime",
    "dinnertime",
    "during",
    "each",
    "earlier",
    "early",
    "eighties",
    "end",
    "eod",
    "ereyesterday",
    "evening",
    "evenings",
    "every",
    "everyday",
    "few",
    "fifties",
    "for",
    "forties",
    "from",
    "full",
    "greater",
    "h",
    "half",
    "hourly",
    "in",
    "late",
    "later",
    "lunchtime",
    "mid",
    "midday",
    "middle",
    "midnight",
    "minus",
    "monthly",
    "morning",
    "mornings",
    "negative",
    "night",
    "nightly",
    "nights",
    "nineties",
    "no",
    "noon",
    "noontime",
    "not",
    "now",
    "of",
    "on",
    "once",
    "otd",
    "overmorrow",
    "prior",
    "q",
    "quarter",
    "quarterly",
    "right",
    "semi",
    "semiannual",
    "semiannually",
    "seventies",
    "several",
    "since",
    "sixties",
    "start",
    "starting",
    "the",
    "thirties",
    "til",
    "till",
    "tmr",
    "tmrw",
    "today",
    "tommorow",
    "tommorrow",
    "tomorow",
    "tomorrow",
    "tonight",
    "tonite",
    "twenties",
    "until",
    "up",
    "w",
    "week",
    "weekdays",
    "weekend",
    "weekends",
    "weekly",
    "whole",
    "within",
    "work",
    "working",
    "workweek",
    "yday",
    "year",
    "yearly",
    "yesterday",
    "ytd",
];

/// Whether something of the calendar or the clock can begin with a word.
pub(super) fn word(word: &str) -> bool {
    OTHERS.binary_search(&word).is_ok()
        || month(word).is_some()
        || weekday(word).is_some()
        || word.strip_suffix('s').and_then(weekday).is_some()
        || small_word(word).is_some()
        || ordinal_word(word).is_some()
        || scale(word).is_some()
        || shift(word).is_some()
        || holiday::begins(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_in_order() {
        assert!(OTHERS.is_sorted());
        assert!(word("ytd") && word("a") && word("monday") && !word("madrid"));
    }
}
