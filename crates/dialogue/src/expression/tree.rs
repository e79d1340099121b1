//! An expression as a tree, and the tree as text. What it is written as is read as the same tree again.

use std::fmt;

use smol_str::SmolStr;

use super::decimal::Decimal;

/// A part of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    Null,
    Boolean(bool),
    Number(Decimal),
    Text(String),
    List(Vec<Node>),
    Name(SmolStr),
    Field(Box<Node>, SmolStr),
    Index(Box<Node>, Box<Node>),
    Call(Function, Vec<Node>),
    Not(Box<Node>),
    Negative(Box<Node>),
    IsNull { of: Box<Node>, negated: bool },
    Binary(Operator, Box<Node>, Box<Node>),
}

/// What stands between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Or,
    And,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// How firmly operators bind, from the loosest: `or`, `and`, `not`, comparisons, `+ -`, `* / %`, the minus of one value, parts of a value.
pub(super) mod binding {
    pub(in crate::expression) const OR: u8 = 1;
    pub(in crate::expression) const AND: u8 = 2;
    pub(in crate::expression) const NOT: u8 = 3;
    pub(in crate::expression) const COMPARISON: u8 = 4;
    pub(in crate::expression) const SUM: u8 = 5;
    pub(in crate::expression) const PRODUCT: u8 = 6;
    pub(in crate::expression) const NEGATIVE: u8 = 7;
    pub(in crate::expression) const PART: u8 = 8;
}

impl Operator {
    pub(super) fn binding(self) -> u8 {
        match self {
            Self::Or => binding::OR,
            Self::And => binding::AND,
            Self::Equal
            | Self::Unequal
            | Self::Less
            | Self::LessOrEqual
            | Self::Greater
            | Self::GreaterOrEqual
            | Self::In
            | Self::NotIn => binding::COMPARISON,
            Self::Add | Self::Subtract => binding::SUM,
            Self::Multiply | Self::Divide | Self::Remainder => binding::PRODUCT,
        }
    }

    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Or => "or",
            Self::And => "and",
            Self::Equal => "==",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::In => "in",
            Self::NotIn => "not in",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }
}

/// What can be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Len,
    Lower,
    Upper,
    Trim,
    Text,
    Number,
    Min,
    Max,
    Sum,
    Abs,
    Round,
    Floor,
    Ceil,
    Contains,
    StartsWith,
    EndsWith,
    Exists,
    Today,
    Now,
    AddDays,
    DaysBetween,
}

impl Function {
    /// All of them with their names, the fewest and the most arguments.
    pub(crate) const ALL: [(Self, &'static str, usize, usize); 21] = [
        (Self::Len, "len", 1, 1),
        (Self::Lower, "lower", 1, 1),
        (Self::Upper, "upper", 1, 1),
        (Self::Trim, "trim", 1, 1),
        (Self::Text, "text", 1, 1),
        (Self::Number, "number", 1, 1),
        (Self::Min, "min", 1, 32),
        (Self::Max, "max", 1, 32),
        (Self::Sum, "sum", 1, 32),
        (Self::Abs, "abs", 1, 1),
        (Self::Round, "round", 1, 2),
        (Self::Floor, "floor", 1, 1),
        (Self::Ceil, "ceil", 1, 1),
        (Self::Contains, "contains", 2, 2),
        (Self::StartsWith, "starts_with", 2, 2),
        (Self::EndsWith, "ends_with", 2, 2),
        (Self::Exists, "exists", 1, 1),
        (Self::Today, "today", 0, 0),
        (Self::Now, "now", 0, 0),
        (Self::AddDays, "add_days", 2, 2),
        (Self::DaysBetween, "days_between", 2, 2),
    ];

    pub(crate) fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|row| row.0 == self).map_or("", |row| row.1)
    }
}

/// Words that are no names.
pub(super) const WORDS: [&str; 8] = ["or", "and", "not", "in", "is", "true", "false", "null"];

impl Node {
    fn binding(&self) -> u8 {
        match self {
            Self::Binary(operator, ..) => operator.binding(),
            Self::IsNull { .. } => binding::COMPARISON,
            Self::Not(_) => binding::NOT,
            Self::Negative(_) => binding::NEGATIVE,
            _ => binding::PART,
        }
    }

    /// Every part of it, itself first.
    pub(crate) fn walk<'a>(&'a self, see: &mut dyn FnMut(&'a Self)) {
        see(self);
        match self {
            Self::Null | Self::Boolean(_) | Self::Number(_) | Self::Text(_) | Self::Name(_) => {}
            Self::List(parts) | Self::Call(_, parts) => parts.iter().for_each(|part| part.walk(see)),
            Self::Field(of, _) | Self::Not(of) | Self::Negative(of) | Self::IsNull { of, .. } => of.walk(see),
            Self::Index(left, right) | Self::Binary(_, left, right) => {
                left.walk(see);
                right.walk(see);
            }
        }
    }
}

/// A part that has to bind at least so firmly, in brackets where it does not.
struct Within<'a>(&'a Node, u8);

impl fmt::Display for Within<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.binding() < self.1 { write!(f, "({})", self.0) } else { write!(f, "{}", self.0) }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean(boolean) => write!(f, "{boolean}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => quoted(text, f),
            Self::List(parts) => {
                f.write_str("[")?;
                listed(parts, f)?;
                f.write_str("]")
            }
            Self::Name(name) => f.write_str(name),
            Self::Field(of, field) => write!(f, "{}.{field}", Within(of, binding::PART)),
            Self::Index(of, at) => write!(f, "{}[{at}]", Within(of, binding::PART)),
            Self::Call(function, parts) => {
                write!(f, "{}(", function.name())?;
                listed(parts, f)?;
                f.write_str(")")
            }
            Self::Not(of) => write!(f, "not {}", Within(of, binding::NOT)),
            Self::Negative(of) => write!(f, "-{}", Within(of, binding::NEGATIVE)),
            Self::IsNull { of, negated } => {
                let of = Within(of, binding::SUM);
                if *negated { write!(f, "{of} is not null") } else { write!(f, "{of} is null") }
            }
            Self::Binary(operator, left, right) => {
                // A comparison is not compared again; the others are read from the left.
                let least = operator.binding();
                let left_least = if least == binding::COMPARISON { least + 1 } else { least };
                write!(f, "{} {} {}", Within(left, left_least), operator.sign(), Within(right, least + 1))
            }
        }
    }
}

fn listed(parts: &[Node], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{part}")?;
    }
    Ok(())
}

/// In the quotes that need no escape, if there are such.
fn quoted(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    use fmt::Write;
    let quote = if text.contains('"') && !text.contains('\'') { '\'' } else { '"' };
    f.write_char(quote)?;
    for c in text.chars() {
        match c {
            '\n' => f.write_str("\\n")?,
            '\t' => f.write_str("\\t")?,
            '\r' => f.write_str("\\r")?,
            '\\' => f.write_str("\\\\")?,
            c if c == quote => write!(f, "\\{c}")?,
            c => f.write_char(c)?,
        }
    }
    f.write_char(quote)
}
