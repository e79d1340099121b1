//! Text to searchable terms, the same way for every store, for any language and for source code.
//!
//! - A word is a run of letters and digits, lower-cased, with Latin accents removed (`Café` → `cafe`).
//! - An identifier gives its parts and itself: `PhaseWrapper` → `phase`, `wrapper`, `phasewrapper`; `snake_case` gives
//!   its parts.
//! - Scripts written without spaces (Chinese, Japanese, Thai and the like) give single characters and pairs.
//! - An emoji or other pictograph is a term of its own, written `u1f680`.
//! - English endings are removed by the Snowball stemmer, from words of ASCII letters only.
//!
//! Every term consists of letters and digits, so a term is never an operator of a query language.

use std::collections::HashSet;
use std::sync::LazyLock;

use smol_str::SmolStr;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::stem::{stem, stem_hash};

/// Changes when the same text gives other terms, so that what was indexed is indexed again.
pub const VERSION: u32 = 1;

/// The most bytes of one term; what is longer (a hash, a data URL) is cut there, on both sides of a search alike.
pub const MAX_TERM_BYTES: usize = 64;

/// Calls `found` for every term of `text`, in order.
pub fn for_each_term(text: &str, mut found: impl FnMut(&str)) {
    let mut splitter = Splitter { word: String::new(), parts: Vec::new(), letters: true };
    if text.is_ascii() {
        splitter.run_ascii(text, &mut found);
    } else {
        splitter.run(text.nfkc(), &mut found);
    }
}

/// FNV-1a of a term: what [`for_each_hash`] gives for it.
#[must_use]
pub fn hash(term: &str) -> u64 {
    term.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Calls `found` with the [`hash`] of every term of `text`, in order: faster than to hash the terms.
pub fn for_each_hash(text: &str, mut found: impl FnMut(u64)) {
    if !text.is_ascii() {
        return for_each_term(text, |term| found(hash(term)));
    }
    let mut splitter = Splitter { word: String::new(), parts: Vec::new(), letters: true };
    for_each_ascii_word(text, |word, signs| {
        if signs & HUMP != 0 {
            splitter.run(word.chars(), &mut |term: &str| found(hash(term)));
        } else {
            splitter.in_lower_case(word, signs, |word| {
                let term = word.get(..MAX_TERM_BYTES).unwrap_or(word);
                let stemmed = term.len() > SHORTEST_STEMMED && term.bytes().all(|byte| byte.is_ascii_alphabetic());
                found(if stemmed { stem_hash(term) } else { hash(term) });
            });
        }
    });
}

/// The terms of `text`, in order, repetitions included.
#[must_use]
pub fn terms(text: &str) -> Vec<SmolStr> {
    let mut terms = Vec::new();
    for_each_term(text, |term| terms.push(SmolStr::new(term)));
    terms
}

/// The distinct terms of some texts together.
#[must_use]
pub fn distinct_terms<'a>(texts: impl IntoIterator<Item = &'a str>) -> HashSet<SmolStr> {
    let mut distinct = HashSet::new();
    for text in texts {
        for_each_term(text, |term| {
            if !distinct.contains(term) {
                distinct.insert(SmolStr::new(term));
            }
        });
    }
    distinct
}

/// The distinct terms of a question, in order, without function words; when it has nothing else, with them.
#[must_use]
pub fn query_terms(text: &str) -> Vec<SmolStr> {
    let mut all: Vec<SmolStr> = Vec::new();
    let mut seen = HashSet::new();
    for_each_term(text, |term| {
        // A question is short, and looking through a short list is faster than hashing.
        let new = if all.len() < 32 { !all.iter().any(|known| known == term) } else { !seen.contains(term) };
        if new {
            all.push(SmolStr::new(term));
            if all.len() == 32 {
                seen.extend(all.iter().cloned());
            } else if all.len() > 32 {
                seen.insert(SmolStr::new(term));
            }
        }
    });
    if all.iter().all(|term| is_function_word(term)) {
        return all;
    }
    all.retain(|term| !is_function_word(term));
    all
}

/// Whether a term is a word that only holds a question together. English, German, French, Spanish, Italian and
/// Portuguese; in stemmed form. Other languages rely on inverse document frequency alone.
#[must_use]
pub fn is_function_word(term: &str) -> bool {
    let found = packed(term).and_then(|packed| PACKED.binary_search(&packed).ok());
    found.and_then(|at| FUNCTION_WORDS.get(at)).is_some_and(|word| word.len() == term.len())
}

/// A word of up to eight bytes as a number, in the order of the words: numbers are compared in one step.
fn packed(word: &str) -> Option<u64> {
    let mut bytes = [0; 8];
    bytes.get_mut(..word.len())?.copy_from_slice(word.as_bytes());
    Some(u64::from_be_bytes(bytes))
}

/// The function words, packed.
static PACKED: LazyLock<Vec<u64>> = LazyLock::new(|| FUNCTION_WORDS.iter().filter_map(|word| packed(word)).collect());

/// In order.
#[rustfmt::skip]
const FUNCTION_WORDS: &[&str] = &[
    "a", "aber", "about", "al", "all", "als", "also", "am", "an", "and", "ani", "ao", "ar", "as", "at", "au", "auch",
    "auf", "aus", "aux", "avec", "be", "been", "befor", "bei", "bin", "bis", "but", "by", "can", "ce", "ces", "cett",
    "che", "chi", "com", "comment", "como", "con", "cosa", "could", "cual", "cuando", "da", "dan", "das", "dass",
    "de", "dei", "del", "dell", "dem", "den", "der", "des", "describ", "di", "did", "die", "do", "doch", "doe",
    "donde", "done", "dos", "du", "each", "ein", "eine", "einem", "einen", "einer", "el", "ela", "ele", "ell", "ella",
    "em", "en", "er", "era", "es", "essa", "est", "esta", "et", "explain", "for", "from", "fur", "gli", "had", "has",
    "hat", "have", "he", "her", "here", "his", "how", "i", "ich", "if", "ihr", "il", "im", "in", "into", "is", "isso",
    "ist", "it", "ja", "je", "just", "kann", "la", "le", "les", "leur", "lo", "los", "mai", "mais", "man", "mani",
    "mas", "may", "me", "mi", "might", "mit", "mon", "more", "most", "much", "must", "muy", "my", "na", "nach", "nas",
    "ne", "nel", "nem", "nicht", "no", "noch", "non", "nos", "nous", "num", "nur", "o", "oder", "of", "on", "ond",
    "onli", "or", "os", "ou", "our", "par", "para", "pas", "pelo", "perch", "pero", "piu", "pleas", "por", "porqu",
    "pour", "pourquoi", "qual", "quand", "quando", "que", "quel", "quell", "qui", "quien", "s", "sa", "sao", "se",
    "sein", "ses", "seu", "shall", "she", "should", "show", "si", "sich", "sie", "sin", "sind", "so", "some", "son",
    "sono", "sont", "su", "such", "sur", "sus", "t", "te", "tell", "than", "that", "the", "their", "them", "then",
    "there", "these", "they", "this", "those", "to", "too", "tu", "uber", "um", "uma", "un", "una", "und", "une",
    "unos", "uns", "us", "voc", "vom", "von", "vor", "vous", "wann", "warum", "was", "we", "wer", "were", "what",
    "when", "where", "whi", "which", "while", "who", "whom", "whose", "wie", "will", "wird", "with", "wo", "would",
    "y", "ya", "you", "your", "zu", "zum", "zur",
];

#[derive(Clone, Copy, PartialEq)]
enum Class {
    Lower,
    Upper,
    Digit,
    /// A character of a script without spaces between words.
    Dense,
    Symbol,
    Break,
}

fn class(c: char) -> Class {
    match c {
        'a'..='z' => Class::Lower,
        'A'..='Z' => Class::Upper,
        '0'..='9' => Class::Digit,
        _ if c.is_ascii() => Class::Break,
        // Thai to Tibetan's neighbours, Khmer, kana, Han with its extensions.
        '\u{0e00}'..='\u{0eff}'
        | '\u{1000}'..='\u{109f}'
        | '\u{1780}'..='\u{17ff}'
        | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{9fff}'
        | '\u{20000}'..='\u{323af}' => Class::Dense,
        _ if c.is_uppercase() => Class::Upper,
        _ if c.is_numeric() => Class::Digit,
        _ if c.is_alphabetic() || is_combining_mark(c) => Class::Lower,
        // Arrows to dingbats, then the planes of pictographs.
        '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}' => Class::Symbol,
        _ => Class::Break,
    }
}

/// Signs of an ASCII letter or digit; 0 for what stands between words.
#[allow(clippy::indexing_slicing, reason = "computed while compiling")]
const SIGNS: [u8; 256] = {
    let mut signs = [0; 256];
    let mut byte: u8 = 0;
    while byte < 128 {
        if byte.is_ascii_digit() {
            signs[byte as usize] = WORD | DIGIT;
        } else if byte.is_ascii_uppercase() {
            signs[byte as usize] = WORD | UPPER;
        } else if byte.is_ascii_lowercase() {
            signs[byte as usize] = WORD;
        }
        byte += 1;
    }
    signs
};
const WORD: u8 = 1;
const DIGIT: u8 = 2;
const UPPER: u8 = 4;
/// An upper-case letter that is not the word's first.
const HUMP: u8 = 8;

/// Calls `each` with every run of letters and digits of an ASCII text, and the signs of what is in it.
fn for_each_ascii_word(text: &str, mut each: impl FnMut(&str, u8)) {
    let signs = |byte: &u8| SIGNS.get(usize::from(*byte)).copied().unwrap_or(0);
    let mut start = None;
    let mut seen = 0;
    // One step beyond the end, which ends the last word.
    for (at, sign) in text.as_bytes().iter().map(signs).chain([0]).enumerate() {
        match start {
            None if sign != 0 => (start, seen) = (Some(at), sign),
            Some(_) if sign != 0 => seen |= sign | (sign & UPPER) << 1,
            Some(start_of_word) => {
                each(text.get(start_of_word..at).unwrap_or_default(), seen);
                start = None;
            }
            None => {}
        }
    }
}

struct Splitter {
    /// The word under way; its ASCII letters in lower case.
    word: String,
    /// Whether it consists of ASCII letters.
    letters: bool,
    /// Where in `word` its parts begin, without the first.
    parts: Vec<usize>,
}

impl Splitter {
    fn run(&mut self, text: impl Iterator<Item = char>, found: &mut impl FnMut(&str)) {
        let mut before = Class::Break;
        let mut dense: Option<char> = None;
        let mut text = text.peekable();
        while let Some(c) = text.next() {
            let now = class(c);
            if !matches!(now, Class::Lower | Class::Upper | Class::Digit) {
                self.flush(found);
            }
            match now {
                Class::Lower | Class::Upper | Class::Digit => {
                    // `aB` and `ABc` begin a part, `v2` and `2d` stay whole.
                    let hump = now == Class::Upper
                        && (before == Class::Lower
                            || before == Class::Upper && text.peek().is_some_and(|&next| class(next) == Class::Lower));
                    if hump && !self.word.is_empty() {
                        self.parts.push(self.word.len());
                    }
                    self.letters &= c.is_ascii_alphabetic();
                    self.word.push(c.to_ascii_lowercase());
                }
                Class::Dense => {
                    let mut pair = String::with_capacity(8);
                    pair.push(c);
                    found(&pair);
                    if let Some(first) = dense {
                        pair.insert(0, first);
                        found(&pair);
                    }
                }
                Class::Symbol => found(&format!("u{:x}", u32::from(c))),
                Class::Break => {}
            }
            dense = (now == Class::Dense).then_some(c);
            before = now;
        }
        self.flush(found);
    }

    /// The same for ASCII, where nearly every word is one part and stands in the text as it is found.
    fn run_ascii(&mut self, text: &str, found: &mut impl FnMut(&str)) {
        for_each_ascii_word(text, |word, signs| {
            if signs & HUMP != 0 {
                self.run(word.chars(), found);
            } else {
                self.in_lower_case(word, signs, |word| emit_ascii(word, signs & DIGIT == 0, found));
            }
        });
    }

    /// A word without humps, in lower case.
    fn in_lower_case(&mut self, word: &str, signs: u8, then: impl FnOnce(&str)) {
        if signs & UPPER == 0 {
            return then(word);
        }
        self.word.push_str(word);
        self.word.make_ascii_lowercase();
        then(&self.word);
        self.word.clear();
    }

    fn flush(&mut self, found: &mut impl FnMut(&str)) {
        if self.word.is_empty() {
            return;
        }
        let mut start = 0;
        if !self.parts.is_empty() {
            for end in self.parts.drain(..).chain([self.word.len()]) {
                emit(self.word.get(start..end).unwrap_or_default(), self.letters, found);
                start = end;
            }
        }
        emit(&self.word, self.letters, found);
        self.word.clear();
        self.letters = true;
    }
}

/// Words of so many letters or fewer have no ending to remove.
const SHORTEST_STEMMED: usize = 3;

fn emit_ascii(word: &str, letters: bool, found: &mut impl FnMut(&str)) {
    let term = word.get(..MAX_TERM_BYTES).unwrap_or(word);
    if term.len() > SHORTEST_STEMMED && (letters || term.bytes().all(|byte| byte.is_ascii_alphabetic())) {
        found(&stem(term));
    } else {
        found(term);
    }
}

fn emit(word: &str, letters: bool, found: &mut impl FnMut(&str)) {
    if word.is_ascii() {
        return emit_ascii(word, letters, found);
    }
    // Decomposed, the accents of Latin, Greek and Cyrillic letters stand apart and can be dropped; the vowel signs of other
    // scripts are not among them. Composed again, Hangul is whole.
    let lower = word.nfkd().filter(|c| !('\u{300}'..='\u{36f}').contains(c)).flat_map(char::to_lowercase);
    let mut term: String = lower.filter(|c| !('\u{300}'..='\u{36f}').contains(c)).nfc().collect();
    if term.len() > MAX_TERM_BYTES {
        let cut = (0..=MAX_TERM_BYTES).rev().find(|&at| term.is_char_boundary(at)).unwrap_or(0);
        term.truncate(cut);
    }
    if !term.is_empty() {
        found(&term);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_and_identifiers() {
        assert_eq!(terms("The indexes are INDEXED"), ["the", "index", "are", "index"]);
        assert_eq!(terms("PhaseWrapper"), ["phase", "wrapper", "phasewrapp"]);
        assert_eq!(terms("parse_HTTPRequest2"), ["pars", "http", "request2", "httprequest2"]);
        assert_eq!(terms("don't \"AND\" (x:y*)"), ["don", "t", "and", "x", "y"]);
        assert_eq!(terms("Café naïve ÉCOLE"), ["cafe", "naive", "ecole"]);
    }

    #[test]
    fn other_scripts_and_symbols() {
        assert_eq!(terms("检索记忆"), ["检", "索", "检索", "记", "索记", "忆", "记忆"]);
        assert_eq!(terms("зелёный дом"), ["зеленыи", "дом"]);
        assert_eq!(terms("שלום עולם"), ["שלום", "עולם"]);
        assert_eq!(terms("ship 🚀!"), ["ship", "u1f680"]);
        assert_eq!(terms("한국어"), ["한국어"]);
        assert!(terms("\"'()*^ -- :: ==").is_empty());
    }

    #[test]
    fn function_words_are_in_order_and_stemmed() {
        assert!(FUNCTION_WORDS.is_sorted());
        assert_eq!(PACKED.len(), FUNCTION_WORDS.len(), "none is longer than eight bytes");
        assert!(!is_function_word("a\0"));
        for word in FUNCTION_WORDS {
            assert!(is_function_word(word), "{word}");
        }
        assert!(!is_function_word("journal"));
    }

    #[test]
    fn a_question_loses_its_function_words_unless_it_has_nothing_else() {
        assert_eq!(query_terms("How does the journal replay a journal?"), ["journal", "replay"]);
        assert_eq!(query_terms("who is it?"), ["who", "is", "it"]);
        assert_eq!(query_terms("Wie wird der Lauf fortgesetzt?"), ["lauf", "fortgesetzt"]);
    }

    proptest! {
        #[test]
        fn terms_are_letters_and_digits_of_bounded_length(text in any::<String>()) {
            for term in terms(&text) {
                prop_assert!(!term.is_empty() && term.len() <= MAX_TERM_BYTES);
                prop_assert!(!term.contains(['"', '\'', '*', '(', ')', ':', '-', '^', '+', ' ', '\0']), "{:?}", term);
            }
        }

        #[test]
        fn ascii_is_split_as_any_other_text(text in "[ -~]{0,60}|[a-zA-Z0-9 _]{0,40}|[a-z]{60,70}[0-9A-Z]?") {
            let mut general = Vec::new();
            let mut splitter = Splitter { word: String::new(), parts: Vec::new(), letters: true };
            splitter.run(text.chars(), &mut |term: &str| general.push(SmolStr::new(term)));
            prop_assert_eq!(terms(&text), general);
        }

        #[test]
        fn hashes_are_those_of_the_terms(text in "[ -~]{0,60}|[a-zA-Z0-9 _]{0,40}|\\PC{0,20}|[a-z]{60,70}[0-9A-Z]?") {
            let mut hashes = Vec::new();
            for_each_hash(&text, |hash| hashes.push(hash));
            prop_assert_eq!(hashes, terms(&text).iter().map(|term| hash(term)).collect::<Vec<_>>());
        }

        #[test]
        fn splitting_is_stable_under_concatenation(a in "[a-zA-Z ]{0,20}", b in "[a-zA-Z ]{0,20}") {
            let mut apart = terms(&a);
            apart.extend(terms(&b));
            prop_assert_eq!(terms(&format!("{a} {b}")), apart);
        }
    }
}
