//! When values are equal, which is the greater, and what is within what.

use std::cmp::Ordering;

use jiff::Span;
use serde_json::Value;

use super::EvalError;
use super::decimal::Decimal;
use super::eval::{currencies, kind, money, quantity};
use super::tree::Node;

/// Numbers are equal by value (`1` and `1.0`), money by amount and currency, or by amount alone where one of them has no currency.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => match (Decimal::of_number(a), Decimal::of_number(b)) {
            (Some(a), Some(b)) => a == b,
            _ => a == b,
        },
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Object(a), Value::Object(b)) => match (money(left), money(right)) {
            (Some((a, of)), Some((b, other))) => a == b && (of == other || of.is_none() || other.is_none()),
            _ => a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| equal(a, b))),
        },
        (Value::Object(_), Value::Number(number)) | (Value::Number(number), Value::Object(_)) => {
            let object = if left.is_object() { left } else { right };
            money(object).is_some_and(|(amount, _)| Some(amount) == Decimal::of_number(number))
        }
        _ => left == right,
    }
}

/// Which is the greater; nothing when one of them is null.
pub(super) fn order(node: &Node, left: &Value, right: &Value) -> Result<Option<Ordering>, EvalError> {
    let order = match (left, right) {
        (Value::Null, _) | (_, Value::Null) => return Ok(None),
        (Value::Number(a), Value::Number(b)) => match (Decimal::of_number(a), Decimal::of_number(b)) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => a.as_f64().unwrap_or(0.0).total_cmp(&b.as_f64().unwrap_or(0.0)),
        },
        // Days and times in ISO 8601 are in the order of their letters; lengths of time are not.
        (Value::String(a), Value::String(b)) => match (seconds(a), seconds(b)) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            _ => a.cmp(b),
        },
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        _ => return object_order(node, left, right).map(Some),
    };
    Ok(Some(order))
}

fn object_order(node: &Node, left: &Value, right: &Value) -> Result<Ordering, EvalError> {
    let number = |value: &Value| value.as_number().and_then(Decimal::of_number);
    match (money(left), money(right)) {
        (Some((a, of)), Some((b, other))) => {
            if of != other && of.is_some() && other.is_some() {
                return Err(currencies(node, of, other));
            }
            return Ok(a.cmp(&b));
        }
        (Some((a, _)), None) if number(right).is_some() => return Ok(a.cmp(&number(right).unwrap_or(Decimal::ZERO))),
        (None, Some((b, _))) if number(left).is_some() => return Ok(number(left).unwrap_or(Decimal::ZERO).cmp(&b)),
        _ => {}
    }
    let of = |value: &Value| {
        value
            .as_object()
            .and_then(quantity)
            .map(|(number, unit)| (number, Some(unit.to_owned())))
            .or(number(value).map(|number| (number, None)))
    };
    match (of(left), of(right)) {
        (Some((a, unit)), Some((b, other))) if unit == other || unit.is_none() || other.is_none() => Ok(a.cmp(&b)),
        _ => Err(EvalError::new(
            format!("`{node}` compares {} with {}", kind(left), kind(right)),
            "only like can be compared: numbers, texts, days, times, money of one currency, quantities of one unit",
        )),
    }
}

/// How long an ISO 8601 duration is: a day has 24 hours, a month 30 days, a year 365.
fn seconds(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    if !unsigned.starts_with('P') {
        return None;
    }
    let span: Span = text.parse().ok()?;
    let days = f64::from(span.get_years()) * 365.0
        + f64::from(span.get_months()) * 30.0
        + f64::from(span.get_weeks()) * 7.0
        + f64::from(span.get_days());
    let minutes = f64::from(span.get_hours()) * 60.0 + span.get_minutes() as f64;
    let fraction = span.get_milliseconds() as f64 / 1e3
        + span.get_microseconds() as f64 / 1e6
        + span.get_nanoseconds() as f64 / 1e9;
    Some(days * 86_400.0 + minutes * 60.0 + span.get_seconds() as f64 + fraction)
}

/// Whether a value is in a list, a text in a text, a field in an object, or a number, day or time in a range.
pub(super) fn member(node: &Node, value: &Value, of: &Value) -> Result<bool, EvalError> {
    match (value, of) {
        (_, Value::Null) => Ok(false),
        (value, Value::Array(parts)) => Ok(parts.iter().any(|part| equal(part, value))),
        (Value::Null, _) => Ok(false),
        (Value::String(part), Value::String(text)) => Ok(text.contains(part.as_str())),
        (value, Value::Object(fields)) if fields.contains_key("from") || fields.contains_key("to") => {
            let bound = |name: &str| fields.get(name).unwrap_or(&Value::Null);
            let above = order(node, value, bound("from"))?.is_none_or(Ordering::is_ge);
            let below = order(node, value, bound("to"))?.is_none_or(Ordering::is_le);
            Ok(above && below)
        }
        (Value::String(field), Value::Object(fields)) => Ok(fields.contains_key(field)),
        _ => Err(EvalError::new(
            format!("`{node}` looks for {} in {}", kind(value), kind(of)),
            "`in` takes a list, a text, a range or an object on its right",
        )),
    }
}
