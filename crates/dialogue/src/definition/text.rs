//! Expressions and texts as they are written, before they are checked.

use serde::Serialize;
use smol_str::SmolStr;

use crate::program::Place;

/// An expression as it was written.
#[derive(Debug, Clone, Serialize)]
pub struct Source {
    pub(crate) text: String,
    #[serde(skip)]
    pub(crate) place: Place,
}

impl<T: Into<String>> From<T> for Source {
    fn from(text: T) -> Self {
        Self { text: text.into(), place: Place::default() }
    }
}

/// Something to say: a text with names in it, or a response by its name; in variations, some of them under conditions.
///
/// ```
/// use ninefold_dialogue::definition::Text;
///
/// let hello = Text::new("Hello.").or("Good day.").when("name is not null", "Hello {{ name }}.");
/// # let _ = hello;
/// ```
#[derive(Debug, Clone, Serialize)]
pub struct Text {
    pub(crate) variations: Vec<Variation>,
    #[serde(skip)]
    pub(crate) place: Place,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Variation {
    pub(crate) condition: Option<Source>,
    pub(crate) say: Source,
}

impl Text {
    /// One text, or the name of a response.
    #[must_use]
    pub fn new(say: impl Into<String>) -> Self {
        Self { variations: vec![Variation { condition: None, say: say.into().into() }], place: Place::default() }
    }

    /// Another variation.
    #[must_use]
    pub fn or(mut self, say: impl Into<String>) -> Self {
        self.variations.push(Variation { condition: None, say: say.into().into() });
        self
    }

    /// A variation that is said before the others when its condition holds.
    #[must_use]
    pub fn when(mut self, condition: impl Into<String>, say: impl Into<String>) -> Self {
        self.variations.push(Variation { condition: Some(condition.into().into()), say: say.into().into() });
        self
    }
}

impl<T: Into<String>> From<T> for Text {
    fn from(say: T) -> Self {
        Self::new(say)
    }
}

/// A name with where it stands.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Named {
    pub(crate) name: SmolStr,
    #[serde(skip)]
    pub(crate) place: Place,
}

impl<T: Into<SmolStr>> From<T> for Named {
    fn from(name: T) -> Self {
        Self { name: name.into(), place: Place::default() }
    }
}
