//! Broken numbers: `two thirds`, `1/4`, `½`, `half a million`, `1 over 3`, and what follows a whole one: `and a half`.

use super::super::Locale;
use super::super::token::Tokens;
use super::cardinal::{cardinal, ordinal_word, scale, upto};
use super::{Number, magnitude, round};

/// A fraction that begins at a place.
pub(super) fn alone(t: &Tokens<'_>, at: usize) -> Option<(Number, usize)> {
    let (part, end) = simple(t, at)?;
    // "half a million", "three quarters billion", "two thirds of a million".
    let from = if t.any(end, &["of"]) { end + 1 } else { end };
    let article = if t.any(from, &["a", "an"]) { from + 1 } else { from };
    if let Some(factor) = scale(t.word(article)) {
        #[allow(clippy::cast_precision_loss)]
        return Some((Number::float(round(part * factor as f64), "fraction"), article + 1));
    }
    Some((Number::float(round(part), "fraction"), end))
}

/// What is added to a number: ` 1/4`, `½`, ` and a half`, ` and three fifths`, ` and a quarter million`.
pub(super) fn behind(t: &Tokens<'_>, at: usize) -> Option<(f64, usize)> {
    if t.digits(at).is_some() && !t.glued(at) {
        return slashed(t, at).filter(|(part, _)| *part < 1.0);
    }
    if let Some(part) = vulgar(t, at) {
        return Some((part, at + 1));
    }
    if !t.any(at, &["and"]) {
        return None;
    }
    let (part, end) = alone(t, at + 1)?;
    Some((part.value, end))
}

/// `1 over 3`, `one out of three`.
pub(super) fn over(t: &Tokens<'_>, top: Number, at: usize, locale: Locale) -> Option<(Number, usize)> {
    let out = t.phrase(at, &["out", "of"]);
    let start = if out { at + 2 } else { at + 1 };
    if !(out || t.any(at, &["over"])) {
        return None;
    }
    let (bottom, end) = magnitude(t, start, locale)?;
    // Twelve out of ten are two numbers.
    if bottom.value == 0.0 || (out && bottom.value < top.value) {
        return None;
    }
    Some((Number::float(round(top.value / bottom.value), "fraction"), end))
}

fn simple(t: &Tokens<'_>, at: usize) -> Option<(f64, usize)> {
    if let Some(part) = vulgar(t, at) {
        return Some((part, at + 1));
    }
    if let Some(found) = slashed(t, at) {
        return Some(found);
    }
    if t.any(at, &["half"]) {
        return Some((0.5, at + 1));
    }
    if t.any(at, &["a", "an"])
        && let Some((bottom, end, _)) = denominator(t, at + 1)
    {
        return Some((1.0 / bottom, end));
    }
    if t.any(at, &["quarter"]) && scale(t.word(at + 1)).is_some() {
        return Some((0.25, at + 1));
    }
    // The shortest number in words that a denominator follows.
    let (_, longest) = cardinal(t, at)?;
    for end in (at + 1)..=longest {
        let Some((top, to)) = upto(t, at, end).filter(|(_, to)| *to == end) else { continue };
        let dash = t.is(to, "-");
        if let Some((bottom, end, plural)) = denominator(t, if dash { to + 1 } else { to })
            && (plural || top.value == 1.0)
        {
            return Some((top.value / bottom, end));
        }
    }
    None
}

/// The lower number of a fraction in words: its value, where it ends, and whether it is in the plural.
pub(super) fn denominator(t: &Tokens<'_>, at: usize) -> Option<(f64, usize, bool)> {
    let single = |word: &str| -> Option<(i128, bool)> {
        match word {
            "half" => return Some((2, false)),
            "halves" => return Some((2, true)),
            "quarter" => return Some((4, false)),
            "quarters" => return Some((4, true)),
            _ => {}
        }
        ordinal_word(word)
            .map(|value| (value, false))
            .or_else(|| ordinal_word(word.strip_suffix('s')?).map(|value| (value, true)))
    };
    if let Some((value, plural)) = single(t.word(at)) {
        #[allow(clippy::cast_precision_loss)]
        return (value > 2 || t.any(at, &["half", "halves"])).then_some((value as f64, at + 1, plural));
    }
    let (tens, _) = upto(t, at, at + 1).filter(|(tens, _)| tens.value >= 20.0 && tens.value < 100.0)?;
    let ones = if t.is(at + 1, "-") { at + 2 } else { at + 1 };
    let (value, plural) = single(t.word(ones)).filter(|(value, _)| *value < 10)?;
    #[allow(clippy::cast_precision_loss)]
    Some((tens.value + value as f64, ones + 1, plural))
}

/// `1/4`: two numbers of at most four digits that no third one follows, as in a date.
fn slashed(t: &Tokens<'_>, at: usize) -> Option<(f64, usize)> {
    let (top, len) = t.small(at)?;
    let (bottom, below) = t.small(at + 2)?;
    let whole = t.is(at + 1, "/") && t.glued(at + 1) && t.glued(at + 2) && len <= 4 && below <= 4 && bottom > 0;
    let dated = (t.is(at + 3, "/") && t.glued(at + 3)) || (at > 0 && t.is(at - 1, "/") && t.glued(at));
    #[allow(clippy::cast_precision_loss)]
    (whole && !dated).then(|| (top as f64 / bottom as f64, at + 3))
}

fn vulgar(t: &Tokens<'_>, at: usize) -> Option<f64> {
    Some(match t.mark(at)? {
        '½' => 0.5,
        '¼' => 0.25,
        '¾' => 0.75,
        '⅓' => 1.0 / 3.0,
        '⅔' => 2.0 / 3.0,
        '⅕' => 0.2,
        '⅛' => 0.125,
        '⅜' => 0.375,
        '⅝' => 0.625,
        '⅞' => 0.875,
        _ => return None,
    })
}
