//! What the normalizer promises, on cases of our own.

mod hostile;
mod numbers;
mod times;
mod words;

use jiff::civil::date;
use serde_json::Value;

use super::{Locale, Normalizer, Prefer, Read, Reading, Unread};
use crate::Kind;

/// A Friday.
fn reading(locale: Locale) -> Reading {
    Reading { locale, now: date(2024, 3, 15).at(10, 30, 0, 0), prefer: Prefer::Future }
}

/// What a text reads as: its values, or why there are none.
fn read_by(kind: &Kind, text: &str, reading: &Reading) -> Result<Vec<Value>, Unread> {
    match &*Normalizer::default().read(kind, text, reading) {
        Read::One(value) => Ok(vec![value.value.clone()]),
        Read::Several(values) => Ok(values.iter().map(|value| value.value.clone()).collect()),
        Read::None(why) => Err(*why),
    }
}

fn read(kind: &Kind, text: &str) -> Result<Vec<Value>, Unread> {
    read_by(kind, text, &reading(Locale::EnUs))
}

/// Each text has one value of a kind, and this one.
fn one<T: Into<Value> + Clone>(kind: &Kind, locale: Locale, cases: &[(&str, T)]) {
    for (text, value) in cases {
        assert_eq!(read_by(kind, text, &reading(locale)), Ok(vec![value.clone().into()]), "{text:?}");
    }
}

/// Texts that are found within a message.
fn found(kind: &Kind, text: &str) -> Vec<String> {
    let found = Normalizer::default().find(kind, text, &reading(Locale::EnUs));
    found.into_iter().map(|found| text[found.span].to_owned()).collect()
}
