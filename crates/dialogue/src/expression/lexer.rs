//! Texts into tokens.

use std::ops::Range;

use smol_str::SmolStr;

use super::Fault;

/// What an expression is made of.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Name(SmolStr),
    Text(String),
    /// Digits, perhaps with a fraction, as written.
    Number(SmolStr),
    /// An operator, a bracket or a comma.
    Sign(&'static str),
    End,
}

impl Token {
    /// As it is shown in errors.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Name(name) => format!("`{name}`"),
            Self::Text(_) => "a text".to_owned(),
            Self::Number(number) => format!("`{number}`"),
            Self::Sign(sign) => format!("`{sign}`"),
            Self::End => "the end".to_owned(),
        }
    }
}

/// Longer ones first, so that `<=` is not `<`.
const SIGNS: [&str; 17] = ["==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "(", ")", "[", "]", ",", "."];

/// What other languages write, and what is written here.
const FOREIGN: [(&str, &str); 8] = [
    ("&&", "write `and`"),
    ("||", "write `or`"),
    ("!", "write `not`, or `!=` to compare"),
    ("=", "write `==` to compare; values are given by a `set` step"),
    ("{{", "an expression stands without braces; they belong to texts"),
    ("{", "write a list as `[a, b]`; there are no other collections here"),
    ("“", "write straight quotes: \"…\" or '…'"),
    ("’", "write straight quotes: \"…\" or '…'"),
];

/// The tokens of a text, each with where it stands.
pub(super) fn tokens(text: &str) -> Result<Vec<(Token, Range<usize>)>, Fault> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        let Some(first) = rest.chars().next() else { break };
        let length = if first.is_whitespace() {
            first.len_utf8()
        } else {
            let (token, length) = token(rest, first, at)?;
            tokens.push((token, at..at + length));
            length
        };
        at += length;
    }
    tokens.push((Token::End, text.len()..text.len()));
    Ok(tokens)
}

fn token(rest: &str, first: char, at: usize) -> Result<(Token, usize), Fault> {
    if first.is_ascii_alphabetic() || first == '_' {
        let length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        return Ok((Token::Name(SmolStr::new(rest.get(..length).unwrap_or(rest))), length));
    }
    if first.is_ascii_digit() {
        return number(rest, at);
    }
    if first == '"' || first == '\'' {
        return quoted(rest, first, at);
    }
    if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
        return Ok((Token::Sign(sign), sign.len()));
    }
    let foreign = FOREIGN.into_iter().find(|(sign, _)| rest.starts_with(sign));
    let (sign, hint) = foreign
        .map_or((None, "names are of Latin letters, digits and `_`; texts stand in quotes"), |(sign, hint)| {
            (Some(sign), hint)
        });
    let length = sign.map_or(first.len_utf8(), str::len);
    let shown = sign.map_or_else(|| format!("{first:?}"), |sign| format!("`{sign}`"));
    Err(Fault::new(at..at + length, format!("{shown} means nothing here"), hint))
}

fn number(rest: &str, at: usize) -> Result<(Token, usize), Fault> {
    let digits = |from: usize| {
        let rest = rest.get(from..).unwrap_or("");
        rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())
    };
    let whole = digits(0);
    let fraction = if rest.get(whole..).is_some_and(|rest| rest.starts_with('.')) { digits(whole + 1) } else { 0 };
    let length = if fraction > 0 { whole + 1 + fraction } else { whole };
    let behind = rest.get(length..).and_then(|rest| rest.chars().next());
    if behind.is_some_and(|c| c.is_ascii_alphabetic() || c == '_') {
        return Err(Fault::new(
            at..at + length + 1,
            "a number runs into a name",
            "put a blank or an operator between them; a text stands in quotes",
        ));
    }
    Ok((Token::Number(SmolStr::new(rest.get(..length).unwrap_or(rest))), length))
}

fn quoted(rest: &str, quote: char, at: usize) -> Result<(Token, usize), Fault> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((index, c)) = chars.next() {
        if c == quote {
            return Ok((Token::Text(text), index + 1));
        }
        if c != '\\' {
            text.push(c);
            continue;
        }
        text.push(match chars.next() {
            Some((_, 'n')) => '\n',
            Some((_, 't')) => '\t',
            Some((_, 'r')) => '\r',
            Some((_, c @ ('\\' | '"' | '\''))) => c,
            Some((_, other)) => {
                return Err(Fault::new(
                    at + index..at + index + 1 + other.len_utf8(),
                    format!("`\\{other}` is no escape"),
                    "write `\\\\` for a backslash; there are `\\n`, `\\t`, `\\r`, `\\\"` and `\\'`",
                ));
            }
            None => break,
        });
    }
    Err(Fault::new(at..at + rest.len(), "a text is not closed", format!("end it with {quote}")))
}
