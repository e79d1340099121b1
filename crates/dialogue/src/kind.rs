//! What a slot or an action's input holds.

use std::fmt;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// The kind of a value. Each has one canonical form in JSON, in which it is kept, compared and handed to actions.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// A text: `"Madrid"`, in Unicode's composed form, without blanks around it and with single blanks within.
    Text,
    /// A name of somebody or something: a text of which words in small letters are written as names are: `"Patric Knowles"`.
    Name,
    /// A name of a city or region, without the larger one that it lies in: `"London"` for `london, UK`.
    Place,
    /// `true` or `false`.
    Boolean,
    /// An integer: `42`.
    Integer,
    /// A number: `2.5`.
    Number,
    /// A place in a row, from 1: `3`; from the end, negative: `-1` is the last.
    Ordinal,
    /// A percentage: `12.5` for 12.5 %.
    Percent,
    /// An amount: `{"amount": "12.50", "currency": "EUR"}`, with the code of ISO 4217 where it is known.
    Money,
    /// A day: `"2024-03-15"`.
    Date,
    /// A time of day: `"15:30"`, with seconds only when they were said.
    Time,
    /// A day and a time: `"2024-03-15T15:30"`.
    #[serde(rename = "datetime")]
    DateTime,
    /// A length of time, ISO 8601: `"PT1H30M"`, `"P3D"`.
    Duration,
    /// From a day to a day, both included: `{"from": "2024-03-15", "to": "2024-03-17"}`, either of them `null` where it is open.
    DateRange,
    /// From a time to a time: `{"from": "09:00", "to": "12:00"}`, either of them `null` where it is open.
    TimeRange,
    /// From a moment to a moment: `{"from": "2024-03-15T09:00", "to": "2024-03-15T12:00"}`, either of them `null` where it is open.
    #[serde(rename = "datetime_range")]
    DateTimeRange,
    /// What comes again: `{"every": "P7D", "on": "monday", "at": "16:00"}`; `every` as a duration, the others where they were said,
    /// `on` a weekday, `weekday` or `weekend`, and `part` for a part of the day: `morning`, `afternoon`, `evening`, `night`.
    Recurrence,
    /// From a number to a number, either of them missing where it is open: `{"from": 2, "to": 4}`.
    NumberRange,
    /// An age: `{"number": 5, "unit": "year"}`.
    Age,
    /// A length, an area, a volume, a weight, a speed, an amount of data: `{"number": 3, "unit": "mile"}`.
    Dimension,
    /// A temperature: `{"number": -5, "unit": "F"}`; `"C"`, `"F"`, `"K"` or `"degree"`.
    Temperature,
    /// An address of e-mail.
    Email,
    /// A number of a telephone: as it was said without what separates digits, `+` kept: `"+15417543010"`.
    Phone,
    /// An address of a page.
    Url,
    /// One of these.
    Category {
        /// What there is to choose from.
        options: Vec<Choice>,
    },
    /// Whatever the host reads it as, by a reader registered under this name.
    Custom {
        /// The reader's name.
        reader: SmolStr,
    },
    /// Any JSON: for what actions return, never collected from a user.
    Any,
}

/// One option of a category.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Choice {
    /// Its canonical form.
    pub value: SmolStr,
    /// Other words for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub synonyms: Vec<String>,
}

impl Kind {
    /// Its name in definitions.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Text => "text",
            Self::Name => "name",
            Self::Place => "place",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Ordinal => "ordinal",
            Self::Percent => "percent",
            Self::Money => "money",
            Self::Date => "date",
            Self::Time => "time",
            Self::DateTime => "datetime",
            Self::Duration => "duration",
            Self::DateRange => "date_range",
            Self::TimeRange => "time_range",
            Self::DateTimeRange => "datetime_range",
            Self::Recurrence => "recurrence",
            Self::NumberRange => "number_range",
            Self::Age => "age",
            Self::Dimension => "dimension",
            Self::Temperature => "temperature",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Url => "url",
            Self::Category { .. } => "category",
            Self::Custom { reader } => reader,
            Self::Any => "any",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
