//! Values as people write them, read into their canonical form. The locale and the time of reference are given; nothing here
//! reads a clock. A value that can be read in several ways is ambiguous, and never one of them at random.

mod category;
mod contact;
mod harmless;
mod lexicon;
mod money;
mod name;
mod number;
mod plain;
mod quantity;
mod reader;
mod token;
mod unit;
mod when;

pub use reader::{Builder, Message, Normalizer, Reader};

use std::borrow::Cow;
use std::ops::Range;

use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How texts are read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reading {
    /// The language and country, by which `03/04` and `1.000` are told apart.
    pub locale: Locale,
    /// What `tomorrow` follows.
    pub now: DateTime,
    /// Which of two days `Friday` is, where the text says neither.
    pub prefer: Prefer,
}

/// Language and country.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Locale {
    /// English as in the United States: month before day, comma in thousands.
    #[default]
    #[serde(rename = "en-US")]
    EnUs,
    /// English as in Britain: day before month, comma in thousands.
    #[serde(rename = "en-GB")]
    EnGb,
    /// German: day before month, full stop in thousands.
    #[serde(rename = "de-DE")]
    DeDe,
    /// Spanish: day before month, full stop in thousands.
    #[serde(rename = "es-ES")]
    EsEs,
    /// French: day before month, blank in thousands.
    #[serde(rename = "fr-FR")]
    FrFr,
}

/// Where a day without a year, or a weekday, lies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prefer {
    /// At or behind the time of reference.
    #[default]
    Future,
    /// Before it.
    Past,
    /// Unsaid: both are possible, so the value is ambiguous.
    Neither,
}

/// A value that was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Normalized {
    /// The words that it was read from.
    pub original: String,
    /// Its canonical form, as [`crate::Kind`] says.
    pub value: Value,
    /// How it was read, for the inspector: `weekday after 2024-03-01`, `number words`, `synonym of economy`.
    pub how: Cow<'static, str>,
}

/// What a text was read as.
#[derive(Debug, Clone, PartialEq)]
pub enum Read {
    /// One value.
    One(Normalized),
    /// Several values, all as likely: the user is to say which. At least two, at most eight.
    Several(Vec<Normalized>),
    /// No value of this kind: why.
    None(Unread),
}

/// Why a text is no value of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unread {
    /// There is nothing in it.
    Empty,
    /// It is longer than a value can be.
    TooLong,
    /// Nothing in it reads as this kind.
    NoMatch,
    /// It reads as this kind, and there is no such value: the 30th of February.
    Impossible,
    /// Its reader, which is the host's, panicked.
    Failed,
}

/// A value within a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Where it stands, in bytes.
    pub span: Range<usize>,
    /// What it was read as.
    pub read: Read,
}

#[cfg(test)]
mod tests;
