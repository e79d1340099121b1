//! What is not to be seen by models and in the inspector: the values of sensitive slots, in the forms in which they may be said.

use std::borrow::Cow;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use smol_str::SmolStr;

use crate::response::displayed;

/// What stands for a value that is kept out of sight.
pub const HIDDEN: &str = "(hidden)";

/// The most bytes of words that a session keeps in mind; those it has known longest go first.
const MOST: usize = 16_384;
/// Words of fewer letters and digits are hidden where they stand alone only: 12 not in 2012.
const SHORT: usize = 4;
/// So many blanks and signs may stand between two letters of what is hidden: `4111 1111` and `4111-1111`.
const MOST_BETWEEN: usize = 3;

/// Words that are not to be seen: letters and digits in small letters, without what is between them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secrets(Vec<SmolStr>);

impl Secrets {
    /// Whether there is nothing to hide.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A text with all that is not to be seen replaced by [`HIDDEN`].
    #[must_use]
    pub fn hide<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.is_empty() {
            return Cow::Borrowed(text);
        }
        let letters = letters(text);
        let mut found: Vec<Range<usize>> = self.0.iter().flat_map(|secret| places(secret, text, &letters)).collect();
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        found.sort_by_key(|range| (range.start, range.end));
        let (mut shown, mut at) = (String::with_capacity(text.len()), 0);
        for range in found {
            if range.start >= at {
                shown.push_str(text.get(at..range.start).unwrap_or_default());
                shown.push_str(HIDDEN);
            }
            at = at.max(range.end);
        }
        shown.push_str(text.get(at..).unwrap_or_default());
        Cow::Owned(shown)
    }

    /// The same in place.
    pub(crate) fn hide_in(&self, text: &mut String) {
        if let Cow::Owned(shown) = self.hide(text) {
            *text = shown;
        }
    }

    /// A value of which each text and number is hidden as though it were said. Yes and no are nobody's secret by themselves.
    pub(crate) fn hide_value(&self, value: &mut Value) {
        match value {
            Value::String(text) => self.hide_in(text),
            Value::Number(number) => {
                if let Cow::Owned(shown) = self.hide(&number.to_string()) {
                    *value = Value::String(shown);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.hide_value(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.hide_value(field)),
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// Keeps words in mind.
    pub(crate) fn keep(&mut self, words: &str) {
        let folded = fold(words);
        if folded.is_empty() || folded.len() > MOST || self.0.contains(&folded) {
            return;
        }
        self.0.push(folded);
        let mut bytes: usize = self.0.iter().map(SmolStr::len).sum();
        let gone = self.0.iter().take_while(|word| {
            let is_full = bytes > MOST;
            bytes -= word.len();
            is_full
        });
        let gone = gone.count();
        self.0.drain(..gone);
    }

    /// Keeps a value in mind: the user's words for it, its canonical form, and how texts show it.
    pub(crate) fn keep_value(&mut self, value: &Value, original: &str) {
        if !value.is_null() && !value.is_boolean() {
            self.keep(original);
            self.keep_forms(value);
        }
    }

    fn keep_forms(&mut self, value: &Value) {
        match value {
            Value::String(text) => {
                self.keep(text);
                displayed(text).iter().for_each(|form| self.keep(form));
                // 500.00 is said as 500, too.
                if let Some((whole, _)) = text.split_once('.').filter(|_| text.parse::<f64>().is_ok()) {
                    self.keep(whole);
                }
            }
            Value::Number(number) => self.keep(&number.to_string()),
            Value::Array(items) => items.iter().for_each(|item| self.keep_forms(item)),
            Value::Object(fields) => fields.values().for_each(|field| self.keep_forms(field)),
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// What became of those before: how many of them are gone, the oldest, and which are new.
    pub(crate) fn since(&self, before: &Self) -> (usize, Self) {
        let kept = |gone: &usize| before.0.get(*gone..).is_some_and(|kept| self.0.starts_with(kept));
        let gone = (0..before.0.len()).find(kept).unwrap_or(before.0.len());
        (gone, Self(self.0.iter().skip(before.0.len() - gone).cloned().collect()))
    }

    /// The same without so many of the oldest and with these new ones.
    pub(crate) fn and(&self, gone: usize, new: Self) -> Self {
        Self(self.0.iter().skip(gone).cloned().chain(new.0).collect())
    }
}

/// The letters and digits of words in small letters; words without any, as they are.
fn fold(words: &str) -> SmolStr {
    let folded: SmolStr = words.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    if folded.is_empty() { words.trim().into() } else { folded }
}

/// A letter or digit of a text: where it stands, and how many signs before it are none.
struct Letter {
    folded: char,
    span: Range<usize>,
    between: usize,
}

fn letters(text: &str) -> Vec<Letter> {
    let (mut letters, mut between) = (Vec::with_capacity(text.len()), 0);
    for (at, c) in text.char_indices() {
        if !c.is_alphanumeric() {
            between += 1;
            continue;
        }
        for (n, folded) in c.to_lowercase().enumerate() {
            let between = if n == 0 { between } else { 0 };
            letters.push(Letter { folded, span: at..at + c.len_utf8(), between });
        }
        between = 0;
    }
    letters
}

/// Where a secret stands in a text.
fn places(secret: &str, text: &str, letters: &[Letter]) -> Vec<Range<usize>> {
    if !secret.contains(char::is_alphanumeric) {
        return text.match_indices(secret).map(|(at, found)| at..at + found.len()).collect();
    }
    let count = secret.chars().count();
    let stands = |window: &&[Letter]| {
        let same = window.iter().zip(secret.chars()).all(|(letter, c)| letter.folded == c);
        same && window.iter().skip(1).all(|letter| letter.between <= MOST_BETWEEN)
    };
    let mut found = Vec::new();
    for (at, window) in letters.windows(count).enumerate().filter(|(_, window)| stands(window)) {
        let (Some(first), Some(last)) = (window.first(), window.last()) else { continue };
        let alone = (at == 0 || first.between > 0) && letters.get(at + count).is_none_or(|next| next.between > 0);
        if alone || count >= SHORT {
            found.push(first.span.start..last.span.end);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn hidden(value: &Value, original: &str, text: &str) -> String {
        let mut secrets = Secrets::default();
        secrets.keep_value(value, original);
        secrets.hide(text).into_owned()
    }

    #[test]
    fn a_value_is_hidden_in_every_form_in_which_it_may_be_said() {
        let card = json!("4111111111111111");
        for text in ["4111 1111 1111 1111", "4111-1111-1111-1111", "4111111111111111", "x4111111111111111y"] {
            assert!(!hidden(&card, "4111 1111 1111 1111", text).contains('1'), "{text}");
        }
        assert_eq!(hidden(&card, "", "card 4111-1111-1111-1111, and 12"), "card (hidden), and 12");
        let day = json!("1990-03-15");
        assert_eq!(hidden(&day, "the Ides of March 1990", "15 March 1990, 1990-03-15."), "(hidden), (hidden).");
        assert_eq!(hidden(&json!("Ana Núñez"), "ana núñez", "Hello ANA NÚÑEZ!"), "Hello (hidden)!");
        let price = json!({ "amount": "500.00", "currency": "EUR" });
        assert_eq!(hidden(&price, "500 euros", "It is 500, so 500.00."), "It is (hidden), so (hidden).");
        assert_eq!(hidden(&json!(740_195), "", "7 4 0 1 9 5 or 740195"), "(hidden) or (hidden)");
    }

    #[test]
    fn short_values_are_hidden_where_they_stand_alone() {
        assert_eq!(hidden(&json!(12), "12", "12 in 2012, 1 2 and №12a"), "(hidden) in 2012, (hidden) and №12a");
        assert_eq!(hidden(&json!(true), "yes", "yes, true"), "yes, true");
        assert_eq!(hidden(&json!("?!"), "?!", "a ?! b"), "a (hidden) b");
    }

    #[test]
    fn what_is_kept_is_bounded_and_the_latest_is_there() {
        let mut secrets = Secrets::default();
        for n in 0..10_000 {
            secrets.keep(&format!("secret{n}"));
        }
        assert!(secrets.0.iter().map(SmolStr::len).sum::<usize>() <= MOST);
        assert_eq!(secrets.hide("secret0 secret9999"), "secret0 (hidden)");
        secrets.keep(&"x".repeat(MOST + 1));
        assert_eq!(secrets.hide("secret9999"), HIDDEN);
    }
}
