//! Near-JSON made JSON: what stands in a code fence or between words, with trailing commas, single quotes, comments, bare
//! keys, words of Python or JavaScript, or an end that is missing. What is JSON already comes back as it is, byte for byte.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use crate::error::{Error, ErrorKind, Result};

/// The most bytes that are looked at.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;
/// The most arrays and objects within each other: what serde takes.
pub const MAX_DEPTH: usize = 120;

/// The JSON value in `text`: untouched when `text` is one, otherwise the first object or array in it, repaired.
///
/// ```
/// let said = "Sure! ```json\n{name: 'Ada', langs: ['en', 'fr',], // two\n```";
/// assert_eq!(ninefold_core::json::repair(said).unwrap(), r#"{"name":"Ada","langs":["en","fr"]}"#);
/// ```
///
/// # Errors
/// `MalformedReply` when there is no object and no array in it, or it is nested deeper than [`MAX_DEPTH`]; `TooLong` past
/// [`MAX_BYTES`].
pub fn repair(text: &str) -> Result<Cow<'_, str>> {
    if text.len() > MAX_BYTES {
        return Err(Error::new(ErrorKind::TooLong, format!("the model's JSON has more than {MAX_BYTES} bytes")));
    }
    let trimmed = text.trim();
    if is_json(trimmed) {
        return Ok(Cow::Borrowed(trimmed));
    }
    let body = without_thoughts(trimmed);
    if is_json(body) {
        return Ok(Cow::Borrowed(body));
    }
    // Any opening bracket may be the value's or a word's. The longest that looks like data throughout is taken, or else the
    // longest of the others; how much is read in all is bounded.
    let mut work = 4 * body.len() + 65_536;
    let mut best: Option<(bool, String)> = None;
    let mut next = 0;
    while let Some(start) = body.get(next..).and_then(|rest| rest.find(['{', '[']).map(|at| next + at)) {
        let rest = body.get(start..).unwrap_or_default();
        let (sound, read, found) = candidate(rest);
        if let Some(found) = found
            && best.as_ref().is_none_or(|(other, best)| (sound, found.len()) > (*other, best.len()))
        {
            best = Some((sound, found));
        }
        next = start + if sound { read.max(1) } else { 1 };
        work = work.saturating_sub(read);
        if work == 0 {
            break;
        }
    }
    best.map(|(_, found)| Cow::Owned(found))
        .ok_or_else(|| Error::new(ErrorKind::MalformedReply, "the model's reply holds no JSON object or array"))
}

/// The value that begins here: whether it looks like data throughout, how many bytes were read, and the value, if any.
fn candidate(rest: &str) -> (bool, usize, Option<String>) {
    let mut parser = Parser { rest, out: String::new(), depth: 0, doubts: 0 };
    let whole = parser.value().is_ok() && is_json(&parser.out);
    let read = rest.len() - parser.rest.len();
    (whole && parser.doubts == 0, read, whole.then_some(parser.out))
}

/// Whether it is JSON that serde takes, which bounds the depth.
fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok() && depth(text) <= MAX_DEPTH
}

/// How deep the arrays and objects of JSON are nested.
fn depth(json: &str) -> usize {
    let (mut now, mut deepest, mut within, mut escaped) = (0_usize, 0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if within => escaped = true,
            b'"' => within = !within,
            _ if within => {}
            b'[' | b'{' => {
                now += 1;
                deepest = deepest.max(now);
            }
            b']' | b'}' => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// The text without a `<think>…</think>` in front.
fn without_thoughts(text: &str) -> &str {
    match text.strip_prefix("<think>").and_then(|thoughts| thoughts.split_once("</think>")) {
        Some((_, rest)) => rest.trim(),
        None => text,
    }
}

/// Nested too deep; nothing else stops it.
struct TooDeep;

/// Reads near-JSON and writes JSON.
struct Parser<'a> {
    rest: &'a str,
    out: String,
    depth: usize,
    /// How often it met something that does not look like data at all.
    doubts: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    /// Past blanks, comments, and the ends of code fences.
    fn blanks(&mut self) {
        loop {
            self.rest = self.rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
            let end = if self.rest.starts_with("//") || self.rest.starts_with('#') {
                self.rest.find('\n').unwrap_or(self.rest.len())
            } else if self.rest.starts_with("/*") {
                self.rest.find("*/").map_or(self.rest.len(), |at| at + 2)
            } else if self.rest.starts_with("```") {
                3
            } else {
                return;
            };
            self.skip(end);
        }
    }

    fn value(&mut self) -> Result<(), TooDeep> {
        self.blanks();
        match self.peek() {
            Some('{') => self.within(Self::object),
            Some('[') => self.within(Self::array),
            Some(quote) if closing(quote).is_some() => {
                self.string(quote);
                Ok(())
            }
            Some(_) => {
                self.bare_value();
                Ok(())
            }
            None => {
                self.out.push_str("null");
                Ok(())
            }
        }
    }

    fn within(&mut self, read: fn(&mut Self) -> Result<(), TooDeep>) -> Result<(), TooDeep> {
        if self.depth >= MAX_DEPTH {
            return Err(TooDeep);
        }
        self.depth += 1;
        self.skip(1);
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn object(&mut self) -> Result<(), TooDeep> {
        self.out.push('{');
        let mut first = true;
        loop {
            self.blanks();
            match self.peek() {
                Some(',' | ';') => self.skip(1),
                Some('}') => {
                    self.skip(1);
                    break;
                }
                // The end is missing here, or the closing bracket is another's.
                None | Some(']') => break,
                Some(c) => {
                    let before = self.out.len();
                    if !first {
                        self.out.push(',');
                    }
                    if closing(c).is_some() {
                        self.string(c);
                    } else {
                        self.bare_key();
                    }
                    self.blanks();
                    match self.peek() {
                        Some(':') => self.skip(1),
                        Some('=') => self.skip(if self.rest.starts_with("=>") { 2 } else { 1 }),
                        // A key that the end cut off is no member.
                        None => {
                            self.out.truncate(before);
                            break;
                        }
                        Some(_) => self.doubts += 1,
                    }
                    self.out.push(':');
                    self.blanks();
                    if matches!(self.peek(), None | Some(',' | '}')) {
                        self.out.push_str("null");
                    } else {
                        self.value()?;
                    }
                    first = false;
                }
            }
        }
        self.out.push('}');
        Ok(())
    }

    fn array(&mut self) -> Result<(), TooDeep> {
        self.out.push('[');
        let mut first = true;
        loop {
            self.blanks();
            match self.peek() {
                Some(',' | ';') => self.skip(1),
                Some(']') => {
                    self.skip(1);
                    break;
                }
                None | Some('}') => break,
                Some(':') => {
                    self.doubts += 1;
                    self.skip(1);
                }
                Some(_) => {
                    if !first {
                        self.out.push(',');
                    }
                    self.value()?;
                    first = false;
                }
            }
        }
        self.out.push(']');
        Ok(())
    }

    /// A string in any quotes; to the end when it is not closed.
    fn string(&mut self, quote: char) {
        let close = closing(quote).unwrap_or(quote);
        self.skip(quote.len_utf8());
        self.out.push('"');
        let mut chars = self.rest.char_indices();
        let mut end = self.rest.len();
        while let Some((at, c)) = chars.next() {
            if c == close && self.closes(at + c.len_utf8()) {
                end = at + c.len_utf8();
                break;
            }
            if c != '\\' {
                escape(&mut self.out, c);
                continue;
            }
            match chars.next().map(|(_, c)| c) {
                Some('u') => {
                    let digits = chars.as_str().get(..4).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
                    let Some(digits) = digits else {
                        self.out.push_str("\\\\u");
                        continue;
                    };
                    let unit = u32::from_str_radix(digits, 16).unwrap_or(0xfffd);
                    chars.nth(3);
                    // Halves of a pair are put together, alone they are no character.
                    let low = chars.as_str().strip_prefix("\\u").and_then(|rest| rest.get(..4));
                    let low = low.and_then(|digits| u32::from_str_radix(digits, 16).ok());
                    let low = low.filter(|low| (0xdc00..0xe000).contains(low) && (0xd800..0xdc00).contains(&unit));
                    if let Some(low) = low {
                        chars.nth(5);
                        let pair = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                        escape(&mut self.out, char::from_u32(pair).unwrap_or('\u{fffd}'));
                    } else {
                        escape(&mut self.out, char::from_u32(unit).unwrap_or('\u{fffd}'));
                    }
                }
                Some(c @ ('b' | 'f' | 'n' | 'r' | 't')) => {
                    self.out.push('\\');
                    self.out.push(c);
                }
                Some('\n') | None => {}
                Some(c) if c == '"' || c == '\\' || c == '/' || c == close || c == '\'' => escape(&mut self.out, c),
                // Not an escape: the bar was meant.
                Some(c) => {
                    self.out.push_str("\\\\");
                    escape(&mut self.out, c);
                }
            }
        }
        self.skip(end);
        self.out.push('"');
    }

    /// Whether a quote before `after` ends the string: what follows must be able to follow a string. Quotes within a text
    /// that the model forgot to escape are followed by more text.
    fn closes(&self, after: usize) -> bool {
        let rest = self.rest.get(after..).unwrap_or_default();
        let next = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        match next.chars().next() {
            None | Some(':' | ',' | '}' | ']' | ';' | '/' | '#' | '`' | '=') => true,
            // A forgotten comma: the next member begins on a line of its own.
            Some('"' | '\'' | '{' | '[') => rest.get(..rest.len() - next.len()).is_some_and(|gap| gap.contains('\n')),
            Some(_) => false,
        }
    }

    fn bare_key(&mut self) {
        let end = self.rest.find([':', '=', ',', '}', '\n']).unwrap_or(self.rest.len());
        let key = self.rest.get(..end).unwrap_or_default().trim();
        if !key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '$' | ' ')) {
            self.doubts += 1;
        }
        self.quoted(key);
        self.skip(end);
    }

    /// A number or a word: of JSON, Python or JavaScript, or a text without quotes.
    fn bare_value(&mut self) {
        // A comment, or the end of a fence, is not of the word. Nothing beyond the word is looked at, so that many words in
        // one line take no longer than few.
        let ends = |at: usize, c: char| match c {
            ',' | '}' | ']' | '\n' | ';' => true,
            '/' | '`' | ' ' if at > 0 => {
                let rest = self.rest.get(at..).unwrap_or_default();
                ["//", "/*", "```", " #"].iter().any(|mark| rest.starts_with(mark))
            }
            _ => false,
        };
        let end = self.rest.char_indices().find(|(at, c)| ends(*at, *c)).map_or(self.rest.len(), |(at, _)| at);
        let word = self.rest.get(..end).unwrap_or_default().trim();
        self.skip(end);
        match word {
            "true" | "True" | "TRUE" => self.out.push_str("true"),
            "false" | "False" | "FALSE" => self.out.push_str("false"),
            "" | "null" | "None" | "NULL" | "undefined" | "NaN" | "Infinity" | "-Infinity" => self.out.push_str("null"),
            _ => match number(word) {
                Some(number) => self.out.push_str(&number),
                None => {
                    self.doubts += 1;
                    self.quoted(word);
                }
            },
        }
    }

    fn quoted(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            escape(&mut self.out, c);
        }
        self.out.push('"');
    }
}

/// What closes a string that this opens.
fn closing(open: char) -> Option<char> {
    match open {
        '"' | '\'' => Some(open),
        '“' | '„' => Some('”'),
        '‘' => Some('’'),
        _ => None,
    }
}

/// The number as JSON writes it, if it is one.
fn number(word: &str) -> Option<String> {
    let plain: String = word.strip_prefix('+').unwrap_or(word).chars().filter(|c| *c != '_').collect();
    let (sign, digits) = match plain.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", plain.as_str()),
    };
    let mut digits = digits.trim_end_matches(['.', 'e', 'E', '-', '+']).to_owned();
    if digits.starts_with('.') {
        digits.insert(0, '0');
    }
    let written = format!("{sign}{digits}");
    (!digits.is_empty() && serde_json::from_str::<serde_json::Number>(&written).is_ok()).then_some(written)
}

fn escape(out: &mut String, c: char) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
        c => out.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_models_write_is_repaired() {
        let cases = [
            ("```json\n{\"a\": 1}\n```", r#"{"a":1}"#),
            ("Here it is:\n{\"a\": 1}\nHope it helps {really}.", r#"{"a":1}"#),
            ("As [1] says: {\"a\": [\"\\u00e9\\/\", -1.5e3]} [2]", r#"{"a":["é/",-1.5e3]}"#),
            ("<think>{\"no\":1}</think>{\"a\":1}", r#"{"a":1}"#),
            ("{\"a\": [1, 2,],}", r#"{"a":[1,2]}"#),
            ("{'a': 'it\\'s', 'b': 'say \"hi\"'}", r#"{"a":"it's","b":"say \"hi\""}"#),
            ("{a: 1, b-c: True, d: None}", r#"{"a":1,"b-c":true,"d":null}"#),
            ("{\"a\": 1, // one\n /* two */ \"b\": 2 # three\n}", r#"{"a":1,"b":2}"#),
            ("{\"a\": {\"b\": [1, {\"c\": \"cut o", r#"{"a":{"b":[1,{"c":"cut o"}]}}"#),
            ("{\"a\": 1, \"b", r#"{"a":1}"#),
            ("{\"a\": 1, \"b\":", r#"{"a":1,"b":null}"#),
            ("{\"a\": \"line\nbreak\ttab\"}", r#"{"a":"line\nbreak\ttab"}"#),
            ("{\"a\": \"the \"best\" one\"}", r#"{"a":"the \"best\" one"}"#),
            ("{\"a\": 1\n\"b\": 2}", r#"{"a":1,"b":2}"#),
            ("{\"a\": \"x\"\n\"b\": \"y\"}", r#"{"a":"x","b":"y"}"#),
            ("{“a”: “b”}", r#"{"a":"b"}"#),
            ("{\"a\": .5, \"b\": +1, \"c\": 1_000, \"d\": 3.}", r#"{"a":0.5,"b":1,"c":1000,"d":3}"#),
            ("{\"a\": \"\\ud83d\\ude00 \\ud83d \\x\"}", "{\"a\":\"😀 \u{fffd} \\\\x\"}"),
            ("[1, 2", "[1,2]"),
            ("{\"path\": \"C:\\Users\"}", r#"{"path":"C:\\Users"}"#),
            ("{\"a\": unquoted text, \"b\": 1}", r#"{"a":"unquoted text","b":1}"#),
            ("{\"a\": [1, 2}", r#"{"a":[1,2]}"#),
        ];
        for (said, meant) in cases {
            assert_eq!(repair(said).unwrap(), meant, "{said}");
        }
    }

    #[test]
    fn json_is_left_alone() {
        for text in ["{ \"a\" : 1e400000 }", "[]", "3", "\"x\"", "null", "{\"a\":1,\"a\":2}"] {
            if serde_json::from_str::<IgnoredAny>(text).is_ok() {
                assert!(matches!(repair(text).unwrap(), Cow::Borrowed(same) if same == text));
            }
        }
    }

    #[test]
    fn hostile_text_takes_time_as_its_length_does() {
        // Each would take hours if a part of it were read again for every other.
        for piece in ["a```", "a//", "\"a", "[", "{", "{a:", "[\"", "' ", "\\u", "/*", "{[", "a #", "\" \n"] {
            for begin in ["", "[", "{", "{\"a\":"] {
                let text = begin.to_owned() + &piece.repeat(50_000);
                if let Ok(repaired) = repair(&text) {
                    assert!(is_json(&repaired), "{begin}{piece}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_json_is_said() {
        for text in ["", "no data here", "3 apples", "}{"] {
            match repair(text) {
                Err(error) => assert_eq!(error.kind(), ErrorKind::MalformedReply),
                Ok(repaired) => assert_eq!(repaired, "{}"),
            }
        }
        assert_eq!(repair(&"[".repeat(100_000)).unwrap_err().kind(), ErrorKind::MalformedReply);
        assert_eq!(repair(&" ".repeat(MAX_BYTES + 1)).unwrap_err().kind(), ErrorKind::TooLong);
    }
}
