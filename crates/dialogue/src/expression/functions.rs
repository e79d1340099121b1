//! What can be called in expressions. Each takes null as "nothing there" and gives null for it, except `exists` and `len`.

use jiff::civil::Date;
use jiff::{Span, ToSpan};
use serde_json::Value;

use super::compare::{member, order};
use super::decimal::Decimal;
use super::eval::{arithmetic, eval, kind, money, too_long};
use super::tree::{Function, Node, Operator};
use super::{EvalError, Names};

pub(super) fn call(function: Function, parts: &[Node], names: &dyn Names) -> Result<Value, EvalError> {
    let values = parts.iter().map(|part| eval(part, names).map(std::borrow::Cow::into_owned));
    let values: Vec<Value> = values.collect::<Result<_, _>>()?;
    let node = || Node::Call(function, parts.to_vec());
    let (first, second) = (values.first().unwrap_or(&Value::Null), values.get(1).unwrap_or(&Value::Null));
    let nothing = values.iter().any(Value::is_null);
    Ok(match function {
        Function::Exists => Value::Bool(!first.is_null()),
        Function::Len => {
            length(first).map(Decimal::of_length).map(Decimal::value).ok_or_else(|| unfit(&node(), first))?
        }
        Function::Today | Function::Now => {
            let now = names.now().ok_or_else(|| {
                EvalError::new(
                    format!("`{}()` has no clock here", function.name()),
                    "use it in steps and conditions of a running dialogue",
                )
            })?;
            let text = if function == Function::Today {
                now.date().to_string()
            } else {
                now.strftime("%Y-%m-%dT%H:%M").to_string()
            };
            Value::String(text)
        }
        Function::Min | Function::Max => extreme(function, &node(), &values)?,
        Function::Sum => sum(&node(), &values)?,
        _ if nothing => Value::Null,
        Function::Lower => Value::String(text(&node(), first)?.to_lowercase()),
        Function::Upper => Value::String(text(&node(), first)?.to_uppercase()),
        Function::Trim => Value::String(text(&node(), first)?.trim().to_owned()),
        Function::Text => Value::String(plain(first)),
        Function::Number => number(first).map_or(Value::Null, Decimal::value),
        Function::Abs | Function::Floor | Function::Ceil | Function::Round => {
            let of = number(first).filter(|_| !first.is_string()).ok_or_else(|| unfit(&node(), first))?;
            let digits =
                number(second).and_then(Decimal::integer).and_then(|digits| u8::try_from(digits).ok()).unwrap_or(0);
            let result = match function {
                Function::Abs => Some(of.absolute()),
                Function::Floor => of.floor(),
                Function::Ceil => of.negative().floor().map(Decimal::negative),
                _ => of.rounded(digits),
            };
            result.ok_or_else(|| too_long(&node()))?.value()
        }
        Function::Contains => Value::Bool(member(&node(), second, first)?),
        Function::StartsWith => Value::Bool(text(&node(), first)?.starts_with(text(&node(), second)?)),
        Function::EndsWith => Value::Bool(text(&node(), first)?.ends_with(text(&node(), second)?)),
        Function::AddDays => add_days(&node(), first, second)?,
        Function::DaysBetween => {
            let (from, to) = (day(&node(), first)?, day(&node(), second)?);
            let days = from.until(to).map(|span: Span| span.get_days()).map_err(|_| too_long(&node()))?;
            Value::from(days)
        }
    })
}

fn unfit(node: &Node, value: &Value) -> EvalError {
    EvalError::new(format!("`{node}` is given {}", kind(value)), "see docs/flows.md for what each function takes")
}

/// Characters, elements or fields; nothing has none.
fn length(value: &Value) -> Option<usize> {
    match value {
        Value::Null => Some(0),
        Value::String(text) => Some(text.chars().count()),
        Value::Array(parts) => Some(parts.len()),
        Value::Object(fields) => Some(fields.len()),
        Value::Bool(_) | Value::Number(_) => None,
    }
}

fn text<'a>(node: &Node, value: &'a Value) -> Result<&'a str, EvalError> {
    value.as_str().ok_or_else(|| unfit(node, value))
}

/// A value as people read it.
pub(crate) fn plain(value: &Value) -> String {
    if let Some((_, currency)) = money(value) {
        let amount = value.get("amount").map(plain).unwrap_or_default();
        return currency.map_or(amount.clone(), |currency| format!("{amount} {currency}"));
    }
    match value {
        Value::Null => String::new(),
        Value::Bool(boolean) => boolean.to_string(),
        Value::Number(number) => {
            Decimal::of_number(number).map_or_else(|| number.to_string(), |number| number.to_string())
        }
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => match (fields.get("number"), fields.get("unit"), fields.get("from"), fields.get("to"))
        {
            (Some(number), Some(unit), ..) => format!("{} {}", plain(number), plain(unit)),
            (_, _, from, to) if from.is_some() || to.is_some() => {
                let bound = |bound: Option<&Value>| bound.map(plain).unwrap_or_default();
                format!("{} – {}", bound(from), bound(to)).trim().to_owned()
            }
            _ => value.to_string(),
        },
    }
}

/// The number in a number, a text of digits, money or a quantity.
fn number(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => Decimal::of_number(number),
        Value::String(text) => Decimal::parse(text.trim()),
        Value::Object(fields) => money(value).map(|(amount, _)| amount).or_else(|| number(fields.get("number")?)),
        _ => None,
    }
}

/// The parts of one list, or all that was given.
fn spread(values: &[Value]) -> &[Value] {
    match values {
        [Value::Array(parts)] => parts,
        _ => values,
    }
}

fn extreme(function: Function, node: &Node, values: &[Value]) -> Result<Value, EvalError> {
    let mut best: Option<&Value> = None;
    for value in spread(values).iter().filter(|value| !value.is_null()) {
        let better = match best {
            None => true,
            Some(best) => order(node, value, best)?
                .is_some_and(|order| if function == Function::Min { order.is_lt() } else { order.is_gt() }),
        };
        if better {
            best = Some(value);
        }
    }
    Ok(best.cloned().unwrap_or(Value::Null))
}

fn sum(node: &Node, values: &[Value]) -> Result<Value, EvalError> {
    let mut total: Option<Value> = None;
    for value in spread(values).iter().filter(|value| !value.is_null()) {
        if !value.is_number() && money(value).is_none() {
            return Err(unfit(node, value));
        }
        total = Some(match total {
            Some(total) => arithmetic(node, Operator::Add, &total, value)?,
            None => value.clone(),
        });
    }
    Ok(total.unwrap_or_else(|| Value::from(0)))
}

fn day(node: &Node, value: &Value) -> Result<Date, EvalError> {
    let day = value.as_str().and_then(|text| text.get(..10)).and_then(|text| text.parse().ok());
    day.ok_or_else(|| unfit(node, value))
}

fn add_days(node: &Node, value: &Value, days: &Value) -> Result<Value, EvalError> {
    let from = day(node, value)?;
    let days = number(days)
        .and_then(Decimal::integer)
        .filter(|days| days.abs() < 4_000_000)
        .ok_or_else(|| unfit(node, days))?;
    let to = from.checked_add(days.days()).map_err(|_| too_long(node))?;
    // The time of a day with a time stays.
    let time = value.as_str().and_then(|text| text.get(10..)).unwrap_or("");
    Ok(Value::String(format!("{to}{time}")))
}
