//! What the compiler of definitions wants to know of an expression.

use smol_str::SmolStr;

use super::{Expression, Function, Node, Operator};

impl Expression {
    /// Whether it is always null.
    pub(crate) fn is_null(&self) -> bool {
        *self.root() == Node::Null
    }

    /// Whether it always holds, or never.
    pub(crate) fn constant_condition(&self) -> Option<bool> {
        if !self.reads().is_empty() || self.looks_at_clock() {
            return None;
        }
        self.holds(&|_: &str| None).ok()
    }

    /// Whether it asks what day or time it is.
    pub(crate) fn looks_at_clock(&self) -> bool {
        let mut found = false;
        self.root().walk(&mut |node| found |= matches!(node, Node::Call(Function::Today | Function::Now, _)));
        found
    }

    /// The names of which it asks whether they have a value.
    pub(crate) fn tested(&self) -> Vec<&SmolStr> {
        tested(self.root())
    }

    /// The names that have a value where it holds, or where it does not.
    pub(crate) fn present_if(&self, held: bool) -> Vec<&SmolStr> {
        let mut names = Vec::new();
        present(self.root(), held, &mut names);
        names
    }
}

/// The names of which a part asks whether they have a value.
pub(super) fn tested(node: &Node) -> Vec<&SmolStr> {
    let mut names = Vec::new();
    node.walk(&mut |node| match node {
        Node::IsNull { of, .. } => names.extend(root_name(of)),
        Node::Call(Function::Exists | Function::Len, parts) => names.extend(parts.iter().filter_map(root_name)),
        Node::Binary(Operator::Equal | Operator::Unequal, left, right)
            if **left == Node::Null || **right == Node::Null =>
        {
            names.extend(root_name(left));
            names.extend(root_name(right));
        }
        _ => {}
    });
    names
}

/// `a` of `a.b[0]`.
fn root_name(node: &Node) -> Option<&SmolStr> {
    match node {
        Node::Name(name) => Some(name),
        Node::Field(of, _) | Node::Index(of, _) => root_name(of),
        _ => None,
    }
}

fn present<'a>(node: &'a Node, held: bool, names: &mut Vec<&'a SmolStr>) {
    match node {
        Node::Not(of) => present(of, !held, names),
        Node::IsNull { of, negated } if *negated == held => names.extend(root_name(of)),
        Node::Call(Function::Exists, parts) if held => names.extend(parts.iter().filter_map(root_name)),
        Node::Name(_) if held => names.extend(root_name(node)),
        Node::Binary(Operator::And, left, right) if held => {
            present(left, held, names);
            present(right, held, names);
        }
        Node::Binary(Operator::Or, left, right) if !held => {
            present(left, held, names);
            present(right, held, names);
        }
        // Nothing is less or greater than null, and null is equal to null alone.
        Node::Binary(
            Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual,
            left,
            right,
        ) if held => {
            names.extend(root_name(left));
            names.extend(root_name(right));
        }
        Node::Binary(Operator::Equal, left, right) if held => {
            for (name, other) in [(left, right), (right, left)] {
                if matches!(**other, Node::Text(_) | Node::Number(_) | Node::Boolean(_)) {
                    names.extend(root_name(name));
                }
            }
        }
        _ => {}
    }
}
