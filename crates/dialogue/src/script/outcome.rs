//! What came of a conversation, for people to read.

use std::fmt;

use crate::program::Place;

/// What came of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Its name.
    pub name: String,
    /// Its category.
    pub category: String,
    /// Where it stands.
    pub place: Place,
    /// How many turns were taken.
    pub turns: usize,
    /// The turns that did not go as expected.
    pub missed: Vec<Missed>,
    /// What was said so far, by whom.
    pub transcript: Vec<(String, String)>,
}

/// A turn that did not go as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    /// Where it stands.
    pub place: Place,
    /// How many lines of the transcript lead to it, with it.
    pub said: usize,
    /// What was expected, and what was there instead.
    pub what: Vec<String>,
}

impl Outcome {
    /// Whether all went as expected.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.missed.is_empty()
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_met() {
            return write!(f, "ok {} ({})", self.name, self.category);
        }
        write!(f, "MISSED {} ({}), {}", self.name, self.category, self.place)?;
        let mut from = 0;
        for missed in &self.missed {
            for (who, text) in self.transcript.get(from..missed.said).unwrap_or_default() {
                for (at, line) in text.lines().enumerate() {
                    let who = if at == 0 { who.as_str() } else { "" };
                    write!(f, "\n    {who:>8} │ {line}")?;
                }
            }
            from = missed.said;
            for what in &missed.what {
                write!(f, "\n  {}: {what}", missed.place)?;
            }
        }
        Ok(())
    }
}
