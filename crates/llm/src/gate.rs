//! Whether two questions that are near each other in meaning ask the same. Nearness alone does not say so: questions that
//! differ in a number, a name, a "not" or a direction are nearer to each other than most paraphrases.

use ninefold_core::terms::{is_function_word, terms};
use smol_str::SmolStr;

/// How much the words of two questions may differ.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Wording {
    /// The same content words in the same order, by their stems; only words that hold a sentence together may differ.
    #[default]
    Same,
    /// Any words, as long as numbers, names, negations, directions and the kind of question are the same and shared words
    /// stand in the same order. Finds more, and errs more often.
    Free,
}

/// What of a question must be the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sense {
    numbers: Vec<String>,
    names: Vec<SmolStr>,
    negations: usize,
    relations: Vec<SmolStr>,
    kind: Option<&'static str>,
    words: Vec<SmolStr>,
}

const NEGATIONS: &[&str] = &[
    "not", "no", "never", "none", "without", "cannot", "nor", "neither", "nobody", "nothing", "except", "nicht",
    "kein", "keine", "ohne", "nie", "pas", "sans", "jamais", "sin", "nunca",
];
/// Words that say how what stands around them is related.
const RELATIONS: &[&str] = &[
    "from", "to", "before", "after", "than", "by", "until", "since", "only", "unless", "if", "or", "all", "any",
    "every", "some", "most", "least", "more", "less", "up", "down", "off", "on", "in", "out", "over", "under", "above",
    "below", "into", "between", "against", "first", "last", "von", "nach", "vor", "bis", "als", "de", "à", "desde",
    "hasta",
];
const KINDS: &[(&str, &str)] = &[
    ("who", "person"),
    ("whom", "person"),
    ("whose", "person"),
    ("when", "time"),
    ("where", "place"),
    ("why", "reason"),
    ("many", "amount"),
    ("much", "amount"),
    ("wer", "person"),
    ("wann", "time"),
    ("wo", "place"),
    ("warum", "reason"),
];
/// Words that add nothing, beside those that searches leave out.
const EMPTY: &[&str] = &["are", "were", "please"];
const NUMBERS: &[&str] =
    &["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

impl Sense {
    pub(crate) fn of(text: &str) -> Self {
        let mut sense = Self {
            numbers: Vec::new(),
            names: Vec::new(),
            negations: 0,
            relations: Vec::new(),
            kind: None,
            words: terms(text)
                .into_iter()
                .filter(|term| !is_function_word(term) && !EMPTY.contains(&term.as_str()))
                .collect(),
        };
        let mut starts = true;
        for piece in text.split_whitespace() {
            let word =
                piece.trim_matches(|c: char| !c.is_alphanumeric() && c != '-' && c != '+' && c != '%' && c != '$');
            let lower = word.to_lowercase();
            let is = |list: &[&str]| list.contains(&lower.as_str());
            if word.chars().any(char::is_numeric) {
                sense.numbers.push(lower.replace([',', '_', '\''], ""));
            } else if let Some(number) = NUMBERS.iter().position(|name| *name == lower) {
                sense.numbers.push(number.to_string());
            } else if is_name(word, starts) {
                sense.names.push(SmolStr::new(&lower));
            }
            sense.negations += usize::from(is(NEGATIONS) || lower.ends_with("n't") || lower.ends_with("n’t"));
            if is(RELATIONS) {
                sense.relations.push(SmolStr::new(&lower));
            }
            sense.kind = sense.kind.or_else(|| KINDS.iter().find(|(word, _)| *word == lower).map(|(_, kind)| *kind));
            starts = piece.ends_with(['.', '?', '!', ':']);
        }
        sense
    }

    /// Whether two answers cannot both be right as far as can be seen: they give other numbers, or one says no.
    pub(crate) fn contradicts(&self, other: &Self) -> bool {
        self.numbers != other.numbers || self.negations != other.negations
    }

    /// In what they differ, if they do.
    pub(crate) fn differs(&self, other: &Self, wording: Wording) -> Option<&'static str> {
        if self.numbers != other.numbers {
            return Some("numbers");
        }
        if self.negations != other.negations {
            return Some("negation");
        }
        if self.kind != other.kind {
            return Some("the kind of question");
        }
        match wording {
            Wording::Same if self.words != other.words => Some("words"),
            Wording::Free if self.names != other.names => Some("names"),
            Wording::Free if !same_order(&self.words, &other.words) => Some("the order of words"),
            _ if self.relations != other.relations => Some("directions"),
            _ => None,
        }
    }
}

/// Whether a word is a name: written in capitals, or as programs are. A capital at the start of a sentence says nothing.
fn is_name(word: &str, starts: bool) -> bool {
    let mut letters = word.chars().filter(|c| c.is_alphabetic());
    let first = letters.next().is_some_and(char::is_uppercase);
    let later = letters.any(char::is_uppercase);
    (first && !starts && word != "I") || later || word.contains(['_', '/', '.', '@', '#'])
}

/// Whether the words that both have stand in the same order.
fn same_order(one: &[SmolStr], other: &[SmolStr]) -> bool {
    one.iter().filter(|word| other.contains(word)).eq(other.iter().filter(|word| one.contains(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differs(one: &str, other: &str, wording: Wording) -> Option<&'static str> {
        Sense::of(one).differs(&Sense::of(other), wording)
    }

    #[test]
    fn what_is_near_and_not_the_same_is_told_apart() {
        for (one, other, why) in [
            ("A table for 2 people", "A table for 3 people", "numbers"),
            ("a table for two people", "a table for three people", "numbers"),
            ("the cheapest flight, Paris to Madrid", "the cheapest flight, Madrid to Paris", "names"),
            (
                "the cheapest flight from paris to madrid",
                "the cheapest flight from madrid to paris",
                "the order of words",
            ),
            ("a flight from paris to madrid", "a flight to paris from madrid", "directions"),
            ("Is it safe to restart?", "Is it not safe to restart?", "negation"),
            ("Why doesn't it start?", "Why does it start?", "negation"),
            ("Who wrote the report?", "When was the report written?", "the kind of question"),
            ("How do I deploy to Azure", "How do I deploy to AWS", "names"),
            ("What does retry_after do?", "What does retry_before do?", "names"),
            ("Which files were changed before the release", "Which files were changed after the release", "directions"),
        ] {
            assert_eq!(differs(one, other, Wording::Free), Some(why), "{one} / {other}");
            assert!(differs(one, other, Wording::Same).is_some(), "{one} / {other}");
            assert_eq!(differs(one, one, Wording::Same), None, "{one}");
        }
        let (install, uninstall) = ("How do I install the driver", "How do I uninstall the driver");
        assert_eq!(differs(install, uninstall, Wording::Free), None, "what free wording cannot see");
        assert_eq!(differs(install, uninstall, Wording::Same), Some("words"));
    }

    #[test]
    fn the_same_in_other_form_is_the_same() {
        for (one, other) in [
            ("What does the scheduler do?", "what does the scheduler do"),
            ("What are the phases of a run?", "what is the phase of the runs"),
            ("Please, what were the phases?", "What was the phase"),
            ("A table for ten people", "a table for Ten people"),
        ] {
            assert_eq!(differs(one, other, Wording::Same), None, "{one} / {other}");
        }
        for odd in ["", "?!", "🦀🦀 \u{0} \u{202e}", "ß İ ǆ"] {
            assert_eq!(differs(odd, odd, Wording::Free), None);
        }
    }
}
