//! Does a text rest on what it cites? By rules, sentence by sentence, in time proportional to the text and to what it cites.
//!
//! - A **claim** is a sentence that cites, or that says something beyond the question: at least two content terms or a number
//!   that the question does not hold. Headings, code and questions claim nothing, and without such a number neither does what
//!   leads up to a list, nor a sentence that says what the sources leave open.
//! - A claim **rests** on the marks in it or, without any, on the marks of its paragraph. It is grounded when what these cite
//!   holds every number of the claim and enough of its content terms ([`SHARED`]); what the question says itself need not be
//!   shown.
//! - Terms of two languages cannot be compared: where a claim and what it cites share no function word, or no script, its
//!   marks and its numbers alone are looked at.

use std::cell::LazyCell;
use std::collections::HashSet;

use ninefold_core::terms::{for_each_term, is_function_word};
use smol_str::SmolStr;

use super::citations::{Code, Piece, Prose};

/// The part of a claim's content terms that what it cites must hold. A paraphrase keeps the names of things and changes what is
/// said around them, so that half would ask too much.
const SHARED: f32 = 0.4;
/// So many content terms beyond the question make a sentence without marks a claim.
const NOVEL: usize = 2;
/// The most of a quick look: the bytes of a sentence times those of what it cites.
const QUICK: usize = 128 * 1024;
/// How many claims without ground are named.
const MAX_NAMED: usize = 8;
/// The most characters of a claim that is named.
const MAX_CLAIM: usize = 200;

/// What was found of a text.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Ground {
    /// How many claims it makes.
    pub(crate) claims: usize,
    /// How many of them are grounded.
    pub(crate) grounded: usize,
    /// The first claims that are not.
    pub(crate) unsupported: Vec<String>,
}

impl Ground {
    /// The share of claims that are grounded; none of a text that claims nothing.
    pub(crate) fn share(&self) -> Option<f32> {
        (self.claims > 0).then(|| self.grounded as f32 / self.claims as f32)
    }
}

/// Looks at a text whose mark `[n]` refers to the n-th of `supports`, each the texts that may bear it.
pub(crate) fn ground(text: &str, supports: &[Vec<&str>], question: &str) -> Ground {
    let asked = LazyCell::new(|| Content::of([question]));
    let mut supports = Supports { texts: supports, lower: Vec::new(), read: Vec::new() };
    let mut ground = Ground::default();
    let mut paragraph: Vec<Sentence> = Vec::new();
    let mut judge = |paragraph: &mut Vec<Sentence>| {
        let all: Vec<usize> = paragraph.iter().flat_map(|sentence| sentence.marks.iter().copied()).collect();
        for sentence in paragraph.drain(..) {
            // Most of what is cited says the same in the same words, and is through without a look at terms.
            if !sentence.marks.is_empty() && supports.bear_word_by_word(&sentence, question) {
                ground.claims += 1;
                ground.grounded += 1;
                continue;
            }
            let content = Content::of([sentence.text.as_str()]);
            if !claims(&sentence, &content, &asked) {
                continue;
            }
            ground.claims += 1;
            let marks = if sentence.marks.is_empty() { &all } else { &sentence.marks };
            if supports.bear(&content, &asked, marks) {
                ground.grounded += 1;
            } else if ground.unsupported.len() < MAX_NAMED {
                ground.unsupported.push(sentence.text.chars().take(MAX_CLAIM).collect());
            }
        }
    };
    for line in lines(text) {
        match line {
            Some(line) => paragraph.extend(sentences(line)),
            None => judge(&mut paragraph),
        }
    }
    judge(&mut paragraph);
    ground
}

/// Whether a sentence claims something that is to be shown.
fn claims(sentence: &Sentence, content: &Content, asked: &Content) -> bool {
    let text = sentence.text.trim_end();
    if content.terms.is_empty() || text.ends_with(['?', '？', '؟']) {
        return false;
    }
    // Whoever gives a number says something, whatever he leads up to or leaves open.
    let number = content.numbers.iter().any(|number| !asked.numbers.contains(number));
    if number {
        return true;
    }
    if text.ends_with([':', '：']) {
        return false;
    }
    if !sentence.marks.is_empty() {
        return true;
    }
    let novel = content.terms.iter().filter(|term| !asked.terms.contains(*term)).count();
    novel >= NOVEL && !leaves_open(content)
}

/// Whether a sentence speaks of the sources and of what they do not hold.
fn leaves_open(content: &Content) -> bool {
    const SOURCES: [&str; 16] = [
        "sourc",
        "passag",
        "find",
        "text",
        "document",
        "quell",
        "quellen",
        "fuent",
        "font",
        "fonti",
        "fonte",
        "bron",
        "bronnen",
        "источники",
        "源",
        "料",
    ];
    const OPEN: [&str; 24] = [
        "not", "no", "noth", "neither", "nor", "open", "silent", "unclear", "unknown", "without", "nicht", "kein",
        "keine", "nicht", "offen", "pas", "rien", "no", "nada", "non", "nulla", "niet", "не", "没",
    ];
    let says = |words: &[&str]| words.iter().any(|word| content.terms.contains(*word) || content.links.contains(*word));
    says(&SOURCES) && says(&OPEN)
}

/// The lines of a text without headings and code; none between two paragraphs. Items of a list are lines of one paragraph.
fn lines(text: &str) -> impl Iterator<Item = Option<&str>> {
    let mut code = Code::default();
    text.lines().filter_map(move |line| {
        let is_code = code.holds(line);
        let begins = line.trim_start();
        if begins.is_empty() {
            return Some(None);
        }
        (!is_code && !begins.starts_with('#')).then_some(Some(line))
    })
}

/// A sentence without its marks.
#[derive(Debug, Default, PartialEq)]
struct Sentence {
    text: String,
    marks: Vec<usize>,
}

/// The sentences of a line. Marks right behind the end of a sentence belong to it.
fn sentences(line: &str) -> Vec<Sentence> {
    // The number or the sign of a list's item is no part of what it says.
    let line = line.trim_start().trim_start_matches(['-', '*', '+', '•', '>', '|', ' ']);
    let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let line = match line.get(digits..) {
        Some(rest) if digits > 0 && rest.starts_with(['.', ')']) => rest.get(1..).unwrap_or_default(),
        _ => line,
    };
    let mut sentences: Vec<Sentence> = vec![Sentence::default()];
    let (mut prose, mut ended) = (Prose::of(line), false);
    while let Some(piece) = prose.next() {
        let c = match piece {
            Piece::Char(c) => c,
            Piece::Mark(n) => {
                if let Some(last) = sentences.last_mut() {
                    last.marks.push(n);
                }
                continue;
            }
        };
        let tail = prose.rest;
        if ended && !c.is_whitespace() && !matches!(c, '"' | '\'' | ')' | '»' | '”' | '*' | '_') {
            sentences.push(Sentence::default());
            ended = false;
        }
        if let Some(last) = sentences.last_mut() {
            last.text.push(c);
        }
        // A full stop within a word or a number ends nothing, nor does the stop of "e.g." or an initial.
        ended = match c {
            '。' | '！' | '？' => true,
            '.' | '!' | '?' | '؟' => {
                let apart = tail.is_empty() || tail.starts_with(|next: char| next.is_whitespace() || next == '[');
                apart && (c != '.' || !short_word(sentences.last()))
            }
            c => ended && (c.is_whitespace() || matches!(c, '"' | '\'' | ')' | '»' | '”' | '*' | '_')),
        };
    }
    for sentence in &mut sentences {
        sentence.text = sentence.text.trim().to_owned();
    }
    sentences.retain(|sentence| !sentence.text.is_empty());
    sentences
}

/// Whether the sentence so far ends with an abbreviation such as `e.g.` or an initial.
fn short_word(sentence: Option<&Sentence>) -> bool {
    let Some(text) = sentence.map(|sentence| sentence.text.trim_end_matches('.')) else { return false };
    let word = text.rsplit(|c: char| c.is_whitespace() || c == '(').next().unwrap_or_default();
    let one = word.chars().count() == 1 && word.chars().all(char::is_alphabetic) && word.is_ascii();
    one || word.contains('.') || matches!(word, "vs" | "etc" | "cf" | "bzw" | "ca" | "Dr" | "Mr" | "Mrs" | "No" | "Nr")
}

/// What a text says, in terms.
#[derive(Debug, Default)]
struct Content {
    /// Its content terms.
    terms: HashSet<SmolStr>,
    /// Its function words.
    links: HashSet<SmolStr>,
    /// Its numbers, digits alone.
    numbers: HashSet<SmolStr>,
    /// Whether it is written without blanks between words.
    dense: bool,
}

impl Content {
    fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut content = Self::default();
        for text in texts {
            for_each_term(text, |term| {
                if term.bytes().all(|byte| byte.is_ascii_digit()) {
                    return;
                }
                content.dense |= term.chars().next().is_some_and(|c| c > '\u{2e7f}');
                let place = if is_function_word(term) { &mut content.links } else { &mut content.terms };
                if !place.contains(term) {
                    place.insert(SmolStr::new(term));
                }
            });
            content.read_numbers(text);
        }
        content
    }

    /// `1,000`, `1.000` and `1 000` are one number; so is `2.50` wherever it stands.
    fn read_numbers(&mut self, text: &str) {
        let mut number = String::new();
        let mut letters = text.chars().peekable();
        let mut before = ' ';
        while let Some(c) = letters.next() {
            let next_is_digit = letters.peek().is_some_and(char::is_ascii_digit);
            if c.is_ascii_digit() && (!number.is_empty() || !before.is_alphanumeric()) {
                number.push(c);
            } else if !(!number.is_empty() && matches!(c, ',' | '.' | '\'' | '\u{a0}' | '\u{202f}') && next_is_digit) {
                if !number.is_empty() {
                    self.numbers.insert(SmolStr::new(&number));
                }
                number.clear();
            }
            before = c;
        }
        if !number.is_empty() {
            self.numbers.insert(SmolStr::new(&number));
        }
    }

    /// Whether the words of the two can be compared: not those of two scripts, nor those of two texts that each have
    /// function words and share none.
    fn is_comparable_to(&self, other: &Self) -> bool {
        if self.dense || other.dense {
            return self.dense == other.dense;
        }
        self.links.len() < 2 || other.links.len() < 2 || self.links.iter().any(|link| other.links.contains(link))
    }
}

/// What marks refer to; each is read once, when it is first needed.
struct Supports<'a> {
    texts: &'a [Vec<&'a str>],
    /// In lower case.
    lower: Vec<(usize, String)>,
    read: Vec<(usize, Content)>,
}

impl Supports<'_> {
    /// Whether what a sentence without numbers cites holds, as they are, at least half of its longer words that the question
    /// does not hold. A quick look at what is short; where it sees nothing, [`Self::bear`] looks.
    fn bear_word_by_word(&mut self, sentence: &Sentence, question: &str) -> bool {
        if !sentence.text.is_ascii() || sentence.text.bytes().any(|byte| byte.is_ascii_digit()) {
            return false;
        }
        let mut length = question.len();
        for n in &sentence.marks {
            let Some(texts) = n.checked_sub(1).and_then(|at| self.texts.get(at)) else { continue };
            length += texts.iter().map(|text| text.len()).sum::<usize>();
            if length.saturating_mul(sentence.text.len()) > QUICK {
                return false;
            }
            if !self.lower.iter().any(|(known, _)| known == n) {
                self.lower.push((*n, texts.join("\n").to_ascii_lowercase()));
            }
        }
        let cited = || self.lower.iter().filter(|(n, _)| sentence.marks.contains(n)).map(|(_, text)| text.as_str());
        let (said, asked) = (sentence.text.to_ascii_lowercase(), question.to_ascii_lowercase());
        let (mut of, mut held) = (0, 0);
        for word in said.split(|c: char| !c.is_ascii_alphanumeric()) {
            if word.len() >= 4 && !is_function_word(word) && !has_word(&asked, word) {
                of += 1;
                held += usize::from(cited().any(|text| has_word(text, word)));
            }
        }
        of >= NOVEL && 2 * held >= of
    }

    /// Whether what these marks refer to bears a claim.
    fn bear(&mut self, claim: &Content, asked: &Content, marks: &[usize]) -> bool {
        for n in marks {
            let texts = n.checked_sub(1).and_then(|at| self.texts.get(at));
            if let Some(texts) = texts
                && !self.read.iter().any(|(known, _)| known == n)
            {
                self.read.push((*n, Content::of(texts.iter().copied())));
            }
        }
        let read = || self.read.iter().filter(|(n, _)| marks.contains(n)).map(|(_, content)| content);
        if read().next().is_none() {
            return false;
        }
        let numbers = claim
            .numbers
            .iter()
            .all(|number| asked.numbers.contains(number) || read().any(|support| support.numbers.contains(number)));
        if !numbers {
            return false;
        }
        let comparable: Vec<&Content> = read().filter(|support| claim.is_comparable_to(support)).collect();
        if comparable.is_empty() {
            return true;
        }
        let own: Vec<_> = claim.terms.iter().filter(|term| !asked.terms.contains(*term)).collect();
        // A claim in the question's own words is shown by what holds these.
        let terms = if own.len() < NOVEL { claim.terms.iter().collect() } else { own };
        let held = terms.iter().filter(|term| comparable.iter().any(|support| support.terms.contains(**term))).count();
        held as f32 >= SHARED * terms.len() as f32
    }
}

/// Whether a text holds a word between two characters that are no letters or digits.
fn has_word(text: &str, word: &str) -> bool {
    let bytes = text.as_bytes();
    let part_of_a_word = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at)).is_some_and(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii())
    };
    text.match_indices(word)
        .any(|(at, _)| !part_of_a_word(at.checked_sub(1)) && !part_of_a_word(at.checked_add(word.len())))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const JOURNAL: &str =
        "Finished phases are written to the journal, at most 4,096 of them. A killed run resumes from there.";
    const CACHE: &str = "Equal inputs are computed once. Errors are never kept in the cache for 30 seconds.";

    fn found(text: &str) -> (usize, usize) {
        let ground = ground(text, &[vec![JOURNAL], vec![CACHE]], "How does a killed run resume?");
        assert_eq!(ground.claims - ground.grounded, ground.unsupported.len());
        (ground.grounded, ground.claims)
    }

    #[test]
    fn a_claim_needs_a_mark_whose_source_says_it() {
        assert_eq!(found("Finished phases are written to the journal [1]."), (1, 1));
        assert_eq!(found("Finished phases are written to the journal. [1]"), (1, 1));
        assert_eq!(found("Finished phases are written to the journal."), (0, 1), "it cites nothing");
        assert_eq!(found("Finished phases are written to the journal [2]."), (0, 1), "another source says it");
        assert_eq!(found("Zebras graze on distant planets [1]."), (0, 1));
        assert_eq!(found("Finished phases are in the journal [1][2]."), (1, 1));
        assert_eq!(found("Finished phases are in the journal [7]."), (0, 1), "nothing has that number");
        assert_eq!(found("Finished phases are in journal[1]."), (0, 1), "that is code");
        assert_eq!(found("Finished phases are in [1](journal.html)."), (0, 1), "that is a link");
    }

    #[test]
    fn numbers_must_be_there() {
        assert_eq!(found("The journal holds at most 4096 finished phases [1]."), (1, 1));
        assert_eq!(found("The journal holds at most 5,000 finished phases [1]."), (0, 1));
        assert_eq!(found("The sources do not say it, but the journal holds 5,000 phases."), (0, 1));
        assert_eq!(found("The journal holds 5,000 phases:"), (0, 1));
        assert_eq!(found("Errors are kept for 30 seconds [2]. Errors are kept for 31 seconds [2]."), (1, 2));
    }

    #[test]
    fn a_paragraphs_mark_bears_its_sentences() {
        assert_eq!(found("Finished phases are written to the journal. A killed run resumes from there [1]."), (2, 2));
        assert_eq!(
            found("Finished phases are written to the journal.\n\nA killed run resumes from there [1]."),
            (1, 2)
        );
        assert_eq!(
            found("- Phases are written to the journal [1].\n- Errors are never kept in the cache [2]."),
            (2, 2)
        );
    }

    #[test]
    fn what_claims_nothing_is_let_through() {
        for text in [
            "# Finished phases and journals",
            "```\nlet journal = finished.phases();\n```",
            "    let journal = finished.phases(1000);",
            "In short:",
            "A killed run resumes.",
            "The sources do not say how long the journal stays on disk.",
            "Die Quellen lassen offen, wie lange das Protokoll bleibt, und nennen keine Frist.",
            "Which finished phases does the journal hold?",
            "",
        ] {
            assert_eq!(found(text), (0, 0), "{text}");
        }
    }

    #[test]
    fn other_languages_are_judged_by_marks_and_numbers() {
        assert_eq!(found("Fertige Schritte werden in das Protokoll geschrieben [1]."), (1, 1));
        assert_eq!(found("Das Protokoll fasst 9.999 fertige Schritte und mehr [1]."), (0, 1));
        assert_eq!(found("完成的阶段写入日志 [1]。"), (1, 1));
        assert_eq!(found("完成的阶段写入日志。"), (0, 1));
    }

    #[test]
    fn sentences_end_where_they_end() {
        let texts = |line: &str| sentences(line).into_iter().map(|s| (s.text, s.marks)).collect::<Vec<_>>();
        assert_eq!(
            texts("1. Use v2.5, e.g. here. Then stop! [3][4] Why? 是。好"),
            [
                ("Use v2.5, e.g. here.".to_owned(), vec![]),
                ("Then stop!".to_owned(), vec![3, 4]),
                ("Why?".to_owned(), vec![]),
                ("是。".to_owned(), vec![]),
                ("好".to_owned(), vec![]),
            ]
        );
    }

    proptest! {
        #[test]
        fn any_text_has_a_share_from_0_to_1(text in any::<String>(), source in any::<String>(), asked in any::<String>()) {
            let ground = ground(&text, &[vec![source.as_str()]], &asked);
            prop_assert!(ground.grounded <= ground.claims);
            prop_assert!(ground.share().is_none_or(|share| (0.0..=1.0).contains(&share)));
        }

        #[test]
        fn a_source_bears_its_own_words(words in prop::collection::vec("[a-z]{3,9}|[0-9]{1,4}", 3..12)) {
            let source = words.join(" ");
            let ground = ground(&format!("{source} [1]."), &[vec![source.as_str()]], "");
            prop_assert_eq!(ground.grounded, ground.claims);
        }
    }
}
