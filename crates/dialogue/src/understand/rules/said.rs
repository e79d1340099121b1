//! A message as words: where each stands, and how it is compared.

use std::ops::Range;

use smol_str::SmolStr;

use super::phrases::{Sought, sought};
use crate::scope::{beginning, fold};

/// The most words that rules look at.
const MOST_WORDS: usize = 256;

/// Words before a full stop that ends nothing.
const ABBREVIATIONS: &[&str] = &["st", "dr", "mr", "mrs", "ms", "mt", "ft", "no", "jr", "sr", "sra", "sta", "mme"];

/// A word of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// Where it stands, in bytes.
    pub(super) span: Range<usize>,
    /// In small letters, without accents and apostrophes: `Don't` is `dont`.
    pub(super) folded: SmolStr,
    /// Which phrases may begin with it.
    begins: u8,
    /// Whether a mark that ends a clause stands between it and the next word.
    pub(super) ends_clause: bool,
    /// Whether a colon or an equals sign stands behind it.
    pub(super) labels: bool,
}

/// A message as words.
#[derive(Debug, Clone)]
pub(super) struct Said<'a> {
    pub(super) text: &'a str,
    pub(super) words: Vec<Word>,
}

/// Where a word begins that has its first letter here: a figure takes its sign with it.
fn signed(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    let sign = before.chars().next_back().filter(|sign| matches!(sign, '-' | '−' | '+'));
    let figure = text.get(at..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    match sign {
        Some(sign) if figure => {
            let start = at - sign.len_utf8();
            let free = text.get(..start).and_then(|before| before.chars().next_back()).is_none_or(char::is_whitespace);
            if free { start } else { at }
        }
        _ => at,
    }
}

impl<'a> Said<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let text = beginning(text);
        let mut words: Vec<Word> = Vec::new();
        let mut start = None;
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '\'' | '’' | '\u{300}'..='\u{36f}');
        for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
            match start {
                None if is_word(c) && c != '\'' && c != '’' => start = Some(signed(text, at)),
                Some(from) if !is_word(c) => {
                    if words.len() == MOST_WORDS {
                        break;
                    }
                    let folded = fold(text.get(from..at).unwrap_or_default().trim_start_matches(['-', '−', '+']));
                    let begins = sought(&folded);
                    words.push(Word { span: from..at, folded, begins, ends_clause: false, labels: false });
                    start = None;
                }
                _ => {}
            }
            if start.is_none()
                && let Some(last) = words.last_mut()
            {
                let next = text.get(at + c.len_utf8()..).and_then(|rest| rest.chars().next());
                let spaced = next.is_none_or(char::is_whitespace);
                // Full stops and colons within numbers, times and abbreviations end nothing.
                let short = || last.folded.len() == 1 || ABBREVIATIONS.contains(&last.folded.as_str());
                let abbreviated = c == '.' && next.is_some() && short();
                last.ends_clause |= matches!(c, ',' | ';' | '!' | '?' | '\n' | '(' | ')' | '،' | '。' | '，')
                    || c == '.' && spaced && !abbreviated;
                last.labels |= matches!(c, ':' | '=') && spaced;
            }
        }
        if let Some(last) = words.last_mut() {
            last.ends_clause = true;
        }
        Self { text, words }
    }

    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    pub(super) fn word(&self, at: usize) -> &str {
        self.words.get(at).map_or("", |word| word.folded.as_str())
    }

    /// The text of some words, as it was written.
    pub(super) fn text_of(&self, words: Range<usize>) -> &'a str {
        let from = self.words.get(words.start).map(|word| word.span.start);
        let to = words.end.checked_sub(1).and_then(|last| self.words.get(last)).map(|word| word.span.end);
        from.zip(to).and_then(|(from, to)| self.text.get(from..to)).unwrap_or_default()
    }

    /// Some words, folded, with single blanks.
    pub(super) fn folded(&self, words: Range<usize>) -> String {
        let mut folded = String::with_capacity(self.text.len());
        for word in self.words.get(words).unwrap_or_default() {
            if !folded.is_empty() {
                folded.push(' ');
            }
            folded.push_str(&word.folded);
        }
        folded
    }

    /// Whether these words, separated by blanks, stand here.
    pub(super) fn has(&self, at: usize, phrase: &str) -> bool {
        // Nearly every phrase differs in the first letter.
        let first = self.word(at);
        if first.is_empty() || first.as_bytes().first() != phrase.as_bytes().first() {
            return false;
        }
        let Some(rest) = phrase.strip_prefix(first) else { return false };
        let follows = |(offset, word)| self.word(at + 1 + offset) == word;
        rest.is_empty() || rest.strip_prefix(' ').is_some_and(|rest| rest.split(' ').enumerate().all(follows))
    }

    /// How many words of the longest of these phrases stand here; 0 when none does.
    pub(super) fn any(&self, at: usize, phrases: &[&str]) -> usize {
        let lengths = phrases.iter().filter(|phrase| self.has(at, phrase)).map(|phrase| phrase.split(' ').count());
        lengths.max().unwrap_or(0)
    }

    /// The same for phrases that are looked for everywhere.
    pub(super) fn any_of(&self, at: usize, sought: Sought) -> usize {
        let begins = self.words.get(at).is_some_and(|word| sought.may_begin(word.begins));
        if begins { self.any(at, sought.phrases) } else { 0 }
    }

    /// Where the first of these phrases stands.
    pub(super) fn find(&self, sought: Sought) -> Option<Range<usize>> {
        (0..self.len()).find_map(|at| match self.any_of(at, sought) {
            0 => None,
            length => Some(at..at + length),
        })
    }

    /// Behind the clause that this word is in.
    pub(super) fn clause_end(&self, from: usize) -> usize {
        let within = self.words.iter().skip(from).position(|word| word.ends_clause);
        within.map_or(self.len(), |offset| from + offset + 1)
    }

    /// The words that a span of bytes covers.
    pub(super) fn words_of(&self, span: &Range<usize>) -> Range<usize> {
        let from = self.words.iter().position(|word| word.span.end > span.start).unwrap_or(self.len());
        let to = self.words.iter().position(|word| word.span.start >= span.end).unwrap_or(self.len());
        from..to.max(from)
    }

    /// Whether the writer uses capital letters, so that they tell names from other words.
    pub(super) fn has_capitals(&self) -> bool {
        self.words.iter().any(|word| self.starts_upper(word))
    }

    pub(super) fn is_upper(&self, at: usize) -> bool {
        self.words.get(at).is_some_and(|word| self.starts_upper(word))
    }

    fn starts_upper(&self, word: &Word) -> bool {
        self.text.get(word.span.clone()).and_then(|word| word.chars().next()).is_some_and(char::is_uppercase)
    }
}

/// A whole text, folded, with single blanks.
pub(crate) fn folded(text: &str) -> String {
    let said = Said::of(text);
    said.folded(0..said.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_clauses() {
        let said = Said::of("No, I'd rather leave at 10:30 a.m. Origin: Málaga!");
        let words: Vec<&str> = said.words.iter().map(|word| word.folded.as_str()).collect();
        assert_eq!(words, ["no", "id", "rather", "leave", "at", "10", "30", "a", "m", "origin", "malaga"]);
        assert_eq!(said.clause_end(0), 1);
        assert_eq!(said.clause_end(1), 11);
        assert!(said.words[9].labels && !said.words[5].labels);
        assert_eq!(said.text_of(5..7), "10:30");
    }

    #[test]
    fn strange_texts_are_bounded() {
        assert_eq!(Said::of(&"a ".repeat(1 << 19)).len(), MOST_WORDS);
        assert_eq!(Said::of("\u{0}\u{7}\u{202e}").len(), 0);
        assert_eq!(Said::of("أريد حجز رحلة").len(), 3);
        assert_eq!(Said::of("''' ’’").len(), 0);
    }
}
