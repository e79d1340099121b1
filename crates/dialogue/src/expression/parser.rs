//! Tokens into a tree, by binding power: each operator takes what binds more firmly than itself (Pratt, "Top down operator
//! precedence", 1973).

use std::ops::Range;

use smol_str::SmolStr;

use super::Fault;
use super::decimal::Decimal;
use super::lexer::{Token, tokens};
use super::tree::{Function, Node, Operator, WORDS, binding};
use crate::near;

/// The most bytes of an expression.
pub(super) const LONGEST: usize = 4_096;
/// The most parts within one another: brackets, and operators in a row.
const DEEPEST: u16 = 100;

pub(super) fn parse(text: &str) -> Result<Node, Fault> {
    if text.len() > LONGEST {
        return Err(Fault::new(
            0..text.len(),
            format!("the expression has {} bytes", text.len()),
            format!("at most {LONGEST} are read; compute parts of it in `set` steps"),
        ));
    }
    let mut parser = Parser { tokens: tokens(text)?, at: 0 };
    if parser.peek() == &Token::End {
        return Err(Fault::new(0..text.len(), "the expression is empty", "write a condition, as `amount > 0`"));
    }
    let (node, _) = parser.expression(0, 0)?;
    match parser.peek() {
        Token::End => Ok(node),
        _ => Err(parser.unexpected("an operator")),
    }
}

struct Parser {
    tokens: Vec<(Token, Range<usize>)>,
    at: usize,
}

/// A part and how deep it is.
type Part = (Node, u16);

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).map_or(&Token::End, |(token, _)| token)
    }

    fn place(&self) -> Range<usize> {
        self.tokens.get(self.at).or(self.tokens.last()).map_or(0..0, |(_, place)| place.clone())
    }

    fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Token::Sign(found) if *found == sign)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Name(found) if found == word)
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let found = self.is_sign(sign);
        self.at += usize::from(found);
        found
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.at += usize::from(found);
        found
    }

    fn expect_sign(&mut self, sign: &'static str) -> Result<(), Fault> {
        if self.take_sign(sign) { Ok(()) } else { Err(self.unexpected(&format!("`{sign}`"))) }
    }

    fn unexpected(&self, expected: &str) -> Fault {
        let hint = match self.peek() {
            Token::Name(name) if WORDS.contains(&name.to_lowercase().as_str()) && !WORDS.contains(&name.as_str()) => {
                format!("write `{}`, in small letters", name.to_lowercase())
            }
            Token::End => "the expression ends too early".to_owned(),
            Token::Name(_) | Token::Text(_) => {
                "texts stand in quotes; two conditions are joined by `and` or `or`".to_owned()
            }
            Token::Number(_) | Token::Sign(_) => "see that every bracket and every operator has its parts".to_owned(),
        };
        Fault::new(self.place(), format!("{} stands where {expected} is expected", self.peek().shown()), hint)
    }

    fn deeper(&self, depth: u16) -> Result<u16, Fault> {
        if depth < DEEPEST {
            return Ok(depth + 1);
        }
        Err(Fault::new(
            self.place(),
            format!("the expression is more than {DEEPEST} parts deep"),
            "compute parts of it in `set` steps",
        ))
    }

    /// What binds at least so firmly. `nesting` counts what it stands in.
    fn expression(&mut self, least: u8, nesting: u16) -> Result<Part, Fault> {
        let nesting = self.deeper(nesting)?;
        let mut left = self.prefix(least, nesting)?;
        loop {
            if least <= binding::COMPARISON && self.is_word("is") {
                self.at += 1;
                let negated = self.take_word("not");
                if !self.take_word("null") {
                    return Err(self.unexpected("`null` or `not null`"));
                }
                left = (Node::IsNull { of: Box::new(left.0), negated }, self.deeper(left.1)?);
                self.no_second_comparison()?;
                continue;
            }
            let Some((operator, tokens)) = self.operator() else { return Ok(left) };
            let own = operator.binding();
            if own < least {
                return Ok(left);
            }
            self.at += tokens;
            let right = self.expression(own + 1, nesting)?;
            let depth = self.deeper(left.1.max(right.1))?;
            left = (Node::Binary(operator, Box::new(left.0), Box::new(right.0)), depth);
            if own == binding::COMPARISON {
                self.no_second_comparison()?;
            }
        }
    }

    fn no_second_comparison(&self) -> Result<(), Fault> {
        let second = self.operator().is_some_and(|(operator, _)| operator.binding() == binding::COMPARISON);
        if !second && !self.is_word("is") {
            return Ok(());
        }
        Err(Fault::new(self.place(), "a comparison is compared again", "write `a < b and b < c`, or use brackets"))
    }

    /// The operator that comes next, and how many tokens it has.
    fn operator(&self) -> Option<(Operator, usize)> {
        let operator = match self.peek() {
            Token::Sign("==") => Operator::Equal,
            Token::Sign("!=") => Operator::Unequal,
            Token::Sign("<") => Operator::Less,
            Token::Sign("<=") => Operator::LessOrEqual,
            Token::Sign(">") => Operator::Greater,
            Token::Sign(">=") => Operator::GreaterOrEqual,
            Token::Sign("+") => Operator::Add,
            Token::Sign("-") => Operator::Subtract,
            Token::Sign("*") => Operator::Multiply,
            Token::Sign("/") => Operator::Divide,
            Token::Sign("%") => Operator::Remainder,
            Token::Name(word) => match word.as_str() {
                "or" => Operator::Or,
                "and" => Operator::And,
                "in" => Operator::In,
                "not" => {
                    let next = self.tokens.get(self.at + 1).map(|(token, _)| token);
                    let is_in = matches!(next, Some(Token::Name(word)) if word == "in");
                    return is_in.then_some((Operator::NotIn, 2));
                }
                _ => return None,
            },
            _ => return None,
        };
        Some((operator, 1))
    }

    fn prefix(&mut self, least: u8, nesting: u16) -> Result<Part, Fault> {
        if self.is_word("not") {
            if least > binding::NOT {
                let hint = "put it in brackets: `a == (not b)`";
                return Err(Fault::new(self.place(), "`not` stands behind an operator that binds more firmly", hint));
            }
            self.at += 1;
            let (of, depth) = self.expression(binding::NOT, nesting)?;
            return Ok((Node::Not(Box::new(of)), self.deeper(depth)?));
        }
        if self.take_sign("-") {
            let (of, depth) = self.expression(binding::NEGATIVE, nesting)?;
            return Ok((Node::Negative(Box::new(of)), self.deeper(depth)?));
        }
        let part = self.operand(nesting)?;
        self.parts(part, nesting)
    }

    /// Fields and elements of what was just read.
    fn parts(&mut self, mut part: Part, nesting: u16) -> Result<Part, Fault> {
        loop {
            if self.take_sign(".") {
                let Token::Name(field) = self.peek().clone() else { return Err(self.unexpected("a field's name")) };
                self.at += 1;
                part = (Node::Field(Box::new(part.0), field), self.deeper(part.1)?);
            } else if self.take_sign("[") {
                let (index, depth) = self.expression(0, nesting)?;
                self.expect_sign("]")?;
                part = (Node::Index(Box::new(part.0), Box::new(index)), self.deeper(part.1.max(depth))?);
            } else {
                return Ok(part);
            }
        }
    }

    fn operand(&mut self, nesting: u16) -> Result<Part, Fault> {
        let (token, place) = (self.peek().clone(), self.place());
        match token {
            Token::Text(text) => {
                self.at += 1;
                Ok((Node::Text(text), 0))
            }
            Token::Number(digits) => {
                let Some(number) = Decimal::parse(&digits) else {
                    return Err(Fault::new(place, "the number has more than 28 digits", "write it shorter"));
                };
                self.at += 1;
                Ok((Node::Number(number), 0))
            }
            Token::Sign("(") => {
                self.at += 1;
                let inner = self.expression(0, nesting)?;
                self.expect_sign(")")?;
                Ok(inner)
            }
            Token::Sign("[") => {
                self.at += 1;
                let (parts, depth) = self.list("]", nesting)?;
                Ok((Node::List(parts), self.deeper(depth)?))
            }
            Token::Name(name) => self.named(&name, place, nesting),
            Token::Sign(_) | Token::End => Err(self.unexpected("a value")),
        }
    }

    fn named(&mut self, name: &SmolStr, place: Range<usize>, nesting: u16) -> Result<Part, Fault> {
        let constant = match name.as_str() {
            "true" => Some(Node::Boolean(true)),
            "false" => Some(Node::Boolean(false)),
            "null" => Some(Node::Null),
            word if WORDS.contains(&word) => return Err(self.unexpected("a value")),
            _ => None,
        };
        self.at += 1;
        if let Some(constant) = constant {
            return Ok((constant, 0));
        }
        if !self.take_sign("(") {
            let capital = WORDS.iter().find(|word| word.eq_ignore_ascii_case(name));
            let other = match name.as_str() {
                "None" | "none" | "nil" => Some("null"),
                _ => capital.copied(),
            };
            return match other {
                Some(word) => Err(Fault::new(place, format!("`{name}` is no name"), format!("write `{word}`"))),
                None => Ok((Node::Name(name.clone()), 0)),
            };
        }
        let Some((function, known, least, most)) = Function::ALL.into_iter().find(|row| row.1 == name) else {
            let names = Function::ALL.map(|row| row.1);
            let hint = near::cure(name, names, "functions are");
            return Err(Fault::new(place, format!("there is no function `{name}`"), hint));
        };
        let (parts, depth) = self.list(")", nesting)?;
        if parts.len() < least || parts.len() > most {
            let wanted = if least == most { format!("{least}") } else { format!("{least} to {most}") };
            let message = format!("`{known}` has {} argument(s)", parts.len());
            return Err(Fault::new(place, message, format!("it takes {wanted}")));
        }
        Ok((Node::Call(function, parts), self.deeper(depth)?))
    }

    /// Up to the closing bracket; a comma may stand at the end.
    fn list(&mut self, close: &'static str, nesting: u16) -> Result<(Vec<Node>, u16), Fault> {
        let (mut parts, mut deepest) = (Vec::new(), 0);
        while !self.take_sign(close) {
            let (part, depth) = self.expression(0, nesting)?;
            parts.push(part);
            deepest = deepest.max(depth);
            if !self.take_sign(",") {
                self.expect_sign(close)?;
                break;
            }
        }
        Ok((parts, deepest))
    }
}
