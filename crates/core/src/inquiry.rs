//! Questions to a person, and what counts as an answer. How they are asked and answered in the midst of a run is in
//! [`suspension`](crate::suspension).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, ErrorKind, Result};

/// The most bytes of a text that a person gives.
pub const MAX_SUPPLIED_BYTES: usize = 64 * 1024;

/// A question to a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inquiry {
    /// The words. They may be a model's: show them as text, and as nothing else.
    pub text: String,
    /// What kind of answer is wanted.
    pub wanted: Wanted,
    /// What is to be decided on, such as a tool with its arguments. It may be a model's, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<Value>,
}

/// What kind of answer is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Wanted {
    /// Yes or no.
    Approval,
    /// One of these.
    Choice {
        /// The words of each.
        options: Vec<String>,
    },
    /// Any text that is not empty, of at most [`MAX_SUPPLIED_BYTES`].
    Text,
}

/// What a person answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Supplied {
    /// Yes or no.
    Approval(bool),
    /// One of the options, or a text.
    Text(String),
}

impl From<bool> for Supplied {
    fn from(approved: bool) -> Self {
        Self::Approval(approved)
    }
}

impl From<&str> for Supplied {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Supplied {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// Which question of a run: 16 hexadecimal digits, the same whenever and wherever the run asks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InquiryId(pub u64);

impl fmt::Display for InquiryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for InquiryId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        u64::from_str_radix(text, 16).map(Self).map_err(|_| {
            Error::new(ErrorKind::InvalidInput, format!("{text:?} does not name a question of a run"))
                .hint("a question's id is up to 16 hexadecimal digits")
        })
    }
}

impl Serialize for InquiryId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Inquiry {
    /// Asks for yes or no.
    pub fn approval(text: impl Into<String>) -> Self {
        Self { text: text.into(), wanted: Wanted::Approval, about: None }
    }

    /// Asks for one of these.
    pub fn choice<T: Into<String>>(text: impl Into<String>, options: impl IntoIterator<Item = T>) -> Self {
        let options = options.into_iter().map(Into::into).collect();
        Self { text: text.into(), wanted: Wanted::Choice { options }, about: None }
    }

    /// Asks for a text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), wanted: Wanted::Text, about: None }
    }

    /// Adds what is to be decided on.
    #[must_use]
    pub fn about(mut self, about: impl Into<Value>) -> Self {
        self.about = Some(about.into());
        self
    }
}

impl Wanted {
    /// Reads what a person has typed: `yes`, `y`, `true`, `no`, `n` or `false` for an approval, a text otherwise.
    ///
    /// # Errors
    /// `InvalidInput` or `TooLong` when it is no answer of this kind.
    pub fn read(&self, typed: &str) -> Result<Supplied> {
        let typed = typed.trim();
        let supplied = match (self, typed.to_lowercase().as_str()) {
            (Self::Approval, "yes" | "y" | "true") => Supplied::Approval(true),
            (Self::Approval, "no" | "n" | "false") => Supplied::Approval(false),
            _ => Supplied::Text(typed.to_owned()),
        };
        self.check(&supplied)?;
        Ok(supplied)
    }

    /// Whether it is an answer of this kind.
    ///
    /// # Errors
    /// `InvalidInput` or `TooLong`, saying what is wanted.
    pub fn check(&self, supplied: &Supplied) -> Result<()> {
        let wrong = |what: String| Err(Error::new(ErrorKind::InvalidInput, what));
        match (self, supplied) {
            (Self::Approval, Supplied::Approval(_)) => Ok(()),
            (Self::Approval, Supplied::Text(_)) => wrong("the question wants yes or no".to_owned()),
            (Self::Choice { options }, Supplied::Text(text)) if options.contains(text) => Ok(()),
            (Self::Choice { options }, _) => wrong(format!("the question wants one of: {}", options.join(", "))),
            (Self::Text, Supplied::Text(text)) if text.len() > MAX_SUPPLIED_BYTES => Err(Error::new(
                ErrorKind::TooLong,
                format!("the answer has {} bytes, the limit is {MAX_SUPPLIED_BYTES}", text.len()),
            )),
            (Self::Text, Supplied::Text(text)) if !text.trim().is_empty() => Ok(()),
            (Self::Text, _) => wrong("the question wants a text that is not empty".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_read_by_what_is_wanted() {
        let choice = Inquiry::choice("Where?", ["eu", "us"]).wanted;
        assert_eq!(Wanted::Approval.read(" Yes\n").unwrap(), Supplied::Approval(true));
        assert_eq!(Wanted::Approval.read("n").unwrap(), Supplied::Approval(false));
        assert_eq!(choice.read("us").unwrap(), Supplied::from("us"));
        assert_eq!(Wanted::Text.read("yes").unwrap(), Supplied::from("yes"));
        let refused = |wanted: &Wanted, typed: &str| wanted.read(typed).unwrap_err().to_string();
        assert_eq!(refused(&Wanted::Approval, "maybe"), "the question wants yes or no");
        assert_eq!(refused(&choice, "US"), "the question wants one of: eu, us");
        assert_eq!(refused(&Wanted::Text, " "), "the question wants a text that is not empty");
        assert_eq!(Wanted::Text.read(&"x".repeat(65 * 1024)).unwrap_err().kind(), ErrorKind::TooLong);
        assert!(Wanted::Text.check(&Supplied::Approval(true)).is_err());
        assert!(choice.check(&Supplied::Approval(true)).is_err());
    }

    #[test]
    fn ids_read_back_what_they_print() {
        for id in [0, 7, u64::MAX] {
            assert_eq!(InquiryId(id).to_string().parse::<InquiryId>().unwrap(), InquiryId(id));
        }
        assert!("g".parse::<InquiryId>().is_err());
    }

    #[test]
    fn supplied_reads_back_from_json() {
        for supplied in [Supplied::from(true), Supplied::from("true"), Supplied::from("eu")] {
            let json = serde_json::to_string(&supplied).unwrap();
            assert_eq!(serde_json::from_str::<Supplied>(&json).unwrap(), supplied, "{json}");
        }
    }
}
