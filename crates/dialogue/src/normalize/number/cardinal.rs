//! Whole numbers in words: `twenty-one`, `two hundred and five`, `nineteen hundred`, `a dozen`; and ordinal words.

use super::super::token::Tokens;
use super::Number;

/// The value of a word below one hundred.
pub(in super::super) fn small_word(word: &str) -> Option<i128> {
    Some(match word {
        "zero" | "nought" | "naught" | "nil" | "oh" => 0,
        "one" => 1,
        "two" => 2,
        "three" => 3,
        "four" => 4,
        "five" => 5,
        "six" => 6,
        "seven" => 7,
        "eight" => 8,
        "nine" => 9,
        "ten" => 10,
        "eleven" => 11,
        "twelve" => 12,
        "thirteen" => 13,
        "fourteen" => 14,
        "fifteen" => 15,
        "sixteen" => 16,
        "seventeen" => 17,
        "eighteen" => 18,
        "nineteen" => 19,
        _ => return tens(word),
    })
}

fn tens(word: &str) -> Option<i128> {
    Some(match word {
        "twenty" => 20,
        "thirty" => 30,
        "forty" | "fourty" => 40,
        "fifty" => 50,
        "sixty" => 60,
        "seventy" => 70,
        "eighty" => 80,
        "ninety" => 90,
        _ => return None,
    })
}

/// What a word multiplies by.
pub(in super::super) fn scale(word: &str) -> Option<i128> {
    Some(match word {
        "dozen" | "dozens" | "doz" | "dozs" => 12,
        "hundred" | "hundreds" => 100,
        "thousand" | "thousands" => 1_000,
        "lakh" | "lakhs" => 100_000,
        "million" | "millions" => 1_000_000,
        "crore" | "crores" => 10_000_000,
        "billion" | "billions" => 1_000_000_000,
        "trillion" | "trillions" => 1_000_000_000_000,
        _ => return None,
    })
}

/// The whole number in words at a place, and where it ends.
pub(in super::super) fn cardinal(t: &Tokens<'_>, at: usize) -> Option<(Number, usize)> {
    upto(t, at, at + 24)
}

/// The same, of the tokens before an end alone.
pub(super) fn upto(t: &Tokens<'_>, at: usize, limit: usize) -> Option<(Number, usize)> {
    let (mut total, mut group, mut lowest): (i128, i128, i128) = (0, 0, i128::MAX);
    let (mut end, mut next, mut any, mut open) = (at, at, false, false);
    let mut joined = false;
    // "a hundred", "a dozen".
    if t.any(at, &["a", "an"]) {
        scale(t.word(at + 1)).filter(|_| at + 1 < limit)?;
        (group, next, open) = (1, at + 1, true);
    } else if small_word(t.word(at)).or_else(|| scale(t.word(at))).is_none() {
        return None;
    }
    while next < limit {
        let word = t.word(next);
        if let Some(value) = small_word(word) {
            // French counts by twenties: "quatre-vingt", "soixante-dix", "quatre-vingt-onze".
            let twenties = joined && value == 20 && group % 100 == 4;
            let teens = joined && (10..20).contains(&value) && matches!(group % 100, 60 | 80);
            let fits = if open {
                false
            } else if twenties || teens {
                true
            } else if tens(word).is_some() || value >= 10 {
                group % 100 == 0
            } else {
                group % 100 == 0 || (group % 10 == 0 && group % 100 >= 20 && value > 0)
            };
            // Nothing follows a zero, and nothing is added to a bare number but to tens and hundreds.
            if !fits || (any && total == 0 && group == 0) {
                break;
            }
            group += if twenties { 76 } else { value };
        } else if word == "hundred" || word == "hundreds" {
            if group == 0 || group >= 100 || (group % 10 == 0 && group > 10) {
                break;
            }
            group *= 100;
        } else if let Some(scale) = scale(word) {
            let base = if group == 0 && !any { 1 } else { group };
            if base == 0 || scale >= lowest {
                break;
            }
            total += base * scale;
            (lowest, group) = (scale, 0);
        } else {
            // A joint: a hyphen between tens and ones, "and" behind hundreds and thousands.
            let hyphen = t.is(next, "-")
                && next > at
                && group % 10 == 0
                && group % 100 >= 20
                && small_word(t.word(next + 1)).is_some_and(|value| {
                    (1..10).contains(&value) || (matches!(group % 100, 60 | 80) && (10..20).contains(&value))
                });
            let hyphen =
                hyphen || (t.is(next, "-") && t.glued(next) && group % 100 == 4 && t.any(next + 1, &["twenty"]));
            let and = word == "and"
                && any
                && ((group > 0 && group % 100 == 0) || (group == 0 && total > 0) || tens(t.word(next - 1)).is_some())
                && small_word(t.word(next + 1)).is_some_and(|value| value > 0)
                // "twenty and three" is one number, "twenty and thirty" are two.
                && (tens(t.word(next - 1)).is_none() || small_word(t.word(next + 1)).is_some_and(|value| value < 10));
            if !(hyphen || and) || next + 1 >= limit {
                break;
            }
            next += 1;
            joined = hyphen;
            continue;
        }
        (any, open, joined) = (true, false, false);
        next += 1;
        end = next;
    }
    any.then(|| (Number::whole(total + group, "number words"), end))
}

/// The place in a row that a word says: `third`, `twentieth`.
pub(in super::super) fn ordinal_word(word: &str) -> Option<i128> {
    Some(match word {
        "first" => 1,
        "second" => 2,
        "third" => 3,
        "fourth" => 4,
        "fifth" => 5,
        "sixth" => 6,
        "seventh" => 7,
        "eighth" => 8,
        "ninth" | "nineth" => 9,
        "tenth" => 10,
        "eleventh" => 11,
        "twelfth" | "twelveth" => 12,
        "thirteenth" => 13,
        "fourteenth" => 14,
        "fifteenth" => 15,
        "sixteenth" => 16,
        "seventeenth" => 17,
        "eighteenth" => 18,
        "nineteenth" => 19,
        "twentieth" => 20,
        "thirtieth" => 30,
        "fortieth" => 40,
        "fiftieth" => 50,
        "sixtieth" => 60,
        "seventieth" => 70,
        "eightieth" => 80,
        "ninetieth" => 90,
        "hundredth" => 100,
        "thousandth" => 1_000,
        "millionth" => 1_000_000,
        "billionth" => 1_000_000_000,
        "trillionth" => 1_000_000_000_000,
        _ => return None,
    })
}
