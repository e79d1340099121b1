//! What can be told of an expression without its values: what it results in, and what in it can never work.

use smol_str::SmolStr;

use super::EvalError;
use super::tree::{Function, Node, Operator};
use crate::kind::Kind;

/// What a value looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shape {
    /// It cannot be told.
    Unknown,
    /// Nothing.
    Null,
    /// True or false.
    Boolean,
    /// A number of any kind.
    Number,
    /// A text, as letters of any kind.
    Text,
    /// A day.
    Date,
    /// A time of day.
    Time,
    /// A day and a time.
    DateTime,
    /// A length of time.
    Duration,
    /// An amount with its currency.
    Money,
    /// A number with its unit.
    Quantity,
    /// One of these texts.
    Option(Vec<SmolStr>),
    /// From one to another of these.
    Range(Box<Shape>),
    /// A list.
    List,
}

/// Where names get their shapes.
pub trait Shapes {
    /// What a name's value looks like; none when there is no such name.
    fn shape(&self, name: &str) -> Option<Shape>;
}

impl<F: Fn(&str) -> Option<Shape>> Shapes for F {
    fn shape(&self, name: &str) -> Option<Shape> {
        self(name)
    }
}

impl From<&Kind> for Shape {
    fn from(kind: &Kind) -> Self {
        match kind {
            Kind::Text | Kind::Name | Kind::Place | Kind::Email | Kind::Phone | Kind::Url => Self::Text,
            Kind::Boolean => Self::Boolean,
            Kind::Integer | Kind::Number | Kind::Ordinal | Kind::Percent => Self::Number,
            Kind::Money => Self::Money,
            Kind::Date => Self::Date,
            Kind::Time => Self::Time,
            Kind::DateTime => Self::DateTime,
            Kind::Duration => Self::Duration,
            Kind::DateRange => Self::Range(Box::new(Self::Date)),
            Kind::TimeRange => Self::Range(Box::new(Self::Time)),
            Kind::DateTimeRange => Self::Range(Box::new(Self::DateTime)),
            Kind::NumberRange => Self::Range(Box::new(Self::Number)),
            Kind::Age | Kind::Dimension | Kind::Temperature => Self::Quantity,
            Kind::Category { options } => Self::Option(options.iter().map(|option| option.value.clone()).collect()),
            Kind::Recurrence | Kind::Custom { .. } | Kind::Any => Self::Unknown,
        }
    }
}

impl Shape {
    /// What it is called in diagnostics.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Null => "null",
            Self::Boolean => "true or false",
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Date => "a day",
            Self::Time => "a time of day",
            Self::DateTime => "a day with a time",
            Self::Duration => "a length of time",
            Self::Money => "money",
            Self::Quantity => "a number with a unit",
            Self::Option(_) => "one of a category's options",
            Self::Range(_) => "a range",
            Self::List => "a list",
        }
    }

    fn is_open(&self) -> bool {
        matches!(self, Self::Unknown | Self::Null)
    }

    /// Whether it is kept as a text.
    fn is_written(&self) -> bool {
        matches!(self, Self::Text | Self::Option(_) | Self::Date | Self::Time | Self::DateTime | Self::Duration)
    }

    /// Whether a value that looks like `other` may be kept where this is expected.
    #[must_use]
    pub fn takes(&self, other: &Self) -> bool {
        if self.is_open() || other.is_open() || self == other {
            return true;
        }
        match (self, other) {
            // A text may hold anything that is kept as a text, and a written constant may be a day, a time or an option.
            (a, Self::Text) | (Self::Text, a) => a.is_written(),
            (Self::Option(to), Self::Option(from)) => from.iter().any(|option| to.contains(option)),
            (Self::Range(a), Self::Range(b)) => a.takes(b),
            _ => false,
        }
    }

    /// Whether these two can be less or greater than one another, or equal.
    fn compares(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Money | Self::Quantity, Self::Number) | (Self::Number, Self::Money | Self::Quantity) => true,
            (Self::Date, Self::DateTime) | (Self::DateTime, Self::Date) => true,
            (Self::Option(_), Self::Option(_)) => true,
            _ => self.takes(other),
        }
    }
}

pub(super) fn shape(node: &Node, names: &dyn Shapes) -> (Shape, Vec<EvalError>) {
    let mut checker = Checker { names, faults: Vec::new() };
    let shape = checker.of(node);
    (shape, checker.faults)
}

struct Checker<'a> {
    names: &'a dyn Shapes,
    faults: Vec<EvalError>,
}

impl Checker<'_> {
    fn fault(&mut self, message: String, hint: impl Into<String>) {
        self.faults.push(EvalError::new(message, hint));
    }

    fn of(&mut self, node: &Node) -> Shape {
        match node {
            Node::Null => Shape::Null,
            Node::Boolean(_) => Shape::Boolean,
            Node::Number(_) => Shape::Number,
            Node::Text(_) => Shape::Text,
            Node::List(parts) => {
                for part in parts {
                    self.of(part);
                }
                Shape::List
            }
            Node::Name(name) => self.names.shape(name).unwrap_or(Shape::Unknown),
            Node::Field(of, field) => self.field(node, of, field),
            Node::Index(of, index) => {
                self.of(index);
                let of = self.of(of);
                if !matches!(
                    of,
                    Shape::Unknown | Shape::Null | Shape::List | Shape::Money | Shape::Quantity | Shape::Range(_)
                ) {
                    self.fault(format!("`{node}`: {} has no elements", of.name()), "only lists and objects have");
                }
                Shape::Unknown
            }
            Node::Call(function, parts) => self.call(node, *function, parts),
            Node::Not(of) => {
                self.condition(of);
                Shape::Boolean
            }
            Node::Negative(of) => {
                let of = self.of(of);
                if !(of.is_open() || matches!(of, Shape::Number | Shape::Money)) {
                    self.fault(format!("`{node}`: {} has no minus", of.name()), "numbers and money have");
                }
                of
            }
            Node::IsNull { of, .. } => {
                self.of(of);
                Shape::Boolean
            }
            Node::Binary(operator, left, right) => self.binary(node, *operator, left, right),
        }
    }

    /// A part that has to be true or false.
    fn condition(&mut self, node: &Node) {
        let shape = self.of(node);
        if !shape.is_open() && shape != Shape::Boolean {
            let hint = match node {
                Node::Name(name) => format!("ask whether it is there: `{name} is not null`, or compare it"),
                _ => "compare it, as in `count > 0`".to_owned(),
            };
            self.fault(format!("`{node}` is {} where a condition is expected", shape.name()), hint);
        }
    }

    fn field(&mut self, node: &Node, of: &Node, field: &str) -> Shape {
        let of = self.of(of);
        let (known, shape): (&[&str], _) = match &of {
            Shape::Unknown | Shape::Null => return Shape::Unknown,
            Shape::Money => (&["amount", "currency"], if field == "amount" { Shape::Number } else { Shape::Text }),
            Shape::Quantity => (&["number", "unit"], if field == "number" { Shape::Number } else { Shape::Text }),
            Shape::Range(bound) => (&["from", "to"], (**bound).clone()),
            _ => (&[], Shape::Unknown),
        };
        if known.contains(&field) {
            return shape;
        }
        let hint = match known {
            [] => "only money, quantities, ranges and what actions return have fields".to_owned(),
            _ => crate::near::cure(field, known.iter().copied(), "its fields are"),
        };
        self.fault(format!("`{node}`: {} has no field `{field}`", of.name()), hint);
        Shape::Unknown
    }

    fn binary(&mut self, node: &Node, operator: Operator, left: &Node, right: &Node) -> Shape {
        match operator {
            Operator::Or | Operator::And => {
                self.condition(left);
                self.condition(right);
                return Shape::Boolean;
            }
            Operator::In | Operator::NotIn => {
                self.within(node, left, right);
                return Shape::Boolean;
            }
            _ => {}
        }
        let (a, b) = (self.of(left), self.of(right));
        match operator {
            Operator::Add | Operator::Subtract | Operator::Multiply | Operator::Divide | Operator::Remainder => {
                self.arithmetic(node, operator, &a, &b)
            }
            _ => {
                if !a.compares(&b) {
                    self.fault(
                        format!("`{node}` compares {} with {}", a.name(), b.name()),
                        match (&a, &b) {
                            (Shape::Money, _) | (_, Shape::Money) => "money is compared with money or with a number",
                            _ => "only like can be compared",
                        },
                    );
                }
                self.option(&a, right);
                self.option(&b, left);
                Shape::Boolean
            }
        }
    }

    /// A text that is compared with a category has to be one of its options.
    fn option(&mut self, shape: &Shape, node: &Node) {
        if let (Shape::Option(options), Node::Text(text)) = (shape, node)
            && !options.iter().any(|option| option == text)
        {
            let hint = crate::near::cure(text, options.iter().map(SmolStr::as_str), "its options are");
            self.fault(format!("the category has no option \"{text}\""), hint);
        }
    }

    fn within(&mut self, node: &Node, left: &Node, right: &Node) {
        let (a, b) = (self.of(left), self.of(right));
        if let Node::List(parts) = right {
            for part in parts {
                let shape = self.of(part);
                if !a.compares(&shape) {
                    self.fault(
                        format!("`{node}` looks for {} among {}", a.name(), shape.name()),
                        "only like can be compared",
                    );
                }
                self.option(&a, part);
            }
            return;
        }
        let fits = match &b {
            Shape::Unknown | Shape::Null | Shape::List => true,
            Shape::Range(bound) => a.compares(bound),
            Shape::Text | Shape::Option(_) => a.is_open() || a.is_written(),
            _ => false,
        };
        if !fits {
            self.fault(
                format!("`{node}` looks for {} in {}", a.name(), b.name()),
                "`in` takes a list, a text, or a range of the same kind on its right",
            );
        }
    }

    fn arithmetic(&mut self, node: &Node, operator: Operator, a: &Shape, b: &Shape) -> Shape {
        use Operator::{Add, Divide, Multiply, Subtract};
        match (a, b, operator) {
            (Shape::Unknown | Shape::Null, _, _) | (_, Shape::Unknown | Shape::Null, _) => Shape::Unknown,
            (Shape::Number, Shape::Number, _) => Shape::Number,
            (Shape::Money, Shape::Money, Add | Subtract) => Shape::Money,
            (Shape::Money, Shape::Money, Divide) => Shape::Number,
            (Shape::Money, Shape::Number, Multiply | Divide) | (Shape::Number, Shape::Money, Multiply) => Shape::Money,
            (a, b, Add) if a.is_written() && b.is_written() => Shape::Text,
            (Shape::List, Shape::List, Add) => Shape::List,
            _ => {
                let hint = match operator {
                    _ if a.is_written() || b.is_written() => {
                        "`number(x)` reads a number from a text, `text(x)` makes a text"
                    }
                    _ => "numbers go with numbers, money with money or, multiplied, with a number",
                };
                self.fault(format!("`{node}` computes with {} and {}", a.name(), b.name()), hint);
                Shape::Unknown
            }
        }
    }

    fn call(&mut self, node: &Node, function: Function, parts: &[Node]) -> Shape {
        let shapes: Vec<Shape> = parts.iter().map(|part| self.of(part)).collect();
        let first = shapes.first().cloned().unwrap_or(Shape::Unknown);
        let (fits, wanted): (fn(&Shape) -> bool, _) = match function {
            Function::Lower | Function::Upper | Function::Trim | Function::StartsWith | Function::EndsWith => {
                (Shape::is_written, "texts")
            }
            Function::Abs | Function::Round | Function::Floor | Function::Ceil => {
                (|shape| matches!(shape, Shape::Number | Shape::Money | Shape::Quantity), "numbers")
            }
            Function::DaysBetween => (|shape| matches!(shape, Shape::Date | Shape::DateTime | Shape::Text), "days"),
            _ => (|_| true, ""),
        };
        if let Some(unfit) = shapes.iter().find(|shape| !shape.is_open() && !fits(shape)) {
            self.fault(format!("`{node}` is given {}", unfit.name()), format!("`{}` takes {wanted}", function.name()));
        }
        match function {
            Function::Len
            | Function::Number
            | Function::Abs
            | Function::Round
            | Function::Floor
            | Function::Ceil
            | Function::DaysBetween => Shape::Number,
            Function::Lower | Function::Upper | Function::Trim | Function::Text => Shape::Text,
            Function::Contains | Function::StartsWith | Function::EndsWith | Function::Exists => Shape::Boolean,
            Function::Today => Shape::Date,
            Function::Now => Shape::DateTime,
            Function::AddDays => first,
            Function::Min | Function::Max | Function::Sum if first == Shape::List => Shape::Unknown,
            Function::Min | Function::Max | Function::Sum => {
                if let Some(other) = shapes.iter().find(|other| !first.compares(other)) {
                    self.fault(
                        format!("`{node}` compares {} with {}", first.name(), other.name()),
                        "only like can be compared",
                    );
                }
                if shapes.iter().all(|shape| *shape == first) { first } else { Shape::Unknown }
            }
        }
    }
}
