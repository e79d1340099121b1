//! The value of a tree.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::compare::{equal, member, order};
use super::decimal::Decimal;
use super::functions;
use super::tree::{Node, Operator};
use super::{EvalError, Names};

type Evaluated<'a> = Result<Cow<'a, Value>, EvalError>;

/// Its depth is bounded by the parser.
pub(super) fn eval<'a>(node: &'a Node, names: &'a dyn Names) -> Evaluated<'a> {
    Ok(match node {
        Node::Null => Cow::Owned(Value::Null),
        Node::Boolean(boolean) => Cow::Owned(Value::Bool(*boolean)),
        Node::Number(number) => Cow::Owned(number.value()),
        Node::Text(text) => Cow::Owned(Value::String(text.clone())),
        Node::List(parts) => {
            let parts = parts.iter().map(|part| eval(part, names).map(Cow::into_owned));
            Cow::Owned(Value::Array(parts.collect::<Result<_, _>>()?))
        }
        Node::Name(name) => names.value(name).unwrap_or(Cow::Owned(Value::Null)),
        Node::Field(of, field) => part(eval(of, names)?, field),
        Node::Index(of, index) => element(node, eval(of, names)?, eval(index, names)?.as_ref())?,
        Node::Call(function, parts) => Cow::Owned(functions::call(*function, parts, names)?),
        Node::Not(of) => Cow::Owned(Value::Bool(!holds(of, names)?)),
        Node::Negative(of) => Cow::Owned(negative(of, eval(of, names)?.as_ref())?),
        Node::IsNull { of, negated } => Cow::Owned(Value::Bool(eval(of, names)?.is_null() != *negated)),
        Node::Binary(operator, left, right) => Cow::Owned(binary(node, *operator, left, right, names)?),
    })
}

pub(super) fn holds(node: &Node, names: &dyn Names) -> Result<bool, EvalError> {
    match eval(node, names)?.as_ref() {
        Value::Bool(boolean) => Ok(*boolean),
        Value::Null => Ok(false),
        other => Err(EvalError::new(
            format!("`{node}` is {}, and a condition is true or false", kind(other)),
            "compare it, as in `name is not null` or `count > 0`",
        )),
    }
}

/// A value as a tree.
pub(super) fn constant(value: &Value) -> Option<Node> {
    Some(match value {
        Value::Null => Node::Null,
        Value::Bool(boolean) => Node::Boolean(*boolean),
        Value::Number(number) => {
            let number = Decimal::of_number(number)?;
            // The minus is an operator, so that what is written is read as the same tree.
            if number < Decimal::ZERO {
                Node::Negative(Box::new(Node::Number(number.negative())))
            } else {
                Node::Number(number)
            }
        }
        Value::String(text) => Node::Text(text.clone()),
        Value::Array(parts) => Node::List(parts.iter().map(constant).collect::<Option<_>>()?),
        Value::Object(_) => return None,
    })
}

/// What a value is called in errors.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) if money(value).is_some() => "money",
        Value::Object(fields) if quantity(fields).is_some() => "a quantity",
        Value::Object(_) => "an object",
    }
}

/// Amount and currency of money.
pub(super) fn money(value: &Value) -> Option<(Decimal, Option<&str>)> {
    let fields = value.as_object()?;
    let amount = match fields.get("amount")? {
        Value::String(text) => Decimal::parse(text)?,
        Value::Number(number) => Decimal::of_number(number)?,
        _ => return None,
    };
    match fields.get("currency") {
        Some(Value::String(currency)) if fields.len() == 2 => Some((amount, Some(currency))),
        Some(Value::Null) if fields.len() == 2 => Some((amount, None)),
        None if fields.len() == 1 => Some((amount, None)),
        _ => None,
    }
}

/// The amount with the digits that amounts have, and the currency where there is one.
fn of_money(amount: Decimal, currency: Option<&str>, digits: u8) -> Value {
    let mut fields = Map::new();
    fields.insert("amount".to_owned(), Value::String(amount.padded(digits)));
    if let Some(currency) = currency {
        fields.insert("currency".to_owned(), Value::String(currency.to_owned()));
    }
    Value::Object(fields)
}

/// How many digits an amount is written with.
fn digits(value: &Value) -> u8 {
    let text = value.get("amount").and_then(Value::as_str).unwrap_or("");
    text.split_once('.').and_then(|(_, fraction)| u8::try_from(fraction.len()).ok()).unwrap_or(0).min(12)
}

/// Number and unit of an age, a dimension or a temperature.
pub(super) fn quantity(fields: &Map<String, Value>) -> Option<(Decimal, &str)> {
    match (fields.get("number"), fields.get("unit")) {
        (Some(Value::Number(number)), Some(Value::String(unit))) => Some((Decimal::of_number(number)?, unit)),
        _ => None,
    }
}

/// A field; an amount of money is a number, though it is kept as a text so that no cent is lost.
fn part<'a>(of: Cow<'a, Value>, field: &str) -> Cow<'a, Value> {
    if field == "amount"
        && let Some((amount, _)) = money(&of)
    {
        return Cow::Owned(amount.value());
    }
    match of {
        Cow::Borrowed(of) => of.get(field).map_or(Cow::Owned(Value::Null), Cow::Borrowed),
        Cow::Owned(mut of) => Cow::Owned(of.get_mut(field).map_or(Value::Null, Value::take)),
    }
}

fn element<'a>(node: &Node, of: Cow<'a, Value>, index: &Value) -> Evaluated<'a> {
    let wrong = || {
        Err(EvalError::new(
            format!("`{node}` takes an element of {} by {}", kind(&of), kind(index)),
            "lists have elements by number, from 0; objects have fields by name",
        ))
    };
    let found = match (of.as_ref(), index) {
        (Value::Null, _) | (_, Value::Null) => None,
        (Value::Array(parts), Value::Number(number)) => {
            let at = Decimal::of_number(number).and_then(Decimal::integer);
            let length = i64::try_from(parts.len()).unwrap_or(i64::MAX);
            // From the end where it is negative.
            let at = at.map(|at| if at < 0 { at.saturating_add(length) } else { at });
            at.and_then(|at| usize::try_from(at).ok()).and_then(|at| parts.get(at))
        }
        (Value::Object(_), Value::String(field)) => return Ok(part(of, field)),
        _ => return wrong(),
    };
    Ok(Cow::Owned(found.cloned().unwrap_or(Value::Null)))
}

fn negative(node: &Node, of: &Value) -> Result<Value, EvalError> {
    if let Some((amount, currency)) = money(of) {
        return Ok(of_money(amount.negative(), currency, digits(of)));
    }
    match of {
        Value::Null => Ok(Value::Null),
        Value::Number(number) => {
            Decimal::of_number(number).map(|number| number.negative().value()).ok_or_else(|| too_long(node))
        }
        other => Err(EvalError::new(format!("`{node}` is {} and has no minus", kind(other)), "numbers and money have")),
    }
}

pub(super) fn too_long(node: &Node) -> EvalError {
    EvalError::new(
        format!("`{node}` has no result of at most 28 digits"),
        "see that nothing is divided by zero and figures are sensible",
    )
}

fn binary(node: &Node, operator: Operator, left: &Node, right: &Node, names: &dyn Names) -> Result<Value, EvalError> {
    match operator {
        Operator::Or => return Ok(Value::Bool(holds(left, names)? || holds(right, names)?)),
        Operator::And => return Ok(Value::Bool(holds(left, names)? && holds(right, names)?)),
        _ => {}
    }
    let (left, right) = (eval(left, names)?, eval(right, names)?);
    let (left, right) = (left.as_ref(), right.as_ref());
    let boolean = match operator {
        Operator::Equal => equal(left, right),
        Operator::Unequal => !equal(left, right),
        Operator::In => member(node, left, right)?,
        Operator::NotIn => !member(node, left, right)?,
        Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
            order(node, left, right)?.is_some_and(|order| match operator {
                Operator::Less => order.is_lt(),
                Operator::LessOrEqual => order.is_le(),
                Operator::Greater => order.is_gt(),
                _ => order.is_ge(),
            })
        }
        _ => return arithmetic(node, operator, left, right),
    };
    Ok(Value::Bool(boolean))
}

fn compute(node: &Node, operator: Operator, left: Decimal, right: Decimal) -> Result<Decimal, EvalError> {
    let result = match operator {
        Operator::Add => left.add(right),
        Operator::Subtract => left.subtract(right),
        Operator::Multiply => left.multiply(right),
        Operator::Divide => left.divide(right),
        _ => left.remainder(right),
    };
    result.ok_or_else(|| too_long(node))
}

pub(super) fn arithmetic(node: &Node, operator: Operator, left: &Value, right: &Value) -> Result<Value, EvalError> {
    if left.is_null() || right.is_null() {
        return Ok(Value::Null);
    }
    match (left, right, operator) {
        (Value::Number(a), Value::Number(b), _) => {
            let (Some(a), Some(b)) = (Decimal::of_number(a), Decimal::of_number(b)) else { return Err(too_long(node)) };
            return compute(node, operator, a, b).map(Decimal::value);
        }
        (Value::String(a), Value::String(b), Operator::Add) => return Ok(Value::String(format!("{a}{b}"))),
        (Value::Array(a), Value::Array(b), Operator::Add) => return Ok(Value::Array([a.as_slice(), b].concat())),
        _ => {}
    }
    let number = |value: &Value| value.as_number().and_then(Decimal::of_number);
    let least = digits(left).max(digits(right));
    match (money(left), money(right), operator) {
        (Some((a, of)), Some((b, other)), Operator::Add | Operator::Subtract | Operator::Divide) => {
            if of != other && of.is_some() && other.is_some() {
                return Err(currencies(node, of, other));
            }
            let result = compute(node, operator, a, b)?;
            if operator == Operator::Divide {
                return Ok(result.value());
            }
            return Ok(of_money(result, of.or(other), least));
        }
        (Some((a, of)), None, Operator::Multiply | Operator::Divide) => {
            if let Some(b) = number(right) {
                return scaled(node, compute(node, operator, a, b)?, of, least);
            }
        }
        (None, Some((b, of)), Operator::Multiply) => {
            if let Some(a) = number(left) {
                return scaled(node, compute(node, operator, a, b)?, of, least);
            }
        }
        _ => {}
    }
    Err(EvalError::new(
        format!("`{node}` computes with {} and {}", kind(left), kind(right)),
        "numbers go with numbers, money with money of the same currency or, multiplied, with a number; `text(x)` makes a text",
    ))
}

/// Money that was multiplied or divided, rounded to the digits it is written with, at least two of them where it has a fraction.
fn scaled(node: &Node, amount: Decimal, currency: Option<&str>, least: u8) -> Result<Value, EvalError> {
    let digits = if amount.scale() == 0 { least } else { least.max(2) };
    let amount = amount.rounded(digits).ok_or_else(|| too_long(node))?;
    Ok(of_money(amount, currency, digits))
}

pub(super) fn currencies(node: &Node, left: Option<&str>, right: Option<&str>) -> EvalError {
    let (left, right) = (left.unwrap_or("none"), right.unwrap_or("none"));
    EvalError::new(format!("`{node}` has amounts in {left} and in {right}"), "have an action convert one of them")
}
