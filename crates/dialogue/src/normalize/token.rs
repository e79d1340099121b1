//! A text in tokens: words in small letters, runs of digits of any script, single marks.

use smol_str::{SmolStr, StrExt};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::Locale;
use super::lexicon;

/// What a token consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Word,
    Digits,
    Mark,
}

#[derive(Debug, Clone)]
pub(super) struct Token {
    /// Where it stands in the source, in bytes.
    pub start: usize,
    pub end: usize,
    pub class: Class,
    /// Small letters in composed form; digits of ASCII; words of other languages in English where the grammar knows them.
    pub text: SmolStr,
    /// Nothing stands between it and the token before it.
    pub glued: bool,
}

/// A text and its tokens.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    pub source: &'a str,
    list: Vec<Token>,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(source: &'a str, locale: Locale) -> Self {
        let mut list: Vec<Token> = Vec::with_capacity(source.len() / 4 + 1);
        let mut chars = source.char_indices().peekable();
        let mut glued = false;
        while let Some((start, c)) = chars.next() {
            if is_blank(c) {
                glued = false;
                continue;
            }
            let mut end = start + c.len_utf8();
            let class = if c.is_alphabetic() && digit(c).is_none() {
                while let Some(&(at, next)) = chars.peek() {
                    if !(next.is_alphabetic() || is_combining_mark(next)) || one_by_one(c) {
                        break;
                    }
                    end = at + next.len_utf8();
                    chars.next();
                }
                Class::Word
            } else if digit(c).is_some() {
                while let Some(&(at, next)) = chars.peek() {
                    if digit(next).is_none() {
                        break;
                    }
                    end = at + next.len_utf8();
                    chars.next();
                }
                Class::Digits
            } else {
                Class::Mark
            };
            let raw = source.get(start..end).unwrap_or_default();
            let number = if class == Class::Word && locale == Locale::DeDe {
                lexicon::compound(&raw.to_lowercase(), locale)
            } else {
                None
            };
            let class = if number.is_some() { Class::Digits } else { class };
            let text = match class {
                Class::Digits if number.is_some() => {
                    number.map(|number| smol_str::format_smolstr!("{number}")).unwrap_or_default()
                }
                Class::Word => word(raw, locale),
                Class::Digits if raw.is_ascii() => raw.into(),
                Class::Digits => raw.chars().filter_map(digit).map(|d| char::from(b'0' + d)).collect(),
                Class::Mark => mark(c),
            };
            list.push(Token { start, end, class, text, glued });
            glued = true;
        }
        Self { source, list }
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn get(&self, at: usize) -> Option<&Token> {
        self.list.get(at)
    }

    /// The word at a place; nothing where none is.
    pub(super) fn word(&self, at: usize) -> &str {
        self.list.get(at).filter(|token| token.class == Class::Word).map_or("", |token| token.text.as_str())
    }

    /// Whether the word at a place is one of these.
    pub(super) fn any(&self, at: usize, words: &[&str]) -> bool {
        let word = self.word(at);
        !word.is_empty() && words.contains(&word)
    }

    /// Whether these words stand here, one behind the other. Marks count by themselves.
    pub(super) fn phrase(&self, at: usize, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(n, word)| self.list.get(at + n).is_some_and(|token| token.text == *word))
    }

    /// The first of these phrases that stands here: where it ends.
    pub(super) fn phrases(&self, at: usize, phrases: &[&[&str]]) -> Option<usize> {
        phrases.iter().find(|phrase| self.phrase(at, phrase)).map(|phrase| at + phrase.len())
    }

    /// The mark at a place.
    pub(super) fn mark(&self, at: usize) -> Option<char> {
        self.list.get(at).filter(|token| token.class == Class::Mark).and_then(|token| token.text.chars().next())
    }

    /// Whether one of these marks stands here.
    pub(super) fn is(&self, at: usize, marks: &str) -> bool {
        self.mark(at).is_some_and(|mark| marks.contains(mark))
    }

    /// The digits at a place.
    pub(super) fn digits(&self, at: usize) -> Option<&str> {
        self.list.get(at).filter(|token| token.class == Class::Digits).map(|token| token.text.as_str())
    }

    /// The value of at most nine digits at a place, and how many they are.
    pub(super) fn small(&self, at: usize) -> Option<(i64, usize)> {
        let digits = self.digits(at).filter(|digits| digits.len() <= 9)?;
        Some((digits.parse().ok()?, digits.len()))
    }

    /// Whether the token at a place follows the one before it without a blank.
    pub(super) fn glued(&self, at: usize) -> bool {
        self.list.get(at).is_some_and(|token| token.glued)
    }

    /// The source between two tokens, the latter not included.
    pub(super) fn span(&self, from: usize, to: usize) -> std::ops::Range<usize> {
        let start = self.list.get(from).map_or(self.source.len(), |token| token.start);
        let end = to.checked_sub(1).and_then(|last| self.list.get(last)).map_or(start, |token| token.end);
        start..end.max(start)
    }
}

/// Blanks, and what has no width.
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Scripts without blanks: each character is a token, so that no word is as long as the text.
fn one_by_one(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{e00}'..='\u{e7f}')
}

fn word(raw: &str, locale: Locale) -> SmolStr {
    let lower: SmolStr = if raw.is_ascii() {
        raw.to_ascii_lowercase_smolstr()
    } else {
        raw.chars().flat_map(char::to_lowercase).nfc().collect()
    };
    lexicon::english(&lower, locale).unwrap_or(lower)
}

/// One sign for each of those that look alike.
fn mark(c: char) -> SmolStr {
    let plain = match c {
        '’' | '‘' | 'ʼ' | '`' | '´' => '\'',
        '“' | '”' | '„' | '«' | '»' => '"',
        '–' | '—' | '−' | '‐' | '‑' | '‒' | '―' | '－' => '-',
        '～' | '∼' => '~',
        '，' | '、' => ',',
        '．' => '.',
        '：' => ':',
        '／' => '/',
        '％' | '٪' => '%',
        other => other,
    };
    SmolStr::new(plain.encode_utf8(&mut [0; 4]))
}

/// Where the ten digits of scripts begin.
const ZEROS: [u32; 22] = [
    0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xed0, 0xf20,
    0x1040, 0x17e0, 0x1810, 0x1946, 0xa620, 0xff10,
];

/// The value of a digit of any of the usual scripts.
pub(super) fn digit(c: char) -> Option<u8> {
    if c.is_ascii() {
        return c.is_ascii_digit().then(|| c as u8 - b'0');
    }
    let code = u32::from(c);
    ZEROS.iter().find(|zero| (**zero..**zero + 10).contains(&code)).and_then(|zero| u8::try_from(code - zero).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_falls_into_words_digits_and_marks() {
        let tokens = Tokens::new("By 5pm, ٣٠ März!", Locale::DeDe);
        let seen: Vec<_> = tokens.list.iter().map(|t| (t.text.as_str(), t.class, t.glued)).collect();
        assert_eq!(
            seen,
            [
                ("by", Class::Word, false),
                ("5", Class::Digits, false),
                ("pm", Class::Word, true),
                (",", Class::Mark, true),
                ("30", Class::Digits, false),
                ("march", Class::Word, false),
                ("!", Class::Mark, true),
            ]
        );
    }
}
