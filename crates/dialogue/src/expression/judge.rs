//! Conditions that cannot be told yet.

use super::eval::holds;
use super::facts::tested;
use super::tree::Operator;
use super::{EvalError, Expression, Names, Node};

impl Expression {
    /// Whether it holds; nothing where that hangs on a name without a value, of which it does not ask whether it has one.
    ///
    /// # Errors
    /// As [`holds`](Self::holds).
    pub(crate) fn judge(&self, names: &dyn Names) -> Result<Option<bool>, EvalError> {
        judge(self.root(), names)
    }
}

/// Its depth is bounded by the parser.
fn judge(node: &Node, names: &dyn Names) -> Result<Option<bool>, EvalError> {
    match node {
        Node::Not(of) => Ok(judge(of, names)?.map(|holds| !holds)),
        Node::Binary(operator @ (Operator::And | Operator::Or), left, right) => {
            // One side alone may decide.
            let decides = *operator == Operator::Or;
            let left = judge(left, names)?;
            if left == Some(decides) {
                return Ok(left);
            }
            Ok(match (left, judge(right, names)?) {
                (_, Some(right)) if right == decides => Some(decides),
                (Some(_), right) => right,
                (None, _) => None,
            })
        }
        _ => {
            let tested = tested(node);
            let mut waits = false;
            node.walk(&mut |node| {
                if let Node::Name(name) = node {
                    waits |= !tested.contains(&name) && names.value(name).is_none_or(|value| value.is_null());
                }
            });
            if waits { Ok(None) } else { holds(node, names).map(Some) }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_hangs_on_a_name_without_a_value_is_open() {
        let names = |name: &str| match name {
            "value" => Some(json!(5)),
            "most" => Some(json!(3)),
            _ => None,
        };
        for (condition, expected) in [
            ("value > 0", Some(true)),
            ("value <= most", Some(false)),
            ("value <= limit", None),
            ("not value <= limit", None),
            ("value <= limit + 1", None),
            ("limit is null or value <= limit", Some(true)),
            ("limit is not null and value <= limit", Some(false)),
            ("value < 0 and value <= limit", Some(false)),
            ("value <= limit and value < 0", Some(false)),
            ("value > 0 and value <= limit", None),
            ("value <= limit or value > 0", Some(true)),
            ("value <= limit or value < 0", None),
            ("exists(limit)", Some(false)),
        ] {
            assert_eq!(Expression::parse(condition).unwrap().judge(&names).unwrap(), expected, "{condition}");
        }
        assert!(Expression::parse("value > 'a' + 1").unwrap().judge(&names).is_err());
    }
}
