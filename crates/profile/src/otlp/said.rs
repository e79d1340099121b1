//! What a span says about itself, as it says it: made into attributes only when it is sent.

use std::error::Error;
use std::fmt::{Debug, Write as _};

use smol_str::{SmolStr, SmolStrBuilder, ToSmolStr as _};
use tracing::field::{Field, Visit};

/// One field and its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Said {
    pub(super) name: &'static str,
    pub(super) value: Value,
}

/// A value of one of the types that spans have.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Bool(bool),
    I64(i64),
    F64(f64),
    /// A text, or what `Debug` prints of anything else, integers without a sign among it.
    Text(SmolStr),
    /// What an error says, and what those say that caused it.
    Error(Box<(SmolStr, Vec<SmolStr>)>),
}

/// Everything that a span has said, each field once: of what is said twice the last counts, in the place of the first.
#[derive(Debug, Default)]
pub(super) struct Sayings(Vec<Said>);

impl Sayings {
    fn say(&mut self, field: &Field, value: Value) {
        self.add(Said { name: field.name(), value });
    }

    pub(super) fn add(&mut self, said: Said) {
        match self.0.iter_mut().find(|earlier| earlier.name == said.name) {
            Some(earlier) => earlier.value = said.value,
            None => self.0.push(said),
        }
    }

    /// Adds what was said later.
    pub(super) fn extend(&mut self, later: Self) {
        if self.0.is_empty() {
            self.0 = later.0;
        } else {
            later.0.into_iter().for_each(|said| self.add(said));
        }
    }
}

impl IntoIterator for Sayings {
    type Item = Said;
    type IntoIter = std::vec::IntoIter<Said>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Visit for Sayings {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.say(field, Value::Bool(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.say(field, Value::I64(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.say(field, Value::F64(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.say(field, Value::Text(SmolStr::new(value)));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let mut causes = Vec::new();
        let mut next = value.source();
        while let Some(cause) = next {
            causes.push(cause.to_smolstr());
            next = cause.source();
        }
        self.say(field, Value::Error(Box::new((value.to_smolstr(), causes))));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut printed = SmolStrBuilder::new();
        if write!(printed, "{value:?}").is_ok() {
            self.say(field, Value::Text(printed.finish()));
        }
    }
}
