//! One of several options: by its name, by a synonym, as a number, or by likeness with a margin.

use rapidfuzz::fuzz;
use serde_json::Value;

use super::Locale;
use super::number::number;
use super::reader::Spot;
use super::token::{Class, Tokens};
use crate::Choice;

/// How like a name a text must be to be taken for it.
const LIKE: f64 = 0.78;
/// By how much the best must beat the second best.
const MARGIN: f64 = 0.08;
/// Shorter words are too much like each other.
const SHORTEST: usize = 4;

/// The options that a text names. Where the whole text is to be the value, what is like a name counts, too.
pub(super) fn find(options: &[Choice], t: &Tokens<'_>, locale: Locale, whole: bool) -> Vec<Spot> {
    let mut spots: Vec<(usize, usize, Spot)> = Vec::new();
    let begins = firsts(t, locale);
    for choice in options {
        let names = std::iter::once((choice.value.as_str(), "option"))
            .chain(choice.synonyms.iter().map(|s| (s.as_str(), "synonym")));
        for (name, how) in names.filter(|(name, _)| may_stand(name, begins)) {
            let named = Tokens::new(name, locale);
            for (from, to) in places(t, &named) {
                let spot = Spot { span: t.span(from, to), values: vec![Value::String(choice.value.to_string())], how };
                spots.push((from, to, spot));
            }
        }
    }
    if spots.is_empty() {
        spots.extend(numbers(options, t, locale));
    }
    if !spots.is_empty() {
        return longest(spots);
    }
    if whole { like(options, t, locale).into_iter().collect() } else { vec![] }
}

/// The letters and digits of ASCII that the words of a text begin with, as bits; all where words are put into English.
fn firsts(t: &Tokens<'_>, locale: Locale) -> u128 {
    if !matches!(locale, Locale::EnUs | Locale::EnGb) {
        return u128::MAX;
    }
    let first = |at: usize| t.get(at).and_then(|token| token.text.bytes().next()).filter(u8::is_ascii);
    (0..t.len()).filter_map(first).fold(0, |bits, first| bits | (1 << first))
}

/// Whether a name can stand in a text with such beginnings: most cannot, and need not be taken apart.
fn may_stand(name: &str, begins: u128) -> bool {
    let first = name.bytes().find(u8::is_ascii_alphanumeric);
    !name.is_ascii() || first.is_none_or(|first| begins & (1 << first.to_ascii_lowercase()) != 0)
}

/// Where a name stands in a text, word for word; marks in between say nothing.
fn places(t: &Tokens<'_>, name: &Tokens<'_>) -> Vec<(usize, usize)> {
    let words: Vec<&str> = (0..name.len())
        .filter_map(|at| name.get(at))
        .filter(|w| w.class != Class::Mark)
        .map(|w| w.text.as_str())
        .collect();
    let mut found = Vec::new();
    let Some((first, rest)) = words.split_first() else { return found };
    for at in 0..t.len() {
        if t.get(at).is_none_or(|token| token.text != *first) {
            continue;
        }
        let mut next = at + 1;
        let all = rest.iter().all(|word| {
            while t.get(next).is_some_and(|token| token.class == Class::Mark) && next < at + 3 * words.len() {
                next += 1;
            }
            next += 1;
            t.get(next - 1).is_some_and(|token| token.text == **word)
        });
        if all {
            found.push((at, next));
        }
    }
    found
}

/// Numbers, where all options are numbers.
fn numbers(options: &[Choice], t: &Tokens<'_>, locale: Locale) -> Vec<(usize, usize, Spot)> {
    if options.iter().any(|choice| choice.value.parse::<f64>().is_err()) {
        return vec![];
    }
    let mut found = Vec::new();
    let mut at = 0;
    while at < t.len() {
        let Some((said, end)) = number(t, at, locale) else {
            at += 1;
            continue;
        };
        let choice = options.iter().find(|choice| choice.value.parse::<f64>().is_ok_and(|value| value == said.value));
        if let Some(choice) = choice {
            let values = vec![Value::String(choice.value.to_string())];
            found.push((at, end, Spot { span: t.span(at, end), values, how: said.how }));
        }
        at = end;
    }
    found
}

/// Of spots that overlap, the longest; at the same place with the same length, all values.
fn longest(mut spots: Vec<(usize, usize, Spot)>) -> Vec<Spot> {
    spots.sort_by_key(|(from, to, _)| (*from, usize::MAX - *to));
    let mut kept: Vec<(usize, usize, Spot)> = Vec::new();
    for (from, to, spot) in spots {
        match kept.last_mut() {
            Some((_, end, last)) if from < *end => {
                if last.span == spot.span && !spot.values.iter().all(|value| last.values.contains(value)) {
                    last.values.extend(spot.values);
                }
            }
            _ => kept.push((from, to, spot)),
        }
    }
    kept.into_iter().map(|(_, _, spot)| spot).collect()
}

/// The option whose name is most like the text, or those that are about as like.
fn like(options: &[Choice], t: &Tokens<'_>, locale: Locale) -> Option<Spot> {
    let said = plain(t);
    if said.chars().count() < SHORTEST {
        return None;
    }
    let mut scored: Vec<(f64, &Choice)> = options
        .iter()
        .map(|choice| {
            let names = std::iter::once(choice.value.as_str()).chain(choice.synonyms.iter().map(String::as_str));
            let best = names.map(|name| likeness(&said, &plain(&Tokens::new(name, locale)))).fold(0.0, f64::max);
            (best, choice)
        })
        .filter(|(score, _)| *score >= LIKE)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let best = scored.first()?.0;
    let near = scored.iter().filter(|(score, _)| *score > best - MARGIN);
    let values = near.map(|(_, choice)| Value::String(choice.value.to_string())).collect();
    Some(Spot { span: t.span(0, t.len()), values, how: "like an option" })
}

/// Words and digits in small letters, one blank between them.
fn plain(t: &Tokens<'_>) -> String {
    let words: Vec<&str> =
        (0..t.len()).filter_map(|at| t.get(at)).filter(|w| w.class != Class::Mark).map(|w| w.text.as_str()).collect();
    words.join(" ")
}

/// From 0 to 1: of the whole, or of a name that has all the words that were said.
fn likeness(said: &str, name: &str) -> f64 {
    let whole = fuzz::ratio(said.chars(), name.chars());
    let words: Vec<&str> = name.split(' ').collect();
    let all = said.split(' ').all(|word| word.chars().count() >= SHORTEST && words.contains(&word));
    if all { whole.max(0.9) } else { whole }
}
