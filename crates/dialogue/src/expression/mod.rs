//! Conditions and values in definitions: a small language over JSON, without side effects, loops or calls into the host.
//!
//! From the loosest: `or`; `and`; `not`; one comparison (`==`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `not in`, `is null`,
//! `is not null`); `+`, `-`; `*`, `/`, `%`; the minus of one value; `a.b`, `a[0]`, `f(a)`. Values are numbers, texts in
//! quotes, `true`, `false`, `null`, lists, and names. A name that has no value is null; so is a part of null, and so is what is
//! computed with null. A condition that is null does not hold, and nothing is less or greater than null.

mod compare;
mod decimal;
mod eval;
mod facts;
mod functions;
mod judge;
mod lexer;
mod parser;
mod tree;
mod types;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

use jiff::civil::DateTime;
use ninefold_core::{Error, ErrorKind};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use smol_str::SmolStr;

pub(crate) use functions::plain;
pub(crate) use tree::{Function, Node, Operator};
pub use types::{Shape, Shapes};

/// A condition or a value, parsed. Cloning it is cheap; it is written as its text.
///
/// ```
/// use ninefold_dialogue::expression::Expression;
/// use serde_json::json;
///
/// let names = |name: &str| (name == "amount").then(|| json!(40));
/// let limit = Expression::parse("amount > 0 and amount + 10 <= 50")?;
/// assert!(limit.holds(&names)?);
/// assert_eq!(limit.reads(), ["amount"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Expression(Arc<Parsed>);

struct Parsed {
    root: Node,
    reads: Box<[SmolStr]>,
}

/// Where names get their values.
pub trait Names {
    /// The value of a name; none when there is no such name or it has no value.
    fn value(&self, name: &str) -> Option<Cow<'_, Value>>;

    /// The day and time that `today()` and `now()` are. Without it they are errors.
    fn now(&self) -> Option<DateTime> {
        None
    }
}

impl<F: Fn(&str) -> Option<Value>> Names for F {
    fn value(&self, name: &str) -> Option<Cow<'_, Value>> {
        self(name).map(Cow::Owned)
    }
}

impl Names for HashMap<SmolStr, Value> {
    fn value(&self, name: &str) -> Option<Cow<'_, Value>> {
        self.get(name).map(Cow::Borrowed)
    }
}

impl Names for serde_json::Map<String, Value> {
    fn value(&self, name: &str) -> Option<Cow<'_, Value>> {
        self.get(name).map(Cow::Borrowed)
    }
}

/// What is wrong with a text that should be an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where, in bytes of the text.
    pub at: Range<usize>,
    /// What.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl Fault {
    pub(crate) fn new(at: Range<usize>, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { at, message: message.into(), hint: hint.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at byte {}); {}", self.message, self.at.start, self.hint)
    }
}

impl std::error::Error for Fault {}

/// Why an expression or a text has no value: what it was given does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvalError {
    /// What happened, and in which part.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl EvalError {
    pub(crate) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.message, self.hint)
    }
}

impl std::error::Error for EvalError {}

impl From<EvalError> for Error {
    fn from(error: EvalError) -> Self {
        Self::new(ErrorKind::InvalidInput, error.message).hint(error.hint)
    }
}

impl Expression {
    /// Reads an expression: at most 4,096 bytes, at most 100 parts deep.
    ///
    /// # Errors
    /// What is wrong with the text, where, and what to do.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        parser::parse(text).map(Self::of)
    }

    /// The expression that is always this value; nothing for a number that is none here (more than 28 digits).
    #[must_use]
    pub fn constant(value: &Value) -> Option<Self> {
        eval::constant(value).map(Self::of)
    }

    /// The expression that is this name's value.
    #[must_use]
    pub fn name(name: impl Into<SmolStr>) -> Self {
        Self::of(Node::Name(name.into()))
    }

    fn of(root: Node) -> Self {
        let mut reads: Vec<SmolStr> = Vec::new();
        root.walk(&mut |node| {
            if let Node::Name(name) = node
                && !reads.contains(name)
            {
                reads.push(name.clone());
            }
        });
        Self(Arc::new(Parsed { root, reads: reads.into() }))
    }

    /// The names it reads, each once, in their order; of `a.b` it is `a`.
    #[must_use]
    pub fn reads(&self) -> &[SmolStr] {
        &self.0.reads
    }

    /// Its value.
    ///
    /// # Errors
    /// When values do not fit what is done with them: a text compared with a number, euros added to dollars.
    pub fn eval(&self, names: &dyn Names) -> Result<Value, EvalError> {
        eval::eval(&self.0.root, names).map(Cow::into_owned)
    }

    /// Whether it holds, as a condition. Null does not.
    ///
    /// # Errors
    /// As [`eval`](Self::eval), and when its value is neither true nor false nor null.
    pub fn holds(&self, names: &dyn Names) -> Result<bool, EvalError> {
        eval::holds(&self.0.root, names)
    }

    /// What it results in, as far as that can be told from the shapes of its names, and what in it cannot work.
    pub fn shape(&self, names: &dyn Shapes) -> (Shape, Vec<EvalError>) {
        types::shape(&self.0.root, names)
    }

    /// The text that it always is.
    pub(crate) fn text(&self) -> Option<&str> {
        match self.root() {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn root(&self) -> &Node {
        &self.0.root
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.0.root == other.0.root
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.root.fmt(f)
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expression({self})")
    }
}

impl FromStr for Expression {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        Self::parse(text)
    }
}

impl Serialize for Expression {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Expression {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
