//! Numbers in digits and in words, whole, decimal and broken: `1,674.5`, `two hundred and five`, `three and a half`,
//! `1.5 million`, `two thirds`.

mod cardinal;
mod fraction;
mod numeral;

pub(super) use cardinal::{cardinal, ordinal_word, scale, small_word};
pub(super) use numeral::{Numeral, numeral};

use super::Locale;
use super::token::{Class, Tokens};

/// A number that was read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Number {
    pub value: f64,
    /// The value, where it is whole and was read without loss.
    pub exact: Option<i128>,
    pub how: &'static str,
}

/// The largest whole number of which all that are smaller are whole in a float.
const WHOLE: f64 = 9_007_199_254_740_992.0;

impl Number {
    pub(super) fn whole(value: i128, how: &'static str) -> Self {
        #[allow(clippy::cast_precision_loss)]
        Self { value: value as f64, exact: Some(value), how }
    }

    pub(super) fn float(value: f64, how: &'static str) -> Self {
        #[allow(clippy::cast_possible_truncation)]
        let exact = (value.fract() == 0.0 && value.abs() < WHOLE).then_some(value as i128);
        Self { value, exact, how }
    }

    fn negative(self) -> Self {
        Self { value: -self.value, exact: self.exact.map(|exact| -exact), ..self }
    }

    fn times(self, factor: i128) -> Option<Self> {
        #[allow(clippy::cast_precision_loss)]
        let value = self.value * factor as f64;
        match self.exact {
            Some(exact) => Some(Self { value, exact: Some(exact.checked_mul(factor)?), ..self }),
            None => Some(Self { how: self.how, ..Self::float(round(value), self.how) }),
        }
    }

    fn plus(self, other: Self) -> Self {
        match (self.exact, other.exact) {
            (Some(a), Some(b)) => Self { value: self.value + other.value, exact: a.checked_add(b), how: self.how },
            _ => Self::float(self.value + other.value, other.how),
        }
    }

    /// Its form in JSON: whole where it is whole and fits.
    pub(super) fn json(self) -> Option<serde_json::Value> {
        if let Some(exact) = self.exact {
            if let Ok(signed) = i64::try_from(exact) {
                return Some(signed.into());
            }
            return u64::try_from(exact).ok().map(Into::into);
        }
        serde_json::Number::from_f64(round(self.value)).map(serde_json::Value::Number)
    }
}

/// Fifteen significant digits: what arithmetic on binary floats leaves behind them is not what was said.
pub(super) fn round(value: f64) -> f64 {
    format!("{value:.14e}").parse().unwrap_or(value)
}

/// The number at a place, and where it ends.
pub(super) fn number(t: &Tokens<'_>, at: usize, locale: Locale) -> Option<(Number, usize)> {
    let stuck = t.glued(at) && at > 0 && t.get(at - 1).is_some_and(|before| before.class != Class::Mark);
    if stuck {
        return None;
    }
    if let Some(start) = sign(t, at) {
        return positive(t, start, locale).map(|(number, end)| (number.negative(), end));
    }
    positive(t, at, locale)
}

/// Behind the sign of a negative number.
fn sign(t: &Tokens<'_>, at: usize) -> Option<usize> {
    if t.any(at, &["minus", "negative"]) {
        return Some(at + 1);
    }
    let free = at == 0 || !t.glued(at) || t.is(at - 1, "($€£=:");
    (t.is(at, "-") && free && t.digits(at + 1).is_some()).then_some(at + 1)
}

fn positive(t: &Tokens<'_>, at: usize, locale: Locale) -> Option<(Number, usize)> {
    let fraction = fraction::alone(t, at);
    let Some((mut number, mut end)) = magnitude(t, at, locale) else { return fraction };
    if let Some(found) = mixed(t, at, end) {
        return Some(found);
    }
    if let Some((part, to)) = fraction
        && to >= end
    {
        (number, end) = (part, to);
        if let Some((more, to)) = fraction::behind(t, end) {
            return Some((Number::float(number.value + more, "fraction"), to));
        }
        return Some((number, end));
    }
    if let Some((power, to)) = power(t, number, at, end, locale) {
        return Some((power, to));
    }
    if let Some((decimal, to)) = spoken_decimal(t, number, end) {
        return Some((decimal, to));
    }
    if let Some((over, to)) = fraction::over(t, number, end, locale) {
        return Some((over, to));
    }
    if let Some((part, to)) = fraction::behind(t, end) {
        // "3 million and a half" is half a million more.
        let unit = end.checked_sub(1).map_or("", |last| t.word(last));
        let factor = scale(unit).filter(|scale| *scale >= 1_000 && part.fract() != 0.0 && part < 1.0);
        #[allow(clippy::cast_precision_loss)]
        let more = factor.map_or(part, |factor| part * factor as f64);
        number = Number::float(round(number.value + more), "number with a fraction");
        end = to;
    }
    Some((number, end))
}

/// `twenty and three fifths`, `two million and one half`: what is behind the last "and" is the broken part, if it is less than one or
/// a part of a smaller scale.
fn mixed(t: &Tokens<'_>, at: usize, end: usize) -> Option<(Number, usize)> {
    let joint = (at + 1..end).rev().find(|joint| t.any(*joint, &["and"]))?;
    let (part, to) = fraction::alone(t, joint + 1).filter(|(_, to)| *to > end)?;
    let (base, stop) = cardinal::upto(t, at, joint)?;
    let proper = part.value < 1.0 || (part.value >= 1_000.0 && part.value < base.value);
    if stop != joint || !proper {
        return None;
    }
    let factor = scale(t.word(joint - 1)).filter(|scale| *scale >= 1_000 && part.value < 1.0);
    #[allow(clippy::cast_precision_loss)]
    let more = factor.map_or(part.value, |factor| part.value * factor as f64);
    Some((Number::float(round(base.value + more), "number with a fraction"), to))
}

/// Digits or words, with what multiplies them: `1.5 million`, `10k`, `three dozens`, `3 hundred and 21`.
pub(super) fn magnitude(t: &Tokens<'_>, at: usize, locale: Locale) -> Option<(Number, usize)> {
    if t.digits(at).is_none() {
        return cardinal(t, at);
    }
    let (Numeral { value, .. }, end) = numeral(t, at, locale)?;
    let number = match value {
        Ok(whole) => Number::whole(whole, "digits"),
        Err(float) => Number::float(float, "digits"),
    };
    if let Some((factor, to)) = multiplier(t, end) {
        let scaled = number.times(factor)?;
        // What is smaller may follow: "3 hundred and 21", "6 crore and two hundred".
        let joint = if t.any(to, &["and"]) { to + 1 } else { to };
        let rest = if t.digits(joint).is_some() && joint > to {
            numeral(t, joint, locale).and_then(|(rest, end)| Some((Number::whole(rest.value.ok()?, "digits"), end)))
        } else {
            cardinal(t, joint)
        };
        #[allow(clippy::cast_precision_loss)]
        if let Some((rest, end)) = rest
            && rest.value < factor as f64
            && rest.value > 0.0
            && fraction::denominator(t, end).is_none()
            && multiplier(t, end).is_none()
        {
            return Some((scaled.plus(Number { how: "digits and words", ..rest }), end));
        }
        return Some((Number { how: "digits and words", ..scaled }, to));
    }
    Some((number, end))
}

/// A word or letter behind digits that multiplies them.
pub(super) fn multiplier(t: &Tokens<'_>, at: usize) -> Option<(i128, usize)> {
    let word = t.word(at);
    if let Some(scale) = scale(word) {
        return Some((scale, at + 1));
    }
    let raw = t.get(at).and_then(|token| t.source.get(token.start..token.end)).unwrap_or_default();
    let factor = match (word, t.glued(at)) {
        ("k", true) => 1_000,
        ("mm", _) if raw == "MM" => 1_000_000,
        ("m", true) if raw == "M" => 1_000_000,
        ("mln" | "mio", _) => 1_000_000,
        ("b", true) if raw == "B" => 1_000_000_000,
        ("bn" | "bln", _) => 1_000_000_000,
        ("g", _) if raw == "G" => 1_000_000_000,
        ("tn" | "tln", _) => 1_000_000_000_000,
        ("t", true) if raw == "T" => 1_000_000_000_000,
        _ => return None,
    };
    Some((factor, at + 1))
}

/// `five point five`, `nought point nought three`.
fn spoken_decimal(t: &Tokens<'_>, whole: Number, at: usize) -> Option<(Number, usize)> {
    if !t.any(at, &["point", "dot"]) || whole.exact.is_none() {
        return None;
    }
    let mut digits = String::new();
    let mut end = at + 1;
    while digits.len() < 15 {
        let value = match t.small(end) {
            Some((_, 1)) => t.digits(end)?.to_owned(),
            Some(_) if digits.is_empty() => t.digits(end)?.to_owned(),
            _ => match small_word(t.word(end)) {
                Some(value) if value < 10 => value.to_string(),
                Some(_) if digits.is_empty() => {
                    let (number, to) = cardinal(t, end)?;
                    digits = number.exact?.to_string();
                    end = to;
                    break;
                }
                _ => break,
            },
        };
        digits.push_str(&value);
        end += 1;
    }
    let part: f64 = format!("0.{digits}").parse().ok().filter(|_| !digits.is_empty())?;
    let value = format!("{}.{digits}", whole.exact?).parse().unwrap_or(whole.value + part);
    Some((Number::float(value, "number words"), end))
}

/// `1.1^23`, `1.3e6`, `6.23x10^-4`.
fn power(t: &Tokens<'_>, base: Number, at: usize, end: usize, locale: Locale) -> Option<(Number, usize)> {
    if t.digits(at).is_none() || !t.glued(end) {
        return None;
    }
    let ten = t.word(end) == "e" || (t.any(end, &["x"]) && t.digits(end + 1) == Some("10") && t.is(end + 2, "^"));
    let mut next = match () {
        () if t.word(end) == "e" => end + 1,
        () if ten => end + 3,
        () if t.is(end, "^") => end + 1,
        () => return None,
    };
    let mut negative = false;
    while t.is(next, "+-") && next < end + 6 {
        negative ^= t.is(next, "-");
        next += 1;
    }
    let (exponent, end) = numeral(t, next, locale)?;
    let exponent = i32::try_from(exponent.value.ok()?).ok().filter(|exponent| *exponent <= 400)?;
    let exponent = if negative { -exponent } else { exponent };
    let value = if ten { base.value * 10f64.powi(exponent) } else { base.value.powi(exponent) };
    value.is_finite().then(|| (Number::float(round(value), "power"), end))
}

/// Whether a bare number at a place is no number but a word for a thing: "the one you mentioned", "which one".
pub(super) fn is_pronoun(t: &Tokens<'_>, from: usize, to: usize) -> bool {
    let before = from.checked_sub(1).map_or("", |before| t.word(before));
    to == from + 1
        && t.any(from, &["one", "second", "a"])
        && (t.word(from) != "one"
            || matches!(
                before,
                "the"
                    | "which"
                    | "that"
                    | "this"
                    | "last"
                    | "next"
                    | "first"
                    | "any"
                    | "every"
                    | "no"
                    | "each"
                    | "another"
                    | "other"
                    | "current"
                    | "previous"
                    | "some"
                    | "good"
                    | "new"
                    | "old"
                    | "right"
                    | "wrong"
                    | "cheapest"
                    | "best"
            ))
}
